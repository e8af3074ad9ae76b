"""Tiles on disk: the file of cells, where each tile lies in it, and writing it from front to back.

`kernels.tile_layout` describes what a tile looks like inside.
"""

from __future__ import annotations

import itertools
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

from glove_adagrad.cooccurrence.partition import MANY_PARTS, Partition
from glove_adagrad.decoding import DamagedError
from glove_adagrad.kernels.tile_sections import sections


def tile_offsets(rows: int | np.ndarray, cells: np.ndarray, large: np.ndarray) -> np.ndarray:
    """Where consecutive tiles begin, and where the last ends: int64 [tiles + 1], in bytes.

    Parameters
    ----------
    rows : int or int64 array [tiles]
        Rows of each tile.
    cells, large : int64 arrays [tiles]
    """
    *_, sizes = sections(0, low_bits(rows, cells), rows, cells, large)
    return np.concatenate([[0], np.cumsum(8 * sizes)])


def low_bits(rows: int | np.ndarray, cells: np.ndarray) -> np.ndarray:
    """How many bits of row numbers tiles store as they are: the most for which cells << bits is at most rows."""
    return np.maximum(np.frexp(rows // np.maximum(cells, 1))[1] - 1, 0) * (cells > 0)


def _old_offsets(rows: np.ndarray, cells: np.ndarray, large: np.ndarray) -> np.ndarray:
    """As `tile_offsets`, in the files of formats 1 and 2, which have a uint32 for each row."""
    sizes = np.stack([4 * rows, 2 * cells, 4 * cells, 8 * large], axis=1)
    return np.concatenate([[0], np.cumsum((-(-sizes // 8) * 8).sum(axis=1))])


class Views:
    """The three ways in which a kernel looks at the bytes of tiles."""

    def __init__(self, raw: np.ndarray) -> None:
        self.u16, self.u32, self.u64 = raw.view(np.uint16), raw.view(np.uint32), raw.view(np.uint64)

    @property
    def all(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return self.u16, self.u32, self.u64


class Tiles:
    """A file of P x P tiles and its table.

    In memory tiles are always as `kernels.tile_layout` describes them; those of a file of format 1 or 2 become so
    when they are read.

    Parameters
    ----------
    path : Path
        The file of cells.
    table : uint32 array [P * P, 3]
        For each tile, in order of row part, then column part: cells, large sums, CRC-32 of its bytes. Folders of
        formats 1 and 2 have int64, and before these columns the first byte; those of format 1 have no CRC-32.
    words : int
        Size of the vocabulary.
    checksum : int
        CRC-32 of the file.
    file : IO, optional
        The file, open for reading; it is closed with this object. It stays the same file whatever becomes of its
        name. If left out, `open` opens the file by its name each time.
    old : bool
        Whether the file is of format 1 or 2.

    Attributes
    ----------
    partition : Partition
    parts : int
        P.
    sizes : int64 array [P]
        Words of each part.
    tile_cells : int64 array [P * P]
        Cells of each tile.
    """

    def __init__(
        self,
        path: Path,
        table: np.ndarray,
        words: int,
        checksum: int,
        file: IO[bytes] | None = None,
        *,
        old: bool = False,
    ) -> None:
        self.checksum = checksum
        self.path = path
        self.table = table
        self.words = words
        self.old = old
        self.partition = Partition(words, most=MANY_PARTS) if old else Partition(words)
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

    @cached_property
    def tile_cells(self) -> np.ndarray:
        return self.table[:, int(self.old)].astype(np.int64)

    @property
    def large(self) -> np.ndarray:
        """[P * P]: sums of each tile that need more than 32 bits."""
        large: np.ndarray = self.table[:, 1 + self.old]
        return large

    @property
    def cells(self) -> int:
        return int(self.tile_cells.sum())

    @property
    def _rows(self) -> np.ndarray:
        return np.repeat(self.sizes, self.parts)

    @cached_property
    def offsets(self) -> np.ndarray:
        """int64 [P * P + 1]: where each tile would begin in memory that holds them all, in bytes, and the size."""
        return tile_offsets(self._rows, self.tile_cells, self.large.astype(np.int64))

    @cached_property
    def file_offsets(self) -> np.ndarray:
        """int64 [P * P + 1]: where each tile begins in the file, in bytes, and the size of the file."""
        if not self.old:
            return self.offsets
        return _old_offsets(self._rows, self.tile_cells, self.large.astype(np.int64))

    def check_table(self) -> None:
        """Compare the table with the vocabulary's size and with itself.

        Raises
        ------
        DamagedError
            If it is not one that `TileWriter` writes: its shape and type, the range of a number, or where a tile
            begins.
        """
        table, tiles = self.table, self.parts**2
        dtype, shapes = (np.int64, ((tiles, 3), (tiles, 4))) if self.old else (np.uint32, ((tiles, 3),))
        good = table.dtype == dtype and table.shape in shapes
        if good:
            cells, large = self.tile_cells, self.large.astype(np.int64)
            good = bool(
                (cells >= 0).all()
                and (cells <= self._rows * np.tile(self.sizes, self.parts)).all()
                and (large >= 0).all()
                and (large <= cells).all()
            )
        if good and self.old:
            good = bool(
                (table[:, 3:] >= 0).all()
                and (table[:, 3:] < 1 << 32).all()
                and np.array_equal(table[:, 0], self.file_offsets[:-1])
            )
        if not good:
            raise DamagedError(f"{self.path.with_suffix('.npy')}: is damaged (no table of tiles); count again")

    def read(self, file: IO[bytes], tile: int) -> Views:
        """One tile, checked, in memory of its own; threads may share the file.

        Raises
        ------
        DamagedError
            As `read_into` does.
        """
        raw = np.zeros(int(self.offsets[tile + 1] - self.offsets[tile]), np.uint8)
        self.read_into(file, np.array([tile]), raw, np.zeros(1, np.int64))
        return Views(raw)

    def read_range(self, file: IO[bytes], tiles: range) -> list[np.ndarray]:
        """Consecutive tiles, checked, each as a uint64 array; errors as of `read_into`."""
        begins = self.offsets[tiles.start : tiles.stop + 1] - self.offsets[tiles.start]
        raw = np.zeros(begins[-1], np.uint8)
        self.read_into(file, np.arange(tiles.start, tiles.stop), raw, begins[:-1])
        words = raw.view(np.uint64)
        return [words[begin:end] for begin, end in itertools.pairwise((begins // 8).tolist())]

    def load(self) -> Tiles:
        """These tiles, as other kinds of runs are loaded; see `cooccurrence.spill.Run`."""
        return self

    def remove(self) -> None:
        """Remove the file."""
        self.path.unlink()

    def cells_of(self, file: IO[bytes], tile: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Read one tile's cells: the ranks of their rows and columns, int64, and their sums, uint64.

        Raises
        ------
        DamagedError
            As `read_into` does.
        """
        from glove_adagrad.kernels.tiles import read_tile

        p, q = divmod(tile, self.parts)
        cells = int(self.tile_cells[tile])
        row, column, sums = np.empty(cells, np.int64), np.empty(cells, np.int64), np.empty(cells, np.uint64)
        read_tile(0, self.sizes[p], cells, p, q, self.parts, *self.read(file, tile).all, row, column, sums)
        return row, column, sums

    def read_into(
        self, file: IO[bytes], tiles: np.ndarray, memory: np.ndarray, begins: np.ndarray, *, structure: bool = True
    ) -> None:
        """Read tiles and check them, so that kernels may trust them; threads may share the file.

        Parameters
        ----------
        tiles : int64 array [n]
            Numbers of tiles.
        memory : uint8 array
            Where they go; zeros.
        begins : int64 array [n]
            Where they begin there, in bytes.
        structure : bool
            Whether to check the structure, too. A tile whose structure was checked before need not be checked again
            if it still has its CRC-32.

        Raises
        ------
        DamagedError
            If the file ends within a tile, its CRC-32 differs, or its sections contradict the table or each other.
        """
        from glove_adagrad.kernels.tiles import damaged_tile

        for tile, begin in zip(tiles.tolist(), begins.tolist(), strict=True):
            start, size = int(self.file_offsets[tile]), int(self.file_offsets[tile + 1] - self.file_offsets[tile])
            raw = np.empty(size, np.uint8) if self.old else memory[begin : begin + size]
            if read_at(file, start, raw) != size:
                raise DamagedError(f"{self.path}: ends within a tile; it was cut short, count again")
            if self.has_checksums and zlib.crc32(raw) != self.table[tile, -1]:
                raise DamagedError(f"{self.path}: is damaged (the checksum of a tile differs); count again")
            if self.old:
                end = begin + int(self.offsets[tile + 1] - self.offsets[tile])
                self._convert(tile, raw, memory[begin:end])
        if structure or not self.has_checksums:
            u16, u32, u64 = Views(memory).all
            tiles = np.ascontiguousarray(tiles)  # a kernel is compiled for each layout
            bad = damaged_tile(tiles, begins // 8, self.tile_cells, self.large, self.sizes, u16, u32, u64)
            if bad >= 0:
                raise self._not_well_formed(tiles[bad])

    def _convert(self, tile: int, raw: np.ndarray, memory: np.ndarray) -> None:
        """Turn a tile of format 1 or 2 into the layout of today, in zeros; the sections after the rows are alike."""
        from glove_adagrad.kernels.tile_layout import convert_rows

        rows = int(self.sizes[tile // self.parts])
        rest = raw[8 * (-(-rows // 2)) :]
        memory[len(memory) - len(rest) :] = rest
        if not convert_rows(raw.view(np.uint32)[:rows], 0, self.tile_cells[tile], memory.view(np.uint64)):
            raise self._not_well_formed(tile)

    def _not_well_formed(self, tile: int) -> DamagedError:
        return DamagedError(f"{self.path}: is damaged (tile {tile} is not well formed); count again")

    @property
    def has_checksums(self) -> bool:
        """Whether there is a CRC-32 of each tile."""
        return self.table.shape[1] == 3 + self.old


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
        self._rows: list[np.ndarray] = []
        self.checksum = 0

    def write(self, raw: np.ndarray, offsets: np.ndarray, cells: np.ndarray, large: np.ndarray) -> None:
        """Append consecutive tiles: their bytes, where each begins in them, and what each holds."""
        places = offsets.tolist()
        data = raw.data
        checksums = [zlib.crc32(data[begin:end]) for begin, end in itertools.pairwise(places)]
        self._rows.append(np.stack([cells, large, checksums], axis=1).astype(np.uint32))
        self._file.write(data)
        self.checksum = zlib.crc32(data, self.checksum)

    def table(self) -> np.ndarray:
        return np.concatenate(self._rows) if self._rows else np.empty((0, 3), np.uint32)
