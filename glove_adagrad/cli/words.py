"""Lists of words on the command line: `king,queen` or a file."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

from glove_adagrad.errors import InputError
from glove_adagrad.formats import WordVectors
from glove_adagrad.text import printable

_NAMED = 10  # unknown words that a message names


def read_words(given: str) -> tuple[list[str], list[str] | None]:
    """Read words, each once, and their classes if every word has one.

    Parameters
    ----------
    given : str
        A file with a word, or word<TAB>class, a line; if there is no such file, words between commas.
    """
    from glove_adagrad.evaluation.reading import read_lines

    path = Path(given)
    if not path.is_file():
        return list(dict.fromkeys(word for part in given.split(",") if (word := part.strip()))), None
    entries: dict[str, list[str]] = {}
    for number, line in enumerate(read_lines(path), start=1):
        parts = line.strip().split("\t")
        if len(parts) > 2:
            raise InputError(f"{path}:{number}: expected a word, or word<TAB>class, found {len(parts)} columns")
        if parts[0]:
            entries.setdefault(parts[0], parts[1:])
    classes = [parts[0] for parts in entries.values() if parts]
    return list(entries), classes if len(classes) == len(entries) else None


def known_words(wv: WordVectors, words: Sequence[str], name: str, needed: int) -> list[int]:
    """Return the indices of the words that a model knows, and warn about the others.

    Raises
    ------
    InputError
        If fewer than `needed` are known.
    """
    vocabulary = set(wv.words)
    known = [index for index, word in enumerate(words) if word in vocabulary]
    unknown = [printable(word) for word in words if word not in vocabulary]
    listed = ", ".join(unknown[:_NAMED]) + (f" and {len(unknown) - _NAMED:,} more" if len(unknown) > _NAMED else "")
    if len(known) < needed:
        hint = "; there is no file of this name" if len(words) == 1 else ""
        raise InputError(
            f"{name}: knows {len(known)} of the words to show; at least {needed} must be known "
            f"(unknown: {listed or 'none'}{hint})"
        )
    if unknown:
        warnings.warn(f"{name}: unknown words left out: {listed}", stacklevel=2)
    return known
