"""Test sets in the layouts that circulate: which column is what, line ends, separators, folders."""

from __future__ import annotations

import gzip
import warnings
from pathlib import Path
from typing import Any

import pytest
from runs import Command

from glove_adagrad.errors import InputError
from glove_adagrad.evaluation import read_classes, read_pairs, read_questions

PAIRS = [("king", "queen", 6.25), ("man", "woman", 7.5), ("cat", "dog", 4.0), ("new", "old", 1.75)]
JUDGES = [[6, 6.5, 6.25], [7, 8, 7.5], [1, 7, 4], [0, 3.5, 1.75]]


def table(form: str, header: str = "") -> str:
    """A line for each pair: its words as {a}, {b}, its score as {s}, a number as {n}, scores of judges as {j[0]}."""
    rows = enumerate(zip(PAIRS, JUDGES, strict=True))
    lines = [form.format(a=a, b=b, s=score, n=number, j=judges) for number, ((a, b, score), judges) in rows]
    return "\n".join([header] * bool(header) + lines) + "\n"


#: Name: text, whether it leaves no doubt, separator, columns.
LAYOUTS: dict[str, tuple[str, bool, str, list[str]]] = {
    "tabs": (table("{a}\t{b}\t{s}"), True, "tab", ["1", "2", "3"]),
    "blanks": (table("{a} {b}   {s}"), True, "blanks", ["1", "2", "3"]),
    "commas": (table("{a},{b},{s}", "w1,w2,human"), True, ",", ["w1", "w2", "human"]),
    "quoted": (table('"{a}","{b}","{s}"', '"Word 1","Word 2","Score"'), True, ",", ["Word 1", "Word 2", "Score"]),
    "semicolons": (table("{a};{b};{s}", "word1;word2;score"), True, ";", ["word1", "word2", "score"]),
    "colons": (table("{a}:{b}:{s}:n:n", "#Word1:Word2:Gold:P1:P2"), True, ":", ["Word1", "Word2", "Gold"]),
    "bars": (table("{a} | {b} | {s}"), True, "|", ["1", "2", "3"]),
    "decimal commas": (table("{a}\t{b}\t{s}").replace(".", ","), True, "tab", ["1", "2", "3"]),
    "per cent": (table("{a}\t{b}\t{s}%"), True, "tab", ["1", "2", "3"]),
    "trailing tabs": (table("{a},{b},{s}\t"), True, ",", ["1", "2", "3"]),
    "tags between": (table("{a}\t{b}\tN\t{s}\tSYNONYMS"), True, "tab", ["1", "2", "4"]),
    "score first": (table("{s}\t{a}\t{b}"), True, "tab", ["2", "3", "1"]),
    "header out of order": (
        table("{n}\t{s}\t{b}\t{a}", "id\tMEAN\tword_2\tword 1"), True, "tab", ["word 1", "word_2", "MEAN"],
    ),
    "pandas": (table("{n},{a},{b},{s}", ",word1,word2,similarity"), True, ",", ["word1", "word2", "similarity"]),
    "judges, mean named": (
        table("{a},{b},{j[0]},{j[1]},{s}", "Word 1,Word 2,1,2,Average"), True, ",", ["Word 1", "Word 2", "Average"],
    ),
    "human mean first": (
        table("{a},{b},{s},{j[0]},{j[1]}", "Word 1,Word 2,Human (mean),1,2"),
        True, ",", ["Word 1", "Word 2", "Human (mean)"],
    ),
    "judges, mean last": (table("{a},{b},{j[0]},{j[1]},{s}"), False, ",", ["1", "2", "5"]),
    "judges behind": (table("{a}\t{b}\t{s}\t{n}7\t1"), False, "tab", ["1", "2", "3"]),
    "running numbers": (table("{n}\t{a}\t{b}\t{s}"), False, "tab", ["2", "3", "4"]),
    "contexts": (
        table("{n}\t{a}\tn\t{b}\tv\tthe {a} of it\tthe {b} of it\t{s}\t9\t{n}3"), False, "tab", ["2", "4", "8"],
    ),
    "several columns of text": (table("big {a} {b} {s}"), False, "blanks", ["1", "2", "4"]),
}  # fmt: skip


