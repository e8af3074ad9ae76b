"""Files of vectors as strangers have them: what they are, bad rows, false headers, and text made safe to print."""

from __future__ import annotations

import bz2
import gzip
import re
import struct
import tracemalloc
import warnings
import xml.dom.minidom
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from runs import Command

from glove_adagrad.errors import InputError
from glove_adagrad.formats import WordVectors, glove_text, read_vectors, word2vec
from glove_adagrad.text import printable, to_bytes, to_text

LARGE = [f"w{row} {row}.5 -1 0.25" for row in range(500)]


def read(path: Path, content: bytes, strict: bool = False) -> tuple[WordVectors, list[str]]:
    """The vectors and the warnings."""
    path.write_bytes(content)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        return read_vectors(path, strict=strict), [str(warning.message) for warning in caught]


def refused(path: Path, content: bytes, strict: bool = False) -> str:
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_vectors(path, strict=strict)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("bits", [0x7FC00000, 0xFFA8938D, 0x7F800000])  # NaN, a signalling NaN, infinity
def test_a_number_that_is_not_finite_is_named_in_the_only_warning(bits: int, tmp_path: Path) -> None:
    rows = [struct.pack("<2sff", b"%c " % letter, 1, -2) for letter in b"abcdefghijkl"]
    rows[3] = b"d " + struct.pack("<IfB", bits, float("-inf"), 10)
    found, warned = read(tmp_path / "v", b"12 2\n" + b"".join(rows))
    assert "d" not in found.words
    assert len(warned) == 1
    assert "every number must be finite" in warned[0]


@pytest.mark.parametrize("header", [b"", b"3 2\n"])
def test_line_ends_and_byte_order_mark(header: bytes, tmp_path: Path) -> None:
    text = header + b"the 1 2\n\x0bking 3 4\nqueen 5 6\n"
    for content in (
        text,
        text[:-1],
        text.replace(b"\n", b"\r\n"),
        text.replace(b"\n", b"\r"),
        text[:-1].replace(b"\n", b"\r"),
        b"\xef\xbb\xbf" + text,
        text.replace(b"queen", b"\n\nqueen"),
        text.replace(b" ", b"\t").replace(header.replace(b" ", b"\t"), header),
        text.replace(b"2\n", b"2 \n").replace(header.replace(b"2\n", b"2 \n"), header),
    ):
        found, warned = read(tmp_path / "v", content, strict=True)
        assert found.words == ["the", "\x0bking", "queen"], content
        assert found.vectors.tolist() == [[1, 2], [3, 4], [5, 6]]
        assert not warned


def test_lines_across_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("glove_adagrad.formats.text_rows._CHUNK", 7)
    monkeypatch.setattr("glove_adagrad.formats.word2vec._CHUNK", 7)
    wv = WordVectors(["a", "bb", "ccc"], np.float32([[1.5, 2], [3, 4], [5, 6]]))
    for end in (b"\n", b"\r\n", b"\r"):
        glove_text.write(tmp_path / "v", wv)
        found, _ = read(tmp_path / "v", (tmp_path / "v").read_bytes().replace(b"\n", end))
        assert found.words == wv.words
        np.testing.assert_array_equal(found.vectors, wv.vectors)
    word2vec.write(tmp_path / "v", wv, binary=True)
    np.testing.assert_array_equal(read_vectors(tmp_path / "v").vectors, wv.vectors)


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_every_first_byte_of_binary_numbers(end: bytes, tmp_path: Path) -> None:
    draw = np.random.default_rng(1)
    for byte in range(256):
        vectors = draw.normal(size=(3, int(draw.integers(2, 9)))).astype("<f4")
        vectors.view(np.uint8)[:, 0] = byte
        rows = [b"%c " % (97 + row) + vector.tobytes() + end for row, vector in enumerate(vectors)]
        found, warned = read(tmp_path / "v", b"%d %d\n" % vectors.shape + b"".join(rows), strict=True)
        assert found.words == ["a", "b", "c"]
        np.testing.assert_array_equal(found.vectors, vectors)
        assert not warned


