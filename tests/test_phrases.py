"""Phrases: those of gensim, stored with the run, joined in queries and in texts that extend it."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest
from gensim.models.phrases import Phrases as Learner
from runs import Command

from glove_adagrad import GloVe
from glove_adagrad.errors import InputError
from glove_adagrad.formats import read_run
from glove_adagrad.phrases import Phrases
from glove_adagrad.sentences import Sentences


def _sentences() -> list[list[str]]:
    draw = random.Random(1)
    words = [f"w{number}" for number in range(40)]
    lines = []
    for number in range(400):
        line = draw.choices(words, k=6)
        at = draw.randrange(7)
        line[at:at] = ["new", "york", "times"] if number % 8 == 0 else ["new", "york"] if number % 11 == 0 else []
        lines.append(line)
    return lines


SENTENCES = _sentences()


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "text.txt"
    path.write_text("".join(" ".join(line) + "\n" for line in SENTENCES), encoding="utf-8")
    return path


def test_phrases_are_those_of_gensim(tmp_path: Path) -> None:
    first = Learner(SENTENCES)
    second = Learner(first[SENTENCES])
    found = Phrases.learn(Sentences(SENTENCES), 2)
    assert found.passes == [first.find_phrases(SENTENCES), second.find_phrases(first[SENTENCES])]
    assert [found.join(line) for line in SENTENCES] == [second[first[line]] for line in SENTENCES]
    words = found.join(["the", *["new", "york", "times", "in", "new", "york"]])
    assert words == ["the", "new_york_times", "in", "new_york"]
    found.write(tmp_path)
    assert Phrases.read(tmp_path) == found
    with pytest.raises(InputError, match="phrases 0"):
        Phrases.learn(Sentences(SENTENCES), 0)


def test_phrases_of_a_run(text: Path, tmp_path: Path, command: Command) -> None:
    run, longer = tmp_path / "run", tmp_path / "longer"
    settings = ["--vector-size", 5, "--epochs", 2, "--min-count", 1]
    assert command("train", text, "--output", run, "--phrases", 2, *settings).code == 0
    words = read_run(run).words
    assert {"new_york", "new_york_times"} < set(words)
    assert json.loads((run / "history.json").read_text())["provenance"]["phrases"] == 2
    # queries
    asked = command("similar", run, "new york times", "new york", "w1", "--top", 1, "--json")
    assert [entry["word"] for entry in json.loads(asked.out)["similar"]] == ["new_york_times", "new_york", "w1"]
    assert "not among" in command("similar", run, "york new").err
    assert command("analogy", run, "w1", "new york", "w2").code == 0
    assert command("odd-one-out", run, "w1", "new york", "w2").code == 0
    # an extension joins the same phrases and no others
    (tmp_path / "more.txt").write_text("new york new york\n" + "los angeles w1 w2\n" * 50)
    assert command("train", tmp_path / "more.txt", "--extend", run, "--output", longer, "--epochs", 1).code == 0
    found = read_run(longer)
    counts = dict(zip(found.words, found.counts.tolist(), strict=True))
    before = dict(zip(words, read_run(run).counts.tolist(), strict=True))
    assert counts["new_york"] == before["new_york"] + 2
    assert counts["los"] == 50
    assert (longer / "phrases.json").read_bytes() == (run / "phrases.json").read_bytes()
    refused = command("train", text, "--extend", run, "--output", tmp_path / "x", "--phrases", 1)
    assert (refused.code, "--phrases cannot be combined with --extend" in refused.err) == (2, True)
    (run / "phrases.json").write_bytes((run / "phrases.json").read_bytes().replace(b"new_york", b"new_yorx"))
    assert "phrases.json: is damaged" in command("similar", run, "new york").err


def test_phrases_in_python(text: Path, tmp_path: Path) -> None:
    settings = {"vector_size": 5, "epochs": 2, "min_count": 1, "phrases": 2}
    model = GloVe(SENTENCES, **settings)
    other = GloVe(corpus_file=text, **settings)
    np.testing.assert_array_equal(model.wv.vectors, other.wv.vectors)
    assert model.join_phrases(["in", "new", "york"]) == ["in", "new_york"]
    model.save(tmp_path / "model")
    assert GloVe.load(tmp_path / "model").join_phrases(["new", "york"]) == ["new_york"]
    assert GloVe(SENTENCES, **{**settings, "phrases": 0}).join_phrases(["new", "york"]) == ["new", "york"]
