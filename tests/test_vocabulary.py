"""Vocabulary: golden files, twins, and what users do wrong."""

from __future__ import annotations

from pathlib import Path

import naive
import numpy as np
import pytest
from data import GOLDEN
from hypothesis import given
from hypothesis import strategies as st

from glove_adagrad.corpus import TextFiles
from glove_adagrad.errors import InputError
from glove_adagrad.sentences import Sentences
from glove_adagrad.vocabulary import Vocabulary

texts = st.lists(
    st.sampled_from([b"a", b"bb", b"\xc3\xa9", b"\xff", b"\r", b" ", b"\t", b"\n", b"\x0b"]), max_size=60
)


@pytest.mark.parametrize(
    ("text", "golden", "min_count"),
    [
        ("tiny.txt", "tiny.vocab.txt", 1),
        ("tiny.txt", "tiny.vocab.min5.txt", 5),
        ("edge.txt", "edge.vocab.txt", 1),
    ],
)
def test_equals_stanford(tmp_path: Path, text: str, golden: str, min_count: int) -> None:
    Vocabulary.count(TextFiles([GOLDEN / text]), min_count=min_count).write(tmp_path / "vocab.txt")
    assert (tmp_path / "vocab.txt").read_bytes() == (GOLDEN / golden).read_bytes()


@pytest.mark.filterwarnings("ignore:.*(not UTF-8|CR alone)")
@given(texts.map(b"".join).filter(bytes.split), st.integers(1, 3), st.sampled_from([1, 3]))
def test_equals_twin(tmp_path_factory: pytest.TempPathFactory, text: bytes, min_count: int, workers: int) -> None:
    expected = naive.vocabulary(text, min_count)
    path = tmp_path_factory.mktemp("text") / "corpus.txt"
    path.write_bytes(text)
    try:
        found = Vocabulary.count(TextFiles([path]), min_count=min_count, workers=workers)
    except InputError:
        assert not expected
    else:
        assert list(zip(found.words, found.counts.tolist(), strict=True)) == expected


def test_too_many_words_for_memory_are_counted_in_several_passes(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    text = b"\n".join(b"w%d w%d" % tuple(pair) for pair in rng.zipf(1.3, (60_000, 2)) % 100_000)
    (tmp_path / "corpus.txt").write_bytes(text)
    found = Vocabulary.count(TextFiles([tmp_path / "corpus.txt"]), min_count=2, memory=1 << 20, workers=2)
    assert list(zip(found.words, found.counts.tolist(), strict=True)) == naive.vocabulary(text, 2)


@pytest.mark.parametrize("length", [998, 999, 1000, 1500, 10_000_000])
@pytest.mark.parametrize("character", ["x", "é", "€", "𝄞"])
def test_long_tokens_are_cut_between_characters(tmp_path: Path, length: int, character: str) -> None:
    size = len(character.encode())
    for start in range(size):
        token = b"y" * start + character.encode() * (length // size)
        (tmp_path / "corpus.txt").write_bytes(b"a " + token + b" b")
        found = Vocabulary.count(TextFiles([tmp_path / "corpus.txt"]), min_count=1)
        assert set(found.words) == {b"a", b"b", naive.cut(token)}


def test_max_vocab_cuts_equal_counts_in_byte_order() -> None:
    found = Vocabulary.count(Sentences([["c", "b", "a", "d", "d"]]), min_count=1, max_vocab=2)
    assert found.words == [b"d", b"a"]


@pytest.mark.parametrize("min_count", [1, 2])
def test_unk_in_the_corpus_is_refused_with_its_place(tmp_path: Path, min_count: int) -> None:
    (tmp_path / "corpus.txt").write_bytes(b"a b\nc <unk> d\n")
    with pytest.raises(InputError, match=r"corpus\.txt:2: .*<unk>"):
        Vocabulary.count(TextFiles([tmp_path / "corpus.txt"]), min_count=min_count)


def test_no_frequent_word_is_an_error_that_names_the_parameter() -> None:
    with pytest.raises(InputError, match=r"2 distinct words occurs 5 times; lower `min_count`"):
        Vocabulary.count(Sentences([["a", "b"]]))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a 3\nb\n", r":2: 'b' is not a word"),
        (b"a 3\na 2\n", r":2: the word 'a' is repeated"),
        (b"a x\n", r":1: 'a x' is not a word"),
        (b"", "holds no words"),
    ],
)
def test_malformed_files_are_named_with_their_line(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "vocab.txt").write_bytes(content)
    with pytest.raises(InputError, match=message):
        Vocabulary.read(tmp_path / "vocab.txt")


def test_words_with_odd_controls_survive_the_file(tmp_path: Path) -> None:
    vocabulary = Vocabulary([b"a\x0bb", b"\xff\xfe"], np.array([2, 1]))
    vocabulary.write(tmp_path / "vocab.txt")
    assert Vocabulary.read(tmp_path / "vocab.txt").words == [b"a\x0bb", b"\xff\xfe"]
