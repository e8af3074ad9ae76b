"""Tiles: counting and filling, checking, merging and reading them.

Words are dealt into P parts: word a is row a // P of part a % P (see `cooccurrence.partition`). A tile holds the
cells of the rows of one part whose columns are in one part; `kernels.tile_layout` describes it. Kernels here take it
as the three views of memory and where it begins in the uint64 view (`first`), with its numbers of rows and cells.
"""

from __future__ import annotations

import numpy as np

from glove_adagrad.kernels.jit import forced_inline, inline, kernel
from glove_adagrad.kernels.tile_layout import checked_rows, place_of, read_rows, write_row

_LARGEST = np.uint64(0xFFFFFFFF)
_0, _1, _2, _3, _4, _5, _6 = (np.uint64(number) for number in range(7))
_32 = np.uint64(32)
_INVERSE_BITS = np.uint64(47)


@forced_inline
def _inverse(parts):
    """What `_part_and_row` multiplies by instead of dividing."""
    return (_1 << _INVERSE_BITS) // parts + _1


@forced_inline
def _part_and_row(word, parts, inverse):
    """The part and the row of a word, its rank modulo `parts` and divided by it, for up to 2^31 words."""
    row = (np.uint64(word) * inverse) >> _INVERSE_BITS
    return np.uint64(word) - row * parts, row


@kernel
def count_tile_cells(column, total, cells, minimum, tile_cells, tile_large):
    """Count how many cells go to the tiles of each column part, and how many sums do not fit 32 bits.

    Parameters
    ----------
    column, total : uint32, uint64
        Words and sums of the cells.
    cells : int
        How many there are.
    minimum : uint64
        Smaller sums are left out.
    tile_cells, tile_large : int64 [P]
        Updated.
    """
    parts = np.uint64(len(tile_cells))
    inverse = _inverse(parts)
    for k in range(np.uint64(cells)):
        q, _ = _part_and_row(column[k], parts, inverse)
        tile_cells[q] += total[k] >= minimum
        if total[k] > _LARGEST:
            tile_large[q] += total[k] >= minimum


@kernel
def fill_tiles(column, total, row_cells, first_row, last_row, minimum, cursors, u16, u32, u64):
    """Distribute the cells of rows first_row to last_row - 1 of a part over its tiles.

    Parameters
    ----------
    column, total, row_cells : uint32, uint64, int64
        Words and sums of the cells row after row, and the cells of each row.
    first_row, last_row : int
    minimum : uint64
        Smaller sums are left out.
    cursors : uint64 [8 * P]
        Where the next cell of each tile goes, see `cursors_of`; updated.
    u16, u32, u64 : arrays
        Views of the memory with the tiles; filled.
    """
    parts = np.uint64(len(cursors)) >> _3
    inverse = _inverse(parts)
    end = _0
    for row in range(np.uint64(first_row), np.uint64(last_row)):
        begin, end = end, end + np.uint64(row_cells[row])
        for k in range(begin, end):
            value = total[k]
            if value < minimum:
                continue
            q, column_row = _part_and_row(column[k], parts, inverse)
            tile = q << _3
            at = cursors[tile]
            cursors[tile] = at + _1
            write_row(u64, cursors[tile + _1], cursors[tile + _2], cursors[tile + _3], at, row)
            u16[cursors[tile + _4] + at] = column_row
            if value > _LARGEST:
                u64[cursors[tile + _6]] = value
                cursors[tile + _6] += _1
                value = _0
            u32[cursors[tile + _5] + at] = value


@kernel
def cursors_of(firsts, rows, cells):
    """Return where the first cells of some tiles go.

    Parameters
    ----------
    firsts, cells : int64 [tiles]
        Where each begins in the view of uint64, and its cells.
    rows : int
        Rows of every tile.

    Returns
    -------
    uint64 [8 * tiles]
        For each tile the number of cells written, what `tile_layout.place_of` gives, and one number to fill a line of
        the cache. The place of large sums moves on with each of them.
    """
    cursors = np.zeros(8 * len(firsts), np.uint64)
    for tile in range(len(firsts)):
        low, lows, highs, columns, sums, large = place_of(firsts[tile], rows, cells[tile])
        first = 8 * tile + 1
        cursors[first], cursors[first + 1], cursors[first + 2] = low, lows, highs
        cursors[first + 3], cursors[first + 4], cursors[first + 5] = columns, sums, large
    return cursors


@inline
def sum_at(u32, u64, at, large):
    """A cell's sum, and the number of large ones passed once it is read."""
    value = np.uint64(u32[at])
    if value == 0:
        value = u64[large]
        large += 1
    return value, large


