"""Products of a positive PMI matrix with vectors; its cells are computed from those of tiles on the way."""

from __future__ import annotations

import numpy as np

from glove_adagrad.kernels.cells import CHUNK, buffers_of_cells, read_cells
from glove_adagrad.kernels.jit import fast_kernel, forced_inline
from glove_adagrad.kernels.tile_layout import place_of, read_rows


@forced_inline
def _multiply_tile(
    tile, rows, row_start, column_start, scale, row_terms, column_terms, source, out, by_row, whole, listing
):  # fmt: skip
    """Add to `out` the products of one tile: its columns' rows of `source` if `by_row`, else its rows' rows."""
    u16, u32, u64, first, cells = tile
    numbers, ends, buffers = listing
    logs = buffers[0]
    place = place_of(first, rows, cells)
    large, read, at, begin = place[5], 0, CHUNK, 0
    for k in range(read_rows(u64, place, rows, cells, False, numbers, ends)):
        a, end = row_start + np.int64(numbers[k]), np.int64(ends[k])
        for cell in range(begin, end):
            if at == CHUNK:
                count = min(CHUNK, cells - read)
                large = read_cells(
                    u32, u64, place[4], read, count, large, scale, np.float32(0), np.float32(0), buffers
                )
                read += CHUNK
                at = 0
            b = column_start + np.int64(u16[place[3] + cell])
            value = logs[at] + row_terms[a] + column_terms[b]
            at += 1
            if value > 0 and (whole or a != b):
                to, source_row = (a, b) if by_row else (b, a)
                for j in range(source.shape[1]):
                    out[to, j] += value * source[source_row, j]
        begin = end


@fast_kernel
def multiply(halves, sizes, starts, part, scale, out_terms, source_terms, source, out, transposed):
    """Compute the rows of one part of P source, or of P^T source.

    P[a, b] = max(0, ln X[a, b] + terms of the word a and of the context b). Each sum takes tiles and cells in their
    order, so results do not depend on which thread computes which part.

    Parameters
    ----------
    halves : tuple
        As of `trainer.stream.MatrixStream`, with all tiles whose rows or columns are of the part.
    sizes, starts : int64 [P], [P + 1]
    part : int
    scale : float32
        X of a sum of 1.
    out_terms, source_terms : float32 [V]
        Terms of the words and of the contexts; the other way round if `transposed`. Rows are in the order of parts.
    source : float32 [V, n]
    out : float32 [V, n], of which the part's rows must be zero; updated
    transposed : bool
    """
    parts = len(sizes)
    listing = np.empty(sizes[0], np.uint16), np.empty(sizes[0], np.uint32), buffers_of_cells()
    for half in halves:
        u16, u32, u64, firsts, cells_of, forward, mirrored = half
        by_row, by_column = (mirrored, forward) if transposed else (forward, mirrored)
        for q in range(parts):
            if by_row:
                number = part * parts + q
                tile = (u16, u32, u64, firsts[number], np.int64(cells_of[number]))
                _multiply_tile(
                    tile, sizes[part], starts[part], starts[q], scale, out_terms, source_terms, source, out, True,
                    True, listing,
                )  # fmt: skip
            if by_column:
                number = q * parts + part
                tile = (u16, u32, u64, firsts[number], np.int64(cells_of[number]))
                _multiply_tile(
                    tile, sizes[q], starts[q], starts[part], scale, source_terms, out_terms, source, out, False,
                    not by_row, listing,
                )  # fmt: skip
