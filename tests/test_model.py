"""The Python object: gensim's manner, and what people give it that it cannot take."""

from __future__ import annotations

import copy
import inspect
import itertools
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from data import GOLDEN
from gensim.models.callbacks import CallbackAny2Vec
from scipy import sparse

from glove_adagrad import GloVe, Vocabulary, evaluate, optim
from glove_adagrad.cli.train import train
from glove_adagrad.errors import InputError, TrainingError
from glove_adagrad.evaluation import PairList, Suite
from glove_adagrad.formats import read_run
from glove_adagrad.parallel import available_cores
from glove_adagrad.presets import PRESETS, RULES
from glove_adagrad.trainer import Trainer

TEXT = [line.split() for line in (GOLDEN / "tiny.txt").read_text().splitlines() if line.strip()]
SMALL: dict[str, Any] = {"vector_size": 8, "epochs": 3, "window": 5}


@pytest.fixture(scope="module")
def model() -> GloVe:
    return GloVe(TEXT, **SMALL)


def test_sentences_and_files_give_the_same(model: GloVe) -> None:
    from_file = GloVe(corpus_file=GOLDEN / "tiny.txt", workers=1, **SMALL)
    assert from_file.wv.index_to_key == model.wv.index_to_key
    np.testing.assert_array_equal(from_file.wv.vectors, model.wv.vectors)


def command_line(*arguments: object) -> None:
    command = [sys.executable, "-m", "glove_adagrad", *map(str, arguments)]
    subprocess.run([*command, "--quiet"], check=True)


def test_the_command_line_gives_the_same(model: GloVe, tmp_path: Path) -> None:
    first, second = tmp_path / "1.txt", tmp_path / "2.txt"
    first.write_text("\n\n".join(" ".join(line).upper() for line in TEXT[:200]))
    second.write_text("\n".join(map(" ".join, TEXT[200:])))
    start, anchor = tmp_path / "start.txt", tmp_path / "anchor.txt"
    model.wv.save_word2vec_format(start)
    model.context_wv.save_word2vec_format(anchor)
    trained = GloVe(
        corpus_file=[first, second], lowercase=True, boundary="blank-line", keep_positions=True, min_cooccurrence=0.3,
        sample=0.01, unobserved=1.0, symmetric=False, min_count=3, max_vocab=40, init=start, anchor=anchor,
        anchor_weight=0.2, **SMALL,
    )  # fmt: skip
    command_line(
        "train", first, second, "--output", tmp_path / "r", "--lowercase", "--boundary", "blank-line",
        "--keep-positions", "--min-cooccurrence", 0.3, "--sample", 0.01, "--unobserved", 1, "--left-only",
        "--min-count", 3, "--max-vocab", 40, "--init", start, "--anchor", anchor, "--anchor-weight", 0.2,
        "--vector-size", 8, "--epochs", 3, "--window", 5,
    )  # fmt: skip
    run = read_run(tmp_path / "r")
    assert run.words == trained.wv.index_to_key
    np.testing.assert_array_equal(run.context_vectors, trained.context_wv.vectors)
    np.testing.assert_array_equal(run.word_biases, trained.biases[0])


def test_every_option_of_train_has_a_parameter() -> None:
    other_names = {"corpus": "corpus_file", "left_only": "symmetric", "no_distance_weighting": "distance_weights"}
    of_runs = {
        "output", "cooccurrence", "resume", "extend", "checkpoint_minutes", "optimizer_option", "strict",
        "trust_pickle", "scheduler",
    }  # fmt: skip
    options = {str(option.name) for option in train.params} - of_runs
    parameters = {other_names.get(name, name) for name in options} - {"quiet"}
    assert parameters | {"sentences", "callbacks", "show_progress"} == set(inspect.signature(GloVe).parameters)


