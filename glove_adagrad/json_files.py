"""JSON of this program's own files, read so that damage is reported in one line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from glove_adagrad.errors import InputError

#: Nested deeper than anything this program writes, and shallow enough for recursive functions.
_DEEPEST = 50


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Raises
    ------
    InputError
        As `parse_json`, and if the file cannot be read.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    return parse_json(data, path)


def parse_json(data: bytes, path: Path) -> Any:
    """Parse JSON; `path` names it in errors.

    Raises
    ------
    InputError
        If it is not JSON in UTF-8, is nested more than 50 deep, or holds a character that no file can hold.
    """
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: is not JSON, or is damaged ({error})") from error
    waiting = [(value, 0)]
    while waiting:
        part, depth = waiting.pop()
        if depth > _DEEPEST:
            raise InputError(f"{path}: is nested more than {_DEEPEST} deep; it was not written by this program")
        if isinstance(part, dict):
            waiting += ((inner, depth + 1) for pair in part.items() for inner in pair)
        elif isinstance(part, list):
            waiting += ((inner, depth + 1) for inner in part)
        elif isinstance(part, str):
            try:
                part.encode("utf-8", "surrogateescape")  # which stands for the bytes of a file name
            except UnicodeEncodeError:
                raise InputError(f"{path}: {part[:60]!r} holds a lone surrogate, which is not a character") from None
    return value
