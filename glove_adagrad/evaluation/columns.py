"""Tables in test sets: which character separates the columns, and which column holds what.

A header decides. Without one, the columns are detected from their content, and a warning says so where that is not
certain.
"""

from __future__ import annotations

import contextlib
import csv
import math
import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from glove_adagrad.errors import InputError
from glove_adagrad.text import printable

#: In the order in which they are preferred, with the names that reports use.
SEPARATORS = {"\t": "tab", ";": ";", "|": "|", ",": ",", ":": ":", " ": "blanks"}
_QUOTED = {";", "|", ","}  # separators of CSV files, whose fields may be in quotes
_LOOKED_AT = 1000  # lines that decide on the separator
_DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+")


@dataclass(frozen=True)
class Layout:
    """How a table was read.

    Attributes
    ----------
    separator : str
        'tab', 'blanks' or the character.
    columns : tuple of str
        The columns used, in the order of their meaning: by the header's names, or by numbers from 1.
    header : bool
        Whether the first line was a header.
    decimal_comma : bool
        Whether numbers were written with a comma.
    """

    separator: str
    columns: tuple[str, ...]
    header: bool
    decimal_comma: bool = False

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "separator": self.separator,
            "columns": list(self.columns),
            "header": self.header,
            "decimal_comma": self.decimal_comma,
        }

    def describe(self) -> str:
        """Return one line about what was guessed."""
        comma = ", with decimal commas" if self.decimal_comma else ""
        kind = "" if self.header else " (no header)"
        return f"columns {', '.join(self.columns)}{kind} separated by {self.separator}{comma}"


@dataclass(frozen=True)
class Table:
    """Lines in columns.

    Attributes
    ----------
    path : Path
    separator : str
    rows : list of (int, list of str)
        Line number and fields. The first may be a header.
    """

    path: Path
    separator: str
    rows: list[tuple[int, list[str]]]

    @property
    def first(self) -> list[str]:
        return self.rows[0][1] if self.rows else []

    @property
    def body(self) -> list[list[str]]:
        """The fields of all rows but the first, which may be a header; of that one if it is the only one."""
        return [fields for _, fields in self.rows[1:]] or [self.first]

    @property
    def width(self) -> int:
        return max((len(fields) for _, fields in self.rows), default=0)

    def values(self, column: int) -> list[str]:
        """The fields of a column in the body that are not empty."""
        return [fields[column] for fields in self.body if column < len(fields) and fields[column]]

    @property
    def filled(self) -> list[int]:
        """Columns with something in them in at least half of the body."""
        return [column for column in range(self.width) if 2 * len(self.values(column)) >= len(self.body)]

    def is_running(self, column: int) -> bool:
        """Whether a column counts the lines: whole numbers, each one more than the last."""
        values = self.values(column)
        if len(values) < max(2, len(self.body)) or not all(value.isdecimal() and len(value) < 10 for value in values):
            return False
        numbers = list(map(int, values))
        return numbers == list(range(numbers[0], numbers[0] + len(numbers)))

    def resolve(self, named: Sequence[str]) -> list[int]:
        """Find columns by names of the header, or by numbers from 1.

        Raises
        ------
        InputError
            If there is no such column.
        """
        names = [simplified(name) for name in self.first]
        found = []
        for name in named:
            number = int(name) if name.isdecimal() and len(name) < 6 else 0
            if simplified(name) in names:
                found.append(names.index(simplified(name)))
            elif 0 < number <= self.width:
                found.append(number - 1)
            else:
                raise InputError(
                    f"{self.path}: has no column {name!r}; name columns of its header, or number them from 1 to "
                    f"{self.width}. Its first line: {' | '.join(self.first)[:200]}"
                )
        return found

    def layout(self, columns: Sequence[int], header: bool, decimal_comma: bool = False) -> Layout:
        """Describe the use of `columns`."""
        return Layout(
            SEPARATORS[self.separator],
            tuple(
                self.first[column].lstrip("#")
                if header and column < len(self.first) and self.first[column]
                else str(column + 1)
                for column in columns
            ),
            header,
            decimal_comma,
        )

    def warn(self, meaning: Sequence[str], columns: Sequence[int], why: str) -> None:
        """Warn of columns that were guessed."""
        taken = ", ".join(f"{column + 1} as the {role}" for role, column in zip(meaning, columns, strict=True))
        message = f"{self.path}: {why}; took column {taken} (line {self.rows[-1][0]}: {self._example(columns)})"
        warnings.warn(printable(f"{message}; to take others, name them (--columns)"), stacklevel=4)

    def _example(self, columns: Sequence[int]) -> str:
        fields = self.rows[-1][1]
        return ", ".join(fields[column][:30] if column < len(fields) else "" for column in columns)