def test_every_parameter_is_documented_with_type_default_and_effect() -> None:
    described = inspect.cleandoc(GloVe.__doc__ or "").split("Parameters\n----------\n")[1].split("\nRaises\n")[0]
    entries = re.findall(r"^(\w+(?:, \w+)*) : (.+)\n((?:    .+\n)+)", described, re.MULTILINE)
    names = [name for listed, *_ in entries for name in listed.split(", ")]
    assert names == sorted(names, key=names.index)
    assert set(names) == set(inspect.signature(GloVe).parameters)
    for _, kind, effect in entries:
        assert "default" in kind or "optional" in kind or "callable" in kind
        assert effect.strip().endswith(".")


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_presets_are_defaults_that_other_parameters_override(preset: str) -> None:
    plain, named = GloVe(), GloVe(preset=preset)
    parameters = PRESETS[preset]
    assert named.windows == replace(plain.windows, symmetric=parameters.get("symmetric", True))
    assert named.settings.epochs == parameters.get("epochs", 25)
    assert named.settings.unobserved == parameters.get("unobserved", 0)
    assert (named.settings.init_biases, named.settings.init_svd) == (
        parameters.get("init_biases", False), parameters.get("init_svd", 0),
    )  # fmt: skip
    rule, options = RULES.get(preset, ("adagrad", {"learning_rate": 0.05}))
    assert named.settings.rule == optim.make(rule, **options)
    given = GloVe(preset=preset, epochs=7, symmetric=True, unobserved=0.5, clip=3.0, learning_rate=0.02)
    assert (given.settings.epochs, given.settings.unobserved, given.settings.clip) == (7, 0.5, 3.0)
    assert given.windows.symmetric
    assert given.settings.rule == optim.make(rule, **{**options, "learning_rate": 0.02})
    other = GloVe(preset=preset, optimizer="adam").settings.rule
    assert other == GloVe(optimizer="adam").settings.rule


def test_what_a_trained_model_has(model: GloVe) -> None:
    assert model.wv.vectors.shape == (43, 8)
    assert model.wv.most_similar("the", topn=2)
    assert model.wv.get_vecattr("the", "count") == model.vocabulary.counts[model.wv.key_to_index["the"]]
    assert model.loss_history == sorted(model.loss_history, reverse=True)
    assert len(model.loss_history) == 3


def test_continued_training_equals_training_at_once(model: GloVe) -> None:
    parts = GloVe(TEXT, **{**SMALL, "epochs": 1}).train(2)
    np.testing.assert_array_equal(parts.wv.vectors, model.wv.vectors)
    assert parts.loss_history == model.loss_history


def test_callbacks_are_called_after_each_epoch(model: GloVe) -> None:
    seen: list[tuple[int, float]] = []
    GloVe(TEXT, callbacks=[lambda trainer, epoch, loss: seen.append((epoch, loss))], **SMALL)
    assert seen == list(enumerate(model.loss_history, 1))


def test_a_model_makes_its_vectors_once_until_it_is_trained_further(model: GloVe) -> None:
    trained = GloVe(TEXT, **{**SMALL, "epochs": 2})
    before, context = trained.wv, trained.context_wv
    assert trained.wv is before
    assert trained.context_wv is context
    before.fill_norms()
    assert trained.wv.norms is not None
    trained.train(1)
    assert trained.wv is not before
    np.testing.assert_array_equal(trained.wv.vectors, model.wv.vectors)
    np.testing.assert_array_equal(trained.context_wv.vectors, model.context_wv.vectors)
    trained.fit(TEXT[:50])
    assert len(trained.wv) < len(before)


def test_train_does_not_change_a_later_fit() -> None:
    trained = GloVe(TEXT, **{**SMALL, "epochs": 2}).train(5)
    assert len(trained.loss_history) == 7
    assert len(trained.fit(TEXT).loss_history) == 2


@pytest.fixture(scope="module")
def many_words() -> list[list[str]]:
    """Enough words for several strata."""
    drawn = np.random.default_rng(1).zipf(1.3, (400, 30)) % 3000
    return [[f"w{word}" for word in line] for line in drawn.tolist()]


