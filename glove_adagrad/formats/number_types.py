"""Vectors as smaller numbers: half precision, or whole numbers of one byte with a common scale."""

from __future__ import annotations

import numpy as np

from glove_adagrad.errors import InputError

NUMBER_TYPES = ("float32", "float16", "int8")


def as_type(vectors: np.ndarray, dtype: str) -> tuple[np.ndarray, float]:
    """Convert vectors to another type of numbers.

    Parameters
    ----------
    vectors : float32 [n, d]
    dtype : {'float32', 'float16', 'int8'}
        With 'int8' the largest absolute value becomes 127, and all others are in proportion to it.

    Returns
    -------
    converted : [n, d] of that type
    scale : float
        What a converted number is to be multiplied by; 1 unless the type is 'int8'.

    Raises
    ------
    InputError
        If the type is unknown, or a number is too large for float16.
    """
    if dtype not in NUMBER_TYPES:
        raise InputError(f"dtype {dtype!r} is unknown; choose one of {', '.join(NUMBER_TYPES)}")
    if dtype == "float32":
        return vectors, 1.0
    largest = float(np.abs(vectors).max(initial=0))
    if dtype == "float16":
        if largest > float(np.finfo(np.float16).max):
            raise InputError(f"the number {largest:g} is too large for float16; use float32 or int8")
        return vectors.astype(np.float16), 1.0
    scale = largest / 127 or 1.0
    return np.rint(vectors / np.float64(scale)).astype(np.int8), scale
