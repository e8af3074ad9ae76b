"""Phrases that must not come back: CONTRIBUTING.md asks for plain, idiomatic technical English."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("glove_adagrad", "docs", "tests", "scripts", "eval")
SUFFIXES = {".py", ".md", ".js", ".html", ".css", ".yml", ".toml", ".cff", ""}

#: pattern (a space is any white space, the comment sign of a new line, or an underscore) -> what to write instead
PHRASES = {
    r"(?<!there[\s_])(is|are|was|were|be) no\b(?! longer\b)": "is not a ...",
    r"that (is|are) none": "that are not ...",
    r"so (many|much)(?! that\b)": "the number's or parameter's name",
    r"(and|or) the like": "name the things",
    r"anew": "again, from scratch, re...",
    r"beside": "next to",
    r"(go|goes|going|went|gone) on": "continue",
    r"(taken?|takes|taking|took) over": "import, copy",
    r"(write|writes|writing|written|wrote) over": "overwrite",
    r"(mend|mends|mended|mending)": "fix",
    r"(?<!\.)(tell|tells|telling|told)": "called with, return, show, identify, distinguish",
    r"thousand million": "billion",
    r"(the )?same bits": "bit-for-bit identical",
    r"to the bits": "exactly",
    r"empty cells?": "unobserved pair",
    r"(stand|stands|stood)(?! for\b)": "appear, occur, is",
    r"(the|this|other) rooms?": "module, package",
    r"rooms": "modules, packages",
    r"(became|becomes?|came|comes) of (a|an|the|it|each|what)": "results of",
    r"left alone": "idle, unchanged",
    r"works? off": "process",
    r"what lies": "neighbours",
    r"(thins|thinned|thinning) out": "drop, subsample",
    r"without gain": "without benefit",
    r"are dear|is dear": "costly",
    r"not hear": "ignore",
    r"polite kill|hard kill": "SIGTERM, SIGKILL",
    r"counts? that chance (gives|would give)": "expected count under independence",
    r"(by|of) chance alone": "at random",
    r"cannot foresee": "unpredictable",
    r"to be known": "say what it is",
}


def compiled(phrase: str) -> re.Pattern[str]:
    gap, ends = r"(?:[\s_]|#:?)+", (r"(?<![^\W_])", r"(?![^\W_]|-)")
    return re.compile(ends[0] + f"(?:{phrase})".replace(" ", gap).replace(r"\b", ends[1]) + ends[1], re.IGNORECASE)


def texts() -> Iterator[tuple[str, str]]:
    """The path and the content of every text file of the repository but this one and outputs of other programs."""
    found = [*ROOT.glob("*.*"), *ROOT.glob(".ci/*")]
    for folder in FOLDERS:
        found += (ROOT / folder).rglob("*")
    for path in found:
        name = path.relative_to(ROOT).as_posix()
        if path.suffix in SUFFIXES and path.is_file() and path != Path(__file__) and "golden/" not in name:
            yield name, path.read_text(encoding="utf-8")


@pytest.mark.parametrize("phrase", PHRASES)
def test_no_phrase_comes_back(phrase: str, files: dict[str, str]) -> None:
    pattern = compiled(phrase)
    found = [
        f"{name}:{text.count(chr(10), 0, match.start()) + 1}: {match[0]!r}"
        for name, text in files.items()
        for match in pattern.finditer(text)
    ]
    assert not found, f"instead: {PHRASES[phrase]}"


@pytest.fixture(scope="module")
def files() -> dict[str, str]:
    return dict(texts())


def test_all_texts_are_searched(files: dict[str, str]) -> None:
    named = ["README.md", "pyproject.toml", "docs/api/index.md", "tests/naive.py", "scripts/test"]
    named += ["eval/training/results.md", "glove_adagrad/cli/train.py", "glove_adagrad/explore/explore.js"]
    assert set(named) <= set(files)
    assert min(sum(name.startswith(folder) for name in files) for folder in FOLDERS) >= 8


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("it is no run", True),
        ("which is\n    # no run", True),
        ("if there is no run", False),
        ("it is no longer a run", False),
        ("So Many", True),
        ("training goes\n    on", True),
        ("stands for it", False),
        ("standard", False),
        ("he was told so", True),
        ("besides", False),
        ("def test_callbacks_are_told(", True),
        ("file.tell()", False),
    ],
)
def test_phrases_are_found_across_lines(text: str, found: bool) -> None:
    assert any(compiled(phrase).search(text) for phrase in PHRASES) == found
