"""The training loop: GloVe's records in blocks, and drawn unobserved pairs.

`kernels.updates` moves the rows of one record and describes the parameters' layout; `kernels.cells` reads the matrix.

Rows are in the order of parts: part 0's words, then part 1's. Block (p, q) is all records with the word in part p and
the context in part q: X[a, b] of tile (p, q), then X[b, a] of tile (q, p). It touches no rows but words of p and
contexts of q. The two records of a cell are kept apart on purpose: one after the other they would move a word's two
vectors alike, and the sum of two like vectors is worth less (a point less of Google's analogies at 50 components).
"""

from __future__ import annotations

import numpy as np

from glove_adagrad.kernels.arguments import Rows, Tile
from glove_adagrad.kernels.cells import CHUNK, buffers_of_cells, cell_key, held_out, read_cells
from glove_adagrad.kernels.draws import GAMMA, mixed, uniform
from glove_adagrad.kernels.jit import exact_inline, fast_kernel, kernel
from glove_adagrad.kernels.lanes import address, number_at
from glove_adagrad.kernels.prefetch import prefetch
from glove_adagrad.kernels.rules import of_block
from glove_adagrad.kernels.runs import sides_of_runs, train_run
from glove_adagrad.kernels.tile_layout import place_of, read_rows
from glove_adagrad.kernels.updates import product, update

#: Entries for each row in the table that guides draws of unobserved pairs.
GUIDE = 4

#: In tiles of few cells, rows are fetched this many rows and cells ahead.
_ROWS_AHEAD, _CELLS_AHEAD = 4, 6

#: Numbers in a cache line.
_LINE = 16


@fast_kernel
def train_records(rows, word, context, log_x, weight, clip, now):
    """Train on records in the order given, on one thread.

    Serves float32 and float64 parameters: the order and precision of the Stanford program, for comparison.

    Parameters
    ----------
    rows : Rows
    word, context : int64 [R]
    log_x, weight : float [R]
        Of the parameters' type: ln X and f(X).
    clip : float
        Of the parameters' type.
    now : float64
        Number of records before the first.

    Returns
    -------
    float
        The sum of the records' losses.
    """
    loss = 0.0
    for r in range(len(word)):
        loss += update(rows, word[r], context[r], log_x[r], weight[r], clip, now + r + 1.0)
    return loss


@exact_inline
def _train_unobserved(rows, sides, tile, row, below, forward, taken, drawn_cells, clip, unobserved, now):
    """Train on drawn cells of a row of a tile that are empty.

    Parameters
    ----------
    rows : Rows
    sides
        What `sides_of_runs` returned.
    tile : Tile
    row : int
        Number of the row within the tile.
    below : int
        Only columns before this one are drawn, those more frequent than the row; the others draw this row.
    forward : bool
        Whether rows are words and columns contexts, or the reverse.
    taken : uint8 [columns]
        1 for cells that are not empty.
    drawn_cells : tuple of uint16, float32, float32 [CHUNK]
        Memory for columns drawn and their targets; the weight of each.
    clip : float32
    unobserved : UnobservedPairs
    now : float64
        Number of the update before the first.

    Returns
    -------
    loss, done : float, int
        The sum of their losses, and their number.
    """
    sums, guide = unobserved.sums, unobserved.guide
    own_logs, other_logs = address(unobserved.word_logs, 0), address(unobserved.context_logs, 0)
    if not forward:
        own_logs, other_logs = other_logs, own_logs
    chosen, targets, weights = drawn_cells
    a, b0, size = tile.row + row, tile.column, tile.columns
    state = mixed(cell_key(2 * a + forward, b0) ^ unobserved.stream)
    reach, finer = sums[b0 + below - 1], GUIDE * size / sums[b0 + size - 1]
    own_log = number_at(own_logs, a)
    left = int(unobserved.rates[a] * reach + uniform(state))
    loss = 0.0
    done = 0
    while left > 0:
        # all draws first: their unpredictable branches must not stall the updates
        kept = 0
        for _ in range(min(left, len(chosen))):
            state += GAMMA
            drawn = uniform(state) * reach
            # the guide table gives the start of the search, usually also its end
            column = np.int64(guide[GUIDE * b0 + int(drawn * finer)])
            while sums[b0 + column] <= drawn:
                column += 1
            chosen[kept] = column
            targets[kept] = min(own_log + number_at(other_logs, b0 + column), unobserved.log_cap)
            kept += 1 - taken[column]
        left -= len(chosen)
        first = 0
        for k in range(1, kept + 1):
            if k < kept and chosen[k] != chosen[k - 1] and (k < first + 2 or chosen[k] != chosen[k - 2]):
                continue
            loss += train_run(
                rows, sides, forward, a, b0, address(chosen, first), address(targets, first),
                address(weights, 0), k - first, clip, now + (done + first),
            )  # fmt: skip
            first = k
        done += kept
    return loss, done


