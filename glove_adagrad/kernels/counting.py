"""Exact window counts, row by row.

The row of word a holds the words b of rank up to a (at least as frequent as a) that are within the window of some
a. Sums are whole numbers, so they do not depend on the order in which they are formed. A pair is in the row of its
rarer word: the rows that are visited most are the short ones.
"""

from __future__ import annotations

import numpy as np

from glove_adagrad.kernels.bits import BLOCK, below_mask, equal_mask, trailing_zeros
from glove_adagrad.kernels.draws import GAMMA, mixed
from glove_adagrad.kernels.jit import forced_inline, kernel
from glove_adagrad.kernels.prefetch import prefetch
from glove_adagrad.kernels.words import BOUNDARY, UNKNOWN

_0, _1, _3, _8, _16, _32 = (np.uint64(number) for number in (0, 1, 3, 8, 16, 32))
_LEFT, _RIGHT = np.uint64(0xFFFF), np.uint64(0xFFFF0000)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)

#: Distances that are looked at together.
REACH = 16

#: Occurrences of a word are far apart: this many ahead, the text around them is fetched into the cache.
_AHEAD = np.uint64(4)

#: A row is sorted if it has fewer than a 2^-_SPARSE of the cells it could have.
_SPARSE = 9


@kernel
def sample_ids(ids, number, limits, keep_positions, out):
    """Copy ids without those of words that are drawn to be left out.

    Parameters
    ----------
    ids : uint32
    number : int
        Words in the text before these ids; the draw of a word depends on its position in the text.
    limits : uint64 [V]
        Up to 2^32: a word is kept if a draw of 32 bits is below.
    keep_positions : bool
        Whether what is left out leaves an `UNKNOWN` or nothing.
    out : uint32 [as long as ids]
        It may be the same memory; filled.

    Returns
    -------
    int
        How many ids were written.
    """
    written = np.uint64(0)
    place = np.uint64(number)
    for t in range(np.uint64(len(ids))):
        a = ids[t]
        if a < UNKNOWN:
            place += _1
            if mixed(place * GAMMA) >> _32 >= limits[a]:
                if not keep_positions:
                    continue
                a = UNKNOWN
        out[written] = a
        written += _1
    return written


@kernel
def count_ids(ids, begin, end, counts):
    """Count the occurrences of each word in ids[begin:end].

    Parameters
    ----------
    ids : uint32
    begin, end : int
    counts : int64 [V]
        Updated.
    """
    for t in range(np.uint64(begin), np.uint64(end)):
        a = ids[t]
        if a < UNKNOWN:
            counts[a] += 1


@kernel
def index_positions(ids, begin, end, cursor, positions):
    """Write the positions of each word in ids[begin:end].

    Parameters
    ----------
    ids : uint32
    begin, end : int
    cursor : int64 [V]
        Where the next position of each word is written; updated.
    positions : uint32
        Filled.
    """
    for t in range(np.uint64(begin), np.uint64(end)):
        a = ids[t]
        if a < UNKNOWN:
            positions[cursor[a]] = t
            cursor[a] += 1


