"""Kinds of trouble that files of others have, each tried on every reader.

The cases in public bug reports are in `test_text_cases.py` and `formats/test_cases.py`. Headers and rows of binary
files, bad rows, layouts of test sets and Wikipedia dumps are each tested with their only reader.
"""

from __future__ import annotations

import io
import json
import struct
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from glove_adagrad.cli.words import read_words
from glove_adagrad.corpus import open_corpus
from glove_adagrad.errors import InputError
from glove_adagrad.evaluation import read_classes, read_pairs, read_questions
from glove_adagrad.formats import WordVectors, glove_text, keyedvectors, read_vectors, word2vec
from glove_adagrad.text_options import TextOptions
from glove_adagrad.vocabulary import Vocabulary

MARK = b"\xef\xbb\xbf"


def words_of(path: Path, **options: Any) -> Any:
    text = b"".join(chunk.text.tobytes() for chunk in open_corpus([path], TextOptions(**options)).chunks())
    return [line.split() for line in text.split(b"\n") if line.strip()]


def vectors_of(path: Path) -> Any:
    found = read_vectors(path, strict=True)
    return found.words, found.vectors.tolist()


def pairs_of(path: Path) -> Any:
    found = read_pairs(path, strict=True)
    return found.pairs, found.scores.tolist()


def classes_of(path: Path) -> Any:
    found = read_classes(path, strict=True)
    return found.words, found.classes


def questions_of(path: Path) -> Any:
    return read_questions(path, strict=True).sections


def vocabulary_of(path: Path) -> Any:
    found = Vocabulary.read(path)
    return found.words, found.counts.tolist()


#: What reads a text, and a text for it; each line of a corpus is more than one word, so that CR alone is seen.
READERS: dict[str, tuple[Callable[[Path], Any], str]] = {
    "corpus": (words_of, "the cat\nsat on\tthe mat\n"),
    "corpus in Latin-1": (lambda path: words_of(path, encoding="utf-8"), "the café\nsat on\tthe mat\n"),
    "tokenized corpus": (lambda path: words_of(path, tokenizer="gensim"), "The cat!\nsat on the mat.\n"),
    "JSON lines": (lambda path: words_of(path, text_format="jsonl"), '{"text": "the cat"}\n{"text": "sat"}\n'),
    "CSV": (lambda path: words_of(path, text_format="csv"), 'text,id\n"the cat",1\nsat,2\n'),
    "CSV by number": (lambda path: words_of(path, text_format="csv", field="1"), "the cat,1\nsat,2\n"),
    "CoNLL-U": (
        lambda path: words_of(path, text_format="conllu"),
        "# newdoc\n1\tthe" + "\t_" * 8 + "\n2\tcat" + "\t_" * 8 + "\n\n1\tsat" + "\t_" * 8 + "\n\n",
    ),
    "vocabulary": (vocabulary_of, "the 20\ncat\t3\n"),
    "GloVe text": (vectors_of, "the 1 2 3\ncat 4 5 6\n"),
    "word2vec text": (vectors_of, "2 3\nthe 1 2 3\ncat 4 5 6\n"),
    "pairs": (pairs_of, "cat\tdog\t7.5\nking\tqueen\t8\n"),
    "pairs with header": (pairs_of, "word1,word2,mean\ncat,dog,7.5\nking,queen,8\n"),
    "questions": (questions_of, ": capitals\na b c d\n: more\ne f g h\n"),
    "classes": (classes_of, "cat\tanimal\nred\tcolour\n"),
    "list of words": (lambda path: read_words(str(path)), "cat\tanimal\nred\tcolour\n"),
}

SHAPES: dict[str, Callable[[bytes], bytes]] = {
    "CRLF": lambda text: text.replace(b"\n", b"\r\n"),
    "CR": lambda text: text.replace(b"\n", b"\r"),
    "no last line end": lambda text: text.rstrip(b"\n"),
    "CRLF, no last line end": lambda text: text.rstrip(b"\n").replace(b"\n", b"\r\n"),
    "byte order mark": lambda text: MARK + text,
    "byte order mark and CRLF": lambda text: MARK + text.replace(b"\n", b"\r\n"),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("reader", READERS)
def test_a_text_is_read_alike_in_every_shape(reader: str, shape: str, tmp_path: Path) -> None:
    read, text = READERS[reader]
    path = tmp_path / "file"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        path.write_bytes(text.encode())
        expected = read(path)
        path.write_bytes(SHAPES[shape](text.encode()))
        if shape == "CR" and "corpus" in reader:
            # as Stanford's programs drop CR
            with pytest.raises(UserWarning, match="its lines end with CR alone"):
                read(path)
        else:
            assert read(path) == expected


WRITERS: dict[str, tuple[Callable[[Path, WordVectors], object], float]] = {
    "word2vec": (word2vec.write, 5e-7),
    "word2vec-binary": (lambda path, vectors: word2vec.write(path, vectors, binary=True), 0.0),
    "glove": (glove_text.write, 5e-7),
    "keyedvectors": (keyedvectors.write, 0.0),
}


@pytest.mark.parametrize("writer", WRITERS)
def test_what_is_exported_reads_back_equal(writer: str, tmp_path: Path) -> None:
    write, error = WRITERS[writer]
    draw = np.random.default_rng(1)
    path = tmp_path / "v"
    for byte in (0x00, 0x0A, 0x0D, 0x20, 0x30, 0x80, 0xEF, 0xFF):  # all 256 are tried in formats/test_reading.py
        vectors = draw.normal(size=(int(draw.integers(1, 9)), int(draw.integers(2, 9)))).astype("<f4")
        vectors.view(np.uint8)[0, 0] = byte
        words = [f"{draw.choice(['w', 'é', '1.5', '#', '東'])}{row}" for row in range(len(vectors))]
        write(path, WordVectors(words, vectors))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = read_vectors(path, strict=True)
        assert found.words == words
        np.testing.assert_allclose(found.vectors, vectors, rtol=1e-6, atol=error)


def _archive() -> bytes:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        archive.writestr("a.txt", "some words")
    return raw.getvalue()


def _numpy() -> bytes:
    raw = io.BytesIO()
    np.save(raw, np.zeros((3, 4), np.float32))
    return raw.getvalue()


#: The content of a file that is something else, and how messages name it.
OTHERS = {
    "a zip archive": _archive(),
    "a Git LFS pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 5\n",
    "an SQLite database": b"SQLite format 3\0" + bytes(200),
    "a NumPy array": _numpy(),
    "a fastText .bin": struct.pack("<ii", 793712314, 12) + bytes(200),
    "a floret table": b"floret 50000 4 2 3 2166136261 < >\n0 1 2\n",
    "a finalfusion file": b"FiFu\0\0\0\0",
    "a Parquet file": b"PAR1\x15\x04" + bytes(50),
    "an HDF5 file": b"\x89HDF\r\n\x1a\n" + bytes(50),
    "a safetensors file": struct.pack("<Q", 100) + json.dumps({"a": {"dtype": "F32"}}).encode(),
    "UTF-16 text": "word1 word2 5\n".encode("utf-16"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_a_file_that_is_something_else_is_named(name: str, tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    path.write_bytes(OTHERS[name])
    for reader, (read, _) in READERS.items():
        if reader in ("tokenized corpus", "corpus in Latin-1"):
            continue
        with pytest.raises(InputError, match=r"file\.txt: (is|looks like)") as caught:
            read(path)
        assert name in str(caught.value), reader
        assert "\n" not in str(caught.value)
