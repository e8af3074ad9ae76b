"""Layout of a tile: its sections, and the row numbers of its cells.

A tile holds the cells of the rows of one part whose columns are in one part, row by row. Its sections, each padded to
8 bytes:

rows : the row number of each cell, as `read_rows` describes
columns : uint16 [cells], row number within the column's part, ascending within a row
sums : uint32 [cells], the sum; 0 stands for one that does not fit, the next of the following section
large : uint64 [cells that do not fit]

Row numbers never descend, so they are stored as by Elias (1974) and Fano (1971). The lowest bits of each number are
stored as they are: as many as keep the number of cells times 2^bits within the number of rows. The rest is a string
of bits, in which cell k of row r has its 1 at (r >> bits) + k. A cell of a tile with few cells takes 2 bits more than
log2(rows / cells), and a tile with many takes a bit for each cell and each row. The sizes of all sections follow from
the numbers of rows, cells and large sums.
"""

from __future__ import annotations

import numpy as np

from glove_adagrad.kernels.bits import trailing_zeros
from glove_adagrad.kernels.jit import forced_inline, kernel
from glove_adagrad.kernels.tile_sections import sections

_0, _1 = np.uint64(0), np.uint64(1)
_6, _63, _64 = np.uint64(6), np.uint64(63), np.uint64(64)

_sections = forced_inline(sections)


@forced_inline
def low_bits(rows, cells):
    """Return how many bits of a row number are stored as they are; `cooccurrence.tiles.low_bits` is for many tiles.

    Parameters
    ----------
    rows, cells : int
        Of the tile.

    Returns
    -------
    int
    """
    bits = 0
    while cells > 0 and cells << (bits + 1) <= rows:
        bits += 1
    return bits


@forced_inline
def place_of(first, rows, cells):
    """Find where a tile's sections begin.

    Parameters
    ----------
    first : int
        Where the tile begins in the view of uint64.
    rows, cells : int
        Of the tile.

    Returns
    -------
    low : int
        How many bits of a row number are stored as they are.
    lows, highs, columns, sums, large : int64
        Where the low bits and the high bits of rows, columns, sums and large sums begin, in elements of the views of
        uint64, uint64, uint16, uint32 and uint64.
    """
    low = low_bits(rows, cells)
    lows, highs, columns, sums, large, _ = _sections(first, low, rows, cells, 0)
    return low, lows, highs, 4 * columns, 2 * sums, large


@forced_inline
def _low(u64, lows, cell, low):
    """The low bits of a cell's row number."""
    at = cell * low
    word, shift = lows + (at >> _6), at & _63
    value = u64[word] >> shift
    if shift + low > _64:
        value |= u64[word + _1] << (_64 - shift)
    return value & ((_1 << low) - _1)


@forced_inline
def read_rows(u64, place, rows, cells, every, numbers, ends):
    """List the rows of a tile that have cells, or every row, and where each one's cells end.

    The tile must be well formed (see `kernels.tiles.damaged_tile`).

    Parameters
    ----------
    u64 : uint64
        View of the memory with the tile.
    place : tuple
        What `place_of` returned.
    rows, cells : int
        Of the tile.
    every : bool
        Whether to list rows without cells, too.
    numbers, ends : uint16 [rows], uint32 [rows]
        Filled from the front.

    Returns
    -------
    int
        How many rows are listed.
    """
    low, lows, word = np.uint64(place[0]), np.uint64(place[1]), np.uint64(place[2])
    listed = 0
    if cells > 0 and low == _0:
        # rows end at the zeros, of which there is one for each
        first = word << _6
        bits = ~u64[word]
        before = np.uint32(0)
        for row in range(rows):
            while bits == _0:
                word += _1
                bits = ~u64[word]
            end = np.uint32((word << _6) + trailing_zeros(bits) - first - np.uint64(row))
            bits &= bits - _1
            numbers[listed] = row
            ends[listed] = end
            listed += every or end != before
            before = end
        return listed
    first = word << _6
    row = np.int64(-1)
    bits = u64[word] if cells > 0 else _0
    for cell in range(np.uint64(cells)):
        while bits == _0:
            word += _1
            bits = u64[word]
        number = np.int64((((word << _6) + trailing_zeros(bits) - first - cell) << low) | _low(u64, lows, cell, low))
        bits &= bits - _1
        if number != row:
            if every:
                for passed in range(listed, number):
                    numbers[passed] = passed
                    ends[passed] = cell
                listed = number
            elif row >= 0:
                numbers[listed] = row
                ends[listed] = cell
                listed += 1
            row = number
    if every:
        for passed in range(listed, rows):
            numbers[passed] = passed
            ends[passed] = cells
        listed = rows
    elif row >= 0:
        numbers[listed] = row
        ends[listed] = cells
        listed += 1
    return listed


