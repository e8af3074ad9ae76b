"""Building tiles: the cells of a part's rows, distributed over the part's tiles."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from glove_adagrad.cooccurrence.partition import Partition
from glove_adagrad.cooccurrence.tiles import Views, tile_offsets

#: Consecutive tiles as `TileWriter.write` takes them: bytes, where each begins, cells and large sums of each.
RawTiles = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def build_tiles(
    partition: Partition,
    part: int,
    row_cells: np.ndarray,
    pieces: Sequence[tuple[int, np.ndarray, np.ndarray]],
    minimum: int,
) -> RawTiles:
    """Build the tiles of one part's rows.

    Parameters
    ----------
    partition : Partition
    part : int
    row_cells : int64 array [rows of the part]
        Cells of each row.
    pieces : sequence of (row, column, total)
        The cells of consecutive rows up to `row`: columns as ranks (uint32), ascending within a row, and sums
        (uint64).
    minimum : int
        Smaller sums are left out.
    """
    from glove_adagrad.kernels import tiles as kernels

    least = np.uint64(minimum)
    cells, large = np.zeros((2, partition.parts), np.int64)
    for _, column, total in pieces:
        kernels.count_tile_cells(column, total, len(column), least, cells, large)
    rows = int(partition.sizes[part])
    offsets = tile_offsets(rows, cells, large)
    raw = np.zeros(offsets[-1], np.uint8)
    views = Views(raw)
    cursors = kernels.cursors_of(offsets[:-1] // 8, rows, cells)
    row = 0
    for last, column, total in pieces:
        kernels.fill_tiles(column, total, row_cells, row, last, least, cursors, *views.all)
        row = last
    return raw, offsets, cells, large
