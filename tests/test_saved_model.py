"""Models that are saved and loaded, as folders and as pickles of earlier versions."""

from __future__ import annotations

import copy
import json
import os
import pickle
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from data import GOLDEN
from runs import Command

from glove_adagrad import GloVe
from glove_adagrad.errors import InputError
from glove_adagrad.formats import read_run

TEXT = [line.split() for line in (GOLDEN / "tiny.txt").read_text().splitlines() if line.strip()]
SMALL: dict[str, Any] = {"vector_size": 8, "epochs": 3, "window": 5}


@pytest.fixture(scope="module")
def model() -> GloVe:
    return GloVe(TEXT, **SMALL)


@pytest.mark.slow
def test_a_copy_a_saved_and_a_loaded_model_continue_as_one_longer_training(tmp_path: Path) -> None:
    settings = {**SMALL, "optimizer": "adam", "unobserved": 0.5, "holdout": 0.1, "min_count": 2, "max_vocab": 40}
    whole = GloVe(TEXT, **settings)
    trained = GloVe(TEXT, **{**settings, "epochs": 1}, lowercase=True)
    copied = copy.deepcopy(trained)
    trained.save(tmp_path / "model")
    trained.save(tmp_path / "model")  # its own folder is replaced
    loaded = GloVe.load(tmp_path / "model")
    assert (loaded.min_count, loaded.max_vocab, loaded.text.lowercase) == (2, 40, True)
    assert (loaded.windows, loaded.settings) == (trained.windows, trained.settings)
    loaded.save(tmp_path / "again")
    for model in (copied, loaded, GloVe.load(tmp_path / "again"), trained):
        assert model.loss_history == whole.loss_history[:1]
        model.train(2)
        np.testing.assert_array_equal(model.wv.vectors, whole.wv.vectors)
        assert [epoch["holdout_loss"] for epoch in model.history] == [e["holdout_loss"] for e in whole.history]
        assert model.settings.epochs == 1


def test_a_saved_model_without_counts_and_a_pickled_one_have_the_vectors(model: GloVe, tmp_path: Path) -> None:
    made = GloVe(TEXT, **SMALL)
    made.save(tmp_path / "model", counts=False)
    pickled = pickle.loads(pickle.dumps(made))
    pickled.save(tmp_path / "pickled")
    shutil.rmtree(made._trainer.matrix.folder)  # type: ignore[union-attr]
    with pytest.raises(InputError, match="its counts are gone"):
        made.save(tmp_path / "late")
    for other in (GloVe.load(tmp_path / "model"), pickled, GloVe.load(tmp_path / "pickled")):
        np.testing.assert_array_equal(other.wv.vectors, model.wv.vectors)
        np.testing.assert_array_equal(other.biases, model.biases)
        assert other.loss_history == model.loss_history
        with pytest.raises(InputError, match="no co-occurrences to continue with"):
            other.train(1)


def test_the_command_line_takes_a_saved_model_and_load_takes_its_runs(
    model: GloVe, command: Command, tmp_path: Path
) -> None:
    saved, run = tmp_path / "model", tmp_path / "run"
    model.save(saved)
    command.ok("train", "--resume", saved, "--epochs", 5)
    command.ok("train", GOLDEN / "tiny.txt", "--output", run, "--vector-size", 8, "--epochs", 3, "--window", 5)
    loaded = GloVe.load(run)
    np.testing.assert_array_equal(loaded.wv.vectors, model.wv.vectors)
    assert loaded.train(2).loss_history == GloVe.load(saved).loss_history
    np.testing.assert_array_equal(loaded.context_wv.vectors, GloVe.load(saved).context_wv.vectors)
    with pytest.raises(InputError, match=r"was not written by GloVe\.save"):
        model.save(run)


