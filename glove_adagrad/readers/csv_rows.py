"""CSV and TSV files: one column is the text; quotes as spreadsheets and pandas write them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from itertools import chain
from typing import TYPE_CHECKING

from glove_adagrad.errors import InputError
from glove_adagrad.readers.source import BLOCK_BYTES, LARGEST_RECORD, Source, encoded_records

if TYPE_CHECKING:
    from glove_adagrad.text_options import TextOptions

#: With the names that messages use, in the order in which they are preferred.
_SEPARATORS = {",": "commas", "\t": "tabs", ";": "semicolons", "|": "bars"}


def reader(options: TextOptions) -> Callable[[Source], Iterator[bytes]]:
    """Return the reader of one column, by its name in the header, or by its number from 1 without a header."""
    field = options.field or "text"
    return lambda source: _read(source, field)


def _read(source: Source, field: str) -> Iterator[bytes]:
    lines = _lines(source)
    first = next(lines, "")
    separator = _separator(first)
    csv.field_size_limit(LARGEST_RECORD)  # of the process; the default is 128 KB
    rows = csv.reader(
        chain([first], lines),
        delimiter=separator,
        quoting=csv.QUOTE_NONE if separator == "\t" else csv.QUOTE_MINIMAL,
        strict=True,
    )
    begin = end = 1
    texts: list[str] = []
    size = 0
    column, is_header = -1, False
    try:
        for row in rows:
            begin, end = end, rows.line_num + 1
            if not row:
                continue
            if column < 0:
                column, is_header = _column(source, row, field, _SEPARATORS[separator])
                if is_header:
                    continue
            if column >= len(row):
                source.refuse(begin, f"has {len(row)} columns, and the text is column {column + 1}")
                continue
            texts.append(row[column])
            size += len(row[column])
            if size >= BLOCK_BYTES:
                source.used(len(texts))
                yield encoded_records(texts)
                texts, size = [], 0
    except csv.Error as error:
        raise InputError(
            f"{source.name}:{end}: not a row of CSV ({error}); double the quotes within a quoted field, or use "
            "tabs as separators, which makes quotes ordinary characters"
        ) from error
    source.used(len(texts))
    yield encoded_records(texts)


def _lines(source: Source) -> Iterator[str]:
    text = io.TextIOWrapper(source.content, "utf-8", "surrogateescape", newline="")
    number = 1
    while line := text.readline(LARGEST_RECORD):
        if len(line) == LARGEST_RECORD:
            raise source.too_large(number, "is it CSV?")
        if number == 1:
            line = line.removeprefix("\ufeff")
        yield line.replace("\0", " ")  # which Python 3.10 refuses
        number += 1


def _separator(line: str) -> str:
    """The separator that the first line has most of, outside quotes."""
    plain = "".join(line.split('"')[::2])
    return max(_SEPARATORS, key=plain.count)


def _column(source: Source, row: list[str], field: str, separators: str) -> tuple[int, bool]:
    """Return the column of the text, and whether the row is a header."""
    names = [name.strip() for name in row]
    number = int(field) if field.isdecimal() and len(field) < 6 else 0
    if field in names:
        column = names.index(field)
        source.note(f"columns separated by {separators}, the text is column {column + 1} ({field})")
        return column, True
    if 0 < number <= len(row):
        source.note(f"columns separated by {separators}, no header, the text is column {number}")
        return number - 1, False
    listed = ", ".join(names)[:200]
    raise InputError(
        f"{source.name}:1: has no column {field!r} (its columns, separated by {separators}: {listed}); name the one "
        "with the text as `field`, or number it from 1 if the file has no header"
    )
