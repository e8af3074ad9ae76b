"""Everything that a training needs to go on, in files that are whole or not there.

A checkpoint is one uncompressed .npz file of the trainer's arrays and a JSON text. Zip archives hold a CRC-32 of each
member, which is compared when it is read. How training works is not known here.
"""

from __future__ import annotations

import json
import platform
import time
import warnings
import zipfile
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from glove_adagrad import __version__
from glove_adagrad.errors import InputError
from glove_adagrad.files import atomic_file, check_output_folder
from glove_adagrad.temporary import clear_leftovers
from glove_adagrad.trainer import Anchors, Epoch, Position, Trainer, TrainingSettings

FORMAT = "glove-adagrad checkpoint 1"

#: So many are kept: should the last be damaged, the one before is used.
_KEPT = 2

_META, _ANCHOR_WORDS, _ANCHOR_VECTORS = "meta", "anchors.words", "anchors.vectors"


class Checkpoint(NamedTuple):
    """A checkpoint that has been read.

    Attributes
    ----------
    path : Path
    meta : dict
        Settings, history, position, the matrix's checksums, and what the caller of `save` added.
    arrays : dict of str to ndarray
    """

    path: Path
    meta: dict[str, Any]
    arrays: dict[str, np.ndarray]

    @property
    def settings(self) -> TrainingSettings:
        return TrainingSettings.from_json(self.meta["settings"])

    @property
    def anchors(self) -> Anchors | None:
        if _ANCHOR_WORDS not in self.arrays:
            return None
        return Anchors(self.arrays[_ANCHOR_WORDS], self.arrays[_ANCHOR_VECTORS], self.meta["anchor_weight"])

    def restore(self, trainer: Trainer) -> None:
        """Put a trainer of the same settings and matrix where this checkpoint was taken.

        Raises
        ------
        InputError
            If the trainer's matrix is another.
        """
        if self.meta["matrix"] != trainer.matrix.meta["checksums"]:
            raise InputError(
                f"{trainer.matrix.folder}: is not the matrix of {self.path} (its checksum differs); train anew"
            )
        if (before := self.meta.get("versions")) not in (None, versions()):
            warnings.warn(
                f"{self.path}: was written with {_listed(before)}, and this is {_listed(versions())}; "
                "the result may differ in its last digits",
                stacklevel=2,
            )
        trainer.parameters.restore(self.arrays)
        trainer.history[:] = [Epoch(**epoch) for epoch in self.meta["history"]]
        trainer.position = Position(**self.meta["position"])


class Checkpoints:
    """The checkpoints of a run, in a folder of their own.

    Parameters
    ----------
    folder : Path
    minutes : float
        How often `save_if_due` saves.
    """

    def __init__(self, folder: Path, minutes: float = 10.0) -> None:
        self.folder, self._seconds = folder, 60 * minutes
        self._last = time.monotonic()

    def paths(self) -> list[Path]:
        """Those there are, the newest first."""
        return sorted(self.folder.glob("epoch-*.npz"), reverse=True)

    def save_if_due(self, trainer: Trainer, **more: Any) -> None:
        """Save if the last time was long enough ago."""
        if time.monotonic() - self._last >= self._seconds:
            self.save(trainer, **more)

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
        trainer.check_finite()
        check_output_folder(self.folder)
        clear_leftovers(self.folder)
        arrays = trainer.parameters.arrays()
        meta = {
            "format": FORMAT,
            "settings": trainer.settings.to_json(),
            "matrix": trainer.matrix.meta["checksums"],
            "history": [asdict(epoch) for epoch in trainer.history],
            "position": asdict(trainer.position),
            "versions": versions(),
            **more,
        }
        if trainer.anchors is not None:
            arrays = {**arrays, _ANCHOR_WORDS: trainer.anchors.words, _ANCHOR_VECTORS: trainer.anchors.vectors}
            meta["anchor_weight"] = trainer.anchors.weight
        arrays[_META] = np.frombuffer(json.dumps(meta).encode(), np.uint8)
        name = f"epoch-{len(trainer.history):06d}-{trainer.position.stratum:04d}.npz"
        with atomic_file(self.folder / name) as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]
        for old in self.paths()[_KEPT:]:
            old.unlink()
        self._last = time.monotonic()

    def load(self) -> Checkpoint:
        """Read the newest that is whole; a damaged one is passed over with a warning.

        Raises
        ------
        InputError
            If there is none.
        """
        for path in self.paths():
            try:
                return _read(path)
            except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
                warnings.warn(f"{path}: is damaged ({error}); the checkpoint before it is used", stacklevel=2)
        raise InputError(f"{self.folder}: holds no checkpoint that can be read; train from scratch")


def versions() -> dict[str, str]:
    """Return the versions of all that results depend on."""
    return {
        "glove_adagrad": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "numba": metadata.version("numba"),
    }


def _listed(versions: dict[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in versions.items())


def _read(path: Path) -> Checkpoint:
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    meta = json.loads(arrays.pop(_META).tobytes())
    if meta.get("format") != FORMAT:
        raise ValueError(f"not of the format '{FORMAT}'")
    return Checkpoint(path, meta, arrays)