@pytest.mark.parametrize("name", LAYOUTS)
def test_columns_of_pairs(name: str, tmp_path: Path) -> None:
    text, certain, separator, columns = LAYOUTS[name]
    path = tmp_path / "pairs"
    for end in ("\n", "\r\n", "\r"):
        for start in ("", "\ufeff"):
            path.write_bytes((start + text.replace("\n", end)).encode())
            with warnings.catch_warnings(record=True) as warned:
                warnings.simplefilter("always")
                found = read_pairs(path, strict=True)
            assert found.scores.tolist() == [score for _, _, score in PAIRS]
            if name != "several columns of text":
                assert found.pairs == [(a, b) for a, b, _ in PAIRS]
            assert found.layout is not None
            assert (found.layout.separator, list(found.layout.columns)) == (separator, columns)
            assert len(warned) == (not certain)
            if not certain:
                message = str(warned[0].message)
                for role, column in zip(("first word", "second word", "score"), columns, strict=True):
                    assert f"{column} as the {role}" in message
                assert "--columns" in message


def test_columns_named(tmp_path: Path) -> None:
    path = tmp_path / "pairs"
    header = "id\tword_en_1\tword_en_2\tword_ro_1\tword_ro_2\ten scores\tro scores"
    path.write_text(f"{header}\n1\tking\tqueen\trege\tregina\t6.25\t1\n2\tman\twoman\tom\tfemeie\t7.5\t2\n")
    with pytest.raises(InputError, match=r"'word_en_1', 'word_en_2', 'word_ro_1', 'word_ro_2'.*--columns"):
        read_pairs(path)
    found = read_pairs(path, columns=("word_ro_1", "Word RO 2", "7"), strict=True)
    assert found.pairs == [("rege", "regina"), ("om", "femeie")]
    assert found.scores.tolist() == [1, 2]
    with pytest.raises(InputError, match=r"no column 'score'.*word_en_1"):
        read_pairs(path, columns=("2", "3", "score"))
    with pytest.raises(InputError, match="no column '8'"):
        read_pairs(path, columns=("2", "3", "8"))
    path.write_text("a\tb\tscore 1\tscore 2\nking\tqueen\t1\t2\nman\twoman\t2\t3\n")
    with pytest.raises(InputError, match=r"may be the score: 'score 1', 'score 2'"):
        read_pairs(path)


def test_words_that_begin_with_a_hash(tmp_path: Path) -> None:
    path = tmp_path / "pairs"
    path.write_text("#king\t#queen\t5\n# a comment\n#a comment\nking\tqueen\t6\n#man\twoman\t7\n")
    found = read_pairs(path, strict=True)
    assert found.pairs == [("#king", "#queen"), ("king", "queen"), ("#man", "woman")]


CLASSES = [("apple", "fruit"), ("pear", "fruit"), ("cat", "animal"), ("dog", "animal"), ("cow", "animal")]
CLASS_LAYOUTS = {
    "word first": ("{w}\t{c}", "", True),
    "class first": ("{c}\t{w}", "", True),
    "header": ("{w}\t{c}", "Word\tCategory", True),
    "header, class first": ("{c},{w}", "class,word", True),
    "pandas": ("{n},{c},{w}", ",category,word", True),
    "blanks": ("{w} {c}", "", True),
    "semicolons": ("{w};{c}", "noun;class", True),
    "unknown header": ("{w}\t{c}", "wort\tklasse", False),
    "running numbers": ("{n}\t{w}\t{c}", "", False),
}


@pytest.mark.parametrize("name", CLASS_LAYOUTS)
def test_columns_of_classes(name: str, tmp_path: Path) -> None:
    form, header, certain = CLASS_LAYOUTS[name]
    lines = [header] * bool(header) + [form.format(w=w, c=c, n=n) for n, (w, c) in enumerate(CLASSES)]
    for end in ("\n", "\r"):
        (tmp_path / "classes").write_bytes(end.join(lines).encode())
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            found = read_classes(tmp_path / "classes", strict=True)
        assert list(zip(found.words, found.classes, strict=True)) == CLASSES
        assert len(warned) == (not certain)


def test_columns_of_classes_named(tmp_path: Path) -> None:
    (tmp_path / "classes").write_text("fruit apple red\nfruit pear green\nanimal cat black\nanimal dog black\n")
    for columns, kinds in ((("2", "1"), {"fruit", "animal"}), (("2", "3"), {"red", "green", "black"})):
        found = read_classes(tmp_path / "classes", columns=columns, strict=True)
        assert found.words == ["apple", "pear", "cat", "dog"]
        assert set(found.classes) == kinds
    with pytest.raises(InputError, match="no column 'word'"):
        read_classes(tmp_path / "classes", columns=("word", "1"))


