"""Lines and rows of other people's files that cannot be used: skipped with one warning, or refused."""

from __future__ import annotations

import warnings
from pathlib import Path

from glove_adagrad.errors import InputError
from glove_adagrad.text import printable

#: Malformed lines after which a file that has fewer good ones is given up.
_HOPELESS = 1000


def few(bad: int, good: int) -> bool:
    """Whether so few rows are bad that the others can be used: one, or 1 % of all, and at most a fifth."""
    return bad <= max(1, (bad + good) // 100) and 4 * bad <= good


class Malformed:
    """Collects the malformed lines of one file: an error at once if `strict`, else one warning at the end.

    Parameters
    ----------
    path : Path
    strict : bool
    unit : str
        What the numbers count, if not lines.
    kind : str
        What the file was read as, for the message about a file with hardly a good line.

    Attributes
    ----------
    lines : int
        Number of malformed lines so far.
    """

    def __init__(self, path: Path, strict: bool, unit: str = "line", kind: str = "") -> None:
        self._where = f"{path}:" if unit == "line" else f"{path}: {unit} "
        self._unit = unit
        self._strict = strict
        self._kind = kind
        self._first = ""
        self.lines = 0

    def add(self, number: int, problem: str) -> None:
        """Report line `number`; `problem` says what was expected and found."""
        self.add_at(f"{self._where}{number}", problem)

    def add_at(self, place: str, problem: str) -> None:
        """Report a line by its file and number, where the lines of several files are counted together."""
        self._first = self._first or f"{place}: {problem}"
        self.lines += 1
        if self._strict:
            self.refuse()

    def refuse(self, good: int | None = None) -> None:
        """Raise InputError with the first problem.

        Parameters
        ----------
        good : int, optional
            Number of good lines, if all that matter are known.

        Raises
        ------
        InputError
        """
        more = self.lines - 1
        also = f"; {more:,} other {self._unit}{'s' if more > 1 else ''} cannot be read either" if more else ""
        if self._kind and good is not None and good < self.lines:
            also += f"; is this {self._kind}?"
        raise InputError(self._first + also)

    def check_hopeless(self, good: int) -> None:
        """Refuse early a file that is mostly malformed."""
        if self.lines > _HOPELESS + good:
            self.refuse(good)

    def settle(self, good: int) -> None:
        """Warn of what was skipped, or refuse if it is more than a few of all."""
        if self.lines and not few(self.lines, good):
            self.refuse(good)
        self.warn()

    def warn(self) -> None:
        """Warn if any line was skipped."""
        if self.lines:
            lines = f"the {self._unit}" if self.lines == 1 else f"{self.lines:,} such {self._unit}s"
            warnings.warn(printable(f"{self._first}; skipped {lines}"), stacklevel=3)
