"""Tile cells for training: ln X and f(X) on the fly, hold-out selection.

Knows the tiles' layout (see `kernels.tile_layout`), and nothing of parameters and rules.
"""

from __future__ import annotations

import numpy as np

from glove_adagrad.kernels.draws import mixed
from glove_adagrad.kernels.jit import exact_inline, fast_kernel, forced_inline, inline
from glove_adagrad.kernels.lanes import multiply_add
from glove_adagrad.kernels.tile_layout import place_of

#: Cells whose targets are computed at a time.
CHUNK = 512

_HALF, _ONE, _ZERO = np.float32(0.5), np.float32(1), np.float32(0)
_23 = np.int32(23)
_ROOT_HALF = np.int32(0x3F3504F3)  # bits of sqrt(1/2): mantissas are taken from there to sqrt(2)
_LN_2, _LOG2_E = np.float32(0.6931471805599453), np.float32(1.4426950408889634)


@exact_inline
def _targets(n, logs, log_bits, weights, weight_bits, exponents, log_x_max, alpha):
    """ln X and f(X) of n cells, in place: `logs` holds X at first.

    Both to about 1e-7, relative to X, by series for ln on [sqrt(1/2), sqrt(2)] and for 2^t on [-1/2, 1/2]: vector
    code wants neither calls nor branches. `log_bits` and `weight_bits` are the same memory as int32; no loop may use
    both views of one, or the compiler falls back to single numbers.
    """
    for k in range(n):
        exponent = (log_bits[k] - _ROOT_HALF) >> _23
        log_bits[k] -= exponent << _23
        weights[k] = np.float32(exponent)
    for k in range(n):
        # ln(1 + r) = 2 atanh(r / (2 + r)), an odd series in s
        r = logs[k] - _ONE
        s = r / (r + np.float32(2))
        q = s * s
        series = np.float32(2 / 9)
        series = multiply_add(series, q, np.float32(2 / 7))
        series = multiply_add(series, q, np.float32(2 / 5))
        series = multiply_add(series, q, np.float32(2 / 3))
        log_x = multiply_add(weights[k], _LN_2, multiply_add(s * q, series, s + s))
        logs[k] = log_x
        power = min(alpha * (log_x - log_x_max), _ZERO) * _LOG2_E
        power = max(power, np.float32(-120))
        whole = np.floor(power + _HALF)
        t = (power - whole) * _LN_2
        series = np.float32(1 / 5040)
        series = multiply_add(series, t, np.float32(1 / 720))
        series = multiply_add(series, t, np.float32(1 / 120))
        series = multiply_add(series, t, np.float32(1 / 24))
        series = multiply_add(series, t, np.float32(1 / 6))
        series = multiply_add(series, t, _HALF)
        series = multiply_add(series, t, _ONE)
        weights[k] = multiply_add(series, t, _ONE)
        exponents[k] = np.int32(whole)
    for k in range(n):
        weight_bits[k] += exponents[k] << _23


@exact_inline
def read_cells(u32, u64, sums, first, count, large, scale, log_x_max, alpha, buffers):
    """Compute ln X and f(X) of some cells of a tile.

    Parameters
    ----------
    u32, u64 : arrays
        Views of the memory with the tile.
    sums, first, count : int
        Where the tile's sums begin, the first cell, and how many: up to `CHUNK`.
    large : int
        Where the next large sum is.
    scale, log_x_max, alpha : float32
        X of a sum of 1, and the weighting (Pennington et al. 2014, equation 9).
    buffers : tuple
        What `buffers_of_cells` returned; its first and third array are filled with ln X and f(X).

    Returns
    -------
    int
        Where the next large sum is.
    """
    logs, log_bits, weights, weight_bits, exponents = buffers
    for k in range(count):
        logs[k] = np.float32(u32[sums + first + k]) * scale
    for k in range(count):
        if logs[k] == 0:
            logs[k] = np.float32(u64[large]) * scale
            large += 1
    _targets(count, logs, log_bits, weights, weight_bits, exponents, log_x_max, alpha)
    return large


@forced_inline
def buffers_of_cells():
    """Return memory for `read_cells`, small enough to stay in the innermost cache.

    Returns
    -------
    logs, log_bits, weights, weight_bits, exponents : float32, int32, float32, int32, int32 [CHUNK]
        The bits are views of the arrays before them.
    """
    logs, weights = np.empty(CHUNK, np.float32), np.empty(CHUNK, np.float32)
    return logs, logs.view(np.int32), weights, weights.view(np.int32), np.empty(CHUNK, np.int32)


@inline
def cell_key(a, b):
    """Return a number for a cell: row and column, in 32 bits each of a uint64."""
    return (np.uint64(a) << np.uint64(32)) + np.uint64(b)


@inline
def held_out(a, b, seed):
    """Draw 24 bits for a cell, whatever the order in which cells are visited.

    Parameters
    ----------
    a, b : int
        Row and column.
    seed : uint64

    Returns
    -------
    uint64
    """
    return mixed(cell_key(a, b) + seed) >> np.uint64(40)


@fast_kernel
def loss_of_zeros(halves, sizes, part, scale, objective):
    """Sum the losses 0.5 f(X) (1 + ln^2 X) of all tiles whose rows are of one part.

    The 1 keeps the loss from being nothing where every X is 1.

    Parameters
    ----------
    halves : tuple of Half
    sizes : int64 [P]
    part : int
    scale : float32
        X of a sum of 1.
    objective : Objective

    Returns
    -------
    loss, number : float, int
        The sum, and the number of cells.
    """
    buffers = buffers_of_cells()
    log_x_max, alpha = objective.log_x_max, objective.alpha
    logs, weights = buffers[0], buffers[2]
    loss = 0.0
    number = 0
    for half in halves:
        u32, u64 = half.u32, half.u64
        for q in range(len(sizes)):
            tile = part * len(sizes) + q
            cells = np.int64(half.cells[tile])
            place = place_of(half.firsts[tile], sizes[part], cells)
            large = place[5]
            for first in range(0, cells, CHUNK):
                count = min(CHUNK, cells - first)
                large = read_cells(u32, u64, place[4], first, count, large, scale, log_x_max, alpha, buffers)
                for k in range(count):
                    loss += 0.5 * weights[k] * (1.0 + logs[k] * logs[k])
            number += cells
    return loss, number
