"""Where text comes from: every kind of source gives the same words, and unusable ones are named."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import threading
from pathlib import Path

import naive
import numpy as np
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from glove_adagrad import corpus as corpus_module
from glove_adagrad.corpus import TextFiles
from glove_adagrad.errors import InputError
from glove_adagrad.sentences import Sentences

TEXT = b"the cat\r\nsat on\tthe mat\n\nna\xc3\xafve \xff\xfe words\n" * 50


def joined(source: corpus_module.Corpus) -> bytes:
    return b"".join(chunk.text.tobytes() for chunk in source.chunks())


COMPRESSORS = {
    "txt": bytes,
    "txt.gz": gzip.compress,
    "txt.bz2": bz2.compress,
    "txt.xz": lzma.compress,
    "txt.zst": zstandard.ZstdCompressor().compress,
}


@pytest.mark.parametrize("suffix", COMPRESSORS)
def test_compressed_files_hold_the_same_text_and_can_be_read_twice(tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"a.{suffix}").write_bytes(COMPRESSORS[suffix](TEXT))
    files = TextFiles([tmp_path / f"a.{suffix}"])
    assert joined(files) == TEXT.replace(b"\r", b"")
    assert joined(files) == TEXT.replace(b"\r", b"")
    assert files.total_bytes == (tmp_path / f"a.{suffix}").stat().st_size


@pytest.mark.parametrize("suffix", [suffix for suffix in COMPRESSORS if suffix != "txt"])
def test_a_cut_compressed_file_is_an_error(tmp_path: Path, suffix: str) -> None:
    rng = np.random.default_rng(0)
    text = b" ".join(b"%d" % number for number in rng.integers(1 << 40, size=20_000))
    whole = COMPRESSORS[suffix](text)
    (tmp_path / f"a.{suffix}").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=rf"a\.{suffix}: the compressed data are damaged or cut short"):
        joined(TextFiles([tmp_path / f"a.{suffix}"]))


def test_folders_and_patterns_in_the_order_of_names(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / ".hidden").write_text("never")
    (tmp_path / "deep" / "b.txt").write_text("b")
    (tmp_path / "deep" / "er" / "c.txt").write_text("c\n")
    (tmp_path / "a.txt").write_text("a")
    assert joined(TextFiles([tmp_path])) == b"a\nb\nc\n"
    assert joined(TextFiles([f"{tmp_path}/**/*.txt"])) == b"a\nb\nc\n"
    assert joined(TextFiles([f"{tmp_path}/*"])) == b"a\nb\nc\n"
    assert joined(TextFiles([f"{tmp_path}/**"])) == b"a\nb\nc\n"
    assert joined(TextFiles([f"{tmp_path}/*.txt", tmp_path / "deep" / "b.txt"])) == b"a\nb\n"


@given(
    st.lists(st.sampled_from([b"a", b"bb", b"ccccccccccc", b" ", b"\t", b"\n", b"\r", b"\r\n", b"\xc3\xa9"])).map(
        b"".join
    ),
    st.integers(1, 20),
)
def test_cutting_changes_no_word_and_no_line(text: bytes, block: int) -> None:
    blocks = [text[at : at + block] for at in range(0, len(text), block)]
    pieces = list(corpus_module._cut(blocks, lowercase=False))
    whole = b"".join(piece for piece, _ in pieces)
    expected = text.replace(b"\r", b"")
    assert whole == expected or whole == expected + b"\n"
    at = 0
    for piece, starts_line in pieces:
        assert starts_line == (at == 0 or whole[at - 1 : at] == b"\n")
        assert piece[-1:] in (b" ", b"\t", b"\n"), "cut between words"
        at += len(piece)


def test_a_huge_token_takes_no_memory_and_keeps_its_first_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"x" * (3 * corpus_module.CHUNK_BYTES) + b" y")
    assert naive.tokens(joined(TextFiles([tmp_path / "a.txt"])).rstrip(b"\n")) == [b"x" * 999, b"y"]


def test_lowercase_follows_unicode_and_keeps_invalid_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("ÀÉ Straße ΣΑΣ".encode() + b" \xff\xc0X\n")
    assert joined(TextFiles([tmp_path / "a.txt"], lowercase=True)) == "àé straße σας".encode() + b" \xff\xc0x\n"


def test_standard_input_is_kept_for_a_second_reading_and_then_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(TEXT)))
    files = TextFiles(["-"], tmp=tmp_path)
    assert joined(files) == joined(files) == TEXT.replace(b"\r", b"")
    assert len(list(tmp_path.iterdir())) == 1
    del files
    assert not list(tmp_path.iterdir())


def test_named_pipes_are_kept_too(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    threading.Thread(target=pipe.write_bytes, args=(b"a b\n",), daemon=True).start()
    files = TextFiles([pipe], tmp=tmp_path)
    assert joined(files) == joined(files) == b"a b\n"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("missing.txt", None, r"missing\.txt: no such file, folder or pattern"),
        ("empty.txt", b"", r"empty\.txt: the corpus is empty"),
        ("junk.txt", b"ab\0cd", r"junk\.txt: a zero byte after b'ab'"),
        ("false.gz", b"plain text", r"false\.gz: its name ends in \.gz"),
    ],
)
def test_unusable_files_are_named(tmp_path: Path, name: str, content: bytes | None, message: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message):
        joined(TextFiles([tmp_path / name]))


def test_unreadable_files_are_named(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("the superuser may read every file")
    (tmp_path / "a.txt").write_text("a")
    (tmp_path / "a.txt").chmod(0)
    with pytest.raises(InputError, match=r"a\.txt: cannot be read \(Permission denied\)"):
        TextFiles([tmp_path / "a.txt"])


def test_sentences_are_lines() -> None:
    sentences = [["The", "cat"], [b"sat"], [], ["naïve"]]
    assert joined(Sentences(sentences)) == "The cat\nsat\n\nnaïve\n".encode()
    assert joined(Sentences(sentences, lowercase=True)).startswith(b"the cat\n")
    # of bytes that are not UTF-8, as the operating system's names have them
    assert joined(Sentences([["\udcff"]])) == b"\xff\n"


def test_arrays_of_words_are_sentences() -> None:
    words = np.array([["the", "cat"], ["sat", "on"]])
    for sentences in (words, list(words.astype(object)), [tuple(row) for row in words]):
        assert joined(Sentences(sentences)) == b"the cat\nsat on\n"


@pytest.mark.parametrize(
    ("sentences", "error", "message"),
    [
        (iter([["a"]]), TypeError, "can be read only once"),
        ("a b", TypeError, "a string was given"),
        ({"a": 1}, TypeError, "sentences: a dict was given; give a list of lists of tokens"),
        (7, TypeError, "sentences: an int was given"),
        (["a b"], TypeError, r"sentence 0 is a string; give a list of tokens"),
        ([["a"], {"tokens": ["a"]}], TypeError, r"sentence 1 is a dict; give lists of tokens.*dataset\['tokens'\]"),
        ([{"a"}], TypeError, "sentence 0 is a set"),
        ([None], TypeError, "sentence 0 is NoneType"),
        ([7], TypeError, "sentence 0 is an int"),
        ([iter(["a"])], TypeError, "sentence 0 is a list_iterator"),
        ([np.array("a")], TypeError, "sentence 0 is a ndarray"),
        ([["a"], [1]], TypeError, r"sentence 1: token 1 is an int, not a string"),
        ([["a", float("nan")]], TypeError, r"sentence 0: token nan is a float"),
        ([["a", "\ud800"]], InputError, r"sentence 0: token '\\ud800' holds a lone surrogate"),
        ([["a b"]], InputError, r"sentence 0: token .* holds white space"),
        ([["a"], [""]], InputError, r"sentence 1: token .* is empty"),
    ],
)
def test_invalid_sentences_are_rejected(sentences: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        joined(Sentences(sentences))  # type: ignore[arg-type]
