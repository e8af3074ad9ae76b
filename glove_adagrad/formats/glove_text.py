"""GloVe text: a line `word v1 ... vd` each, no header. What the Stanford programs write and publish."""

from __future__ import annotations

from pathlib import Path

from glove_adagrad.formats.streams import open_for_reading, open_for_writing
from glove_adagrad.formats.text_rows import encode_words, read_rows, write_rows
from glove_adagrad.formats.word_vectors import WordVectors, checked


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


def read(path: Path) -> WordVectors:
    """Read all lines.

    Raises
    ------
    InputError
        Naming file and line, for rows of different lengths, things that are no numbers, NaN and infinity.
    """
    with open_for_reading(path) as file:
        words, vectors = read_rows(file, path, first_line=1)
    return checked(path, words, vectors)
