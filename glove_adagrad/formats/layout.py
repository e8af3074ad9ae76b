"""`VectorLayout`: what a file of vectors was found to be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

KEYED_VECTORS = "KeyedVectors of gensim"
STANFORD_BINARY = "binary file of Stanford's glove"
WORD2VEC_BINARY = "word2vec binary"
WORD2VEC_TEXT = "word2vec text"
GLOVE_TEXT = "GloVe text"


@dataclass(frozen=True)
class VectorLayout:
    """How a file of vectors was read.

    Attributes
    ----------
    format : str
    header : bool
        Whether a first line had the numbers of words and components.
    separator : {'blanks', 'tabs', 'blanks and tabs'} or None
        Between the fields of text, judged by its first row.
    byte_order_mark : bool
    compression : str or None
        The suffix that such files have, as `.gz`.
    not_utf8 : int
        Number of words whose bytes are not UTF-8.
    """

    format: str
    header: bool = False
    separator: str | None = None
    byte_order_mark: bool = False
    compression: str | None = None
    not_utf8: int = 0

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return vars(self).copy()

    def describe(self) -> str:
        """Return one line for people."""
        text = self.separator is not None
        parts = [
            self.format,
            *(["with a header" if self.header else "without a header"] if text else []),
            *([f"separated by {self.separator}"] if text else []),
            *(["with a byte order mark"] if self.byte_order_mark else []),
            *([f"compressed as {self.compression}"] if self.compression else []),
            *([f"words not in UTF-8: {self.not_utf8:,}"] if self.not_utf8 else []),
        ]
        return ", ".join(parts)


def count_not_utf8(words: list[str]) -> int:
    """How many words, decoded by `text.to_text`, have bytes that are not UTF-8."""
    try:
        "".join(words).encode()
    except UnicodeEncodeError:
        return sum(any("\ud800" <= character <= "\udfff" for character in word) for word in words)
    return 0


def separator_of(row: bytes) -> str:
    """The separator of a row of text."""
    row = row.strip(b" \t\r\n")
    if b"\t" not in row:
        return "blanks"
    return "blanks and tabs" if b" " in row else "tabs"
