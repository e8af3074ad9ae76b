"""The formats of word2vec's C program: a header line `n d`, then n words with d numbers, as text or binary.

Text has a line for each word. Binary has the word, a space and d little-endian float32, with or without a
line end behind them (the C program writes one, gensim does not; here: not).
"""

from __future__ import annotations

import codecs
import re
import warnings
from pathlib import Path

import numpy as np

from glove_adagrad.errors import InputError
from glove_adagrad.formats.binary_numbers import is_big_endian, type_of_other_size
from glove_adagrad.formats.layout import WORD2VEC_BINARY, WORD2VEC_TEXT, VectorLayout, separator_of
from glove_adagrad.formats.streams import Stream, open_for_writing
from glove_adagrad.formats.text_rows import (
    LONGEST_ROW,
    encode_words,
    ends_in_numbers,
    first_row,
    is_foreign_text,
    read_rows,
    row_problem,
    write_rows,
)
from glove_adagrad.formats.word_vectors import UNK, WordVectors, checked
from glove_adagrad.malformed import Malformed, few
from glove_adagrad.text import printable, to_text

_FLOAT = np.dtype("<f4")

HEADER = re.compile(rb"[ \t]*(\d+)[ \t]+(\d+)[ \t]*(?:\r\n|\n|\r|\Z)")
_HEADER_BYTES = 1 << 14
_DIGITS = 18  # of an int64
_CONTROL = re.compile(rb"[\x00-\x08\x0b-\x1f]")
_CHUNK = 1 << 21  # bytes read at a time: large against the cost of a call, small enough for caches
_LONGEST_WORD = 1 << 16
_SAMPLE = 1 << 17  # bytes that decide on the type of numbers


def write(path: Path, wv: WordVectors, binary: bool = False, *, workers: int | None = None) -> None:
    """Write with a header that counts every row; gensim's `load_word2vec_format` reads it strictly.

    `workers` is the number of threads that format text, all cores by default.

    Raises
    ------
    InputError
        If a word has a blank in it.
    """
    words = encode_words(wv.words, path)
    with open_for_writing(path) as file:
        file.write(b"%d %d\n" % wv.vectors.shape)
        if not binary:
            write_rows(file, words, wv.vectors, workers=workers)
            return
        for word, row in zip(words, np.ascontiguousarray(wv.vectors, dtype=_FLOAT), strict=True):
            file.write(word + b" " + row.tobytes())


def read_header(stream: Stream, path: Path) -> tuple[int, int] | None:
    """Read the header line, if there is one.

    Returns
    -------
    (int, int) or None
        Rows and numbers per row. None if the first line is something else; then nothing is read.

    Raises
    ------
    InputError
        If the numbers are larger than any file of vectors has.
    """
    found = HEADER.match(stream.peek(_HEADER_BYTES))
    if not found or not found[2].strip(b"0"):
        return None
    shown = [text.decode() if len(text) <= 20 else f"{text[:17].decode()}..." for text in found.groups()]
    if len(found[1]) > _DIGITS:
        raise InputError(f"{path}:1: the header says {shown[0]} words; no file has that many")
    if len(found[2]) > _DIGITS or int(found[2]) > LONGEST_ROW // _FLOAT.itemsize:
        raise InputError(
            f"{path}:1: the header says {shown[1]} numbers for each word; at most "
            f"{LONGEST_ROW // _FLOAT.itemsize:,} are read"
        )
    stream.read(found.end())
    return int(found[1]), int(found[2])


