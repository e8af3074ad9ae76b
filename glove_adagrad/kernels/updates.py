"""Parameter updates of a word row and a context row, for any update rule, with SIMD lanes.

Parameters of one side (words or contexts) are one array [V, 1 + slots, n]: a row holds a word's n parameters, then
the rule's state for each, slot by slot, so that an update reads adjacent memory. n is d + 2 rounded up
to a multiple of 4. Of the n, the first d are the vector; the last two are, for a word, its bias and a 1, for a
context a 1 and its bias; the padding between is 0. So the product of two rows is w . c + b + b~, its gradient treats
biases like components, and only the 1 has to be kept from moving.
"""

from __future__ import annotations

import numpy as np
from numba.extending import overload

from glove_adagrad.kernels.jit import OVERLOADED, fast_kernel, forced_inline, inline
from glove_adagrad.kernels.lanes import (
    halved,
    keep,
    keep_all,
    load1,
    load4,
    load8,
    load_state1,
    load_state4,
    load_state8,
    store,
    store_state,
    total,
    zero8,
)
from glove_adagrad.kernels.rules import (
    begin,
    get,
    has_matrices,
    is_shared,
    needs_norm,
    put,
    spares_biases_in_begin,
    step,
    update_row,
)


@forced_inline
def product(words, i, contexts, j, n):
    """w . c + b + b~ of two rows (Pennington et al. 2014, equation 8, without ln X).

    Parameters
    ----------
    words, contexts : float32 or float64 arrays
        Parameters of the sides, flattened.
    i, j : int
        Where the row of the word and that of the context begin.
    n : int
        Parameters of a row.

    Returns
    -------
    float
        Of the parameters' type.
    """
    wide = n & -8
    even = zero8(words)
    odd = even
    for k in range(0, wide - 8, 16):
        even = even + load8(words, i + k) * load8(contexts, j + k)
        odd = odd + load8(words, i + k + 8) * load8(contexts, j + k + 8)
    if wide & 8:
        even = even + load8(words, i + wide - 8) * load8(contexts, j + wide - 8)
    if n & 4:
        return total(halved(even + odd) + load4(words, i + wide) * load4(contexts, j + wide))
    return total(even + odd)


@forced_inline
def _product_and_norms(words, i, contexts, j, n):
    """`product` of two rows and the sum of squares of each, without the component that meets the other's fixed 1."""
    wide = n & -8
    even = zero8(words)
    odd = even_w = odd_w = even_c = odd_c = even
    for k in range(0, wide - 8, 16):
        w, c = load8(words, i + k), load8(contexts, j + k)
        even, even_w, even_c = even + w * c, even_w + w * w, even_c + c * c
        w, c = load8(words, i + k + 8), load8(contexts, j + k + 8)
        odd, odd_w, odd_c = odd + w * c, odd_w + w * w, odd_c + c * c
    if wide & 8:
        w, c = load8(words, i + wide - 8), load8(contexts, j + wide - 8)
        even, even_w, even_c = even + w * c, even_w + w * w, even_c + c * c
    bias_w, bias_c = words[i + n - 2], contexts[j + n - 1]
    y = total(even + odd)
    of_word, of_context = total(even_w + odd_w) - bias_w * bias_w, total(even_c + odd_c) - bias_c * bias_c
    if n & 4:
        w, c = load4(words, i + wide), load4(contexts, j + wide)
        return y + total(w * c), of_word + total(w * w), of_context + total(c * c)
    return y, of_word, of_context


@inline
def _clipped(g, clip):
    return np.minimum(np.maximum(g, -clip), clip)


def _last_lanes(load, load_state):
    @forced_inline
    def step_last(rule, biases, slots, words, i, contexts, j, n, pull, clip, scalars):
        """Step the last lanes of two rows, from i and j on. They hold the biases, and the ones, which stay."""
        w, c = load(words, i), load(contexts, j)
        w_state, c_state = load_state(slots, words, i, n), load_state(slots, contexts, j, n)
        g, h = _clipped(pull * c, clip), _clipped(pull * w, clip)
        new_w, new_w_state = step(rule, scalars[0], w, g, w_state)
        new_c, new_c_state = step(rule, scalars[2], c, h, c_state)
        if biases is not None:
            bias_w, bias_w_state = step(biases, scalars[1], w, g, w_state)
            bias_c, bias_c_state = step(biases, scalars[3], c, h, c_state)
            new_w, new_w_state = keep(2, bias_w, new_w), keep_all(2, bias_w_state, new_w_state)
            new_c, new_c_state = keep(1, bias_c, new_c), keep_all(1, bias_c_state, new_c_state)
        store(words, i, keep(1, w, new_w))
        store_state(words, i, n, new_w_state)
        store(contexts, j, keep(2, c, new_c))
        store_state(contexts, j, n, new_c_state)

    return step_last