def test_nothing_else_is_replaced_by_a_saved_model(model: GloVe, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "mine.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    for name in ("data", "file"):
        with pytest.raises(InputError, match="choose another name"):
            model.save(tmp_path / name)
    assert (tmp_path / "data" / "mine.txt").read_text() == (tmp_path / "file").read_text() == "mine"
    for name in ("data", "nothing"):
        with pytest.raises(InputError, match="is not a saved model or a run"):
            GloVe.load(tmp_path / name)


def test_names_that_a_vocabulary_file_cannot_hold_are_saved(tmp_path: Path) -> None:
    fitted = GloVe.from_cooccurrence(np.ones((3, 3)), ["new york", "", "c"], vector_size=2, epochs=1)
    fitted.save(tmp_path / "model")
    assert GloVe.load(tmp_path / "model").wv.index_to_key == ["new york", "", "c"]
    assert GloVe.load(tmp_path / "model").train(1).wv.index_to_key == ["new york", "", "c"]
    pickle.loads(pickle.dumps(fitted)).save(tmp_path / "without counts")
    assert GloVe.load(tmp_path / "without counts").wv.index_to_key == ["new york", "", "c"]
    fitted = GloVe.from_cooccurrence(np.ones((2, 2)), ["york", "c"], vector_size=2, epochs=1)
    fitted.save(tmp_path / "tokens")
    assert read_run(tmp_path / "tokens").words == ["york", "c"]


def test_a_damaged_saved_model_is_refused_or_has_the_same_words(model: GloVe, tmp_path: Path) -> None:
    model.save(tmp_path / "model")
    pickle.loads(pickle.dumps(model)).save(tmp_path / "vectors")
    for name in ("model", "vectors"):
        lines = (tmp_path / name / "vocab.txt").read_text().splitlines(keepends=True)
        (tmp_path / name / "vocab.txt").write_text("".join(lines[:3] + lines[5:]))
    # the counts have the words too, and a checksum of them
    assert GloVe.load(tmp_path / "model").wv.index_to_key == model.wv.index_to_key
    with pytest.raises(InputError, match=r"vocab\.txt: damaged"):
        GloVe.load(tmp_path / "vectors")


@pytest.mark.parametrize("names", [7, ["a"], ["a", "b", None], "abc"])
def test_names_that_do_not_fit_a_saved_model_are_refused(names: Any, tmp_path: Path) -> None:
    GloVe.from_cooccurrence(np.ones((3, 3)), ["new york", "", "c"], vector_size=2, epochs=1).save(tmp_path / "model")
    path = tmp_path / "model" / "history.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "names": names}))
    with pytest.raises(InputError, match=r"history\.json: names is .*; expected a list of 3 names"):
        GloVe.load(tmp_path / "model")


def test_pickles_of_earlier_versions_are_read_with_a_warning() -> None:
    with pytest.warns(DeprecationWarning, match="save the model again"):
        old = GloVe.load(GOLDEN / "glove-0.1-adam.pickle")
    new = GloVe(TEXT, vector_size=4, epochs=2, window=5, optimizer="adam")
    assert old.wv.index_to_key == new.wv.index_to_key
    np.testing.assert_allclose(old.wv.vectors, new.wv.vectors, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(old.loss_history, new.loss_history, rtol=1e-6)
    assert (old.settings, old.windows) == (new.settings, new.windows)


class _Hostile:
    def __init__(self, call: Any, *arguments: Any) -> None:
        self.call, self.arguments = call, arguments

    def __reduce__(self) -> tuple[Any, ...]:
        return self.call, self.arguments


def test_no_code_of_a_pickle_is_run(model: GloVe, tmp_path: Path) -> None:
    made = tmp_path / "made"
    for content in (
        _Hostile(os.mkdir, str(made)),
        _Hostile(GloVe, None, str(GOLDEN / "tiny.txt")),
        {"a": [_Hostile(eval, f"__import__('os').mkdir({str(made)!r})")]},
        [1],
    ):
        (tmp_path / "file").write_bytes(pickle.dumps(content))
        with pytest.raises(InputError, match="not a saved model"):
            GloVe.load(tmp_path / "file")
    assert not made.exists()
    whole = (GOLDEN / "glove-0.1-adam.pickle").read_bytes()
    for damaged in (b"no pickle", whole[:-100], whole.replace(b"Adam", b"Bdam")):
        (tmp_path / "file").write_bytes(damaged)
        with pytest.raises(InputError, match="not a saved model"):
            GloVe.load(tmp_path / "file")
