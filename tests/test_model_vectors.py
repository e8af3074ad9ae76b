"""The vectors that a model has: sums, principal components, n-grams; on the command line and in Python."""

from __future__ import annotations

import json
import pickle
import shutil
from pathlib import Path
from typing import Any

import naive
import numpy as np
import pytest
from data import GOLDEN
from runs import Command

from glove_adagrad import GloVe
from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
from glove_adagrad.errors import InputError
from glove_adagrad.evaluation import Rules, Suite, evaluate
from glove_adagrad.evaluation.pairs import PairList
from glove_adagrad.formats import read_run, read_vectors
from glove_adagrad.svd import SVDSettings, decompose

TRAIN = ("train", GOLDEN / "tiny.txt", "--vector-size", 10, "--epochs", 2, "--min-count", 1, "-q", "--output")


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("vectors") / "run"
    model = GloVe(corpus_file=GOLDEN / "tiny.txt", vector_size=10, epochs=2, min_count=1)
    model.save(folder)
    return folder


@pytest.fixture
def run(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "run"))


def test_principal_components_of_both_kinds_are_written_and_used(command: Command, tmp_path: Path) -> None:
    folder = tmp_path / "pca"
    command.ok(*TRAIN, folder, "--vectors", "pca")
    run = read_run(folder)
    both = np.hstack([run.word_vectors, run.context_vectors])
    expected = naive.principal_components(both, 10)
    found = run.select().vectors
    np.testing.assert_allclose(np.abs(found), np.abs(expected), atol=1e-3)
    assert read_vectors(folder / "vectors.txt").vectors == pytest.approx(found, abs=1e-5)
    assert read_vectors(folder).vectors.tobytes() == found.tobytes() == run.select("pca").vectors.tobytes()
    assert run.select("sum").vectors.tobytes() == (run.word_vectors + run.context_vectors).tobytes()
    model = GloVe(corpus_file=GOLDEN / "tiny.txt", vector_size=10, epochs=2, min_count=1, vectors="pca")
    assert model.wv.vectors.tobytes() == found.tobytes()
    assert GloVe.load(folder).wv.vectors.tobytes() == found.tobytes()
    command.ok("train", "--resume", folder, "--epochs", 3, "-q")
    assert read_run(folder).select().vectors.tobytes() == GloVe.load(folder).train(0).wv.vectors.tobytes()


@pytest.mark.parametrize("windows", [(), ("--left-only",)], ids=["both sides", "left only"])
def test_a_decomposition_of_the_counts_is_joined(command: Command, tmp_path: Path, windows: tuple[str, ...]) -> None:
    folder, other = tmp_path / "joined", tmp_path / "threads"
    train = ("--svd-weight", 0.5, "--vectors", "pca", *windows)
    command.ok(*TRAIN, folder, *train, "--workers", 1)
    command.ok(*TRAIN, other, *train, "--workers", 3)
    run = read_run(folder)
    found = run.select().vectors
    assert read_run(other).select().vectors.tobytes() == found.tobytes()
    parts = [run.select("pca").vectors, *decompose(CooccurrenceMatrix.open(folder / "cooccurrence"), SVDSettings(10))]
    models = [dict(zip(run.words, part, strict=True)) for part in parts]
    blended = naive.blended(models, [1, 0.25, 0.25], union=False)
    expected = naive.principal_components(np.array([blended[word] for word in run.words]), 10)
    np.testing.assert_allclose(found @ found.T, expected @ expected.T, atol=1e-4)
    model = GloVe(
        corpus_file=GOLDEN / "tiny.txt", vector_size=10, epochs=2, min_count=1, vectors="pca", svd_weight=0.5,
        symmetric=not windows,
    )  # fmt: skip
    assert model.wv.vectors.tobytes() == found.tobytes()
    assert pickle.loads(pickle.dumps(model)).wv.vectors.tobytes() == found.tobytes()
    model.save(tmp_path / "saved", counts=False)
    assert GloVe.load(tmp_path / "saved").wv.vectors.tobytes() == found.tobytes()
    command.ok("train", "--resume", folder, "--epochs", 3, "-q")
    assert read_run(folder).select().vectors.tobytes() == model.train(1).wv.vectors.tobytes()


@pytest.mark.parametrize("text", ["a a\n", "a b\n", "a a a b b b c\n" * 3])
def test_the_recommended_preset_takes_the_smallest_texts(command: Command, tmp_path: Path, text: str) -> None:
    (tmp_path / "text").write_text(text)
    command.ok("train", tmp_path / "text", "-o", tmp_path / "run", "--preset", "recommended", "--min-count", 1, "-q")
    assert np.isfinite(read_run(tmp_path / "run").select().vectors).all()


def test_any_run_exports_principal_components(command: Command, run: Path, tmp_path: Path) -> None:
    command.ok("export", run, tmp_path / "v", "--format", "word2vec", "--vectors", "pca")
    assert read_vectors(tmp_path / "v").vectors == pytest.approx(read_run(run).select("pca").vectors, abs=1e-5)


