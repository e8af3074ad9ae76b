"""Exact window counts, row by row.

The row of word a holds the words b of rank up to a (at least as frequent as a) that are within the window of some
a. Sums are whole numbers, so they do not depend on the order in which they are formed. A pair is in the row of its
rarer word: the rows that are visited most are the short ones.
"""

from __future__ import annotations

import numpy as np

from glove_adagrad.kernels.draws import GAMMA, mixed
from glove_adagrad.kernels.jit import forced_inline, kernel
from glove_adagrad.kernels.prefetch import prefetch
from glove_adagrad.kernels.words import BOUNDARY, UNKNOWN

_1 = np.uint64(1)
_3 = np.uint64(3)
_8 = np.uint64(8)
_32 = np.uint64(32)

#: Occurrences of a word are far apart: this many ahead, the text around them is fetched into the cache.
_AHEAD = np.uint64(4)

#: A row is sorted if it has fewer than a 2^-_SPARSE of the cells it could have.
_SPARSE = 5


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
def _around(ids, t, fresh, window, to_left, to_right, below_left, below_right, near, distance):
    """List the words that count around position t and how far each is; returns how many there are."""
    found = np.uint64(0)
    if to_left and t >= fresh:
        for k in range(_1, window + _1):
            b = ids[t - k]
            if b == BOUNDARY:
                break
            near[found] = b
            distance[found] = k
            found += np.uint64(b < below_left)
    if to_right:
        first = fresh - t if t < fresh else _1
        for k in range(_1, window + _1):
            b = ids[t + k]
            if b == BOUNDARY:
                break
            near[found] = b
            distance[found] = k
            found += np.uint64((b < below_right) & (k >= first))
    return found


@forced_inline
def _write_touched(groups, touched, sums, out_column, out_sum, cells):
    """Write the sums of a row that are flagged in `touched` and clear them; returns the number of cells by then."""
    for group in range(groups):
        if touched[group]:
            touched[group] = 0
            for b in range(group * _8, group * _8 + _8):
                if sums[b]:
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
        if sums[b]:  # a column whose weights were 0 at first is listed more than once
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
        With at least a window of `BOUNDARY` before and after the text.
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
    sums, touched : uint64 [V rounded up to 8], uint8 [a flag for each 8]
        All zero before and after.
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
    sides = (1 if left >= 0 else 0) + (1 if right >= 0 else 0)
    final = np.uint64(len(positions) - 1)
    # the words that count around one occurrence; one that does not is overwritten by the next, to spare a branch
    near = np.empty(2 * int(window), np.uint32)
    distance = np.empty(2 * int(window), np.uint32)
    listed = np.empty(0, np.uint32)
    cells = np.uint64(0)
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
        number = np.uint64(0)
        below_left = np.uint32(max(a + left, 0))
        below_right = np.uint32(max(a + right, 0))
        for m in range(np.uint64(starts[a]), np.uint64(starts[a + 1])):
            t = np.uint64(positions[m])
            ahead = np.uint64(positions[min(m + _AHEAD, final)])
            prefetch(ids, ahead - window)
            prefetch(ids, ahead)
            prefetch(ids, ahead + window)
            found = _around(ids, t, fresh, window, left >= 0, right >= 0, below_left, below_right, near, distance)
            if few:
                for k in range(found):
                    cell = np.uint64(near[k])
                    listed[number] = cell
                    number += np.uint64(sums[cell] == 0)
                    sums[cell] += weight[distance[k]]
                continue
            for k in range(found):
                cell = np.uint64(near[k])
                sums[cell] += weight[distance[k]]
                touched[cell >> _3] = 1
        before = cells
        if few:
            cells = _write_listed(listed[:number], sums, out_column, out_sum, cells)
        else:
            cells = _write_touched(np.uint64(a >> 3) + _1, touched, sums, out_column, out_sum, cells)
        row_cells[row] = cells - before
        row += 1
    return row, cells
