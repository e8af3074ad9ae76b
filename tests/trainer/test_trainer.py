"""Training: Stanford's numbers, a plain twin, and the same bytes from any number of threads."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import naive
import numpy as np
import pytest
from click.testing import CliRunner
from data import GOLDEN
from gensim.models import KeyedVectors

from glove_adagrad import optim
from glove_adagrad.cli import cli
from glove_adagrad.cooccurrence.count import count_cooccurrences
from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
from glove_adagrad.cooccurrence.records import RECORD
from glove_adagrad.cooccurrence.windows import Windows
from glove_adagrad.corpus import TextFiles
from glove_adagrad.errors import InputError, TrainingError
from glove_adagrad.kernels.arguments import Rows
from glove_adagrad.trainer import Trainer, TrainingSettings
from glove_adagrad.trainer.parameters import Parameters, row_length
from glove_adagrad.vocabulary import Vocabulary


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> CooccurrenceMatrix:
    text = TextFiles([GOLDEN / "tiny.txt"])
    vocabulary = Vocabulary.count(text, min_count=1)
    return count_cooccurrences(text, vocabulary, tmp_path_factory.mktemp("matrix") / "m")


@pytest.fixture(scope="module")
def one_sided(matrix: CooccurrenceMatrix, tmp_path_factory: pytest.TempPathFactory) -> CooccurrenceMatrix:
    """Counted to the left only, with subsampling of frequent words."""
    folder, windows = tmp_path_factory.mktemp("one-sided") / "m", Windows(symmetric=False, sample=0.01)
    return count_cooccurrences(TextFiles([GOLDEN / "tiny.txt"]), matrix.vocabulary, folder, windows=windows)


def stanford(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Words' and contexts' rows of a golden file, bias last."""
    words = len((GOLDEN / "train.vocab.txt").read_text().splitlines())
    word, context = np.fromfile(GOLDEN / name).reshape(2, words, -1)
    return word, context


@pytest.mark.slow
def test_equals_stanford_in_float64_and_file_order() -> None:
    from glove_adagrad.kernels.training import train_records

    start, end, squares = (
        stanford(name) for name in ("train.vectors.000.bin", "train.vectors.bin", "train.gradsq.bin")
    )
    d, eta = start[0].shape[1] - 1, 0.05
    n = row_length(d)
    sides = []
    for side, (bias, one) in zip(start, ((n - 2, n - 1), (n - 1, n - 2)), strict=True):
        rows = np.zeros((len(side), 2, n))
        rows[:, 0, :d], rows[:, 0, bias], rows[:, 0, one] = side[:, :-1], side[:, -1], 1
        rows[:, 1] = 1 / eta**2
        rows[:, 1, bias] = 1
        sides.append(rows)
    flat = tuple(rows.reshape(-1) for rows in sides)
    records = np.fromfile(GOLDEN / "train.cooc.shuf.bin", RECORD)
    word, context = (records[name].astype(np.int64) - 1 for name in ("word", "context"))
    weight = np.minimum(1, (records["x"] / 10) ** 0.75)
    rule = optim.make("adagrad", learning_rate=eta).vector_settings()
    logged = [
        float(line.rsplit(" ", 1)[1]) for line in (GOLDEN / "train.log").read_text().splitlines() if "cost" in line
    ]
    for cost in logged:
        loss = train_records(
            Rows(rule, None, (0,), flat, ((), ()), n), word, context, np.log(records["x"]), weight, 100.0, 0.0
        )
        assert loss / len(records) == pytest.approx(cost, abs=6e-7)
    assert len(logged) == 5
    for rows, side, accumulated, bias in zip(sides, end, squares, (n - 2, n - 1), strict=True):
        np.testing.assert_allclose(rows[:, 0, :d], side[:, :-1], atol=1e-10)
        np.testing.assert_allclose(rows[:, 0, bias], side[:, -1], atol=1e-10)
        np.testing.assert_allclose(rows[:, 1, :d] * eta**2, accumulated[:, :-1], rtol=1e-10)
        np.testing.assert_allclose(rows[:, 1, bias], accumulated[:, -1], rtol=1e-10)


def test_parameters_begin_with_a_cache_line(matrix: CooccurrenceMatrix) -> None:
    for size in (6, 50, 300):
        sides = Trainer(matrix, TrainingSettings(vector_size=size)).parameters.sides
        assert [side.ctypes.data % 64 for side in sides] == [0, 0]


