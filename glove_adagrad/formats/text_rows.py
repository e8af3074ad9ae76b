"""Lines of a word and its numbers: what the text formats have in common."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np

from glove_adagrad.errors import InputError

_CHUNK = 1 << 24  # bytes read at a time
_LARGEST = float(np.finfo(np.float32).max)
_WRITE_NUMBERS = 1 << 19  # numbers formatted at a time


def encode_words(words: list[str], path: Path) -> list[bytes]:
    """The words' bytes, none of which would break a line into other fields.

    Raises
    ------
    InputError
        If a word is empty or holds a space, tab or line end.
    """
    encoded = [word.encode("utf-8", "surrogateescape") for word in words]
    for row, word in enumerate(encoded):
        if not word or any(blank in word for blank in b" \t\n\r"):
            raise InputError(
                f"{path}: the word {words[row]!r} (row {row + 1}) is empty or has a blank in it, which a text "
                "format cannot hold; use keyedvectors"
            )
    return encoded


def write_rows(file: IO[bytes], words: list[bytes], vectors: np.ndarray, separator: bytes = b" ") -> None:
    """Write a line for each row: the word, then its numbers with six decimals as C's `%.6f`.

    Parameters
    ----------
    file : binary file
    words : list of bytes
        Where a word is empty, the line starts with the first number.
    vectors : float32 [n, d]
    separator : one byte
    """
    from glove_adagrad.kernels.text_numbers import FORMAT_LIMIT, NUMBER_BYTES, format_rows

    vectors = np.ascontiguousarray(vectors, dtype=np.float32)
    step = max(1, _WRITE_NUMBERS // vectors.shape[1])
    for start in range(0, len(words), step):
        part, rows = words[start : start + step], vectors[start : start + step]
        if not (np.abs(rows) < FORMAT_LIMIT).all():
            for word, row in zip(part, rows, strict=True):
                numbers = [b"%.6f" % number for number in row]
                file.write(separator.join([word, *numbers] if word else numbers) + b"\n")
            continue
        ends = np.zeros(len(part) + 1, dtype=np.int64)
        np.cumsum([len(word) for word in part], out=ends[1:])
        blob = np.frombuffer(b"".join(part), dtype=np.uint8)
        out = np.empty(blob.size + len(part) * (rows.shape[1] * NUMBER_BYTES + 1), dtype=np.uint8)
        file.write(out[: format_rows(blob, ends, rows, separator[0], out)].data)


def read_rows(file: IO[bytes], path: Path, first_line: int, size: int = 0) -> tuple[list[str], np.ndarray]:
    """Read lines of a word and `size` numbers, up to the end of the file.

    Parameters
    ----------
    file : binary file
        At the start of a line.
    path : Path
        For messages.
    first_line : int
        The number of that line in the file, from 1.
    size : int
        0 for as many as the first line has.

    Returns
    -------
    words : list of str
    vectors : float32 [n, d]

    Raises
    ------
    InputError
        Naming file and line, if a line has no word, more or fewer numbers, or something that is no number.
    """
    from glove_adagrad.kernels.text_numbers import ROW_ODD, parse_rows

    words: list[str] = []
    parts: list[np.ndarray] = []
    line_number = first_line
    for chunk in _whole_lines(file):
        text = np.frombuffer(chunk, dtype=np.uint8)
        if not size:
            size = len(chunk[: chunk.index(b"\n")].split()) - 1
            if size < 1:
                raise InputError(f"{path}:{line_number}: expected a word and its numbers, found {_shown(chunk)}")
        lines = int(np.count_nonzero(text == 10))
        vectors = np.empty((lines, size), dtype=np.float32)
        word_ends, line_ends = np.empty(lines, dtype=np.int64), np.empty(lines, dtype=np.int64)
        status = np.empty(lines, dtype=np.uint8)
        parse_rows(text, vectors, word_ends, line_ends, status)
        starts = np.concatenate([[0], line_ends[:-1] + 1])
        read = np.ones(lines, dtype=bool)
        status[word_ends == starts] = ROW_ODD
        spans = zip(starts.tolist(), word_ends.tolist(), line_ends.tolist(), status.tolist(), strict=True)
        for row, (start, word_end, line_end, odd) in enumerate(spans):
            if not odd:
                words.append(chunk[start:word_end].decode("utf-8", "surrogateescape"))
                continue
            line = chunk[start:line_end]
            if not line.strip():
                read[row] = False
                continue
            word, vectors[row] = _odd_line(line, size, f"{path}:{line_number + row}")
            words.append(word)
        parts.append(vectors if read.all() else vectors[read])
        line_number += lines
    return words, np.concatenate(parts) if parts else np.empty((0, 0), dtype=np.float32)


def _whole_lines(file: IO[bytes]) -> Iterator[bytes]:
    """The rest of the file in chunks that end at a line end; one is added where the last line has none."""
    rest = b""
    while data := file.read(_CHUNK):
        head, newline, tail = data.rpartition(b"\n")
        if newline:
            yield rest + head + newline
            rest = tail
        else:
            rest += data
    if rest:
        yield rest + b"\n"


def _odd_line(line: bytes, size: int, where: str) -> tuple[str, list[float]]:
    """Read with Python's `float` a line that the kernel is not sure of.

    Some published files have words with spaces: there the last `size` fields are the numbers, provided
    that the fields before them cannot be taken for numbers too.
    """
    fields = line.rstrip().replace(b"\t", b" ").split(b" ")
    fields = fields[:1] + [field for field in fields[1:] if field]
    head, tail = fields[:-size], fields[-size:]
    if not head or not head[0] or any(_is_number(field) for field in head[1:]):
        raise InputError(
            f"{where}: expected a word and {size} numbers, found {len(fields) - 1} fields after the first in "
            f"{_shown(line)}"
        )
    numbers = []
    for column, field in enumerate(tail, start=1):
        if not _is_number(field):
            raise InputError(f"{where}: {_shown(field)} is not a number (the word is {_shown(head[0])})")
        numbers.append(float(field))
        if not abs(numbers[-1]) <= _LARGEST:
            raise InputError(
                f"{where}: the vector of {_shown(b' '.join(head))} has {numbers[-1]} as its number {column}; every "
                "number must be finite as float32, so take the line out or train again"
            )
    return b" ".join(head).decode("utf-8", "surrogateescape"), numbers


def _is_number(field: bytes) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return b"_" not in field  # Python's own spelling 1_000, no number in any file


def _shown(field: bytes) -> str:
    text = field.split(b"\n")[0].decode("utf-8", "replace")
    return repr(text if len(text) <= 60 else text[:57] + "...")
