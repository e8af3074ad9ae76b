"""The folder of a run: what each stage leaves in it, and how long it took.

`vocab.txt`, `cooccurrence/` (unless an existing matrix is trained on), `checkpoints/`, `model.npz`, `vectors.txt`,
`history.json`.
"""

from __future__ import annotations

import contextlib
import json
import platform
import signal
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from glove_adagrad import __version__
from glove_adagrad.checkpoint import Checkpoint, Checkpoints
from glove_adagrad.cooccurrence.count import count_cooccurrences
from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
from glove_adagrad.cooccurrence.merge import spill_folder
from glove_adagrad.corpus import Corpus
from glove_adagrad.errors import InputError, TrainingError
from glove_adagrad.files import atomic_file, check_output_folder, clear_leftovers, remove
from glove_adagrad.trainer import Trainer
from glove_adagrad.vocabulary import Vocabulary

#: What a run's folder may hold; anything else there is somebody else's, and is not written over.
_OURS = {"vocab.txt", "cooccurrence", "checkpoints", "model.npz", "vectors.txt", "history.json"}


class Run:
    """A folder being filled, stage by stage.

    Parameters
    ----------
    folder : Path
        Made if need be.

    Raises
    ------
    InputError
        If it cannot be written, or holds files that no run has left.
    """

    def __init__(self, folder: Path, checkpoint_minutes: float = 10.0) -> None:
        check_output_folder(folder)
        clear_leftovers(folder)
        foreign = sorted(path.name for path in folder.iterdir() if path.name not in _OURS)
        if foreign:
            raise InputError(f"{folder}: holds {foreign[0]}, which is of no run; name a new folder")
        self.folder = folder
        self.checkpoints = Checkpoints(folder / "checkpoints", checkpoint_minutes)
        self._stages: dict[str, float] = {}

    def begin(self, matrix: CooccurrenceMatrix | None = None) -> None:
        """Remove what an untrained run left, and take the vocabulary of a matrix that is given.

        Raises
        ------
        InputError
            If the folder holds a run that has been trained.
        """
        if self.checkpoints.paths() or (self.folder / "model.npz").exists():
            raise InputError(
                f"{self.folder}: holds a trained run; go on with --resume {self.folder}, or name another folder"
            )
        kept = matrix is not None and matrix.folder.resolve() == (self.folder / "cooccurrence").resolve()
        for name in sorted(_OURS - ({"cooccurrence"} if kept else set())):
            remove(self.folder / name)
        if matrix is not None:
            matrix.vocabulary.write(self.folder / "vocab.txt")

    def count_words(self, corpus: Corpus, **settings: Any) -> Vocabulary:
        """Count the corpus's words (`Vocabulary.count`) into `vocab.txt`."""
        from glove_adagrad.corpus import Sentences

        Vocabulary.count(Sentences([["compile"]]), min_count=1)  # compilation is not counting time
        begin = time.perf_counter()
        vocabulary = Vocabulary.count(corpus, **settings)
        vocabulary.write(self.folder / "vocab.txt")
        self._stages["vocabulary"] = time.perf_counter() - begin
        return vocabulary

    def count_cooccurrences(self, corpus: Corpus, vocabulary: Vocabulary, **settings: Any) -> CooccurrenceMatrix:
        """Count co-occurrences (`count_cooccurrences`) into `cooccurrence/`."""
        begin = time.perf_counter()
        matrix = count_cooccurrences(corpus, vocabulary, self.folder / "cooccurrence", **settings)
        self._stages["cooccurrence"] = time.perf_counter() - begin
        return matrix

    def extend(
        self,
        earlier: Run,
        corpus: Corpus,
        *,
        min_count: int,
        workers: int,
        memory: int,
        tmp: Path | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> tuple[Checkpoint, Vocabulary, CooccurrenceMatrix]:
        """Add a text to an earlier run's counts, into `vocab.txt` and `cooccurrence/`.

        Returns the earlier run's last checkpoint and vocabulary, and the matrix of both texts. With `min_count` 1 in
        both and nothing left out by `sample` it is what counting the texts together gives.
        """
        from glove_adagrad.cooccurrence.combine import merge_matrices
        from glove_adagrad.warm_start import extended_vocabulary

        checkpoint, old = earlier.resume()
        self._stages = {}
        begin = time.perf_counter()
        resources: dict[str, Any] = {"workers": workers, "memory": memory}
        vocabulary = extended_vocabulary(old.vocabulary, corpus, min_count=min_count, **resources)
        vocabulary.write(self.folder / "vocab.txt")
        self._stages["vocabulary"] = time.perf_counter() - begin
        begin = time.perf_counter()
        resources["tmp"] = tmp
        with spill_folder(tmp or self.folder) as spill:
            new = count_cooccurrences(
                corpus, vocabulary, spill / "new", windows=old.windows, progress=progress, **resources
            )
            matrix = merge_matrices([old, new], self.folder / "cooccurrence", vocabulary=vocabulary, **resources)
        self._stages["cooccurrence"] = time.perf_counter() - begin
        return checkpoint, old.vocabulary, matrix

    def resume(self) -> tuple[Checkpoint, CooccurrenceMatrix]:
        """The last checkpoint and the matrix that it was trained on.

        Raises
        ------
        InputError
            If the run has no checkpoint, or its matrix is gone.
        """
        checkpoint = self.checkpoints.load()
        self._stages = dict(checkpoint.meta["stages"])
        return checkpoint, CooccurrenceMatrix.open(self.folder / checkpoint.meta["matrix_folder"])

    def train(self, trainer: Trainer, after_stratum: Callable[[Trainer], None] | None = None) -> None:
        """Train, saving checkpoints, then write the model, its vectors and its history.

        Ctrl-C and SIGTERM end the training at the next end of a stratum, with a checkpoint.

        Raises
        ------
        TrainingError
            If training diverges. The last good state is in the folder then.
        """
        more = {"matrix_folder": self._matrix_folder(trainer.matrix), "stages": self._stages}
        if not self.checkpoints.paths():
            self.checkpoints.save(trainer, **more)
        with _stop_requests() as requests:

            def stratum_done(trainer: Trainer) -> None:
                if after_stratum:
                    after_stratum(trainer)
                if requests:
                    self.checkpoints.save(trainer, **more)
                    print(f"stopped; to go on: glove-adagrad train --resume {self.folder}", file=sys.stderr)
                    sys.exit(128 + requests[0])
                self.checkpoints.save_if_due(trainer, **more)

            try:
                trainer.fit(after_stratum=stratum_done)
                self.checkpoints.save(trainer, **more)
            except TrainingError as error:
                checkpoint = self.checkpoints.load()
                checkpoint.restore(trainer)
                self._write(trainer)
                raise TrainingError(f"{error}; {self.folder} is back at {checkpoint.path.stem}") from error
        self._write(trainer)

    def _matrix_folder(self, matrix: CooccurrenceMatrix) -> str:
        """Where the matrix is: its name in this folder, or else the whole path."""
        folder = matrix.folder.resolve()
        return folder.name if folder == (self.folder / "cooccurrence").resolve() else str(folder)

    def _write(self, trainer: Trainer) -> None:
        self._stages["training"] = sum(epoch.seconds for epoch in trainer.history)
        begin = time.perf_counter()
        self._write_vectors(trainer)
        self._stages["vectors"] = time.perf_counter() - begin
        self._write_history(trainer)

    def _write_vectors(self, trainer: Trainer) -> None:
        from glove_adagrad.formats import WordVectors, word2vec

        vectors = trainer.parameters.vectors()
        checksum = np.uint32(zlib.crc32((self.folder / "vocab.txt").read_bytes()))
        with atomic_file(self.folder / "model.npz") as file:
            np.savez(file, **vectors._asdict(), vocabulary_crc32=checksum)
        vocabulary = trainer.matrix.vocabulary
        sums = WordVectors(vocabulary.decoded(), vectors.word_vectors + vectors.context_vectors, vocabulary.counts)
        word2vec.write(self.folder / "vectors.txt", sums)

    def _write_history(self, trainer: Trainer) -> None:
        import numba

        history = {
            "settings": {
                **trainer.settings.to_json(),
                "windows": trainer.matrix.meta["windows"],
                "cooccurrence": self._matrix_folder(trainer.matrix),
            },
            "versions": {
                "glove_adagrad": __version__,
                "python": platform.python_version(),
                "numpy": np.__version__,
                "numba": numba.__version__,
            },
            "stages": self._stages,
            "epochs": [
                {
                    "epoch": epoch.epoch,
                    "loss": epoch.loss,
                    **({} if epoch.holdout_loss is None else {"holdout_loss": epoch.holdout_loss}),
                    **({} if epoch.unobserved_loss is None else {"unobserved_loss": epoch.unobserved_loss}),
                    "seconds": epoch.seconds,
                    "records_per_second": epoch.records_per_second,
                }
                for epoch in trainer.history
            ],
        }
        with atomic_file(self.folder / "history.json", "w") as file:
            json.dump(history, file, indent=2)


@contextlib.contextmanager
def _stop_requests() -> Iterator[list[int]]:
    """A list to which SIGINT and SIGTERM append their number, once; a second one acts as it did before."""
    requests: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield requests
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def request(number: int, frame: Any) -> None:
        requests.append(number)
        restore()

    for number in before:
        signal.signal(number, request)
    try:
        yield requests
    finally:
        restore()
