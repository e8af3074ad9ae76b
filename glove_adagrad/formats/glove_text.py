"""GloVe text: a line `word v1 ... vd` each, no header. What the Stanford programs write and publish."""

from __future__ import annotations

import re
from pathlib import Path

from glove_adagrad.errors import InputError
from glove_adagrad.formats.layout import GLOVE_TEXT, VectorLayout, separator_of
from glove_adagrad.formats.streams import Stream, open_for_writing
from glove_adagrad.formats.text_rows import encode_words, first_row, read_rows, write_rows
from glove_adagrad.formats.word_vectors import WordVectors, checked
from glove_adagrad.malformed import Malformed

_DECIMAL = re.compile(r"[-+]?\d*\.\d+(e[-+]?\d+)?", re.IGNORECASE)
_LOOKED_AT = 100  # words that show whether there are any
_FEWEST = 10  # decimal numbers that may all be words of a small vocabulary
_HEAD = 1 << 12  # bytes in which text has no zero byte


def write(path: Path, wv: WordVectors) -> None:
    """Write with six decimals; compressed if the name says so.

    Raises
    ------
    InputError
        If a word has a blank in it.
    """
    words = encode_words(wv.words, path)
    with open_for_writing(path) as file:
        write_rows(file, words, wv.vectors)


def read(path: Path, stream: Stream, strict: bool = False) -> tuple[WordVectors, VectorLayout]:
    """Read all lines of `stream`, which is at its start.

    Raises
    ------
    InputError
        Naming file and line, if rows are of different lengths or have fields that are not finite numbers: for the
        first such row if `strict`, else if more than a few are.
    """
    if b"\0" in stream.peek(_HEAD):
        raise InputError(
            f"{path}: not in a known format of vectors (binary data without a header); a binary file of Stanford's "
            "glove is read if its vocab.txt is in the same folder"
        )
    malformed = Malformed(path, strict, kind="a file of vectors")
    separator = separator_of(first_row(stream))
    words, vectors = read_rows(stream, path, 1, malformed)
    if len(words) > _FEWEST and all(map(_DECIMAL.fullmatch, words[:_LOOKED_AT])):
        raise InputError(f"{path}: has rows of numbers without words; put the word of each row in front of it")
    return checked(path, words, vectors, malformed=malformed), VectorLayout(GLOVE_TEXT, separator=separator)
