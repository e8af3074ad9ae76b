"""The plan of a training: figures that hold, a trial that changes nothing, and the refusal of what does not fit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from data import GOLDEN

from glove_adagrad import optim
from glove_adagrad.checkpoint import Checkpoints
from glove_adagrad.cooccurrence.count import count_cooccurrences
from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
from glove_adagrad.corpus import TextFiles
from glove_adagrad.errors import InputError
from glove_adagrad.trainer import Trainer, TrainingSettings
from glove_adagrad.trainer import plan as module
from glove_adagrad.trainer.plan import Plan, disk_bytes, memory_limit, parameter_bytes, trial
from glove_adagrad.vocabulary import Vocabulary

SETTINGS = TrainingSettings(vector_size=5, epochs=2)


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> CooccurrenceMatrix:
    vocabulary = Vocabulary.read(GOLDEN / "tiny.vocab.min5.txt")
    return count_cooccurrences(TextFiles([GOLDEN / "tiny.txt"]), vocabulary, tmp_path_factory.mktemp("plan") / "m")


@pytest.mark.parametrize("workers", [1, 3])
def test_a_plan_says_what_there_will_be_and_changes_nothing(
    tmp_path: Path, matrix: CooccurrenceMatrix, workers: int
) -> None:
    trainer = Trainer(matrix, SETTINGS, workers=workers)
    before = [array.tobytes() for array in trainer.parameters.arrays().values()]
    plan = trainer.plan()
    assert [array.tobytes() for array in trainer.parameters.arrays().values()] == before
    assert plan == Plan(
        trainer.parameters.nbytes,
        matrix.lower.offsets[-1],
        plan.checkpoint_bytes,
        plan.checkpoint_bytes,
        plan.disk_bytes,
        plan.epoch_seconds,
    )
    Checkpoints(tmp_path).save(trainer)
    (saved,) = (path.stat().st_size for path in tmp_path.glob("*.npz"))
    assert plan.checkpoint_bytes <= saved <= plan.checkpoint_bytes + 4096
    assert plan.disk_bytes == disk_bytes(matrix.words, SETTINGS) > 3 * plan.checkpoint_bytes
    assert plan.epoch_seconds > 0


@pytest.mark.parametrize("name", optim.available())
def test_bytes_of_parameters_are_known_before_they_are_reserved(matrix: CooccurrenceMatrix, name: str) -> None:
    settings = TrainingSettings(vector_size=5, rule=optim.make(name))
    found = Trainer(matrix, settings).parameters.arrays().values()
    assert parameter_bytes(matrix.words, settings) == sum(array.nbytes for array in found)


def test_a_trial_copies_the_rows_of_its_parts(matrix: CooccurrenceMatrix, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where each part begins in the copies, they hold that part; a small trial is a share of the epoch."""
    trainer = Trainer(matrix, SETTINGS)
    monkeypatch.setattr(module, "_TRIAL_RECORDS", 20)
    monkeypatch.setattr(module, "_TRIAL_BYTES", trainer.parameters.nbytes // 4)
    tried = trial(trainer.stream, trainer.parameters, 1)
    visits = trainer.stream.visits
    blocks = np.concatenate(tried.strata)
    done = sum(int(visits[p, q]) for p, q in blocks.tolist())
    assert 20 <= done < visits.sum() / 4
    assert tried.share == done / visits.sum()
    assert len(np.unique(blocks)) == trainer.strata // 4
    for stratum in tried.strata:
        assert len(np.unique(stratum[:, 0])) == len(np.unique(stratum[:, 1])) == len(stratum)
    starts, sizes = trainer.parameters.starts, trainer.parameters.sizes
    for side, copy in zip(trainer.parameters.sides, tried.sides, strict=True):
        for part in np.unique(blocks):
            here = side[starts[part] : starts[part] + sizes[part]]
            assert (copy[tried.starts[part] : tried.starts[part] + sizes[part]] == here).all()


def test_what_does_not_fit_in_memory_is_refused(matrix: CooccurrenceMatrix, monkeypatch: pytest.MonkeyPatch) -> None:
    needed = parameter_bytes(matrix.words, SETTINGS) + int(matrix.lower.offsets[-1]) + module._REST
    monkeypatch.setattr(module, "memory_limit", lambda: needed)
    Trainer(matrix, SETTINGS)
    monkeypatch.setattr(module, "memory_limit", lambda: needed - 1)
    with pytest.raises(InputError, match=r"parameters of 43 words need .* MB of memory; use a smaller"):
        Trainer(matrix, SETTINGS)
    assert (memory_limit() or 1 << 30) >= 1 << 28
