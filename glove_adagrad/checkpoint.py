"""Checkpoints: saving and restoring the full training state, atomically.

A checkpoint is one uncompressed .npz file of the trainer's arrays and a JSON text. Zip archives hold a CRC-32 of each
member, which is compared when it is read, and what the members hold is checked. How training works is not known here.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
import warnings
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np

from glove_adagrad import optim
from glove_adagrad.cooccurrence.partition import MANY_PARTS, Partition
from glove_adagrad.decoding import DamagedError, build, check_format, is_number, is_whole, read_archive, read_json
from glove_adagrad.errors import InputError
from glove_adagrad.files import atomic_file, check_output_folder
from glove_adagrad.provenance import versions
from glove_adagrad.temporary import clear_leftovers
from glove_adagrad.trainer import Anchors, Epoch, Parameters, Position, Trainer, TrainingSettings
from glove_adagrad.trainer.order import Order

_NAME, _VERSION = "glove-adagrad checkpoint", 1
FORMAT = f"{_NAME} {_VERSION}"

#: Number of checkpoints kept; if the newest is damaged, the previous one is used.
_KEPT = 2

_META, _ANCHOR_WORDS, _ANCHOR_VECTORS = "meta", "anchors.words", "anchors.vectors"


class Checkpoint(NamedTuple):
    """A checkpoint that has been read.

    Attributes
    ----------
    path : Path
    meta : dict
        The matrix's checksums, and what the caller of `save` added.
    arrays : dict of str to ndarray
    settings : TrainingSettings
    history : list of Epoch
    position : Position
    """

    path: Path
    meta: dict[str, Any]
    arrays: dict[str, np.ndarray]
    settings: TrainingSettings
    history: list[Epoch]
    position: Position

    @property
    def anchors(self) -> Anchors | None:
        if _ANCHOR_WORDS not in self.arrays:
            return None
        return Anchors(self.arrays[_ANCHOR_WORDS], self.arrays[_ANCHOR_VECTORS], self.meta["anchor_weight"])

    @property
    def partition(self) -> Partition:
        """The division of the words that the rows of arrays are in the order of."""
        return _partition(len(self.arrays["words"]), self.meta)

    def parameters(self, words: int) -> Parameters:
        """The parameters, outside a training.

        Raises
        ------
        InputError
            If they are not those of as many words.
        """
        settings = self.settings
        parameters = Parameters(words, settings.vector_size, settings.rule, self.partition)
        parameters.restore(self.arrays)
        return parameters

    def restore(self, trainer: Trainer) -> None:
        """Put a trainer of the same settings and matrix where this checkpoint was taken.

        Raises
        ------
        InputError
            If the trainer's matrix is another.
        """
        if self.meta["matrix"] != trainer.matrix.meta["checksums"]:
            raise InputError(
                f"{trainer.matrix.folder}: not the matrix of {self.path} (its checksum differs); train from scratch"
            )
        if (before := self.meta.get("versions")) not in (None, versions()):
            warnings.warn(
                f"{self.path}: was written with {_listed(before)}, and this is {_listed(versions())}; "
                "the result may differ in its last digits",
                stacklevel=2,
            )
        trainer.parameters.restore(self.arrays)
        trainer.history[:] = self.history
        trainer.position = self.position


class Checkpoints:
    """The checkpoints of a run, in a folder of their own; the end of a `with` block waits until they are written.

    Parameters
    ----------
    folder : Path
    minutes : float
        How often `save_if_due` saves.
    """

    def __init__(self, folder: Path, minutes: float = 10.0) -> None:
        self.folder, self._seconds = folder, 60 * minutes
        self._last = time.monotonic()
        self._thread = ThreadPoolExecutor(1)
        self._writing: Future[None] | None = None
        self._stop = threading.Event()

    def paths(self) -> list[Path]:
        """Existing checkpoints, newest first."""
        return sorted(self.folder.glob("epoch-*.npz"), reverse=True)

    def save_if_due(self, trainer: Trainer, **more: Any) -> None:
        """Save in the background if the last time was long enough ago and no checkpoint is being written.

        An error of a checkpoint that was written in the background is raised here, too.
        """
        if self._writing is not None and self._writing.done():
            self.wait()
        if self._writing is None and time.monotonic() - self._last >= self._seconds:
            self.save_in_background(trainer, **more)

    def save(self, trainer: Trainer, **more: Any) -> None:
        """Save the trainer's state, then remove all but the last two checkpoints.

        Parameters
        ----------
        **more
            Plain values to keep in `meta`.

        Raises
        ------
        TrainingError
            If a parameter is not finite; the checkpoints stay as they are.
        """
        self.wait()
        self._write(*self._begin(trainer, more, trainer.parameters.arrays()))

    def save_in_background(self, trainer: Trainer, *, copy: bool = True, **more: Any) -> None:
        """Save the trainer's state in a thread; see `save`.

        `wait`, or the next save, raises what went wrong.

        Parameters
        ----------
        copy : bool
            Save a copy, so that training can continue; without memory for one, save before this returns. If False,
            the trainer must not change until the checkpoint is written.
        """
        self.wait()
        arrays = trainer.parameters.arrays() if not copy else self._copy(trainer)
        if arrays is None:
            self.save(trainer, **more)
            return
        contents = self._begin(trainer, more, arrays)
        self._stop = threading.Event()
        self._writing = self._thread.submit(self._write, *contents, self._stop)

    @staticmethod
    def _copy(trainer: Trainer) -> dict[str, np.ndarray] | None:
        """A copy of the parameters; None if memory does not suffice."""
        try:
            return trainer.parameters.snapshot(trainer.workers) if trainer.copy_fits else None
        except MemoryError:
            return None

    def __enter__(self) -> Checkpoints:
        return self

    def __exit__(self, *error: object) -> None:
        self.wait()

    def wait(self) -> None:
        """Wait until the checkpoint in the background is written, and raise what went wrong.

        If that is interrupted, writing stops, too.
        """
        if self._writing is not None:
            try:
                wait([self._writing])
            except BaseException:
                self._stop.set()
                raise
            writing, self._writing = self._writing, None
            writing.result()

    def abandon(self) -> None:
        """Stop writing in the background and remove what is incomplete; nothing is raised."""
        self._stop.set()
        with contextlib.suppress(Exception):
            self.wait()

    def _begin(
        self, trainer: Trainer, more: dict[str, Any], arrays: dict[str, np.ndarray]
    ) -> tuple[str, dict[str, np.ndarray]]:
        """The name and the arrays of a checkpoint, where it can be written."""
        trainer.check_finite()
        check_output_folder(self.folder)
        clear_leftovers(self.folder)
        meta = {
            "format": FORMAT,
            "settings": trainer.settings.to_json(),
            "matrix": trainer.matrix.meta["checksums"],
            "parts": trainer.stream.parts,
            "history": [asdict(epoch) for epoch in trainer.history],
            "position": asdict(trainer.position),
            "versions": versions(),
            **more,
        }
        if trainer.anchors is not None:
            arrays = {**arrays, _ANCHOR_WORDS: trainer.anchors.words, _ANCHOR_VECTORS: trainer.anchors.vectors}
            meta["anchor_weight"] = trainer.anchors.weight
        arrays[_META] = np.frombuffer(json.dumps(meta).encode(), np.uint8)
        self._last = time.monotonic()
        return f"epoch-{len(trainer.history):06d}-{trainer.position.stratum:04d}.npz", arrays

    def _write(self, name: str, arrays: dict[str, np.ndarray], stop: threading.Event | None = None) -> None:
        with atomic_file(self.folder / name) as file:
            np.savez(file if stop is None else _Stoppable(file, stop), **arrays)  # type: ignore[arg-type]
        for old in self.paths()[_KEPT:]:
            old.unlink()

    def load(self) -> Checkpoint:
        """Read the newest that is whole; a damaged one is passed over with a warning.

        Raises
        ------
        InputError
            If there is none, or a newer version of the program has written one.
        """
        for path in self.paths():
            try:
                return _read(path)
            except DamagedError as error:
                warnings.warn(f"{error}; the checkpoint before it is used", stacklevel=2)
        raise InputError(f"{self.folder}: holds no checkpoint that can be read; train from scratch")


class _Stoppable:
    """A file whose next `write` raises `CancelledError` once an event is set."""

    def __init__(self, file: IO[bytes], stop: threading.Event) -> None:
        self._file, self._stop = file, stop

    def write(self, data: bytes) -> int:
        if self._stop.is_set():
            raise CancelledError
        return self._file.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def _listed(versions: dict[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in versions.items())


def _partition(words: int, meta: dict[str, Any]) -> Partition:
    """Checkpoints that do not say how many parts there are have as many as folders of formats 1 and 2."""
    return Partition(words, most=max(1, meta.get("parts", MANY_PARTS)))


def _read(path: Path) -> Checkpoint:
    """Read a checkpoint and check that its parts fit each other."""
    arrays = read_archive(path)
    meta = read_json(arrays.pop(_META, np.empty(0, np.uint8)).tobytes(), path)
    check_format(meta, _NAME, _VERSION, path)
    for key, kind in _KEYS.items():
        if not isinstance(meta.get(key, kind()), kind):
            raise DamagedError(f"{path}: is damaged ({key} is {meta[key]!r})")
    settings = read_settings(meta.get("settings"), path)
    checkpoint = Checkpoint(
        path,
        meta,
        arrays,
        settings,
        [build(Epoch, epoch, path) for epoch in meta.get("history", ())],
        build(Position, meta.get("position"), path),
    )
    words = len(arrays["words"]) if "words" in arrays and arrays["words"].ndim else 0
    expected = Parameters.layout(words, settings.vector_size, settings.rule) if words else {}
    if _ANCHOR_WORDS in arrays or _ANCHOR_VECTORS in arrays:
        number = arrays[_ANCHOR_WORDS].size if _ANCHOR_WORDS in arrays else 0
        expected[_ANCHOR_WORDS] = ((number,), np.dtype(np.int64))
        expected[_ANCHOR_VECTORS] = ((number, settings.vector_size), np.dtype(np.float32))
    found = {name: (array.shape, array.dtype) for name, array in arrays.items()}
    if not words or found != expected:
        wrong = sorted(name for name in found.keys() | expected.keys() if found.get(name) != expected.get(name))
        raise DamagedError(f"{path}: is damaged (array {', '.join(wrong) or 'words'} is not as expected)")
    parts = checkpoint.partition.parts
    if not (
        settings.groups <= parts and is_whole(checkpoint.position.stratum, 0, Order(parts, settings.groups).steps)
    ):
        raise DamagedError(f"{path}: is damaged (stratum is {checkpoint.position.stratum})")
    if _ANCHOR_WORDS in arrays:
        ranks = arrays[_ANCHOR_WORDS]
        if not (is_number(meta.get("anchor_weight"), 0) and ((ranks >= 0) & (ranks < words)).all()):
            raise DamagedError(f"{path}: is damaged (anchors do not fit the words)")
    return checkpoint


#: Types of the other entries of `meta`: all but settings and position.
_KEYS: dict[str, type] = {"parts": int, "matrix": dict, "history": list, "stages": dict, "matrix_folder": str}


def read_settings(values: Any, path: Path) -> TrainingSettings:
    """Return the settings that `TrainingSettings.to_json` gave; errors name `path`."""
    if not isinstance(values, dict) or not isinstance(values.get("rule"), dict):
        raise DamagedError(f"{path}: is damaged (it has no settings)")
    rule = dict(values["rule"])
    name = rule.pop("name", None)
    if name not in optim.available():
        raise InputError(f"{path}: has the optimizer {name!r}, of a newer version of this program; update it")
    try:
        made = optim.make(name, **rule)
    except InputError as error:
        raise InputError(f"{path}: {error}; was it written by a newer version of this program?") from error
    return build(TrainingSettings, {k: v for k, v in values.items() if k != "rule"}, path, rule=made)
