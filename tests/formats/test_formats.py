"""Formats: what is written is read back, by us and by gensim, and damaged files are refused in one line."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
from collections.abc import Callable
from pathlib import Path

import naive
import numpy as np
import pytest
import zstandard
from data import GOLDEN
from gensim.models import KeyedVectors
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from runs import make_run

from glove_adagrad.errors import InputError
from glove_adagrad.formats import (
    WordVectors,
    glove_text,
    keyedvectors,
    projector,
    read_history,
    read_run,
    read_vectors,
    stanford_binary,
    with_unk,
    word2vec,
)
from glove_adagrad.formats.streams import Stream
from glove_adagrad.formats.text_rows import read_rows, write_rows
from glove_adagrad.malformed import Malformed
from glove_adagrad.vocabulary import Vocabulary

finite = st.floats(width=32, allow_nan=False, allow_infinity=False)
#: Numbers in the middle between two of six decimals, which are rounded to the even one.
halves = st.integers(-(10**6), 10**6).map(lambda k: (2 * k + 1) / 128)


@pytest.fixture
def wv() -> WordVectors:
    words = ["the", "of", "naïve", "東京", "1", "-0.5", "a,b", "\udcff"]
    vectors = np.random.default_rng(1).normal(size=(len(words), 7)).astype(np.float32)
    return WordVectors(words, vectors, np.arange(len(words), 0, -1))


WRITERS: dict[str, Callable[[Path, WordVectors], None]] = {
    "word2vec": word2vec.write,
    "word2vec-binary": lambda path, wv: word2vec.write(path, wv, binary=True),
    "glove": glove_text.write,
    "keyedvectors": keyedvectors.write,
}


@pytest.mark.parametrize("name", WRITERS)
def test_read_back(name: str, wv: WordVectors, tmp_path: Path) -> None:
    WRITERS[name](tmp_path / "vectors", wv)
    found = read_vectors(tmp_path / "vectors")
    assert found.words == wv.words
    exact = name in ("word2vec-binary", "keyedvectors")
    np.testing.assert_allclose(found.vectors, wv.vectors, atol=0 if exact else 6e-7)


@pytest.mark.parametrize("name", ["word2vec", "word2vec-binary", "glove"])
def test_gensim_reads_strictly(name: str, wv: WordVectors, tmp_path: Path) -> None:
    wv = WordVectors(wv.words[:-1], wv.vectors[:-1])  # gensim refuses bytes that are not UTF-8
    WRITERS[name](tmp_path / "vectors", wv)
    binary, header = name == "word2vec-binary", name != "glove"
    keyed = KeyedVectors.load_word2vec_format(str(tmp_path / "vectors"), binary=binary, no_header=not header)
    assert keyed.index_to_key == wv.words
    np.testing.assert_allclose(keyed.vectors, wv.vectors, atol=0 if binary else 6e-7)


def test_gensim_maps_keyedvectors(wv: WordVectors, tmp_path: Path) -> None:
    keyedvectors.write(tmp_path / "v.kv", wv)
    keyed = KeyedVectors.load(str(tmp_path / "v.kv"), mmap="r")
    assert isinstance(keyed.vectors, np.memmap)
    np.testing.assert_array_equal(keyed.vectors, wv.vectors)
    assert keyed.index_to_key == wv.words
    assert keyed.get_vecattr("of", "count") == 7
    assert sorted(path.name for path in tmp_path.iterdir()) == ["v.kv", "v.kv.vectors.npy"]


def test_gensim_writes_we_read(wv: WordVectors, tmp_path: Path) -> None:
    keyed = KeyedVectors(7)
    keyed.add_vectors(wv.words[:-1], wv.vectors[:-1])
    keyed.save_word2vec_format(str(tmp_path / "text.txt"))
    keyed.save_word2vec_format(str(tmp_path / "vectors.bin"), binary=True)
    keyed.save(str(tmp_path / "saved"))
    for name in ("text.txt", "vectors.bin", "saved"):
        found = read_vectors(tmp_path / name)
        assert found.words == wv.words[:-1]
        # gensim writes every digit of a float32
        np.testing.assert_array_equal(found.vectors, wv.vectors[:-1])


def test_binary_with_line_ends_as_the_c_program_writes_it(tmp_path: Path) -> None:
    rows = [b"a " + np.float32([1, 2]).tobytes() + b"\n", b"b " + np.float32([3, 4]).tobytes() + b"\n"]
    (tmp_path / "v.bin").write_bytes(b"2 2\n" + b"".join(rows))
    found = read_vectors(tmp_path / "v.bin")
    assert found.words == ["a", "b"]
    assert found.vectors.tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("suffix", "compress"),
    [(".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress), (".zst", zstandard.compress)],
)
def test_compressed(suffix: str, compress: Callable[[bytes], bytes], wv: WordVectors, tmp_path: Path) -> None:
    plain, packed, renamed = (tmp_path / name for name in ("v", f"v{suffix}", "renamed"))
    word2vec.write(plain, wv)
    word2vec.write(packed, wv)
    renamed.write_bytes(compress(plain.read_bytes()))
    expected = read_vectors(plain)
    for path in (packed, renamed):
        found = read_vectors(path)
        assert found.words == wv.words
        np.testing.assert_array_equal(found.vectors, expected.vectors)
    renamed.write_bytes(renamed.read_bytes()[:-20])
    with pytest.raises(InputError, match=r"damaged|cut short|holds no vectors"):
        read_vectors(renamed)


@given(
    hnp.arrays(np.float32, st.tuples(st.integers(1, 5), st.integers(1, 4)), elements=finite | halves),
    st.integers(1, 3),
    st.integers(1, 8),
    st.sampled_from([b"", b"w\xc3"]),
)
def test_numbers_are_written_as_c_does_by_any_number_of_threads(
    vectors: np.ndarray, workers: int, block: int, prefix: bytes
) -> None:
    words = [prefix + b"%d" % row if prefix else b"" for row in range(len(vectors))]
    file = io.BytesIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("glove_adagrad.formats.text_rows._WRITE_NUMBERS", block)
        write_rows(file, words, vectors, workers=workers)
    assert file.getvalue() == naive.text_rows(words, vectors)


@given(
    st.lists(st.floats(-1e9, 1e9) | finite, min_size=1, max_size=6),
    st.sampled_from(["r", ".6f", ".17e", "g", "+.3f"]),
)
def test_numbers_are_read_as_python_does(numbers: list[float], form: str) -> None:
    texts = [repr(x) if form == "r" else format(x, form) for x in numbers]
    words, vectors = read_rows(
        Stream(io.BytesIO(f"word {' '.join(texts)}".encode())), Path("v"), 1, Malformed(Path("v"), strict=True)
    )
    assert words == ["word"]
    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(vectors, [np.float64([float(text) for text in texts]).astype(np.float32)])


def test_widest_numbers_fit(tmp_path: Path) -> None:
    vectors = np.full((3, 50), -(2.0**38.9), dtype=np.float32)
    projector.write(tmp_path / "p", WordVectors(["a", "b", "c"], vectors))
    row = "\t".join([f"{float(vectors[0, 0]):.6f}"] * 50)
    assert (tmp_path / "p" / "vectors.tsv").read_text() == f"{row}\n" * 3


def test_equals_stanford(tmp_path: Path) -> None:
    vocabulary = Vocabulary.read(GOLDEN / "train.vocab.txt")
    word, word_biases, context, context_biases = stanford_binary.read(GOLDEN / "train.vectors.bin", len(vocabulary))
    stanford_binary.write(tmp_path / "again.bin", word, word_biases, context, context_biases)
    assert (tmp_path / "again.bin").read_bytes() == (GOLDEN / "train.vectors.bin").read_bytes()
    words = [w.decode() for w in vocabulary.words]
    glove_text.write(tmp_path / "v.txt", with_unk(WordVectors(words, (word + context).astype(np.float32))))
    ours, theirs = (read_vectors(path) for path in (tmp_path / "v.txt", GOLDEN / "train.vectors.txt"))
    assert ours.words == theirs.words
    assert ours.words[-1] == "<unk>"
    # theirs is rounded from float64, ours from float32: a last digit may differ
    np.testing.assert_allclose(ours.vectors, theirs.vectors, atol=1.01e-6, rtol=0)


def test_header_may_leave_out_unk_as_stanfords_does(tmp_path: Path) -> None:
    rows = (GOLDEN / "train.vectors.txt").read_bytes()
    (tmp_path / "v.txt").write_bytes(b"%d 10\n" % (rows.count(b"\n") - 1) + rows)
    assert read_vectors(tmp_path / "v.txt").words[-1] == "<unk>"


def test_projector(wv: WordVectors, tmp_path: Path) -> None:
    projector.write(tmp_path / "with", wv)
    projector.write(tmp_path / "without", WordVectors(wv.words, wv.vectors))
    lines = (tmp_path / "with" / "metadata.tsv").read_bytes().decode("utf-8", "surrogateescape").splitlines()
    assert lines == ["word\tcount", *(f"{word}\t{8 - row}" for row, word in enumerate(wv.words))]
    assert len((tmp_path / "without" / "metadata.tsv").read_bytes().splitlines()) == 8
    table = np.loadtxt(tmp_path / "with" / "vectors.tsv", delimiter="\t")
    np.testing.assert_allclose(table, wv.vectors, atol=6e-7)


def test_run_folder(tmp_path: Path) -> None:
    word, context = np.random.default_rng(2).normal(size=(2, 4, 3)).astype(np.float32)
    run = make_run(tmp_path / "run", list("abcd"), word, context)
    np.testing.assert_array_equal(read_vectors(run).vectors, word + context)
    found = read_run(run)
    np.testing.assert_array_equal(found.select("concat").vectors, np.hstack([word, context]))
    np.testing.assert_array_equal(found.select("word").vectors, word)
    np.testing.assert_array_equal(found.select("context").vectors, context)
    assert found.counts.tolist() == [40, 30, 20, 10]
    assert read_history(run)["epochs"][0]["epoch"] == 1


def test_unk_is_the_mean_of_the_rarest() -> None:
    vectors = np.random.default_rng(3).normal(size=(150, 4)).astype(np.float32)
    found = with_unk(WordVectors([f"w{n}" for n in range(150)], vectors))
    assert found.words[-1] == "<unk>"
    np.testing.assert_allclose(found.vectors[-1], vectors[50:].mean(axis=0), rtol=1e-5)
    with pytest.raises(InputError, match="already"):
        with_unk(found)


def test_words_with_blanks(tmp_path: Path) -> None:
    (tmp_path / "v.txt").write_text("a 1 2\n. . 3 4\nb 5 6\n")
    assert read_vectors(tmp_path / "v.txt").words == ["a", ". .", "b"]
    (tmp_path / "v.txt").write_text("2 2\nNew York 1 2\nb 5 6\n")
    found = read_vectors(tmp_path / "v.txt")
    assert found.words == ["New York", "b"]
    with pytest.raises(InputError, match=r"'New York' \(row 1\).*keyedvectors"):
        word2vec.write(tmp_path / "out.txt", found)
    keyedvectors.write(tmp_path / "out.kv", found)
    assert read_vectors(tmp_path / "out.kv").words == found.words


def test_repeated_words_are_kept_once(tmp_path: Path) -> None:
    (tmp_path / "v.txt").write_text("a 1\nb 2\na 3\n")
    with pytest.warns(UserWarning, match="1 repeated word"):
        found = read_vectors(tmp_path / "v.txt")
    assert found.words == ["a", "b"]
    assert found.vectors.tolist() == [[1], [2]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"word\n", r":1: expected a word and its numbers"),
        (b"a 1 2\nb 1\n", r":2: expected a word and 2 numbers, found 1 field"),
        (b"a 1 2\nb 1 2 3\n", r":2: expected a word and 2 numbers, found 3 fields"),
        (b"a 1 2\nb 1 x\n", r":2: 'x' is not a number"),
        (b"a 1 2\nb 1 nan\n", r":2: the vector of 'b' has nan as its number 2"),
        (b"2 2\na 1 2\nb inf 1\n", r":3: the vector of 'b' has inf as its number 1"),
        (b"a 1 2\nb 1 1e39\n", r":2: the vector of 'b' has 1e\+39 as its number 2"),
        (b"3 2\na 1 2\nb 1 2\n", "says 3 words, found 2"),
        (b"2 3\na 1 2\nb 1 2\n", r":2: expected a word and 3 numbers"),
        (b"2 2\na \0\0\0\0\0\0\0\0", "says 2 words, found 1"),
        (b"a 1 2\n 1 2\n", r":2: expected a word and 2 numbers"),
        (b"\0\1\2\3binary", "not in a known format"),
        (b"\x80\x04 no pickle", "cannot be loaded as gensim"),
    ],
)
def test_bad_files(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "v").write_bytes(content)
    with pytest.raises(InputError, match=message) as caught:
        read_vectors(tmp_path / "v")
    assert "\n" not in str(caught.value)


def test_missing_things(tmp_path: Path, wv: WordVectors) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_vectors(tmp_path / "none")
    with pytest.raises(InputError, match="is a folder"):
        read_vectors(tmp_path)
    keyedvectors.write(tmp_path / "v.kv", wv)
    (tmp_path / "v.kv.vectors.npy").unlink()
    with pytest.raises(InputError, match=r"vectors\.npy is missing"):
        read_vectors(tmp_path / "v.kv")
    with pytest.raises(InputError, match="another vocabulary"):
        stanford_binary.read(GOLDEN / "train.vectors.bin", 7)


def test_damaged_runs(tmp_path: Path) -> None:
    vectors = np.ones((3, 2), dtype=np.float32)
    run = make_run(tmp_path / "run", list("abc"), vectors)
    (run / "vocab.txt").write_text("a 2\nb 1\n")
    with pytest.raises(InputError, match="holds 3 words"):
        read_run(run)
    (run / "model.npz").write_bytes(b"PK\3\4")
    with pytest.raises(InputError, match="is damaged"):
        read_run(run)
    (run / "history.json").write_text('{"epochs": [{"epoch": 1}]}')
    with pytest.raises(InputError, match="loss is None; expected a number"):
        read_history(run)
