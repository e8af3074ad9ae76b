"""The matrix as the kernel reads it: mapped from disk, stratum by stratum if it is larger than the memory budget."""

from __future__ import annotations

import mmap
from typing import Any

import numpy as np

from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
from glove_adagrad.cooccurrence.tiles import Tiles, Views


class MatrixStream:
    """Tiles in memory, as much as a budget allows.

    Parameters
    ----------
    matrix : CooccurrenceMatrix
    memory : int, optional
        Bytes of the matrix that may stay in memory. If they do not suffice for all, a stratum's tiles are read ahead
        while the one before is trained, and let go afterwards. Everything stays by default.
    """

    def __init__(self, matrix: CooccurrenceMatrix, memory: int | None = None) -> None:
        self.matrix = matrix
        self.parts = matrix.lower.parts
        self._files = [(tiles, tiles.map(), tiles.ends()) for tiles in matrix.halves.values()]
        self.nbytes = sum(int(ends[-1]) for _, _, ends in self._files)
        self.whole = memory is None or self.nbytes <= memory
        #: Cells of the tiles that a block takes its records from, int64 [P, P].
        cells = np.sum([tiles.table[:, 1].reshape(self.parts, self.parts) for tiles, _, _ in self._files], axis=0)
        self.cells = cells + np.tril(cells.T, -1) + np.triu(cells.T, 1)
        #: How often a block comes by a cell, int64 [P, P]: where X[a, b] and X[b, a] are one cell, twice.
        self.visits = np.zeros_like(cells)
        for half, (tiles, _, _) in zip(matrix.halves, self._files, strict=True):
            table = tiles.table[:, 1].reshape(self.parts, self.parts)
            self.visits += table * (half == "lower") + table.T * (half == "upper" or matrix.symmetric)
        #: As `kernels.training.train_blocks` takes them.
        self.halves = tuple(
            (*Views(np.asarray(raw)).all, tiles.bases(), half == "lower", half == "upper" or matrix.symmetric)
            for half, (tiles, raw, _) in zip(matrix.halves, self._files, strict=True)
        )

    @property
    def resident_bytes(self) -> int:
        """What of the matrix is in memory at a time."""
        return self.nbytes if self.whole else int(2 * self.nbytes / self.parts)

    def blocks(self, stratum: int) -> np.ndarray:
        """int64 [P, 2]: the blocks (p, (p + stratum) mod P), parts of words and of contexts."""
        p = np.arange(self.parts)
        return np.stack([p, (p + stratum) % self.parts], axis=1)

    def read_ahead(self, stratum: int) -> None:
        """Let the system fetch a stratum's tiles while something else goes on."""
        self._advise(stratum, mmap.MADV_WILLNEED)

    def let_go(self, stratum: int) -> None:
        """Take a stratum's tiles out of memory."""
        self._advise(stratum, mmap.MADV_DONTNEED)

    def _advise(self, stratum: int, advice: int) -> None:
        if self.whole:
            return
        for tiles, raw, ends in self._files:
            for p, q in self.blocks(stratum).tolist():
                for tile in {p * self.parts + q, q * self.parts + p}:
                    _advise(tiles, raw, int(tiles.table[tile, 0]), int(ends[tile]), advice)


def _advise(tiles: Tiles, raw: Any, begin: int, end: int, advice: int) -> None:
    begin -= begin % mmap.PAGESIZE
    if end > begin:
        raw._mmap.madvise(advice, begin, end - begin)
