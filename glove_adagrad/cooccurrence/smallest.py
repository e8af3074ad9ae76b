"""A matrix of one cell, made without compiled code."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np

from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
from glove_adagrad.cooccurrence.tiles import Tiles

#: The tile of one cell in its first row and column, whose sum is 1; see `kernels.tile_layout`.
_TILE = np.array([1, 0, 1], np.uint64).tobytes()

#: Which of the four tiles of two words it is.
_PLACE = 2


def smallest_matrix(folder: Path, *, symmetric: bool) -> CooccurrenceMatrix:
    """Write the tiles of a matrix of two words and one cell to `folder`, and return it."""
    halves = {}
    contents = {"lower": _TILE} if symmetric else {"lower": b"", "upper": _TILE}
    for half, tile in contents.items():
        path = folder / f"{half}.bin"
        path.write_bytes(tile)
        table = np.zeros((4, 3), np.uint32)
        table[_PLACE] = len(tile) > 0, 0, zlib.crc32(tile)
        halves[half] = Tiles(path, table, 2, zlib.crc32(tile), open(path, "rb"))  # noqa: SIM115
    meta = {
        "words": 2, "tokens": 2, "records": 1 + symmetric, "denominator": 1, "windows": None,
        "checksums": {half: tiles.checksum for half, tiles in halves.items()},
    }  # fmt: skip
    return CooccurrenceMatrix(folder, meta, halves["lower"], halves.get("upper", halves["lower"]), 0, b"a 1\nb 1\n")