@forced_inline
def _distances(weight, to_left, to_right):
    """The distances that count, and their weights, as `_around` numbers them: uint64 [n], a bit each, and [32 n]."""
    window = len(weight) - 1
    number = -(-window // REACH)
    counting, weights = np.zeros(number, np.uint64), np.zeros(2 * REACH * number, np.uint64)
    for distance in range(1, window + 1):
        if weight[distance] != _0:
            step, k = (distance - 1) // REACH, (distance - 1) % REACH
            left, right = REACH - 1 - k, REACH + k
            weights[2 * REACH * step + left] = weights[2 * REACH * step + right] = weight[distance]
            if to_left:
                counting[step] |= _1 << np.uint64(left)
            if to_right:
                counting[step] |= _1 << np.uint64(right)
    return counting, weights


@forced_inline
def _around(ids, t, left, right, fresh, limit, bits):
    """Find words of rank below `limit` among the `REACH` ids from `left` and the `REACH` from `right` on.

    Returns a bit for each that is among `bits` and in the context of position t, those on the left lowest; and bits
    for the sides on which the context continues.
    """
    found = (below_mask(ids, left, limit) | below_mask(ids, right, limit) << _16) & bits
    ends = equal_mask(ids, left, BOUNDARY) | equal_mask(ids, right, BOUNDARY) << _16
    sides = _LEFT | _RIGHT
    if ends != _0:
        before, after = ends & _LEFT, ends & _RIGHT
        if before != _0:
            # what is not after the last boundary
            before |= before >> _1
            before |= before >> np.uint64(2)
            before |= before >> np.uint64(4)
            before |= before >> _8
            found &= ~before
            sides &= _RIGHT
        if after != _0:
            found &= (after & (~after + _1)) - _1
            sides &= _LEFT
    if t < fresh:  # the words before it have been counted
        found &= _ALL << (_16 + min(fresh - right, _16) if right < fresh else _16)
    return found, sides


@forced_inline
def _write_touched(columns, touched, sums, out_column, out_sum, cells):
    """Write the sums of a row that are flagged in `touched` and clear them; returns the number of cells by then."""
    for first in range(_0, (columns + np.uint64(7)) >> _3, np.uint64(BLOCK)):
        groups = ~equal_mask(touched, first, np.uint8(0))
        while groups != _0:
            group = first + trailing_zeros(groups)
            groups &= groups - _1
            touched[group] = 0
            there = ~equal_mask(sums, group * _8, _0) & np.uint64(0xFF)
            while there != _0:
                b = group * _8 + trailing_zeros(there)
                there &= there - _1
                out_column[cells] = b
                out_sum[cells] = sums[b]
                sums[b] = 0
                cells += _1
    return cells


@forced_inline
def _write_listed(columns, sums, out_column, out_sum, cells):
    """As `_write_touched`, for a row whose columns are listed, in any order."""
    columns.sort()
    for b in columns:
        out_column[cells] = b
        out_sum[cells] = sums[b]
        sums[b] = 0
        cells += _1
    return cells


@kernel
def count_rows(
    ids,
    fresh,
    positions,
    starts,
    part,
    parts,
    row,
    left,
    right,
    weight,
    sums,
    touched,
    out_column,
    out_sum,
    row_cells,
):
    """Count rows of one part, from `row` on, until all are done or the output may not hold the next one.

    Parameters
    ----------
    ids : uint32
        With `BOUNDARY` before and after the text, a window of them rounded up to a multiple of `REACH`.
    fresh : int
        Ids before this position were counted earlier; pairs of two of them are left out.
    positions, starts : uint32, int64 [V + 1]
        Word a occurs at positions[starts[a]:starts[a + 1]].
    part, parts, row : int
        The part, their number P, and the first row to count: that of the word part + row * P.
    left, right : int
        Of the words before (after) an occurrence of a, those of rank below a + left (right) count; -1 leaves the side
        out, so 1 takes in a itself and 0 does not.
    weight : uint64 [window + 1]
        By distance.
    sums, touched : uint64 [8 T], uint8 [T]
        T flags, a multiple of 64, for 8 words each. All zero before and after.
    out_column, out_sum : uint32, uint64
        Filled with the cells of row after row.
    row_cells : int64 [rows of the part]
        Filled.

    Returns
    -------
    row, cells : int
        The row it stopped at, and the number of cells written.
    """
    window = np.uint64(len(weight) - 1)
    counting, weights = _distances(weight, left >= 0, right >= 0)
    sides = (1 if left >= 0 else 0) + (1 if right >= 0 else 0)
    final = np.uint64(len(positions) - 1)
    listed = np.empty(0, np.uint32)
    cells = _0
    rows = len(row_cells)
    while row < rows:
        a = part + row * parts
        most = min(a + 1, int(window) * sides * (starts[a + 1] - starts[a]))
        if int(cells) + most > len(out_column):
            break
        # a row of few cells is sorted; going through the flags of all columns would take longer
        few = most < a >> _SPARSE
        if few and most > len(listed):
            listed = np.empty(2 * most, np.uint32)
        number = _0
        limit = np.uint32(a + max(left, right))
        for m in range(np.uint64(starts[a]), np.uint64(starts[a + 1])):
            t = np.uint64(positions[m])
            ahead = np.uint64(positions[min(m + _AHEAD, final)])
            prefetch(ids, ahead - window)
            prefetch(ids, ahead)
            prefetch(ids, ahead + window)
            open_sides = _LEFT | _RIGHT
            for step in range(np.uint64(len(counting))):
                first, second = t - _16 * (step + _1), t + _16 * step + _1
                bits = counting[step] & open_sides
                found, continuing = _around(ids, t, first, second, fresh, limit, bits)
                open_sides &= continuing
                second -= first + _16
                while found != _0:
                    k = trailing_zeros(found)
                    found &= found - _1
                    cell = np.uint64(ids[first + k + (second if k >= _16 else _0)])
                    if few:
                        listed[number] = cell
                        number += np.uint64(sums[cell] == _0)
                    else:
                        touched[cell >> _3] = 1
                    sums[cell] += weights[_32 * step + k]
        before = cells
        if few:
            cells = _write_listed(listed[:number], sums, out_column, out_sum, cells)
        else:
            cells = _write_touched(np.uint64(a + 1), touched, sums, out_column, out_sum, cells)
        row_cells[row] = cells - before
        row += 1
    return row, cells
