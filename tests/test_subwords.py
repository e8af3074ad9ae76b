"""N-grams fitted to vectors: against the normal equations, and what becomes of unknown words."""

from __future__ import annotations

import naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glove_adagrad.errors import InputError
from glove_adagrad.subwords import SubwordSettings, fit_ngrams, hash_ngrams, share_ngrams

words_of_few_letters = st.lists(st.text("abé", min_size=1, max_size=6), min_size=4, max_size=12, unique=True)


@given(st.lists(st.text("ab<é東", max_size=9), min_size=1, max_size=4), st.integers(1, 4), st.integers(0, 4))
def test_ngrams_are_hashed_as_gensim_does(words: list[str], min_n: int, more: int) -> None:
    from gensim.models.fasttext import ft_ngram_hashes

    hashes, owners = hash_ngrams(words, min_n, min_n + more)
    assert hashes.dtype == np.uint32
    for row, word in enumerate(words):
        found = sorted(hashes[owners == row].tolist())
        assert found == sorted(ft_ngram_hashes(word, min_n, min_n + more, 1 << 32))
        assert found == sorted(map(naive.fasttext_hash, naive.ngrams(word, min_n, min_n + more).elements()))


def test_bytes_that_are_not_utf8_belong_to_characters_as_in_fasttext() -> None:
    # 0xa9 continues the character before it, and 0xff begins one
    hashes, _ = hash_ngrams(["a\udca9\udcffb"], 2, 2)
    assert len(hashes) == 4


@settings(max_examples=40, deadline=None)
@given(
    words_of_few_letters, st.integers(0, 1 << 20), st.floats(0.1, 3), st.floats(0.5, 50), st.sampled_from([20, 10**6])
)
def test_the_fit_solves_the_normal_equations(
    words: list[str], seed: int, ridge: float, mix: float, buckets: int
) -> None:
    rng = np.random.default_rng(seed)
    vectors = rng.standard_normal((len(words), 3)).astype(np.float32)
    counts = rng.integers(1, 200, len(words))
    options = SubwordSettings(1, 3, ridge, mix, buckets=buckets)
    try:
        mixed, ngrams = fit_ngrams(words, counts, vectors, options)
    except InputError:
        assert sum(len(naive.ngrams(word, 1, 3)) > 0 for word in words) < 2
        return
    expected, table = naive.subwords(words, counts.tolist(), vectors, 1, 3, ridge, mix, buckets)
    assert ngrams.rows.tolist() == sorted(table)
    np.testing.assert_allclose(ngrams.vectors, [table[row] for row in ngrams.rows.tolist()], rtol=1e-2, atol=1e-2)
    np.testing.assert_allclose(mixed, expected, atol=5e-3)


def test_frequent_words_stay_and_rare_ones_follow_their_ngrams() -> None:
    words = ["walk", "walking", "talk", "talking", "jump", "jumping"]
    vectors = np.eye(6, 4, dtype=np.float32) + 0.1
    frequent = fit_ngrams(words, np.full(6, 10**7), vectors)[0]
    np.testing.assert_allclose(frequent, vectors, atol=1e-4)
    mixed, ngrams = fit_ngrams(words, np.array([10**7] * 5 + [1]), vectors)
    rare = ngrams.vector("jumping")
    assert rare is not None
    assert mixed[5] @ rare > vectors[5] @ rare * 1.01
    assert np.linalg.norm(mixed[5]) == pytest.approx(np.linalg.norm(vectors[5]))


def test_unknown_words_are_composed_and_strangers_are_not() -> None:
    words = ["walk", "walking", "talk", "talking"]
    _, ngrams = fit_ngrams(words, np.full(4, 100), 3 * np.eye(4, dtype=np.float32), SubwordSettings())
    balking, other = ngrams.vector("balking"), ngrams.vector("xyz")
    assert balking is not None
    assert other is None
    assert balking[[1, 3]].min() > np.abs(balking[[0, 2]]).max()


def test_only_the_commonest_ngrams_are_kept() -> None:
    words = ["aab", "aac", "aad", "bbc", "bbd"]
    vectors = np.eye(5, dtype=np.float32)
    _, ngrams = fit_ngrams(words, np.full(5, 9), vectors, SubwordSettings(3, 3, max_ngrams=2))
    assert ngrams.rows.tolist() == sorted(naive.fasttext_hash(name) % 2_000_000 for name in ("<aa", "<bb"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"min_n": 0}, "min_n 0"),
        ({"min_n": 5, "max_n": 4}, "max_n 4"),
        ({"ridge": 0.0}, "ridge 0"),
        ({"mix": float("nan")}, "mix nan"),
        ({"max_ngrams": 0}, "max_ngrams 0"),
        ({"buckets": 1 << 31}, "buckets 2147483648"),
    ],
)
def test_impossible_settings_are_refused(changes: dict[str, float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        SubwordSettings(**changes)  # type: ignore[arg-type]


def test_words_that_share_nothing_are_refused() -> None:
    assert not share_ngrams(["abc", "def"], SubwordSettings())
    assert share_ngrams(["abc", "def", "abx"], SubwordSettings(2))
    with pytest.raises(InputError, match="no n-gram of 3 to 6 characters is in two of the words"):
        fit_ngrams(["abc", "def"], np.array([5, 5]), np.eye(2, dtype=np.float32))
