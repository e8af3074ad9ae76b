"""Cosines of a query with all vectors, in the arithmetic of gensim's `most_similar`, whose import takes a second.

Each result is that of gensim, to the last digit of its float32, because a last digit can decide which of two words
comes first. Vectors so long or short that their float32 norms overflow or vanish are scaled first.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

#: In the denominator of 3CosMul, as in gensim.
EPSILON = 1e-6

#: Between these, float32 norms and their squares are accurate.
_SHORTEST, _LONGEST = 1e-15, 1e15


class Cosines:
    """Vectors ready for queries.

    Parameters
    ----------
    vectors : float32 [n, d]

    Attributes
    ----------
    vectors : float32 [n, d]
    norms : float32 [n]
        A vector of zeros has norm 0; its cosines are NaN.
    """

    def __init__(self, vectors: np.ndarray) -> None:
        with np.errstate(over="ignore"):
            norms = np.linalg.norm(vectors, axis=1)
        extreme = np.flatnonzero((norms < _SHORTEST) | (norms > _LONGEST))
        peaks = np.abs(vectors[extreme]).max(axis=1, keepdims=True, initial=0)
        if peaks.any():
            vectors = vectors.copy()
            vectors[extreme] /= np.where(peaks > 0, peaks, 1)
            norms[extreme] = np.linalg.norm(vectors[extreme], axis=1)
        self.vectors, self.norms = vectors, norms

    def unit(self, row: int) -> np.ndarray:
        """A vector divided by its norm, float32 [d]."""
        return np.asarray(self.vectors[row] / self.norms[row])

    def add(self, positive: Sequence[int], negative: Sequence[int] = (), size: int | None = None) -> np.ndarray:
        """Cosines [size] of the first `size` vectors, by default all, with the sum of the unit vectors of `positive`
        less those of `negative`: 3CosAdd (Levy and Goldberg 2014, equation 3)."""
        mean = np.zeros(self.vectors.shape[1], self.vectors.dtype)
        weights = np.concatenate([np.ones(len(positive)), -np.ones(len(negative))])
        for weight, row in zip(weights, (*positive, *negative), strict=True):
            mean += weight * self.unit(row)
        query = unit_vector(mean / np.abs(weights).sum()).astype(np.float32)
        with np.errstate(invalid="ignore"):
            return np.asarray(np.dot(self.vectors[:size], query) / self.norms[:size])

    def multiply(self, positive: Sequence[int], negative: Sequence[int]) -> np.ndarray:
        """Scores [n] of all vectors by 3CosMul (Levy and Goldberg 2014, equation 4)."""
        with np.errstate(invalid="ignore"):
            above, below = (
                np.prod([(1 + np.dot(self.vectors, self.unit(row)) / self.norms) / 2 for row in rows], axis=0)
                for rows in (positive, negative)
            )
        return np.asarray(above / (below + EPSILON))


def unit_vector(vector: np.ndarray) -> np.ndarray:
    """A vector [d] scaled to length 1 in float64, of its own dtype; zeros stay zeros."""
    exact = vector.astype(np.float64)
    norm = float(np.linalg.norm(exact))
    return (exact * (1 / norm)).astype(vector.dtype) if norm > 0 else vector


def greatest(scores: np.ndarray, number: int) -> np.ndarray:
    """Rows of the `number` greatest scores, greatest first; NaN comes last. Equal scores come in gensim's order."""
    negated = -scores
    if number >= len(scores):
        return np.argsort(negated)
    candidates = np.argpartition(negated, number)[:number]
    return np.asarray(candidates[np.argsort(negated[candidates])])
