"""Recognise text whose markup would be counted as words, odd white space, and words that are not UTF-8."""

from __future__ import annotations

import re
from collections.abc import Sequence

from glove_adagrad.file_kind import HEAD_BYTES

#: U+FEFF in UTF-8, which editors and spreadsheets put at the start of a file.
BYTE_ORDER_MARK = b"\xef\xbb\xbf"

#: U+3000, the blank of Chinese and Japanese text.
_IDEOGRAPHIC_SPACE = "\u3000".encode()

_WORDS_AT_A_TIME = 10_000


#: Text whose markup would be counted as words.
_SUSPECT = [
    (re.compile(start, re.IGNORECASE), name, remedy)
    for start, name, remedy in (
        (
            rb'(\[\s*)?\{\s*"([^"\\]|\\.)*"\s*:',
            "JSON",
            "read it with `text_format=jsonl` and `field=NAME` (an object on each line)",
        ),
        (rb"(<\?xml[^>]*>\s*)?<mediawiki\b", "a Wikipedia dump", "read it with `text_format=wikipedia`"),
        (rb"(<!doctype html|<html)\b", "HTML", "extract its text first"),
        (rb"<\?xml\b", "XML", "extract its text first"),
        (rb"WARC/1\.", "a web archive (WARC)", "read it with `text_format=wet` if it is a WET file"),
        (
            rb"(#[^\n]*\n\s*)*\d+([-.]\d+)?(\t[^\t\n]+){9}\r?\n",
            "CoNLL-U",
            "read it with `text_format=conllu` and `column=form` or `column=lemma`",
        ),
    )
]


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
    for start, name, remedy in _SUSPECT:
        if start.match(begin):
            return f"looks like {name} and is counted as plain text; {remedy}"
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
