"""The training loop: GloVe's records in blocks, any update rule, in lanes.

Parameters of one side (words or contexts) are one array [V, 1 + slots, n]: a row holds a word's n parameters, then as
many values of the rule's state for each, slot by slot, so that what an update needs lies together. n is d + 2 rounded
up to a multiple of 4. Of the n, the first d are the vector; the last two are, for a word, its bias and a 1, for a
context a 1 and its bias; what lies between is 0. So the product of two rows is w . c + b + b~, its gradient treats
biases like components, and only the 1 has to be kept from moving.

Rows are in the order of parts: part 0's words, then part 1's. Block (p, q) is all records with the word in part p and
the context in part q: X[a, b] of tile (p, q), then X[b, a] of tile (q, p). It touches no rows but words of p and
contexts of q. The two records of a cell are kept apart on purpose: one after the other they would move a word's two
vectors alike, and the sum of two like vectors is worth less (a point less of Google's analogies at 50 components).
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
    of_block,
    put,
    spares_biases_in_begin,
    step,
    update_row,
)

#: Cells whose targets are computed at a time.
CHUNK = 512

_HALF, _ONE, _ZERO = np.float32(0.5), np.float32(1), np.float32(0)
_23 = np.int32(23)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio
_ROOT_HALF = np.int32(0x3F3504F3)  # bits of sqrt(1/2): mantissas are taken from there to sqrt(2)
_LN_2, _LOG2_E = np.float32(0.6931471805599453), np.float32(1.4426950408889634)


@inline
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
        series = series * q + np.float32(2 / 7)
        series = series * q + np.float32(2 / 5)
        series = series * q + np.float32(2 / 3)
        log_x = weights[k] * _LN_2 + (s * q * series + (s + s))
        logs[k] = log_x
        power = min(alpha * (log_x - log_x_max), _ZERO) * _LOG2_E
        power = max(power, np.float32(-120))
        whole = np.floor(power + _HALF)
        t = (power - whole) * _LN_2
        series = np.float32(1 / 5040)
        series = series * t + np.float32(1 / 720)
        series = series * t + np.float32(1 / 120)
        series = series * t + np.float32(1 / 24)
        series = series * t + np.float32(1 / 6)
        series = series * t + _HALF
        series = series * t + _ONE
        weights[k] = series * t + _ONE
        exponents[k] = np.int32(whole)
    for k in range(n):
        weight_bits[k] += exponents[k] << _23


@forced_inline
def _product(words, i, contexts, j, n):
    """w . c + b + b~ of two rows."""
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
def _squared_norm(rows, at, n, factor, clip, fixed):
    """Sum of squares of the clipped factor * row, without the component of the other side's fixed 1."""
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
    beside = _clipped(factor * rows[at + n - fixed], clip)
    norm = total(even + odd) - beside * beside
    if n & 4:
        g = _clipped(factor * load4(rows, at + wide), clip)
        norm += total(g * g)
    return norm


@forced_inline
def _gradient_norm(rows, at, n, pull, clip, fixed, norm):
    """`_squared_norm` of the gradient pull * row from the row's own norm, which need not wait for the pull."""
    squared = pull * pull * norm
    if squared > clip * clip:
        return _squared_norm(rows, at, n, pull, clip, fixed)
    return squared


@forced_inline
def _begin(rule, biases, row_state, row, now, norm):
    """Scalars of a row's components and of its bias; the state of the row moves on."""
    old = get(row_state, row)
    new, scalars = begin(rule, old, now, norm)
    put(row_state, row, new)
    if biases is None or not spares_biases_in_begin(rule):
        return scalars, scalars
    return scalars, begin(biases, old, now, norm)[1]


def _update(rule, biases, slots, sides, row_states, word, context, n, log_x, weight, clip, now):
    """One record: move a word's and a context's row. Returns its loss before the move."""


@overload(_update, jit_options=OVERLOADED)
def _compile_update(rule, biases, slots, sides, row_states, word, context, n, log_x, weight, clip, now):
    return _update_by_matrix if has_matrices(rule) else _update_in_lanes


