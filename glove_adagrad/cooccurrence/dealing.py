"""Distribute the cells of a part's rows over its tiles."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from glove_adagrad.cooccurrence.tiles import Views, number_of_parts, part_sizes, section_bases

#: Consecutive tiles as `TileWriter.write` takes them: bytes, where each begins, cells and large sums of each.
RawTiles = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


class Dealer:
    """Knows which part and row a word belongs to, and turns a part's rows into its tiles."""

    def __init__(self, words: int) -> None:
        self.parts = number_of_parts(words)
        self.sizes = part_sizes(words, self.parts)
        ranks = np.arange(words)
        self.word_part = (ranks % self.parts).astype(np.uint16)
        self.word_row = (ranks // self.parts).astype(np.uint16)

    def deal(
        self,
        part: int,
        row_cells: np.ndarray,
        pieces: Sequence[tuple[int, np.ndarray, np.ndarray]],
        minimum: int,
    ) -> RawTiles:
        """Deal a part's rows.

        Parameters
        ----------
        row_cells : int64 array [rows of the part]
            Cells of each row.
        pieces : sequence of (row, column, total)
            The cells of consecutive rows up to `row`: columns as ranks (uint32), ascending within a row, and sums
            (uint64).
        minimum : int
            Smaller sums are left out.
        """
        from glove_adagrad.kernels import cooccurrence as kernels

        least = np.uint64(minimum)
        cells, large = np.zeros((2, self.parts), np.int64)
        for _, column, total in pieces:
            kernels.count_tile_cells(column, total, len(column), self.word_part, least, cells, large)
        base, offsets = section_bases(int(self.sizes[part]), cells, large)
        raw = np.zeros(offsets[-1], np.uint8)
        views = Views(raw)
        written = np.zeros((self.parts, 2), np.int64)
        row = 0
        for last, column, total in pieces:
            kernels.fill_tiles(
                column, total, row_cells, row, last, self.word_part, self.word_row, least, base, written, *views.all
            )
            row = last
        return raw, offsets, cells, large
