"""AdaGrad-Norm on runs: records of one row, its own, with other rows that all differ.

A record moves its two rows along each other, w -= r c and c -= q w, and r and q depend on the product of the two. If
each record waited for the product of its rows, most of the time would be waiting. So products are formed two records
ahead: while the rows of record t are stepped, the own row as it then is is multiplied with the other row of record
t + 2. The step of record t + 1 changes that product by -r (c . d), with c and d the other rows of t + 1 and t + 2:
c . d is formed in the same pass, as other rows wait unchanged for their turn. This is exact but for rounding. The
squared norm of the own vector is likewise updated instead of summed again: |w - r c|^2 = |w|^2 - 2 r w.c + r^2 |c|^2.

There are no fast-math flags here: sums have the order given, products are added by fused multiply-add, roots and
divisions are those of IEEE 754. So the result is bit-for-bit identical on all processors with such instructions.

The layout of rows is that of `kernels.updates`.
"""

from __future__ import annotations

import numpy as np

from glove_adagrad.kernels.jit import exact_function, exact_inline
from glove_adagrad.kernels.lanes import (
    halved,
    load4,
    load8,
    multiply_add,
    number_at,
    put_number,
    store,
    total,
    zero8,
    zeroed,
)
from glove_adagrad.kernels.prefetch import prefetch

#: Rows are fetched this many records ahead, in lines of 16 numbers.
_AHEAD, _LINE = 4, 16

_HALF, _ONE, _TWO = np.float32(0.5), np.float32(1), np.float32(2)


@exact_inline
def _for_own(forward, lanes):
    """The last lanes of another row, with 0 where the own row has its fixed 1."""
    return zeroed(1, 0, lanes) if forward else zeroed(2, 0, lanes)


@exact_inline
def _for_other(forward, lanes):
    """The last lanes of the own row, with 0 where other rows have their fixed 1."""
    return zeroed(2, 0, lanes) if forward else zeroed(1, 0, lanes)


def _last_products(load):
    @exact_inline
    def last_products(own, i, others, j, k, forward, sums):
        """Add the last lanes, with the biases, to the sums of `_products`."""
        w, c, d = load(own, i), load(others, j), load(others, k)
        of_w, of_c, of_d = zeroed(1, 2, w), zeroed(1, 2, c), zeroed(1, 2, d)
        ww, wc, cc, wd, dd, cd = sums
        return (
            total(multiply_add(of_w, of_w, ww)), total(multiply_add(w, c, wc)), total(multiply_add(of_c, of_c, cc)),
            total(multiply_add(w, d, wd)), total(multiply_add(of_d, of_d, dd)),
            total(multiply_add(_for_own(forward, c), d, cd)),
        )  # fmt: skip

    return last_products


_last_products4, _last_products8 = _last_products(load4), _last_products(load8)


@exact_inline
def _products(own, i, others, j, k, n, forward):
    """For the own row w and two other rows c and d: |w|^2, w . c, |c|^2, w . d, |d|^2 and c . d.

    Norms are those of vectors, without biases. c . d leaves out where the own row has its fixed 1.
    """
    end = (n - 4) & -8
    ww = wc = cc = wd = dd = cd = zero8(own)
    for at in range(0, end, 8):
        w, c, d = load8(own, i + at), load8(others, j + at), load8(others, k + at)
        ww, wc, cc = multiply_add(w, w, ww), multiply_add(w, c, wc), multiply_add(c, c, cc)
        wd, dd, cd = multiply_add(w, d, wd), multiply_add(d, d, dd), multiply_add(c, d, cd)
    i, j, k = i + end, j + end, k + end
    if n & 4:
        sums = halved(ww), halved(wc), halved(cc), halved(wd), halved(dd), halved(cd)
        return _last_products4(own, i, others, j, k, forward, sums)
    return _last_products8(own, i, others, j, k, forward, (ww, wc, cc, wd, dd, cd))


@exact_inline
def _step_lanes(own, i, others, j, own_rate, other_rate):
    """Step eight lanes of both rows; return those of the own row."""
    w, c = load8(own, i), load8(others, j)
    stepped = multiply_add(own_rate, c, w)
    store(own, i, stepped)
    store(others, j, multiply_add(other_rate, w, c))
    return stepped


def _step_last(load):
    @exact_inline
    def step_last(own, i, others, j, own_rate, other_rate, forward):
        """Step the last lanes of both rows; return those of the own row."""
        w, c = load(own, i), load(others, j)
        stepped = multiply_add(own_rate, _for_own(forward, c), w)
        store(own, i, stepped)
        store(others, j, multiply_add(other_rate, _for_other(forward, w), c))
        return stepped

    return step_last


_step_last4, _step_last8 = _step_last(load4), _step_last(load8)


@exact_inline
def _step(own, i, others, j, n, own_rate, other_rate, forward):
    """Step both rows: w += own_rate c and c += other_rate w."""
    end = (n - 4) & -8
    for at in range(0, end, 8):
        _step_lanes(own, i + at, others, j + at, own_rate, other_rate)
    if n & 4:
        _step_last4(own, i + end, others, j + end, own_rate, other_rate, forward)
    else:
        _step_last8(own, i + end, others, j + end, own_rate, other_rate, forward)


def _last_ahead(load, step_last):
    @exact_inline
    def last_ahead(own, i, others, j, next_j, after, own_rate, other_rate, forward, sums):
        """Do what `_step_ahead` does for the last lanes, and add them to its sums."""
        w = step_last(own, i, others, j, own_rate, other_rate, forward)
        c, d = load(others, next_j), load(others, after)
        of_d = zeroed(1, 2, d)
        wd, cd, dd = sums
        return (
            total(multiply_add(w, d, wd)), total(multiply_add(_for_own(forward, c), d, cd)),
            total(multiply_add(of_d, of_d, dd)),
        )  # fmt: skip

    return last_ahead


