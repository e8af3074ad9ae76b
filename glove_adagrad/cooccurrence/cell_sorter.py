"""`CellSorter`: cells in any order, sorted into the order of tiles within a memory budget."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np

from glove_adagrad.cooccurrence.partition import Partition
from glove_adagrad.cooccurrence.tile_builder import RawTiles, build_tiles
from glove_adagrad.decoding import DamagedError

#: A cell on its way: row in the order of parts (high 32 bits) and column as a rank (low), and its sum.
_CELL = np.dtype([("key", "<u8"), ("sum", "<u8")])

_32 = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)

#: What sorting a cell takes at most: the cell, as it came and as sorted, and its place.
_BYTES_PER_CELL = 64


class RepeatedCellError(Exception):
    """A cell came twice; `row` and `column` are its ranks."""

    def __init__(self, row: int, column: int) -> None:
        super().__init__(row, column)
        self.row, self.column = row, column


class CellSorter:
    """Takes cells of one half of a matrix in any order and hands them out part by part, sorted.

    Parameters
    ----------
    partition : Partition
    spill : Path
        Folder for what does not fit in memory: one file a part, opened only while something is added to it.
    memory : int
        Bytes to hold.
    name : str
        Start of the files' names.
    """

    def __init__(self, partition: Partition, spill: Path, memory: int, name: str) -> None:
        self._partition = partition
        self._path = spill / name
        self._limit = max(memory // _BYTES_PER_CELL, 1 << 12)
        self._first = partition.starts.astype(np.uint64)
        self._positions = partition.positions.astype(np.uint64)
        self._pieces: list[np.ndarray] = []
        self._held = 0
        self._sorted = np.empty(0, _CELL)
        #: CRC-32 of what each part has on disk
        self._checksums: dict[int, int] = {}

    def add(self, row: np.ndarray, column: np.ndarray, total: np.ndarray) -> None:
        """Take cells: ranks (integers; the row's word is the rarer one, its rank the higher) and sums (uint64)."""
        cells = np.empty(len(row), _CELL)
        cells["key"] = (self._positions[row] << _32) | column.astype(np.uint64)
        cells["sum"] = total
        self._pieces.append(cells)
        self._held += len(cells)
        if self._held > self._limit:
            self._sort()
            for part in range(self._partition.parts):
                if len(held := self._of_part(part)):
                    with open(self._file(part), "ab") as file:
                        file.write(held.tobytes())
                    self._checksums[part] = zlib.crc32(held.tobytes(), self._checksums.get(part, 0))
            self._sorted = np.empty(0, _CELL)
            self._held = 0

    def finish(self) -> None:
        """No more cells will come."""
        self._sort()

    def part(self, part: int) -> tuple[np.ndarray, np.ndarray]:
        """Keys and sums of a part's cells, in order.

        Raises
        ------
        RepeatedCellError
        DamagedError
            If what was put on the disk is not what comes back.
        """
        cells = self._of_part(part)
        if part in self._checksums:
            spilt = self._file(part).read_bytes()
            if zlib.crc32(spilt) != self._checksums[part]:
                raise DamagedError(f"{self._file(part)}: is damaged (its checksum differs); is the disk sound?")
            self._file(part).unlink()
            cells = np.concatenate([np.frombuffer(spilt, _CELL), cells])
            cells = cells[np.argsort(cells["key"])]
        keys = cells["key"]
        repeated = np.flatnonzero(keys[1:] == keys[:-1])
        if len(repeated):
            key = keys[repeated[:1]]
            raise RepeatedCellError(int(self._partition.rank_of(part, key >> _32)[0]), int(key[0] & _LOW))
        return keys, cells["sum"]

    def tiles(self, part: int, keys: np.ndarray, sums: np.ndarray) -> RawTiles:
        """The tiles of a part out of its sorted cells."""
        rows = ((keys >> _32) - self._first[part]).astype(np.int64)
        size = int(self._partition.sizes[part])
        columns = (keys & _LOW).astype(np.uint32)
        row_cells = np.bincount(rows, minlength=size)
        return build_tiles(self._partition, part, row_cells, [(size, columns, np.ascontiguousarray(sums))], 1)

    def _sort(self) -> None:
        cells = np.concatenate(self._pieces) if self._pieces else np.empty(0, _CELL)
        self._pieces = []
        self._sorted = cells[np.argsort(cells["key"])]

    def _of_part(self, part: int) -> np.ndarray:
        begin, end = np.searchsorted(self._sorted["key"], self._first[part : part + 2] << _32)
        return self._sorted[begin:end]

    def _file(self, part: int) -> Path:
        return self._path.with_name(f"{self._path.name}-{part}")
