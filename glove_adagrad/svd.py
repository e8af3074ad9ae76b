"""Vectors from the singular value decomposition of the positive PMI matrix, without training.

Levy, Goldberg and Dagan (2015) describe the matrix and its settings; Halko, Martinsson and Tropp (2011), section 4.4,
the randomized decomposition, which needs nothing but products of the matrix with vectors. So the matrix is never
made: its cells are computed from those of tiles in each product.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
from glove_adagrad.errors import InputError, require
from glove_adagrad.parallel import in_order, number_of_workers
from glove_adagrad.pca import products, project
from glove_adagrad.trainer.stream import MatrixStream

#: Directions that are sought beyond those that are wanted, at least.
_MORE = 20

#: Products with P P^T that turn the directions towards the largest ones.
_ITERATIONS = 4

#: Products with the matrix in all, for progress.
PASSES = 2 * _ITERATIONS + 2

#: Directions whose share of the largest singular value is smaller are rounding errors.
_LEAST = 1e-6


@dataclass(frozen=True)
class SVDSettings:
    """What decides the vectors, besides the counts.

    Attributes
    ----------
    vector_size : int
        Number of components, d.
    smoothing : float
        Contexts are as probable as their counts to this power; 1 is plain PMI.
    shift : float
        ln(shift) is subtracted from every PMI before negative ones become 0; word2vec's number of negative samples.
    power : float
        Components are scaled by their singular values to this power.
    seed : int
        Of the random directions at the start.

    Raises
    ------
    InputError
        If a value is impossible.
    """

    vector_size: int = 100
    smoothing: float = 0.75
    shift: float = 1.0
    power: float = 0.0
    seed: int = 1

    def __post_init__(self) -> None:
        require("vector_size", self.vector_size, 1 <= self.vector_size <= 65_536, "between 1 and 65536")
        require("smoothing", self.smoothing, 0 <= self.smoothing <= 1, "between 0 and 1")
        require("shift", self.shift, 0 < self.shift < float("inf"), "above 0")
        require("power", self.power, 0 <= self.power <= 1, "between 0 and 1")
        require("seed", self.seed, 0 <= self.seed < 1 << 63, "0 or more")


def decompose(
    matrix: CooccurrenceMatrix,
    settings: SVDSettings | None = None,
    *,
    workers: int | None = None,
    memory: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Decompose the positive PMI matrix of counts.

    P[a, b] = max(0, ln(X[a, b] / (X_a. p_b)) - ln(shift)), where p_b is X_.b to the power `smoothing`, normalised.
    With P = U S V^T, words have the rows of U S^power and contexts those of V S^power.

    Parameters
    ----------
    matrix : CooccurrenceMatrix
    settings : SVDSettings, optional
    workers : int, optional
        Threads, all cores by default; results do not depend on their number.
    memory : int, optional
        Bytes of the matrix that may stay in memory; otherwise it is read again for each product. All by default.
    progress : callable, optional
        Called with the products done so far, up to `PASSES`.

    Returns
    -------
    word_vectors, context_vectors : float32 [V, d]
        Components by decreasing singular value. Those beyond the rank of P are zero.

    Raises
    ------
    InputError
        If the vocabulary is smaller than d, or no pair co-occurs more often than expected.
    """
    settings = settings or SVDSettings()
    if settings.vector_size > matrix.words:
        raise InputError(f"vector_size {settings.vector_size}: must be at most {matrix.words}, the number of words")
    found = decompose_stream(MatrixStream(matrix, memory), settings, workers=workers, progress=progress)
    if found is None:
        raise InputError(f"{matrix.folder}: no pair of words co-occurs more often than expected; try a lower shift")
    return found


class Factors(NamedTuple):
    """A decomposition U S V^T: U and V, float32 [V, d], and the diagonal of S, float64 [d]."""

    words: np.ndarray
    contexts: np.ndarray
    values: np.ndarray


