"""The formats of word2vec's C program: a header line `n d`, then n words with d numbers, as text or binary.

Text has a line for each word. Binary has the word, a space and d little-endian float32, with or without a
line end behind them (the C program writes one, gensim does not; here: not).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from glove_adagrad.errors import InputError
from glove_adagrad.formats.streams import open_for_reading, open_for_writing
from glove_adagrad.formats.text_rows import encode_words, read_rows, write_rows
from glove_adagrad.formats.word_vectors import UNK, WordVectors, checked

_FLOAT = np.dtype("<f4")


def write(path: Path, wv: WordVectors, binary: bool = False) -> None:
    """Write with a header that counts every row; gensim's `load_word2vec_format` reads it strictly.

    Raises
    ------
    InputError
        If a word has a blank in it.
    """
    words = encode_words(wv.words, path)
    with open_for_writing(path) as file:
        file.write(b"%d %d\n" % wv.vectors.shape)
        if not binary:
            write_rows(file, words, wv.vectors)
            return
        for word, row in zip(words, np.ascontiguousarray(wv.vectors, dtype=_FLOAT), strict=True):
            file.write(word + b" " + row.tobytes())


def read(path: Path, binary: bool = False) -> WordVectors:
    """Read a file with a header.

    A text file may have one row more than its header says, if that row is `<unk>`: so the Stanford program
    writes it.

    Raises
    ------
    InputError
        If the header is not two whole numbers or miscounts the rows or their numbers, and as for `checked`.
    """
    with open_for_reading(path) as file:
        header = file.readline(100)
        sizes = parse_header(header)
        if sizes is None:
            raise InputError(f"{path}:1: expected a header `words dimensions`, found {header[:60]!r}")
        rows, size = sizes
        if binary:
            return _parse_binary(path, file.read(), rows, size)
        words, vectors = read_rows(file, path, first_line=2, size=size)
    if len(words) != rows and not (len(words) == rows + 1 and words[-1] == UNK):
        raise InputError(f"{path}: the header says {rows} words, found {len(words)}; the file may be cut short")
    return checked(path, words, vectors)


def parse_header(line: bytes) -> tuple[int, int] | None:
    """The two numbers of a header line, or None if it is something else."""
    fields = line.split()
    if len(fields) == 2 and all(field.isdigit() for field in fields) and int(fields[1]) > 0:
        return int(fields[0]), int(fields[1])
    return None


def _parse_binary(path: Path, data: bytes, rows: int, size: int) -> WordVectors:
    width = size * _FLOAT.itemsize
    # a damaged header must not ask for more memory than the file can fill
    vectors = np.empty((min(rows, len(data) // (width + 1) + 1), size), dtype=np.float32)
    words = []
    at = 0
    for row in range(rows):
        blank = data.find(b" ", at)
        end = blank + 1 + width
        if blank < 0 or end > len(data):
            raise InputError(f"{path}: the header says {rows} words, found {row}; the file may be cut short")
        words.append(data[at:blank].lstrip(b"\n").decode("utf-8", "surrogateescape"))
        vectors[row] = np.frombuffer(data, dtype=_FLOAT, count=size, offset=blank + 1)
        at = end
    return checked(path, words, vectors)
