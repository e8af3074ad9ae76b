"""Lists of word pairs with a human judgement of their similarity, and of words with a class."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from glove_adagrad.errors import InputError
from glove_adagrad.evaluation.columns import (
    Layout,
    Table,
    by_name,
    has_decimal_comma,
    mean_of_others,
    number,
    numeric_columns,
    read_table,
    simplified,
)
from glove_adagrad.evaluation.reading import read_lines
from glove_adagrad.malformed import Malformed

_PAIR = ("first word", "second word", "score")
_SCORE_TESTS = (
    lambda name: simplified(name) in {"score", "mean", "sim", "similarity", "average", "simlex999"},
    lambda name: bool({"mean", "average", "avg"} & set(re.split(r"[\W_]+", name.casefold()))),
    lambda name: bool(re.search(r"score|simil|rating|gold|related", name.casefold())),
)
_WORD_NAMES = {"word", "words", "term", "noun", "concept", "token", "item", "entity", "name"}
_CLASS_NAMES = {"class", "category", "label", "type", "cluster", "group", "topic", "gold"}
#: Tags of parts of speech that lists of pairs have in columns of their own.
_TAGS = {"n", "v", "a", "r", "s", "j", "adj", "adv", "noun", "verb", "adjective", "adverb", "nn", "vb", "jj", "rb"}


@dataclass(frozen=True)
class PairList:
    """A test set of similarity: pairs of words and their scores, float64 [n]; and how its file was read."""

    name: str
    pairs: list[tuple[str, str]]
    scores: np.ndarray
    layout: Layout | None = None


@dataclass(frozen=True)
class ClassList:
    """A test set of categorisation: words and the class of each; and how its file was read."""

    name: str
    words: list[str]
    classes: list[str]
    layout: Layout | None = None


def read_pairs(path: Path, strict: bool = False, columns: Sequence[str] = ()) -> PairList:
    """Read a list of word pairs with scores, in columns between tabs, semicolons, bars, commas, colons or blanks.

    A header with names such as word1, word2 and score, mean, sim, similarity or average decides which columns they
    are. Without one, the words are the first two columns of text and the score is the numeric column; a column of
    running numbers is passed over. If that leaves a choice, a warning says what was taken. Lines that begin with a
    `#` and a blank are comments.

    Parameters
    ----------
    path : Path
    strict : bool
        Refuse a malformed line. Otherwise it is skipped, with one warning for the file.
    columns : sequence of str, optional
        The columns of the first word, the second word and the score: names in the header, or numbers from 1.

    Raises
    ------
    InputError
        If there is no pair in it, its header fits several columns equally well, or has not the `columns`; and for a
        malformed line if `strict`.
    """
    lines = [
        (at, line)
        for at, line in enumerate(read_lines(path), start=1)
        if line.strip() and not re.match(r"#(#|\s|$)", line)
    ]
    table = read_table(path, lines, least=3)
    if columns and len(columns) != 3:
        raise InputError(f"{path}: {len(columns)} columns named; name three: first word, second word, score")
    first, second, score = used = table.resolve(columns) if columns else _pair_columns(table)
    pairs, scores = [], []
    malformed = Malformed(path, strict)
    header = decimal_comma = False
    text = dict(lines)
    for row, (at, fields) in enumerate(table.rows):
        value = number(fields[score]) if score < len(fields) else None
        if value is not None and max(used) < len(fields) and fields[first] and fields[second]:
            pairs.append((fields[first], fields[second]))
            scores.append(value)
            decimal_comma |= has_decimal_comma(fields[score])
        elif row == 0:
            header = True
        elif not fields[0].startswith("#"):
            malformed.add(at, f"expected two words and a score, found {text[at][:60]!r}")
    malformed.warn()
    if not pairs:
        raise InputError(f"{path}: holds no pair (two words and a score, between tabs, commas or spaces)")
    return PairList(path.stem, pairs, np.array(scores), table.layout(used, header, decimal_comma))


def read_classes(path: Path, strict: bool = False, columns: Sequence[str] = ()) -> ClassList:
    """Read a list of words and classes, in columns as those of `read_pairs`.

    A header with names such as word and class or category decides which is which; without one, the class is the
    column with fewer different values.

    Parameters
    ----------
    path : Path
    strict : bool
        Refuse a malformed line. Otherwise it is skipped, with one warning for the file.
    columns : sequence of str, optional
        The columns of the word and the class: names in the header, or numbers from 1.

    Raises
    ------
    InputError
        If there are fewer than two classes, or the file has not the `columns`; and for a malformed line if `strict`.
    """
    lines = [(at, line) for at, line in enumerate(read_lines(path), start=1) if line.strip()]
    table = read_table(path, lines, least=2)
    if columns and len(columns) != 2:
        raise InputError(f"{path}: {len(columns)} columns named; name two: word, class")
    word, kind = used = table.resolve(columns) if columns else _class_columns(table)
    header = _is_class_header(table, word, kind)
    text = dict(lines)
    words, classes = [], []
    malformed = Malformed(path, strict)
    for at, fields in table.rows[header:]:
        if max(used) >= len(fields) or not fields[word] or not fields[kind]:
            malformed.add(at, f"expected a word and a class, found {text[at][:60]!r}")
            continue
        words.append(fields[word])
        classes.append(fields[kind])
    malformed.warn()
    if len(set(classes)) < 2:
        raise InputError(f"{path}: at least two classes are needed, found {len(set(classes))}")
    return ClassList(path.stem, words, classes, table.layout(used, header))


def _pair_columns(table: Table) -> list[int]:
    """Columns of the first word, the second word and the score."""
    numeric = numeric_columns(table)
    text = [column for column in table.filled if column not in numeric]
    running = [column for column in numeric[:1] if column == 0 and len(numeric) > 1 and table.is_running(column)]
    numeric = numeric[len(running) :]
    words, certain = _word_columns(table, text)
    if len(words) < 2:
        words, certain = [0, 1], False
        numeric = [column for column in numeric if column not in words]
    scores = by_name(table, numeric, _SCORE_TESTS)
    if len(scores) > 1:
        raise _ambiguous(table, "score", scores)
    why = []
    if not scores:
        behind = [column for column in numeric if column > words[1]] or numeric
        mean = mean_of_others(table, behind)
        scores = [behind[0] if mean is None else mean] if behind else [2]
        if running and not certain:
            why.append("the first column counts the lines")
        if len(numeric) > 1:
            why.append("several columns are numeric" if mean is None else "one column is the mean of several others")
    between = [column for column in text if words[1] < column < scores[0] and not _is_tag(table, column)]
    if between and not certain:
        why.append("there are more than two columns of text")
    used = [*words, scores[0]]
    if why:
        table.warn(_PAIR, used, ", ".join(why))
    return used


def _word_columns(table: Table, text: Sequence[int]) -> tuple[list[int], bool]:
    """Two columns of words, and whether the header names them: by names that differ in 1 and 2 alone."""
    names = {simplified(table.first[column]): column for column in text if column < len(table.first)}
    found = [
        [column, names[other]]
        for name, column in names.items()
        if "1" in name and (other := name.replace("1", "2")) in names
    ]
    if "word1" in names and "word2" in names:
        return [names["word1"], names["word2"]], True
    if len(found) > 1:
        raise _ambiguous(table, "words", [column for pair in found for column in pair])
    if found:
        return found[0], True
    # columns of tags are not words, if that leaves two
    words = [column for column in text if not _is_tag(table, column)]
    return (words if len(words) > 1 else list(text))[:2], False


def _is_tag(table: Table, column: int) -> bool:
    return {value.casefold() for value in table.values(column)} <= _TAGS


def _class_columns(table: Table) -> list[int]:
    """Columns of the word and the class."""
    filled = table.filled
    words = by_name(table, filled, [lambda name: simplified(name) in _WORD_NAMES])
    classes = by_name(table, filled, [lambda name: simplified(name) in _CLASS_NAMES])
    if len(words) == len(classes) == 1:
        return [words[0], classes[0]]
    left = [column for column in filled if len(filled) < 3 or column > 0 or not table.is_running(column)]
    if len(left) < 2:
        return [0, 1]
    distinct = [len(set(table.values(column))) for column in left[:2]]
    used = left[:2] if distinct[1] <= distinct[0] else left[1::-1]
    if len(filled) > 2:
        table.warn(("word", "class"), used, "there are more than two columns")
    return used


def _is_class_header(table: Table, word: int, kind: int) -> bool:
    """Whether the first line is a header: its names say so, or it alone has a class that no other line has."""
    first = table.first
    if max(word, kind) >= len(first):
        return False
    if simplified(first[word]) in _WORD_NAMES and simplified(first[kind]) in _CLASS_NAMES:
        return True
    values = table.values(kind)
    alone = first[kind] not in values and len(values) > 2 and all(values.count(value) > 1 for value in set(values))
    if alone:
        why = f"the first line ({first[word]}, {first[kind]}) was taken for a header"
        table.warn(("word", "class"), (word, kind), why)
    return alone


def _ambiguous(table: Table, meaning: str, columns: Sequence[int]) -> InputError:
    names = ", ".join(repr(table.first[column]) for column in columns)
    return InputError(
        f"{table.path}: its header has several columns that may be the {meaning}: {names}; name those to take as "
        "columns (--columns WORD1,WORD2,SCORE)"
    )
