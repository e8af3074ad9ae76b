"""Lists of word pairs with a human judgement of their similarity, and of words with a class."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from glove_adagrad.errors import InputError
from glove_adagrad.evaluation.reading import Malformed, read_lines


@dataclass(frozen=True)
class PairList:
    """A test set of similarity: pairs of words and their scores, float64 [n]."""

    name: str
    pairs: list[tuple[str, str]]
    scores: np.ndarray


@dataclass(frozen=True)
class ClassList:
    """A test set of categorisation: words and the class of each."""

    name: str
    words: list[str]
    classes: list[str]


def read_pairs(path: Path, strict: bool = False) -> PairList:
    """Read a list of word pairs, separated by tabs, commas or spaces.

    The first two columns are the words. The score is the first column after them that holds a number in
    the first line that has one; further columns are passed over. A first line without a number is a
    header; lines that begin with `#` are comments.

    Parameters
    ----------
    path : Path
    strict : bool
        Refuse a malformed line. Otherwise it is skipped, with one warning for the file.

    Raises
    ------
    InputError
        If there is no pair in it, and for a malformed line if `strict`.
    """
    pairs, scores = [], []
    malformed = Malformed(path, strict)
    column: int | None = None
    header = True
    for number, line in enumerate(read_lines(path), start=1):
        if line.startswith("#") or not line.strip():
            continue
        fields = _fields(line)
        if column is None:
            column = next((i for i in range(2, len(fields)) if _number(fields[i]) is not None), None)
        score = _number(fields[column]) if column is not None and column < len(fields) else None
        if score is not None and fields[0] and fields[1]:
            pairs.append((fields[0], fields[1]))
            scores.append(score)
        elif not header:
            malformed.add(number, f"expected two words and a score, found {line[:60]!r}")
        header = False
    malformed.warn()
    if not pairs:
        raise InputError(f"{path}: holds no pair (two words and a score, between tabs, commas or spaces)")
    return PairList(path.stem, pairs, np.array(scores))


def read_classes(path: Path, strict: bool = False) -> ClassList:
    """Read lines `word<TAB>class`.

    Raises
    ------
    InputError
        If there are fewer than two classes, and for a malformed line if `strict`.
    """
    words, classes = [], []
    malformed = Malformed(path, strict)
    for number, line in enumerate(read_lines(path), start=1):
        fields = [part.strip() for part in line.split("\t")]
        if len(fields) != 2 or not all(fields):
            malformed.add(number, f"expected `word<TAB>class`, found {line[:60]!r}")
            continue
        words.append(fields[0])
        classes.append(fields[1])
    malformed.warn()
    if len(set(classes)) < 2:
        raise InputError(f"{path}: holds {len(set(classes))} classes; at least two are needed")
    return ClassList(path.stem, words, classes)


def _fields(line: str) -> list[str]:
    for separator in ("\t", ","):
        if separator in line:
            return [part.strip() for part in line.split(separator)]
    return line.split()


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
