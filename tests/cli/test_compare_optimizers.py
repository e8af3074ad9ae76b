"""`compare-optimizers`, through the command line, and the search for a rate."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from data import ROOT, TINY
from runs import Command

from glove_adagrad import optim
from glove_adagrad.cli.comparison_table import table
from glove_adagrad.comparison_record import Result, summaries
from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
from glove_adagrad.errors import Interrupted
from glove_adagrad.evaluation import Suite
from glove_adagrad.optimizer_comparison import Candidate, Comparison
from glove_adagrad.provenance import measured_by
from glove_adagrad.trainer import Trainer, TrainingSettings

pytestmark = pytest.mark.slow

PICTURES = {"loss-by-epoch.png", "loss-by-second.png", "scores.png", "cost.png", "rates.png"}


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
    comparison = Comparison(
        CooccurrenceMatrix.open(tmp_path / "m"), TrainingSettings(vector_size=8, epochs=1), Suite(), trial_share=0.5
    )
    for start in (1e-3, 1e-2, 50.0):
        result = comparison.run(
            Candidate("sgd", optim.make("sgd", learning_rate=start), False), lambda line, epochs: None
        )
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
def test_an_unknown_rule_is_wrong_usage(command: Command, tmp_path: Path, text: str, message: str) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib, which pictures need, is not installed")
    said = command.refused(2, "compare-optimizers", TINY, "--output", tmp_path / "o", "--optimizer", text)
    assert message in said
    assert not (tmp_path / "o").exists()


def test_a_rule_named_twice_is_refused(command: Command, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib, which pictures need, is not installed")
    twice = ["--optimizer", "sgd", "--optimizer", "sgd", "--quiet"]
    assert "named twice" in command.refused(1, "compare-optimizers", TINY, "--output", tmp_path / "o", *twice)


#: Two rules, of which the first has its rate searched for.
TWO_RULES = ["--epochs", 2, "--vector-size", 4, "--min-count", 1, "--optimizer", "adagrad",
             "--optimizer", "sgd:learning_rate=0.1"]  # fmt: skip


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Label and seed of every training that is begun."""
    pytest.importorskip("matplotlib", reason="matplotlib, which pictures need, is not installed")
    begun: list[tuple[str, int]] = []
    run = Comparison.run

    def recorded(
        comparison: Comparison, candidate: Candidate, report: Callable[[str, float], None], **options: int
    ) -> Result:
        begun.append((candidate.label, options["seed"]))
        return run(comparison, candidate, report, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Comparison, "run", recorded)
    return begun


def _stop_after(monkeypatch: pytest.MonkeyPatch, trainings: int) -> None:
    """Let a signal arrive when this number of trainings is complete."""
    run, left = Comparison.run, [trainings]

    def stopped(*arguments: object, **options: object) -> Result:
        left[0] -= 1
        if left[0] < 0:
            raise Interrupted(signal.SIGINT)
        return run(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Comparison, "run", stopped)


