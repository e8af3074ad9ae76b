"""What the command line answers to people who do not know it yet: help, presets, misspelt and foreign options."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import click
import pytest
from data import TINY
from runs import Command

from glove_adagrad.cli import option_types
from glove_adagrad.cli.train import train
from glove_adagrad.cooccurrence.windows import LARGEST_WINDOW
from glove_adagrad.presets import PRESETS, SUMMARIES
from glove_adagrad.word_table import BOUNDARIES


def settings_of(run: Path) -> dict[str, object]:
    return dict(json.loads((run / "history.json").read_text())["settings"])


def test_without_a_command_the_help_is_printed(command: Command) -> None:
    assert command.ok() == command.ok("--help")


def test_train_help_lists_options_by_section(command: Command) -> None:
    sections = [line for line in command.ok("train", "--help").splitlines() if line[:1].isalpha()]
    assert sections[1:] == [
        "Input and output:", "Counting:", "Training:", "Unobserved pairs:", "Starting point:", "Resources:", "Help:",
    ]  # fmt: skip


def test_choices_on_the_command_line_are_those_of_the_library() -> None:
    choices = {param.name: param.type for param in train.params}
    assert isinstance(choices["boundary"], click.Choice)
    assert set(choices["boundary"].choices) == set(BOUNDARIES)
    assert isinstance(choices["window"], option_types.Whole)
    assert choices["window"].max == LARGEST_WINDOW


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["trian"], "did you mean train?"),
        (["shuffle"], "a shuffle is not needed"),
        (["vocab_count", "-min-count", "5"], "use vocab"),
        (["nothing-like-it"], "--help lists the commands"),
        (["vocab", "-min-count", "5"], "-min-count is an option of Stanford's programs; here: --min-count"),
        (["train", "x", "--iter", "15"], "--iter is an option of Stanford's programs; here: --epochs"),
        (["train", "x", "--threads", "8"], "here: --workers"),
        (["train", "x", "-eta", "0.05"], "here: --learning-rate"),
        (["cooccur", "x", "-overflow-file", "y"], "here: --tmp DIR"),
        (["cooccur", "x", "--memory", "4.0"], "4.0 has no unit; write 4.0G"),
        (["train", "x", "--vector-size", "abc"], "'abc' is not a whole number"),
        (["train", "x", "--x-max", "abc"], "'abc' is not a number"),
        (["train", "x", "--workers", "0"], "--workers 0: give the number of threads, or -1 for all cores"),
    ],
)
def test_wrong_usage_is_answered_with_what_to_type(command: Command, arguments: list[str], expected: str) -> None:
    assert expected in command.refused(2, *arguments)


def test_words_that_look_like_foreign_options_are_words_after_two_dashes(command: Command, tmp_path: Path) -> None:
    assert "no such run" in command.refused(1, "similar", tmp_path / "none", "--", "-eta")


def test_every_preset_has_a_summary() -> None:
    assert PRESETS.keys() == SUMMARIES.keys()


def test_a_preset_sets_defaults_and_options_win(command: Command, tmp_path: Path) -> None:
    common = ["train", TINY, "--vector-size", 4, "--quiet", "--preset"]
    command.ok(*common, "recommended", "--output", tmp_path / "a", "--epochs", 2)
    a = settings_of(tmp_path / "a")
    assert (a["epochs"], a["unobserved"]) == (2, 1.0)
    assert a["windows"]["symmetric"] is False  # type: ignore[index]
    command.ok(*common, "fast", "-o", tmp_path / "b", "--unobserved", 0.5)
    b = settings_of(tmp_path / "b")
    assert (b["epochs"], b["unobserved"], b["init_svd"]) == (2, 0.5, 0.5)
    rule = b["rule"]
    changes = ["--epochs", 1, "--learning-rate", 3, "--optimizer-option", "scope=model"]
    command.ok(*common, "fast", "-o", tmp_path / "c", *changes)
    assert settings_of(tmp_path / "c")["rule"] == {**rule, "learning_rate": 3.0, "scope": "model"}  # type: ignore[dict-item]


def test_the_settings_of_a_presets_rule_are_not_given_to_another(command: Command, tmp_path: Path) -> None:
    options = ["--vector-size", 4, "--quiet", "--preset", "fast", "--optimizer", "sgd", "--epochs", 1]
    command.ok("train", TINY, "--output", tmp_path / "a", *options)
    command.ok(
        "train", TINY, "--output", tmp_path / "b", "--vector-size", 4, "--quiet", "--optimizer", "sgd", "--epochs", 1
    )
    assert settings_of(tmp_path / "a")["rule"] == settings_of(tmp_path / "b")["rule"]


def test_the_preset_of_stanford_is_the_default(command: Command, tmp_path: Path) -> None:
    common = ["train", TINY, "--vector-size", 4, "--quiet", "--epochs", 2, "--output"]
    command.ok(*common, tmp_path / "a")
    command.ok(*common, tmp_path / "b", "--preset", "stanford")
    assert (tmp_path / "a" / "vectors.txt").read_bytes() == (tmp_path / "b" / "vectors.txt").read_bytes()


def test_a_run_records_its_provenance(command: Command, tmp_path: Path) -> None:
    options = ["--vector-size", 4, "--epochs", 1, "--min-count", 2, "--lowercase", "--preset", "fast", "--quiet"]
    command.ok("train", TINY, "--output", tmp_path / "run", *options)
    found = command.json("info", tmp_path / "run")
    origin = found["run"]["provenance"]
    assert origin["corpus"] == [str(TINY)]
    assert origin["bytes"] == TINY.stat().st_size
    assert (origin["min_count"], origin["lowercase"], origin["preset"]) == (2, True, "fast")
    assert "--min-count 2 --lowercase --preset fast" in origin["command"]
    assert origin["cpu"]
    assert datetime.fromisoformat(origin["started"]).tzinfo is not None
    assert found["cooccurrence"]["words"] == len((tmp_path / "run" / "vocab.txt").read_bytes().splitlines())
    shown = command.ok("info", tmp_path / "run")
    assert str(TINY) in shown
    assert "numba" in shown
    command.ok("train", "--resume", tmp_path / "run", "--epochs", 2, "--quiet")
    assert command.json("info", tmp_path / "run")["run"]["provenance"] == origin


def test_existing_results_are_replaced_only_by_force(command: Command, tmp_path: Path) -> None:
    vocab, counts, run, text = (tmp_path / name for name in ("vocab.txt", "counts", "run", "text.txt"))
    text.write_bytes(TINY.read_bytes())
    command.ok("vocab", text, "--output", vocab)
    cooccur = ["cooccur", text, "--vocab", vocab, "--output", counts, "--quiet"]
    command.ok(*cooccur)
    before = (counts / "lower.bin").read_bytes()
    assert "counts: holds co-occurrences" in command.refused(1, *cooccur, "--window", 2)
    assert (counts / "lower.bin").read_bytes() == before
    command.ok(*cooccur, "--window", 2, "--force")
    assert (counts / "lower.bin").read_bytes() != before
    command.ok("train", "--cooccurrence", counts, "--output", run, "--vector-size", 4, "--epochs", 1, "--quiet")
    for target in ("word2vec", "word2vec-binary", "glove", "keyedvectors", "stanford-binary"):
        export = ["export", run, text, "--format", target, "--quiet"]
        assert "text.txt: exists and is not a file of vectors" in command.refused(1, *export)
        assert text.read_bytes() == TINY.read_bytes()
        for _ in range(2):  # vectors are replaced by vectors
            command.ok("export", run, tmp_path / "v", "--format", target, "--quiet")
        command.ok("export", run, tmp_path / "v.gz", "--format", target, "--quiet")
    command.ok("export", run, text, "--format", "glove", "--force", "--quiet")
    assert text.read_bytes() != TINY.read_bytes()


def test_what_a_matrix_fixes_is_refused(command: Command, tmp_path: Path) -> None:
    command.ok("train", TINY, "--output", tmp_path / "a", "--vector-size", 4, "--epochs", 1, "--quiet")
    arguments = ["--cooccurrence", tmp_path / "a" / "cooccurrence", "--output", tmp_path / "b"]
    line = command.refused(2, "train", *arguments, "--window", 3, "--left-only", "--lowercase")
    assert "--left-only, --lowercase, --window cannot be combined with --cooccurrence: DIR fixes it" in line
