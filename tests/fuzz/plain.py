"""Own readers of the formats, slow and strict, that say what an accepted file must have been read as."""

from __future__ import annotations

import base64
import bz2
import contextlib
import io
import lzma
import re
import struct
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import naive
import numpy as np
import zstandard

from fuzz.cases import Wrong

#: A decimal number, with white space of Python around it.
_NUMBER = re.compile(rb"[\v\f]*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?[\v\f]*")
_LARGEST = float(np.finfo(np.float32).max)


def unpack(kind: str, data: bytes) -> bytes:
    """Decompress every member of a file.

    Raises
    ------
    Wrong
        If the data are damaged, cut short, or followed by anything else.
    """
    if kind == "":
        return data
    out, rest = [], data
    members: dict[str, Callable[[], Any]] = {
        "gz": lambda: zlib.decompressobj(31),
        "bz2": bz2.BZ2Decompressor,
        "xz": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ),
        "zst": lambda: zstandard.ZstdDecompressor().decompressobj(),
    }
    try:
        while rest:
            member = members[kind]()
            out.append(member.decompress(rest))
            if not member.eof:
                raise EOFError("a member has no end")
            rest = member.unused_data.lstrip(b"\0")  # padding
    except Exception as error:
        raise Wrong(f"the {kind} data are not whole: {error!r}") from error
    return b"".join(out)


def corpus_text(data: bytes) -> bytes:
    """What the words of a text file are counted from."""
    data = data.removeprefix(b"\xef\xbb\xbf")
    if b"\0" in data:
        raise Wrong("the text has a zero byte")
    if b"<unk>" in naive.count_words(data):
        raise Wrong("the text has the word <unk>")
    return data


def vocabulary(data: bytes) -> list[tuple[bytes, int]]:
    """The words and counts of a vocab.txt."""
    found: dict[bytes, int] = {}
    for line in re.split(rb"\r\n|\n|\r", data.removeprefix(b"\xef\xbb\xbf")):
        if not line.strip(b" \t"):
            continue
        match = re.fullmatch(rb"[ \t]*([^ \t\0]+)[ \t]+(\d{1,19})[ \t]*", line)
        if not match or match[1] in found or not 0 < int(match[2]) < 1 << 63:
            raise Wrong(f"vocabulary line {line[:80]!r}")
        found[match[1]] = int(match[2])
    return list(found.items())


def records(data: bytes) -> dict[tuple[int, int], float]:
    """Stanford's records; each pair once."""
    if len(data) % 16:
        raise Wrong("not a whole number of records")
    found: dict[tuple[int, int], float] = {}
    for word, context, x in struct.iter_unpack("<iid", data):
        if (word, context) in found:
            raise Wrong(f"the pair {word}, {context} twice")
        found[word, context] = x
    return found


def check_records(found: dict[tuple[int, int], float], expected: dict[tuple[int, int], Any]) -> None:
    if found.keys() != expected.keys():
        raise Wrong(f"other pairs: {sorted(found.keys() ^ expected.keys())[:5]}")
    for pair, x in expected.items():
        if not abs(found[pair] - float(x)) <= 2e-9 * abs(float(x)):
            raise Wrong(f"X{pair} is {found[pair]!r}, expected {float(x)!r}")


def text_vectors(data: bytes) -> tuple[list[bytes], np.ndarray, int]:
    """Words, float32 vectors and the number of rows that are not a word and its numbers; with or without a header."""
    data = data.removeprefix(b"\xef\xbb\xbf")
    lines = [line for line in re.split(rb"\r\n|\n|\r", data) if line.strip()]
    header = sizes(lines[0]) if lines else None
    rows = lines[1:] if header else lines
    if not rows:
        raise Wrong("no rows")
    # without a header, what most of the first rows have
    size = header[1] if header else Counter(len(row.split()) - 1 for row in rows[:100]).most_common(1)[0][0]
    words, numbers, bad = [], [], 0
    for row in rows:
        parsed = _row(row, size)
        if parsed is None:
            bad += 1
        else:
            words.append(parsed[0])
            numbers.append(parsed[1])
    if header and header[0] != len(rows) and not (len(rows) == header[0] + 1 and rows[-1].startswith(b"<unk> ")):
        bad += 1
    return words, np.array(numbers, np.float32).reshape(len(words), size), bad


def _row(row: bytes, size: int) -> tuple[bytes, list[float]] | None:
    match = re.fullmatch(rb"([^ \t].*?|)((?:[ \t]+[^ \t]+){%d})[ \t]*" % size, row, re.DOTALL) if size else None
    if not match or not match[1] or any(_NUMBER.fullmatch(field) for field in match[1].split()[1:]):
        return None
    fields = re.findall(rb"[^ \t]+", match[2])
    if not all(map(_NUMBER.fullmatch, fields)):
        return None
    values = [float(field) for field in fields]
    word = re.sub(rb"[ \t]+", b" ", match[1])
    return (word, values) if all(abs(value) <= _LARGEST for value in values) else None


