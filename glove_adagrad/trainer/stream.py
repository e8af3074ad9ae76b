"""The matrix as the kernel reads it: checked tiles in memory, stratum by stratum if it is larger than the budget.

Tiles are read, not mapped: what a kernel sees was checked and cannot change any more, even if the file does.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from typing import Any

import numpy as np

from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
from glove_adagrad.cooccurrence.tiles import Tiles, Views
from glove_adagrad.kernels.arguments import Half

#: The half of a symmetric matrix, or both of another.
Halves = tuple[Half, ...]


class MatrixStream:
    """Tiles in memory, as much as a budget allows.

    Parameters
    ----------
    matrix : CooccurrenceMatrix
    memory : int, optional
        Bytes of the matrix that may stay in memory. If they do not suffice for all, a stratum's tiles are read ahead
        while the one before is trained, and let go afterwards. Everything stays by default.

    Attributes
    ----------
    halves : Halves
        The tiles of the last `load`; those of all loads if everything stays.
    cells : int64 array [P, P]
        Cells of the tiles that a block takes its records from.
    visits : int64 array [P, P]
        How many records a block yields: where X[a, b] and X[b, a] are one cell, twice.
    decomposition : tuple, optional
        What `svd.decompose_stream` keeps.
    """

    def __init__(self, matrix: CooccurrenceMatrix, memory: int | None = None) -> None:
        self.matrix = matrix
        self.parts = matrix.lower.parts
        self._tiles = list(matrix.halves.values())
        self.nbytes = sum(int(tiles.offsets[-1]) for tiles in self._tiles)
        self.whole = memory is None or self.nbytes <= memory
        square = (self.parts, self.parts)
        cells = np.sum([tiles.tile_cells.reshape(square) for tiles in self._tiles], axis=0)
        self.cells = cells + np.tril(cells.T, -1) + np.triu(cells.T, 1)
        self.visits = np.zeros_like(cells)
        for half, tiles in matrix.halves.items():
            cells = tiles.tile_cells.reshape(square)
            self.visits += cells * (half == "lower") + cells.T * (half == "upper" or matrix.symmetric)
        #: For each half and tile whether it has been read and checked.
        self._seen = [np.zeros(self.parts**2, bool) for _ in self._tiles]
        self.decomposition: Any = None
        self._reader = ThreadPoolExecutor(1)
        self._ahead: tuple[np.ndarray, Future[Halves]] | None = None
        sizes = [int(tiles.offsets[-1]) if self.whole else 0 for tiles in self._tiles]
        # zeros are tiles without cells, and take no memory until they are overwritten
        self._memory = [np.zeros(size, np.uint8) for size in sizes]
        firsts = [tiles.offsets[:-1] // 8 for tiles in self._tiles]
        self.halves = self._as_halves(list(zip(self._memory, firsts, strict=True)))

    @property
    def resident_bytes(self) -> int:
        """What of the matrix is in memory at a time."""
        return self.nbytes if self.whole else int(2 * self.nbytes / self.parts)

    @cached_property
    def marginals(self) -> tuple[np.ndarray, np.ndarray]:
        """Sums of X by word and by context, float64 [V] each, in the order of rows. Reads the whole matrix."""
        from glove_adagrad.kernels.tile_sums import marginals

        partition = self.matrix.lower.partition
        word_sums, context_sums = np.zeros((2, partition.words))
        scale = 1 / self.matrix.denominator
        for part in range(self.parts):
            marginals(self.rows(part), partition.sizes, partition.starts, part, scale, word_sums, context_sums)
        return word_sums, context_sums

    def blocks(self, stratum: int) -> np.ndarray:
        """int64 [P, 2]: the blocks (p, (p + stratum) mod P), parts of words and of contexts."""
        p = np.arange(self.parts)
        return np.stack([p, (p + stratum) % self.parts], axis=1)

    def load(self, blocks: np.ndarray, pool: ThreadPoolExecutor | None = None, workers: int = 1) -> None:
        """Have the tiles of some blocks in `halves`.

        Parameters
        ----------
        blocks : int64 array [n, 2]
        pool, workers : optional
            Threads that share the work.

        Raises
        ------
        DamagedError
            If a tile is damaged.
        """
        if self.whole:
            missing = self._missing(self._of_blocks(blocks))
            shares = [(half, tiles[k::workers]) for half, tiles in missing for k in range(workers)]
            for _ in (pool.map if pool else map)(self._fetch, shares):
                pass
            return
        ahead, self._ahead = self._ahead, None
        if ahead is not None and np.array_equal(ahead[0], blocks):
            self.halves = ahead[1].result()
        else:
            self.halves = self._read(self._of_blocks(blocks))

    def read_ahead(self, blocks: np.ndarray) -> None:
        """Read the tiles that will be loaded next in the background."""
        if not self.whole:
            self._ahead = blocks, self._reader.submit(self._read, self._of_blocks(blocks))

    def rows(self, part: int) -> Halves:
        """All tiles whose rows are of a part; errors as of `load`. Threads may ask for different parts."""
        tiles = np.arange(part * self.parts, (part + 1) * self.parts)
        if not self.whole:
            return self._read(tiles)
        for share in self._missing(tiles):
            self._fetch(share)
        return self.halves

    def cross(self, part: int) -> Halves:
        """All tiles whose rows or columns are of a part; errors as of `load`.

        Threads may ask for different parts; if everything stays in memory, all tiles must have been loaded before.
        """
        if self.whole:
            return self.halves
        q = np.arange(self.parts)
        return self._read(self._of_blocks(np.stack([np.full_like(q, part), q], axis=1)))

    def _of_blocks(self, blocks: np.ndarray) -> np.ndarray:
        p, q = blocks.T
        return np.unique([p * self.parts + q, q * self.parts + p])

    def _missing(self, tiles: np.ndarray) -> list[tuple[int, np.ndarray]]:
        """For each half those that are not in memory."""
        missing = [(half, tiles[~seen[tiles]]) for half, seen in enumerate(self._seen)]
        return [(half, some) for half, some in missing if len(some)]

    def _fetch(self, share: tuple[int, np.ndarray]) -> None:
        """Read tiles of a half to their places in the memory that holds all."""
        half, numbers = share
        tiles = self._tiles[half]
        with tiles.open() as file:
            tiles.read_into(file, numbers, self._memory[half], tiles.offsets[numbers])
        self._seen[half][numbers] = True

    def _read(self, numbers: np.ndarray) -> Halves:
        """Tiles in memory of their own."""
        halves = zip(self._tiles, self._seen, strict=True)
        return self._as_halves([self._packed(tiles, seen, numbers) for tiles, seen in halves])

    @staticmethod
    def _packed(tiles: Tiles, seen: np.ndarray, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        ends = np.cumsum(tiles.offsets[numbers + 1] - tiles.offsets[numbers])
        begins = np.concatenate([[0], ends[:-1]])
        memory, firsts = np.zeros(ends[-1], np.uint8), np.empty(tiles.parts**2, np.int64)
        firsts[numbers] = begins // 8
        with tiles.open() as file:
            tiles.read_into(file, numbers, memory, begins, structure=not seen[numbers].all())
        seen[numbers] = True
        return memory, firsts

    def _as_halves(self, halves: list[tuple[np.ndarray, np.ndarray]]) -> Halves:
        symmetric = self.matrix.symmetric
        return tuple(
            Half(*Views(memory).all, firsts, tiles.tile_cells, half == "lower", half == "upper" or symmetric)
            for (half, tiles), (memory, firsts) in zip(self.matrix.halves.items(), halves, strict=True)
        )
