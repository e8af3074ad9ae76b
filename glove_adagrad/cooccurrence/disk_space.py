"""How many cells a count will have, and so how much disk it needs, before anything is counted."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from glove_adagrad.cooccurrence.partition import Partition
from glove_adagrad.files import check_free_space

#: Text repeats itself more than words drawn independently would: on encyclopedia text of 2 to 17 million tokens it
#: has 0.76 to 0.81 of the cells.
_REPETITION = 0.78

#: Column and sum, and the share of padding and large sums.
_BYTES_PER_CELL = 6.3

#: Number of classes of about equal counts into which a vocabulary is divided.
_CLASSES = 200


def expected_cells(counts: np.ndarray, window: int, sides: int, share: float = 1.0) -> float:
    """Cells of one half of the matrix that a share of a text should have.

    Parameters
    ----------
    counts : int64 array [V]
        The words' counts in the whole text, in descending order.
    sides : {1, 2}
        Whether a pair is found in one order or in both.
    """
    edges = np.unique(np.geomspace(1, len(counts) + 1, _CLASSES).astype(np.int64)) - 1
    sizes = np.diff(edges)
    means = share * np.add.reduceat(counts.astype(float), edges[:-1]) / sizes
    meetings = sides * window * np.outer(means, means) / max(share * counts.sum(), 1)
    return _REPETITION * float((np.outer(sizes, sizes) / 2 * -np.expm1(-meetings)).sum())


def expected_bytes(cells: float, words: int) -> float:
    """Bytes of the tiles of one half of the matrix, if all tiles have as many cells."""
    rows = words * Partition(words).parts
    low = max(0, math.floor(math.log2(rows / max(cells, 1.0))))
    return _BYTES_PER_CELL * cells + (cells * (1 + low) + rows / 2**low) / 8


def check_disk(counts: np.ndarray, window: int, *, symmetric: bool, segments: int, output: Path, spill: Path) -> None:
    """Refuse a count that would not fit on the disks.

    Raises
    ------
    InputError
        If the folder of the output or that of spill files has too little space free.
    """
    halves, sides = (1, 2) if symmetric else (2, 1)
    result = halves * expected_bytes(expected_cells(counts, window, sides), len(counts))
    runs = segments * halves * expected_bytes(expected_cells(counts, window, sides, 1 / segments), len(counts))
    same_disk = output.stat().st_dev == spill.stat().st_dev
    # partial counts, and their sum next to them; the sum is then moved, which takes space only on another disk
    check_free_space(
        spill,
        int(result if segments == 1 else runs + result),
        "name a folder on a larger disk as `tmp`" + (", or give more `memory`" if segments > 1 else ""),
    )
    if not same_disk:
        check_free_space(output, int(result), "write to a larger disk")
