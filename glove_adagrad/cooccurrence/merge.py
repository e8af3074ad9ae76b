"""Merging matrices of several corpora; remapping a matrix to another vocabulary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path

import numpy as np

from glove_adagrad.cooccurrence.build import Cells, build_matrix
from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix, check_replaceable, write_matrix
from glove_adagrad.cooccurrence.partition import Partition
from glove_adagrad.cooccurrence.spill import merge_runs, spill_folder
from glove_adagrad.cooccurrence.windows import Windows
from glove_adagrad.corpus import Progress
from glove_adagrad.errors import InputError
from glove_adagrad.files import atomic_folder, check_free_space, full_disk_named
from glove_adagrad.vocabulary import Vocabulary


def merge_matrices(
    matrices: Sequence[CooccurrenceMatrix],
    output: Path,
    *,
    vocabulary: Vocabulary | None = None,
    min_cooccurrence: float = 0.0,
    workers: int = 1,
    memory: int = 4 << 30,
    tmp: Path | None = None,
) -> CooccurrenceMatrix:
    """Add up counts made with the same windows.

    Where all have one vocabulary, the folder written is byte for byte what counting the concatenated corpora gives,
    as long as contexts do not reach from one into the next (which takes the boundary `none`) and `sample` is 0.

    Parameters
    ----------
    matrices : sequence of CooccurrenceMatrix
        One or more.
    output : Path
        The folder to write; it replaces one of that name, and appears only when complete.
    vocabulary : Vocabulary, optional
        Words to merge onto, as by `remap`. Needed where the matrices' own differ.
    min_cooccurrence : float
        Cells whose X is smaller in the sum are left out.
    memory : int
        Bytes to use.
    tmp : Path, optional
        Folder for partial sums; next to the output by default.

    Raises
    ------
    InputError
        If the matrices differ in vocabulary or windows, or rare cells were left out of one, so that sums would be
        wrong.
    """
    where = tmp or output.absolute().parent
    first = matrices[0]
    for matrix in matrices[1:]:
        _check_alike(matrix, first)
    if first.windows:
        first.windows.check_sums(sum(int(matrix.vocabulary.counts.max()) for matrix in matrices))
    minimum = max(1, int(np.ceil(min_cooccurrence * first.denominator)))
    with spill_folder(where) as spill, atomic_folder(output, check_replaceable) as folder:
        sizes = sum(int(tiles.offsets[-1]) for matrix in matrices for tiles in matrix.halves.values())
        check_free_space(where, sizes, "name a folder on a larger disk as `tmp`")
        if vocabulary is not None:
            matrices = [
                remap(matrix, vocabulary, spill / f"remapped-{number}", workers=workers, memory=memory, tmp=where)
                for number, matrix in enumerate(matrices)
            ]
        else:
            vocabulary = first.vocabulary
            for matrix in matrices[1:]:
                _check_words(matrix, first)
            # an earlier version divided large vocabularies into fewer parts
            parts = Partition(first.words).parts
            matrices = [
                matrix
                if matrix.lower.parts == parts
                else remap(matrix, vocabulary, spill / f"divided-{number}", workers=workers, memory=memory, tmp=where)
                for number, matrix in enumerate(matrices)
            ]
        with full_disk_named(where):
            merged = {
                half: merge_runs([matrix.halves[half] for matrix in matrices], spill, minimum, workers)
                for half in first.halves
            }
        write_matrix(
            folder,
            vocabulary,
            first.windows,
            sum(matrix.tokens for matrix in matrices),
            merged,
            denominator=first.denominator,
            min_cooccurrence=max(min_cooccurrence, first.min_cooccurrence),
        )
    return CooccurrenceMatrix.open(output)


def _check_alike(matrix: CooccurrenceMatrix, first: CooccurrenceMatrix) -> None:
    """Refuse to add up counts that mean different things."""
    for one in (first, matrix):
        if one.windows is None:
            raise InputError(
                f"{one.folder}: how it was counted is not known; import it again and name the window it has"
            )
        if one.min_cooccurrence > 0:
            raise InputError(
                f"{one.folder}: cells below {one.min_cooccurrence:g} were left out, so that sums would be wrong; "
                "count it again without `min_cooccurrence`, which merge takes instead"
            )
    for field in fields(Windows):
        value, other = getattr(first.windows, field.name), getattr(matrix.windows, field.name)
        if value != other:
            raise InputError(
                f"{matrix.folder}: was counted with {field.name} {other}, and {first.folder} with {value}; "
                "count both alike"
            )


def _check_words(matrix: CooccurrenceMatrix, first: CooccurrenceMatrix) -> None:
    ours, theirs = first.vocabulary, matrix.vocabulary
    if list(ours.words) != list(theirs.words) or not np.array_equal(ours.counts, theirs.counts):
        raise InputError(
            f"{matrix.folder}: its vocabulary is not that of {first.folder}; count both with the same vocab.txt, "
            "or give a `vocabulary` to merge onto"
        )


def remap(
    matrix: CooccurrenceMatrix,
    vocabulary: Vocabulary,
    output: Path,
    *,
    workers: int = 1,
    memory: int = 4 << 30,
    tmp: Path | None = None,
    progress: Progress | None = None,
) -> CooccurrenceMatrix:
    """Write a copy of a matrix for another vocabulary.

    Cells of words that the other vocabulary lacks are dropped; words that only it has get none. Windows
    stay those of the count: where a word was outside its vocabulary, it took no position (or, with keep_positions,
    it did), whatever the other vocabulary says.

    Parameters
    ----------
    vocabulary : Vocabulary
        The words, in their new order, with the counts to be recorded.
    output : Path
        The folder to write; it replaces one of that name, and appears only when complete.
    progress : callable, optional
        Called with the number of stored cells (each of a symmetric pair once) written so far.

    Raises
    ------
    InputError
        If no cell is left.
    """
    rank = {word: number for number, word in enumerate(vocabulary.words)}
    target = np.array([rank.get(word, -1) for word in matrix.vocabulary.words], np.int64)

    def read() -> Iterator[Cells]:
        for word, context, sums in matrix.sums():
            word, context = target[word], target[context]
            kept = (word >= 0) & (context >= 0)
            word, context = word[kept], context[kept]
            if matrix.symmetric:  # a pair is stored once, under the rarer word
                word, context = np.maximum(word, context), np.minimum(word, context)
            yield Cells(word, context, sums[kept])

    return build_matrix(
        read,
        vocabulary,
        output,
        denominator=matrix.denominator,
        windows=matrix.windows,
        tokens=matrix.tokens,
        symmetric=matrix.symmetric,
        min_cooccurrence=matrix.min_cooccurrence,
        workers=workers,
        memory=memory,
        tmp=tmp,
        progress=progress,
    )
