"""Runs: records of one row with other rows that differ, which a rule may train on all at once.

Any rule can take records one by one. AdaGrad-Norm has `kernels.norm_runs`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import types
from numba.extending import overload

from glove_adagrad.kernels.jit import OVERLOADED
from glove_adagrad.kernels.lanes import address, number_at
from glove_adagrad.kernels.norm_runs import train_norm_run
from glove_adagrad.kernels.updates import update
from glove_adagrad.optim.steps import AdaGradNormStep


class NormSides(NamedTuple):
    """Addresses of what `train_norm_run` moves: parameters and sums of both sides."""

    own: int
    others: int
    own_sums: int
    other_sums: int


def sides_of_runs(rows, forward):
    """Return what `train_run` needs to know of all runs of a tile.

    Parameters
    ----------
    rows : Rows
    forward : bool
        Whether own rows are words, and the others contexts; or the reverse.
    """


@overload(sides_of_runs)
def _compile_sides_of_runs(rows, forward):
    if not _in_norm_runs(rows):
        return lambda rows, forward: None

    def sides(rows, forward):
        words, contexts = address(rows.sides[0], 0), address(rows.sides[1], 0)
        word_sums, context_sums = address(rows.states[0][0], 0), address(rows.states[1][0], 0)
        if forward:
            return NormSides(words, contexts, word_sums, context_sums)
        return NormSides(contexts, words, context_sums, word_sums)

    return sides


def train_run(rows, sides, forward, row, first_row, columns, targets, weights, count, clip, now):
    """Train on the records of a run, in their order.

    Parameters
    ----------
    rows : Rows
    sides
        What `sides_of_runs` returned.
    forward : bool
        Whether the own row is a word, and the others contexts; or the reverse.
    row : int
        The own row.
    first_row, columns : int, address of uint16
        Record k is with the other row first_row + columns[k]. Three records in a row have different ones.
    targets, weights : address of float32
        ln X and f(X) of record k.
    count : int
        How many records.
    clip : float32
        Limit of gradient components.
    now : float64
        Number of the update before record 0.

    Returns
    -------
    float
        The sum of the records' losses.
    """


@overload(train_run, jit_options=OVERLOADED)
def _compile_train_run(rows, sides, forward, row, first_row, columns, targets, weights, count, clip, now):
    def one_by_one(rows, sides, forward, row, first_row, columns, targets, weights, count, clip, now):
        loss = 0.0
        for k in range(count):
            column = first_row + np.int64(number_at(columns, k))
            word, context = (row, column) if forward else (column, row)
            target, weight = number_at(targets, k), number_at(weights, k)
            loss += update(rows, word, context, target, weight, clip, now + (k + 1))
        return loss

    def in_norm_runs(rows, sides, forward, row, first_row, columns, targets, weights, count, clip, now):
        loss = 0.0
        first = 0
        while first < count:
            more, first = train_norm_run(
                rows.rule.learning_rate,
                sides.own,
                sides.others,
                sides.own_sums,
                sides.other_sums,
                rows.n,
                forward,
                row,
                first_row,
                columns,
                targets,
                weights,
                first,
                count,
                clip * clip,
            )
            loss += more
            if first < count:
                column = first_row + np.int64(number_at(columns, first))
                word, context = (row, column) if forward else (column, row)
                target, weight = number_at(targets, first), number_at(weights, first)
                loss += update(rows, word, context, target, weight, clip, now + (first + 1))
                first += 1
        return loss

    return in_norm_runs if _in_norm_runs(rows) else one_by_one


def _in_norm_runs(rows):
    """Whether `train_norm_run` is for rows of this Numba type."""
    rule, biases, _, sides = rows[:4]
    return rule.instance_class is AdaGradNormStep and biases == types.none and sides[0].dtype == types.float32