def read_table(path: Path, lines: Sequence[tuple[int, str]], least: int) -> Table:
    """Split lines by the separator that gives `least` fields in at least half of them, or else in the most."""
    sample = [line for _, line in lines[:_LOOKED_AT]]
    counts = {
        separator: sum(len([field for field in split(line, separator) if field]) >= least for line in sample)
        for separator in SEPARATORS
    }
    best = next((separator for separator in SEPARATORS if 2 * counts[separator] > len(sample)), "")
    best = best or max(counts, key=lambda separator: counts[separator])
    return Table(path, best, [(number, split(line, best)) for number, line in lines])


def split(line: str, separator: str) -> list[str]:
    """The fields of a line, without blanks around them; no-break spaces belong to words."""
    if separator == " ":
        return [field for field in re.split(r"[ \t]+", line) if field]
    fields = line.rstrip(" \t").split(separator)
    if separator in _QUOTED and '"' in line:
        # a field without end, for example, keeps the plain split
        with contextlib.suppress(csv.Error):
            fields = next(csv.reader([line.rstrip(" \t")], delimiter=separator, skipinitialspace=True), [])
    return [field.strip() for field in fields]


def simplified(name: str) -> str:
    """A column's name without case, blanks and punctuation."""
    return re.sub(r"[\W_]+", "", name.casefold())


def number(text: str) -> float | None:
    """A finite number, possibly with a decimal comma or a per cent sign; None for anything else."""
    text = text.removesuffix("%")
    if _DECIMAL_COMMA.fullmatch(text):
        text = text.replace(",", ".")
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and "_" not in text else None


def has_decimal_comma(text: str) -> bool:
    return bool(_DECIMAL_COMMA.fullmatch(text.removesuffix("%")))


def numeric_columns(table: Table) -> list[int]:
    """Columns that hold a number in more than half of the lines that have any number."""
    numeric = [[column for column, field in enumerate(row) if number(field) is not None] for row in table.body]
    counted = [columns for columns in numeric if columns]
    return [
        column for column in range(table.width) if 2 * sum(column in columns for columns in counted) > len(counted)
    ]


def mean_of_others(table: Table, columns: Sequence[int]) -> int | None:
    """The column that is the mean of the other ones, as of several judges' scores; None if there is none."""
    if len(columns) < 3:
        return None
    rows = [[number(row[column]) if column < len(row) else None for column in columns] for row in table.body]
    values = np.array([row for row in rows if None not in row], dtype=np.float64).reshape(-1, len(columns))
    if len(values) < 3:
        return None
    others = (values.sum(axis=1, keepdims=True) - values) / (len(columns) - 1)
    # published means are rounded to one or two decimals
    close = np.mean(np.abs(values - others) <= 0.051, axis=0)
    best = int(np.argmax(close))
    return columns[best] if close[best] > 0.9 else None


def by_name(table: Table, candidates: Sequence[int], tests: Sequence[Callable[[str], bool]]) -> list[int]:
    """The candidates whose name in the first line passes the first of the tests that any passes."""
    for test in tests:
        found = [column for column in candidates if column < len(table.first) and test(table.first[column])]
        if found:
            return found
    return []
