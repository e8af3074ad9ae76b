"""Starting from given vectors, anchors, and extending a run with more text."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import naive
import numpy as np
import pytest
from click.testing import CliRunner
from data import GOLDEN

from glove_adagrad.checkpoint import Checkpoints
from glove_adagrad.cli import cli
from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
from glove_adagrad.cooccurrence.scipy_sparse import from_scipy
from glove_adagrad.errors import InputError
from glove_adagrad.formats import WordVectors, keyedvectors, read_run, word2vec
from glove_adagrad.model import GloVe
from glove_adagrad.svd import SVDSettings, decompose, decompose_stream
from glove_adagrad.trainer import Anchors, Trainer, TrainingSettings
from glove_adagrad.vocabulary import Vocabulary
from glove_adagrad.warm_start import Start, continue_from, read_anchors, start_from

SIZE = 10


def train(*arguments: str | Path) -> None:
    command = ["train", *map(str, arguments), "--quiet"]
    result = CliRunner().invoke(cli, command, catch_exceptions=False)
    assert result.exit_code == 0, result.output


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("warm") / "run"
    train(GOLDEN / "tiny.txt", "--output", folder, "--vector-size", SIZE, "--epochs", 3, "--min-count", 1)
    return folder


@pytest.fixture
def matrix(run: Path) -> CooccurrenceMatrix:
    return CooccurrenceMatrix.open(run / "cooccurrence")


@pytest.mark.parametrize("symmetric", [True, False])
def test_training_starts_from_the_counts(symmetric: bool, tmp_path: Path) -> None:
    values = np.random.default_rng(4).poisson(1.0, (40, 40)) * 1.0
    values[:, 3] = values[7] = 0  # words without counts on a side
    x = np.tril(values) + np.tril(values, -1).T if symmetric else values
    vocabulary = Vocabulary([b"%d" % n for n in range(40)], np.arange(40, 0, -1))
    matrix = from_scipy(x, vocabulary, tmp_path / "m")
    drawn, biased, both = (
        Start().new_trainer(matrix, TrainingSettings(vector_size=40, **chosen))[0].parameters.vectors()
        for chosen in ({}, {"init_biases": True}, {"init_svd": 0.5})
    )
    assert biased.word_vectors.tobytes() == drawn.word_vectors.tobytes()
    assert biased.context_vectors.tobytes() == drawn.context_vectors.tobytes()
    for side, axis in (("word_biases", 1), ("context_biases", 0)):
        sums = x.sum(axis=axis)
        expected = np.log(np.where(sums > 0, sums, 1)) - np.log(x.sum()) / 2
        found, before = getattr(biased, side), getattr(drawn, side)
        np.testing.assert_allclose(found, np.where(sums > 0, expected, before), atol=1e-6)
        assert found.tobytes() == getattr(both, side).tobytes()
    added = [now - before for now, before in zip(both[:2], drawn[:2], strict=True)]
    np.testing.assert_allclose(4 * added[0] @ added[1].T, naive.positive_pmi(x, 0.75, 1), atol=1e-3)


def test_given_vectors_take_the_place_of_a_decomposition(matrix: CooccurrenceMatrix, tmp_path: Path) -> None:
    words = [word.decode() for word in matrix.vocabulary.words]
    word2vec.write(tmp_path / "v.txt", WordVectors(words[:3], np.ones((3, SIZE), np.float32)))
    starts = [
        Start(tmp_path / "v.txt").new_trainer(matrix, TrainingSettings(vector_size=SIZE, **chosen))[0]
        for chosen in ({"init_biases": True}, {"init_svd": 0.5})
    ]
    biased, both = (trainer.parameters.vectors() for trainer in starts)
    for one, other in zip(biased, both, strict=True):
        assert one.tobytes() == other.tobytes()


def test_a_decomposition_is_made_once_for_start_and_end(matrix: CooccurrenceMatrix) -> None:
    settings = TrainingSettings(vector_size=SIZE, init_svd=0.25, svd_weight=0.5)
    stream = Start().new_trainer(matrix, settings)[0].stream
    assert stream.decomposition is not None
    for svd in (SVDSettings(SIZE, seed=settings.seed), SVDSettings(SIZE, smoothing=1, seed=settings.seed)):
        found = decompose_stream(stream, svd)
        assert found is not None
        for one, other in zip(found, decompose(matrix, svd), strict=True):
            assert one.tobytes() == other.tobytes()
    assert Start().new_trainer(matrix, replace(settings, svd_weight=0))[0].stream.decomposition is None


def test_the_command_and_the_class_start_from_the_counts_alike(tmp_path: Path) -> None:
    common = {"vector_size": SIZE, "epochs": 1, "min_count": 1}
    options = [part for name, value in common.items() for part in (f"--{name.replace('_', '-')}", value)]
    expected = GloVe(corpus_file=GOLDEN / "tiny.txt", **common).wv.vectors
    for name, value in (("init_biases", True), ("init_svd", 0.5)):
        folder = tmp_path / name
        given = [value] if name == "init_svd" else []
        train(GOLDEN / "tiny.txt", "--output", folder, *options, f"--{name.replace('_', '-')}", *given)
        model = GloVe(corpus_file=GOLDEN / "tiny.txt", **common, **{name: value})
        assert read_run(folder).select().vectors.tobytes() == model.wv.vectors.tobytes()
        assert model.wv.vectors.tobytes() != expected.tobytes()
    refused = CliRunner().invoke(cli, ["train", "more.txt", "--extend", str(folder), "-o", "o", "--init-svd", "1"])
    assert refused.exit_code == 2
    assert "RUN fixes it" in refused.output


def test_from_a_run_all_parameters_are_copied(run: Path, matrix: CooccurrenceMatrix) -> None:
    trainer = Trainer(matrix, TrainingSettings(vector_size=SIZE))
    assert start_from(trainer, run) == len(matrix.vocabulary)
    expected = read_run(run)
    for name, array in trainer.parameters.vectors()._asdict().items():
        np.testing.assert_array_equal(array, getattr(expected, name))


def test_from_a_file_the_sum_is_copied_and_other_words_are_drawn(matrix: CooccurrenceMatrix, tmp_path: Path) -> None:
    words = [word.decode() for word in matrix.vocabulary.words]
    given = np.arange(3 * SIZE, dtype=np.float32).reshape(3, SIZE) / 64
    word2vec.write(tmp_path / "v.txt", WordVectors([words[5], "of-no-text", words[2]], given))
    trainer = Trainer(matrix, TrainingSettings(vector_size=SIZE))
    drawn = trainer.parameters.vectors()
    assert start_from(trainer, tmp_path / "v.txt") == 2
    now = trainer.parameters.vectors()
    sums = now.word_vectors + now.context_vectors
    np.testing.assert_allclose(sums[[5, 2]], given[[0, 2]], atol=1e-6)
    assert (now.word_vectors[5] != now.context_vectors[5]).any(), "two sides that start alike stay alike"
    others = np.setdiff1d(np.arange(len(words)), [5, 2])
    np.testing.assert_array_equal(now.word_vectors[others], drawn.word_vectors[others])
    np.testing.assert_array_equal(now.word_biases, drawn.word_biases)


def test_vectors_that_do_not_fit_are_refused(matrix: CooccurrenceMatrix, tmp_path: Path) -> None:
    trainer = Trainer(matrix, TrainingSettings(vector_size=SIZE))
    word2vec.write(tmp_path / "other.txt", WordVectors(["of-no-text"], np.ones((1, SIZE), np.float32)))
    with pytest.raises(InputError, match="none of the 72 words"):
        start_from(trainer, tmp_path / "other.txt")
    word2vec.write(tmp_path / "short.txt", WordVectors(["the"], np.ones((1, 3), np.float32)))
    with pytest.raises(InputError, match="give `vector_size=3`"):
        read_anchors(tmp_path / "short.txt", matrix, SIZE, 0.1)


def test_anchored_words_end_nearer_and_others_learn(matrix: CooccurrenceMatrix) -> None:
    words = np.array([0, 7, 30])
    vectors = np.random.default_rng(0).normal(size=(3, SIZE)).astype(np.float32)

    def distance(weight: float | None, workers: int = 1) -> tuple[float, bytes]:
        anchors = None if weight is None else Anchors(words, vectors, weight)
        trainer = Trainer(matrix, TrainingSettings(vector_size=SIZE, epochs=20), workers=workers, anchors=anchors)
        trainer.fit()
        assert trainer.history[-1].loss < trainer.history[0].loss
        found = trainer.parameters.vectors()
        off = (found.word_vectors + found.context_vectors)[words] - vectors
        return float(np.linalg.norm(off)), found.word_vectors.tobytes()

    free, weak, strong = distance(None)[0], distance(1.0)[0], distance(100.0)[0]
    assert strong < weak < free
    assert strong < 0.2 * free
    assert distance(1.0, workers=3)[1] == distance(1.0)[1]


def test_anchors_survive_interruption(matrix: CooccurrenceMatrix, tmp_path: Path) -> None:
    anchors = Anchors(np.array([0, 4]), np.ones((2, SIZE), np.float32), 5.0)

    def trainer(epochs: int, anchors: Anchors | None) -> Trainer:
        return Trainer(matrix, TrainingSettings(vector_size=SIZE, epochs=epochs), anchors=anchors)

    whole, first = trainer(4, anchors), trainer(2, anchors)
    whole.fit()
    first.fit()
    Checkpoints(tmp_path / "c").save(first)
    checkpoint = Checkpoints(tmp_path / "c").load()
    second = trainer(4, checkpoint.anchors)
    checkpoint.restore(second)
    second.fit()
    assert second.parameters.vectors().word_vectors.tobytes() == whole.parameters.vectors().word_vectors.tobytes()


def test_extending_counts_both_texts_and_keeps_what_was_learnt(run: Path, tmp_path: Path) -> None:
    more = tmp_path / "more.txt"
    more.write_bytes(b"the fox saw a zebra\nzebra and fox and okapi\n" * 4)
    train(more, "--extend", run, "--output", tmp_path / "extended", "--epochs", 2, "--min-count", 1)
    both = [GOLDEN / "tiny.txt", more]
    train(*both, "--output", tmp_path / "both", "--epochs", 1, "--vector-size", 2, "--min-count", 1)
    for name in ("meta.json", "lower.bin", "lower.npy", "vocab.txt"):
        ours, theirs = (tmp_path / r / "cooccurrence" / name for r in ("extended", "both"))
        assert ours.read_bytes() == theirs.read_bytes(), name

    matrix = CooccurrenceMatrix.open(tmp_path / "both" / "cooccurrence")
    trainer = Trainer(matrix, TrainingSettings(vector_size=SIZE))
    drawn = trainer.parameters.vectors().word_vectors
    old = CooccurrenceMatrix.open(run / "cooccurrence").vocabulary
    continue_from(trainer, Checkpoints(run / "checkpoints").load(), old)
    rank = {word: k for k, word in enumerate(matrix.vocabulary.words)}
    kept = [rank[word] for word in old.words]
    now = trainer.parameters.vectors().word_vectors
    np.testing.assert_array_equal(now[kept], read_run(run).word_vectors)
    np.testing.assert_array_equal(now[rank[b"okapi"]], drawn[rank[b"okapi"]])
    accumulators = trainer.parameters.sides[0][trainer.parameters.rows[kept], 1]
    assert (accumulators > 400).any(), "the rule's state comes along"


def test_options_that_a_run_fixes_cannot_be_given_again(run: Path, tmp_path: Path) -> None:
    command = [
        "train",
        str(GOLDEN / "edge.txt"),
        "--extend",
        str(run),
        "--output",
        str(tmp_path / "x"),
        "--window",
        "5",
    ]
    result = CliRunner().invoke(cli, command)
    assert result.exit_code == 2
    assert "--window cannot be combined with --extend: RUN fixes it" in " ".join(result.output.split())


# words of given vectors that the text lacks


def test_words_that_the_text_lacks_keep_their_vectors(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("the cat sat on the mat\n" * 9 + "a rare dog sat\n", encoding="utf-8")
    words = ["of-no-text", "dog", "the", "of no text", "<unk>", "neither"]
    given = np.random.default_rng(1).normal(size=(len(words), SIZE)).astype(np.float32)
    keyedvectors.write(tmp_path / "v.kv", WordVectors(words, given))
    options = ["--vector-size", SIZE, "--epochs", 3, "--min-count", 5, "--init", tmp_path / "v.kv", "--keep-words"]
    with pytest.warns(UserWarning, match="1 of the words to keep are left out"):
        train(tmp_path / "text", "--output", tmp_path / "run", *options, "--unobserved", 1)
    found = read_run(tmp_path / "run")
    # frequent words and `dog` with its count; `a` and `rare` are neither frequent nor given
    assert found.words == ["the", "sat", "cat", "mat", "on", "dog", "of-no-text", "neither"]
    assert found.counts.tolist() == [18, 10, 9, 9, 9, 1, 0, 0]
    sums = found.word_vectors + found.context_vectors
    np.testing.assert_allclose(sums[6:], given[[0, 5]], atol=1e-6)
    assert np.abs(sums[0] - given[2]).max() > 1e-3  # others are trained
    # a longer run, an extension that brings one of the words, and Python
    train("--resume", tmp_path / "run", "--epochs", 4)
    assert read_run(tmp_path / "run").words == found.words
    (tmp_path / "more").write_text("neither cat nor dog\n" * 3, encoding="utf-8")
    train(tmp_path / "more", "--extend", tmp_path / "run", "--output", tmp_path / "longer", "--epochs", 1)
    longer = read_run(tmp_path / "longer")
    assert dict(zip(longer.words, longer.counts.tolist(), strict=True)) == {
        "the": 18, "cat": 12, "sat": 10, "mat": 9, "on": 9, "dog": 4, "neither": 3, "of-no-text": 0,
    }  # fmt: skip
    with pytest.warns(UserWarning, match="white space in them"):
        model = GloVe(
            corpus_file=tmp_path / "text", vector_size=SIZE, epochs=3, unobserved=1.0, init=tmp_path / "v.kv",
            keep_words=True,
        )  # fmt: skip
    np.testing.assert_array_equal(model.wv["neither"], sums[7])
    model.save(tmp_path / "model")
    assert GloVe.load(tmp_path / "model").wv.index_to_key == found.words


def test_words_are_kept_of_vectors_only(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("the cat sat\n", encoding="utf-8")
    for options in (["--keep-words"], ["--keep-words", "--cooccurrence", "x", "--init", "y"]):
        corpus = [] if "--cooccurrence" in options else [str(tmp_path / "text")]
        result = CliRunner().invoke(cli, ["train", *corpus, "--output", str(tmp_path / "run"), *options])
        assert result.exit_code == 2
        assert "--keep-words" in result.output
    with pytest.raises(InputError, match="keep_words: give the vectors"):
        GloVe([["a"]], keep_words=True)
