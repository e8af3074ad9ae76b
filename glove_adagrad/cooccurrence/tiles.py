"""Tiles on disk: the file of cells, where each tile lies in it, and writing it from front to back.

`kernels.tiles` describes what a tile looks like inside.
"""

from __future__ import annotations

import os
import threading
import weakref
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import IO

import numpy as np

from glove_adagrad.cooccurrence.partition import Partition
from glove_adagrad.decoding import DamagedError

#: Bytes of an element of each section.
ELEMENTS = np.array([4, 2, 4, 8])


def section_bases(rows: int | np.ndarray, cells: np.ndarray, large: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where the sections of consecutive tiles begin.

    Parameters
    ----------
    rows : int or int64 array [tiles]
        Rows of each tile.
    cells, large : int64 arrays [tiles]

    Returns
    -------
    base : int64 [tiles, 4]
        In elements: row ends (uint32), columns (uint16), sums (uint32), large sums (uint64).
    offsets : int64 [tiles + 1]
        Where each tile begins, in bytes; the last entry is the size of all.
    """
    sizes = np.stack([np.broadcast_to(4 * rows, len(cells)), 2 * cells, 4 * cells, 8 * large], axis=1)
    ends = np.cumsum(-(-sizes // 8) * 8).reshape(-1, 4)
    starts = np.concatenate([[0], ends.ravel()[:-1]]).reshape(-1, 4)
    return starts // ELEMENTS, np.concatenate([[0], ends[:, 3]])


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
    table : int64 array [P * P, 4]
        For each tile, in order of row part, then column part: first byte, cells, large sums, CRC-32 of its bytes.
        Folders of format 1 have no CRC-32 of tiles, and a table of three columns.
    words : int
        Size of the vocabulary.
    checksum : int
        CRC-32 of the file.
    file : IO, optional
        The file, open for reading; it is closed with this object. It stays the same file whatever becomes of its
        name. If left out, `open` opens the file by its name each time.
    """

    def __init__(
        self, path: Path, table: np.ndarray, words: int, checksum: int, file: IO[bytes] | None = None
    ) -> None:
        self.checksum = checksum
        self.path = path
        self.table = table
        self.words = words
        self.partition = Partition(words)
        self.parts, self.sizes = self.partition.parts, self.partition.sizes
        self._file = file
        if file is not None:
            weakref.finalize(self, file.close)

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """The file, for `read` and `read_into`."""
        if self._file is not None:
            yield self._file
        else:
            with open(self.path, "rb") as file:
                yield file

    @property
    def cells(self) -> int:
        return int(self.table[:, 1].sum())

    @cached_property
    def _layout(self) -> tuple[np.ndarray, np.ndarray]:
        return section_bases(np.repeat(self.sizes, self.parts), self.table[:, 1], self.table[:, 2])

    @property
    def bases(self) -> np.ndarray:
        """int64 [P * P, 4]: where the sections of each tile begin in the file, in elements."""
        return self._layout[0]

    @property
    def offsets(self) -> np.ndarray:
        """int64 [P * P + 1]: where each tile begins in the file, in bytes, and the size of the file."""
        return self._layout[1]

    def check_table(self) -> None:
        """Compare the table with the vocabulary's size and with itself.

        Raises
        ------
        DamagedError
            If it is not one that `TileWriter` writes: its shape and type, the range of a number, or where a tile
            begins.
        """
        table, rows = self.table, np.repeat(self.sizes, self.parts)
        good = table.dtype == np.int64 and table.ndim == 2 and table.shape in ((len(rows), 3), (len(rows), 4))
        if good:
            cells, large = table[:, 1], table[:, 2]
            good = bool(
                (cells >= 0).all()
                and (cells <= rows * np.tile(self.sizes, self.parts)).all()
                and (large >= 0).all()
                and (large <= cells).all()
                and (table[:, 3:] >= 0).all()
                and (table[:, 3:] < 1 << 32).all()
                and np.array_equal(table[:, 0], self.offsets[:-1])
            )
        if not good:
            raise DamagedError(f"{self.path.with_suffix('.npy')}: is damaged (no table of tiles); count again")

    def read(self, file: IO[bytes], tile: int) -> np.ndarray:
        """The bytes of one tile, checked; threads may share the file.

        Raises
        ------
        DamagedError
            As `read_into` does.
        """
        raw = np.empty(int(self.offsets[tile + 1] - self.offsets[tile]), np.uint8)
        self.read_into(file, np.array([tile]), raw, self.base_in_tile(tile)[None])
        return raw

    def cells_of(self, file: IO[bytes], tile: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Read one tile's cells: the ranks of their rows and columns, int64, and their sums, uint64.

        Raises
        ------
        DamagedError
            As `read_into` does.
        """
        from glove_adagrad.kernels.tiles import read_tile

        p, q = divmod(tile, self.parts)
        cells = int(self.table[tile, 1])
        row, column, sums = np.empty(cells, np.int64), np.empty(cells, np.int64), np.empty(cells, np.uint64)
        views = Views(self.read(file, tile))
        read_tile(self.base_in_tile(tile), self.sizes[p], p, q, self.parts, *views.all, row, column, sums)
        return row, column, sums

    def read_into(
        self, file: IO[bytes], tiles: np.ndarray, memory: np.ndarray, bases: np.ndarray, *, structure: bool = True
    ) -> None:
        """Read tiles and check them, so that kernels may trust them; threads may share the file.

        Parameters
        ----------
        tiles : int64 array [n]
            Numbers of tiles.
        memory : uint8 array
            Where they go.
        bases : int64 array [n, 4]
            Where their sections begin there, in elements.
        structure : bool
            Whether to check the structure, too. A tile whose structure was checked before need not be checked again
            if it still has its CRC-32.

        Raises
        ------
        DamagedError
            If the file ends within a tile, its CRC-32 differs, or its sections contradict the table or each other.
        """
        from glove_adagrad.kernels.tiles import damaged_tile

        for tile, begin in zip(tiles.tolist(), (4 * bases[:, 0]).tolist(), strict=True):
            start, size = int(self.offsets[tile]), int(self.offsets[tile + 1] - self.offsets[tile])
            raw = memory[begin : begin + size]
            if read_at(file, start, raw) != size:
                raise DamagedError(f"{self.path}: ends within a tile; it was cut short, count again")
            if self.has_checksums and zlib.crc32(raw) != self.table[tile, 3]:
                raise DamagedError(f"{self.path}: is damaged (the checksum of a tile differs); count again")
        if structure or not self.has_checksums:
            views = Views(memory)
            bad = damaged_tile(tiles, bases, self.table, self.sizes, *views.all)
            if bad >= 0:
                raise DamagedError(f"{self.path}: is damaged (tile {tiles[bad]} is not well formed); count again")

    @property
    def has_checksums(self) -> bool:
        """Whether there is a CRC-32 of each tile."""
        return self.table.shape[1] == 4

    def base_in_tile(self, tile: int) -> np.ndarray:
        """int64 [4]: where the sections of a tile begin in its own bytes, in elements."""
        return np.ascontiguousarray(self.bases[tile] - self.offsets[tile] // ELEMENTS)


#: Held from moving a file's position to reading there, where the system cannot do both at once.
_POSITION = threading.Lock()


def read_at(file: IO[bytes], start: int, memory: np.ndarray) -> int:
    """Fill memory, uint8, from a position of a file; returns how many bytes the file had for it.

    Threads may read one file at the same time.
    """
    done = 0
    while done < len(memory) and (number := _read_some(file, start + done, memory[done:])):
        done += number
    return done


def _read_some(file: IO[bytes], start: int, memory: np.ndarray) -> int:
    if hasattr(os, "preadv"):
        return os.preadv(file.fileno(), [memory], start)
    with _POSITION:  # Windows
        file.seek(start)
        return int(file.readinto(memory) or 0)  # type: ignore[attr-defined]


class TileWriter:
    """Writes tiles in their order to a file and keeps their table and checksum."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._rows: list[tuple[int, int, int, int]] = []
        self._position = 0
        self.checksum = 0

    def write(self, raw: np.ndarray, offsets: np.ndarray, cells: np.ndarray, large: np.ndarray) -> None:
        """Append consecutive tiles: their bytes, where each begins in them, and what each holds."""
        ends = offsets[1:].tolist()
        for begin, end, number, too_large in zip(
            offsets.tolist(), ends, cells.tolist(), large.tolist(), strict=False
        ):
            self._rows.append((self._position + begin, number, too_large, zlib.crc32(raw[begin:end])))
        self._file.write(raw.data)
        self.checksum = zlib.crc32(raw.data, self.checksum)
        self._position += raw.nbytes

    def table(self) -> np.ndarray:
        return np.array(self._rows, np.int64).reshape(-1, 4)
