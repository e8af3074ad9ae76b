"""Tiles: the layout of cells in memory and on disk, filling, checking, merging and reading them.

Words are dealt into P parts: word a is row a // P of part a % P (see `cooccurrence.partition`). A tile holds the
cells of the rows of one part whose columns are in one part. Tile sections, each padded to 8 bytes:

row ends : uint32 [rows of the part], where each row's cells end, counted from the tile's first cell
columns : uint16 [cells], row number within the column's part, ascending within a row
sums : uint32 [cells], the sum; 0 stands for one that does not fit, the next of the following section
large : uint64 [cells that do not fit]
"""

from __future__ import annotations

import numpy as np

from glove_adagrad.kernels.jit import fast_kernel, inline, kernel

_LARGEST = np.uint64(0xFFFFFFFF)
_1 = np.uint64(1)
_3 = np.uint64(3)
_8 = np.uint64(8)
_32 = np.uint64(32)


@kernel
def count_tile_cells(column, total, cells, column_part, minimum, tile_cells, tile_large):
    """Add to tile_cells and tile_large (int64 [P]) how many cells go to each column part and how many do not fit."""
    for k in range(np.uint64(cells)):
        if total[k] >= minimum:
            q = column_part[column[k]]
            tile_cells[q] += 1
            if total[k] > _LARGEST:
                tile_large[q] += 1


@kernel
def fill_tiles(
    column, total, row_cells, first_row, last_row, column_part, column_row, minimum, base, written, u16, u32, u64
):
    """Deal the cells of rows first_row to last_row - 1 of a part to its tiles.

    column_part, column_row : uint16 [V], part and row of a word.
    base : int64 [P, 4], where each tile's sections begin, in elements of u32, u16, u32 and u64 respectively.
    written : int64 [P, 2], cells and large sums written to each tile so far; updated.
    """
    k = np.uint64(0)
    for row in range(first_row, last_row):
        for _ in range(row_cells[row]):
            if total[k] >= minimum:
                word = column[k]
                q = column_part[word]
                at = written[q, 0]
                u16[base[q, 1] + at] = column_row[word]
                if total[k] > _LARGEST:
                    u32[base[q, 2] + at] = 0
                    u64[base[q, 3] + written[q, 1]] = total[k]
                    written[q, 1] += 1
                else:
                    u32[base[q, 2] + at] = total[k]
                written[q, 0] = at + 1
            k += _1
        for q in range(len(written)):
            u32[base[q, 0] + row] = written[q, 0]


@inline
def _sum_at(u32, u64, at, large):
    """A cell's sum, and the number of large ones passed once it is read."""
    value = np.uint64(u32[at])
    if value == 0:
        value = u64[large]
        large += 1
    return value, large


@kernel
def damaged_tile(tiles, bases, table, sizes, u16, u32, u64):
    """Find the first tile that is not well formed, so that the other kernels may trust the rest.

    tiles : int64 [n], numbers of tiles, p * P + q.
    bases : int64 [n, 4], where their sections begin.
    table : int64 [P * P, 3 or more]; its columns 1 and 2 hold a tile's cells and large sums.
    sizes : int64 [P], words of each part.

    Row ends must ascend to the number of cells, columns must ascend within a row and lie in their part, up to the
    row's own word, and as many sums must be 0 as there are large ones, all of which need more than 32 bits.

    Returns its place among `tiles`, or -1.
    """
    parts = len(sizes)
    for place in range(len(tiles)):
        p, q = tiles[place] // parts, tiles[place] % parts
        cells, large = table[tiles[place], 1], table[tiles[place], 2]
        ends, columns, sums, large_sums = bases[place]
        # columns may only fall where a row begins: such places are counted in all cells, in vector code, and in rows
        falls = np.uint32(0)
        for k in range(np.uint64(columns) + _1, np.uint64(columns + cells)):
            falls += np.uint32(u16[k] <= u16[k - _1])
        falls_between_rows = 0
        first = 0
        bad = False
        for row in range(sizes[p]):
            last = np.int64(u32[ends + row])
            if last < first or last > cells:
                return place
            if last > first:
                bad |= np.int64(u16[columns + last - 1]) >= min(sizes[q], row + (1 if q <= p else 0))
                if first > 0:
                    falls_between_rows += u16[columns + first] <= u16[columns + first - 1]
            first = last
        zeros = np.uint32(0)
        for k in range(np.uint64(sums), np.uint64(sums + cells)):
            zeros += np.uint32(u32[k] == 0)
        for k in range(large_sums, large_sums + large):
            bad |= u64[k] <= _LARGEST
        if bad or first != cells or falls != falls_between_rows or zeros != large:
            return place
    return -1