def _update_in_lanes(rule, biases, slots, sides, row_states, word, context, n, log_x, weight, clip, now):
    words, contexts = sides
    i, j = word * (len(slots) + 1) * n, context * (len(slots) + 1) * n
    difference = _product(words, i, contexts, j, n) - log_x
    pull = weight * difference
    word_norm = context_norm = 0.0
    if needs_norm(rule):
        endless = np.float32(np.inf)
        of_context = _squared_norm(contexts, j, n, _ONE, endless, 1)
        of_word = _squared_norm(words, i, n, _ONE, endless, 2)
        word_norm = _gradient_norm(contexts, j, n, pull, clip, 1, of_context)
        context_norm = _gradient_norm(words, i, n, pull, clip, 2, of_word)
    if is_shared(rule):
        word = context = 0
        word_norm, context_norm = word_norm + context_norm, 0.0
    word_scalars = _begin(rule, biases, row_states[0], word, now, word_norm)
    context_scalars = _begin(rule, biases, row_states[1], context, now, context_norm)
    scalars = (word_scalars[0], word_scalars[1], context_scalars[0], context_scalars[1])
    _step_pair(rule, biases, slots, words, i, contexts, j, n, pull, clip, scalars)
    return 0.5 * pull * difference


def _update_by_matrix(rule, biases, slots, sides, row_states, word, context, n, log_x, weight, clip, now):
    words, contexts = sides
    i, j = word * n, context * n
    difference = _product(words, i, contexts, j, n) - log_x
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


@fast_kernel
def train_records(rule, biases, slots, sides, row_states, n, word, context, log_x, weight, clip, now):
    """Train on records in the order given, on one thread. Returns the sum of their losses.

    Serves float32 and float64 parameters: the order and precision of the Stanford program, for comparison.

    rule, biases : settings of an update rule (see `optim.steps`); biases may be None for the same rule.
    slots : tuple, as long as the rule has values of state for each parameter; its items do not matter.
    sides : words' and contexts' parameters, each of the module's layout, flattened.
    row_states : two tuples of as many float64 arrays as the rule has values of state for each row; then, for a rule
        with matrices, these [V, n, n] in the parameters' type. For a shared rule twice the same, of one value.
    word, context : int64 [R], rows.
    log_x, weight : [R], of the parameters' type.
    now : number of records before the first.
    """
    loss = 0.0
    for r in range(len(word)):
        loss += _update(
            rule, biases, slots, sides, row_states, word[r], context[r], n, log_x[r], weight[r], clip, now + r + 1.0
        )
    return loss


