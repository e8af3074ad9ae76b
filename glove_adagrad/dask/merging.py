"""Merging counts by ranges of tile rows: each range is added up by a task of its own, and written to its place."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from glove_adagrad.cooccurrence.partition import Partition
from glove_adagrad.cooccurrence.spill import add_tiles
from glove_adagrad.cooccurrence.tiles import Tiles, TileWriter, read_at, tile_offsets
from glove_adagrad.dask.cluster import task
from glove_adagrad.files import full_disk_named

#: The polynomial of CRC-32, without its highest power; the lowest power is the highest bit.
_POLYNOMIAL = 0xEDB88320


class TileRows(NamedTuple):
    """The tiles of consecutive parts of rows, in memory.

    raw : uint8 array, their bytes.
    table : uint32 array [tiles, 3], their rows of the table of `Tiles`.
    begins : int64 array [tiles + 1], where each begins in `raw`, and the size of all.
    """

    raw: np.ndarray
    table: np.ndarray
    begins: np.ndarray

    def tile(self, number: int) -> np.ndarray:
        """The words of 8 bytes of a tile."""
        words: np.ndarray = self.raw[self.begins[number] : self.begins[number + 1]].view(np.uint64)
        return words


#: Tiles of both halves, by the name of the half.
Halves = Mapping[str, TileRows]


def tile_rows(tiles: Tiles, first: int, last: int) -> TileRows:
    """Read the tiles of the parts from `first` to `last` - 1."""
    begin, end = first * tiles.parts, last * tiles.parts
    start = int(tiles.offsets[begin])
    raw = np.empty(int(tiles.offsets[end]) - start, np.uint8)
    with tiles.open() as file:
        read_at(file, start, raw)
    return TileRows(raw, tiles.table[begin:end].copy(), tiles.offsets[begin : end + 1] - start)


@task
def take_range(counts: tuple[int, Sequence[Halves]], number: int) -> Halves:
    """Return a range of a shard's counts."""
    return counts[1][number]


@task
def add_range(pieces: Sequence[Halves], words: int, first: int, minimum: int) -> Halves:
    """Add up a range of several counts.

    Parameters
    ----------
    pieces : sequence of Halves
    words : int
        Size of the vocabulary.
    first : int
        The first part of the range.
    minimum : int
        Smaller sums are left out.
    """
    partition = Partition(words)
    return {half: _added([piece[half] for piece in pieces], partition, first, minimum) for half in pieces[0]}


def _added(pieces: Sequence[TileRows], partition: Partition, first: int, minimum: int) -> TileRows:
    buffer = io.BytesIO()
    writer = TileWriter(buffer)
    for number in range(len(pieces[0].table)):
        cells = np.array([piece.table[number, 0] for piece in pieces], np.int64)
        tile = first * partition.parts + number
        writer.write(*add_tiles([piece.tile(number) for piece in pieces], cells, partition, tile, minimum))
    table = writer.table()
    rows = np.repeat(partition.sizes[first:], partition.parts)[: len(table)]
    begins = tile_offsets(rows, table[:, 0].astype(np.int64), table[:, 1].astype(np.int64))
    return TileRows(np.frombuffer(buffer.getbuffer(), np.uint8), table, begins)


@task
def tables_of(rows: Halves) -> dict[str, tuple[np.ndarray, int]]:
    """Return the table and the size in bytes of each half."""
    return {half: (tiles.table, len(tiles.raw)) for half, tiles in rows.items()}


@task
def write_range(rows: Halves, paths: Mapping[str, str], begins: Mapping[str, int]) -> dict[str, int]:
    """Write a range to its place in the file of each half; returns the CRC-32 of what was written."""
    import zlib

    for half, tiles in rows.items():
        with full_disk_named(Path(paths[half])), open(paths[half], "r+b") as file:
            file.seek(begins[half])
            file.write(tiles.raw.data)
            file.flush()
            os.fsync(file.fileno())
    return {half: zlib.crc32(tiles.raw.data) for half, tiles in rows.items()}


def joined_checksum(checksums: Sequence[int], sizes: Sequence[int]) -> int:
    """Return the CRC-32 of data whose pieces have these checksums and sizes in bytes.

    Appending n bytes multiplies the polynomial of what comes before by x^(8 n) (zlib's `crc32_combine`).
    """
    total = 0
    for checksum, size in zip(checksums, sizes, strict=True):
        total = _product(_power(8 * size), total) ^ checksum
    return total


def _power(exponent: int) -> int:
    """x^exponent modulo the polynomial."""
    result, square = 1 << 31, 1 << 30
    while exponent:
        if exponent & 1:
            result = _product(result, square)
        square = _product(square, square)
        exponent >>= 1
    return result


def _product(one: int, other: int) -> int:
    """The product of two polynomials modulo that of CRC-32."""
    result = 0
    for bit in range(31, -1, -1):
        if one >> bit & 1:
            result ^= other
        other = other >> 1 ^ (_POLYNOMIAL if other & 1 else 0)
    return result
