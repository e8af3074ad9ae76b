"""The order by groups: each block once, no shared rows, and superblocks that are pure functions of their rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from data import TINY
from hypothesis import given
from hypothesis import strategies as st

from glove_adagrad import optim
from glove_adagrad.checkpoint import Checkpoints
from glove_adagrad.cooccurrence.count import count_cooccurrences
from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
from glove_adagrad.corpus import TextFiles
from glove_adagrad.errors import InputError
from glove_adagrad.trainer import Anchors, Trainer, TrainingSettings
from glove_adagrad.trainer.order import Order
from glove_adagrad.vocabulary import Vocabulary


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> CooccurrenceMatrix:
    vocabulary = Vocabulary.count(TextFiles([TINY]), min_count=1)
    return count_cooccurrences(TextFiles([TINY]), vocabulary, tmp_path_factory.mktemp("groups") / "counts")


@given(st.integers(1, 40), st.data())
def test_an_epoch_visits_each_block_once_and_superblocks_and_strata_share_no_rows(parts: int, data: Any) -> None:
    groups = data.draw(st.integers(1, parts))
    order = Order(parts, groups)
    steps = order.epoch(data.draw(st.integers(0, 9)), 3)
    assert len(steps) == order.steps
    visited = []
    for step in steps:
        for stratum in step.strata:
            blocks = np.concatenate([order.blocks(step.shift, group, stratum) for group in range(groups)])
            assert len(set(blocks[:, 0])) == len(set(blocks[:, 1])) == len(blocks)
            visited += map(tuple, blocks.tolist())
        for group in range(groups):
            words, contexts = order.parts_of(group), order.parts_of(order.context_group(step.shift, group))
            for stratum in step.strata:
                for word, context in order.blocks(step.shift, group, stratum).tolist():
                    assert words.start <= word < words.stop
                    assert contexts.start <= context < contexts.stop
    assert sorted(visited) == [(word, context) for word in range(parts) for context in range(parts)]


def test_one_group_is_the_order_of_strata() -> None:
    order = Order(32, 1)
    strata = np.random.default_rng([7, 2]).permutation(32).tolist()
    assert [step.strata for step in order.epoch(7, 2)] == [[stratum] for stratum in strata]
    assert order.blocks(0, 0, 5).tolist() == [[part, (part + 5) % 32] for part in range(32)]


CASES: dict[str, dict[str, Any]] = {
    "adagrad": {"holdout": 0.1},
    "timed": {"rule": optim.make("adagrad-l1", l1=1e-4), "unobserved": 0.5},
    "shared": {"rule": optim.make("adagrad-norm", scope="model")},
}


def trained(matrix: CooccurrenceMatrix, anchors: Anchors | None = None, **settings: Any) -> Trainer:
    workers = settings.pop("workers", 1)
    trainer = Trainer(matrix, TrainingSettings(vector_size=6, epochs=2, **settings), workers=workers, anchors=anchors)
    trainer.fit()
    return trainer


def assert_equal(one: Trainer, other: Trainer) -> None:
    for name, array in one.parameters.arrays().items():
        assert array.tobytes() == other.parameters.arrays()[name].tobytes(), name
    for mine, theirs in zip(one.history, other.history, strict=True):
        assert (mine.loss, mine.holdout_loss, mine.records) == (theirs.loss, theirs.holdout_loss, theirs.records)


@pytest.mark.slow
@pytest.mark.parametrize("groups", [3, 8])
@pytest.mark.parametrize("case", CASES)
def test_threads_and_the_order_of_superblocks_do_not_matter(
    matrix: CooccurrenceMatrix, case: str, groups: int
) -> None:
    settings = {**CASES[case], "groups": groups}
    words = np.arange(0, matrix.words, 3)
    anchors = Anchors(words, np.random.default_rng(1).random((len(words), 6), np.float32), 0.1)
    whole = trained(matrix, anchors, **settings)
    assert_equal(trained(matrix, anchors, workers=3, **settings), whole)
    trainer = Trainer(matrix, TrainingSettings(vector_size=6, epochs=2, **settings), anchors=anchors)
    blocks = trainer.blocks
    trainer.stream.load(np.argwhere(np.ones((trainer.stream.parts,) * 2)))
    for epoch in range(2):
        for step in blocks.order.epoch(trainer.settings.seed, epoch):
            before, after = blocks.begin(step.shift, range(groups)), blocks.begin(step.shift, range(groups))
            for group in reversed(range(groups)):
                for stratum in step.strata:
                    blocks.train([after[group]], step.shift, stratum, epoch, None)
            blocks.end(after, before)
        trainer.parameters.settle()
    for name, array in whole.parameters.arrays().items():
        assert array.tobytes() == trainer.parameters.arrays()[name].tobytes(), name


def test_training_stopped_between_super_strata_is_resumed_bit_for_bit(
    matrix: CooccurrenceMatrix, tmp_path: Path
) -> None:
    settings = {**CASES["adagrad"], "groups": 4}
    first = Trainer(matrix, TrainingSettings(vector_size=6, epochs=2, **settings))

    def stop(trainer: Trainer) -> None:
        if (len(trainer.history), trainer.position.stratum) == (1, 2):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        first.fit(after_stratum=stop)
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(first)
    checkpoint = checkpoints.load()
    assert checkpoint.settings.groups == 4
    second = Trainer(matrix, checkpoint.settings)
    checkpoint.restore(second)
    second.fit()
    assert_equal(second, trained(matrix, **settings))


def test_more_groups_than_parts_are_refused(matrix: CooccurrenceMatrix) -> None:
    with pytest.raises(InputError, match=f"groups 999: must be at most {matrix.lower.parts}"):
        Trainer(matrix, TrainingSettings(groups=999))
    with pytest.raises(InputError, match="groups 0: must be 1 or more"):
        TrainingSettings(groups=0)
