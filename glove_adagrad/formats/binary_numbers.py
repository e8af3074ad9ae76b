"""Which type of numbers the binary rows of a file have, judged by the first of them."""

from __future__ import annotations

import numpy as np

#: Types that files of vectors have instead of float32 in little-endian order.
BIG_ENDIAN = np.dtype(">f4")
_OF_OTHER_SIZE = {
    np.dtype(code): name
    for code, name in (
        ("<f8", "float64"), (">f8", "big-endian float64"), ("<f2", "float16"), (">f2", "big-endian float16"),
    )
}  # fmt: skip

#: Components of word vectors lie between these sizes, or are zero. Numbers of another type, read as this one, spread
#: over all exponents.
_LEAST, _MOST = 1e-9, 1e6

#: Fewer different numbers decide nothing.
_NEEDED = 16
_ROWS = 100


def is_big_endian(vectors: np.ndarray) -> bool:
    """Whether numbers that were read as little-endian float32 are certainly big-endian."""
    vectors = vectors[:_ROWS]
    swapped = vectors.view(BIG_ENDIAN)
    return _usual(vectors) < 0.5 and _usual(swapped) > 0.99


def type_of_other_size(head: bytes, rows: int, size: int) -> str:
    """Name the type of the numbers of a binary file that does not fit rows of float32.

    Parameters
    ----------
    head : bytes
        The beginning of the file, after its header.
    rows, size : int
        What the header says.

    Returns
    -------
    str
        Empty if none of the known types fits.
    """
    names = (name for dtype, name in _OF_OTHER_SIZE.items() if _usual(_first_rows(head, rows, size, dtype)) > 0.99)
    return next(names, "")


def _first_rows(head: bytes, rows: int, size: int, dtype: np.dtype) -> np.ndarray:
    """The numbers of the rows that fit into `head`; none if a row has no word."""
    width, at, parts = size * dtype.itemsize, 0, []
    for _ in range(min(rows, _ROWS)):
        end = head.find(b" ", at) + 1
        if end + width > len(head):
            break
        word = head[at:end].strip()
        if not word or not word.decode("utf-8", "replace").isprintable():
            return np.empty(0, dtype)
        parts.append(head[end : end + width])
        at = end + width
    return np.frombuffer(b"".join(parts), dtype)


def _usual(numbers: np.ndarray) -> float:
    """The share of numbers that have a size as word vectors have them; 0 if too few differ."""
    with np.errstate(invalid="ignore"):  # a signalling NaN
        sizes = np.abs(numbers.astype(np.float64).ravel())
    usual = ((sizes >= _LEAST) & (sizes <= _MOST)) | (sizes == 0)
    return float(np.mean(usual)) if len(np.unique(sizes)) >= _NEEDED else 0.0
