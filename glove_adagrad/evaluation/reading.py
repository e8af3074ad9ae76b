"""Lines of test sets: reading them, and what is done about malformed ones."""

from __future__ import annotations

import warnings
from pathlib import Path

from glove_adagrad.errors import InputError


def read_lines(path: Path) -> list[str]:
    """The lines of a text file, without line ends; not one is blank at the end.

    Raises
    ------
    InputError
        If the file is missing, empty, unreadable or not UTF-8.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise InputError(f"{path}:{line}: is not UTF-8 text") from error
    if not text.strip():
        raise InputError(f"{path}: is empty")
    return [line.rstrip("\r") for line in text.rstrip().split("\n")]


class Malformed:
    """Collects the malformed lines of one file: an error at once if `strict`, else one warning at the end."""

    def __init__(self, path: Path, strict: bool) -> None:
        self._path = path
        self._strict = strict
        self._first = ""
        self._lines = 0

    def add(self, number: int, problem: str) -> None:
        """Report line `number`; `problem` says what was expected and found."""
        if self._strict:
            raise InputError(f"{self._path}:{number}: {problem}")
        self._first = self._first or f"{self._path}:{number}: {problem}"
        self._lines += 1

    def warn(self) -> None:
        """Warn if any line was skipped."""
        if self._lines:
            more = f" and {self._lines - 1} more lines" if self._lines > 1 else ""
            warnings.warn(f"{self._first}; skipped{more}", stacklevel=3)
