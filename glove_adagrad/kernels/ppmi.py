"""Products of a positive PMI matrix with vectors; its cells are computed from those of tiles on the way."""

from __future__ import annotations

import numpy as np

from glove_adagrad.kernels.cells import CHUNK, buffers_of_cells, read_cells
from glove_adagrad.kernels.jit import fast_kernel, forced_inline


@forced_inline
def _multiply_tile(cells, rows, row_start, column_start, scale, row_terms, column_terms, source, out, by_row, whole):
    """Add to `out` the products of one tile: its columns' rows of `source` if `by_row`, else its rows' rows."""
    u16, u32, _, base = cells
    buffers = buffers_of_cells()
    logs = buffers[0]
    number = np.int64(u32[base[0] + rows - 1])
    large, row = base[3], 0
    for first in range(0, number, CHUNK):
        count = min(CHUNK, number - first)
        large = read_cells(cells, first, count, large, scale, np.float32(0), np.float32(0), buffers)
        for k in range(count):
            while np.int64(u32[base[0] + row]) <= first + k:
                row += 1
            a, b = row_start + row, column_start + np.int64(u16[base[1] + first + k])
            value = logs[k] + row_terms[a] + column_terms[b]
            if value > 0 and (whole or a != b):
                to, at = (a, b) if by_row else (b, a)
                for j in range(source.shape[1]):
                    out[to, j] += value * source[at, j]


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
    for half in halves:
        u16, u32, u64, bases, forward, mirrored = half
        by_row, by_column = (mirrored, forward) if transposed else (forward, mirrored)
        for q in range(parts):
            if by_row:
                cells = (u16, u32, u64, bases[part * parts + q])
                _multiply_tile(
                    cells,
                    sizes[part],
                    starts[part],
                    starts[q],
                    scale,
                    out_terms,
                    source_terms,
                    source,
                    out,
                    True,
                    True,
                )
            if by_column:
                cells = (u16, u32, u64, bases[q * parts + part])
                _multiply_tile(
                    cells, sizes[q], starts[q], starts[part], scale, source_terms, out_terms, source, out, False,
                    not by_row,
                )  # fmt: skip