@kernel
def damaged_tile(tiles, firsts, cells_of, large_of, sizes, u16, u32, u64):
    """Find the first tile that is not well formed, so that the other kernels may trust the rest.

    There must be a row number for each cell, and columns must ascend within a row and lie in their part, up to the
    row's own word; as many sums must be 0 as there are large ones, all of which need more than 32 bits.

    Parameters
    ----------
    tiles : int64 [n]
        Numbers of tiles, p * P + q.
    firsts : int64 [n]
        Where they begin in the view of uint64.
    cells_of, large_of : int arrays [P * P]
        Cells and large sums of each tile.
    sizes : int64 [P]
        Words of each part.
    u16, u32, u64 : arrays
        Views of the memory with the tiles.

    Returns
    -------
    int
        Its place among `tiles`, or -1.
    """
    parts = len(sizes)
    numbers, ends = np.empty(sizes[0], np.uint16), np.empty(sizes[0], np.uint32)
    for at in range(len(tiles)):
        p, q = tiles[at] // parts, tiles[at] % parts
        cells, large = np.int64(cells_of[tiles[at]]), np.int64(large_of[tiles[at]])
        place = place_of(firsts[at], sizes[p], cells)
        columns, sums, large_sums = place[3], place[4], place[5]
        listed = checked_rows(u64, place, sizes[p], cells, numbers, ends)
        if listed < 0:
            return at
        # columns may only fall where a row begins: such places are counted in all cells, in vector code, and in rows
        falls = np.uint32(0)
        for k in range(np.uint64(columns) + _1, np.uint64(columns + cells)):
            falls += np.uint32(u16[k] <= u16[k - _1])
        falls_between_rows = 0
        first = 0
        bad = False
        for k in range(listed):
            last = np.int64(ends[k])
            most = min(sizes[q], np.int64(numbers[k]) + (1 if q <= p else 0))
            bad |= np.int64(u16[columns + last - 1]) >= most
            if first > 0:
                falls_between_rows += u16[columns + first] <= u16[columns + first - 1]
            first = last
        zeros = np.uint32(0)
        for k in range(np.uint64(sums), np.uint64(sums + cells)):
            zeros += np.uint32(u32[k] == 0)
        for k in range(large_sums, large_sums + large):
            bad |= u64[k] <= _LARGEST
        if bad or falls != falls_between_rows or zeros != large:
            return at
    return -1


@kernel
def read_tile(first, rows, cells, part, column_part, parts, u16, u32, u64, out_row, out_column, out_sum):
    """Write a tile's cells as ranks and sums.

    Parameters
    ----------
    first, rows, cells : int
        Where the tile begins in the view of uint64, its rows and its cells.
    part, column_part, parts : int
        Parts of rows and columns, and P: the word in row r of part p has rank p + r P.
    u16, u32, u64 : arrays
        Views of the memory with the tile.
    out_row, out_column, out_sum : int64, int64, uint64 [cells]
        Filled.
    """
    numbers, ends = np.empty(rows, np.uint16), np.empty(rows, np.uint32)
    place = place_of(first, rows, cells)
    large, begin = place[5], 0
    for k in range(read_rows(u64, place, rows, cells, False, numbers, ends)):
        end = np.int64(ends[k])
        for cell in range(begin, end):
            value, large = sum_at(u32, u64, place[4] + cell, large)
            out_row[cell] = part + np.int64(numbers[k]) * parts
            out_column[cell] = column_part + np.int64(u16[place[3] + cell]) * parts
            out_sum[cell] = value
        begin = end


@kernel
def write_tile(row, column, total, first, rows, u16, u32, u64):
    """Write the cells of a tile, in their order, to memory that is zero.

    Parameters
    ----------
    row, column, total : uint16, uint16, uint64 [cells]
        Rows and columns in their parts, and sums.
    first, rows : int
        Where the tile begins in the view of uint64, and its rows.
    u16, u32, u64 : arrays
        Views of the memory; filled.
    """
    cells = len(row)
    place = place_of(first, rows, cells)
    large = place[5]
    for cell in range(cells):
        write_row(u64, place[0], place[1], place[2], cell, row[cell])
        u16[place[3] + cell] = column[cell]
        if total[cell] > _LARGEST:
            u64[large] = total[cell]
            large += 1
        else:
            u32[place[4] + cell] = total[cell]


