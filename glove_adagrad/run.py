"""The folder of a run: what each stage leaves in it, and how long it took.

`run.json` (what the run was started with; it marks the folder), `phrases.json` (if phrases were joined), `vocab.txt`,
`cooccurrence/` (unless an existing matrix is trained on), `checkpoints/`, `model.npz`, `vectors.txt`, `history.json`.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from glove_adagrad import locks
from glove_adagrad.checkpoint import Checkpoint, Checkpoints
from glove_adagrad.compilation import Ahead
from glove_adagrad.cooccurrence.count import compile_counting, count_cooccurrences
from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix, check_replaceable
from glove_adagrad.cooccurrence.spill import spill_folder
from glove_adagrad.cooccurrence.windows import Windows
from glove_adagrad.corpus import Corpus
from glove_adagrad.counting import Counting
from glove_adagrad.errors import InputError, Interrupted, TrainingError
from glove_adagrad.files import atomic_files, check_free_space, check_output_folder
from glove_adagrad.kept_ids import KeptIds
from glove_adagrad.phrases import Phrases
from glove_adagrad.progress import Bar, compilation_shown, progress_bar
from glove_adagrad.provenance import versions
from glove_adagrad.run_record import RunRecord, is_marked, last_state, read_provenance
from glove_adagrad.signals import stop_requests
from glove_adagrad.temporary import SUFFIX, clear_leftovers, remove
from glove_adagrad.trainer import Trainer
from glove_adagrad.trainer.plan import disk_bytes
from glove_adagrad.vocabulary import Vocabulary, compile_word_counting
from glove_adagrad.warm_start import extended_vocabulary

#: What an untrained run has left, to be replaced when it is started again.
_UNTRAINED = ("vocab.txt", "vectors.txt", "history.json", "phrases.json")


class Run:
    """A folder being filled, stage by stage; locked until `close` or the end of a `with` block.

    `count`, `extend` or `use` start the run and return its matrix, `new_trainer` makes a trainer of it, and `train`
    does the rest. `resume` makes the trainer of a run that was interrupted.

    Parameters
    ----------
    folder : Path
        Created if missing.
    checkpoint_minutes : float
        Time between checkpoints.
    workers, memory, tmp
        Threads, bytes, and the folder of temporary files, for counting and training.
    show_progress : bool
        Show progress of counting on stderr.

    Attributes
    ----------
    record : RunRecord or None
        What the run was started with.

    Raises
    ------
    InputError
        If it cannot be written, or another process fills it.
    """

    def __init__(
        self,
        folder: Path,
        checkpoint_minutes: float = 10.0,
        *,
        workers: int = 1,
        memory: int = 4 << 30,
        tmp: Path | None = None,
        show_progress: bool = False,
    ) -> None:
        check_output_folder(folder)
        self._lock = locks.Lock(folder / locks.SUFFIX, folder)
        clear_leftovers(folder)
        self.folder = folder
        self.checkpoints = Checkpoints(folder / "checkpoints", checkpoint_minutes)
        self.record: RunRecord | None = None
        self._resources: dict[str, Any] = {"workers": workers, "memory": memory}
        self._tmp, self._show_progress = tmp, show_progress
        self._stages: dict[str, float] = {}
        self._earlier: tuple[Checkpoint, Vocabulary] | None = None
        self._compilation: Ahead | None = None

    def close(self) -> None:
        """Give up the lock, and end what still runs."""
        if self._compilation is not None:
            self._compilation.stop()
        self._lock.release()

    def __enter__(self) -> Run:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def use(self, record: RunRecord, matrix: CooccurrenceMatrix) -> CooccurrenceMatrix:
        """Start the run with co-occurrences that are there.

        Raises
        ------
        InputError
            If the folder holds a run that has been trained, or files that do not belong to a run.
        """
        self._begin(replace(record, matrix_folder=self.matrix_name(matrix)), matrix=matrix)
        return matrix

    def count(
        self, record: RunRecord, corpus: Corpus, counting: Counting, phrases: Phrases | None = None
    ) -> CooccurrenceMatrix:
        """Start the run with a text: count it into `vocab.txt` and `cooccurrence/`.

        Parameters
        ----------
        corpus : Corpus
            With phrases joined.
        phrases : Phrases, optional
            Those that were joined, to be kept with the run.

        Raises
        ------
        InputError
            As `use`, `Vocabulary.count` and `count_cooccurrences` do.
        """
        self._begin(record, phrases)
        self._compilation = Ahead(record.settings, symmetric=counting.windows.symmetric)
        keep = record.start.kept_words(record.settings.vector_size)
        kept_ids = KeptIds(counting.windows.boundary, self._resources["memory"])
        with self._bar("vocabulary", corpus) as bar:
            compile_word_counting()
            with self._stage("vocabulary"):
                vocabulary = counting.count_words(corpus, keep, kept_ids=kept_ids, progress=bar.to, **self._resources)
                vocabulary.write(self.folder / "vocab.txt")
        with self._bar("co-occurrences", corpus) as bar:
            compile_counting(counting.windows, self.folder)
            with self._stage("cooccurrence"):
                where: dict[str, Any] = {**self._resources, "tmp": self._tmp}
                output = self.folder / "cooccurrence"
                return counting.count_cooccurrences(
                    corpus, vocabulary, output, kept_ids=kept_ids, progress=bar.to, **where
                )

    def extend(
        self, record: RunRecord, corpus: Corpus, *, min_count: int = 5, phrases: Phrases | None = None
    ) -> CooccurrenceMatrix:
        """Start the run with the last state of another, `record.extend`, to whose counts a text is added.

        The size of vectors and the update rule are those of the other run. With `min_count` 1 in both and nothing
        left out by `sample`, the matrix is what counting the texts together gives.

        Raises
        ------
        InputError
            As `count` does, and if the other run has no checkpoint or no matrix.
        """
        from glove_adagrad.cooccurrence.merge import merge_matrices

        assert record.extend is not None
        checkpoint, earlier = last_state(record.extend)
        self._earlier = checkpoint, earlier.vocabulary
        fixed = {name: getattr(checkpoint.settings, name) for name in ("vector_size", "rule")}
        record = replace(record, settings=replace(record.settings, **fixed))
        record.start.check(record.settings.vector_size)
        self._begin(record, phrases)
        windows = earlier.windows or Windows()
        kept_ids = KeptIds(windows.boundary, self._resources["memory"])
        with self._bar("co-occurrences", corpus) as bar:
            compile_counting(windows, self.folder)
            with self._stage("vocabulary"):
                vocabulary = extended_vocabulary(
                    earlier.vocabulary,
                    corpus,
                    min_count=min_count,
                    keep_words=record.start.keep_words,
                    kept_ids=kept_ids,
                    **self._resources,
                )
                vocabulary.write(self.folder / "vocab.txt")
            where: dict[str, Any] = {**self._resources, "tmp": self._tmp}
            with self._stage("cooccurrence"), spill_folder(self._tmp or self.folder) as spill:
                new = count_cooccurrences(
                    corpus, vocabulary, spill / "new", windows=windows, kept_ids=kept_ids, progress=bar.to, **where
                )
                return merge_matrices([earlier, new], self.folder / "cooccurrence", vocabulary=vocabulary, **where)

    def new_trainer(self, matrix: CooccurrenceMatrix) -> tuple[Trainer, int]:
        """Return a trainer of a run that was started, and how many words start from given vectors."""
        assert self.record is not None
        if self._compilation is not None:
            with compilation_shown(not self._show_progress):
                self._compilation.wait()
        return self.record.new_trainer(matrix, earlier=self._earlier, **self._resources)

    def resume(self, matrix_folder: Path | None = None, epochs: int | None = None) -> tuple[Trainer, int]:
        """Return a trainer at the last checkpoint of the run, or what `new_trainer` does if there is none yet.

        Parameters
        ----------
        matrix_folder : Path, optional
            Where the matrix is now, if it was moved.
        epochs : int, optional
            Another number of epochs in all.

        Raises
        ------
        InputError
            If the folder is not a run, its counts are not complete, or it cannot be read.
        """
        longer: dict[str, Any] = {} if epochs is None else {"epochs": epochs}
        if not self.checkpoints.paths():
            record, matrix = self._started(matrix_folder)
            self.record = replace(record, settings=replace(record.settings, **longer))
            return self.new_trainer(matrix)
        checkpoint, matrix = last_state(self.folder, matrix_folder)
        self._stages = dict(checkpoint.meta["stages"])
        settings = replace(checkpoint.settings, **longer)
        trainer = Trainer(matrix, settings, anchors=checkpoint.anchors, **self._resources)
        checkpoint.restore(trainer)
        return trainer, 0

    def _started(self, matrix_folder: Path | None) -> tuple[RunRecord, CooccurrenceMatrix]:
        """The record and the matrix of a run that was interrupted before its first checkpoint."""
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

    def _begin(
        self, record: RunRecord, phrases: Phrases | None = None, matrix: CooccurrenceMatrix | None = None
    ) -> None:
        """Write the run's record, removing what an earlier untrained run left; phrases, and a given vocabulary."""
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
        self.record = record
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

    def _bar(self, label: str, corpus: Corpus) -> AbstractContextManager[Bar]:
        return progress_bar(label, corpus.total_bytes, "B", quiet=not self._show_progress)

    @contextlib.contextmanager
    def _stage(self, name: str) -> Iterator[None]:
        """Measure how long a stage takes."""
        begin = time.perf_counter()
        yield
        self._stages[name] = time.perf_counter() - begin

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
        try:
            with stop_requests() as requests:
                self._fit(trainer, vocabulary, requests, after_stratum)
        except BaseException:
            self.checkpoints.abandon()
            raise
        self._write(trainer, vocabulary)

    def _fit(
        self,
        trainer: Trainer,
        vocabulary: Vocabulary,
        requests: list[int],
        after_stratum: Callable[[Trainer], None] | None,
    ) -> None:
        """Train up to the last checkpoint, which may still be being written; see `train`."""
        more: dict[str, Any] = {"matrix_folder": self.matrix_name(trainer.matrix), "stages": self._stages}

        def stratum_done(trainer: Trainer) -> None:
            if after_stratum:
                after_stratum(trainer)
            if requests:
                self.checkpoints.save(trainer, **more)
                raise Interrupted(requests[0])
            self.checkpoints.save_if_due(trainer, **more)

        if not self.checkpoints.paths():
            self._check_space(trainer)
            self.checkpoints.save_in_background(trainer, **more)
            if requests:
                self.checkpoints.wait()
                raise Interrupted(requests[0])
        try:
            trainer.fit(after_stratum=stratum_done)
            self.checkpoints.save_in_background(trainer, copy=False, **more)
        except TrainingError as error:
            self.checkpoints.wait()
            checkpoint = self.checkpoints.load()
            checkpoint.restore(trainer)
            self._write(trainer, vocabulary)
            raise TrainingError(f"{error}; {self.folder} is back at {checkpoint.path.stem}") from error

    def _check_space(self, trainer: Trainer) -> None:
        """Refuse what would not fit: three checkpoints (two are kept), the model and its vectors as text."""
        check_free_space(self.folder, disk_bytes(trainer.matrix.words, trainer.settings), "free some space")

    def matrix_name(self, matrix: CooccurrenceMatrix) -> str:
        """Where the matrix is: its name in this folder, or else the whole path."""
        folder = matrix.folder.resolve()
        return folder.name if folder == (self.folder / "cooccurrence").resolve() else str(folder)

    def _write(self, trainer: Trainer, vocabulary: Vocabulary) -> None:
        """Write the model, its vectors and its history, all or none of them, after the last checkpoint."""
        from glove_adagrad.formats.run_folder import write_model
        from glove_adagrad.model_vectors import model_vectors
        from glove_adagrad.svd import PASSES

        self._stages["training"] = sum(epoch.seconds for epoch in trainer.history)
        begin = time.perf_counter()
        with atomic_files(self.folder, "model") as folder, self.checkpoints:
            parameters = trainer.parameters.vectors()
            with progress_bar("vectors", PASSES, "passes", quiet=not self._show_progress) as bar:
                own = model_vectors(
                    parameters,
                    vocabulary.decoded(),
                    vocabulary.counts,
                    trainer.settings,
                    trainer.stream,
                    workers=trainer.workers,
                    progress=bar.to,
                )
            write_model(folder, parameters, vocabulary, *own, workers=trainer.workers)
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