def test_folders_of_relations(tmp_path: Path) -> None:
    stanford = tmp_path / "question-data"
    stanford.mkdir()
    (stanford / "capital-world.txt").write_text("athens greece rome italy\nrome italy athens greece\n")
    (stanford / "gram1-adjective.txt").write_text("good well bad badly\n")
    (stanford / "other.txt").write_text("a b c d\n")
    kinds = {(s.name, s.kind, len(s.questions)) for s in read_questions(stanford, strict=True).sections}
    assert kinds == {("capital-world", "semantic", 2), ("gram1-adjective", "syntactic", 1), ("other", "", 1)}
    (section,) = read_questions(stanford / "capital-world.txt").sections
    assert section.kind == "semantic"
    bats = tmp_path / "BATS"
    for folder in ("1_Inflectional", "__MACOSX/1_Inflectional", ".hidden"):
        (bats / folder).mkdir(parents=True)
        (bats / folder / "I01 [noun].txt").write_text("cat\tcats\ndog\tdogs\n")
    (bats / "1_Inflectional" / "._I01 [noun].txt").write_bytes(b"\0\5\x16\7")
    (bats / "1_Inflectional" / "D01 [verb].txt").write_text("do redo\nuse reuse\n")
    assert [len(s.questions) for s in read_questions(bats, strict=True).sections] == [2, 2]


@pytest.mark.parametrize("separator", [" ", "\t", ",", ", ", ";", "|"])
def test_separators_of_questions(separator: str, tmp_path: Path) -> None:
    line = separator.join(["new\u00a0york", "usa", "berlin", "germany"])
    (tmp_path / "q").write_bytes(f"// Copyright\r: capital-world\r{line}\r".encode())
    (section,) = read_questions(tmp_path / "q", strict=True).sections
    assert (section.kind, section.questions[0].a, section.questions[0].answers) == (
        "semantic", "new\u00a0york", ("germany",),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (gzip.compress(b"a\tb\t1\n" * (1 << 24), 1), "more than 64 MB; not a test set"),
        (b"a\tb\t1\n" + b"c" * (1 << 21), r":2: the line is longer than 1 MB"),
        (b"PK\x03\x04zip", "zip archive"),
        ("a\tb\t1\n".encode("utf-16"), "UTF-16"),
    ],
)
def test_files_that_are_not_test_sets(content: bytes, message: str, tmp_path: Path) -> None:
    for read in (read_pairs, read_classes, read_questions):
        (tmp_path / "f").write_bytes(content)
        with pytest.raises(InputError, match=message):
            read(tmp_path / "f")


def test_odd_csv(tmp_path: Path) -> None:
    long = b'"' + b"x" * 200_000 + b'",y,2'
    lines = [b"word1,word2,score", b"a,b\rc,3", long, b'"open,z,1', b"king,queen,8.5"]
    (tmp_path / "p").write_bytes(b"\n".join(lines))
    with pytest.warns(UserWarning, match=r"p:2: expected two words and a score, found 'a,b'; skipped 3 such lines"):
        found = read_pairs(tmp_path / "p")
    assert found.scores.tolist() == [2, 8.5]


def test_guessed_columns_are_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    command = Command(capsys, monkeypatch)
    (tmp_path / "v").write_text("".join(f"{a} {n} 1\n{b} {n} {s}\n" for n, (a, b, s) in enumerate(PAIRS)))
    (tmp_path / "p.csv").write_text(table("{s};{a};{b}").replace(".", ","))
    arguments: list[Any] = ["evaluate", tmp_path / "v", "--similarity", tmp_path / "p.csv"]
    assert "p: columns 2, 3, 1 (no header) separated by ;, with decimal commas." in command.ok(*arguments)
    (layout,) = command.json(*arguments)["layouts"]
    assert layout == {
        "name": "p", "separator": ";", "columns": ["2", "3", "1"], "header": False, "decimal_comma": True,
    }  # fmt: skip
    (layout,) = command.json(*arguments, "--columns", "3,2,1")["layouts"]
    assert layout["columns"] == ["3", "2", "1"]
    assert "--columns" in command.refused(2, *arguments, "--columns", "1,2")
