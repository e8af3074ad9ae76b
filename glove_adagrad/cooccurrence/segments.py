"""Partial counts of the segments of a text: in a spill folder, or kept so that a stopped count can continue."""

from __future__ import annotations

import contextlib
import io
import itertools
import os
import shutil
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from glove_adagrad.cooccurrence.tiles import Tiles, TileWriter
from glove_adagrad.cooccurrence.windows import Windows
from glove_adagrad.decoding import (
    DamagedError,
    check_format,
    check_seal,
    is_whole,
    read_array,
    read_json,
    sealed_json,
)
from glove_adagrad.errors import InputError
from glove_adagrad.files import atomic_file, check_output_folder
from glove_adagrad.locks import output_lock
from glove_adagrad.vocabulary import Vocabulary

_NAME, _VERSION = "glove-adagrad segments", 1
_STATE = "segments.json"


class SpiltTiles(NamedTuple):
    """A file of tiles, and next to it its table, which is read when it is needed.

    Attributes
    ----------
    path : Path
        The file of cells.
    words : int
        Size of the vocabulary.
    checksum : int
        CRC-32 of the file.
    table_checksum : int
        CRC-32 of the table's file.
    """

    path: Path
    words: int
    checksum: int
    table_checksum: int

    @classmethod
    def write(cls, path: Path, writer: TileWriter, words: int) -> SpiltTiles:
        """Write the table of a file that `writer` has written."""
        file = io.BytesIO()
        np.save(file, writer.table())
        _table(path).write_bytes(file.getvalue())
        return cls(path, words, writer.checksum, zlib.crc32(file.getvalue()))

    def load(self) -> Tiles:
        """Read the table.

        Raises
        ------
        DamagedError
            If it is missing, or not as it was written.
        """
        try:
            data = _table(self.path).read_bytes()
        except OSError as error:
            raise DamagedError(f"{_table(self.path)}: cannot be read ({error.strerror}); count again") from error
        if zlib.crc32(data) != self.table_checksum:
            raise DamagedError(f"{_table(self.path)}: is damaged (its checksum differs); count again")
        return Tiles(self.path, read_array(data, _table(self.path)), self.words, self.checksum)

    def remove(self) -> None:
        """Remove both files."""
        self.path.unlink()
        _table(self.path).unlink()


def _table(path: Path) -> Path:
    return path.with_name(f"{path.name}.npy")


class Segments:
    """Finished segments of a text, in a folder.

    Parameters
    ----------
    folder : Path
    words : int
        Size of the vocabulary.
    halves : iterable of str

    Attributes
    ----------
    runs : dict of str to list of SpiltTiles
        For each half of the matrix, one for each segment.
    """

    def __init__(self, folder: Path, words: int, halves: list[str]) -> None:
        self.folder, self.words = folder, words
        self.runs: dict[str, list[SpiltTiles]] = {half: [] for half in halves}

    def next_path(self, half: str) -> Path:
        """Where the tiles of the next segment go."""
        return self.folder / f"{half}-{len(self.runs[half])}"

    def add(self, half: str, writer: TileWriter) -> None:
        """Take the tiles that were written to `next_path`."""
        self.runs[half].append(SpiltTiles.write(self.next_path(half), writer, self.words))

    def finished(self, ids: np.ndarray) -> None:
        """Called when all halves of a segment were added; `ids` are those that the one before did not have."""

    def rest(self, encoded: Iterator[tuple[np.ndarray, int]]) -> tuple[Iterator[tuple[np.ndarray, int]], int]:
        """What of an encoded text has not been counted.

        Returns
        -------
        encoded : iterator of (uint32 array, int)
        context : int
            Number of its first ids that have been counted, and are context of the others.
        """
        return encoded, 0


