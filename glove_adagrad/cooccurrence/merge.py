"""Merging matrices of several corpora; remapping a matrix to another vocabulary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from glove_adagrad.cooccurrence.build import Cells, build_matrix
from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix, check_replaceable, write_matrix
from glove_adagrad.cooccurrence.partition import Partition
from glove_adagrad.cooccurrence.spill import merge_runs, spill_folder
from glove_adagrad.cooccurrence.tiles import Tiles
from glove_adagrad.cooccurrence.windows import Windows
from glove_adagrad.corpus import Progress
from glove_adagrad.errors import InputError
from glove_adagrad.files import atomic_folder, check_free_space, full_disk_named
from glove_adagrad.vocabulary import Vocabulary


def merge_matrices(
    matrices: Sequence[CooccurrenceMatrix | Path],
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
    matrices : sequence of CooccurrenceMatrix or Path
        One or more. Folders are opened when they are read, and closed again, so that there may be hundreds of them.
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
    first = _opened(matrices[0])
    tokens = sizes = most_frequent = 0
    parts = Partition(first.words).parts
    minimum = max(1, int(np.ceil(min_cooccurrence * first.denominator)))
    with spill_folder(where) as spill, atomic_folder(output, check_replaceable) as folder:
        runs: dict[str, list[_Half]] = {half: [] for half in first.halves}
        for number, given in enumerate(matrices):
            matrix = first if number == 0 else _opened(given)
            _check_alike(matrix, first)
            if vocabulary is None:
                _check_words(matrix, first)
            sizes += sum(int(tiles.file_offsets[-1]) for tiles in matrix.halves.values())
            check_free_space(where, sizes, "name a folder on a larger disk as `tmp`")
            tokens += matrix.tokens
            most_frequent += int(matrix.vocabulary.counts.max())
            if first.windows:
                first.windows.check_sums(most_frequent)
            # an earlier version divided large vocabularies into fewer parts
            if vocabulary is not None or matrix.lower.parts != parts:
                words = vocabulary or first.vocabulary
                given = spill / f"remapped-{number}"
                matrix = remap(matrix, words, given, workers=workers, memory=memory, tmp=where)
            for half, some in runs.items():
                some.append(_Half(given, half, matrix.meta, matrix.folder / f"{half}.bin"))
        with full_disk_named(where):
            merged = {half: merge_runs(some, spill, minimum, workers, memory) for half, some in runs.items()}
        write_matrix(
            folder,
            vocabulary or first.vocabulary,
            first.windows,
            tokens,
            merged,
            denominator=first.denominator,
            min_cooccurrence=max(min_cooccurrence, first.min_cooccurrence),
        )
    return CooccurrenceMatrix.open(output)


def _opened(matrix: CooccurrenceMatrix | Path) -> CooccurrenceMatrix:
    return matrix if isinstance(matrix, CooccurrenceMatrix) else CooccurrenceMatrix.open(matrix)


class _Half(NamedTuple):
    """A half of a matrix, as a run to add up; a folder is opened while it is read."""

    matrix: CooccurrenceMatrix | Path
    half: str
    meta: dict[str, Any]
    path: Path

    def load(self) -> Tiles:
        """The tiles.

        Raises
        ------
        InputError
            If the folder is not the one that was checked.
        """
        matrix = _opened(self.matrix)
        if matrix.meta != self.meta:
            raise InputError(f"{matrix.folder}: has changed while it was read; merge again")
        return matrix.halves[self.half]

    def remove(self) -> None:
        """Leave the folder as it is."""


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