@kernel
def merge_tiles(inputs, base, rows, minimum, sums, touched, out_base, u16, u32, u64):
    """Add tiles of the same place cell by cell.

    inputs : tuple of the uint16, uint32 and uint64 views of a buffer that holds the tiles to add.
    base : int64 [tiles, 4], as in `fill_tiles`, in that buffer.
    sums, touched : uint64 [rows rounded up to 8] and uint8 [a flag for each 8], all zero before and after, where
        rows are those of the larger of the two parts.
    out_base, u16, u32, u64 : where the sum goes; large enough for all cells of all tiles.

    Returns the number of cells and of large sums written; -1 for cells if a sum does not fit 64 bits.
    """
    in16, in32, in64 = inputs
    tiles = len(base)
    large = np.zeros(tiles, np.int64)
    cells = 0
    written_large = 0
    for row in range(rows):
        for tile in range(tiles):
            first = in32[base[tile, 0] + row - 1] if row else np.uint32(0)
            for k in range(first, in32[base[tile, 0] + row]):
                value, large[tile] = _sum_at(in32, in64, base[tile, 2] + k, base[tile, 3] + large[tile])
                large[tile] -= base[tile, 3]
                b = np.uint64(in16[base[tile, 1] + k])
                total = sums[b] + value
                if total < value:
                    return -1, 0
                sums[b] = total
                touched[b >> _3] = 1
        for group in range(np.uint64(len(touched))):
            if touched[group]:
                touched[group] = 0
                for b in range(group * _8, group * _8 + _8):
                    value = sums[b]
                    if value >= minimum and value > 0:
                        u16[out_base[1] + cells] = b
                        if value > _LARGEST:
                            u32[out_base[2] + cells] = 0
                            u64[out_base[3] + written_large] = value
                            written_large += 1
                        else:
                            u32[out_base[2] + cells] = value
                        cells += 1
                    sums[b] = 0
        u32[out_base[0] + row] = cells
    return cells, written_large


@kernel
def read_tile(base, rows, part, column_part, parts, u16, u32, u64, out_row, out_column, out_sum):
    """Write a tile's cells as ranks (int64) and sums (uint64); returns how many there are."""
    large = base[3]
    first = 0
    for row in range(rows):
        last = int(u32[base[0] + row])
        for k in range(first, last):
            value, large = _sum_at(u32, u64, base[2] + k, large)
            out_row[k] = part + row * parts
            out_column[k] = column_part + np.int64(u16[base[1] + k]) * parts
            out_sum[k] = value
        first = last
    return first


@kernel
def count_records(base, rows, part, column_part, parts, as_row, as_column, u16, u32, counts):
    """Add to `counts` (int64 [V]) the cells of a tile by the word of their row, of their column, or both.

    A cell on the diagonal counts once.
    """
    first = 0
    for row in range(rows):
        a = part + row * parts
        last = int(u32[base[0] + row])
        if as_row:
            counts[a] += last - first
        if as_column:
            for k in range(first, last):
                b = column_part + np.int64(u16[base[1] + k]) * parts
                if not (as_row and a == b):
                    counts[b] += 1
        first = last


@kernel
def select_records(base, rows, part, column_part, parts, as_row, as_column, low, high, u16, u32, u64, out):
    """Write the cells of a tile whose word is in low..high - 1 to `out` (uint64 [n, 2]).

    as_row, as_column : which of row and column is taken for the word, or both, one after the other.
    out : filled with word << 32 | context, and the sum.

    Returns how many were written.
    """
    large = base[3]
    first = 0
    written = 0
    for row in range(rows):
        a = part + row * parts
        wanted = as_row and low <= a < high
        last = int(u32[base[0] + row])
        for k in range(first, last):
            value, large = _sum_at(u32, u64, base[2] + k, large)
            b = column_part + np.int64(u16[base[1] + k]) * parts
            if wanted:
                out[written, 0] = (np.uint64(a) << _32) | np.uint64(b)
                out[written, 1] = value
                written += 1
            if as_column and low <= b < high and not (as_row and a == b):
                out[written, 0] = (np.uint64(b) << _32) | np.uint64(a)
                out[written, 1] = value
                written += 1
        first = last
    return written


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
    """The value in the middle of a bin; exact for values under 8192, which have bins of their own."""
    shift = max((number >> _BIN_BITS) - 1, 0)
    low = (number - (shift << _BIN_BITS)) << shift
    return low + ((1 << shift) - 1) / 2


@kernel
def tally_sums(base, rows, diagonal, symmetric, u16, u32, u64, histogram, extremes):
    """Add a tile's sums to a histogram (int64 [BINS]); returns their total.

    diagonal : whether rows and columns are of the same part.
    symmetric : whether each cell off the diagonal stands for two.
    extremes : uint64 [2], smallest and largest sum; updated.
    """
    large = base[3]
    first = 0
    total = 0.0
    for row in range(rows):
        last = int(u32[base[0] + row])
        for k in range(first, last):
            value, large = _sum_at(u32, u64, base[2] + k, large)
            times = 2 if symmetric and not (diagonal and int(u16[base[1] + k]) == row) else 1
            histogram[_bin_of(value)] += times
            total += times * float(value)
            extremes[0] = min(extremes[0], value)
            extremes[1] = max(extremes[1], value)
        first = last
    return total


@fast_kernel
def marginals(halves, sizes, starts, part, scale, word_sums, context_sums):
    """Add the sums of X over contexts and over words, of all tiles whose rows are of one part.

    word_sums, context_sums : float64 [V], by row.
    """
    parts = len(sizes)
    for half in halves:
        u16, u32, u64, bases, forward, mirrored = half
        for q in range(parts):
            base = bases[part * parts + q]
            large, first = base[3], 0
            for row in range(sizes[part]):
                last = np.int64(u32[base[0] + row])
                a = starts[part] + row
                for cell in range(first, last):
                    total_of_cell = np.float64(u32[base[2] + cell])
                    if total_of_cell == 0:
                        total_of_cell = np.float64(u64[large])
                        large += 1
                    x = total_of_cell * scale
                    b = starts[q] + np.int64(u16[base[1] + cell])
                    if forward:
                        word_sums[a] += x
                        context_sums[b] += x
                    if mirrored and a != b:
                        word_sums[b] += x
                        context_sums[a] += x
                first = last
