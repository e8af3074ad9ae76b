"""How far the neighbours of each word differ between two models."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from glove_adagrad.formats import WordVectors
from glove_adagrad.formats.word_vectors import unit_rows

_NEIGHBOURS = 25
_BLOCK = 1_000  # words whose cosines with all others are in memory at a time


class Changes(NamedTuple):
    """Words that two models have in common.

    Attributes
    ----------
    rows : tuple of two int64 arrays [n]
        Their rows in the first and in the second model, in the order of the first.
    distances : float64 [n]
        From 0 (the same cosines with the nearest words of both models) to 1, in theory 2.
    """

    rows: tuple[np.ndarray, np.ndarray]
    distances: np.ndarray


def compare_neighbours(first: WordVectors, second: WordVectors) -> Changes:
    """Compute the local neighbourhood distance of Hamilton, Leskovec and Jurafsky (2016) for all common words.

    The cosines of a word with its 25 nearest words in either model (at most 50 words) are a vector in each model. The
    distance is 1 minus the cosine between the two. Models need not have the same size or axes.
    """
    at = {word: row for row, word in enumerate(second.words)}
    common = [(row, at[word]) for row, word in enumerate(first.words) if word in at]
    rows = np.array(common, np.int64).reshape(-1, 2).T
    units = [unit_rows(wv.vectors[r]).astype(np.float32) for wv, r in zip((first, second), rows, strict=True)]
    n = len(common)
    distances = np.zeros(n)
    for begin in range(0, n, _BLOCK):
        block = np.arange(begin, min(begin + _BLOCK, n))
        cosines = [unit[block] @ unit.T for unit in units]
        near = np.hstack([_nearest(c, block) for c in cosines])
        near.sort(axis=1)
        once = np.diff(near, axis=1, prepend=-1) != 0  # a neighbour in both models counts once
        one, other = (np.where(once, np.take_along_axis(c, near, axis=1), 0).astype(np.float64) for c in cosines)
        lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
        alike = np.divide((one * other).sum(axis=1), lengths, out=np.zeros(len(block)), where=lengths > 0)
        distances[block] = np.clip(1 - alike, 0, 2)
    return Changes((rows[0], rows[1]), distances)


def _nearest(cosines: np.ndarray, words: np.ndarray) -> np.ndarray:
    """Return the columns [b, k] of the nearest others of each row's word."""
    others = cosines.copy()
    others[np.arange(len(words)), words] = -np.inf
    kept = min(_NEIGHBOURS, others.shape[1] - 1)
    return np.argpartition(-others, kept - 1, axis=1)[:, :kept] if kept > 0 else np.empty((len(words), 0), np.int64)
