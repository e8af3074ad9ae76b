"""Every rule in training: against its definition, from any number of threads, and after an interruption."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from data import TINY
from rules import RULES, label, penalised

from glove_adagrad import optim
from glove_adagrad.checkpoint import Checkpoints
from glove_adagrad.cli import cli
from glove_adagrad.cooccurrence.count import count_cooccurrences
from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
from glove_adagrad.corpus import TextFiles
from glove_adagrad.errors import InputError
from glove_adagrad.trainer import Anchors, Trainer, TrainingSettings
from glove_adagrad.vocabulary import Vocabulary

pytestmark = pytest.mark.slow

SIZE = 13


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> CooccurrenceMatrix:
    text = TextFiles([TINY])
    vocabulary = Vocabulary.count(text, min_count=1)
    return count_cooccurrences(text, vocabulary, tmp_path_factory.mktemp("matrix") / "m")


def settings_of(rule: optim.Rule, **more: int) -> TrainingSettings:
    return TrainingSettings(**{"vector_size": SIZE, "epochs": 2, "rule": rule, **more})  # type: ignore[arg-type]


def state_of(trainer: Trainer) -> dict[str, bytes]:
    return {name: array.tobytes() for name, array in trainer.parameters.arrays().items()}


def all_of(trainer: Trainer) -> np.ndarray:
    """Word rows above context rows, biases in the last column."""
    w, c, b, e = trainer.parameters.vectors()
    return np.hstack([np.concatenate([w, c]), np.concatenate([b, e])[:, None]])


def without_penalty(rule: optim.Rule) -> optim.Rule:
    return type(rule)(**{k: 0.0 if k in ("l1", "l2", "weight_decay") else v for k, v in rule.options().items()})


class Twin:
    """An epoch in float64 by `Rule.update`, on arrays laid out as those of `all_of`.

    Where penalties spare the biases, these are an array of their own under the same rule without penalties.
    """

    def __init__(self, rule: optim.Rule, trainer: Trainer, eager: bool) -> None:
        self.rule, self.eager = rule, eager
        start = all_of(trainer).astype(np.float64)
        self.words = len(start) // 2
        vectors, biases = start[:, :-1].copy(), start[:, -1:].copy()
        if penalised(rule):
            self.groups = [(rule, vectors), (without_penalty(rule), biases)]
        else:
            self.groups = [(rule, np.hstack([vectors, biases]))]
        self.states = [rule.init(array) for rule, array in self.groups]
        for slot, value in rule.bias_start().items():
            if value != rule.start()[slot]:
                self.states[-1][slot][:, -1] = value

    def all(self) -> np.ndarray:
        return np.hstack([array for _, array in self.groups])

    def visit(self, i: int, j: int, x: float) -> None:
        """One record; a visit of nothing, where x is 0, lets time pass."""
        rows = np.array([i, self.words + j])
        w, c = self.all()[rows]
        difference = w[:-1] @ c[:-1] + w[-1] + c[-1] - np.log(x or 1)
        pull = min(1, (x / 10) ** 0.75) * difference
        gradients = pull * np.stack([np.append(c[:-1], 1), np.append(w[:-1], 1)])
        column = 0
        for (rule, array), state in zip(self.groups, self.states, strict=True):
            g = gradients[:, column : column + array.shape[1]]
            column += array.shape[1]
            if self.eager:
                whole = np.zeros_like(array)
                whole[rows] = g if x else 0
                rule.update(array, whole, state)
            elif x:
                rule.update(array, g, state, rows)
            else:
                state["updates"] += 1

    def train(self, matrix: CooccurrenceMatrix, settings: TrainingSettings) -> np.ndarray:
        parts = matrix.lower.parts
        x = np.zeros((self.words, self.words))
        for i, j, value in matrix.cells():
            x[i, j] = value
        for stratum in np.random.default_rng([settings.seed, 0]).permutation(parts).tolist():
            shared = [state[slot] for state in self.states for slot in self.rule.row_slots if self.rule.shared]
            begin = [array.copy() for array in shared]
            ends = [array.copy() for array in shared]
            for p in range(parts):
                for array, first in zip(shared, begin, strict=True):
                    array[:] = first
                q = (p + stratum) % parts
                for rows, columns, forward in ((p, q, True), (q, p, False)):
                    for a in range(rows, self.words, parts):
                        for b in range(columns, a + 1, parts):
                            i, j = (a, b) if forward else (b, a)
                            if x[i, j]:
                                self.visit(i, j, x[i, j] if forward or a != b else 0.0)
                for array, first, end in zip(shared, begin, ends, strict=True):
                    end += array - first
            for array, end in zip(shared, ends, strict=True):
                array[:] = end
        for (rule, array), state in zip(self.groups, self.states, strict=True):
            rule.settle(array, state)
        return self.all()


@pytest.mark.parametrize("rule", RULES, ids=label)
class TestEveryRule:
    def test_an_epoch_is_what_the_rule_says(self, rule: optim.Rule, matrix: CooccurrenceMatrix) -> None:
        settings = settings_of(rule, epochs=1)
        trainer = Trainer(matrix, settings, workers=2)
        start = all_of(trainer)
        expected = Twin(rule, trainer, eager=False).train(matrix, settings)
        trainer.fit()
        assert trainer.history[0].records > 500
        # first steps of rules that begin without an accumulator go by the signs of gradients near 0
        assert np.linalg.norm(all_of(trainer) - expected) < 3e-3 * np.linalg.norm(expected - start)

    def test_bytes_do_not_depend_on_workers(self, rule: optim.Rule, matrix: CooccurrenceMatrix) -> None:
        found = []
        for workers in (1, 2, 3):
            trainer = Trainer(matrix, settings_of(rule), workers=workers)
            trainer.fit()
            found.append(state_of(trainer))
        assert found[0] == found[1] == found[2]

    def test_resumes_where_it_stopped(self, rule: optim.Rule, matrix: CooccurrenceMatrix, tmp_path: Path) -> None:
        whole, first, second = (Trainer(matrix, settings_of(rule)) for _ in range(3))
        whole.fit()
        checkpoints = Checkpoints(tmp_path / "c")

        def stop(trainer: Trainer) -> None:
            if (len(trainer.history), trainer.position.stratum) == (1, 7):
                checkpoints.save(trainer)
                raise InterruptedError

        with pytest.raises(InterruptedError):
            first.fit(after_stratum=stop)
        checkpoints.load().restore(second)
        second.fit()
        assert state_of(second) == state_of(whole)
        assert [epoch.loss for epoch in second.history] == [epoch.loss for epoch in whole.history]


SPECIAL = [rule for rule in RULES if rule.shared or rule.timed or rule.matrix_slots or rule.name == "adam"]


@pytest.mark.parametrize("rule", SPECIAL, ids=label)
def test_anchors_pull_under_every_kind_of_rule(rule: optim.Rule, matrix: CooccurrenceMatrix) -> None:
    words = np.array([1, 5, 30])
    goal = np.random.default_rng(1).normal(size=(3, SIZE)).astype(np.float32)
    found = []
    for workers in (1, 3):
        trainer = Trainer(matrix, settings_of(rule, epochs=20), workers=workers, anchors=Anchors(words, goal, 100.0))
        trainer.fit()
        found.append(state_of(trainer))
        w, c, _, _ = trainer.parameters.vectors()
        assert np.abs((w + c)[words] - goal).mean() < 0.5 * np.abs(goal).mean()
    assert found[0] == found[1]


def test_lazy_shrinkage_is_eager_shrinkage(matrix: CooccurrenceMatrix) -> None:
    """Every record shrinks every row, though the kernel only reads two."""
    rule = optim.make("adagrad-l1", learning_rate=0.3, l1=0.002)
    settings = settings_of(rule, epochs=1)
    trainer = Trainer(matrix, settings, workers=2)
    expected = Twin(rule, trainer, eager=True).train(matrix, settings)
    trainer.fit()
    found = all_of(trainer)
    np.testing.assert_allclose(found, expected, rtol=2e-3, atol=2e-3)
    assert 0.05 < (expected == 0).mean() < 0.95
    assert ((found == 0) == (expected == 0)).mean() > 0.99


@pytest.mark.parametrize(
    ("name", "option"), [("adagrad-l1", "l1=1e-4"), ("adagrad-da", "l1=0.02"), ("adagrad-proximal", "l1=0.01")]
)
def test_penalties_leave_zeros_in_the_vectors_written(tmp_path: Path, name: str, option: str) -> None:
    def run(*arguments: str) -> str:
        result = CliRunner().invoke(cli, arguments, catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    folder = tmp_path / "run"
    run("train", str(TINY), "--output", str(folder), "--vector-size", "8", "--epochs", "5", "--optimizer", name,
        "--optimizer-option", option, "--quiet")  # fmt: skip
    lines = (folder / "vectors.txt").read_text().splitlines()[1:]
    zeros = np.mean([[float(number) == 0 for number in line.split()[1:]] for line in lines])
    assert 0 < zeros < 1
    described = {line[:18].strip(): line for line in run("info", str(folder)).splitlines()}
    assert f"{zeros:.2%} exact zeros" in described["vectors"]
    assert "exact zeros" in described["word vectors"]
    assert "exact zeros" in described["context vectors"]


def test_matrices_that_are_too_large_are_refused_before_anything_is_counted(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="adagrad-full: rows of 204 components: expected at most 128"):
        TrainingSettings(vector_size=200, rule=optim.make("adagrad-full"))
    options = ["--optimizer", "adagrad-full", "--vector-size", "200"]
    result = CliRunner().invoke(cli, ["train", str(TINY), "--output", str(tmp_path / "run"), *options])
    assert result.exit_code == 2
    assert "at most 128" in " ".join(result.output.split())
    assert not (tmp_path / "run").exists()
