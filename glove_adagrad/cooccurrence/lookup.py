"""The contexts of one word, from the tiles that have its row or its column."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
from glove_adagrad.cooccurrence.tiles import Tiles
from glove_adagrad.errors import InputError


@dataclass(frozen=True)
class Contexts:
    """What a word co-occurs with.

    Attributes
    ----------
    rank : int64 [n]
        Contexts, by rank.
    x : float64 [n]
        Co-occurrence counts, all positive.
    pmi : float64 [n]
        Pointwise mutual information, ln(p(context | word) / p(context)): the context's share of the word's X, against
        its share of all counted occurrences of words.
    """

    rank: np.ndarray
    x: np.ndarray
    pmi: np.ndarray


def contexts_of(matrix: CooccurrenceMatrix, rank: int) -> Contexts:
    """Read the cells of a word, from 2 P of the P x P tiles.

    Parameters
    ----------
    matrix : CooccurrenceMatrix
    rank : int
        The word, from 0.

    Raises
    ------
    InputError
        If there is no such word.
    """
    if not 0 <= rank < matrix.words:
        raise InputError(f"rank {rank}: must be between 0 and {matrix.words - 1}")
    part, parts = rank % matrix.lower.parts, matrix.lower.parts
    # in the lower half the row has contexts up to the word itself; rarer ones are in the column of the upper half
    contexts, sums = _select(matrix.lower, [part * parts + q for q in range(parts)], rank, by_row=True)
    rarer, more = _select(matrix.upper, [p * parts + part for p in range(parts)], rank, by_row=False)
    ranks, x = np.concatenate([contexts, rarer]), np.concatenate([sums, more]) / float(matrix.denominator)
    order = np.argsort(ranks)
    ranks, x = ranks[order], x[order]
    counted = matrix.counted
    with np.errstate(divide="ignore"):  # words without an occurrence, in a matrix made elsewhere
        pmi = np.log(x / x.sum()) - np.log(counted[ranks] / counted.sum())
    return Contexts(ranks, x, pmi)


def _select(tiles: Tiles, numbers: list[int], rank: int, by_row: bool) -> tuple[np.ndarray, np.ndarray]:
    """Cells of tiles in a row, or in a column below the diagonal: ranks of the others, and sums."""
    found = []
    with tiles.open() as file:
        for tile in numbers:
            row, column, sums = tiles.cells_of(file, tile)
            chosen = np.flatnonzero(row == rank if by_row else (column == rank) & (row != rank))
            found.append(((column if by_row else row)[chosen], sums[chosen]))
    return np.concatenate([others for others, _ in found]), np.concatenate([sums for _, sums in found])
