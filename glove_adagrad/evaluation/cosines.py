"""Cosines of a query with all vectors, in the arithmetic of gensim's `most_similar`, whose import takes a second.

Each result is that of gensim, to the last digit of its float32, because a last digit can decide which of two words
comes first. Vectors so long or short that their float32 norms overflow or vanish are scaled first.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

#: In the denominator of 3CosMul, as in gensim.
EPSILON = 1e-6

#: Between these lengths of the largest component, float32 sums of squares neither overflow nor vanish.
_LEAST_LENGTH, _MOST_LENGTH = 2.0**-40, 2.0**40


def of_moderate_length(vectors: np.ndarray) -> np.ndarray:
    """Return vectors, float32 [n, d], of the same directions whose norms can be computed in float32.

    Rows that are too long or too short are multiplied by a power of two, which changes no cosine; others stay as
    they are.
    """
    largest = np.maximum(vectors.max(axis=1), -vectors.min(axis=1))
    rows = np.flatnonzero((largest > _MOST_LENGTH) | ((largest < _LEAST_LENGTH) & (largest > 0)))
    if not len(rows):
        return vectors
    vectors = vectors.copy()
    vectors[rows] = np.ldexp(vectors[rows].astype(np.float64), -np.frexp(largest[rows])[1][:, None])
    return vectors


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
        self.vectors = of_moderate_length(vectors)
        self.norms = np.linalg.norm(self.vectors, axis=1)

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
