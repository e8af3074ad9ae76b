"""Test sets as people's files have them: analogies, pairs with scores, classes."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from glove_adagrad.errors import InputError
from glove_adagrad.evaluation import (
    Question,
    QuestionSet,
    Section,
    evaluate_analogies,
    read_classes,
    read_pairs,
    read_questions,
)
from glove_adagrad.evaluation.analogies import RIGHT, UNKNOWN, WRONG
from glove_adagrad.formats import WordVectors


def test_formats_of_pairs(tmp_path: Path) -> None:
    path = tmp_path / "pairs"
    for text in (
        "a\tb\t1.5\nc\td\t2\n",
        "word 1,word 2,mean\na,b,1.5\nc,d,2\n",
        "# a comment\na b 1.5\n\nc   d 2\n",
        "w1\tw2\tPOS\tscore\tother\na\tb\tN\t1.5\t7\nc\td\tV\t2\t8\n",
        "\ufeffa\tb\t1.5\r\nc\td\t2\r\n",
        'Word 1,Word 2,Human (mean),1,2\n"a",b,1.5,1,2\nc,"d",2,3,1\n',  # WordSim-353's own header
    ):
        path.write_bytes(text.encode())
        found = read_pairs(path, strict=True)
        assert found.pairs == [("a", "b"), ("c", "d")]
        assert found.scores.tolist() == [1.5, 2]


def test_score_column_is_that_of_most_lines(tmp_path: Path) -> None:
    path = tmp_path / "pairs"
    path.write_text("a\tb\t\t7\nc\td\t1\t8\ne\tf\t\t9\ng\th\t2\t7\ni\tj\t3\t8\n")
    with pytest.warns(UserWarning, match="pairs:3: expected two words and a score"):
        assert read_pairs(path).scores.tolist() == [1, 2, 3]


def test_compressed_sets(tmp_path: Path) -> None:
    (tmp_path / "pairs.gz").write_bytes(gzip.compress(b"a b 1.5\nc d 2\n"))
    assert read_pairs(tmp_path / "pairs.gz").scores.tolist() == [1.5, 2]
    with pytest.raises(InputError, match="is a folder"):
        read_pairs(tmp_path)


def test_formats_of_questions(tmp_path: Path) -> None:
    bats = tmp_path / "BATS"
    (bats / "1_Inflectional").mkdir(parents=True)
    (bats / "1_Inflectional" / "I01 [noun].txt").write_text("cat\tcats/kittens\ndog\tdogs\ncow\tcows\n")
    (bats / "E01 [country].txt").write_text("paris\tfrance\nrome\titaly\n")
    found = read_questions(bats, strict=True)
    assert [(s.name, s.kind, len(s.questions)) for s in found.sections] == [
        ("I01 [noun]", "syntactic", 6),
        ("E01 [country]", "semantic", 2),
    ]
    assert Question("dog", "dogs", "cat", ("cats", "kittens")) in found.sections[0].questions
    (tmp_path / "msr.questions").write_text("good better rough\nyear years law\n")
    (tmp_path / "msr.answers").write_text("JJ_JJR rougher\nNN_NNS laws\n")
    found = read_questions(tmp_path / "msr.questions", strict=True)
    assert found.sections[0].questions == [Question("good", "better", "rough", ("rougher",))]
    (tmp_path / "plain").write_text("a b c d\n:no-blank\ne f g h\n")
    plain, headed = read_questions(tmp_path / "plain", strict=True).sections
    assert (plain.name, len(plain.questions)) == ("plain", 1)
    assert (headed.name, len(headed.questions)) == ("no-blank", 1)


def test_any_answer_of_several_will_do() -> None:
    vectors = np.array([[1, 0, 0], [1, 1, 0], [0, 0, 1], [0, 1, 1], [0.1, 1, 1]], dtype=np.float32)
    wv = WordVectors(["a", "a2", "c", "c2", "other"], vectors)
    for answers, outcome in ((("c2",), RIGHT), (("none", "c2"), RIGHT), (("other",), WRONG), (("none",), UNKNOWN)):
        question = Question("a", "a2", "c", answers)
        result = evaluate_analogies(wv, QuestionSet("q", [Section("s", "", [question])]))
        assert result.outcomes.tolist() == [outcome]


@pytest.mark.parametrize(
    ("read", "text", "message"),
    [
        (read_questions, "", "is empty"),
        (read_questions, "   \n\n", "is empty"),
        (read_questions, ": only\n: headers\n", "holds no analogy question"),
        (read_pairs, "a b\n# c d 1\n", "holds no pair"),
        (read_classes, "a\tx\nb\tx\n", "two classes are needed, found 1"),
    ],
)
def test_files_without_anything(read: Any, text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "set.txt").write_text(text)
    with pytest.raises(InputError, match=message):
        read(tmp_path / "set.txt")


@pytest.mark.parametrize(
    ("read", "text", "line", "left"),
    [
        (read_questions, ": s\na b c d\na b c\n", 3, lambda found: len(found) == 1),
        (read_pairs, "a b 1\na b\nc d x\n", 2, lambda found: len(found.pairs) == 1),
        (read_classes, "a\tx\nb y\nc\ty\n", 2, lambda found: len(found.words) == 2),
    ],
)
def test_malformed_lines(read: Any, text: str, line: int, left: Any, tmp_path: Path) -> None:
    (tmp_path / "set.txt").write_text(text)
    with pytest.warns(UserWarning, match=rf"set\.txt:{line}: expected .*; skipped"):
        assert left(read(tmp_path / "set.txt"))
    with pytest.raises(InputError, match=rf"set\.txt:{line}: expected"):
        read(tmp_path / "set.txt", strict=True)


def test_not_utf8_and_missing(tmp_path: Path) -> None:
    (tmp_path / "set.txt").write_bytes(b"a b 1\nc \xff 2\n")
    with pytest.raises(InputError, match=r"set\.txt:2: not UTF-8"):
        read_pairs(tmp_path / "set.txt")
    with pytest.raises(InputError, match="cannot be read"):
        read_questions(tmp_path / "none.txt")