def read(
    path: Path, stream: Stream, sizes: tuple[int, int], strict: bool = False
) -> tuple[WordVectors, VectorLayout]:
    """Read what follows the header: text if the first row ends in the right number of numbers, else binary.

    A text file may have one row more than its header says, if that row is `<unk>`: so the Stanford program
    writes it.

    Parameters
    ----------
    path : Path
        For messages.
    stream : Stream
        After the header.
    sizes : (int, int)
        Rows and numbers per row, as `read_header` returns them.
    strict : bool
        Refuse bad rows and a header one row too high; otherwise they give a warning.

    Raises
    ------
    InputError
        If the file is neither text nor fits binary rows to the last byte, or has other rows than the header says.
    """
    rows, size = sizes
    first = first_row(stream, size)
    if ends_in_numbers(first, size):
        layout = VectorLayout(WORD2VEC_TEXT, header=True, separator=separator_of(first))
        return _read_text(path, stream, rows, size, strict), layout
    if is_foreign_text(first, size):  # by chance, it can have as many bytes as a binary row
        raise InputError(f"{path}:2: {row_problem(first, size)}")
    malformed = Malformed(path, strict, unit="row")
    head = stream.peek(_SAMPLE)
    words, vectors, problem = _read_binary(stream, rows, size, malformed)
    kind = type_of_other_size(head, rows, size) if problem else "big-endian float32" * is_big_endian(vectors)
    if kind:
        raise InputError(
            f"{path}: is word2vec binary of {kind}, not of little-endian float32; write it as text with the program "
            "that it is from"
        )
    if problem and not _is_text(first):
        raise InputError(
            f"{path}:2: not a line of a word and {size} numbers, and as binary the file does not fit its header: "
            f"{problem}"
        )
    if problem:
        raise InputError(f"{path}:2: {row_problem(first, size)}")
    return checked(path, words, vectors, malformed=malformed), VectorLayout(WORD2VEC_BINARY, header=True)


def _is_text(row: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(row)  # the last character may be cut off
    except UnicodeDecodeError:
        return False
    return not _CONTROL.search(row)


def _read_text(path: Path, stream: Stream, rows: int, size: int, strict: bool) -> WordVectors:
    malformed = Malformed(path, strict, kind="a file of vectors")
    words, vectors = read_rows(stream, path, 2, malformed, size, rows)
    found = len(words) + malformed.lines
    if found != rows and not (found == rows + 1 and words[-1] == UNK):
        more = " or more" if found > rows else ""
        message = f"{path}: the header says {rows} words, found {found}{more}; the file may be cut short"
        if strict or found != rows - 1 or malformed.lines or not few(1, found):
            raise InputError(message)
        warnings.warn(printable(message), stacklevel=2)
    return checked(path, words, vectors, malformed=malformed)


def _read_binary(stream: Stream, rows: int, size: int, malformed: Malformed) -> tuple[list[str], np.ndarray, str]:
    """Read binary rows up to the end of the file; the third result says why they do not fit, if they do not."""
    width = size * _FLOAT.itemsize
    words: list[str] = []
    parts = [np.empty((0, size), dtype=np.float32)]
    rest = b""
    done = 0
    while done < rows and (data := stream.read(_CHUNK)):
        data = rest + data
        numbers = []
        at = 0
        while done < rows:
            blank = data.find(b" ", at, at + _LONGEST_WORD)
            end = blank + 1 + width
            if blank < 0 or end > len(data):
                break
            word = data[at:blank].lstrip(b"\n")
            if word and b"\n" not in word and b"\r" not in word:
                words.append(to_text(word))
                numbers.append(data[blank + 1 : end])
            else:
                malformed.add(done + 1, f"the word {to_text(word)!r} is empty or has a line end in it")
                malformed.check_hopeless(len(words))
            at = end
            done += 1
        parts.append(np.frombuffer(b"".join(numbers), dtype=_FLOAT).reshape(-1, size))
        rest = data[at:]
        if done < rows and blank < 0 and len(rest) >= _LONGEST_WORD:
            return [], parts[0], f"row {done + 1} has no word"
    if done < rows:
        return [], parts[0], f"it says {rows} words, found {done}; the file may be cut short"
    if (rest + stream.read(_LONGEST_WORD)).strip(b"\r\n"):
        return [], parts[0], f"it says {rows} words, and more data follow them"
    return words, np.concatenate(parts), ""
