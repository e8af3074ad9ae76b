"""Fitted n-grams as arrays of a model file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from glove_adagrad.errors import InputError
from glove_adagrad.subwords import LONGEST, NGrams

_NAMES, _ENDS, _VECTORS, _SIZES = "ngram_names", "ngram_ends", "ngram_vectors", "ngram_sizes"
_LENGTH = "ngram_length"


def to_arrays(ngrams: NGrams) -> dict[str, np.ndarray]:
    """Return the arrays that `from_arrays` reads: names as bytes one after the other, where each ends, vectors."""
    names = [name.encode("utf-8", "surrogateescape") for name in ngrams.names]
    return {
        _NAMES: np.frombuffer(b"".join(names), np.uint8),
        _ENDS: np.cumsum([len(name) for name in names], dtype=np.int64),
        _VECTORS: ngrams.vectors,
        _SIZES: np.array([ngrams.min_n, ngrams.max_n], np.int64),
        _LENGTH: np.array(ngrams.length, np.float64),
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
    if _NAMES not in arrays:
        return None
    names, ends, vectors, sizes, length = found = [
        arrays.get(name, np.empty(0)) for name in (_NAMES, _ENDS, _VECTORS, _SIZES, _LENGTH)
    ]
    if [array.dtype for array in found] != [np.uint8, np.int64, np.float32, np.int64, np.float64]:
        raise InputError(f"{path}: its n-grams are of other types than this program writes")
    starts = np.concatenate([[0], ends[:-1]]) if ends.ndim == 1 and len(ends) else ends
    fits = (
        names.ndim == ends.ndim == 1
        and vectors.shape == (len(ends), size)
        and len(ends) > 0
        and bool((starts < ends).all())
        and ends[-1] == len(names)
        and sizes.shape == (2,)
        and 1 <= sizes[0] <= sizes[1] <= LONGEST
        and length.shape == ()
        and 0 <= length < np.inf
        and bool(np.isfinite(vectors).all())
    )
    if not fits:
        raise InputError(f"{path}: its n-grams do not fit each other or the vectors; fit them again")
    data = names.tobytes()
    decoded = [
        data[start:end].decode("utf-8", "surrogateescape")
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True)
    ]
    return NGrams(decoded, vectors, int(sizes[0]), int(sizes[1]), float(length))
