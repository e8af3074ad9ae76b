"""Readers of test sets and lists of words: analogies, pairs, classes, words to map."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from fuzz import plain, samples
from fuzz.cases import Case, Files, Reader, Unclean, Wrong, command, noted
from fuzz.mutators import TEXT
from fuzz.readers_text import one_of

_WORDS = samples.words(Random(0), 40)


def _vectors(random: Random) -> bytes:
    """Vectors that know the words of all sets here."""
    rows = [" ".join([word, *(f"{random.gauss(0, 1):.4f}" for _ in range(5))]) for word in _WORDS]
    return "\n".join(rows).encode() + b"\n"


def _strictly(read: Callable[..., Any], path: Path, warnings: list[str]) -> None:
    """A set that is read without a warning is read strictly too, and any other one is not."""
    from glove_adagrad.errors import InputError

    try:
        read(path, strict=True)
    except InputError:
        if not warnings:
            raise Unclean("strict refuses what is otherwise read without a warning") from None
        return
    if any("skipped" in warning for warning in warnings):
        raise Unclean(f"strict accepts what is otherwise skipped: {warnings}")


# Analogies --------------------------------------------------------------------------------------------------------


def _questions(path: str) -> Any:
    from glove_adagrad.evaluation.questions import read_questions

    found, warnings = noted(read_questions, Path(path))
    _strictly(read_questions, Path(path), warnings)
    printed = command(f"evaluate vectors.txt --analogies {path} --json")
    asked = json.loads(printed.out)["models"][0]["analogies"][0]["total"]["asked"]
    questions = [(section.name, q.a, q.b, q.c, q.answers) for section in found.sections for q in section.questions]
    if asked != len(questions):
        raise Unclean(f"evaluate asks {asked} questions of {len(questions)}")
    return questions, warnings


def _check_questions(expected: list[Any], skipped: int, result: Any) -> None:
    questions, warnings = result
    # sections of one name are one, so only the order within a section is that of the file
    if sorted(questions) != sorted(expected):
        raise Wrong(f"other questions: {list(set(questions) ^ set(expected))[:4]}")
    if skipped and not warnings:
        raise Wrong(f"{skipped} lines skipped without a warning")


def _google() -> Reader:
    def make(random: Random) -> Files:
        lines = []
        for name in random.sample(["family", "gram1-adjective", "capital-world", "others"], 2):
            lines += [f": {name}", *(" ".join(random.sample(_WORDS, 4)) for _ in range(6))]
        return {"set.txt": "\n".join(lines).encode() + b"\n", "vectors.txt": _vectors(random)}

    def check(case: Case, result: Any) -> None:
        expected, skipped, section = [], 0, "set"
        for line in plain.lines(case.files["set.txt"]):
            words = _four_words(line)
            if line.startswith("//"):  # a comment
                continue
            if line.startswith(": ") or (line.startswith(":") and len(words) != 4):
                section = line.lstrip(": ").strip()
            elif len(words) == 4:
                expected.append((section, *words[:3], (words[3],)))
            else:
                skipped += bool(words)
        _check_questions(expected, skipped, result)

    return Reader(
        "questions Google", make, one_of(("set.txt", TEXT)), lambda: _questions("set.txt"), check, weight=0.5
    )


def _four_words(line: str) -> list[str]:
    """The words of a line, which is divided by blanks, or by anything else that gives four."""
    words = [word for word in re.split(r"[ \t]+", line) if word]
    others = (row for row in plain.fields(line) if len(row) == 4 and all(row))
    listed = len({word[-1] for word in words[:3]} & set(",;|")) == len({word[-1] for word in words[:3]}) == 1
    return words if len(words) == 4 and not listed else next(others, words)


def _msr() -> Reader:
    def make(random: Random) -> Files:
        rows = [random.sample(_WORDS, 4) for _ in range(10)]
        questions = "".join(f"{' '.join(row[:3])}\n" for row in rows)
        answers = "".join(f"{random.choice(['JJ_JJR', 'NN_NNS'])} {row[3]}\n" for row in rows)
        return {"set.questions": questions.encode(), "set.answers": answers.encode(), "vectors.txt": _vectors(random)}

    def check(case: Case, result: Any) -> None:
        questions, answers = (plain.lines(case.files[f"set.{kind}"]) for kind in ("questions", "answers"))
        if len(questions) != len(answers):
            raise Wrong(f"{len(questions)} questions and {len(answers)} answers")
        rows = [(question.split(), answer.split()) for question, answer in zip(questions, answers, strict=True)]
        good = [
            (answer[0], *question, (answer[1],))
            for question, answer in rows
            if len(question) == 3 and len(answer) == 2
        ]
        _check_questions(good, len(rows) - len(good), result)

    mutator = one_of(("set.questions", TEXT), ("set.answers", TEXT))
    return Reader("questions MSR", make, mutator, lambda: _questions("set.questions"), check, weight=0.4)


def _bats() -> Reader:
    def make(random: Random) -> Files:
        files = {"vectors.txt": _vectors(random)}
        for name in ("I01 [noun - plural]", "E02 [country - capital]"):
            words = random.sample(_WORDS, 10)
            files[f"bats/1_Kind/{name}.txt"] = "".join(
                f"{a}\t{b}/{b}s\n" for a, b in zip(words[:5], words[5:], strict=True)
            ).encode()
        return files

    def check(case: Case, result: Any) -> None:
        expected, skipped = [], 0
        for name, data in case.files.items():
            if not name.startswith("bats"):
                continue
            pairs = []
            for line in plain.lines(data):
                # the set circulates with tabs and with spaces
                word, _, answers = line.partition("\t") if "\t" in line else line.strip().partition(" ")
                known = tuple(answer for answer in answers.strip().split("/") if answer)
                if word.strip() and known:
                    pairs.append((word.strip(), known))
                else:
                    skipped += bool(line.strip())
            section = Path(name).stem
            expected += [(section, a, b[0], c, d) for a, b in pairs for c, d in pairs if c != a]
        _check_questions(expected, skipped, result)

    return Reader(
        "questions BATS", make, one_of(("bats/1_Kind/*.txt", TEXT)), lambda: _questions("bats"), check, weight=0.4
    )


# Pairs and classes ------------------------------------------------------------------------------------------------


def _pair_files(kind: str, random: Random) -> bytes:
    rows = [(*random.sample(_WORDS, 2), random.randint(0, 1000) / 100) for _ in range(12)]
    match kind:
        case "csv":
            return b"word1,word2,score\n" + "".join(f"{a},{b},{x}\n" for a, b, x in rows).encode()
        case "tsv":
            return "".join(f"{a}\t{b}\t{x}\n" for a, b, x in rows).encode()
        case "semicolons":
            return b"word1;word2;similarity\n" + "".join(f"{a};{b};{x}\n" for a, b, x in rows).encode()
    return (
        b"word1\tword2\tPOS\tSimLex999\tconc(w1)\n" + "".join(f"{a}\t{b}\tN\t{x}\t2.5\n" for a, b, x in rows).encode()
    )


def _pairs(kind: str) -> Reader:
    def use() -> Any:
        from glove_adagrad.evaluation.pairs import read_pairs

        found, warnings = noted(read_pairs, Path("set"))
        _strictly(read_pairs, Path("set"), warnings)
        printed = command("evaluate vectors.txt --similarity set --json")
        asked = json.loads(printed.out)["models"][0]["similarity"][0]["asked"]
        if asked != len(found.pairs):
            raise Unclean(f"evaluate asks {asked} pairs of {len(found.pairs)}")
        return [(a, b, float(x)) for (a, b), x in zip(found.pairs, found.scores, strict=True)], warnings

    def check(case: Case, result: Any) -> None:
        pairs, warnings = result
        rest = iter([line for line in plain.lines(case.files["set"]) if line.strip()])
        passed, columns = [], None
        for a, b, score in pairs:
            for line in rest:
                if places := _score_columns(line, a, b, score):
                    columns = places if columns is None else columns & places
                    break
                passed.append(line)
            else:
                raise Wrong(f"no line, in order, says {a!r}, {b!r}, {score}")
        if not columns:
            raise Wrong("the scores are not of one column")
        passed += rest
        comments = [line for line in passed if line.startswith("#")]
        if len(passed) - len(comments) > 1 and not warnings:
            raise Wrong(f"lines passed over without a warning: {passed[:3]}")

    return Reader(f"pairs {kind}", lambda random: {"set": _pair_files(kind, random), "vectors.txt": _vectors(random)},
                  one_of(("set", TEXT)), use, check, weight=0.5)  # fmt: skip


def _score_columns(line: str, a: str, b: str, score: float) -> set[int]:
    """The columns of a line with both words that are the score."""
    columns = set()
    for row in [
        *plain.fields(line),
        *(csv.reader([line]) if "," in line and "\r" not in line and len(line) < 1000 else ()),
    ]:
        row = [part.strip() for part in row]
        if a in row and b in row:
            columns |= {column for column, part in enumerate(row) if _is(part, score)}
    return columns


def _is(text: str, score: float) -> bool:
    try:
        return float(text.replace(",", ".")) == score
    except ValueError:
        return False


def _classes() -> Reader:
    def make(random: Random) -> Files:
        rows = [f"{word}\t{random.choice(['animal', 'tool', 'city'])}" for word in random.sample(_WORDS, 20)]
        return {"set.tsv": "\n".join(rows).encode() + b"\n", "vectors.txt": _vectors(random)}

    def use() -> Any:
        from glove_adagrad.evaluation.pairs import read_classes

        found, warnings = noted(read_classes, Path("set.tsv"))
        _strictly(read_classes, Path("set.tsv"), warnings)
        printed = command("evaluate vectors.txt --categories set.tsv --json")
        asked = json.loads(printed.out)["models"][0]["categories"][0]["asked"]
        if asked != len(found.words):
            raise Unclean(f"evaluate asks {asked} words of {len(found.words)}")
        return list(zip(found.words, found.classes, strict=True)), warnings

    def check(case: Case, result: Any) -> None:
        entries, warnings = result
        rest = iter([line for line in plain.lines(case.files["set.tsv"]) if line.strip()])
        passed = 0
        for entry in entries:
            for line in rest:
                if any(entry[0] in row and entry[1] in row for row in plain.fields(line)):
                    break
                passed += 1
            else:
                raise Wrong(f"no line, in order, says {entry}")
        if passed + len(list(rest)) > 1 and not warnings:
            raise Wrong("lines passed over without a warning")

    return Reader("classes", make, one_of(("set.tsv", TEXT)), use, check, weight=0.5)


def _words_to_map() -> Reader:
    def make(random: Random) -> Files:
        rows = [
            f"{word}\t{random.choice(['animal', 'tool'])}" for word in random.sample(_WORDS, random.randint(4, 20))
        ]
        return {"words.txt": "\n".join(rows).encode() + b"\n", "vectors.txt": _vectors(random)}

    def use() -> Any:
        command("plot vectors.txt --words words.txt --output out/pictures --format svg --projection pca")
        return Path("out/pictures/words.svg").read_bytes()

    def check(case: Case, result: Any) -> None:
        plain.check_picture(result)
        listed = dict.fromkeys(line.strip().split("\t")[0] for line in plain.lines(case.files["words.txt"]))
        known = [word for word in listed if word in _WORDS]
        if f"map of {len(known)} words" not in result.decode():
            raise Wrong(f"{len(known)} words were to be mapped")

    return Reader("plot --words", make, one_of(("words.txt", TEXT)), use, check, weight=0.1)


READERS = [
    _google(),
    _msr(),
    _bats(),
    *map(_pairs, ("csv", "tsv", "simlex", "semicolons")),
    _classes(),
    _words_to_map(),
]
