"""Lines of test sets: reading them, and what is done about malformed ones."""

from __future__ import annotations

from pathlib import Path

from glove_adagrad.errors import InputError
from glove_adagrad.formats.streams import open_for_reading


def read_lines(path: Path) -> list[str]:
    """The lines of a text file, plain or compressed, without line ends; not one is blank at the end.

    Raises
    ------
    InputError
        If the file is missing, empty, unreadable or not UTF-8.
    """
    if path.is_dir():
        raise InputError(f"{path}: is a folder; a file of lines is expected")
    with open_for_reading(path) as file:
        data = file.read()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise InputError(f"{path}:{line}: is not UTF-8 text") from error
    if not text.strip():
        raise InputError(f"{path}: is empty")
    return [line.rstrip("\r") for line in text.rstrip().split("\n")]