@given(
    hnp.arrays(
        np.float32,
        st.tuples(st.integers(1, 5), st.integers(2, 6)),
        elements=st.floats(width=32, allow_nan=False, allow_infinity=False),
    ),
    st.sampled_from([b"", b"\n"]),
    st.integers(-3, 3),
    st.integers(-3, 3),
)
def test_binary_is_used_to_the_last_byte_or_refused(
    tmp_path_factory: pytest.TempPathFactory, vectors: np.ndarray, end: bytes, more_rows: int, more_numbers: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "v.bin"
    rows, size = vectors.shape
    words = [f"word{row}" for row in range(rows)]
    body = b"".join(
        word.encode() + b" " + row.astype("<f4").tobytes() + end for word, row in zip(words, vectors, strict=True)
    )
    content = b"%d %d\n" % (rows + more_rows, size + more_numbers) + body
    if more_rows or more_numbers:
        if rows + more_rows >= 0 and size + more_numbers >= 0:
            refused(path, content)
    else:
        found, _ = read(path, content)
        assert found.words == words
        np.testing.assert_array_equal(found.vectors, vectors)


OTHER_NUMBERS = {
    ">f4": "big-endian float32", "<f8": "float64", ">f8": "big-endian float64", "<f2": "float16",
    ">f2": "big-endian float16",
}  # fmt: skip


@pytest.mark.parametrize("code", OTHER_NUMBERS)
@pytest.mark.parametrize("end", [b"", b"\n"])
def test_binary_rows_of_other_numbers_are_named(code: str, end: bytes, tmp_path: Path) -> None:
    vectors = np.random.default_rng(1).normal(size=(30, 8)).astype(code)
    rows = [b"word%d " % row + vector.tobytes() + end for row, vector in enumerate(vectors)]
    message = refused(tmp_path / "v", b"30 8\n" + b"".join(rows))
    assert f"v: is word2vec binary of {OTHER_NUMBERS[code]}, not of little-endian float32" in message


BAD_ROWS = {
    "tab as the word": "\t 1 2 3",
    "no word": " 1 2 3",
    "nan": "bad nan 2 3",
    "infinity": "bad 1 -inf 3",
    "too large": "bad 1 2 1e39",
    "a number too few": "bad 1 2",
    "a number too many": "bad 1 2 3 4",
    "not a number": "bad 1 2 x",
    "decimal comma": "bad 1 2 3,5",
}


@pytest.mark.parametrize("row", BAD_ROWS.values(), ids=BAD_ROWS)
@pytest.mark.parametrize("header", [True, False])
def test_a_bad_row_is_skipped_with_one_warning(row: str, header: bool, tmp_path: Path) -> None:
    for bad in (1, 3):
        rows = [*LARGE[:20], *[row] * bad, *LARGE[20:]]
        content = "\n".join([f"{len(rows)} 3"] * header + rows).encode()
        found, (warned,) = read(tmp_path / "v", content)
        assert found.words == [line.split()[0] for line in LARGE]
        assert f"v:{21 + header}: " in warned
        assert warned.endswith("skipped the line" if bad == 1 else f"skipped {bad} such lines")
        assert f"v:{21 + header}: " in refused(tmp_path / "v", content, strict=True)


def test_bad_rows_of_binary(tmp_path: Path) -> None:
    numbers = np.float32([1, 2]).tobytes()
    rows = [b"w%d " % row + numbers for row in range(50)]
    for bad in (b" " + numbers, b"a\nb " + numbers, b"bad " + np.float32([1, np.nan]).tobytes()):
        content = b"51 2\n" + b"".join([*rows[:7], bad, *rows[7:]])
        found, (warned,) = read(tmp_path / "v", content)
        assert len(found.words) == 50
        assert "row 8" in warned
        assert "row 8" in refused(tmp_path / "v", content, strict=True)


def test_many_bad_rows_are_refused(tmp_path: Path) -> None:
    rows = [line if row % 10 else "bad x y z" for row, line in enumerate(LARGE)]
    assert "49 other lines" in refused(tmp_path / "v", "\n".join(rows).encode())


def test_a_header_one_row_too_high_is_accepted(tmp_path: Path) -> None:
    content = "\n".join(["501 3", *LARGE]).encode()
    found, (warned,) = read(tmp_path / "v", content)
    assert len(found.words) == 500
    assert "says 501 words, found 500" in warned
    assert "says 501 words" in refused(tmp_path / "v", content, strict=True)
    assert "says 502 words" in refused(tmp_path / "v", "\n".join(["502 3", *LARGE]).encode())
    assert "says 498 words" in refused(tmp_path / "v", "\n".join(["498 3", *LARGE]).encode())


def test_a_first_word_of_several_fields(tmp_path: Path) -> None:
    found, _ = read(tmp_path / "v", b". . . 1 2\nthe 3 4\nof 5 6\n", strict=True)
    assert found.words == [". . .", "the", "of"]


OTHERS = {
    b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n": "Git LFS pointer",
    b"PK\x03\x04\x14\0": "zip archive",
    b"SQLite format 3\0" + bytes(100): "SQLite",
    b"\x93NUMPY\x01\x00v\x00": "NumPy array",
    struct.pack("<i", 793712314) + bytes(50): "fastText .bin",
    b"FiFu\0\0\0\0": "finalfusion",
    b"floret 50000 4 2 3 2166136261 < >\n0 1 2\n": "floret",
    b"<!DOCTYPE html>\n<html>": "web page",
    b'{"king": [1, 2]}\n': "JSON",
    "3 2\nthe 1 2\n".encode("utf-16"): "UTF-16",
    b"\x89HDF\r\n\x1a\n": "HDF5",
    b"x" * 257 + b"ustar\0": "tar archive",
    struct.pack("<Q", 100) + b'{"a":{}}': "safetensors",
    b"IxF2" + struct.pack("<iq", 100, 4): "faiss",
    b"RDX3\nX\n\0\0\0\3": "R data",
    b"MATLAB 5.0 MAT-file, Platform: GLNXA64": "MATLAB",
    b"FEA1" + bytes(4): "Feather",
    b"Obj\1\4\x16avro.schema": "Avro",
    b"0.1 0.2 0.3\n-1.5 2e-3 7\n.25 1 1\n" * 4: "numbers without words",
    b"\0\1\2\3": "not in a known format",
}


@pytest.mark.parametrize(("content", "name"), OTHERS.items(), ids=OTHERS.values())
def test_other_files_are_named(content: bytes, name: str, tmp_path: Path) -> None:
    assert name in refused(tmp_path / "v.txt", content)
    assert name in refused(tmp_path / "v.gz", gzip.compress(content))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("2 2\na 1,5 2,5\nb 1,5 2,5\n", r"v:2: '1,5' is not a number; write decimal points"),
        ("2 2\na 0x1p-3 1\nb 1 2\n", r"v:2: '0x1p-3' is not a number; write decimal numbers"),
        ("2 2\na 1\u00a02\nb 1\u00a02\n", r"v:2: '1\\xa02' is not a number; it has a no-break space"),
        ("2 4\na 0:1.5 3:2\nb 1:2\n", r"v:2: '0:1.5' is not a number; sparse vectors"),
        ("2 2\na 1; 2;\nb 1; 2;\n", r"v:2: '1;' is not a number"),
        ("a,1.5,2.5\nb,1.5,2.5\n", r"v:1: .*'a,1.5,2.5'; separate the word and the numbers with spaces"),
        ("9" * 5000 + " 2\na 1 2\n", r"v:1: the header says 99999999999999999\.\.\. words; no file"),
        ("2 " + "9" * 5000 + "\na 1 2\n", r"v:1: the header says 99999999999999999\.\.\. numbers"),
        ("1 9223372036854775807\na 1 2\n", r"v:1: the header says 9223372036854775807 numbers"),
        ("100000000000000 2\na 1 2\n", r"says 100000000000000 words, found 1"),
        ("2 3\na 1 2\nb 1 2\n", r"v:2: expected a word and 3 numbers, found 2 fields"),
        ("to be or not\n" * 3, r"v:1: 'be' is not a number"),
        ("a 1 2\n" * 5000, r"v:1: most words from here on are repeated"),
    ],
)
def test_the_line_and_value_are_named(content: str, message: str, tmp_path: Path) -> None:
    assert re.search(message, refused(tmp_path / "v", content.encode()))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(lambda: gzip.compress(b"a 1 " + bytes(1 << 28), 1), id="a row without end"),
        pytest.param(lambda: bz2.compress(b"1 3\n" + b"a" * (1 << 26)), id="a word without end"),
        pytest.param(lambda: gzip.compress(b"2 3\na " + bytes(12) + b"b " + bytes(1 << 28), 1), id="bytes left"),
        pytest.param(lambda: gzip.compress(b"2 3\n" + b"a 1 2 3\n" * (1 << 24), 1), id="rows left"),
        pytest.param(lambda: gzip.compress(b"2 2000\na " + b"1 " * 2000 + b"\n" * (1 << 26), 1), id="blank lines"),
        pytest.param(lambda: b"\x80\x04\x8e" + (1 << 60).to_bytes(8, "little") + b"a", id="a string of 1 EB"),
    ],
)
def test_little_memory_for_bombs(content: Callable[[], bytes], tmp_path: Path) -> None:
    (tmp_path / "v").write_bytes(content())
    read_vectors_once(tmp_path)  # compiles the kernel
    tracemalloc.start()
    try:
        refused(tmp_path / "v", (tmp_path / "v").read_bytes())
        assert tracemalloc.get_traced_memory()[1] < 100 << 20
    finally:
        tracemalloc.stop()


