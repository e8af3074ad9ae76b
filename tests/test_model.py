"""The Python object: gensim's manner, and what people give it that it cannot take."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from glove_adagrad import GloVe
from glove_adagrad.errors import InputError
from glove_adagrad.formats import read_run

GOLDEN = Path(__file__).parent / "golden"
TEXT = [line.split() for line in (GOLDEN / "tiny.txt").read_text().splitlines() if line.strip()]
SMALL: dict[str, Any] = {"vector_size": 8, "epochs": 3, "window": 5}


@pytest.fixture(scope="module")
def model() -> GloVe:
    return GloVe(TEXT, **SMALL)


def test_sentences_and_files_give_the_same(model: GloVe) -> None:
    from_file = GloVe(corpus_file=GOLDEN / "tiny.txt", workers=1, **SMALL)
    assert from_file.wv.index_to_key == model.wv.index_to_key
    np.testing.assert_array_equal(from_file.wv.vectors, model.wv.vectors)


def test_the_command_line_gives_the_same(tmp_path: Path) -> None:
    model = GloVe(TEXT, sample=0.01, unobserved=1.0, **SMALL)
    options = ["--vector-size", "8", "--epochs", "3", "--window", "5", "--quiet"]
    options += ["--sample", "0.01", "--unobserved", "1"]
    command = [
        sys.executable,
        "-m",
        "glove_adagrad",
        "train",
        str(GOLDEN / "tiny.txt"),
        "--output",
        str(tmp_path / "r"),
    ]
    subprocess.run([*command, *options], check=True)
    run = read_run(tmp_path / "r")
    np.testing.assert_array_equal(run.context_vectors, model.context_wv.vectors)
    np.testing.assert_array_equal(run.word_biases, model.biases[0])


def test_what_a_trained_model_has(model: GloVe) -> None:
    assert model.wv.vectors.shape == (43, 8)
    assert model.wv.most_similar("the", topn=2)
    assert model.wv.get_vecattr("the", "count") == model.vocabulary.counts[model.wv.key_to_index["the"]]
    assert model.loss_history == sorted(model.loss_history, reverse=True)
    assert len(model.loss_history) == 3


def test_going_on_equals_training_at_once(model: GloVe) -> None:
    parts = GloVe(TEXT, **{**SMALL, "epochs": 1}).train(2)
    np.testing.assert_array_equal(parts.wv.vectors, model.wv.vectors)
    assert parts.loss_history == model.loss_history


def test_callbacks_are_told(model: GloVe) -> None:
    told: list[tuple[int, float]] = []
    GloVe(TEXT, callbacks=[lambda trainer, epoch, loss: told.append((epoch, loss))], **SMALL)
    assert told == list(enumerate(model.loss_history, 1))


def test_saved_loaded_and_pickled(model: GloVe, tmp_path: Path) -> None:
    model.save(tmp_path / "model")
    for copy in (GloVe.load(tmp_path / "model"), pickle.loads(pickle.dumps(model))):
        np.testing.assert_array_equal(copy.wv.vectors, model.wv.vectors)
        assert copy.loss_history == model.loss_history
        with pytest.raises(InputError, match="no co-occurrences to go on with"):
            copy.train(1)
    (tmp_path / "other").write_bytes(pickle.dumps([1]))
    with pytest.raises(InputError, match="holds list, expected a saved GloVe"):
        GloVe.load(tmp_path / "other")
    (tmp_path / "other").write_bytes(b"no pickle")
    with pytest.raises(InputError, match="no saved model"):
        GloVe.load(tmp_path / "other")


def test_counts_of_other_data(model: GloVe) -> None:
    rng = np.random.default_rng(0)
    dense = np.exp(rng.normal(size=(30, 3)) @ rng.normal(size=(3, 30)))
    dense[rng.random(dense.shape) < 0.3] = 0
    names = [f"item {k}" for k in range(30)]
    fitted = GloVe.from_cooccurrence(sparse.csr_array(dense), names, vector_size=6, epochs=60, learning_rate=0.3)
    assert fitted.wv.index_to_key == names
    words, contexts = fitted.wv.vectors - fitted.context_wv.vectors, fitted.context_wv.vectors
    row, column = np.nonzero(dense)
    b, c = fitted.biases
    predicted = (words[row] * contexts[column]).sum(axis=1) + b[row] + c[column]
    assert np.corrcoef(predicted, np.log(dense[row, column]))[0, 1] > 0.9


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"sentences": (line for line in TEXT)}, TypeError, "generator"),
        ({"sentences": []}, ValueError, "no words"),
        ({"sentences": "a b c"}, TypeError, "a string was given"),
        ({"sentences": [["a", 3]]}, TypeError, "token 3 is a int"),
        ({"sentences": TEXT, "corpus_file": "x"}, ValueError, "give either sentences or corpus_file"),
        ({"corpus_file": "no-such-file"}, ValueError, "no such file"),
        ({"vector_size": 0}, ValueError, "vector_size 0"),
        ({"optimizer": "none"}, ValueError, "not known"),
    ],
)
def test_what_cannot_be_trained_on(arguments: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        GloVe(**arguments)


@pytest.mark.parametrize(
    ("cells", "words", "message"),
    [
        (np.ones((2, 3)), ["a", "b"], "must be square"),
        (np.ones((2, 2)), ["a"], "1 of them do not fit a matrix of 2 rows"),
        (np.ones((2, 2)), ["a", "a"], "named twice"),
        (np.array([[1.0, -1], [1, 1]]), ["a", "b"], "must be finite and positive"),
        (np.array([[1.0, np.nan], [1, 1]]), ["a", "b"], "must be finite and positive"),
    ],
)
def test_matrices_that_are_refused(cells: np.ndarray, words: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        GloVe.from_cooccurrence(sparse.csr_array(cells), words)


def test_an_untrained_model_says_so() -> None:
    with pytest.raises(InputError, match="has not been trained"):
        GloVe().wv  # noqa: B018


def test_importing_loads_neither_numba_nor_gensim() -> None:
    code = "import sys, glove_adagrad; glove_adagrad.GloVe; assert not {'numba', 'gensim'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


class Restartable:
    def __iter__(self) -> Iterator[list[str]]:
        return iter(TEXT)


def test_any_restartable_iterable_serves(model: GloVe) -> None:
    np.testing.assert_array_equal(GloVe(Restartable(), **SMALL).wv.vectors, model.wv.vectors)