def test_ngrams_of_a_run_change_its_vectors_and_compose_unknown_words(command: Command, run: Path) -> None:
    before = read_run(run)
    assert "n-grams of" in command.ok("subwords", run, "--min-n", 2, "--max-n", 3, "--mix", 5)
    after = read_run(run)
    assert after.ngrams is not None
    assert after.word_vectors.tobytes() == before.word_vectors.tobytes()
    counts = after.counts.tolist()
    expected, table = naive.subwords(after.words, counts, before.select().vectors, 2, 3, 0.3, 5.0)
    np.testing.assert_allclose(after.select().vectors, expected, atol=5e-3)
    assert after.ngrams.rows.tolist() == sorted(table)
    assert json.loads((run / "history.json").read_text())["subwords"]["mix"] == 5
    unknown = after.words[0] + after.words[1]
    assert unknown not in after.words
    composed = after.ngrams.vector(unknown)
    model = GloVe.load(run)
    assert model.vector(unknown).tobytes() == composed.tobytes()  # type: ignore[union-attr]
    assert model.vector(after.words[0]).tobytes() == after.select().vectors[0].tobytes()
    again = run.with_name("again")
    model.save(again)
    assert GloVe.load(again).vector(unknown).tobytes() == composed.tobytes()  # type: ignore[union-attr]
    assert read_run(again).select().vectors.tobytes() == after.select().vectors.tobytes()
    found = command.json("similar", run, unknown, "--oov", "--top", 3)["similar"][0]["neighbours"]
    assert len(found) == 3
    assert {near["word"] for near in found} <= set(after.words)
    assert "not among" in command.refused(1, "similar", run, unknown)
    assert "leave out --vectors" in command.refused(2, "similar", run, unknown, "--oov", "--vectors", "sum")
    assert "with --force" in command.refused(1, "subwords", run)
    command.ok("subwords", run, "--min-n", 2, "--max-n", 3, "--mix", 5, "--force")
    assert read_run(run).select().vectors.tobytes() == after.select().vectors.tobytes()


def test_a_preset_choice_of_ngrams_lasts_and_one_by_command_ends_with_training(
    command: Command, run: Path, tmp_path: Path
) -> None:
    command.ok("subwords", run, "--min-n", 2, "-q")
    command.ok("train", "--resume", run, "--epochs", 3, "-q")
    assert read_run(run).ngrams is None
    assert GloVe.load(run).wv.vectors.tobytes() == read_run(run).select().vectors.tobytes()
    folder = tmp_path / "kept"
    command.ok(*TRAIN, folder, "--subwords")
    command.ok("train", "--resume", folder, "--epochs", 3, "-q")
    kept = read_run(folder)
    assert kept.ngrams is not None
    assert GloVe.load(folder).wv.vectors.tobytes() == kept.select().vectors.tobytes()


def test_unknown_words_of_test_sets_join_the_vocabulary(command: Command, run: Path, tmp_path: Path) -> None:
    words = read_run(run).words
    pairs = tmp_path / "pairs.tsv"
    rows = [(words[0], words[1]), (words[2], words[0] + words[1]), (words[3], (words[1] + words[0]).upper())]
    pairs.write_text("".join(f"{a}\t{b}\t{score}\n" for score, (a, b) in enumerate(rows)))
    assert "no n-grams" in command.refused(1, "evaluate", run, "--oov", "--similarity", pairs)
    command.ok("subwords", run, "--min-n", 1, "-q")
    plain = command.json("evaluate", run, "--similarity", pairs)["models"][0]["similarity"][0]
    composed = command.json("evaluate", run, "--oov", "--similarity", pairs)["models"][0]["similarity"][0]
    assert (plain["answered"], composed["answered"]) == (1, 3)
    suite = Suite(similarity=[PairList("pairs", rows, np.arange(3.0))])
    result = evaluate(GloVe.load(run), suite, Rules(), oov=True).similarity[0]
    assert result.spearman == composed["spearman"]
    with pytest.raises(InputError, match="no n-grams"):
        evaluate(run / "vectors.txt", suite, oov=True)


def test_a_model_without_ngrams_says_so(original: Path) -> None:
    with pytest.raises(KeyError, match="no n-grams"):
        GloVe.load(original).vector("no-such-word")


@pytest.mark.parametrize(
    "damage",
    [
        {"ngram_rows": np.array([3, 2, 9])},
        {"ngram_rows": np.zeros(0, np.int64)},
        {"ngram_rows": np.array([-1, 2, 9])},
        {"ngram_rows": np.array([1, 2, 10])},
        {"ngram_vectors": np.full((3, 10), np.nan, np.float32)},
        {"ngram_vectors": np.zeros((3, 9), np.float32)},
        {"ngram_sizes": np.array([0, 2, 10])},
        {"ngram_sizes": np.array([3, 6])},
        {"ngram_rows": np.zeros(3)},
        {"ngram_names": np.zeros(3, np.uint8)},
        {"vectors": np.zeros((2, 10), np.float32)},
        {"vectors": np.full(3, "x")},
    ],
)
def test_damaged_arrays_are_refused(damage: dict[str, Any], run: Path) -> None:
    arrays = dict(np.load(run / "model.npz"))
    arrays.update(
        ngram_rows=np.array([3, 6, 9]), ngram_vectors=np.ones((3, 10), np.float32), ngram_sizes=np.array([3, 6, 10])
    )
    np.savez(run / "model.npz", **arrays)
    assert read_run(run).ngrams is not None
    np.savez(run / "model.npz", **{**arrays, **damage})
    with pytest.raises(InputError, match=r"model\.npz"):
        read_run(run)