@forced_inline
def write_row(u64, low, lows, highs, cell, row):
    """Set the row number of a cell, in sections that are zero for it.

    Parameters
    ----------
    u64 : uint64
        View of the memory with the tile; updated.
    low, lows, highs : int
        As `place_of` returns them.
    cell, row : int
    """
    low, lows, highs = np.uint64(low), np.uint64(lows), np.uint64(highs)
    number, k = np.uint64(row), np.uint64(cell)
    at = (number >> low) + k
    u64[highs + (at >> _6)] |= _1 << (at & _63)
    if low > _0:
        value = number & ((_1 << low) - _1)
        at = k * low
        word, shift = lows + (at >> _6), at & _63
        u64[word] |= value << shift
        if shift + low > _64:
            u64[word + _1] |= value >> (_64 - shift)


@forced_inline
def checked_rows(u64, place, rows, cells, numbers, ends):
    """List the rows that have cells, as `read_rows` does, of a tile that may be damaged.

    There must be as many high bits as cells, and the numbers must not descend and lie in the part.

    Parameters
    ----------
    u64, place, rows, cells, numbers, ends
        As for `read_rows`.

    Returns
    -------
    int
        How many rows are listed, or -1.
    """
    low, lows, highs = np.uint64(place[0]), np.uint64(place[1]), np.uint64(place[2])
    first = highs << _6
    most = np.uint64(cells) + (np.uint64(rows - 1) >> low) + _1
    cell = _0
    row = np.int64(-1)
    listed = 0
    for word in range(highs, np.uint64(place[3]) >> np.uint64(2)):
        bits = u64[word]
        while bits != _0:
            at = (word << _6) + trailing_zeros(bits) - first
            bits &= bits - _1
            if cell == np.uint64(cells) or at >= most or at < cell:
                return -1
            number = np.int64(((at - cell) << low) | (_low(u64, lows, cell, low) if low > _0 else _0))
            if number < row or number >= rows:
                return -1
            if number != row:
                if row >= 0:
                    numbers[listed] = row
                    ends[listed] = cell
                    listed += 1
                row = number
            cell += _1
    if cell != np.uint64(cells):
        return -1
    if row >= 0:
        numbers[listed] = row
        ends[listed] = cells
        listed += 1
    return listed


@kernel
def convert_rows(row_ends, first, cells, u64):
    """Write the row numbers of a tile of format 2 to memory that is zero.

    Parameters
    ----------
    row_ends : uint32 [rows]
        Where each row's cells end.
    first, cells : int
        Where the tile begins in the view of uint64, and its cells.
    u64 : uint64
        View of the memory; filled.

    Returns
    -------
    bool
        Whether the ends ascend to the number of cells; if not, the rows are of no use.
    """
    rows = len(row_ends)
    place = place_of(first, rows, cells)
    cell = 0
    for row in range(rows):
        end = np.int64(row_ends[row])
        if end < cell or end > cells:
            return False
        for k in range(cell, end):
            write_row(u64, place[0], place[1], place[2], k, row)
        cell = end
    return cell == cells
