"""What a run was started with (`run.json`) and its last state.

The record marks a folder as that of a run. With it, training can start after an interruption before the first
checkpoint.
"""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from glove_adagrad.checkpoint import Checkpoint, Checkpoints, read_settings
from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
from glove_adagrad.decoding import check_format, check_seal, decoding, read_json, sealed_json
from glove_adagrad.errors import InputError
from glove_adagrad.files import atomic_file
from glove_adagrad.trainer import Trainer, TrainingSettings
from glove_adagrad.vocabulary import Vocabulary
from glove_adagrad.warm_start import Start, continue_from

_FORMAT, _VERSION = "glove-adagrad run", 1

_NAME = "run.json"


@dataclass(frozen=True)
class RunRecord:
    """What decides the result of a run, apart from the counts.

    Attributes
    ----------
    settings : TrainingSettings
    matrix_folder : str
        Absolute, or relative to the run's folder.
    start : Start
        Vectors to start from, and anchor vectors; `Path`s.
    extend : Path, optional
        An earlier run.
    provenance : dict
        What the result does not depend on: command, preset, corpus, time, machine.
    """

    settings: TrainingSettings
    matrix_folder: str = "cooccurrence"
    start: Start = field(default_factory=Start)
    extend: Path | None = None
    provenance: dict[str, Any] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """Write the record to the folder of a run."""
        record = {
            "format": f"{_FORMAT} {_VERSION}",
            "settings": self.settings.to_json(),
            "matrix_folder": self.matrix_folder,
            "anchor_weight": self.start.anchor_weight,
            "trust_pickle": self.start.trust_pickle,
            "strict": self.start.strict,
            "provenance": self.provenance,
            "inputs": {
                name: {"path": str(path.resolve()), "files": _files(path)}
                for name, path in (("init", self.start.init), ("anchor", self.start.anchor), ("extend", self.extend))
                if path is not None
            },
        }
        with atomic_file(folder / _NAME) as file:
            file.write(sealed_json(record))

    @classmethod
    def read(cls, folder: Path) -> RunRecord:
        """Read the record of a run.

        Raises
        ------
        InputError
            If it is missing or damaged, or one of the files that training starts from has changed.
        """
        path = folder / _NAME
        if not path.exists():
            raise InputError(f"{folder}: is not a run; start one with --output {folder}")
        record = _read(path)
        with decoding(path):
            inputs = {name: Path(entry["path"]) for name, entry in record["inputs"].items()}
            files = {name: entry["files"] for name, entry in record["inputs"].items()}
            start = Start(
                inputs.get("init"),
                anchor=inputs.get("anchor"),
                anchor_weight=float(record["anchor_weight"]),
                trust_pickle=record["trust_pickle"],
                strict=record["strict"],
            )
            made = cls(
                read_settings(record["settings"], path),
                os.fspath(record["matrix_folder"]),
                start,
                inputs.get("extend"),
                dict(record["provenance"]),
            )
        for name, before in files.items():
            if _files(inputs[name]) != before:
                raise InputError(
                    f"{inputs[name]}: has changed since {folder} was started from it; start the run from scratch"
                )
        return made

    def new_trainer(
        self,
        matrix: CooccurrenceMatrix,
        *,
        earlier: tuple[Checkpoint, Vocabulary] | None = None,
        workers: int = 1,
        memory: int | None = None,
    ) -> tuple[Trainer, int]:
        """Return a trainer at epoch 0, and how many words start from the vectors of `init`.

        Parameters
        ----------
        earlier : tuple, optional
            Last checkpoint and vocabulary of the run `extend`; read from there if left out.
        """
        trainer, number = self.start.new_trainer(matrix, self.settings, workers=workers, memory=memory)
        if self.extend is not None:
            if earlier is None:
                checkpoint, old = last_state(self.extend)
                earlier = checkpoint, old.vocabulary
            continue_from(trainer, *earlier)
        return trainer, number


def _read(path: Path) -> dict[str, Any]:
    with decoding(path):
        data = path.read_bytes()
    record = read_json(data, path)
    check_format(record, _FORMAT, _VERSION, path)
    check_seal(record, path, "start the run from scratch")
    return dict(record)


def is_marked(folder: Path) -> bool:
    """Whether a folder has the record of a run, of whatever version."""
    path = folder / _NAME
    try:
        with decoding(path):
            data = path.read_bytes()
        record = read_json(data, path)
    except InputError:
        return False
    return isinstance(record, dict) and str(record.get("format")).startswith(f"{_FORMAT} ")


def read_provenance(folder: Path) -> dict[str, Any]:
    """Return the provenance of a run; nothing, with a warning, if the record cannot be read.

    Nothing, too, for folders without a record, which the program no longer writes.
    """
    path = folder / _NAME
    if not path.exists():
        return {}
    try:
        provenance = _read(path).get("provenance")
    except InputError as error:
        warnings.warn(str(error), stacklevel=2)
        return {}
    return provenance if isinstance(provenance, dict) else {}


def last_state(folder: Path, matrix_folder: Path | None = None) -> tuple[Checkpoint, CooccurrenceMatrix]:
    """Return a run's last checkpoint and the matrix that it was trained on; nothing is written.

    Parameters
    ----------
    matrix_folder : Path, optional
        Where the matrix is now, if it was moved.

    Raises
    ------
    InputError
        If the run has no checkpoint, its matrix is missing, or the matrix has other words than the run.
    """
    checkpoint = Checkpoints(folder / "checkpoints").load()
    matrix = CooccurrenceMatrix.open(matrix_folder or folder / checkpoint.meta["matrix_folder"])
    vocabulary = folder / "vocab.txt"
    if vocabulary.exists() and Vocabulary.read(vocabulary, zeros=True).words != matrix.vocabulary.words:
        raise InputError(f"{matrix.folder}: has other words than {vocabulary}; it is not the matrix of this run")
    return checkpoint, matrix


def _files(path: Path) -> list[list[Any]]:
    """Name, size and time of the files that vectors or an earlier run are read from."""
    if path.is_dir():
        newest = Checkpoints(path / "checkpoints").paths()[:1]
        paths = [*newest, *(path / name for name in ("vocab.txt", "model.npz") if (path / name).exists())]
    else:
        paths = [path] if path.exists() else []
    return [[file.name, file.stat().st_size, file.stat().st_mtime_ns] for file in paths]