@pytest.mark.parametrize(
    ("counted", "vector_size"),
    [("matrix", 1), ("matrix", 6), ("matrix", 10), ("matrix", 14), ("matrix", 50), ("one_sided", 10)],
)
@pytest.mark.parametrize("rule", ["adagrad", "adagrad-norm"])
def test_an_epoch_equals_its_twin(request: pytest.FixtureRequest, counted: str, vector_size: int, rule: str) -> None:
    matrix = request.getfixturevalue(counted)
    settings = TrainingSettings(vector_size=vector_size, epochs=1, rule=optim.make(rule))
    trainer = Trainer(matrix, settings, workers=2)
    loss, _, expected = naive.epoch(matrix, settings, trainer.parameters.vectors())
    trainer.fit()
    assert trainer.history[0].loss == pytest.approx(loss, rel=1e-4)
    assert trainer.history[0].records == matrix.records
    for found, wanted in zip(trainer.parameters.vectors(), expected, strict=True):
        np.testing.assert_allclose(found, wanted, atol=2e-4)


@pytest.mark.parametrize("counted", ["matrix", "one_sided"])
@pytest.mark.parametrize(
    ("ratio", "power", "chance"), [(0.5, 0.75, 0.5), (4.0, 1.0, 1.0), (4.0, 0.0, 0.0), (20.0, 0.5, 0.8)]
)
@pytest.mark.parametrize("rule", ["adagrad", "adagrad-norm"])
def test_unobserved_pairs_equal_their_twin(
    request: pytest.FixtureRequest, counted: str, ratio: float, power: float, chance: float, rule: str
) -> None:
    matrix = request.getfixturevalue(counted)
    settings = TrainingSettings(
        vector_size=10, epochs=1, unobserved=ratio, unobserved_power=power, unobserved_chance=chance,
        unobserved_weight=0.2, rule=optim.make(rule),
    )  # fmt: skip
    trainer = Trainer(matrix, settings, workers=2)
    loss, empty_loss, expected = naive.epoch(matrix, settings, trainer.parameters.vectors())
    trainer.fit()
    epoch = trainer.history[0]
    assert epoch.loss == pytest.approx(loss, rel=1e-4)
    assert epoch.records == matrix.records
    assert epoch.unobserved_records > 50
    assert epoch.unobserved_loss == pytest.approx(empty_loss, rel=1e-4)
    for found, wanted in zip(trainer.parameters.vectors(), expected, strict=True):
        np.testing.assert_allclose(found, wanted, atol=5e-4)


@pytest.mark.parametrize(("unobserved", "rule"), [(0.0, "adagrad"), (2.0, "adagrad"), (2.0, "adagrad-norm")])
def test_bytes_do_not_depend_on_workers(matrix: CooccurrenceMatrix, unobserved: float, rule: str) -> None:
    settings = TrainingSettings(vector_size=12, epochs=3, unobserved=unobserved, rule=optim.make(rule))

    def trained(workers: int, memory: int | None = None) -> bytes:
        trainer = Trainer(matrix, settings, workers=workers, memory=memory)
        trainer.fit()
        return b"".join(array.tobytes() for array in trainer.parameters.arrays().values())

    assert trained(1) == trained(2) == trained(3) == trained(2, memory=0)


def test_the_loss_falls_and_held_out_cells_are_not_trained_on(matrix: CooccurrenceMatrix) -> None:
    trainer = Trainer(matrix, TrainingSettings(vector_size=10, epochs=5, holdout=0.2), workers=2)
    trainer.fit()
    losses = [epoch.loss for epoch in trainer.history]
    assert losses == sorted(losses, reverse=True)
    kept = trainer.history[0].records / matrix.records
    assert 0.75 < kept < 0.85
    assert all(epoch.holdout_loss is not None and epoch.holdout_loss > 0 for epoch in trainer.history)


def test_divergence_names_what_to_lower(matrix: CooccurrenceMatrix) -> None:
    rule = optim.make("adagrad", learning_rate=1e20)
    trainer = Trainer(matrix, TrainingSettings(vector_size=10, epochs=50, rule=rule, clip=1e30))
    with pytest.raises(TrainingError, match="lower `learning_rate`"):
        trainer.fit()


@pytest.mark.parametrize("rule", [optim.make("adagrad", learning_rate=5.0), optim.make("sgd", learning_rate=1.0)])
def test_a_loss_that_grows_a_thousandfold_ends_training(matrix: CooccurrenceMatrix, rule: optim.Rule) -> None:
    """At the same place, whatever the workers and the memory."""
    settings = TrainingSettings(vector_size=10, epochs=3, rule=rule)
    ends = []
    for workers, memory in ((1, None), (2, None), (3, 0)):
        trainer = Trainer(matrix, settings, workers=workers, memory=memory)
        with pytest.raises(
            TrainingError, match=r"the loss of epoch 1 has reached .*\d; lower `learning_rate`"
        ) as error:
            trainer.fit()
        ends.append((str(error.value), replace(trainer.position, seconds=0.0)))
    assert ends[0] == ends[1] == ends[2]
    assert ends[0][1].loss / ends[0][1].records < 1000