@exact_inline
def _end_of_run(a, b0, u16, columns, cell, stop, forward, holdout, seed):
    """Return the first cell of row `a` from `cell` on that is not trained on, or `stop`."""
    if not forward and b0 + np.int64(u16[columns + stop - 1]) == a:
        stop -= 1
    if holdout > 0:
        for at in range(cell, stop):
            if held_out(a, b0 + np.int64(u16[columns + at]), seed) < holdout:
                return at
    return stop


@exact_inline
def _fetch(side, row, step):
    """Ask for a row of parameters, `step` numbers long."""
    for at in range(row * step, (row + 1) * step, _LINE):
        prefetch(side, at)


@kernel
def _train_tile(rows, tile, forward, scale, objective, unobserved, buffers, listing, taken, drawn_cells, now):
    """Train on one tile, on its cells and on drawn empty ones.

    Parameters
    ----------
    rows : Rows
    tile : Tile
    forward : bool
        Whether rows are words and columns contexts; or the reverse, without the diagonal.
    scale, objective, unobserved
        As for `train_blocks`.
    buffers, listing, taken, drawn_cells : arrays
        Memory for `read_cells`, `read_rows` and `_train_unobserved`.
    now : float64
        Number of the update before the first; a cell that is not trained on counts as one.

    Returns
    -------
    loss, records, empty_loss, empty : float, int, float, int
        Sum of losses and number of records, for the cells and for the empty ones.
    """
    log_x_max, alpha, clip, holdout, seed = objective
    u16, u32, u64, begin, cells, size, a0, columns, b0, ahead = tile
    numbers, ends = listing
    sections = place_of(begin, size, cells)
    logs, weights = buffers[0], buffers[2]
    large, first, read, at = sections[5], 0, np.int64(0), CHUNK
    loss = empty_loss = 0.0
    records = empty = 0
    listed = read_rows(u64, sections, size, cells, unobserved is not None, numbers, ends)
    # with fewer cells than rows, most rows come from memory, in an order that the processor does not predict
    sparse = cells < size
    own, others = rows.sides if forward else (rows.sides[1], rows.sides[0])
    step = rows.n * (1 + len(rows.slots))
    sides = sides_of_runs(rows, forward)
    for k in range(listed):
        row, last = np.int64(numbers[k]), np.int64(ends[k])
        a = a0 + row
        if sparse:
            _fetch(own, a0 + np.int64(numbers[min(k + _ROWS_AHEAD, listed - 1)]), step)
        cell = first
        while cell < last:
            if at == CHUNK:
                number = min(CHUNK, cells - read)
                large = read_cells(u32, u64, sections[4], read, number, large, scale, log_x_max, alpha, buffers)
                read += CHUNK
                at = 0
            # a run ends with the row, with the cells that have been read, and before a cell that is not trained on
            stop = min(last, cell + CHUNK - at)
            if sparse:
                for ahead_of in range(cell, stop):
                    _fetch(others, b0 + np.int64(u16[sections[3] + min(ahead_of + _CELLS_AHEAD, cells - 1)]), step)
            end = _end_of_run(a, b0, u16, sections[3], cell, stop, forward, holdout, seed)
            if end > cell:
                loss += train_run(
                    rows, sides, forward, a, b0, address(u16, sections[3] + cell), address(logs, at),
                    address(weights, at), end - cell, clip, now + (cell + empty),
                )  # fmt: skip
                records += end - cell
            # behind the run, and behind the cell that ended it
            passed = min(end + 1, stop) - cell
            at += passed
            cell += passed
        if unobserved is not None:
            below = min(row + ahead, columns)
            if below > 0:
                for cell in range(first, last):
                    taken[u16[sections[3] + cell]] = 1
                more, number = _train_unobserved(
                    rows, sides, tile, row, below, forward, taken, drawn_cells, clip, unobserved, now + (last + empty)
                )
                for cell in range(first, last):
                    taken[u16[sections[3] + cell]] = 0
                empty_loss, empty = empty_loss + more, empty + number
        first = last
    return loss, records, empty_loss, empty