def decompose_stream(
    stream: MatrixStream,
    settings: SVDSettings,
    *,
    keep: bool = False,
    workers: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> tuple[np.ndarray, np.ndarray] | None:
    """Decompose a matrix that may be in memory already; see `decompose`.

    Components beyond the number of words are zero, too. Returns None if no pair co-occurs more often than expected.
    With `keep`, the stream keeps the decomposition for later calls whose settings are equal but for `power`.
    """
    key = replace(settings, power=0)
    if stream.decomposition is not None and stream.decomposition[0] == key:
        found: Factors | None = stream.decomposition[1]
        (progress or (lambda done: None))(PASSES)
    else:
        found = _factors(stream, settings, number_of_workers(workers), progress)
        stream.decomposition = (key, found) if keep else None
    if found is None:
        return None
    scale = (found.values**settings.power).astype(np.float32)
    return found.words * scale, found.contexts * scale


def _factors(
    stream: MatrixStream, settings: SVDSettings, workers: int, progress: Callable[[float], None] | None
) -> Factors | None:
    words = stream.matrix.words
    size = min(settings.vector_size, words)
    width = min(-(-(size + _MORE) // 8) * 8, words)
    random = np.random.default_rng(settings.seed)
    with _PositivePMI(stream, settings, workers, progress) as ppmi:
        basis = ppmi.times(random.standard_normal((words, width), np.float32))
        for _ in range(_ITERATIONS):
            basis = ppmi.times(ppmi.orthonormal(ppmi.transposed_times(ppmi.orthonormal(basis))))
        basis = ppmi.orthonormal(ppmi.orthonormal(basis))  # the second removes the rounding errors of the first
        # P = basis rest^T nearly, and the decomposition of rest is that of the small rest^T rest
        rest = ppmi.transposed_times(basis)
        squares, axes = np.linalg.eigh(products(rest, workers=ppmi.workers))
        values = np.sqrt(np.maximum(squares[::-1][:size], 0))
        if not values[0] > 0:
            return None
        axes = axes[:, ::-1][:, :size]
        largest = axes[np.abs(axes).argmax(axis=0), np.arange(size)]
        axes = axes * np.where(largest < 0, -1.0, 1.0)
        real = values > _LEAST * values[0]
        inverse = np.where(real, 1 / np.where(real, values, 1), 0)
        word_vectors, context_vectors = np.zeros((2, words, settings.vector_size), np.float32)
        found = Factors(word_vectors, context_vectors, np.zeros(settings.vector_size))
        found.words[:, :size] = project(basis, axes * real, workers=ppmi.workers)[ppmi.positions]
        found.contexts[:, :size] = project(rest, axes * inverse, workers=ppmi.workers)[ppmi.positions]
        found.values[:size] = np.where(real, values, 0)
        return found


class _PositivePMI:
    """The matrix P, by its products with vectors, whose rows are in the order of parts.

    Attributes
    ----------
    workers : int
    positions : int64 array [V]
        The row of the word of each rank.
    """

    def __init__(
        self,
        stream: MatrixStream,
        settings: SVDSettings,
        workers: int,
        progress: Callable[[float], None] | None,
    ) -> None:
        matrix = stream.matrix
        self.workers = workers
        self.positions = matrix.lower.partition.positions
        self._partition = matrix.lower.partition
        self._pool = ThreadPoolExecutor(workers)
        self._stream = stream
        self._scale = np.float32(1 / matrix.denominator)
        self._progress = progress or (lambda done: None)
        self._done = 0
        if self._stream.whole:
            everything = np.indices((self._partition.parts,) * 2).reshape(2, -1).T
            self._stream.load(everything, self._pool, workers)
        self._terms = self._make_terms(settings)

    def __enter__(self) -> _PositivePMI:
        return self

    def __exit__(self, *error: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def _make_terms(self, settings: SVDSettings) -> tuple[np.ndarray, np.ndarray]:
        """What is added to ln X for the PMI, by word and by context, float32 [V]."""
        word_sums, context_sums = self._stream.marginals
        smoothed = np.where(context_sums > 0, context_sums**settings.smoothing, 0)
        shares = smoothed * (settings.shift / smoothed.sum())
        # a word without cells on a side has none to add the term to
        logs = [-np.log(np.where(sums > 0, sums, 1)) for sums in (word_sums, shares)]
        return logs[0].astype(np.float32), logs[1].astype(np.float32)

    def times(self, vectors: np.ndarray) -> np.ndarray:
        """Return P vectors, float32 [V, n]."""
        return self._product(vectors, transposed=False)

    def transposed_times(self, vectors: np.ndarray) -> np.ndarray:
        """Return P^T vectors, float32 [V, n]."""
        return self._product(vectors, transposed=True)

    def _product(self, vectors: np.ndarray, transposed: bool) -> np.ndarray:
        from glove_adagrad.kernels.ppmi import multiply

        parts = self._partition
        out = np.zeros_like(vectors)
        out_terms, source_terms = self._terms[::-1] if transposed else self._terms

        def work(part: int) -> None:
            multiply(
                self._stream.cross(part), parts.sizes, parts.starts, part, self._scale, out_terms, source_terms,
                vectors, out, transposed,
            )  # fmt: skip

        for part, _ in enumerate(in_order(self._pool, self.workers, ((work, (p,)) for p in range(parts.parts))), 1):
            self._progress(self._done + part / parts.parts)
        self._done += 1
        return out

    def orthonormal(self, vectors: np.ndarray) -> np.ndarray:
        """Return vectors whose columns are orthonormal and span those of `vectors`, float32 [V, n].

        Directions that are only rounding errors become zero.
        """
        squares, axes = np.linalg.eigh(products(vectors, workers=self.workers))
        lengths = np.sqrt(np.maximum(squares, 0))
        real = lengths > _LEAST * lengths[-1]
        return project(vectors, axes * np.where(real, 1 / np.where(real, lengths, 1), 0), workers=self.workers)