_last_ahead4, _last_ahead8 = _last_ahead(load4, _step_last4), _last_ahead(load8, _step_last8)


@exact_inline
def _step_ahead(own, i, others, j, next_j, after, n, own_rate, other_rate, forward):
    """Step a record's rows, and multiply for the record after the next.

    Returns w . d, c . d and |d|^2, w being the own row after the step and c and d the other rows of the next record
    and of that after it; norm and c . d as of `_products`.
    """
    end = (n - 4) & -8
    wd = cd = dd = odd_wd = odd_cd = odd_dd = zero8(own)
    for at in range(0, end - 8, 16):
        w = _step_lanes(own, i + at, others, j + at, own_rate, other_rate)
        c, d = load8(others, next_j + at), load8(others, after + at)
        wd, cd, dd = multiply_add(w, d, wd), multiply_add(c, d, cd), multiply_add(d, d, dd)
        w = _step_lanes(own, i + at + 8, others, j + at + 8, own_rate, other_rate)
        c, d = load8(others, next_j + at + 8), load8(others, after + at + 8)
        odd_wd, odd_cd, odd_dd = multiply_add(w, d, odd_wd), multiply_add(c, d, odd_cd), multiply_add(d, d, odd_dd)
    if end & 8:
        at = end - 8
        w = _step_lanes(own, i + at, others, j + at, own_rate, other_rate)
        c, d = load8(others, next_j + at), load8(others, after + at)
        wd, cd, dd = multiply_add(w, d, wd), multiply_add(c, d, cd), multiply_add(d, d, dd)
    wd, cd, dd = wd + odd_wd, cd + odd_cd, dd + odd_dd
    i, j, next_j, after = i + end, j + end, next_j + end, after + end
    if n & 4:
        sums = halved(wd), halved(cd), halved(dd)
        return _last_ahead4(own, i, others, j, next_j, after, own_rate, other_rate, forward, sums)
    return _last_ahead8(own, i, others, j, next_j, after, own_rate, other_rate, forward, (wd, cd, dd))


@exact_inline
def _gradients(y, target, weight, norm, own_norm):
    """The pull of a record, the squared norms of its gradients by the own and by the other row, and its loss."""
    difference = y - target
    pull = weight * difference
    squared = pull * pull
    return pull, squared * (norm + _ONE), squared * (own_norm + _ONE), np.float64(_HALF * pull * difference)


@exact_inline
def _fetch(side, begin, n):
    """Ask for a row that will be read soon."""
    for at in range(begin, begin + n, _LINE):
        prefetch(side, at)


@exact_function
def train_norm_run(
    learning_rate, own, others, own_sums, other_sums, n, forward, row, first_row, columns, targets, weights, first,
    last, limit,
):  # fmt: skip
    """Train on records first to last - 1 of a run, or on those before the first that may have to be clipped.

    Parameters
    ----------
    learning_rate : float32
    own, others : address of float32
        The sides of the own row and of the other rows.
    own_sums, other_sums : address of float64
        Their sums of squared norms.
    n : int
        Parameters of a row.
    forward, row, first_row, columns, targets, weights
        As for `runs.train_run`.
    first, last : int
        At least one record.
    limit : float32
        A squared norm of a gradient, above which a record may have to be clipped.

    Returns
    -------
    loss, done : float64, int
        The sum of losses, and the record behind the last that was trained on.
    """
    bias, other_bias = (n - 2, n - 1) if forward else (n - 1, n - 2)
    i = row * n
    column = first_row + np.int64(number_at(columns, first))
    next_column = first_row + np.int64(number_at(columns, min(first + 1, last - 1)))
    j, next_j = column * n, next_column * n
    own_norm, y, norm, next_y, next_norm, between = _products(own, i, others, j, next_j, n, forward)
    own_bias, own_sum = number_at(own, i + bias), number_at(own_sums, row)
    pull, of_own, of_other, record_loss = _gradients(
        y, number_at(targets, first), number_at(weights, first), norm, own_norm
    )
    k, loss = first, 0.0
    while max(of_own, of_other) <= limit:
        loss += record_loss
        other_sum = number_at(other_sums, column)
        own_rate = -learning_rate * pull / np.sqrt(np.float32(own_sum) + of_own)
        other_rate = -learning_rate * pull / np.sqrt(np.float32(other_sum) + of_other)
        own_sum += np.float64(of_own)
        put_number(other_sums, column, other_sum + np.float64(of_other))
        k += 1
        if k == last:
            _step(own, i, others, j, n, own_rate, other_rate, forward)
            break
        after_column = first_row + np.int64(number_at(columns, min(k + 1, last - 1)))
        _fetch(others, (first_row + np.int64(number_at(columns, min(k + _AHEAD, last - 1)))) * n, n)
        product = y - own_bias - number_at(others, j + other_bias)
        own_norm += own_rate * (own_rate * norm + _TWO * product)
        own_bias += own_rate
        y, norm = multiply_add(own_rate, between, next_y), next_norm
        pull, of_own, of_other, record_loss = _gradients(
            y, number_at(targets, k), number_at(weights, k), norm, own_norm
        )
        after = after_column * n
        next_y, between, next_norm = _step_ahead(own, i, others, j, next_j, after, n, own_rate, other_rate, forward)
        column, j, next_column, next_j = next_column, next_j, after_column, after
    put_number(own_sums, row, own_sum)
    return loss, k