_step_last4, _step_last8 = _last_lanes(load4, load_state4), _last_lanes(load8, load_state8)


@forced_inline
def _step_pair(rule, biases, slots, words, i, contexts, j, n, pull, clip, scalars):
    """Step both rows against the gradients pull * (the other row), each component clipped."""
    end = (n - 4) & -8
    for k in range(0, end, 8):
        w, c = load8(words, i + k), load8(contexts, j + k)
        w_state, c_state = load_state8(slots, words, i + k, n), load_state8(slots, contexts, j + k, n)
        new_w, new_w_state = step(rule, scalars[0], w, _clipped(pull * c, clip), w_state)
        new_c, new_c_state = step(rule, scalars[2], c, _clipped(pull * w, clip), c_state)
        store(words, i + k, new_w)
        store_state(words, i + k, n, new_w_state)
        store(contexts, j + k, new_c)
        store_state(contexts, j + k, n, new_c_state)
    if n & 4:
        _step_last4(rule, biases, slots, words, i + end, contexts, j + end, n, pull, clip, scalars)
    else:
        _step_last8(rule, biases, slots, words, i + end, contexts, j + end, n, pull, clip, scalars)


@forced_inline
def _clipped_norm(rows, at, n, factor, clip, fixed):
    """Sum of squares of the clipped factor * row, without the component that meets the other side's fixed 1."""
    even = zero8(rows)
    odd = even
    wide = n & -8
    for k in range(0, wide - 8, 16):
        g, h = _clipped(factor * load8(rows, at + k), clip), _clipped(factor * load8(rows, at + k + 8), clip)
        even = even + g * g
        odd = odd + h * h
    if wide & 8:
        g = _clipped(factor * load8(rows, at + wide - 8), clip)
        even = even + g * g
    excluded = _clipped(factor * rows[at + n - fixed], clip)
    norm = total(even + odd) - excluded * excluded
    if n & 4:
        g = _clipped(factor * load4(rows, at + wide), clip)
        return norm + total(g * g)
    return norm


@forced_inline
def _gradient_norm(rows, at, n, pull, clip, fixed, norm):
    """`_clipped_norm` of the gradient pull * row from the row's own norm, which need not wait for the pull."""
    squared = pull * pull * norm
    if squared > clip * clip:
        return _clipped_norm(rows, at, n, pull, clip, fixed)
    return squared


@forced_inline
def _begin(rule, biases, old, now, norm):
    """A row's new state, and scalars for its components and for its bias."""
    new, scalars = begin(rule, old, now, norm)
    if biases is None or not spares_biases_in_begin(rule):
        return new, scalars, scalars
    return new, scalars, begin(biases, old, now, norm)[1]


@forced_inline
def _begin_both(rule, biases, row_states, word, context, now, word_norm, context_norm):
    """The states of a word's and a context's row move on; scalars of components and bias, first the word's."""
    if is_shared(rule):
        word = context = 0
        word_norm, context_norm = word_norm + context_norm, 0.0
    new, of_word, of_word_bias = _begin(rule, biases, get(row_states, 0, word), now, word_norm)
    put(row_states, 0, word, new)
    new, of_context, of_context_bias = _begin(rule, biases, get(row_states, 1, context), now, context_norm)
    put(row_states, 1, context, new)
    return of_word, of_word_bias, of_context, of_context_bias


def update(rows, word, context, log_x, weight, clip, now):
    """Train on one record: move a word's and a context's row.

    The gradient of weight / 2 (w . c + b + b~ - ln X)^2 by a component is weight (w . c + b + b~ - ln X) times the
    other row's component (Pennington et al. 2014, equation 8), clipped.

    Parameters
    ----------
    rows : Rows
    word, context : int
    log_x, weight, clip : float
        Of the parameters' type: ln X, f(X), and the limit of gradient components.
    now : float64
        Number of this update, from 1.

    Returns
    -------
    float
        The record's loss before the move.
    """


@overload(update, jit_options=OVERLOADED)
def _compile_update(rows, word, context, log_x, weight, clip, now):
    return _update_by_matrix if has_matrices(rows.types[0]) else _update_in_lanes