class KeptSegments(Segments):
    """Segments in a folder that stays when the process ends, with a record of what has been counted.

    A count with other budgets or workers continues from them: only the ids of the text, the vocabulary and the
    windows must be the same.
    """

    def __init__(self, folder: Path, vocabulary: Vocabulary, windows: Windows, halves: list[str]) -> None:
        super().__init__(folder, len(vocabulary), halves)
        self._window = windows.window
        counts = zlib.crc32(np.ascontiguousarray(vocabulary.counts, np.int64))
        self._identity = {
            "vocabulary": zlib.crc32(b"\n".join(vocabulary.words), counts),
            "windows": windows.to_json(),
        }
        self._ids = self._checksum = 0
        path = folder / _STATE
        if path.exists():
            self._read(path)
        known = {_STATE, *(name for runs in self.runs.values() for run in runs for name in _names(run))}
        for path in folder.iterdir():
            if path.name not in known and _is_ours(path.name):
                path.unlink()  # of a segment that was not finished

    def _read(self, path: Path) -> None:
        """Take what an earlier count kept."""
        state = read_json(path.read_bytes(), path)
        check_format(state, _NAME, _VERSION, path)
        check_seal(state, path, f"remove {self.folder} and count again")
        for key, value in self._identity.items():
            if state.get(key) != value:
                raise InputError(
                    f"{self.folder}: holds segments of another count (its {key} differ); give the same settings, or "
                    "remove the folder"
                )
        if not (is_whole(state.get("ids"), 0) and is_whole(state.get("text"), 0) and self._are_runs(state)):
            raise DamagedError(f"{path}: is damaged; remove {self.folder} and count again")
        self._ids, self._checksum = state["ids"], state["text"]
        for half, runs in self.runs.items():
            for number, (size, *checksums) in enumerate(state["runs"][half]):
                run = SpiltTiles(self.folder / f"{half}-{number}", self.words, *checksums)
                if not run.path.is_file() or run.path.stat().st_size != size:
                    raise DamagedError(
                        f"{run.path}: is missing or not {size:,} bytes long; remove {self.folder} and count again"
                    )
                runs.append(run)

    def _are_runs(self, state: dict[str, Any]) -> bool:
        """Whether there are sizes and checksums of as many segments for each half."""
        runs = state.get("runs")
        return (
            isinstance(runs, dict)
            and runs.keys() == self.runs.keys()
            and all(isinstance(some, list) and all(map(_is_run, some)) for some in runs.values())
            and len({len(some) for some in runs.values()}) == 1
        )

    def finished(self, ids: np.ndarray) -> None:
        self._ids += len(ids)
        self._checksum = zlib.crc32(ids.view(np.uint8), self._checksum)
        for runs in self.runs.values():
            for name in _names(runs[-1]):
                with open(self.folder / name, "r+b") as file:
                    os.fsync(file.fileno())
        state = {
            "format": f"{_NAME} {_VERSION}",
            **self._identity,
            "ids": self._ids,
            "text": self._checksum,
            "runs": {
                half: [[run.path.stat().st_size, run.checksum, run.table_checksum] for run in runs]
                for half, runs in self.runs.items()
            },
        }
        with atomic_file(self.folder / _STATE) as file:
            file.write(sealed_json(state))

    def rest(self, encoded: Iterator[tuple[np.ndarray, int]]) -> tuple[Iterator[tuple[np.ndarray, int]], int]:
        """See `Segments.rest`.

        Raises
        ------
        InputError
            If the text does not begin with the ids that were counted.
        """
        if not self._ids:
            return encoded, 0
        left, checksum, words = self._ids, 0, 0
        before = np.empty(0, np.uint32)
        for ids, number in encoded:
            words += number
            taken = np.ascontiguousarray(ids[:left])
            checksum = zlib.crc32(taken.view(np.uint8), checksum)
            left -= len(taken)
            before = np.concatenate([before, taken])[-self._window :]
            if not left and checksum == self._checksum:
                return itertools.chain([(before, words), (ids[len(taken) :], 0)], encoded), len(before)
            if not left:
                break
        raise InputError(
            f"{self.folder}: the text is not the one that was counted so far; remove the folder to count the new text"
        )


def _names(run: SpiltTiles) -> tuple[str, str]:
    return run.path.name, _table(run.path).name


@contextlib.contextmanager
def kept_segments(
    folder: Path, vocabulary: Vocabulary, windows: Windows, halves: list[str]
) -> Iterator[KeptSegments]:
    """Provide the segments in `folder`, which is made if it is missing, and removed if the block succeeds.

    Raises
    ------
    InputError
        If it holds something else, or segments of another count, or another process uses it.
    """
    check_output_folder(folder.parent)
    with output_lock(folder):
        check_output_folder(folder)
        foreign = sorted(path.name for path in folder.iterdir() if not _is_ours(path.name) and path.name != _STATE)
        if foreign:
            raise InputError(f"{folder}: holds {foreign[0]}, which is not of a count; move it")
        segments = KeptSegments(folder, vocabulary, windows, halves)
        try:
            yield segments
        except BaseException:
            if not (folder / _STATE).exists():  # nothing is worth keeping
                shutil.rmtree(folder, ignore_errors=True)
            raise
        shutil.rmtree(folder)


def _is_ours(name: str) -> bool:
    return name.removesuffix(".npy").rpartition("-")[0] in ("lower", "upper")


def _is_run(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 3 and all(is_whole(number, 0) for number in value)
