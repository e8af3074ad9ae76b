"""The vectors that commands take: a run's folder or a file of anyone's, and how they are called in output."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from glove_adagrad.cli import options
from glove_adagrad.errors import InputError

if TYPE_CHECKING:
    from glove_adagrad.formats import WordVectors

#: Keyword `which`: None where not given, for `load`.
vectors_option: Any = click.option(
    "--vectors",
    "which",
    type=click.Choice(["sum", "word", "context", "concat"]),
    help="Which vectors of a run to take.  [default: sum]",
)

#: Keyword `as_json`.
json_option: Any = click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")

#: Keyword `top`.
top_option: Any = click.option(
    "--top", type=options.Whole(1), default=10, show_default=True, help="How many words to show."
)


def load(path: Path, which: str | None = None) -> WordVectors:
    """Read a run or a file of vectors.

    Raises
    ------
    InputError
        If it cannot be read, or `which` is given for a file, which has only one kind.
    """
    from glove_adagrad.formats import is_run, read_run, read_vectors

    if is_run(path):
        return read_run(path).select(which or "sum")
    if which:
        raise InputError(f"{path}: is a file, not a run, and holds one kind of vectors; leave out --vectors")
    return read_vectors(path)


def labels(paths: Sequence[Path]) -> list[str]:
    """A short name for each path: its last part, or as much more as tells it from the others."""
    for parts in range(1, max(len(path.parts) for path in paths) + 1):
        names = [str(Path(*path.parts[-parts:])) for path in paths]
        if len(set(names)) == len(set(paths)):
            return names
    return [str(path) for path in paths]


def printable(word: str) -> str:
    """A word for the terminal: bytes that are no UTF-8 are shown as escapes."""
    return word.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