@kernel
def train_blocks(rows, halves, sizes, starts, blocks, scale, objective, unobserved, clocks, losses, records):
    """Train on blocks one after the other. Threads may each have some of the blocks of a stratum, which share no row.

    Parameters
    ----------
    rows : Rows
        In float32; a shared rule has a state for each block.
    halves : tuple of Half
    sizes, starts : int64 [P]
        Words of each part, and the row of its first.
    blocks : int64 [blocks, 2]
        The parts of words and of contexts of each block.
    scale : float32
        X of a sum of 1.
    objective : Objective
    unobserved : UnobservedPairs or None
        None to train on cells only.
    clocks : float64 [blocks]
        The number of updates before a block's first.
    losses, records : float64 [blocks, 2], int64 [blocks, 2]
        Filled: for cells, and for empty ones.
    """
    buffers = buffers_of_cells()
    taken = np.zeros(sizes[0], np.uint8)
    drawn_cells = np.empty(CHUNK, np.uint16), np.empty(CHUNK, np.float32), np.empty(CHUNK, np.float32)
    if unobserved is not None:
        drawn_cells[2][:] = unobserved.weight
    listing = np.empty(sizes[0], np.uint16), np.empty(sizes[0], np.uint32)
    for block in range(len(blocks)):
        p, q = blocks[block, 0], blocks[block, 1]
        states = of_block(rows.rule, rows.states, block)
        own = Rows(rows.rule, rows.biases, rows.slots, rows.sides, states, rows.n)
        now = clocks[block]
        loss = empty_loss = 0.0
        done = empty = 0
        for half in halves:
            for turn in range(2):
                if not (half.forward if turn == 0 else half.mirrored):
                    continue
                a, b = (p, q) if turn == 0 else (q, p)
                at = a * len(sizes) + b
                cells = np.int64(half.cells[at])
                tile = Tile(
                    half.u16, half.u32, half.u64, half.firsts[at], cells, sizes[a], starts[a], sizes[b], starts[b],
                    1 if b < a else 0,
                )  # fmt: skip
                more, number, more_empty, number_empty = _train_tile(
                    own, tile, turn == 0, scale, objective, unobserved, buffers, listing, taken, drawn_cells, now
                )
                now += cells + number_empty
                loss += more
                done += number
                empty_loss += more_empty
                empty += number_empty
        losses[block, 0], losses[block, 1] = loss, empty_loss
        records[block, 0], records[block, 1] = done, empty


@fast_kernel
def held_out_losses(
    sides, width, n, halves, sizes, starts, parts, first_column, last_column, scale, objective, losses, records
):  # fmt: skip
    """Compute the losses of the cells that `train_blocks` leaves out, of all tiles whose rows are of the given parts.

    Parameters
    ----------
    sides : tuple of two float32 arrays
        As of `Rows`.
    width, n : int
        Rows of parameters are width * n apart.
    halves, sizes, starts, scale, objective
        As for `train_blocks`.
    parts : int64 array
    first_column, last_column : int
        The part of the first tile's columns, and the one behind that of the last's.
    losses, records : float64 [P], int64 [P]
        Filled for the given parts.
    """
    log_x_max, alpha, _, holdout, seed = objective
    buffers = buffers_of_cells()
    logs, weights = buffers[0], buffers[2]
    words, contexts = sides
    step_length = width * n
    numbers, ends = np.empty(sizes[0], np.uint16), np.empty(sizes[0], np.uint32)
    for p in parts:
        loss = 0.0
        done = 0
        for half in halves:
            u16, u32, u64, firsts, cells_of, forward, mirrored = half
            for q in range(first_column, last_column):
                cells = np.int64(cells_of[p * len(sizes) + q])
                place = place_of(firsts[p * len(sizes) + q], sizes[p], cells)
                large, first, read, at = place[5], 0, 0, CHUNK
                for k in range(read_rows(u64, place, sizes[p], cells, False, numbers, ends)):
                    last = np.int64(ends[k])
                    a = starts[p] + np.int64(numbers[k])
                    for cell in range(first, last):
                        if at == CHUNK:
                            count = min(CHUNK, cells - read)
                            large = read_cells(
                                u32, u64, place[4], read, count, large, scale, log_x_max, alpha, buffers
                            )
                            read += CHUNK
                            at = 0
                        log_x, weight = logs[at], weights[at]
                        at += 1
                        b = starts[q] + np.int64(u16[place[3] + cell])
                        if held_out(a, b, seed) < holdout:
                            if forward:
                                error = product(words, a * step_length, contexts, b * step_length, n) - log_x
                                loss += 0.5 * weight * error * error
                                done += 1
                            if mirrored and a != b:
                                error = product(words, b * step_length, contexts, a * step_length, n) - log_x
                                loss += 0.5 * weight * error * error
                                done += 1
                    first = last
        losses[p] = loss
        records[p] = done
