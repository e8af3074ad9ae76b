"""Progress bars: on stderr, only where somebody watches."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Any


class Bar:
    """A progress bar, or nothing at all where nobody watches; `to` serves as the rooms' progress callback."""

    def __init__(self, shown: Any = None) -> None:
        self._shown = shown

    def to(self, done: int) -> None:
        """Move to an absolute position; a bar never goes back."""
        if self._shown is not None and done > self._shown.n:
            self._shown.update(done - self._shown.n)

    def note(self, text: str) -> None:
        """Show a few words behind the bar, for example the loss."""
        if self._shown is not None:
            self._shown.set_postfix_str(text)


@contextlib.contextmanager
def progress_bar(description: str, total: int | None, unit: str, quiet: bool) -> Iterator[Bar]:
    """Show a bar while the block runs; a stage that ends within a second shows none.

    Parameters
    ----------
    total : int, optional
        The position at the end; None where unknown.
    unit : str
        What is counted; `B` for bytes.
    quiet : bool
        Show nothing. Nor is anything shown where stderr is no terminal.
    """
    if quiet or not sys.stderr.isatty():
        yield Bar()
        return
    from tqdm import tqdm

    with tqdm(
        desc=description, total=total, unit=unit, unit_scale=True, file=sys.stderr, delay=1, dynamic_ncols=True
    ) as shown:
        yield Bar(shown)