def _content(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _losses(folder: Path) -> list[tuple[str, int, list[float]]]:
    results = json.loads((folder / "results.json").read_text())["results"]
    return [(result["label"], result["seed"], result["losses"]) for result in results]


def test_every_rule_is_trained_with_every_seed_at_the_rate_of_the_first(
    command: Command, calls: list[tuple[str, int]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[str] = []
    monkeypatch.setattr("glove_adagrad.progress.say", lines.append)
    monkeypatch.setattr("glove_adagrad.progress._has_bars", lambda: False)
    out = tmp_path / "out"
    printed = command.ok("compare-optimizers", TINY, "--output", out, *TWO_RULES, "--seed", 5, "--seeds", 2)
    assert calls == [("adagrad", 5), ("adagrad", 6), ("sgd", 5), ("sgd", 6)]
    of = ["rule 1 of 2, seed 1 of 2: adagrad ", "rule 1 of 2, seed 2 of 2: adagrad ",
          "rule 2 of 2, seed 1 of 2: sgd ", "rule 2 of 2, seed 2 of 2: sgd "]  # fmt: skip
    # a slow rule has several lines
    shown = [next(text for text in of if line.startswith(text)) for line in lines if line.startswith("rule")]
    assert list(dict.fromkeys(shown)) == of

    record = json.loads((out / "results.json").read_text())
    results = record["results"]
    assert [(result["label"], result["seed"]) for result in results] == calls
    assert results[0]["trials"]
    assert not results[1]["trials"]
    matrix = CooccurrenceMatrix.open(out / "cooccurrence")
    for result in results:
        rate = results[0]["options"]["learning_rate"] if result["label"] == "adagrad" else 0.1
        rule = optim.make(result["label"], learning_rate=rate)
        trainer = Trainer(matrix, TrainingSettings(vector_size=4, epochs=2, seed=result["seed"], rule=rule))
        trainer.fit()
        assert [epoch.loss for epoch in trainer.history] == result["losses"]
    assert results[0]["losses"] != results[1]["losses"]

    # means and half the range, in the file and in the table
    text = (out / "table.md").read_text()
    assert printed == text + "\n"
    assert "seeds 5 to 6" in text
    assert "Means of 2 seeds, ± half the range between them." in text
    for summary, (one, other) in zip(record["summary"], (results[:2], results[2:]), strict=True):
        last = one["losses"][-1], other["losses"][-1]
        assert summary["losses"][-1] == pytest.approx(sum(last) / 2)
        assert summary["losses_half_range"][-1] == pytest.approx(abs(last[0] - last[1]) / 2)
        assert f"| {sum(last) / 2:.5f} ± {abs(last[0] - last[1]) / 2:.5f} |" in text
        assert summary["scores"].keys() == one["scores"].keys()
        for test, score in summary["scores"].items():
            assert score == pytest.approx((one["scores"][test] + other["scores"][test]) / 2)
            half = abs(one["scores"][test] - other["scores"][test]) / 2
            assert summary["scores_half_range"][test] == pytest.approx(half)


def _result(
    label: str, seed: int, score: float, losses: tuple[float, ...] = (0.3, 0.2), diverged: str = ""
) -> Result:
    return Result(
        label=label, seed=seed, optimizer=label, options={"learning_rate": 0.1}, trials=[], losses=list(losses),
        seconds=[1.0] * len(losses), processor_seconds=[1.0] * len(losses), rates=[[0.1 * seed, 0.2]] * len(losses),
        records=100, bytes_per_parameter=8.0, zeros=0.0, scores={} if diverged else {"simlex999": score},
        diverged=diverged,
    )  # fmt: skip


def _record(*results: Result, seeds: int) -> dict[str, object]:
    settings = TrainingSettings(vector_size=4, epochs=2)
    return {
        "matrix": {"words": 10, "records": 100},
        "settings": {
            "vector_size": 4, "epochs": 2, "x_max": settings.x_max, "seed": 1, "seeds": seeds, "factor": 2.0,
            "trial_epochs": 2, "trial_share": 1.0,
        },
        "frequencies": [5.0, 50.0],
        "results": [result.as_dict() for result in results],
    }  # fmt: skip


def test_error_bars_are_half_the_range_between_seeds() -> None:
    pytest.importorskip("matplotlib", reason="matplotlib, which pictures need, is not installed")
    from glove_adagrad.plots.optimizers import plot_optimizers

    several = [_result("adagrad", seed, score) for seed, score in ((1, 10.0), (2, 12.0), (3, 17.0))]
    (axes,) = plot_optimizers(_record(*several, seeds=3))["scores"].axes
    (bar,) = axes.containers
    ((left, _), (right, _)) = bar.lines[2][0].get_segments()[0]
    assert (left, right) == (13 - 3.5, 13 + 3.5)
    assert "means of 3 seeds, ± half the range between them" in axes.figure._suptitle.get_text()
    (axes,) = plot_optimizers(_record(several[0], seeds=1))["scores"].axes
    assert not any(bar.has_xerr for bar in axes.containers)
    assert "±" not in axes.figure._suptitle.get_text() + table(_record(several[0], seeds=1))


def test_effective_rates_of_seeds_are_averaged_geometrically() -> None:
    (summary,) = summaries(_record(_result("adagrad", 1, 1.0), _result("adagrad", 4, 1.0), seeds=2))
    np.testing.assert_allclose(summary.rates, [[0.2, 0.2]] * 2)


def test_what_diverged_with_one_seed_is_said_to_have_diverged_and_has_no_scores() -> None:
    pytest.importorskip("matplotlib", reason="matplotlib, which pictures need, is not installed")
    from glove_adagrad.plots.optimizers import plot_optimizers

    huge = _result("sgd", 2, 0.0, (0.3, 273770.4), "training diverged")
    record = _record(*(_result("adagrad", seed, 20.0) for seed in (1, 2)), _result("sgd", 1, 30.0), huge, seeds=2)
    text = table(record)
    assert "| sgd | 0.1 | diverged (1 of 2) |  |  |" in text
    assert "273770" not in text
    figures = plot_optimizers(record)
    shown = [text.get_text() for text in figures["loss-by-epoch"].axes[0].texts]
    assert "sgd: diverged (1 of 2)" in shown
    assert len(figures["scores"].axes[0].containers) == 1
    alone = table(_record(replace(huge, seed=1), seeds=1))
    assert "| sgd | 0.1 | diverged |" in alone
    assert plot_optimizers(_record(_result("sgd", 1, 0.0, (), "training diverged"), seeds=1)) == {}


@pytest.mark.parametrize(
    ("name", "rate", "epochs"),
    [("adam", 1.0, 2), ("sgd", 100.0, 0)],  # training that continues with a useless loss, and that stops
)
def test_a_diverged_training_is_not_shown_with_its_huge_loss(
    command: Command, tmp_path: Path, name: str, rate: float, epochs: int
) -> None:
    command.ok("cooccur", TINY, "--vocab", _vocabulary(command, tmp_path), "--output", tmp_path / "m", "--quiet")
    matrix = CooccurrenceMatrix.open(tmp_path / "m")
    lines: list[str] = []
    comparison = Comparison(matrix, TrainingSettings(vector_size=8, epochs=2), Suite())
    rule = optim.make(name, learning_rate=rate)
    result = comparison.run(Candidate(name, rule, True), lambda line, epochs: lines.append(line))
    assert result.diverged
    assert len(result.losses) == epochs
    assert not result.scores
    assert "diverged" in lines[-1]
    result = comparison.run(Candidate(name, rule, False), lambda line, epochs: lines.append(line))
    assert not result.diverged
    assert result.trials[-1].loss == float("inf")
    assert any(line.startswith("trial of rate") and line.endswith(", diverged") for line in lines)


@pytest.mark.parametrize("done", [1, 3])
def test_an_interrupted_comparison_continues_where_it_stopped(
    command: Command, calls: list[tuple[str, int]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, done: int
) -> None:
    whole, part = tmp_path / "whole", tmp_path / "part"
    arguments = [*TWO_RULES, "--seeds", 2, "--quiet"]
    command.ok("compare-optimizers", TINY, "--output", whole, *arguments)
    jobs = list(calls)
    calls.clear()
    with monkeypatch.context() as patch:
        _stop_after(patch, done)
        found = command("compare-optimizers", TINY, "--output", part, *arguments)
    assert found.code == 130
    assert found.err == "glove-adagrad: interrupted; to continue, give the same command again\n"
    assert _losses(part) == _losses(whole)[:done]
    assert not (part / "table.md").exists()
    # other settings are refused, and nothing is lost
    before = _content(part)
    said = command.refused(1, "compare-optimizers", TINY, "--output", part, *arguments, "--window", 3)
    assert "holds another comparison" in said
    assert _content(part) == before

    counts = (part / "cooccurrence" / "meta.json").stat()
    command.ok("compare-optimizers", TINY, "--output", part, *arguments, "--workers", 1)
    assert calls == jobs  # none of them twice
    assert _losses(part) == _losses(whole)
    assert (part / "cooccurrence" / "meta.json").stat() == counts  # not counted again
    assert {path.name for path in part.glob("*.png")} == PICTURES
    # both commands are named, in their order
    origins = json.loads((part / "results.json").read_text())["provenance"]
    assert ["--workers 1" in origin["command"] for origin in origins] == [False, True]
    assert (part / "table.md").read_text().splitlines()[2:5] == measured_by(origins)


def test_a_comparison_is_continued_only_on_the_same_matrix(
    command: Command, calls: list[tuple[str, int]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vocabulary, out = _vocabulary(command, tmp_path), tmp_path / "out"
    for name, window in (("m", 15), ("same", 15), ("other", 3)):
        command.ok("cooccur", TINY, "--vocab", vocabulary, "--output", tmp_path / name, "--window", window, "--quiet")
    with monkeypatch.context() as patch:
        _stop_after(patch, 1)
        command("compare-optimizers", tmp_path / "m", "--output", out, *TWO_RULES, "--quiet")
    said = command.refused(1, "compare-optimizers", tmp_path / "other", "--output", out, *TWO_RULES, "--quiet")
    assert "holds another comparison" in said
    command.ok("compare-optimizers", tmp_path / "same", "--output", out, *TWO_RULES, "--quiet")
    assert [label for label, _ in calls] == ["adagrad", "sgd"]


def test_a_finished_or_other_comparison_is_replaced_only_by_force(
    command: Command, calls: list[tuple[str, int]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, out = tmp_path / "text.txt", tmp_path / "out"
    text.write_bytes(TINY.read_bytes())
    arguments = [
        "--epochs",
        1,
        "--vector-size",
        4,
        "--min-count",
        1,
        "--quiet",
        "--optimizer",
        "sgd:learning_rate=.1",
    ]
    command.ok("compare-optimizers", text, "--output", out, *arguments)
    before = _content(out)
    again = ["compare-optimizers", text, "--output", out, *arguments]
    said = command.refused(1, *again)
    assert "holds this comparison, which is finished; choose another folder, or replace it with --force" in said
    for other in (["--seeds", 2], ["--optimizer", "adam"], ["--lowercase"], ["--seed", 2]):
        assert "holds another comparison" in command.refused(1, *again, *other)
    text.write_bytes(TINY.read_bytes() * 2)
    assert "holds another comparison" in command.refused(1, *again)
    assert "no such file" in command.refused(1, *again[:1], tmp_path / "missing", *again[2:], "--force")
    assert _content(out) == before
    with monkeypatch.context() as patch:
        _stop_after(patch, 0)
        assert "the same command again without --force" in command(*again, "--force").err
    assert {path.name for path in out.iterdir()} == {"results.json", "cooccurrence"}  # nothing of the earlier one
    command.ok(*again)
    command.ok(*again, "--force")
    assert _losses(out) != [
        (r["label"], r["seed"], r["losses"]) for r in json.loads(before[out / "results.json"])["results"]
    ]
    # a file of someone else's is not replaced
    (out / "results.json").write_text('{"accuracy": 1}')
    assert "which is not of a comparison" in command.refused(1, *again, "--force")
    assert (out / "results.json").read_text() == '{"accuracy": 1}'


def test_a_damaged_record_is_not_continued(
    command: Command, calls: list[tuple[str, int]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    with monkeypatch.context() as patch:
        _stop_after(patch, 1)
        command("compare-optimizers", TINY, "--output", out, *TWO_RULES, "--quiet")
    record = json.loads((out / "results.json").read_text())
    for key, value in (("matrix", None), ("results", [{"losses": "none"}])):
        (out / "results.json").write_text(json.dumps({**record, key: value}))
        said = command.refused(1, "compare-optimizers", TINY, "--output", out, *TWO_RULES, "--quiet")
        assert "is damaged (its checksum differs); choose another folder, or replace it with --force" in said


@pytest.mark.parametrize("name", ["results", "seed2", "l1"])
def test_comparisons_of_earlier_versions_are_still_drawn(name: str) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib, which pictures need, is not installed")
    from glove_adagrad.plots.optimizers import plot_optimizers

    path = ROOT / "eval" / "optimizers" / f"{name}.json"
    if not path.exists():
        pytest.skip("eval/ is not here")
    record = json.loads(path.read_text())
    assert {f"{picture}.png" for picture in plot_optimizers(record)} == PICTURES
    text = table(record)
    for result in record["results"]:
        assert (
            f"| {result['label']} | {result['options']['learning_rate']:.3g} | {result['losses'][-1]:.5f} |" in text
        )