def read_vectors_once(folder: Path) -> None:
    (folder / "small").write_text("a 1 2\n")
    read_vectors(folder / "small")


def test_errors_of_the_reader_are_not_of_the_compressed_data(tmp_path: Path) -> None:
    assert "damaged" not in refused(tmp_path / "v.gz", gzip.compress(b"1 100000000000000\na 1\n"))
    assert "damaged" in refused(tmp_path / "v.gz", gzip.compress(b"2 1\na 1\nb 2\n")[:-3])


def test_printable() -> None:
    for text, expected in {
        "naïve 東京 a b": "naïve 東京 a b",
        "\x1b[31mRED\x1b[0m\x07": r"\x1b[31mRED\x1b[0m\x07",
        "a\nb\tc\r\x7f\x9b2J\x85": r"a\x0ab\x09c\x0d\x7f\x9b2J\x85",
        "abc\u202edef\u200b\u2028\u2029\ufeff": r"abc\u202edef\u200b\u2028\u2029\ufeff",
        to_text(b"caf\xe9"): r"caf\xe9",
        "\ud800\uffff\U000e0001": r"\ud800\uffff\U000e0001",
    }.items():
        assert printable(text) == printable(expected) == expected
    assert to_bytes(to_text(bytes(range(256)))) == bytes(range(256))


