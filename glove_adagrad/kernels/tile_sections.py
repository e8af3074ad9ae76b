"""Where the sections of a tile begin: plain arithmetic, for kernels and for arrays of many tiles."""

from __future__ import annotations

from typing import Any


def sections(first: Any, low: Any, rows: Any, cells: Any, large: Any) -> tuple[Any, Any, Any, Any, Any, Any]:
    """Where a tile's sections begin and where it ends, in words of 8 bytes; `kernels.tile_layout` describes them.

    Parameters
    ----------
    first : int or int64 array
        Where the tile begins.
    low : int or int64 array
        How many bits of a row number are stored as they are.
    rows, cells, large : int or int64 array

    Returns
    -------
    lows, highs, columns, sums, large, end : int or int64 array
        `lows` and `highs` are the two sections of row numbers.
    """
    highs = first + (cells * low + 63 >> 6)
    columns = highs + (cells + (rows - 1 >> low) + 64 >> 6) * (cells > 0)
    sums = columns + (2 * cells + 7 >> 3)
    large_sums = sums + (4 * cells + 7 >> 3)
    return first, highs, columns, sums, large_sums, large_sums + large