def test_the_loss_of_zeros_is_that_of_its_twin(one_sided: CooccurrenceMatrix) -> None:
    x = np.concatenate([x for _, _, x in one_sided.cells()])
    trainer = Trainer(one_sided, TrainingSettings(vector_size=2, x_max=5.0, alpha=0.6))
    expected = 0.5 * np.minimum(1, (x / 5) ** 0.6) * (1 + np.log(x) ** 2)
    assert trainer.loss_of_zeros == pytest.approx(expected.mean(), rel=1e-5)


def test_parameters_start_as_in_the_stanford_program() -> None:
    parameters = Parameters(40, 10, optim.make("adagrad"))
    parameters.draw(1)
    for array in parameters.vectors():
        assert 0.04 < np.abs(array).max() < 0.05


@pytest.mark.parametrize(
    ("values", "message"),
    [({"x_max": 0.0}, "x_max 0"), ({"epochs": 0}, "epochs 0"), ({"patience": 2}, "`holdout=0.01`")],
)
def test_impossible_settings_are_refused_by_name(values: dict[str, int], message: str) -> None:
    with pytest.raises(InputError, match=message):
        TrainingSettings(**values)  # type: ignore[arg-type]


def test_train_on_the_command_line(tmp_path: Path) -> None:
    def run(name: str, *arguments: str) -> Path:
        command = ["train", *arguments, "--output", str(tmp_path / name), "--vector-size", "8", "--epochs", "2"]
        result = CliRunner().invoke(cli, command, catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return tmp_path / name

    first = run("one", str(GOLDEN / "tiny.txt"), "--workers", "1")
    second = run("two", "--cooccurrence", str(first / "cooccurrence"), "--workers", "3")
    assert (first / "vectors.txt").read_bytes() == (second / "vectors.txt").read_bytes()
    keyed = KeyedVectors.load_word2vec_format(str(first / "vectors.txt"))
    assert keyed.vectors.shape == (43, 8)
    history = json.loads((first / "history.json").read_text())
    assert [epoch["epoch"] for epoch in history["epochs"]] == [1, 2]
    assert set(history["stages"]) == {"vocabulary", "cooccurrence", "training", "vectors"}


def test_a_folder_of_something_else_is_not_changed(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(InputError, match=r"holds letter\.txt"):
        CliRunner().invoke(
            cli, ["train", str(GOLDEN / "tiny.txt"), "--output", str(tmp_path)], catch_exceptions=False
        )
    assert (tmp_path / "letter.txt").read_text() == "dear"


def test_a_trained_run_is_not_overwritten(tmp_path: Path) -> None:
    arguments = ["train", str(GOLDEN / "tiny.txt"), "--output", str(tmp_path / "run"), "--epochs", "1", "--quiet"]
    assert CliRunner().invoke(cli, arguments, catch_exceptions=False).exit_code == 0
    before = (tmp_path / "run" / "vectors.txt").read_bytes()
    with pytest.raises(InputError, match="holds a trained run; continue it with --resume"):
        CliRunner().invoke(cli, arguments, catch_exceptions=False)
    assert (tmp_path / "run" / "vectors.txt").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--x-max", "-1"], "x_max -1.0: must be above 0"),
        (["--optimizer", "none"], "is not known; choose one of"),
        (["--optimizer-option", "rho"], "write KEY=VALUE"),
        (["--vector-size", "0"], "not in the range"),
        (["--cooccurrence", "m"], "either a CORPUS or --cooccurrence"),
    ],
)
def test_wrong_usage(tmp_path: Path, arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(
        cli, ["train", str(GOLDEN / "tiny.txt"), "--output", str(tmp_path / "run"), *arguments]
    )
    assert result.exit_code == 2
    assert message in " ".join(result.output.split())
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("unobserved", [0.0, 1.0])
def test_an_epoch_resumed_in_its_middle_gives_the_same_bytes(
    matrix: CooccurrenceMatrix, tmp_path: Path, unobserved: float
) -> None:
    from glove_adagrad.checkpoint import Checkpoints

    settings = TrainingSettings(vector_size=10, epochs=3, unobserved=unobserved, holdout=0.1)
    whole, first, second = (Trainer(matrix, settings) for _ in range(3))
    whole.fit()
    checkpoints = Checkpoints(tmp_path / "c")

    class Stop(Exception):
        pass

    def stop(trainer: Trainer) -> None:
        if len(trainer.history) == 1 and trainer.position.stratum == 10:
            checkpoints.save(trainer)
            raise Stop

    with pytest.raises(Stop):
        first.fit(after_stratum=stop)
    checkpoints.load().restore(second)
    second.fit()
    for name, array in whole.parameters.arrays().items():
        np.testing.assert_array_equal(second.parameters.arrays()[name], array)
    for ours, theirs in zip(second.history, whole.history, strict=True):
        assert (ours.loss, ours.holdout_loss, ours.unobserved_loss) == (
            theirs.loss, theirs.holdout_loss, theirs.unobserved_loss,
        )  # fmt: skip