EVIL = "\x1b]0;T\x07\x9b2J\u202e\u2028x\x00\x0b"


def test_words_are_safe_everywhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    command = Command(capsys, monkeypatch)
    words = [EVIL, f"{EVIL}2", "c", "d"]
    # the last row is bad, to be warned of
    lines = [f"{word} 1 {row}.5" for row, word in enumerate(words)] + [f"w{row} 0 {row}" for row in range(9)]
    (tmp_path / "v").write_bytes("\n".join(["14 2", *lines, f"{EVIL} x 1"]).encode())

    def safe(text: str) -> bool:
        return all(character in "\n\r" or character == printable(character) for character in text)

    for arguments in (
        ["similar", tmp_path / "v", "c", "--top", "20"],
        ["similar", tmp_path / "v", f"{EVIL}3"],
        ["analogy", tmp_path / "v", "c", "d", EVIL],
        ["odd-one-out", tmp_path / "v", "c", "d", EVIL],
    ):
        found = command(*arguments)
        assert r"\x1b]0;T\x07" in found.out + found.err, arguments
        assert safe(found.out), arguments
        assert safe(found.err), arguments
    pytest.importorskip("matplotlib")
    options = ["--output", tmp_path / "p", "--format", "svg", "--projection", "pca"]
    assert command("plot", tmp_path / "v", *options).code == 0
    xml.dom.minidom.parse(str(tmp_path / "p" / "words.svg"))


def test_names_of_sections_and_classes_are_safe(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    command = Command(capsys, monkeypatch)
    (tmp_path / "v").write_text("".join(f"w{row} {row} 1\n" for row in range(9)))
    (tmp_path / "q").write_text(f": \x1b[2Jsection{EVIL}\nw1 w2 w3 w4\n")
    found = command("evaluate", tmp_path / "v", "--analogies", tmp_path / "q", "-q")
    assert found.code == 0
    assert r"\x1b[2Jsection" in found.out
    assert "\x1b" not in found.out
    error: Any = InputError("a\x1b[2J\nb")
    assert str(error) == r"a\x1b[2J\x0ab"
