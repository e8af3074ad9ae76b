"""Sums over the cells of tiles: their distribution, and the sums of words and of contexts."""

from __future__ import annotations

import numpy as np

from glove_adagrad.kernels.jit import fast_kernel, inline, kernel
from glove_adagrad.kernels.tile_layout import place_of, read_rows
from glove_adagrad.kernels.tiles import sum_at

#: Sums are tallied in bins whose width is a 4096th of their power of two.
_BIN_BITS = 12
BINS = (65 - _BIN_BITS) << _BIN_BITS


@inline
def _bin_of(value):
    shift = 0
    while value >> np.uint64(shift) >= np.uint64(2 << _BIN_BITS):
        shift += 1
    return (shift << _BIN_BITS) + int(value >> np.uint64(shift))


def middle_of_bin(number):
    """Return the value in the middle of a bin, an int; exact for values under 8192, which have bins of their own."""
    shift = max((number >> _BIN_BITS) - 1, 0)
    low = (number - (shift << _BIN_BITS)) << shift
    return low + ((1 << shift) - 1) / 2


@kernel
def tally_sums(first, rows, cells, diagonal, symmetric, u16, u32, u64, histogram, extremes):
    """Add a tile's sums to a histogram.

    Parameters
    ----------
    first, rows, cells : int
        Where the tile begins in the view of uint64, its rows and its cells.
    diagonal : bool
        Whether rows and columns are of the same part.
    symmetric : bool
        Whether each cell off the diagonal stands for two.
    u16, u32, u64 : arrays
        Views of the memory with the tile.
    histogram : int64 [BINS]
        Updated.
    extremes : uint64 [2]
        Smallest and largest sum; updated.

    Returns
    -------
    int
        The sums' total.
    """
    numbers, ends = np.empty(rows, np.uint16), np.empty(rows, np.uint32)
    place = place_of(first, rows, cells)
    large, begin = place[5], 0
    total = 0.0
    for k in range(read_rows(u64, place, rows, cells, False, numbers, ends)):
        end = np.int64(ends[k])
        for cell in range(begin, end):
            value, large = sum_at(u32, u64, place[4] + cell, large)
            times = 2 if symmetric and not (diagonal and u16[place[3] + cell] == numbers[k]) else 1
            histogram[_bin_of(value)] += times
            total += times * float(value)
            extremes[0] = min(extremes[0], value)
            extremes[1] = max(extremes[1], value)
        begin = end
    return total


@fast_kernel
def marginals(halves, sizes, starts, part, scale, word_sums, context_sums):
    """Add the sums of X over contexts and over words, of all tiles whose rows are of one part.

    Parameters
    ----------
    halves : tuple of Half
    sizes, starts : int64 [P]
        Words of each part, and the row of its first.
    part : int
    scale : float
        X of a sum of 1.
    word_sums, context_sums : float64 [V]
        By row; updated.
    """
    parts = len(sizes)
    rows = sizes[part]
    numbers, ends = np.empty(rows, np.uint16), np.empty(rows, np.uint32)
    for half in halves:
        u16, u32, u64, firsts, cells_of, forward, mirrored = half
        for q in range(parts):
            tile = part * parts + q
            cells = np.int64(cells_of[tile])
            place = place_of(firsts[tile], rows, cells)
            large, begin = place[5], 0
            for k in range(read_rows(u64, place, rows, cells, False, numbers, ends)):
                end = np.int64(ends[k])
                a = starts[part] + np.int64(numbers[k])
                for cell in range(begin, end):
                    total_of_cell = np.float64(u32[place[4] + cell])
                    if total_of_cell == 0:
                        total_of_cell = np.float64(u64[large])
                        large += 1
                    x = total_of_cell * scale
                    b = starts[q] + np.int64(u16[place[3] + cell])
                    if forward:
                        word_sums[a] += x
                        context_sums[b] += x
                    if mirrored and a != b:
                        word_sums[b] += x
                        context_sums[a] += x
                begin = end
