"""fastText's binary models: libraries that read them give known and unknown words the vectors that we give them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from gensim.models.fasttext import load_facebook_model, load_facebook_vectors
from runs import Command, make_run

from glove_adagrad.formats import read_run

WORDS = [
    "the",
    "walk",
    "walking",
    "talk",
    "talking",
    "jump",
    "jumping",
    "naïve",
    "naïvely",
    "東京都",
    "京都",
    "a",
    "x",
]
UNKNOWN = ["talked", "walks", "jumpy", "knaïve", "京都市", "東京", "the_walking"]


@pytest.fixture
def run(command: Command, tmp_path: Path) -> Path:
    rng = np.random.default_rng(5)
    run = make_run(tmp_path / "run", WORDS, rng.normal(size=(13, 6)), rng.normal(size=(13, 6)))
    command.ok("subwords", run, "--buckets", 1000, "--min-n", 2, "--quiet")
    return run


def _gensim(path: Path) -> Callable[[str], np.ndarray]:
    keyed = load_facebook_vectors(str(path))
    assert keyed.index_to_key == WORDS
    return keyed.get_vector


def _fasttext(path: Path) -> Callable[[str], np.ndarray]:
    model = pytest.importorskip("fasttext").load_model(str(path))
    assert model.get_words() == WORDS
    return model.get_word_vector


@pytest.mark.parametrize("load", [_gensim, _fasttext])
def test_known_and_unknown_words_have_our_vectors(
    command: Command, run: Path, tmp_path: Path, load: Callable[[Path], Callable[[str], np.ndarray]]
) -> None:
    path = tmp_path / "model.bin"
    for _ in range(2):  # the second export replaces the first
        printed = command.ok("export", run, path, "--format", "fasttext-bin")
    model = read_run(run)
    assert model.ngrams is not None
    assert printed == f"{path}: 13 words, {len(model.ngrams)} n-grams, 6 dimensions\n"
    vector = load(path)
    for word, expected in zip(WORDS, model.select().vectors, strict=True):
        np.testing.assert_allclose(vector(word), expected, rtol=1e-5, atol=1e-6)
    for word in UNKNOWN:
        expected = model.ngrams.vector(word)
        assert expected is not None
        assert expected.any()
        np.testing.assert_allclose(vector(word), expected, rtol=1e-5, atol=1e-6)


def test_all_of_the_file_is_read(command: Command, run: Path, tmp_path: Path) -> None:
    command.ok("export", run, tmp_path / "model.bin", "--format", "fasttext-bin", "--top", 3, "--quiet")
    found = load_facebook_model(str(tmp_path / "model.bin"))  # refuses bytes that are left
    assert found.wv.index_to_key == WORDS[:3]
    assert found.wv.get_vecattr("walk", "count") == read_run(run).counts[1]


def test_a_mark_for_the_end_of_sentences_has_no_ngrams(command: Command, tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", ["</s>", "</st>", "x"], np.eye(3))
    command.ok("subwords", run, "--buckets", 100, "--quiet")
    command.ok("export", run, tmp_path / "model.bin", "--format", "fasttext-bin", "--quiet")
    own = load_facebook_vectors(str(tmp_path / "model.bin")).vectors_vocab
    expected = read_run(run).select().vectors
    np.testing.assert_array_equal(own[0], expected[0])
    assert np.abs(own[1] - expected[1]).max() > 0.1


def test_only_runs_with_ngrams_have_such_models(command: Command, tmp_path: Path) -> None:
    run, file = make_run(tmp_path / "run", WORDS, np.eye(13)), tmp_path / "model.bin"
    assert "has no n-grams" in command.refused(1, "export", run, file, "--format", "fasttext-bin")
    vectors = run / "vectors.txt"
    assert "is not a run with n-grams" in command.refused(1, "export", vectors, file, "--format", "fasttext-bin")
    for option in (["--unk"], ["--size", 3], ["--vectors", "sum"], ["--dtype", "float16"]):
        refused = command.refused(2, "export", run, file, "--format", "fasttext-bin", *option)
        assert "cannot be used with --format fasttext-bin" in refused
    assert not file.exists()
