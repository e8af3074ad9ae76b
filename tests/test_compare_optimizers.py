"""`compare-optimizers`, through the command line, and the search for a rate."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from runs import Command

from glove_adagrad import optim
from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
from glove_adagrad.evaluation import Suite
from glove_adagrad.optimizer_contest import Contest, Entrant
from glove_adagrad.trainer import Trainer, TrainingSettings

TINY = Path(__file__).parent / "golden" / "tiny.txt"
PICTURES = {"loss-by-epoch.png", "loss-by-second.png", "scores.png", "cost.png", "rates.png"}


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    return Command(capsys, monkeypatch)


def test_a_table_and_pictures_of_chosen_rules(command: Command, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib, which pictures need, is not installed")
    arguments = ["--epochs", 2, "--vector-size", 8, "--min-count", 1, "--optimizer", "adagrad",
                 "--optimizer", "sgd", "--optimizer", "adagrad-l1:l1=1e-4,learning_rate=3"]  # fmt: skip
    first = tmp_path / "first"
    command.ok("compare-optimizers", TINY, "--output", first, *arguments, "--quiet")
    record = json.loads((first / "results.json").read_text())
    assert [result["label"] for result in record["results"]] == ["adagrad", "sgd", "adagrad-l1 l1=1e-4"]
    adagrad, sgd, shrunk = record["results"]
    assert adagrad["bytes_per_parameter"] == 8
    assert sgd["bytes_per_parameter"] == 4
    assert shrunk["zeros"] > 0 == adagrad["zeros"]
    assert shrunk["options"]["learning_rate"] == 3
    assert not shrunk["trials"]
    for result in record["results"]:
        assert len(result["losses"]) == len(result["rates"]) == len(result["processor_seconds"]) == 2
        assert {len(rates) for rates in result["rates"]} == {len(record["frequencies"])}
        assert result["scores"]
    assert {path.name for path in first.glob("*.png")} == PICTURES
    assert "| adagrad-l1 l1=1e-4 | 3 |" in (first / "table.md").read_text()

    # the folder of co-occurrences, and the same again
    second = tmp_path / "second"
    command.ok("compare-optimizers", first / "cooccurrence", "--output", second, *arguments, "--quiet")
    again = json.loads((second / "results.json").read_text())["results"]
    assert [result["losses"] for result in again] == [result["losses"] for result in record["results"]]

    # its own best rate is what the rule was trained at
    (best,) = [t for t in sgd["trials"] if t["loss"] == min(trial["loss"] for trial in sgd["trials"])]
    trainer = Trainer(
        CooccurrenceMatrix.open(first / "cooccurrence"),
        TrainingSettings(vector_size=8, epochs=2, rule=optim.make("sgd", learning_rate=best["rate"])),
    )
    trainer.fit()
    assert [epoch.loss for epoch in trainer.history] == sgd["losses"]


def test_the_best_rate_has_worse_ones_on_both_sides(command: Command, tmp_path: Path) -> None:
    command.ok("cooccur", TINY, "--vocab", _vocabulary(command, tmp_path), "--output", tmp_path / "m", "--quiet")
    contest = Contest(
        CooccurrenceMatrix.open(tmp_path / "m"), TrainingSettings(vector_size=8, epochs=1), Suite(), trial_share=0.5
    )
    for start in (1e-3, 1e-2, 50.0):
        result = contest.run(Entrant("sgd", optim.make("sgd", learning_rate=start), False), lambda line, epochs: None)
        losses = [trial.loss for trial in result.trials]
        assert 0 < int(np.argmin(losses)) < len(losses) - 1
        assert 1e-3 < result.options["learning_rate"] < 1


def _vocabulary(command: Command, folder: Path) -> Path:
    command.ok("vocab", TINY, "--output", folder / "vocab.txt", "--min-count", 1, "--quiet")
    return folder / "vocab.txt"


def test_effective_rates_are_by_word_in_the_order_of_the_vocabulary(command: Command, tmp_path: Path) -> None:
    command.ok("cooccur", TINY, "--vocab", _vocabulary(command, tmp_path), "--output", tmp_path / "m", "--quiet")
    trainer = Trainer(CooccurrenceMatrix.open(tmp_path / "m"), TrainingSettings(vector_size=5, epochs=2))
    np.testing.assert_allclose(trainer.parameters.effective_rates(), 0.05)
    trainer.fit()
    accumulated = trainer.parameters.sides[0][trainer.parameters.rows, 1, :5].astype(np.float64)
    expected = np.exp(np.log(1 / np.sqrt(accumulated)).mean(axis=1))
    np.testing.assert_allclose(trainer.parameters.effective_rates(), expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("adamsky", "choose one of"),
        ("adam:beta1", "expected NAME or NAME:KEY=VALUE"),
        ("adam:beta1=2", "beta1 = 2.0"),
    ],
)
def test_what_is_no_rule_is_wrong_usage(command: Command, tmp_path: Path, text: str, message: str) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib, which pictures need, is not installed")
    said = command.refused(2, "compare-optimizers", TINY, "--output", tmp_path / "o", "--optimizer", text)
    assert message in said
    assert not (tmp_path / "o").exists()


def test_a_rule_named_twice_is_refused(command: Command, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib, which pictures need, is not installed")
    twice = ["--optimizer", "sgd", "--optimizer", "sgd", "--quiet"]
    assert "named twice" in command.refused(1, "compare-optimizers", TINY, "--output", tmp_path / "o", *twice)