def sizes(line: bytes) -> tuple[int, int] | None:
    """The numbers of a header line."""
    match = re.fullmatch(rb"\s*(\d{1,18})\s+(\d{1,18})\s*", line)
    return (int(match[1]), int(match[2])) if match and int(match[2]) else None


def binary_vectors(data: bytes) -> tuple[list[bytes], np.ndarray]:
    """Words and vectors of word2vec's binary format, to the last byte."""
    line, *more = re.split(rb"\r\n|\n|\r", data.removeprefix(b"\xef\xbb\xbf"), maxsplit=1)
    header, rest = sizes(line), b"".join(more)
    if header is None:
        raise Wrong("no header")
    number, size = header
    words, rows = [], []
    for _ in range(number):
        blank = rest.find(b" ")
        if blank < 0 or len(rest) < blank + 1 + 4 * size:
            raise Wrong("fewer rows than the header says")
        words.append(rest[:blank].lstrip(b"\n"))
        rows.append(np.frombuffer(rest, "<f4", size, blank + 1))
        rest = rest[blank + 1 + 4 * size :]
    if rest.strip(b"\r\n"):
        raise Wrong(f"{len(rest):,} bytes after the last row")
    return words, np.array(rows, np.float32).reshape(number, size)


def vectors(data: bytes) -> list[tuple[list[bytes], np.ndarray, int]]:
    """The readings of a file of vectors that are possible: words, vectors and rows that cannot be read."""
    possible = []
    with contextlib.suppress(Wrong):
        possible.append((*binary_vectors(data), 0))
    with contextlib.suppress(Wrong):
        words, matrix, bad = text_vectors(data)
        if words:
            possible.insert(0 if not bad else 1, (words, matrix, bad))
    return possible


def check_vectors(words: list[str], matrix: np.ndarray, warnings: list[str], data: bytes) -> None:
    """Compare words and vectors that were accepted with the readings that are possible."""
    found = [word.encode("utf-8", "surrogateescape") for word in words]
    matrix = np.asarray(matrix, np.float32)
    if not np.isfinite(matrix).all() or len(set(found)) < len(found) or matrix.shape[0] != len(found):
        raise Wrong("numbers that are not finite, a word twice, or another number of words than rows")
    problems = []
    for expected, numbers, bad in vectors(data):
        finite = np.isfinite(numbers).all(axis=1)
        # binary rows without a word, or with a line end in it, may be passed over
        usable = np.array([bool(word) and not re.search(rb"[\n\r]", word) for word in expected], bool) & finite
        first = {word: row for row, word in reversed(list(enumerate(expected))) if usable[row]}
        kept = sorted(first.values())
        if not np.array_equal(numbers[kept].view(np.uint32), matrix.view(np.uint32)):
            problems.append(f"a reading of {numbers[kept].shape} numbers has others than the {matrix.shape} found")
        elif [expected[row] for row in kept] != found:
            differing = [
                (expected[row], word) for row, word in zip(kept, found, strict=False) if expected[row] != word
            ]
            problems.append(f"other words, expected and found: {differing[:3]}")
        elif (bad or len(kept) < len(expected)) and not warnings:
            problems.append(f"{bad} rows or the header cannot be right, and {len(expected) - len(kept)} are repeated "
                            "or not finite, without a warning")  # fmt: skip
        else:
            return
    raise Wrong("; ".join(problems) or "neither word2vec text or binary nor GloVe text")


def lines(data: bytes) -> list[str]:
    """The lines of a test set."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Wrong(f"not UTF-8: {error}") from error
    return re.split(r"\r\n|\n|\r", text.rstrip())


def fields(line: str) -> Iterator[list[str]]:
    """The ways in which a line may be divided into columns."""
    for separator in ("\t", ",", ";", ":", "|"):
        if separator in line:
            parts = [part.strip() for part in line.split(separator)]
            yield parts
            yield [part.strip('"').strip() for part in parts]
    yield [part for part in re.split(r"[ \t]+", line) if part]


def npz(data: bytes) -> dict[str, np.ndarray]:
    """The arrays of an archive."""
    with np.load(io.BytesIO(data)) as archive:
        return {name: archive[name] for name in archive.files}


def check_picture(picture: bytes) -> None:
    """Refuse an SVG file that is not well-formed."""
    try:
        ElementTree.fromstring(picture)
    except ElementTree.ParseError as error:
        raise Wrong(f"the picture is not well-formed: {error}") from error


class _Page(HTMLParser):
    """Collects the tags of a page and its embedded pictures."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.pictures: list[bytes] = []
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags |= {tag, *(f"{tag} {name}" for name, _ in attrs)}
        source = dict(attrs).get("src") or ""
        if source.startswith("data:image/svg+xml;base64,"):
            self.pictures.append(base64.b64decode(source.partition(",")[2]))


def check_page(page: bytes, sound: bytes) -> None:
    """Refuse a page with other tags than those of a sound one, and one with broken pictures."""
    found, expected = _Page(page), _Page(sound)
    if strange := found.tags - expected.tags:
        raise Wrong(f"tags that are not the page's own: {sorted(strange)}")
    for picture in found.pictures:
        check_picture(picture)
