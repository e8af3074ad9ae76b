"""scipy.sparse in and out. SciPy is loaded only here, and only when asked for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from glove_adagrad.cooccurrence.build import Cells, build_matrix, choose_denominator
from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
from glove_adagrad.errors import InputError
from glove_adagrad.vocabulary import Vocabulary

#: Cells dealt with at a time.
_CHUNK = 1 << 20


def from_scipy(
    matrix: Any, vocabulary: Vocabulary, output: Path, *, workers: int = 1, memory: int = 4 << 30
) -> CooccurrenceMatrix:
    """See `CooccurrenceMatrix.from_scipy`."""
    words = len(vocabulary)
    matrix = as_sparse(matrix)
    if matrix.shape != (words, words):
        raise InputError(
            f"a matrix of {matrix.shape[0]} x {matrix.shape[1]} cells does not fit a vocabulary of {words} words"
        )
    cells = matrix.tocsr().tocoo()  # by way of CSR, which adds up repeated cells
    cells.sum_duplicates()
    cells.eliminate_zeros()
    values = cells.data.astype(np.float64)
    bad = np.flatnonzero(~(np.isfinite(values) & (values > 0)))
    if len(bad):
        at = bad[0]
        raise InputError(f"cell [{cells.row[at]}, {cells.col[at]}]: X = {values[at]:g} must be finite and positive")

    def read() -> Iterator[Cells]:
        for first in range(0, len(values), _CHUNK):
            part = slice(first, first + _CHUNK)
            yield Cells(cells.row[part].astype(np.int64), cells.col[part].astype(np.int64), values[part])

    return build_matrix(
        read,
        vocabulary,
        output,
        denominator=choose_denominator(piece.x for piece in read()),
        windows=None,
        tokens=int(vocabulary.counts.sum()),
        workers=workers,
        memory=memory,
    )


def as_sparse(matrix: Any) -> Any:
    """Return a SciPy matrix as it is, and an array or nested lists as a sparse array.

    Raises
    ------
    TypeError
        If it is not a matrix of numbers.
    """
    from scipy import sparse

    if sparse.issparse(matrix):
        return matrix
    try:
        return sparse.csr_array(np.asarray(matrix, np.float64))
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"matrix: a {type(matrix).__name__} is not a matrix of numbers; give a SciPy sparse matrix or a NumPy "
            "array [V, V]"
        ) from error


def to_scipy(matrix: CooccurrenceMatrix) -> Any:
    """See `CooccurrenceMatrix.to_scipy`."""
    from scipy import sparse

    rows = np.empty(matrix.records, np.int32)
    columns = np.empty(matrix.records, np.int32)
    values = np.empty(matrix.records)
    end = 0
    for word, context, x in matrix.cells():
        begin, end = end, end + len(x)
        rows[begin:end], columns[begin:end], values[begin:end] = word, context, x
    return sparse.coo_array((values, (rows, columns)), shape=(matrix.words, matrix.words)).tocsr()