@kernel
def add_tiles(firsts, cells_of, rows, columns, minimum, u16, u32, u64):
    """Add tiles of the same place cell by cell.

    Parameters
    ----------
    firsts, cells_of : int64 [tiles]
        Where each begins in the view of uint64, and its cells.
    rows, columns : int
        Words of the two parts.
    minimum : uint64
        Smaller sums are left out.
    u16, u32, u64 : arrays
        Views of the memory with the tiles.

    Returns
    -------
    row, column, total : uint16, uint16, uint64 [cells]
        The cells in order.
    large : int
        How many sums need more than 32 bits; -1 if a sum does not fit 64 bits.
    """
    numbers, ends = np.empty(rows, np.uint16), np.empty(rows, np.uint32)
    number = cells_of.sum()
    row, column, total = np.empty(number, np.uint16), np.empty(number, np.uint16), np.empty(number, np.uint64)
    by_row, by_column = np.zeros(rows + 1, np.int64), np.zeros(columns + 1, np.int64)
    at = 0
    for tile in range(len(firsts)):
        place = place_of(firsts[tile], rows, cells_of[tile])
        large, begin = place[5], 0
        for k in range(read_rows(u64, place, rows, cells_of[tile], False, numbers, ends)):
            end = np.int64(ends[k])
            by_row[numbers[k] + 1] += end - begin
            for cell in range(begin, end):
                total[at], large = sum_at(u32, u64, place[4] + cell, large)
                row[at] = numbers[k]
                column[at] = u16[place[3] + cell]
                by_column[column[at] + 1] += 1
                at += 1
            begin = end
    # sorted by column, then, keeping that order, by row
    order, sorted_order = np.empty(number, np.uint32), np.empty(number, np.uint32)
    for b in range(columns):
        by_column[b + 1] += by_column[b]
    for a in range(rows):
        by_row[a + 1] += by_row[a]
    for cell in range(number):
        b = column[cell]
        order[by_column[b]] = cell
        by_column[b] += 1
    for k in range(number):
        a = row[order[k]]
        sorted_order[by_row[a]] = order[k]
        by_row[a] += 1
    out_row, out_column = np.empty(number, np.uint16), np.empty(number, np.uint16)
    out_total = np.empty(number, np.uint64)
    written, too_large, k = 0, 0, 0
    while k < number:
        cell = sorted_order[k]
        a, b, value = row[cell], column[cell], total[cell]
        k += 1
        while k < number and row[sorted_order[k]] == a and column[sorted_order[k]] == b:
            value += total[sorted_order[k]]
            if value < total[sorted_order[k]]:
                return out_row[:0], out_column[:0], out_total[:0], -1
            k += 1
        if value >= minimum:
            out_row[written], out_column[written], out_total[written] = a, b, value
            written += 1
            too_large += value > _LARGEST
    return out_row[:written], out_column[:written], out_total[:written], too_large


@kernel
def count_records(first, rows, cells, part, column_part, parts, as_row, as_column, u16, u64, counts):
    """Count the cells of a tile by the word of their row, of their column, or both. One on the diagonal counts once.

    Parameters
    ----------
    first, rows, cells : int
        Where the tile begins in the view of uint64, its rows and its cells.
    part, column_part, parts : int
        Parts of rows and columns, and P: the word in row r of part p has rank p + r P.
    as_row, as_column : bool
        Which of row and column are counted by.
    u16, u64 : arrays
        Views of the memory with the tile.
    counts : int64 [V]
        Updated.
    """
    numbers, ends = np.empty(rows, np.uint16), np.empty(rows, np.uint32)
    place = place_of(first, rows, cells)
    begin = 0
    for k in range(read_rows(u64, place, rows, cells, False, numbers, ends)):
        a = part + np.int64(numbers[k]) * parts
        end = np.int64(ends[k])
        if as_row:
            counts[a] += end - begin
        if as_column:
            for cell in range(begin, end):
                b = column_part + np.int64(u16[place[3] + cell]) * parts
                if not (as_row and a == b):
                    counts[b] += 1
        begin = end


@kernel
def select_records(
    first, rows, cells, part, column_part, parts, as_row, as_column, low, high, u16, u32, u64, out
):  # fmt: skip
    """Write the cells of a tile whose word has a rank from `low` to `high` - 1.

    Parameters
    ----------
    first, rows, cells : int
        Where the tile begins in the view of uint64, its rows and its cells.
    part, column_part, parts : int
        Parts of rows and columns, and P: the word in row r of part p has rank p + r P.
    as_row, as_column : bool
        Which of row and column is taken for the word, or both, one after the other.
    low, high : int
    u16, u32, u64 : arrays
        Views of the memory with the tile.
    out : uint64 [n, 2]
        Filled with word << 32 | context, and the sum.

    Returns
    -------
    int
        How many were written.
    """
    numbers, ends = np.empty(rows, np.uint16), np.empty(rows, np.uint32)
    place = place_of(first, rows, cells)
    large, begin = place[5], 0
    written = 0
    for k in range(read_rows(u64, place, rows, cells, False, numbers, ends)):
        a = part + np.int64(numbers[k]) * parts
        wanted = as_row and low <= a < high
        end = np.int64(ends[k])
        for cell in range(begin, end):
            value, large = sum_at(u32, u64, place[4] + cell, large)
            b = column_part + np.int64(u16[place[3] + cell]) * parts
            if wanted:
                out[written, 0] = (np.uint64(a) << _32) | np.uint64(b)
                out[written, 1] = value
                written += 1
            if as_column and low <= b < high and not (as_row and a == b):
                out[written, 0] = (np.uint64(b) << _32) | np.uint64(a)
                out[written, 1] = value
                written += 1
        begin = end
    return written
