"""Tiles on disk: the file of cells, where each tile lies in it, and writing it from front to back.

`kernels.cooccurrence` describes what a tile looks like inside.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import IO

import numpy as np

from glove_adagrad.errors import InputError

#: Words of a part: its vectors, accumulators included, should stay in a core's cache.
_PART_WORDS = 2048

#: At least so many parts where there are words enough, so that many threads find work.
_LEAST_PARTS = 32

#: At most so many, because tables of parts x parts are kept; a part never has more than 65,536 words.
_MOST_PARTS = 256


def number_of_parts(words: int) -> int:
    """Parts into which a vocabulary is dealt. It follows from its size alone, never from the machine."""
    parts = min(max(-(-words // _PART_WORDS), _LEAST_PARTS), _MOST_PARTS)
    return min(max(parts, -(-words // 65536)), words)


def part_sizes(words: int, parts: int) -> np.ndarray:
    """int64 [parts]: words of each part."""
    return (words - np.arange(parts) + parts - 1) // parts


def section_bases(rows: int, cells: np.ndarray, large: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where the sections of consecutive tiles of `rows` rows begin.

    Returns
    -------
    base : int64 [tiles, 4]
        In elements: row ends (uint32), columns (uint16), sums (uint32), large sums (uint64).
    offsets : int64 [tiles + 1]
        Where each tile begins, in bytes; the last entry is the size of all.
    """
    sizes = np.stack([np.full(len(cells), 4 * rows), 2 * cells, 4 * cells, 8 * large], axis=1)
    ends = np.cumsum(-(-sizes // 8) * 8).reshape(-1, 4)
    starts = np.concatenate([[0], ends.ravel()[:-1]]).reshape(-1, 4)
    return starts // np.array([4, 2, 4, 8]), np.concatenate([[0], ends[:, 3]])


class Views:
    """The three ways in which a kernel looks at the bytes of tiles."""

    def __init__(self, raw: np.ndarray) -> None:
        self.u16, self.u32, self.u64 = raw.view(np.uint16), raw.view(np.uint32), raw.view(np.uint64)

    @property
    def all(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return self.u16, self.u32, self.u64


class Tiles:
    """A file of P x P tiles and its table.

    Parameters
    ----------
    path : Path
        The file of cells.
    table : int64 array [P * P, 3]
        For each tile, in order of row part, then column part: first byte, cells, large sums.
    words : int
        Size of the vocabulary.
    checksum : int
        CRC-32 of the file.
    """

    def __init__(self, path: Path, table: np.ndarray, words: int, checksum: int) -> None:
        self.checksum = checksum
        self.path = path
        self.table = table
        self.words = words
        self.parts = number_of_parts(words)
        self.sizes = part_sizes(words, self.parts)

    @property
    def cells(self) -> int:
        return int(self.table[:, 1].sum())

    def bases(self) -> np.ndarray:
        """int64 [P * P, 4]: where the sections of each tile begin in the file, in elements."""
        rows = np.repeat(self.sizes, self.parts)
        sizes = np.stack([4 * rows, 2 * self.table[:, 1], 4 * self.table[:, 1]], axis=1)
        ends = np.cumsum(-(-sizes // 8) * 8, axis=1)
        starts = self.table[:, :1] + np.concatenate([np.zeros((len(rows), 1), np.int64), ends], axis=1)
        return np.ascontiguousarray(starts // np.array([4, 2, 4, 8]))

    def ends(self) -> np.ndarray:
        """int64 [P * P]: the byte after each tile."""
        bases = self.bases()
        return (bases[:, 3] + self.table[:, 2]) * 8

    def map(self) -> np.ndarray:
        """The file as a read-only uint8 memory map."""
        return np.memmap(self.path, np.uint8, mode="r")

    def read(self, file: IO[bytes], tile: int) -> np.ndarray:
        """The bytes of one tile; threads may share the file."""
        start = int(self.table[tile, 0])
        size = int(self._ends[tile]) - start
        raw = b"".join(_read_at(file, start, size))
        if len(raw) != size:
            raise InputError(f"{self.path}: ends within a tile; it was cut short")
        return np.frombuffer(raw, np.uint8)

    @cached_property
    def _ends(self) -> np.ndarray:
        return self.ends()

    def base_in_tile(self, tile: int) -> np.ndarray:
        """int64 [4]: where the sections of a tile begin in its own bytes, in elements."""
        base, _ = section_bases(int(self.sizes[tile // self.parts]), *self.table[tile : tile + 1, 1:].T)
        return np.ascontiguousarray(base[0])


def _read_at(file: IO[bytes], start: int, size: int) -> Iterator[bytes]:
    while size > 0 and (piece := os.pread(file.fileno(), size, start)):
        yield piece
        start += len(piece)
        size -= len(piece)


class TileWriter:
    """Writes tiles in their order to a file and keeps their table and checksum."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._rows: list[tuple[int, int, int]] = []
        self._position = 0
        self.checksum = 0

    def write(self, raw: np.ndarray, offsets: np.ndarray, cells: np.ndarray, large: np.ndarray) -> None:
        """Append consecutive tiles: their bytes, where each begins in them, and what each holds."""
        for offset, number, too_large in zip(offsets.tolist(), cells.tolist(), large.tolist(), strict=False):
            self._rows.append((self._position + offset, number, too_large))
        self._file.write(raw.data)
        self.checksum = zlib.crc32(raw.data, self.checksum)
        self._position += raw.nbytes

    def table(self) -> np.ndarray:
        return np.array(self._rows, np.int64).reshape(-1, 3)
