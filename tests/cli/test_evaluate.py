"""`glove-adagrad evaluate`: tables, JSON, several models, and what users do wrong."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from runs import Command, make_run

from glove_adagrad.cli.results import probability
from glove_adagrad.evaluation.statistics import LEAST_P_VALUE, holm
from glove_adagrad.formats import glove_text, keyedvectors, read_vectors, word2vec

#: Words of each of the default sets.
WORDS = [
    *["athens", "greece", "baghdad", "iraq", "berlin", "germany"],
    *["tiger", "cat", "love", "sex", "book", "paper"],
    *["old", "new", "smart", "intelligent", "hard", "difficult"],
]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    random = np.random.default_rng(1)
    vectors = random.normal(size=(len(WORDS), 20))
    vectors[1:6:2] = vectors[0:6:2] + random.normal(size=20)  # country = capital + the same
    return make_run(tmp_path / "run", WORDS, vectors)


def test_json_and_table_say_the_same(command: Command, run: Path) -> None:
    found = command.json("evaluate", run)
    assert found["rules"] == {"restrict_vocab": 300000, "case_insensitive": True, "oov_as_zero": False}
    (model,) = found["models"]
    assert (model["path"], model["name"], model["words"], model["vector_size"]) == (str(run), "run", 18, 20)
    (analogies,) = model["analogies"]
    assert analogies["total"] == {
        "asked": 19544,
        "answered": 9,
        "correct": 9,
        "coverage": 9 / 19544,
        "accuracy": 1.0,
    }
    assert analogies["syntactic"]["accuracy"] is None
    text = command.ok("evaluate", run)
    rules = "Rules: letter case ignored; questions with unknown words left out; first 300,000 words."
    assert rules in " ".join(text.split())
    rows = {line.split("  ")[1].strip(): line.split() for line in text.splitlines() if line.startswith("  ")}
    assert rows["total (micro)"][2:] == ["19,544", "9/9", "100.00"]
    assert rows["syntactic"][1:] == ["10,675", "0/0", "-"]
    assert rows["wordsim353"][1] == "4/353"
    spearman = model["similarity"][0]["spearman"]
    assert rows["wordsim353"][2] == f"{spearman:.3f}"
    zero = command.json("evaluate", run, "--oov-as-zero")["models"][0]["analogies"][0]
    assert zero["total"]["accuracy"] == 9 / 19544


def test_any_kind_of_file_gives_the_same(command: Command, run: Path, tmp_path: Path) -> None:
    wv = read_vectors(run)
    word2vec.write(tmp_path / "v.txt", wv)
    word2vec.write(tmp_path / "v.bin", wv, binary=True)
    glove_text.write(tmp_path / "v.glove.gz", wv)
    keyedvectors.write(tmp_path / "v.kv", wv)
    (tmp_path / "v.bin.gz").write_bytes(gzip.compress((tmp_path / "v.bin").read_bytes()))
    names = ["v.txt", "v.bin", "v.bin.gz", "v.glove.gz", "v.kv"]
    found = command.json("evaluate", run, *(tmp_path / name for name in names))
    first, *others = found["models"]
    assert [model["name"] for model in others] == names
    for model in others:
        assert model["analogies"] == first["analogies"]
        assert model["similarity"][0]["pearson"] == pytest.approx(first["similarity"][0]["pearson"], abs=1e-6)
    assert [compared["second"] for compared in found["comparisons"]] == names
    for compared in found["comparisons"]:
        assert compared["analogies"][0]["p_value"] == 1
        assert compared["similarity"][0]["common"] == 4


def test_two_models_side_by_side(command: Command, run: Path, tmp_path: Path) -> None:
    other = make_run(tmp_path / "other", WORDS[2:], np.random.default_rng(2).normal(size=(16, 5)))
    text = command.ok("evaluate", run, other, "--method", "both")
    assert "[1] run " in text
    assert "[2] other " in text
    assert "3CosMul" in text
    assert "p: McNemar's test for analogies" in text
    found = command.json("evaluate", run, other)
    assert [model["analogies"][0]["total"]["answered"] for model in found["models"]] == [9, 3]
    compared = found["comparisons"][0]["analogies"][0]
    assert compared["common"] == 3
    assert compared["first_correct"] - compared["second_correct"] == compared["only_first"] - compared["only_second"]


def test_four_models_fit_80_columns(command: Command, tmp_path: Path) -> None:
    models = [
        make_run(tmp_path / f"run-{seed}", WORDS, np.random.default_rng(seed).normal(size=(18, 20)))
        for seed in range(4)
    ]
    text = command.ok("evaluate", *models)
    assert max(map(len, text.splitlines())) <= 80
    assert "capital-common-countries" not in text
    assert "p values are corrected by Holm's method for 3 comparisons of each test set." in text
    sections = command.ok("evaluate", *models, "--sections")
    assert max(map(len, sections.splitlines())) <= 80
    assert "capital-common-countries" in sections


def test_several_comparisons_are_corrected(command: Command, run: Path, tmp_path: Path) -> None:
    others = [
        make_run(tmp_path / f"run-{seed}", WORDS, np.random.default_rng(seed).normal(size=(18, 20)))
        for seed in range(2)
    ]
    compared = command.json("evaluate", run, *others)["comparisons"]
    raw = [part["analogies"][0]["p_value"] for part in compared]
    assert [part["analogies"][0]["p_adjusted"] for part in compared] == holm(raw)
    assert holm(raw) != raw
    (alone,) = command.json("evaluate", run, others[0])["comparisons"]
    assert alone["analogies"][0]["p_adjusted"] == alone["analogies"][0]["p_value"]


def test_a_p_value_at_its_floor_is_printed_as_a_bound() -> None:
    assert probability(LEAST_P_VALUE, at_floor=True) == "< 0.001"
    assert probability(LEAST_P_VALUE) == "0.001"


def test_markdown_and_csv_hold_the_same_scores(command: Command, run: Path) -> None:
    model = command.json("evaluate", run)["models"][0]
    rows = list(csv.DictReader(command.ok("evaluate", run, "--format", "csv").splitlines()))
    (total,) = [row for row in rows if row["section"] == "total"]
    assert float(total["value"]) == model["analogies"][0]["total"]["accuracy"]
    (wordsim,) = [row for row in rows if row["test"] == "wordsim353" and row["metric"] == "Spearman"]
    assert float(wordsim["value"]) == model["similarity"][0]["spearman"]
    markdown = command.ok("evaluate", run, "--format", "markdown")
    tables = [block for block in markdown.split("\n\n") if block.startswith("|")]
    assert len(tables) == 3
    for table in tables:
        assert len({line.count("|") for line in table.splitlines()}) == 1
    assert f"| {model['similarity'][0]['spearman']:.3f} |" in markdown


def test_user_supplied_test_sets(command: Command, run: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("athens greece berlin germany\nathens greece baghdad\n")
    (tmp_path / "pairs.csv").write_text("word1,word2,score\ntiger,cat,9\nlove,sex,6\nbook,paper,7\n")
    (tmp_path / "classes.txt").write_text("".join(f"{word}\t{n // 6}\n" for n, word in enumerate(WORDS)))
    sets = ["--similarity", tmp_path / "pairs.csv", "--categories", tmp_path / "classes.txt"]
    found = command.json("evaluate", run, *sets)["models"][0]
    assert found["analogies"] == []
    assert found["similarity"][0]["answered"] == 3
    assert found["categories"][0]["classes"] == 3
    assert found["categories"][0]["purity"] == found["categories"][0]["correct"] / 18
    assert "purity" in command.ok("evaluate", run, *sets)
    questions = ["--analogies", tmp_path / "mine.txt"]
    outcome = command("evaluate", run, *questions, "--json")
    assert outcome.code == 0
    assert outcome.err.count("\n") == 1
    assert "mine.txt:2: expected four words, found 3; skipped" in outcome.err
    assert json.loads(outcome.out)["models"][0]["analogies"][0]["total"]["correct"] == 1
    assert "mine.txt:2: expected four" in command.refused(1, "evaluate", run, *questions, "--strict")


def test_sets_of_one_name_get_distinct_labels(command: Command, run: Path, tmp_path: Path) -> None:
    paths = [tmp_path / name / "pairs.csv" for name in ("one", "two")]
    for path in paths:
        path.parent.mkdir()
        path.write_text("tiger,cat,9\nlove,sex,6\nbook,paper,7\n")
    (tmp_path / "pairs.tsv").write_text("tiger\tcat\t9\nlove\tsex\t6\n")

    def names(*files: Path) -> list[str]:
        sets = [part for file in files for part in ("--similarity", file)]
        return [found["name"] for found in command.json("evaluate", run, *sets)["models"][0]["similarity"]]

    assert names(paths[0]) == ["pairs"]
    assert names(paths[0], tmp_path / "pairs.tsv") == ["pairs.csv", "pairs.tsv"]
    assert names(*paths) == list(map(str, paths))


def test_which_vectors(command: Command, tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    run = make_run(tmp_path / "run", WORDS, *random.normal(size=(2, 18, 6)))
    by_choice = {
        which: command.json("evaluate", run, "--vectors", which)["models"][0]["similarity"][0]["pearson"]
        for which in ("sum", "word", "context", "concat")
    }
    assert len(set(by_choice.values())) == 4
    assert command.json("evaluate", run)["models"][0]["similarity"][0]["pearson"] == by_choice["sum"]


def test_nothing_to_answer(command: Command, run: Path, tmp_path: Path) -> None:
    foreign = make_run(tmp_path / "foreign", ["bonjour", "monde"], np.eye(2))
    assert "cannot answer any question" in command.refused(1, "evaluate", foreign)
    assert "cannot answer any question" in command.refused(1, "evaluate", foreign, "--oov-as-zero")
    outcome = command("evaluate", run, foreign)
    assert outcome.code == 0
    assert outcome.err.splitlines() == [
        f"glove-adagrad: warning: foreign: cannot answer any question of {name}: each has an out-of-vocabulary word"
        for name in ("questions-words", "wordsim353", "simlex999")
    ]


def test_bad_input(command: Command, run: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("")
    (tmp_path / "nan.txt").write_text("a 1 2\nb nan 2\n")
    (tmp_path / "mixed.txt").write_text("a 1 2\nb 1 2 3\n")
    assert "is empty" in command.refused(1, "evaluate", tmp_path / "empty")
    assert "nan.txt:2: the vector of 'b' has nan as its number 1" in command.refused(
        1, "evaluate", tmp_path / "nan.txt"
    )
    assert "mixed.txt:2: expected a word and 2 numbers" in command.refused(1, "evaluate", tmp_path / "mixed.txt")
    assert "is empty" in command.refused(1, "evaluate", run, "--similarity", tmp_path / "empty")
    assert "cannot be read" in command.refused(1, "evaluate", run, "--analogies", tmp_path / "none")
    assert "VECTORS" in command.refused(2, "evaluate")
    assert "--method" in command.refused(2, "evaluate", run, "--method", "sub")
    (tmp_path / "twice.txt").write_text("tiger 1 2\ncat 3 1\nlove 0 1\nsex 1 1\ntiger 5 5\n")
    outcome = command("evaluate", tmp_path / "twice.txt")
    assert outcome.code == 0
    assert "1 repeated word, for example 'tiger'" in outcome.err