@pytest.mark.parametrize("stratum", [0, 5, 31, 32, 50, 127])
def test_interrupted_training_keeps_what_was_trained_and_continues_bit_for_bit(
    many_words: list[list[str]], monkeypatch: pytest.MonkeyPatch, stratum: int
) -> None:
    settings: dict[str, Any] = {"vector_size": 6, "epochs": 4, "min_count": 1, "unobserved": 0.5, "workers": 2}
    whole = GloVe(many_words, **settings)
    strata = whole._trainer.strata  # type: ignore[union-attr]
    assert strata == 32
    passes = itertools.count()
    train_stratum = Trainer._step

    def interrupted(*arguments: Any, **settings: Any) -> Any:
        if next(passes) == stratum:
            signal.raise_signal(signal.SIGINT)
        return train_stratum(*arguments, **settings)

    seen: list[int] = []
    model = GloVe(callbacks=lambda trainer, epoch, loss: seen.append(epoch), **settings)
    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "_step", interrupted)
        with pytest.raises(KeyboardInterrupt):
            model.fit(many_words)
    done = (stratum + 1) // strata
    assert model.loss_history == whole.loss_history[:done]
    assert seen == list(range(1, done + 1))
    if done:
        assert np.isfinite(model.wv.vectors).all()
    else:
        with pytest.raises(InputError, match="first epoch was interrupted"):
            model.wv  # noqa: B018
    copied = copy.deepcopy(model)
    for one in (copied, model):
        one.train(4 - done)
        assert one.loss_history == whole.loss_history
        np.testing.assert_array_equal(one.wv.vectors, whole.wv.vectors)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_interrupted_model_can_be_saved_and_continued(many_words: list[list[str]], tmp_path: Path) -> None:
    settings: dict[str, Any] = {"vector_size": 6, "epochs": 3, "min_count": 1}
    whole = GloVe(many_words, **settings)

    def stop(trainer: Trainer, epoch: int, loss: float) -> None:
        if epoch == 2:
            raise KeyboardInterrupt

    model = GloVe(callbacks=[stop], **settings)
    with pytest.raises(KeyboardInterrupt):
        model.fit(many_words)
    model.save(tmp_path / "model")
    loaded = GloVe.load(tmp_path / "model").train(1)
    np.testing.assert_array_equal(loaded.wv.vectors, whole.wv.vectors)


def test_a_fit_that_fails_leaves_the_model_as_it_was(model: GloVe) -> None:
    trained = copy.deepcopy(model)
    with pytest.raises(InputError):
        trained.fit([["too", "few", "words"]])
    np.testing.assert_array_equal(trained.wv.vectors, model.wv.vectors)
    assert len(trained.train(1).loss_history) == 4


def test_a_diverged_model_is_not_trained() -> None:
    model = GloVe(learning_rate=1e20, clip=1e30, **SMALL)
    with pytest.raises(TrainingError, match="lower `learning_rate`"):
        model.fit(TEXT)
    assert repr(model) == "GloVe(not trained, vector_size=8)"
    with pytest.raises(InputError, match="has not been trained"):
        model.wv  # noqa: B018


def test_representations_are_short(model: GloVe) -> None:
    assert repr(model) == f"GloVe(43 words x 8, epochs=3, loss={model.loss_history[-1]:.4f})"
    tokens = f"{int(model.vocabulary.counts.sum()):,}"
    assert repr(model.vocabulary) == f"Vocabulary(43 words, {tokens} tokens: the, is, and, ...)"
    assert repr(Vocabulary([b"\xff"], np.array([2]))) == "Vocabulary(1 words, 2 tokens: \\xff)"
    matrix = model._trainer.matrix  # type: ignore[union-attr]
    assert repr(matrix) == f"CooccurrenceMatrix(43 words, {matrix.records:,} records, {str(matrix.folder)!r})"
    assert repr(GloVe()) == "GloVe(not trained, vector_size=100)"


def test_all_cores_are_minus_one() -> None:
    assert GloVe(workers=-1).workers == GloVe(workers=None).workers == GloVe().workers == available_cores()
    for wrong in (0, -2, 1025):
        with pytest.raises(InputError, match=f"workers {wrong}: must be from 1"):
            GloVe(workers=wrong)


