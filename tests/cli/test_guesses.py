"""What was found out about files of vectors and test sets is printed in one line, and is in --json."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from runs import Command, make_run

from glove_adagrad.formats import WordVectors, keyedvectors, word2vec

WORDS = ["king", "queen", "man", "woman"]
ROWS = "king 1 0 2\nqueen 2 1 0\nman 0 1 1\nwoman 3 0 1\n"


def _binary(path: Path) -> None:
    word2vec.write(path, WordVectors(WORDS, np.eye(4, dtype=np.float32)), binary=True)


def _keyed(path: Path) -> None:
    keyedvectors.write(path, WordVectors(WORDS, np.eye(4, dtype=np.float32)))


#: What a file is -> how it is made, and what is said about it.
FILES = {
    "GloVe text, without a header, separated by blanks": lambda path: path.write_text(ROWS),
    "word2vec text, with a header, separated by tabs": lambda path: path.write_text(
        "4 3\n" + ROWS.replace(" ", "\t")
    ),
    "word2vec text, with a header, separated by blanks and tabs": lambda path: path.write_text(
        "4 3\n" + ROWS.replace("king ", "king\t")
    ),
    "GloVe text, without a header, separated by blanks, with a byte order mark, compressed as .gz": (
        lambda path: path.write_bytes(gzip.compress(b"\xef\xbb\xbf" + ROWS.encode()))
    ),
    "GloVe text, without a header, separated by blanks, words not in UTF-8: 1": (
        lambda path: path.write_bytes(ROWS.encode() + b"caf\xe9 1 1 1\n")
    ),
    "word2vec binary": _binary,
    "KeyedVectors of gensim": _keyed,
}


@pytest.mark.parametrize("expected", FILES)
def test_a_file_of_vectors_is_described(command: Command, tmp_path: Path, expected: str) -> None:
    path = tmp_path / "v"
    FILES[expected](path)
    line = f"{path}: {expected}"
    commands: list[list[object]] = [
        ["similar", path, "king"], ["analogy", path, *WORDS[:3]], ["odd-one-out", path, *WORDS[:3]],
    ]  # fmt: skip
    for each in commands:
        assert command.ok(*each).splitlines()[-1] == line
        layout = command.json(*each)["layout"]
        assert expected.startswith(layout["format"])
        assert layout["header"] == ("word2vec" in expected)
    assert line in command.ok("export", path, tmp_path / "out", "--format", "glove")
    assert line in command.ok("blend", path, path, "--output", tmp_path / "blend")
    (tmp_path / "pairs").write_text("king\tqueen\t1\nman\twoman\t2\nking\tman\t3\n")
    evaluate = ["evaluate", path, "--similarity", tmp_path / "pairs"]
    assert f"v: {expected}." in " ".join(command.ok(*evaluate).split())
    assert command.json(*evaluate)["models"][0]["layout"] == layout


def test_a_run_is_not_described(command: Command, tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", WORDS, np.eye(4))
    assert str(run) not in command.ok("similar", run, "king")
    assert command.json("similar", run, "king")["layout"] is None


def test_test_sets_are_described(command: Command, tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", WORDS, np.eye(4))
    (tmp_path / "pairs.csv").write_text("word1,word2,score\nking,queen,1\nman,woman,2\n")
    (tmp_path / "questions").write_text(": royals\nking;queen;man;woman\nman woman king queen\n")
    bats = tmp_path / "bats"
    bats.mkdir()
    (bats / "L01.txt").write_text("king\tqueen\nman\twoman\n")
    (tmp_path / "msr.questions").write_text("king queen man\n")
    (tmp_path / "msr.answers").write_text("NN_NNS woman\n")
    arguments: list[object] = ["evaluate", run, "--similarity", tmp_path / "pairs.csv"]
    for name in ("questions", "bats", "msr.questions"):
        arguments += ["--analogies", tmp_path / name]
    expected = {
        "questions": "lines of four words separated by ; or blanks",
        "bats": "BATS, words and answers separated by tab",
        "msr": "three words and their answers separated by blanks",
        "pairs": "columns word1, word2, score separated by ,",
    }
    printed = command.ok(*arguments)
    for name, text in expected.items():
        assert f"{name}: {text}." in printed
    layouts = {layout["name"]: layout for layout in command.json(*arguments)["layouts"]}
    assert list(layouts) == list(expected)
    assert layouts["questions"]["separators"] == [";", "blanks"]
    assert layouts["msr"]["format"] == "three words and their answers"
    assert command.json("evaluate", run)["layouts"] == []


def test_vectors_to_start_from_are_described(command: Command, tmp_path: Path) -> None:
    path, text = tmp_path / "v", tmp_path / "text"
    path.write_text(ROWS)
    text.write_text("king queen man woman king queen\n" * 3)
    train = ["train", text, "--min-count", 1, "--vector-size", 3, "--epochs", 1]
    for option in ("--init", "--anchor"):
        found = command.ok(*train, "--output", tmp_path / option, option, path)
        assert f"{path}: GloVe text, without a header, separated by blanks" in found
