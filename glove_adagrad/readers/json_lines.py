"""JSON lines (`.jsonl`, Dolma's and C4's `.json.gz`): an object on each line, one field of which is the text."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from glove_adagrad.readers.source import BLOCK_BYTES, LARGEST_RECORD, Source, described, encoded_records
from glove_adagrad.text_kind import BYTE_ORDER_MARK

if TYPE_CHECKING:
    from glove_adagrad.text_options import TextOptions

_FIELDS_SHOWN = 10

_ONE_A_LINE = "JSON lines has one object on each line, as jq -c '.[]' writes the elements of a list"


def reader(options: TextOptions) -> Callable[[Source], Iterator[bytes]]:
    """Return the reader of one field. A field that is null is an empty text."""
    field = options.field or "text"
    return lambda source: _read(source, field)


def _read(source: Source, field: str) -> Iterator[bytes]:
    decode = json.JSONDecoder().decode
    number = 0
    for block in _whole_lines(source):
        if block.isspace():  # a file of blank lines alone would take minutes, line by line
            number += block.count(b"\n")
            continue
        texts = []
        # not splitlines(), which splits at line ends that JSON allows in strings
        for line in block.decode("utf-8", "surrogateescape").split("\n"):
            number += 1
            try:
                text = decode(line)[field]
            except (ValueError, TypeError, LookupError, RecursionError):
                _report(source, number, line, field)
                continue
            if isinstance(text, str):
                texts.append(text)
            elif text is not None:
                source.refuse(number, f"the field {field!r} is {described(text)}, not a string")
        number -= 1  # the piece after the last line end
        source.used(len(texts))
        yield encoded_records(texts)


def _report(source: Source, number: int, line: str, field: str) -> None:
    """Report why a line has no such field; a blank line is not a record."""
    if not line.strip():
        return
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        source.refuse(number, f"not JSON ({error}); {_ONE_A_LINE}")
        return
    if not isinstance(record, dict):
        source.refuse(number, f"is {described(record)}, not an object; {_ONE_A_LINE}")
        return
    fields = ", ".join(list(record)[:_FIELDS_SHOWN]) or "none"
    source.refuse(number, f"has no field {field!r} (its fields: {fields}); name the one with the text as `field`")


def _whole_lines(source: Source) -> Iterator[bytes]:
    """Yield blocks that end with a line end."""
    parts: list[bytes] = []
    size = lines = 0
    first = True
    while block := source.content.read(BLOCK_BYTES):
        if first:
            block, first = block.removeprefix(BYTE_ORDER_MARK), False
        end = block.rfind(b"\n") + 1
        if not end:
            parts.append(block)
            size += len(block)
            if size > LARGEST_RECORD:
                raise source.too_large(lines + 1, _ONE_A_LINE)
            continue
        whole = b"".join([*parts, block[:end]])
        lines += whole.count(b"\n")
        yield whole
        parts = [block[end:]]
        size = len(parts[0])
    if size:
        yield b"".join(parts) + b"\n"
