"""Reduce vectors to fewer components by principal component analysis."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from glove_adagrad.errors import InputError
from glove_adagrad.parallel import available_cores

#: Rows that a thread projects at a time.
_ROWS = 4096


def reduce(vectors: np.ndarray, size: int, *, workers: int | None = None) -> np.ndarray:
    """Project vectors onto the `size` directions in which they are longest.

    The mean is not subtracted and directions are not scaled: the result has the dot products of the given vectors as
    far as `size` components can have them (Eckart and Young 1936). Components are ordered by decreasing length, so
    the first k components of a result are the result for the size k.

    Parameters
    ----------
    vectors : float32 [V, n]
    size : int
        Number of components of the result, from 1 to n.
    workers : int, optional
        Threads, all cores by default; the result does not depend on their number.

    Returns
    -------
    float32 [V, size]

    Raises
    ------
    InputError
        If `size` is impossible.
    """
    if not 1 <= size <= vectors.shape[1]:
        raise InputError(f"size {size}: must be between 1 and {vectors.shape[1]}, the number of components")
    workers = workers or available_cores()
    vectors = np.ascontiguousarray(vectors, np.float32)
    return project(vectors, principal_axes(vectors, size, workers=workers), workers=workers)


def principal_axes(vectors: np.ndarray, size: int, *, workers: int = 1) -> np.ndarray:
    """Return the `size` orthonormal directions in which vectors are longest, the longest first, float64 [n, size].

    In each direction the component of the largest absolute value is positive. Directions are rounded to float32, so
    that differences in the last digits of float64 between builds of LAPACK do not show, unless two directions are
    of almost equal length.
    """
    sums = products(vectors, workers=workers)
    axes = np.linalg.eigh(sums)[1][:, ::-1][:, :size]
    largest = axes[np.abs(axes).argmax(axis=0), np.arange(size)]
    return (axes * np.where(largest < 0, -1.0, 1.0)).astype(np.float32).astype(np.float64)


def products(vectors: np.ndarray, *, workers: int = 1) -> np.ndarray:
    """Return the lower triangle of vectors^T vectors, float64 [n, n], zeros above it, of float32 [V, n]."""
    from glove_adagrad.kernels.projection import gram

    n = vectors.shape[1]
    sums = np.zeros((n, n))
    # rows of a triangle: equal areas are equal work
    bounds = np.unique(np.rint(n * np.sqrt(np.linspace(0, 1, 4 * workers + 1))).astype(int)).tolist()
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(lambda first, last: gram(vectors, first, last, sums), bounds[:-1], bounds[1:]))
    return sums


def project(vectors: np.ndarray, axes: np.ndarray, *, workers: int = 1) -> np.ndarray:
    """Return the components of vectors, float32 [V, n], along axes, float64 [n, size], as float32 [V, size]."""
    from glove_adagrad.kernels.projection import project as project_rows

    out = np.empty((len(vectors), axes.shape[1]), np.float32)
    axes = np.ascontiguousarray(axes)
    starts = range(0, len(vectors), _ROWS)
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(lambda a: project_rows(vectors[a : a + _ROWS], axes, out[a : a + _ROWS]), starts))
    return out