def test_evaluation_takes_any_kind_of_model(model: GloVe, tmp_path: Path) -> None:
    model.save(tmp_path / "model")
    suite = Suite([], [PairList("pairs", [("the", "is"), ("old", "river"), ("and", "near")], np.arange(3.0))])
    expected = model.evaluate(suite).as_dict()
    assert expected["similarity"][0]["answered"] == 3
    for source in (model.wv, model.word_vectors(), tmp_path / "model", str(tmp_path / "model")):
        assert evaluate(source, suite).as_dict() == expected
    assert model.evaluate(suite).scores == {"pairs": expected["similarity"][0]["spearman"]}
    assert repr(model.evaluate(suite, name="m")).startswith("Evaluation(m, 43 words x 8: pairs ")
    assert list(model.evaluate().scores) == ["questions-words", "wordsim353", "simlex999"]
    with pytest.raises(TypeError, match="a dict holds no word vectors"):
        evaluate({"the": [1, 2]}, suite)


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
        ({"sentences": [["a", 3]]}, TypeError, "token 3 is an int"),
        ({"sentences": TEXT, "corpus_file": "x"}, ValueError, "give either sentences or corpus_file"),
        ({"corpus_file": "no-such-file"}, ValueError, "no such file"),
        ({"vector_size": 0}, ValueError, "vector_size 0"),
        ({"min_count": 0}, ValueError, "min_count 0"),
        ({"max_vocab": 0}, ValueError, "max_vocab 0"),
        ({"boundary": "page"}, ValueError, "boundary 'page'"),
        ({"preset": "best"}, ValueError, "preset 'best'"),
        ({"callbacks": [print, 3]}, TypeError, "int cannot be called"),
        ({"callbacks": 3}, TypeError, "int cannot be called"),
        ({"callbacks": [CallbackAny2Vec()]}, TypeError, "callback of gensim's Word2Vec"),
        ({"corpus_file": [GOLDEN / "tiny.txt", "no-such-file"]}, ValueError, "no-such-file: no such file"),
        ({"sentences": TEXT, "init": "no-such-file"}, ValueError, "no-such-file: cannot be read"),
        ({"sentences": TEXT, "anchor": [1, 2]}, TypeError, "a list holds no word vectors"),
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
@pytest.mark.parametrize("kind", [sparse.csr_array, np.asarray])
def test_matrices_that_are_refused(cells: np.ndarray, words: list[str], message: str, kind: Any) -> None:
    with pytest.raises(ValueError, match=message):
        GloVe.from_cooccurrence(kind(cells), words)


def test_what_is_not_a_matrix_or_a_word_is_refused() -> None:
    with pytest.raises(TypeError, match=r"words\[1\] 5 is an int, not a string"):
        GloVe.from_cooccurrence(np.ones((2, 2)), ["a", 5])  # type: ignore[list-item]
    with pytest.raises(InputError, match=r"words\[0\] '\\ud800' holds a lone surrogate"):
        GloVe.from_cooccurrence(np.ones((2, 2)), ["\ud800", "b"])
    with pytest.raises(TypeError, match="is not a matrix of numbers"):
        GloVe.from_cooccurrence({"a": 1}, ["a"])


def test_dense_matrices_and_nested_lists_are_taken() -> None:
    cells = np.random.default_rng(2).random((6, 6))
    fits = [
        GloVe.from_cooccurrence(matrix, "abcdef", vector_size=3, epochs=2)
        for matrix in (sparse.coo_matrix(cells), cells, cells.tolist())
    ]
    for fit in fits[1:]:
        np.testing.assert_array_equal(fit.wv.vectors, fits[0].wv.vectors)


def test_an_untrained_model_says_so() -> None:
    with pytest.raises(InputError, match="has not been trained"):
        GloVe().wv  # noqa: B018


def test_importing_loads_nothing_heavy() -> None:
    heavy = {"numba", "gensim", "scipy", "tqdm"}
    code = f"import sys, glove_adagrad; glove_adagrad.GloVe; assert not {heavy} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


class Restartable:
    def __iter__(self) -> Iterator[list[str]]:
        return iter(TEXT)


def test_any_restartable_iterable_serves(model: GloVe) -> None:
    np.testing.assert_array_equal(GloVe(Restartable(), **SMALL).wv.vectors, model.wv.vectors)
