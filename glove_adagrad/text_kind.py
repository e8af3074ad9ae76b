"""Recognise from its first bytes that a corpus file is not plain UTF-8 text: archives, other encodings, markup."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from glove_adagrad.errors import InputError

#: U+FEFF in UTF-8, which editors and spreadsheets put at the start of a file.
BYTE_ORDER_MARK = b"\xef\xbb\xbf"

#: U+3000, the blank of Chinese and Japanese text.
_IDEOGRAPHIC_SPACE = "\u3000".encode()

#: Bytes that are looked at.
HEAD_BYTES = 1 << 16

_WORDS_AT_A_TIME = 10_000


class _Kind(NamedTuple):
    """A kind of file: how it begins, its name, and what to do with it."""

    start: re.Pattern[bytes]
    name: str
    remedy: str


def _kinds(*kinds: tuple[bytes, str, str]) -> list[_Kind]:
    return [_Kind(re.compile(start, re.DOTALL | re.IGNORECASE), name, remedy) for start, name, remedy in kinds]


_UNPACK = "unpack it first"
_ICONV = "convert it with iconv -f {} -t UTF-8"

#: Files without words to count.
_REFUSED = _kinds(
    (rb"PK(\x03\x04|\x05\x06)", "a zip archive", _UNPACK),
    (rb"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", _UNPACK),
    (rb"Rar!\x1a\x07", "a RAR archive", _UNPACK),
    (rb".{257}ustar", "a tar archive", _UNPACK),
    (rb"\x04\x22\x4d\x18", "LZ4 data", _UNPACK),
    (rb"%PDF-", "a PDF file", "extract its text first, for example with pdftotext"),
    (rb"PAR1", "a Parquet file", "write its text column to a text file first"),
    (rb"SQLite format 3\0", "an SQLite database", "write its text to a text file first"),
    (rb"version https://git-lfs\.", "a Git LFS pointer, not the file it stands for", "run git lfs pull"),
    (rb"\xff\xfe\0\0|\0\0\xfe\xff", "UTF-32 text", _ICONV.format("UTF-32")),
    (rb"\xff\xfe|\xfe\xff", "UTF-16 text", _ICONV.format("UTF-16")),
)

#: Text whose markup would be counted as words.
_SUSPECT = _kinds(
    (
        rb'(\[\s*)?\{\s*"([^"\\]|\\.)*"\s*:',
        "JSON",
        "extract the text first, for example with jq -r .text",
    ),
    (
        rb"(<\?xml[^>]*>\s*)?<mediawiki\b",
        "a Wikipedia dump",
        "read it with --format wikipedia",
    ),
    (rb"(<!doctype html|<html)\b", "HTML", "extract its text first"),
    (rb"<\?xml\b", "XML", "extract its text first"),
    (rb"WARC/1\.", "a web archive (WARC)", "extract its text first"),
    (
        rb"(#[^\n]*\n\s*)*\d+([-.]\d+)?(\t[^\t\n]+){9}\r?\n",
        "CoNLL-U",
        "extract a column first, for example with awk -F'\\t' '!NF {print \"\"} /^[0-9]+\\t/ {printf \"%s \", $2}'",
    ),
)


def refuse_other_files(head: bytes, name: str) -> None:
    """Refuse a file without words to count.

    Parameters
    ----------
    head : bytes
        The first bytes of the file.
    name : str
        The file, for the message.

    Raises
    ------
    InputError
        If it is an archive, a database or text in UTF-16 or UTF-32.
    """
    for kind in _REFUSED:
        if kind.start.match(head):
            raise InputError(f"{name}: is {kind.name}; {kind.remedy}")
    begin = head[:HEAD_BYTES]
    zeros = [begin[first::2].count(0) for first in (0, 1)]
    # ASCII characters in UTF-16 have one zero byte each, always on the same side
    if max(zeros) > max(len(begin) // 8, 3) and min(zeros) == 0:
        encoding = "UTF-16BE" if zeros[0] else "UTF-16LE"
        raise InputError(f"{name}: looks like {encoding} text; {_ICONV.format(encoding)}")


def suspicion(head: bytes) -> str:
    """Describe what a text file seems to hold other than words between blanks.

    Parameters
    ----------
    head : bytes
        The first bytes of the file.

    Returns
    -------
    str
        A warning without the name of the file; empty for plain text.
    """
    begin = head[:HEAD_BYTES].lstrip()
    for kind in _SUSPECT:
        if kind.start.match(begin):
            return f"looks like {kind.name} and is counted as plain text; {kind.remedy}"
    if b"\n" not in head and b"\r" in head.rstrip(b"\r"):
        return (
            "its lines end with CR alone; CR is dropped, as by Stanford's programs, which joins the words around it; "
            "convert the file with tr '\\r' '\\n'"
        )
    if begin.count(_IDEOGRAPHIC_SPACE) > begin.count(b" ") + begin.count(b"\t"):
        return (
            "its words seem to be separated by U+3000 (ideographic space), which does not separate words here; "
            "replace it by a blank, for example with sed 's/\\xe3\\x80\\x80/ /g'"
        )
    return ""


def undecodable(words: Sequence[bytes]) -> list[bytes]:
    """Return the words that are not UTF-8."""
    bad = []
    for begin in range(0, len(words), _WORDS_AT_A_TIME):
        some = words[begin : begin + _WORDS_AT_A_TIME]
        try:
            b" ".join(some).decode()
        except UnicodeDecodeError:
            bad += [word for word in some if not _is_utf8(word)]
    return bad


def _is_utf8(word: bytes) -> bool:
    try:
        word.decode()
    except UnicodeDecodeError:
        return False
    return True
