"""What a matrix holds, in a few figures."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import IO

import numpy as np

from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
from glove_adagrad.cooccurrence.tiles import Tiles
from glove_adagrad.parallel import in_order

#: Shares of the records at which X is given.
SHARES = (0.0, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 1.0)


@dataclass(frozen=True)
class Summary:
    """Figures of a matrix.

    Attributes
    ----------
    words, tokens, records : int
    quantiles : dict
        Share of the records -> X; to 0.02 %, and the smallest and largest exactly.
    total : float
        The sum of all X.
    bytes : int
        Size of the folder.
    """

    words: int
    tokens: int
    records: int
    quantiles: dict[float, float]
    total: float
    bytes: int


def summarize(matrix: CooccurrenceMatrix, workers: int = 1) -> Summary:
    """Read a matrix once and describe it."""
    from glove_adagrad.kernels import tile_sums as kernels

    histogram = np.zeros(kernels.BINS, np.int64)
    smallest, largest, total = 0xFFFFFFFFFFFFFFFF, 0, 0.0

    def work(tiles: Tiles, file: IO[bytes], part: int) -> tuple[np.ndarray, np.ndarray, float]:
        some = np.zeros(kernels.BINS, np.int64)
        extremes = np.array([0xFFFFFFFFFFFFFFFF, 0], np.uint64)
        total = 0.0
        for q in range(tiles.parts):
            tile = part * tiles.parts + q
            total += kernels.tally_sums(
                0, tiles.sizes[part], tiles.tile_cells[tile], q == part, matrix.symmetric,
                *tiles.read(file, tile).all, some, extremes,
            )  # fmt: skip
        return some, extremes, total

    with ExitStack() as stack, ThreadPoolExecutor(workers) as pool:
        halves = [(tiles, stack.enter_context(tiles.open())) for tiles in matrix.halves.values()]
        tasks = ((work, (tiles, file, part)) for tiles, file in halves for part in range(tiles.parts))
        for some, extremes, some_total in in_order(pool, workers, tasks):
            histogram += some
            smallest, largest = min(smallest, int(extremes[0])), max(largest, int(extremes[1]))
            total += some_total
    ends = np.cumsum(histogram)
    quantiles = {}
    for share in SHARES:
        bin_number = int(np.searchsorted(ends, share * (ends[-1] - 1), side="right"))
        value = float(np.clip(kernels.middle_of_bin(bin_number), smallest, largest))
        quantiles[share] = value / matrix.denominator
    quantiles[0.0], quantiles[1.0] = smallest / matrix.denominator, largest / matrix.denominator
    return Summary(
        words=matrix.words,
        tokens=matrix.tokens,
        records=matrix.records,
        quantiles=quantiles,
        total=total / matrix.denominator,
        bytes=matrix.nbytes,
    )
