"""Analogy questions from files: Google's format, that of MSR, and the folders of BATS."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from glove_adagrad.errors import InputError
from glove_adagrad.evaluation.columns import SEPARATORS, split
from glove_adagrad.evaluation.reading import read_lines
from glove_adagrad.malformed import Malformed

SEMANTIC, SYNTACTIC = "semantic", "syntactic"

_FOUR_WORDS = "lines of four words"

#: Google's semantic sections; all its others are named gram1, gram2...
_GOOGLE_SEMANTIC = {"capital-common-countries", "capital-world", "currency", "city-in-state", "family"}
#: BATS: inflection and derivation are morphology, the lexicon and the encyclopedia meaning.
_BATS_KINDS = {"I": SYNTACTIC, "D": SYNTACTIC, "L": SEMANTIC, "E": SEMANTIC}


@dataclass(frozen=True)
class Question:
    """a is to b as c is to any one of the answers."""

    a: str
    b: str
    c: str
    answers: tuple[str, ...]


@dataclass
class Section:
    """Questions about one relation; `kind` is semantic, syntactic, or empty where that is not known."""

    name: str
    kind: str = ""
    questions: list[Question] = field(default_factory=list)


@dataclass(frozen=True)
class QuestionLayout:
    """How analogies were read: the format of the file or folder, and the separators of the words."""

    format: str
    separators: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"format": self.format, "separators": list(self.separators)}

    def describe(self) -> str:
        """Return one line about what was guessed."""
        return f"{self.format} separated by {' or '.join(self.separators)}"


@dataclass(frozen=True)
class QuestionSet:
    """A test set of analogies; and how it was read."""

    name: str
    sections: list[Section]
    layout: QuestionLayout | None = None

    def __len__(self) -> int:
        return sum(len(section.questions) for section in self.sections)


def read_questions(path: Path, strict: bool = False) -> QuestionSet:
    """Read a set of analogy questions.

    Known are: lines of four words under `: section` lines (Google) or without any; a pair of files
    `X.questions` (three words) and `X.answers` (relation and word), as MSR's were published; a folder of
    BATS, in which each file has lines `word<TAB>answer/answer...` and every ordered pair of lines asks one
    question (Gladkova, Drozd, Matsuoka 2016); a folder of files of four words, one for each relation, as Stanford's
    programs have them.

    Parameters
    ----------
    path : Path
    strict : bool
        Refuse a malformed line. Otherwise it is skipped, with one warning for each file.

    Raises
    ------
    InputError
        If there is no question in it, and for a malformed line if `strict`.
    """
    # in the order in which they are found, each once
    formats: dict[str, None] = {}
    separators: dict[str, None] = {}
    if path.is_dir():
        sections = _read_folder(path, strict, formats, separators)
    elif path.suffix == ".questions":
        sections = _read_msr(path, strict)
        formats["three words and their answers"] = separators["blanks"] = None
    else:
        sections = _read_four_words(path, strict, separators)
        formats[_FOUR_WORDS] = None
    layout = QuestionLayout(" and ".join(formats), tuple(separators))
    result = QuestionSet(path.stem if path.is_file() else path.name, [s for s in sections if s.questions], layout)
    if not len(result):
        raise InputError(f"{path}: holds no analogy question (lines of four words, or a folder of BATS)")
    return result


def _read_four_words(path: Path, strict: bool, separators: dict[str, None]) -> list[Section]:
    # the published file of MSR has a section line before every question: sections of one name are one
    sections: dict[str, Section] = {}
    section: Section | None = None
    malformed = Malformed(path, strict)
    for number, line in enumerate(read_lines(path), start=1):
        words, separator = _words(line)
        if line.startswith("//"):  # the licence at the head of Google's file
            continue
        if line.startswith(": ") or (line.startswith(":") and len(words) != 4):
            name = line.lstrip(": ").strip()
            section = sections.setdefault(name, Section(name, _kind(name)))
            continue
        if len(words) != 4:
            malformed.add(number, f"expected four words, found {len(words)}")
            continue
        if section is None:
            section = sections.setdefault(path.stem, Section(path.stem, _kind(path.stem)))
        section.questions.append(Question(words[0], words[1], words[2], (words[3],)))
        separators[separator] = None
    malformed.warn()
    return list(sections.values())


def _read_msr(path: Path, strict: bool) -> list[Section]:
    answers_path = path.with_suffix(".answers")
    questions, answers = read_lines(path), read_lines(answers_path)
    if len(questions) != len(answers):
        raise InputError(f"{path}: has {len(questions)} lines, {answers_path.name} next to it {len(answers)}")
    sections: dict[str, Section] = {}
    malformed = Malformed(path, strict)
    for number, (question, answer) in enumerate(zip(questions, answers, strict=True), start=1):
        words, relation = question.split(), answer.split()
        if len(words) != 3 or len(relation) != 2:
            found = f"{len(words)} and {len(relation)}"
            malformed.add(number, f"expected three words, and two in {answers_path.name}; found {found}")
            continue
        section = sections.setdefault(relation[0], Section(relation[0], _kind(relation[0])))
        section.questions.append(Question(words[0], words[1], words[2], (relation[1],)))
    malformed.warn()
    return list(sections.values())


def _read_folder(folder: Path, strict: bool, formats: dict[str, None], separators: dict[str, None]) -> list[Section]:
    sections = []
    for path in sorted(folder.rglob("*.txt")):
        # what macOS adds to archives, and other hidden files
        if any(part.startswith((".", "__MACOSX")) for part in path.relative_to(folder).parts):
            continue
        lines = list(enumerate(read_lines(path), start=1))
        if 2 * sum(len(_words(line)[0]) == 4 for _, line in lines) > len(lines):
            # Stanford's set: a file for each relation, without section lines
            sections += _read_four_words(path, strict, separators)
            formats[_FOUR_WORDS] = None
            continue
        formats["BATS, words and answers"] = None
        pairs = []
        malformed = Malformed(path, strict)
        for number, line in lines:
            word, answers = [*(line if "\t" in line else line.strip().replace(" ", "\t", 1)).split("\t", 1), ""][:2]
            known = tuple(answer for answer in answers.strip().split("/") if answer)
            if not word.strip() or not known:
                malformed.add(number, "expected `word<TAB>answer/answer...`")
                continue
            pairs.append((word.strip(), known))
            separators["tab" if "\t" in line else "blanks"] = None
        malformed.warn()
        section = Section(path.stem, _BATS_KINDS.get(path.stem[0], ""))
        for a, (b, *_) in pairs:
            section.questions += [Question(a, b, c, answers) for c, answers in pairs if c != a]
        sections.append(section)
    return sections


def _words(line: str) -> tuple[list[str], str]:
    """The words between blanks, or else between tabs, commas, semicolons or bars; and the name of the separator."""
    words = split(line, " ")
    if len(words) == 4 and not (words[0][-1] == words[1][-1] == words[2][-1] and words[0][-1] in ",;|"):
        return words, SEPARATORS[" "]
    for separator in "\t,;|":
        fields = split(line, separator)
        if len(fields) == 4 and all(fields):
            return fields, SEPARATORS[separator]
    return words, SEPARATORS[" "]


def _kind(section: str) -> str:
    if section in _GOOGLE_SEMANTIC:
        return SEMANTIC
    # Google's gram1-..., and MSR's pairs of Penn Treebank tags such as JJ_JJR
    if section.startswith("gram") or re.fullmatch(r"(JJ|NN|VB)[A-Z]*_(JJ|NN|VB)[A-Z]*", section):
        return SYNTACTIC
    return ""
