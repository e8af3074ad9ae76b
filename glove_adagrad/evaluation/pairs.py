"""Lists of word pairs with a human judgement of their similarity, and of words with a class."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from glove_adagrad.errors import InputError
from glove_adagrad.evaluation.reading import read_lines
from glove_adagrad.malformed import Malformed


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

    The first two columns are the words. The score is the first column after them that holds numbers, in most
    lines; further columns are passed over. A first line without a score is a header; lines that begin with `#`
    are comments.

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
    lines = list(enumerate(read_lines(path), start=1))
    rows = [(number, _fields(line)) for number, line in lines if line.strip() and not line.startswith("#")]
    column = _score_column([fields for _, fields in rows])
    for row, (number, fields) in enumerate(rows):
        score = _number(fields[column]) if column < len(fields) else None
        if score is not None and fields[0] and fields[1]:
            pairs.append((fields[0], fields[1]))
            scores.append(score)
        elif row:
            malformed.add(number, f"expected two words and a score, found {lines[number - 1][1][:60]!r}")
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
        raise InputError(f"{path}: at least two classes are needed, found {len(set(classes))}")
    return ClassList(path.stem, words, classes)


def _fields(line: str) -> list[str]:
    if "\t" in line:
        return [part.strip() for part in line.split("\t")]
    if "," in line:
        return [part.strip() for part in next(csv.reader([line], skipinitialspace=True))]
    return line.split()


def _score_column(rows: Sequence[Sequence[str]]) -> int:
    """The first column after the words that is a number in more than half of the lines with any number.

    The first line has no say: a header may name its columns 1, 2, 3, as that of WordSim-353 does.
    """
    numeric = [[column for column in range(2, len(row)) if _number(row[column]) is not None] for row in rows]
    counted = [columns for columns in numeric[1:] if columns] or numeric[:1]
    found = sorted({column for columns in counted for column in columns})
    return next((c for c in found if 2 * sum(c in columns for columns in counted) > len(counted)), 2)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
