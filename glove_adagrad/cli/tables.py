"""Columns of text."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from glove_adagrad.text import printable


def table(rows: Sequence[Sequence[str]], left: int = 1) -> list[str]:
    """Lines of aligned columns, the first `left` of them to the left, the others to the right.

    An empty row becomes an empty line; columns that no row has are left out of a row's end. Cells are made printable.
    """
    rows = [list(map(printable, row)) for row in rows]
    widths: list[int] = []
    for row in rows:
        widths += [0] * (len(row) - len(widths))
        widths[: len(row)] = [max(pair) for pair in zip(widths, map(_width, row), strict=False)]
    lines = []
    for row in rows:
        cells = []
        for column, cell in enumerate(row):
            blanks = " " * (widths[column] - _width(cell))
            cells.append(cell + blanks if column < left else blanks + cell)
        lines.append("  ".join(cells).rstrip())
    return lines


def _width(text: str) -> int:
    """Columns that a terminal gives to a text: East Asian wide characters take two, combining ones none."""
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide - sum(unicodedata.combining(character) > 0 for character in text)
