"""Matrices of SciPy or NumPy, made into folders of co-occurrences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from glove_adagrad.cooccurrence.build import Cells, build_matrix, choose_denominator
from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
from glove_adagrad.errors import InputError
from glove_adagrad.sentences import encoded
from glove_adagrad.vocabulary import Vocabulary

#: Cells dealt with at a time.
_CHUNK = 1 << 20


def from_scipy(
    matrix: Any, vocabulary: Vocabulary, output: Path, *, workers: int = 1, memory: int = 4 << 30
) -> CooccurrenceMatrix:
    """Write a matrix of SciPy's as a folder of co-occurrences.

    Parameters
    ----------
    matrix : scipy.sparse matrix or array, or NumPy array [V, V]
        X, of any format and real dtype; zeros that are stored count as not stored. Each X is kept to a
        relative 1e-9, and whole numbers exactly.
    vocabulary : Vocabulary
        The words of rows and columns.
    output : Path
        The folder to write; it replaces one of that name, and appears only when complete.
    workers, memory
        Threads, and bytes in addition to the matrix.

    Raises
    ------
    InputError
        If the shape is not that of the vocabulary, index arrays do not fit each other, an X is negative or not
        finite, or there is none.
    TypeError
        If it is not a matrix of real numbers.
    """
    words = len(vocabulary)
    cells = as_cells(matrix)
    if cells.shape != (words, words):
        raise InputError(
            f"a matrix of {' x '.join(map(str, cells.shape))} cells does not fit a vocabulary of {words} words"
        )
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


def named_cells(matrix: Any, words: Sequence[str] | None) -> tuple[Any, Vocabulary]:
    """Return the cells of a square matrix, as `as_cells` does, and the vocabulary of its rows.

    The count of a word, of which only sums of X are known, is that of its row, and at least 1.

    Parameters
    ----------
    matrix : scipy.sparse matrix or array, or NumPy array [V, V]
    words : sequence of str
        A name for each row and column.

    Raises
    ------
    InputError
        As `as_cells` does, and if the matrix is not square or the words do not fit it.
    TypeError
        If it is not a matrix of real numbers, or a word is not a string.
    """
    cells = as_cells(matrix)
    if words is None:
        raise InputError("words: name the rows of the matrix")
    if len(set(cells.shape)) != 1:
        raise InputError(f"matrix of shape {tuple(cells.shape)}: must be square")
    names = [encoded(word, f"words[{row}]") for row, word in enumerate(words)]
    if len(names) != cells.shape[0]:
        raise InputError(f"words: {len(names):,} of them do not fit a matrix of {cells.shape[0]:,} rows")
    if len(set(names)) < len(names):
        raise InputError("words: one is named twice")
    with np.errstate(invalid="ignore"):  # NaN is refused by `from_scipy`, by its place
        counts = np.maximum(1, np.rint(np.asarray(cells.sum(axis=1), np.float64).ravel())).astype(np.int64)
    return cells, Vocabulary(names, counts)


def as_cells(matrix: Any) -> Any:
    """Return a matrix as a new coo_array, repeated cells added up and zeros left out; `from_scipy` has the errors.

    SciPy's compiled code trusts index arrays as our kernels would, so they are checked before it sees them.
    """
    from scipy import sparse

    kind = type(matrix).__name__
    if not sparse.issparse(matrix):
        try:
            matrix = np.asarray(matrix)
        except ValueError:  # lists of unequal lengths
            matrix = np.empty(0, object)
    if matrix.dtype.kind not in "biuf" or matrix.ndim != 2:
        raise TypeError(
            f"a {kind} is not a matrix of numbers, SciPy's sparse or NumPy's: "
            f"it has {matrix.ndim} dimensions of {matrix.dtype}"
        )
    try:
        if isinstance(matrix, np.ndarray):
            matrix = sparse.coo_array(matrix)
        if hasattr(matrix, "check_format"):
            matrix.check_format(full_check=True)
        if matrix.format == "dia" and len(matrix.offsets) != len(matrix.data):
            raise ValueError("there are not as many diagonals as offsets")
        cells = matrix.tocoo()
        sides = zip((cells.row, cells.col), cells.shape, strict=True)
        if any(side.shape != cells.data.shape or np.any((side < 0) | (side >= size)) for side, size in sides):
            raise ValueError("an index lies outside the matrix")
    except (ValueError, IndexError, TypeError) as error:
        raise InputError(f"the matrix's index arrays do not fit each other ({error})") from error
    # a new one, as what the matrix says of its own order may be wrong, too
    cells = sparse.coo_array((cells.data, (cells.row, cells.col)), shape=cells.shape, copy=True)
    cells.sum_duplicates()
    cells.eliminate_zeros()
    return cells