@inline
def _mixed(z):
    """64 bits each of which depends on all bits of z (the finaliser of SplitMix64)."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@inline
def _cell_key(a, b):
    return (np.uint64(a) << np.uint64(32)) + np.uint64(b)


@inline
def _held_out(a, b, seed):
    """24 bits drawn for a cell, whatever the order in which cells are visited."""
    return _mixed(_cell_key(a, b) + seed) >> np.uint64(40)


@inline
def _uniform(state):
    """A number of [0, 1)."""
    return np.float64(_mixed(state) >> np.uint64(11)) * (1.0 / (1 << 53))


@forced_inline
def _read_cells(cells, first, count, large, scale, log_x_max, alpha, buffers):
    """ln X and f(X) of `count` cells of a tile into the buffers; returns how many large sums were passed."""
    _, u32, u64, base = cells
    logs, log_bits, weights, weight_bits, exponents = buffers
    for k in range(count):
        logs[k] = np.float32(u32[base[2] + first + k]) * scale
    for k in range(count):
        if logs[k] == 0:
            logs[k] = np.float32(u64[large]) * scale
            large += 1
    _targets(count, logs, log_bits, weights, weight_bits, exponents, log_x_max, alpha)
    return large


@forced_inline
def _buffers():
    """Memory for `_read_cells`, small enough to stay in the innermost cache."""
    logs, weights = np.empty(CHUNK, np.float32), np.empty(CHUNK, np.float32)
    return logs, logs.view(np.int32), weights, weights.view(np.int32), np.empty(CHUNK, np.int32)


@forced_inline
def _train_empty_cells(
    rule, biases, slots, sides, row_states, n, a, b0, size, below, forward, taken, clip, unobserved, now
):
    """Train on drawn cells of a row that are empty. Returns the sum of their losses and their number.

    now : number of the update before the first.

    a, b0, size : the row, and the first row and the size of the part that columns are drawn from.
    below : only columns before this one are drawn, those more frequent than the row; the others draw this row.
    forward : whether the row is that of a word and columns are contexts, or the reverse.
    taken : uint8 [size], 1 for cells that are not empty.
    unobserved : see `train_blocks`.
    """
    rates, sums, guide, word_logs, context_logs, log_cap, weight, stream = unobserved
    state = _mixed(_cell_key(2 * a + forward, b0) ^ stream)
    reach, whole = sums[b0 + below - 1], sums[b0 + size - 1]
    number = int(rates[a] * reach + _uniform(state))
    loss = 0.0
    done = 0
    for _ in range(number):
        state += _GOLDEN
        drawn = _uniform(state) * reach
        # the guide knows where the search begins, and on average it ends there
        column = guide[b0 + int(drawn / whole * size)]
        while sums[b0 + column] <= drawn:
            column += 1
        if taken[column]:
            continue
        b = b0 + column
        word, context = (a, b) if forward else (b, a)
        target = min(word_logs[word] + context_logs[context], log_cap)
        done += 1
        loss += _update(rule, biases, slots, sides, row_states, word, context, n, target, weight, clip, now + done)
    return loss, done


@fast_kernel
def _train_tile(
    rule, biases, slots, sides, row_states, n, cells, place, forward, scale, objective, unobserved, buffers, taken,
    now,
):  # fmt: skip
    """Train on one tile, on its cells and on drawn empty ones.

    forward : whether rows are words and columns contexts; or the reverse, without the diagonal.

    place : rows, the row of the first, columns, the row of the first, and how many more columns than its own number
        a row has that are more frequent: 1 or 0.

    now : number of the update before the first; a cell that is not trained on counts as one.

    Returns sum of losses and number of records, for the cells and for the empty ones.
    """
    rows, a0, columns, b0, ahead = place
    log_x_max, alpha, clip, holdout, seed = objective
    u16, u32, _, base = cells
    logs, weights = buffers[0], buffers[2]
    large, first, read, at = base[3], 0, 0, CHUNK
    cells_in_all = np.int64(u32[base[0] + rows - 1])
    loss = empty_loss = 0.0
    records = empty = 0
    for row in range(rows):
        last = np.int64(u32[base[0] + row])
        a = a0 + row
        for cell in range(first, last):
            if at == CHUNK:
                large = _read_cells(
                    cells, read, min(CHUNK, cells_in_all - read), large, scale, log_x_max, alpha, buffers
                )
                read += CHUNK
                at = 0
            log_x, weight = logs[at], weights[at]
            at += 1
            b = b0 + np.int64(u16[base[1] + cell])
            if holdout > 0 and _held_out(a, b, seed) < holdout:
                continue
            if not forward and a == b:
                continue
            word, context = (a, b) if forward else (b, a)
            records += 1
            loss += _update(
                rule, biases, slots, sides, row_states, word, context, n, log_x, weight, clip,
                now + (cell + 1 + empty),
            )  # fmt: skip
        if unobserved is not None:
            below = min(row + ahead, columns)
            if below > 0:
                for cell in range(first, last):
                    taken[u16[base[1] + cell]] = 1
                more, number = _train_empty_cells(
                    rule, biases, slots, sides, row_states, n, a, b0, columns, below, forward, taken, clip,
                    unobserved, now + (last + empty),
                )  # fmt: skip
                empty_loss += more
                empty += number
                for cell in range(first, last):
                    taken[u16[base[1] + cell]] = 0
        first = last
    return loss, records, empty_loss, empty


@fast_kernel
def train_blocks(
    rule, biases, slots, sides, row_states, n, halves, sizes, starts, blocks, scale, objective, unobserved, clocks,
    losses, records,
):  # fmt: skip
    """Train on blocks one after the other. Threads may each have some of the blocks of a stratum, which share no row.

    The first six parameters are those of `train_records`, in float32; a shared rule has a value for each block.

    halves : a tuple of (u16, u32, u64, bases [P * P, 4], forward, mirrored), one for a symmetric matrix, two for
        another: the tiles of a half, and which of X[a, b] and X[b, a] its cells are.
    sizes, starts : int64 [P], words of each part and the row of its first.
    blocks : int64 [blocks, 2], the parts of words and of contexts of each block.
    scale : float32, what a sum is multiplied by to give X.
    objective : ln x_max, alpha, clip (float32); cells of 2^24 to hold out and a seed for them (uint64).
    unobserved : None to train on cells only, or a tuple to draw empty ones too. By row [V]: draws wanted per unit of
        the other side's sums (float64); a part's sums of draw weights up to and with the row (float64); for the t-th
        of a part, the first row with a sum over t / size of the part's (int32); what a word and a context add to the
        target (float32). Then the target's upper bound and the weight of a record (float32), and the epoch's number
        for the stream of draws (uint64).
    clocks : float64 [blocks], the number of updates before a block's first.
    losses, records : float64 and int64 [blocks, 2], filled: for cells, and for empty ones.
    """
    buffers = _buffers()
    taken = np.zeros(sizes[0], np.uint8)
    for block in range(len(blocks)):
        p, q = blocks[block, 0], blocks[block, 1]
        states = of_block(rule, row_states, block)
        now = clocks[block]
        loss = empty_loss = 0.0
        done = empty = 0
        for half in halves:
            u16, u32, u64, bases, forward, mirrored = half
            for turn in range(2):
                if not (forward if turn == 0 else mirrored):
                    continue
                a, b = (p, q) if turn == 0 else (q, p)
                cells = (u16, u32, u64, bases[a * len(sizes) + b])
                more, number, more_empty, number_empty = _train_tile(
                    rule, biases, slots, sides, states, n, cells,
                    (sizes[a], starts[a], sizes[b], starts[b], 1 if b < a else 0),
                    turn == 0, scale, objective, unobserved, buffers, taken, now,
                )  # fmt: skip
                now += np.int64(u32[cells[3][0] + sizes[a] - 1]) + number_empty
                loss += more
                done += number
                empty_loss += more_empty
                empty += number_empty
        losses[block, 0], losses[block, 1] = loss, empty_loss
        records[block, 0], records[block, 1] = done, empty


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


@fast_kernel
def held_out_losses(sides, width, n, halves, sizes, starts, parts, scale, objective, losses, records):
    """Losses of the cells that `train_blocks` leaves out, for all tiles whose rows are of the given parts.

    width : rows of parameters are width * n apart.
    losses, records : float64 and int64 [P], filled for the given parts.
    """
    log_x_max, alpha, _, holdout, seed = objective
    buffers = _buffers()
    logs, weights = buffers[0], buffers[2]
    words, contexts = sides
    step_length = width * n
    for p in parts:
        loss = 0.0
        done = 0
        for half in halves:
            u16, u32, u64, bases, forward, mirrored = half
            for q in range(len(sizes)):
                base = bases[p * len(sizes) + q]
                large, first, read, at = base[3], 0, 0, CHUNK
                cells_in_all = np.int64(u32[base[0] + sizes[p] - 1])
                for row in range(sizes[p]):
                    last = np.int64(u32[base[0] + row])
                    a = starts[p] + row
                    for cell in range(first, last):
                        if at == CHUNK:
                            count = min(CHUNK, cells_in_all - read)
                            large = _read_cells(
                                (u16, u32, u64, base), read, count, large, scale, log_x_max, alpha, buffers
                            )
                            read += CHUNK
                            at = 0
                        log_x, weight = logs[at], weights[at]
                        at += 1
                        b = starts[q] + np.int64(u16[base[1] + cell])
                        if _held_out(a, b, seed) < holdout:
                            if forward:
                                error = _product(words, a * step_length, contexts, b * step_length, n) - log_x
                                loss += 0.5 * weight * error * error
                                done += 1
                            if mirrored and a != b:
                                error = _product(words, b * step_length, contexts, a * step_length, n) - log_x
                                loss += 0.5 * weight * error * error
                                done += 1
                    first = last
        losses[p] = loss
        records[p] = done


def _pulled(load, load_state):
    @forced_inline
    def pull_lanes(rule, slots, words, i, contexts, j, n, anchors, at, strength, clip, scalars):
        w, c = load(words, i), load(contexts, j)
        g = _clipped(strength * (w + c - load(anchors, at)), clip)
        new_w, w_state = step(rule, scalars[0], w, g, load_state(slots, words, i, n))
        new_c, c_state = step(rule, scalars[1], c, g, load_state(slots, contexts, j, n))
        store(words, i, new_w)
        store_state(words, i, n, w_state)
        store(contexts, j, new_c)
        store_state(contexts, j, n, c_state)

    return pull_lanes


_pull8, _pull1 = _pulled(load8, load_state8), _pulled(load1, load_state1)


def _pull(rule, slots, sides, row_states, n, row, anchors, at, size, strength, clip, now):
    """One step of one row."""


@overload(_pull, jit_options=OVERLOADED)
def _compile_pull(rule, slots, sides, row_states, n, row, anchors, at, size, strength, clip, now):
    return _pull_by_matrix if has_matrices(rule) else _pull_in_lanes


def _pull_in_lanes(rule, slots, sides, row_states, n, row, anchors, at, size, strength, clip, now):
    words, contexts = sides
    i = row * (len(slots) + 1) * n
    word_norm = context_norm = 0.0
    if needs_norm(rule):
        for t in range(size):
            g = _clipped(strength * (words[i + t] + contexts[i + t] - anchors[at + t]), clip)
            word_norm += g * g
        context_norm = word_norm
    if is_shared(rule):
        row = 0
        word_norm, context_norm = word_norm + context_norm, 0.0
    word_scalars = _begin(rule, None, row_states[0], row, now, word_norm)[0]
    context_scalars = _begin(rule, None, row_states[1], row, now, context_norm)[0]
    scalars = (word_scalars, context_scalars)
    for t in range(0, size & -8, 8):
        _pull8(rule, slots, words, i + t, contexts, i + t, n, anchors, at + t, strength, clip, scalars)
    for t in range(size & -8, size):
        _pull1(rule, slots, words, i + t, contexts, i + t, n, anchors, at + t, strength, clip, scalars)


def _pull_by_matrix(rule, slots, sides, row_states, n, row, anchors, at, size, strength, clip, now):
    words, contexts = sides
    i = row * n
    g = np.zeros(n, words.dtype)
    for t in range(size):
        g[t] = _clipped(strength * (words[i + t] + contexts[i + t] - anchors[at + t]), clip)
    _step_by_matrix(rule, row_states[0], row, words[i : i + n], g, n - 1)
    _step_by_matrix(rule, row_states[1], row, contexts[i : i + n], g, n - 2)


@fast_kernel
def pull_to_anchors(rule, slots, sides, row_states, n, rows, anchors, size, strength, clip, now):
    """One step of the rows given against the gradient strength * (w + c - r), r being the row's anchor.

    rows : int64 [A]
    anchors : float32 [A * size], for the first `size` components.
    now : number of this update, which is one for all the rows.
    """
    for k in range(len(rows)):
        _pull(rule, slots, sides, row_states, n, rows[k], anchors, k * size, size, strength, clip, now)
