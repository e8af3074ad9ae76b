"""Build a matrix from cells counted elsewhere, in any order.

Sums are whole numbers over a denominator here, and X elsewhere a float. The denominator is the smallest of a few
at which every X is kept to `PRECISION`; for what Stanford's `cooccur` counts with windows up to 18 the sums are
the very ones that counting the text would give.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from glove_adagrad.cooccurrence.cell_sorter import CellSorter, RepeatedCellError
from glove_adagrad.cooccurrence.distance_weights import LARGEST_DENOMINATOR
from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix, check_replaceable, write_matrix
from glove_adagrad.cooccurrence.partition import Partition
from glove_adagrad.cooccurrence.spill import spill_folder
from glove_adagrad.cooccurrence.tile_builder import RawTiles
from glove_adagrad.cooccurrence.tiles import Tiles, TileWriter
from glove_adagrad.cooccurrence.windows import MOST, Windows
from glove_adagrad.corpus import Progress
from glove_adagrad.errors import InputError
from glove_adagrad.files import atomic_folder, full_disk_named
from glove_adagrad.parallel import in_order
from glove_adagrad.vocabulary import Vocabulary

#: How exactly each X is kept, relatively. Sums of reciprocals in float64 differ by less from the exact ones.
PRECISION = 1e-9


#: Denominators that are tried first: whole counts; lcm(1..15); lcm(1..18); that of wider windows.
_DENOMINATORS = (1, 360_360, 12_252_240, 1 << 24)


class Cells(NamedTuple):
    """Some cells: words and contexts as ranks from 0 (int64) and X (float64), or, exactly, sums (uint64)."""

    word: np.ndarray
    context: np.ndarray
    x: np.ndarray


class UnkeepableError(InputError):
    """X that no denominator keeps to `PRECISION`."""


def choose_denominator(pieces: Iterator[np.ndarray]) -> int:
    """The smallest denominator at which all X, float64 and positive, are kept to `PRECISION`.

    Raises
    ------
    UnkeepableError
        If none will do because the X span more than ten orders of magnitude, or are below 1e-21.
    """
    possible = list(_DENOMINATORS)
    smallest, largest = np.inf, 0.0
    for x in pieces:
        if len(x):
            smallest, largest = min(smallest, float(x.min())), max(largest, float(x.max()))
            possible = [denominator for denominator in possible if is_exact(x, denominator).all()]
    if largest == 0:
        return 1
    # as a power of two, whose logarithm has no limits that matter, where the number itself could be past all floats
    bits = max(0, math.ceil(-math.log2(PRECISION) - math.log2(smallest)))
    denominator = min([*possible, 1 << bits])
    if denominator > LARGEST_DENOMINATOR or largest * denominator >= MOST:
        raise UnkeepableError(
            f"X from {smallest:g} to {largest:g}: the range is too wide, or the values are too small, to keep "
            "nine digits of each; leave out the smallest"
        )
    return denominator


def is_exact(x: np.ndarray, denominator: int) -> np.ndarray:
    """Which X a whole number over the denominator gives to `PRECISION`, and that number is below `MOST`."""
    with np.errstate(over="ignore", invalid="ignore"):  # what is past all floats is not below MOST
        scaled = x * denominator
        exact: np.ndarray = (np.abs(np.rint(scaled) - scaled) <= PRECISION * scaled) & (scaled < MOST)
    return exact


def build_matrix(
    read: Callable[[], Iterator[Cells]],
    vocabulary: Vocabulary,
    output: Path,
    *,
    denominator: int,
    windows: Windows | None,
    tokens: int,
    symmetric: bool | None = None,
    min_cooccurrence: float = 0.0,
    workers: int = 1,
    memory: int = 4 << 30,
    tmp: Path | None = None,
    progress: Progress | None = None,
) -> CooccurrenceMatrix:
    """Write a folder of co-occurrences out of cells in any order, each at most once.

    Parameters
    ----------
    read : callable
        Gives the cells with X as float64 or sums as uint64.
    windows : Windows, optional
        How they were counted, if that is known; whether they are symmetric is seen from the cells.
    symmetric : bool, optional
        Whether the matrix is; then only its cells with word >= context are given. If left out, it is stored as
        symmetric if each X[a, b] equals X[b, a] to `PRECISION`.
    progress : callable, optional
        Called with the number of cells taken so far.

    Raises
    ------
    InputError
        If there is no cell.
    RepeatedCellError
        If a cell comes twice; its ranks are those of the word and its context.
    """
    partition = Partition(len(vocabulary))
    where = tmp or output.absolute().parent
    with spill_folder(where) as spill, atomic_folder(output, check_replaceable) as folder:
        lower, upper = (CellSorter(partition, spill, memory // 3, half) for half in ("lower-cells", "upper-cells"))
        taken = 0
        with full_disk_named(where):
            for word, context, x in read():
                sums = x if x.dtype == np.uint64 else np.rint(x * float(denominator)).astype(np.uint64)
                below = word >= context
                above = ~below
                lower.add(word[below], context[below], sums[below])
                upper.add(context[above], word[above], sums[above])
                taken += len(word)
                if progress:
                    progress(taken)
            halves, mirrored = _write_halves(partition, lower, upper, spill, workers)
        if symmetric is None:
            symmetric = mirrored
        if symmetric:
            del halves["upper"]
        write_matrix(
            folder,
            vocabulary,
            windows and replace(windows, symmetric=symmetric),
            tokens,
            halves,
            denominator=denominator,
            min_cooccurrence=min_cooccurrence,
        )
    return CooccurrenceMatrix.open(output)


def _write_halves(
    partition: Partition, lower: CellSorter, upper: CellSorter, spill: Path, workers: int
) -> tuple[dict[str, Tiles], bool]:
    """Both halves as tiles, and whether the upper one only repeats the lower."""
    lower.finish()
    upper.finish()

    def work(part: int) -> tuple[RawTiles, RawTiles, bool]:
        lower_cells = lower.part(part)
        try:
            upper_cells = upper.part(part)
        except RepeatedCellError as error:
            raise RepeatedCellError(error.column, error.row) from None
        mirrored = _mirrored(partition, part, lower_cells, upper_cells)
        return lower.tiles(part, *lower_cells), upper.tiles(part, *upper_cells), mirrored

    symmetric = True
    paths = {half: spill / half for half in ("lower", "upper")}
    with (
        open(paths["lower"], "wb") as lower_file,
        open(paths["upper"], "wb") as upper_file,
        ThreadPoolExecutor(workers) as pool,
    ):
        writers = {"lower": TileWriter(lower_file), "upper": TileWriter(upper_file)}
        for below, above, mirrored in in_order(pool, workers, ((work, (part,)) for part in range(partition.parts))):
            writers["lower"].write(*below)
            writers["upper"].write(*above)
            symmetric = symmetric and mirrored
    tiles = {
        half: Tiles(paths[half], writers[half].table(), partition.words, writers[half].checksum) for half in paths
    }
    return tiles, symmetric


def _mirrored(
    partition: Partition, part: int, lower: tuple[np.ndarray, np.ndarray], upper: tuple[np.ndarray, np.ndarray]
) -> bool:
    """Whether the cells above the diagonal are those below it."""
    keys, sums = lower
    apart = partition.rank_of(part, keys >> np.uint64(32)) != (keys & np.uint64(0xFFFFFFFF)).astype(np.int64)
    if not np.array_equal(keys[apart], upper[0]):
        return False
    return np.allclose(sums[apart].astype(float), upper[1].astype(float), rtol=PRECISION, atol=0)
