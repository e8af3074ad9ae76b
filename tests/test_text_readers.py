"""Text that arrives in odd shapes: line ends, byte order marks, other formats, damaged compression."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import random
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import naive
import numpy as np
import pytest
import zstandard
from dumps import articles_of, dump, page

from glove_adagrad.corpus import TextFiles
from glove_adagrad.errors import InputError
from glove_adagrad.sentences import Sentences
from glove_adagrad.source_paths import check_apart
from glove_adagrad.text_file import TextFile
from glove_adagrad.vocabulary import Vocabulary

pytestmark = pytest.mark.usefixtures("no_warnings")

MARK = b"\xef\xbb\xbf"


def counted(*paths: Path, **settings: object) -> dict[bytes, int]:
    vocabulary = Vocabulary.count(TextFiles(paths), min_count=1, **settings)  # type: ignore[arg-type]
    return dict(zip(vocabulary.words, vocabulary.counts.tolist(), strict=True))


# the same text in all the shapes that files have

SHAPES: dict[str, Callable[[bytes], bytes]] = {
    "LF": lambda text: text,
    "CRLF": lambda text: text.replace(b"\n", b"\r\n"),
    "no last line end": lambda text: text[:-1],
    "byte order mark": lambda text: MARK + text,
    "byte order mark and CRLF": lambda text: MARK + text.replace(b"\n", b"\r\n"),
}


def vocabulary_of(path: Path) -> dict[bytes, int]:
    vocabulary = Vocabulary.read(path)
    return dict(zip(vocabulary.words, vocabulary.counts.tolist(), strict=True))


READERS: dict[str, tuple[Callable[[Path], dict[bytes, int]], bytes, dict[bytes, int]]] = {
    "corpus": (counted, b"the cat\nsat on\tthe mat\n", {b"the": 2, b"cat": 1, b"sat": 1, b"on": 1, b"mat": 1}),
    "vocabulary": (vocabulary_of, b"the 20\ncat\t3\n", {b"the": 20, b"cat": 3}),
    "dump": (articles_of, dump(page("A", "these words " * 30)), {b"these": 30, b"words": 30}),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("reader", READERS)
def test_a_text_is_read_alike_in_every_shape(tmp_path: Path, reader: str, shape: str) -> None:
    read, text, expected = READERS[reader]
    (tmp_path / "a").write_bytes(SHAPES[shape](text))
    assert read(tmp_path / "a") == expected


def test_lines_that_end_in_cr_alone(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"the cat\rsat on the mat\r")
    with pytest.warns(UserWarning, match=r"a\.txt: its lines end with CR alone") as caught:
        assert counted(tmp_path / "a.txt") == {b"the": 2, b"catsat": 1, b"on": 1, b"mat": 1}
    assert len(caught) == 1
    (tmp_path / "vocab.txt").write_bytes(b"the 20\rcat 3\r")
    assert vocabulary_of(tmp_path / "vocab.txt") == {b"the": 20, b"cat": 3}


def test_a_mark_is_dropped_from_every_file_but_not_from_words(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).write_bytes(MARK + b"x " + MARK + b"y\n")
    assert counted(tmp_path) == {b"x": 2, MARK + b"y": 2}


# files that are something else


def _tar() -> bytes:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a.txt"), io.BytesIO())
    return raw.getvalue()


def _zip() -> bytes:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        archive.writestr("a.txt", "some words")
    return raw.getvalue()


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (_zip(), "is a zip archive"),
        (_tar(), "is a tar archive"),
        (gzip.compress(_tar(), mtime=0), "is a tar archive"),
        ("ab cd\n".encode("utf-16"), "is UTF-16 text; convert it with iconv"),
        ("ab cd\n".encode("utf-32"), "is UTF-32 text"),
        ("\ufeff東京\u3000大阪".encode("utf-16-be"), "is UTF-16 text"),
        ("some words\n".encode("utf-16-le"), "looks like UTF-16LE text"),
        ("some words\n".encode("utf-16-be"), "looks like UTF-16BE text"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "is a Git LFS pointer"),
        (b"%PDF-1.4\n", "is a PDF file"),
        (b"x" * 5000 + b" ab\0cd", r"a zero byte after b'ab'"),
    ],
)
def test_files_that_are_not_text_are_named(tmp_path: Path, content: bytes, named: str) -> None:
    (tmp_path / "a.txt").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.txt: " + named):
        counted(tmp_path / "a.txt")


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ('{"text": "some words"}\n{"text": "more"}\n', r"looks like JSON .* `text_format=jsonl` and `field=NAME`"),
        ('[\n {"a\\"b": 1}]', "looks like JSON"),
        ("# sent_id = 1\n1\tThe\tthe\tDET\tDT\t_\t2\tdet\t_\t_\n", "looks like CoNLL-U .* `text_format=conllu`"),
        ("1-2\tdu\t_\t_\t_\t_\t_\t_\t_\t_\n", "looks like CoNLL-U"),
        (dump(page("A", "words")).decode(), "looks like a Wikipedia dump .* `text_format=wikipedia`"),
        ("<?xml version='1.0'?>\n<mediawiki xmlns='x'>", "looks like a Wikipedia dump"),
        ("<?xml version='1.0'?>\n<TEI>", "looks like XML"),
        ("\n<!DOCTYPE html>\n<p>", "looks like HTML"),
        ("東京\u3000大阪\n", r".* separated by U\+3000"),
    ],
)
def test_text_that_seems_to_be_something_else_is_counted_with_one_warning(
    tmp_path: Path, content: str, named: str
) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(content)
    files = TextFiles([tmp_path / "a.txt", tmp_path / "b.txt"])
    with pytest.warns(UserWarning, match=r"a\.txt: " + named) as caught:
        vocabulary = [Vocabulary.count(files, min_count=1) for _ in range(2)][1]
    assert len(caught) == 1
    assert dict(zip(vocabulary.words, vocabulary.counts.tolist(), strict=True)) == {
        word: 2 * count for word, count in naive.count_words(content.encode()).items()
    }


@pytest.mark.parametrize(
    "content",
    [
        "&nbsp; &amp; <b> </b>\n",
        "{ a b }\n",
        "1\t2\t3\n",
        "# a comment\nwords\n",
        "東京\u3000大阪 京都 a b\n",
        "a b\r",
        "\r\n",
    ],
)
def test_ordinary_text_gives_no_warning(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.txt").write_bytes(b"BZh words " + content.encode())
    assert counted(tmp_path / "a.txt")


def test_words_that_are_not_utf8_give_one_warning_with_their_number(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("plain\ncafé naïve café plain " + "é" * 800, encoding="latin-1")
    expected = r"a\.txt:2: 2 of 4 words are not UTF-8, such as b'caf\\xe9'; .*`encoding=latin-1`"
    # the first in order of frequency is named; a long word is cut between characters and is not among them
    (tmp_path / "a.txt").write_bytes((tmp_path / "a.txt").read_bytes()[:-800] + "é".encode() * 800)
    with pytest.warns(UserWarning, match=expected) as caught:
        counted(tmp_path / "a.txt")
    assert len(caught) == 1


# damage


def _text() -> bytes:
    words = np.random.default_rng(0).integers(1 << 20, size=4000)
    return b" ".join(b"%d" % word for word in words.tolist()) + b"\n"


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": lambda data: gzip.compress(data, mtime=0),
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstandard.ZstdCompressor(write_checksum=True).compress,
}


@pytest.mark.parametrize("suffix", PACKERS)
def test_a_flipped_bit_or_a_cut_is_named_or_changes_nothing(tmp_path: Path, suffix: str) -> None:
    text, rng = _text(), random.Random(suffix)
    whole = PACKERS[suffix](text)
    path = tmp_path / f"a{suffix}"
    for trial in range(150):
        data = bytearray(whole)
        if trial % 3:
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        else:
            del data[rng.randrange(1, len(data)) :]
        path.write_bytes(data)
        error = None
        try:
            files = TextFiles([path])
            # a flip in a header that says nothing of the content, as the time in gzip's, changes nothing
            assert b"".join(chunk.text.tobytes() for chunk in files.chunks()) == text
            assert trial % 3, "a cut file was read"
        except InputError as raised:
            error = str(raised)
        if error is not None:
            assert error.startswith(f"{path}: ")
            assert "\n" not in error
            with pytest.raises(InputError):
                files.locate(b"not a word")


def test_a_name_that_promises_compression(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(b"")
    (tmp_path / "b.txt").write_bytes(b"words\n")
    with pytest.raises(InputError, match=r"a\.gz: its name ends in \.gz"):
        counted(tmp_path / "a.gz", tmp_path / "b.txt")
    (tmp_path / "a.gz").write_bytes(bz2.compress(b"words\n"))
    assert counted(tmp_path / "a.gz") == {b"words": 1}


@pytest.mark.parametrize("where", ["start", "end", "middle", "far"])
def test_a_word_is_located_by_its_line(tmp_path: Path, where: str) -> None:
    before = {
        "start": b"",
        "end": b"a word<unk>\n",
        "middle": b"<unk>word\n\n x\t",
        "far": b"word " * 500_000 + b"\n",
    }
    (tmp_path / "a.gz").write_bytes(gzip.compress(before[where] + b"<unk>" + (b" b\n" if where == "middle" else b"")))
    line = before[where].count(b"\n") + 1
    assert TextFiles([tmp_path / "a.gz"]).locate(b"<unk>") == f"{tmp_path / 'a.gz'}:{line}"


# texts that change, outputs among inputs


@pytest.mark.parametrize("change", ["grows", "shrinks", "is rewritten", "is replaced"])
def test_a_file_that_changes_between_or_within_readings_is_named(tmp_path: Path, change: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"some words\n" * 300_000)
    before = path.stat()

    def alter() -> None:
        if change == "grows":
            with open(path, "ab") as file:
                file.write(b"more\n")
        elif change == "shrinks":
            os.truncate(path, 100)
        elif change == "is rewritten":
            path.write_bytes(b"same words\n" * 300_000)
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
        else:
            (tmp_path / "b.txt").write_bytes(path.read_bytes())
            os.utime(tmp_path / "b.txt", ns=(before.st_atime_ns, before.st_mtime_ns))
            os.replace(tmp_path / "b.txt", path)

    files = TextFiles([path])
    assert sum(len(chunk.text) for chunk in files.chunks()) == before.st_size
    alter()
    with pytest.raises(InputError, match=r"a\.txt: has changed since the command started"):
        list(files.chunks())
    if change != "is replaced":  # what has been opened stays as it was
        path.write_bytes(b"some words\n" * 300_000)
        before = path.stat()
        chunks = TextFiles([path]).chunks()
        next(chunks)
        alter()
        with pytest.raises(InputError, match=r"a\.txt: has changed"):
            list(chunks)


def test_sentences_that_change_between_readings_are_noticed(tmp_path: Path) -> None:
    from glove_adagrad.cooccurrence.count import count_cooccurrences

    class Changing:
        def __init__(self) -> None:
            self.readings = 0

        def __iter__(self):  # type: ignore[no-untyped-def]
            self.readings += 1
            return iter([["a", "b"]] * (3 + self.readings))

    corpus = Sentences(Changing())
    vocabulary = Vocabulary.count(corpus, min_count=1)
    with pytest.raises(InputError, match=r"changed between its two readings: 10 tokens of the vocabulary, then 12"):
        count_cooccurrences(corpus, vocabulary, tmp_path / "m", same_text=True)
    assert not (tmp_path / "m").exists()
    count_cooccurrences(corpus, vocabulary, tmp_path / "m")


@pytest.mark.parametrize(
    ("source", "output", "refused"),
    [
        ("data", "data/v.txt", True),
        ("data", "data/deep/run", True),
        ("data", "data/.hidden/v.txt", False),
        ("data", "v.txt", False),
        ("data", "data2/v.txt", False),
        ("data/a.txt", "data/a.txt", True),
        ("data/a.txt", "data/v.txt", False),
        ("data/*.txt", "data/v.txt", True),
        ("data/*.txt", "data/v.out", False),
        ("data/*.txt", "data/deep/v.txt", False),
        ("data/**/*.txt", "data/deep/v.txt", True),
        ("*", "data/v.txt", True),
        ("-", "v.txt", False),
    ],
)
def test_an_output_must_not_become_part_of_the_corpus(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, output: str, refused: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data" / "deep").mkdir(parents=True)
    (tmp_path / "data" / "a.txt").write_text("words")
    if refused:
        with pytest.raises(InputError, match=r"(choose|name) another"):
            check_apart([source], Path(output))
    else:
        check_apart([source], Path(output))


def test_standard_input_that_is_closed() -> None:
    command = [sys.executable, "-m", "glove_adagrad", "vocab", "-", "--output", os.devnull + "x"]
    found = subprocess.run(["/bin/sh", "-c", 'exec "$@" <&-', "sh", *command], capture_output=True, text=True)
    assert (found.returncode, found.stderr.count("\n")) == (1, 1)
    assert "Traceback" not in found.stderr


# vocabularies


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a 5\nb 99999999999999999999\n", ":2: 'b 99999999999999999999': the counts exceed"),
        (b"a " + b"9" * 5000, ":1: .*: the counts exceed"),
        (b"a 9223372036854775807\nb 1\n", ":2: 'b 1': the counts exceed"),
        (b"a 5\nb 0\n", ":2: 'b 0': the count is 0"),
        (b"a 5\r\nb 3\r\na 1\r\n", ":3: the word 'a' is repeated"),
        (b"a b 5\n", ":1: 'a b 5' is not a word"),
        (b"a -5\n", ":1: 'a -5' is not a word"),
        (b"a\0 5\n", ":1: .* is not a word"),
        (gzip.compress(b"a 5\n", mtime=0), ":1: .* is not a word"),
        ("a 5\n".encode("utf-16"), ": is UTF-16 text"),
        (_zip(), ": is a zip archive"),
        (b"\n\n", ": holds no words"),
    ],
)
def test_vocabularies_that_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "vocab.txt").write_bytes(content)
    with pytest.raises(InputError, match=r"vocab\.txt" + message) as raised:
        Vocabulary.read(tmp_path / "vocab.txt")
    assert "\n" not in str(raised.value)


def test_counts_out_of_order_give_a_warning_where_it_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "vocab.txt").write_bytes(b"a 2\nb 5\n\nc 9223372036854775800\n")
    assert vocabulary_of(tmp_path / "vocab.txt")[b"c"] == 9223372036854775800
    with pytest.warns(UserWarning, match=r"vocab\.txt: counts are not in descending order, first at the word 'b'"):
        Vocabulary.read(tmp_path / "vocab.txt", warn_unordered=True)


def test_a_copy_of_a_stream_is_called_by_its_source(tmp_path: Path) -> None:
    copy = TextFile.copy("standard input", tmp_path, iter([b"a\0b"]))
    with pytest.raises(InputError, match=r"^standard input: a zero byte"):
        list(TextFiles([copy]).chunks())
