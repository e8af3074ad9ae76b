"""The folder of a run: what each stage leaves in it, and how long it took.

`run.json` (what the run was started with; it marks the folder), `phrases.json` (if phrases were joined), `vocab.txt`,
`cooccurrence/` (unless an existing matrix is trained on), `checkpoints/`, `model.npz`, `vectors.txt`, `history.json`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from glove_adagrad import locks
from glove_adagrad.checkpoint import Checkpoint, Checkpoints
from glove_adagrad.cooccurrence.count import compile_counting, count_cooccurrences
from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix, check_replaceable
from glove_adagrad.cooccurrence.spill import spill_folder
from glove_adagrad.cooccurrence.windows import Windows
from glove_adagrad.corpus import Corpus
from glove_adagrad.errors import InputError, Interrupted, TrainingError
from glove_adagrad.files import atomic_files, check_free_space, check_output_folder
from glove_adagrad.phrases import Phrases
from glove_adagrad.provenance import versions
from glove_adagrad.run_record import RunRecord, is_marked, last_state, read_provenance
from glove_adagrad.signals import stop_requests
from glove_adagrad.temporary import SUFFIX, clear_leftovers, remove
from glove_adagrad.trainer import Trainer
from glove_adagrad.vocabulary import Vocabulary, compile_word_counting
from glove_adagrad.warm_start import extended_vocabulary, kept_vocabulary

#: What an untrained run has left, to be replaced when it is started again.
_UNTRAINED = ("vocab.txt", "vectors.txt", "history.json", "phrases.json")


class Run:
    """A folder being filled, stage by stage; locked until `close` or the end of a `with` block.

    Parameters
    ----------
    folder : Path
        Created if missing.

    Raises
    ------
    InputError
        If it cannot be written, or another process fills it.
    """

    def __init__(self, folder: Path, checkpoint_minutes: float = 10.0) -> None:
        check_output_folder(folder)
        self._lock = locks.Lock(folder / locks.SUFFIX, folder)
        clear_leftovers(folder)
        self.folder = folder
        self.checkpoints = Checkpoints(folder / "checkpoints", checkpoint_minutes)
        self._stages: dict[str, float] = {}

    def close(self) -> None:
        """Give up the lock."""
        self._lock.release()

    def __enter__(self) -> Run:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def begin(
        self, record: RunRecord, matrix: CooccurrenceMatrix | None = None, phrases: Phrases | None = None
    ) -> None:
        """Write the run's record, removing what an earlier untrained run left; phrases, and a given vocabulary.

        Raises
        ------
        InputError
            If the folder holds a run that has been trained, or files that do not belong to a run.
        """
        given = matrix is not None and self.matrix_name(matrix) == "cooccurrence"
        if is_marked(self.folder) or self.checkpoints.paths():
            if self.checkpoints.paths() or (self.folder / "model.npz").exists():
                raise InputError(
                    f"{self.folder}: holds a trained run; continue it with --resume {self.folder}, or choose another "
                    "folder"
                )
            if not given:
                check_replaceable(self.folder / "cooccurrence")
                remove(self.folder / "cooccurrence")
            for name in _UNTRAINED:
                (self.folder / name).unlink(missing_ok=True)
        else:
            self._refuse_foreign({"cooccurrence"} if given else set(), matrix)
        record.write(self.folder)
        if phrases is not None:
            phrases.write(self.folder)
        if matrix is not None:
            matrix.vocabulary.write(self.folder / "vocab.txt")

    def _refuse_foreign(self, known: set[str], matrix: CooccurrenceMatrix | None) -> None:
        """Refuse to fill a folder that holds anything else than `known` and the matrix's own vocab.txt."""
        for path in sorted(self.folder.iterdir()):
            ours = path.name in known or path.name.endswith((SUFFIX, locks.SUFFIX))
            same = matrix is not None and path.name == "vocab.txt" and _same_words(path, matrix.vocabulary)
            if not ours and not same:
                raise InputError(
                    f"{self.folder}: holds {path.name}, which does not belong to a run; choose a new folder"
                )

    def count_words(self, corpus: Corpus, *, keep: Sequence[str] = (), **settings: Any) -> Vocabulary:
        """Count the corpus's words (`Vocabulary.count`) into `vocab.txt`, keeping all words of given vectors."""
        compile_word_counting()
        begin = time.perf_counter()
        vocabulary = kept_vocabulary(keep, corpus, **settings) if keep else Vocabulary.count(corpus, **settings)
        vocabulary.write(self.folder / "vocab.txt")
        self._stages["vocabulary"] = time.perf_counter() - begin
        return vocabulary

    def count_cooccurrences(self, corpus: Corpus, vocabulary: Vocabulary, **settings: Any) -> CooccurrenceMatrix:
        """Count co-occurrences (`count_cooccurrences`) into `cooccurrence/`."""
        compile_counting(settings.get("windows") or Windows(), self.folder)
        begin = time.perf_counter()
        matrix = count_cooccurrences(corpus, vocabulary, self.folder / "cooccurrence", same_text=True, **settings)
        self._stages["cooccurrence"] = time.perf_counter() - begin
        return matrix

    def extend(
        self,
        earlier: CooccurrenceMatrix,
        corpus: Corpus,
        *,
        min_count: int,
        keep_words: bool = False,
        workers: int,
        memory: int,
        tmp: Path | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> CooccurrenceMatrix:
        """Add a text to an earlier run's counts, into `vocab.txt` and `cooccurrence/`.

        Returns the matrix of both texts. With `min_count` 1 in both and nothing left out by `sample` it is what
        counting the texts together gives.
        """
        from glove_adagrad.cooccurrence.merge import merge_matrices

        compile_counting(earlier.windows or Windows(), self.folder)
        begin = time.perf_counter()
        resources: dict[str, Any] = {"workers": workers, "memory": memory}
        vocabulary = extended_vocabulary(
            earlier.vocabulary, corpus, min_count=min_count, keep_words=keep_words, **resources
        )
        vocabulary.write(self.folder / "vocab.txt")
        self._stages["vocabulary"] = time.perf_counter() - begin
        begin = time.perf_counter()
        resources["tmp"] = tmp
        with spill_folder(tmp or self.folder) as spill:
            new = count_cooccurrences(
                corpus, vocabulary, spill / "new", windows=earlier.windows, progress=progress, **resources
            )
            matrix = merge_matrices([earlier, new], self.folder / "cooccurrence", vocabulary=vocabulary, **resources)
        self._stages["cooccurrence"] = time.perf_counter() - begin
        return matrix

    def resume(self, matrix_folder: Path | None = None) -> tuple[Checkpoint, CooccurrenceMatrix]:
        """Return the last checkpoint and the matrix that it was trained on; `last_state` has details and errors."""
        checkpoint, matrix = last_state(self.folder, matrix_folder)
        self._stages = dict(checkpoint.meta["stages"])
        return checkpoint, matrix

    def restart(self, matrix_folder: Path | None = None) -> tuple[RunRecord, CooccurrenceMatrix]:
        """Return the record and the matrix of a run that was interrupted before its first checkpoint.

        Raises
        ------
        InputError
            If the folder is not a run, or its counts are not complete.
        """
        record = RunRecord.read(self.folder)
        folder = matrix_folder or self.folder / record.matrix_folder
        if not folder.exists():
            raise InputError(
                f"{self.folder}: was interrupted before its co-occurrences were counted; repeat the command that "
                "started it"
            )
        matrix = CooccurrenceMatrix.open(folder)
        if not (self.folder / "vocab.txt").exists():  # interrupted right after the record was written
            matrix.vocabulary.write(self.folder / "vocab.txt")
        return record, matrix

    def train(self, trainer: Trainer, after_stratum: Callable[[Trainer], None] | None = None) -> None:
        """Train, saving checkpoints, then write the model, its vectors and its history.

        SIGINT, SIGTERM and SIGHUP end the training at the end of a stratum, with a checkpoint.

        Raises
        ------
        TrainingError
            If training diverges. The last good state is in the folder then.
        Interrupted
            After one of the signals.
        """
        # read now: by the time that vectors are written, the folder may hold another matrix
        vocabulary = trainer.matrix.vocabulary
        more = {"matrix_folder": self.matrix_name(trainer.matrix), "stages": self._stages}
        with stop_requests() as requests:

            def stratum_done(trainer: Trainer) -> None:
                if after_stratum:
                    after_stratum(trainer)
                if requests:
                    self.checkpoints.save(trainer, **more)
                    raise Interrupted(requests[0])
                self.checkpoints.save_if_due(trainer, **more)

            if not self.checkpoints.paths():
                self._check_space(trainer)
                self.checkpoints.save(trainer, **more)
                if requests:
                    raise Interrupted(requests[0])
            try:
                trainer.fit(after_stratum=stratum_done)
                self.checkpoints.save(trainer, **more)
            except TrainingError as error:
                checkpoint = self.checkpoints.load()
                checkpoint.restore(trainer)
                self._write(trainer, vocabulary)
                raise TrainingError(f"{error}; {self.folder} is back at {checkpoint.path.stem}") from error
        self._write(trainer, vocabulary)

    def _check_space(self, trainer: Trainer) -> None:
        """Refuse what would not fit: three checkpoints (two are kept), the model and its vectors as text."""
        vectors = trainer.matrix.words * trainer.settings.vector_size
        needed = 3 * trainer.parameters.nbytes + (2 * 4 + 10) * vectors
        check_free_space(self.folder, needed, "free some space")

    def matrix_name(self, matrix: CooccurrenceMatrix) -> str:
        """Where the matrix is: its name in this folder, or else the whole path."""
        folder = matrix.folder.resolve()
        return folder.name if folder == (self.folder / "cooccurrence").resolve() else str(folder)

    def _write(self, trainer: Trainer, vocabulary: Vocabulary) -> None:
        """Write the model, its vectors and its history, all or none of them."""
        from glove_adagrad.formats.run_folder import write_model
        from glove_adagrad.model_vectors import model_vectors

        self._stages["training"] = sum(epoch.seconds for epoch in trainer.history)
        begin = time.perf_counter()
        with atomic_files(self.folder, "model") as folder:
            parameters = trainer.parameters.vectors()
            own = model_vectors(
                parameters, vocabulary.decoded(), vocabulary.counts, trainer.settings, workers=trainer.workers
            )
            write_model(folder, parameters, vocabulary, *own)
            self._stages["vectors"] = time.perf_counter() - begin
            (folder / "history.json").write_text(json.dumps(self._history(trainer), indent=2))

    def _history(self, trainer: Trainer) -> dict[str, Any]:
        return {
            "settings": {
                **trainer.settings.to_json(),
                "windows": trainer.matrix.meta["windows"],
                "cooccurrence": self.matrix_name(trainer.matrix),
            },
            "provenance": read_provenance(self.folder),
            "versions": versions(),
            "stages": self._stages,
            "epochs": [epoch.figures() for epoch in trainer.history],
        }


def discard(folder: Path) -> None:
    """Remove a run, trained or not, but no file that is not its own; the folder stays.

    Raises
    ------
    InputError
        If the folder is not marked as a run, another process fills it, or its matrix holds other files.
    """
    if not is_marked(folder):
        raise InputError(f"{folder}: is not a run that this program can remove; choose another folder")
    with Run(folder) as run:
        check_replaceable(folder / "cooccurrence")
        for path in [*run.checkpoints.paths(), folder / "model.npz", *(folder / name for name in _UNTRAINED)]:
            path.unlink(missing_ok=True)
        remove(folder / "cooccurrence")


def _same_words(path: Path, vocabulary: Vocabulary) -> bool:
    """Whether a file is the vocabulary, so that nothing is lost if it is written again."""
    try:
        other = Vocabulary.read(path, zeros=True)
    except (InputError, OSError):
        return False
    return other.words == vocabulary.words and np.array_equal(other.counts, vocabulary.counts)
