"""Fitted n-grams as arrays of a model file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from glove_adagrad.errors import InputError
from glove_adagrad.subwords import LONGEST, MOST_BUCKETS, NGrams

_ROWS, _VECTORS, _SIZES = "ngram_rows", "ngram_vectors", "ngram_sizes"

#: What earlier versions stored instead of `_ROWS`.
_NAMES = "ngram_names"


def to_arrays(ngrams: NGrams) -> dict[str, np.ndarray]:
    """Return the arrays that `from_arrays` reads: the bucket of each vector, vectors, and settings."""
    return {
        _ROWS: ngrams.rows,
        _VECTORS: ngrams.vectors,
        _SIZES: np.array([ngrams.min_n, ngrams.max_n, ngrams.buckets], np.int64),
    }


def from_arrays(arrays: Mapping[str, np.ndarray], size: int, path: Path) -> NGrams | None:
    """Return the n-grams among the arrays of a model; None if there are none.

    Parameters
    ----------
    arrays : mapping of str to array
    size : int
        Number of components of the model's vectors.
    path : Path
        Named in errors.

    Raises
    ------
    InputError
        If the arrays do not fit each other or the model.
    """
    if _NAMES in arrays:
        raise InputError(
            f"{path}: its n-grams were stored by a development version; train the run further, which fits them again"
        )
    if _ROWS not in arrays:
        return None
    rows, vectors, sizes = found = [arrays.get(name, np.empty(0)) for name in (_ROWS, _VECTORS, _SIZES)]
    if [array.dtype for array in found] != [np.int64, np.float32, np.int64]:
        raise InputError(f"{path}: its n-grams are of other types than this program writes")
    fits = (
        rows.ndim == 1
        and vectors.shape == (len(rows), size)
        and len(rows) > 0
        and sizes.shape == (3,)
        and 1 <= sizes[0] <= sizes[1] <= LONGEST
        and sizes[2] <= MOST_BUCKETS
        and rows[0] >= 0
        and rows[-1] < sizes[2]
        and bool((rows[:-1] < rows[1:]).all())
        and bool(np.isfinite(vectors).all())
    )
    if not fits:
        raise InputError(f"{path}: its n-grams do not fit each other or the vectors; fit them again")
    return NGrams(rows, vectors, int(sizes[2]), int(sizes[0]), int(sizes[1]))