def _update_in_lanes(rows, word, context, log_x, weight, clip, now):
    rule, biases, slots, sides, row_states, n = rows
    words, contexts = sides
    i, j = word * (len(slots) + 1) * n, context * (len(slots) + 1) * n
    if needs_norm(rule):
        y, of_word, of_context = _product_and_norms(words, i, contexts, j, n)
    else:
        y = product(words, i, contexts, j, n)
    difference = y - log_x
    pull = weight * difference
    word_norm = context_norm = 0.0
    if needs_norm(rule):
        word_norm = _gradient_norm(contexts, j, n, pull, clip, 1, of_context)
        context_norm = _gradient_norm(words, i, n, pull, clip, 2, of_word)
    scalars = _begin_both(rule, biases, row_states, word, context, now, word_norm, context_norm)
    _step_pair(rule, biases, slots, words, i, contexts, j, n, pull, clip, scalars)
    return 0.5 * pull * difference


def _update_by_matrix(rows, word, context, log_x, weight, clip, now):
    rule, _, _, sides, row_states, n = rows
    words, contexts = sides
    i, j = word * n, context * n
    difference = product(words, i, contexts, j, n) - log_x
    pull = weight * difference
    g, h = np.empty(n, words.dtype), np.empty(n, words.dtype)
    for k in range(n):
        g[k] = _clipped(pull * contexts[j + k], clip)
        h[k] = _clipped(pull * words[i + k], clip)
    g[n - 1] = h[n - 2] = 0
    _step_by_matrix(rule, row_states[0], word, words[i : i + n], g, n - 1)
    _step_by_matrix(rule, row_states[1], context, contexts[j : j + n], h, n - 2)
    return 0.5 * pull * difference


@fast_kernel
def _step_by_matrix(rule, row_state, row, w, g, fixed):
    """Step a row, of which one component is a fixed 1."""
    updates, matrices, roots = row_state
    update_row(rule, int(updates[row]), w, g, matrices[row], roots[row])
    updates[row] += 1
    w[fixed] = 1


def _pulled(load, load_state):
    @forced_inline
    def pull_lanes(rule, slots, words, i, contexts, j, n, anchors, at, strength, clip, scalars):
        w, c = load(words, i), load(contexts, j)
        g = _clipped(strength * (w + c - load(anchors, at)), clip)
        new_w, w_state = step(rule, scalars[0], w, g, load_state(slots, words, i, n))
        new_c, c_state = step(rule, scalars[2], c, g, load_state(slots, contexts, j, n))
        store(words, i, new_w)
        store_state(words, i, n, w_state)
        store(contexts, j, new_c)
        store_state(contexts, j, n, c_state)

    return pull_lanes


_pull8, _pull1 = _pulled(load8, load_state8), _pulled(load1, load_state1)


def _pull(rows, row, anchors, at, size, strength, clip, now):
    """One step of one row."""


@overload(_pull, jit_options=OVERLOADED)
def _compile_pull(rows, row, anchors, at, size, strength, clip, now):
    return _pull_by_matrix if has_matrices(rows.types[0]) else _pull_in_lanes


def _pull_in_lanes(rows, row, anchors, at, size, strength, clip, now):
    rule, _, slots, sides, row_states, n = rows
    words, contexts = sides
    i = row * (len(slots) + 1) * n
    word_norm = context_norm = 0.0
    if needs_norm(rule):
        for t in range(size):
            g = _clipped(strength * (words[i + t] + contexts[i + t] - anchors[at + t]), clip)
            word_norm += g * g
        context_norm = word_norm
    scalars = _begin_both(rule, None, row_states, row, row, now, word_norm, context_norm)
    for t in range(0, size & -8, 8):
        _pull8(rule, slots, words, i + t, contexts, i + t, n, anchors, at + t, strength, clip, scalars)
    for t in range(size & -8, size):
        _pull1(rule, slots, words, i + t, contexts, i + t, n, anchors, at + t, strength, clip, scalars)


def _pull_by_matrix(rows, row, anchors, at, size, strength, clip, now):
    rule, _, _, sides, row_states, n = rows
    words, contexts = sides
    i = row * n
    g = np.zeros(n, words.dtype)
    for t in range(size):
        g[t] = _clipped(strength * (words[i + t] + contexts[i + t] - anchors[at + t]), clip)
    _step_by_matrix(rule, row_states[0], row, words[i : i + n], g, n - 1)
    _step_by_matrix(rule, row_states[1], row, contexts[i : i + n], g, n - 2)


@fast_kernel
def pull_to_anchors(rows, anchored, anchors, size, strength, clip, now):
    """Take one step of the rows given against the gradient strength * (w + c - r), r being the row's anchor.

    Parameters
    ----------
    rows : Rows
        In float32; of a rule for biases nothing is used.
    anchored : int64 [A]
        The rows that have anchors.
    anchors : float32 [A * size]
        For the first `size` components.
    size : int
    strength, clip : float32
    now : float64
        Number of this update, which is one for all the rows.
    """
    for k in range(len(anchored)):
        _pull(rows, anchored[k], anchors, k * size, size, strength, clip, now)
