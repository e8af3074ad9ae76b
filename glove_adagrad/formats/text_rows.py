"""Lines of a word and its numbers: what the text formats have in common."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

import numpy as np

from glove_adagrad.errors import InputError
from glove_adagrad.formats.streams import Stream
from glove_adagrad.malformed import Malformed
from glove_adagrad.parallel import in_order, number_of_workers
from glove_adagrad.text import to_bytes, to_text

#: Bytes of the longest row that is read, as text or binary.
LONGEST_ROW = 1 << 23

_CHUNK = 1 << 21  # bytes read at a time: large against the cost of a call, small enough for caches
_LOOKED_AT = 100  # lines that decide how many numbers a row has
_BLANKS = b" \t\r\n"
_BLANK = re.compile(rb"[ \t\r\n]")
_LARGEST = float(np.finfo(np.float32).max)
_WRITE_NUMBERS = 1 << 16  # numbers formatted at a time: little memory for each thread


def encode_words(words: list[str], path: Path) -> list[bytes]:
    """The words' bytes, none of which would break a line into other fields.

    Raises
    ------
    InputError
        If a word is empty or holds a space, tab or line end.
    """
    encoded = list(map(to_bytes, words))
    if all(encoded) and not _BLANK.search(b"".join(encoded)):
        return encoded
    for row, word in enumerate(encoded):
        if not word or _BLANK.search(word):
            raise InputError(
                f"{path}: the word {words[row]!r} (row {row + 1}) is empty or has a blank in it, which a text "
                "format cannot hold; use keyedvectors"
            )
    return encoded


def write_rows(
    file: IO[bytes],
    words: list[bytes],
    vectors: np.ndarray,
    separator: bytes = b" ",
    *,
    workers: int | None = None,
) -> None:
    """Write a line for each row: the word, then its numbers with six decimals as C's `%.6f`.

    Parameters
    ----------
    file : binary file
    words : list of bytes
        Where a word is empty, the line starts with the first number.
    vectors : float32 [n, d]
    separator : one byte
    workers : int, optional
        Threads that format rows, all cores by default; the text does not depend on their number.
    """
    vectors = np.ascontiguousarray(vectors, dtype=np.float32)
    workers = number_of_workers(workers)
    step = max(1, _WRITE_NUMBERS // vectors.shape[1])
    blocks = (slice(start, start + step) for start in range(0, len(words), step))
    with ThreadPoolExecutor(workers) as pool:
        tasks = ((_formatted, (words[block], vectors[block], separator)) for block in blocks)
        for text in in_order(pool, workers, tasks):
            file.write(text)


def _formatted(words: list[bytes], vectors: np.ndarray, separator: bytes) -> bytes | memoryview:
    """The lines of some rows; see `write_rows`."""
    from glove_adagrad.kernels.text_numbers import FORMAT_LIMIT, NUMBER_BYTES, format_rows

    if not (np.abs(vectors) < FORMAT_LIMIT).all():
        rows = ((word, [b"%.6f" % number for number in row]) for word, row in zip(words, vectors, strict=True))
        return b"".join(separator.join([word, *row] if word else row) + b"\n" for word, row in rows)
    ends = np.zeros(len(words) + 1, dtype=np.int64)
    np.cumsum([len(word) for word in words], out=ends[1:])
    blob = np.frombuffer(b"".join(words), dtype=np.uint8)
    out = np.empty(blob.size + len(words) * (vectors.shape[1] * NUMBER_BYTES + 1), dtype=np.uint8)
    return out[: format_rows(blob, ends, vectors, separator[0], out)].data


def read_rows(
    stream: Stream, path: Path, first_line: int, malformed: Malformed, size: int = 0, rows: int | None = None
) -> tuple[list[str], np.ndarray]:
    """Read lines of a word and `size` numbers, up to the end of the file.

    Lines end with LF, CRLF or CR; blank ones are passed over.

    Parameters
    ----------
    stream : Stream
        At the start of a line.
    path : Path
        For messages.
    first_line : int
        The number of that line in the file, from 1.
    malformed : Malformed
        Collects lines without a word, or with other than `size` finite numbers.
    size : int
        0 for the number that most of the first lines have.
    rows : int, optional
        The number of rows expected: reading stops when more than one row beyond them is found.

    Returns
    -------
    words : list of str
    vectors : float32 [n, d]

    Raises
    ------
    InputError
        Naming file and line, if a line is longer than `LONGEST_ROW`, or if more lines are malformed than good.
    """
    from glove_adagrad.kernels.text_numbers import ROW_ODD, parse_rows

    words: list[str] = []
    parts: list[np.ndarray] = []
    for chunk, line_number in _whole_lines(stream, path, first_line):
        if not size:
            size = _row_size(chunk, path, line_number)
        chunk, numbers = _long_enough(chunk, size, line_number, malformed)
        lines = len(numbers)
        if not lines:
            continue
        before = len(words)
        vectors = np.empty((lines, size), dtype=np.float32)
        word_ends, line_ends = np.empty(lines, dtype=np.int64), np.empty(lines, dtype=np.int64)
        status = np.empty(lines, dtype=np.uint8)
        parse_rows(np.frombuffer(chunk, dtype=np.uint8), vectors, word_ends, line_ends, status)
        starts = np.concatenate([[0], line_ends[:-1] + 1])
        read = np.ones(lines, dtype=bool)
        status[word_ends == starts] = ROW_ODD
        spans = zip(starts.tolist(), word_ends.tolist(), line_ends.tolist(), status.tolist(), strict=True)
        for row, (start, word_end, line_end, odd) in enumerate(spans):
            if not odd:
                words.append(chunk[start:word_end].decode("utf-8", "surrogateescape"))
                continue
            read[row] = False
            line = chunk[start:line_end]
            if line.strip():
                try:
                    word, vectors[row] = _odd_line(line, size)
                except _BadRow as problem:
                    malformed.add(numbers[row], str(problem))
                    malformed.check_hopeless(len(words))
                else:
                    words.append(word)
                    read[row] = True
        parts.append(vectors if read.all() else vectors[read])
        if lines > _LOOKED_AT and 2 * len(set(words[before:])) < len(words) - before:
            raise InputError(f"{path}:{line_number}: most words from here on are repeated; not a file of vectors")
        if rows is not None and len(words) > rows + 1:
            break
    return words, np.concatenate(parts) if parts else np.empty((0, 0), dtype=np.float32)


def first_row(stream: Stream, size: int = 0) -> bytes:
    """Return the next line of `stream`, of a row of `size` numbers if known, or its beginning, without moving on."""
    head = stream.peek(min(LONGEST_ROW, 64 * size + 4096))
    return re.split(rb"[\r\n]", head.lstrip(b"\r\n"), maxsplit=1)[0]


def row_problem(line: bytes, size: int) -> str:
    """Say why a line is not a word and `size` numbers; an empty string if it is."""
    try:
        _odd_line(line, size)
    except _BadRow as problem:
        return str(problem)
    return ""


def ends_in_numbers(line: bytes, size: int) -> bool:
    """Whether the last `size` fields of a line are numbers, finite or not."""
    fields = _fields(line)
    return len(fields) >= size and all(map(_is_number, fields[-size:]))


def is_foreign_text(line: bytes, size: int) -> bool:
    """Whether a line is a word and `size` numbers spelt as some programs do and `float` does not."""
    numbers = _fields(line)[1:]
    odd = [field for field in numbers if not _is_number(field)]
    return len(numbers) == size and bool(odd) and all(map(_hint, odd))


class _BadRow(Exception):
    """A row that cannot be used; the message says what was expected and found."""


def _whole_lines(stream: Stream, path: Path, line_number: int) -> Iterator[tuple[bytes, int]]:
    """Chunks of the rest of the file that end at a line end, each with the number of its first line.

    CRLF and CR become LF, and the last line gets one if it has none.
    """
    rest = b""
    while data := stream.read(_CHUNK):
        data = rest + data
        held = b""
        if b"\r" in data:
            # a CR at the end may be the first half of a CRLF
            held = b"\r" if data.endswith(b"\r") else b""
            data = data[: len(data) - len(held)].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        end = data.rfind(b"\n") + 1
        rest = data[end:] + held
        if end:
            yield data[:end], line_number
            line_number += data.count(b"\n", 0, end)
        if len(rest) > LONGEST_ROW:
            raise InputError(
                f"{path}:{line_number}: the line is longer than {LONGEST_ROW >> 20} MB; not a file of vectors in text"
            )
    if rest.rstrip(b"\r"):
        yield rest.rstrip(b"\r") + b"\n", line_number


def _row_size(chunk: bytes, path: Path, line_number: int) -> int:
    """How many numbers most of the first lines have; the very first may have a word of several fields."""
    lines = [line for line in chunk.split(b"\n", _LOOKED_AT)[:_LOOKED_AT] if line.strip()]
    counts = Counter(len(_fields(line)) - 1 for line in lines)
    size = counts.most_common(1)[0][0] if counts else 0
    if size < 1:
        first = lines[0] if lines else b""
        hint = _hint(first.split(b" ")[0])
        raise InputError(f"{path}:{line_number}: expected a word and its numbers, found {_shown(first)}{hint}")
    return size


def _long_enough(
    chunk: bytes, size: int, line_number: int, malformed: Malformed
) -> tuple[bytes, Sequence[int] | np.ndarray]:
    """Drop lines too short for `size` numbers if rows for all of them would need much memory.

    Returns
    -------
    chunk : bytes
    numbers : sequence of int
        The number of each line that is left.
    """
    lines = chunk.count(b"\n")
    if lines * size <= 2 * len(chunk):
        return chunk, range(line_number, line_number + lines)
    if not chunk.strip():
        return b"", []
    ends = np.flatnonzero(np.frombuffer(chunk, dtype=np.uint8) == 10)
    starts = np.concatenate([[0], ends[:-1] + 1])
    long = ends - starts >= 2 * size
    for row in np.flatnonzero(~long & (ends > starts)).tolist():
        line = chunk[starts[row] : ends[row]]
        if line.strip():
            malformed.add(line_number + row, f"expected a word and {size} numbers, found {_shown(line)}")
            malformed.check_hopeless(0)
    kept = np.flatnonzero(long)
    return b"".join(chunk[starts[row] : ends[row] + 1] for row in kept.tolist()), kept + line_number


def _odd_line(line: bytes, size: int) -> tuple[str, list[float]]:
    """Read with Python's `float` a line that the kernel is not sure of.

    Some published files have words with spaces: there the last `size` fields are the numbers, provided
    that the fields before them cannot be taken for numbers too.
    """
    fields = line.rstrip(_BLANKS).replace(b"\t", b" ").split(b" ")
    fields = fields[:1] + [field for field in fields[1:] if field]
    head, tail = fields[:-size], fields[-size:]
    if fields[0] and not ends_in_numbers(line, size):
        wrong = next((field for field in fields[1:] if not _is_number(field)), b"")
        if _hint(wrong):
            raise _BadRow(f"{_shown(wrong)} is not a number{_hint(wrong)}")
    if not head or not head[0] or any(_is_number(field) for field in head[1:]):
        found = f"{len(fields) - 1} field{'' if len(fields) == 2 else 's'}"
        raise _BadRow(f"expected a word and {size} numbers, found {found} after the first in {_shown(line)}")
    numbers = []
    for column, field in enumerate(tail, start=1):
        if not _is_number(field):
            raise _BadRow(f"{_shown(field)} is not a number (the word is {_shown(head[0])})")
        numbers.append(float(field))
        if not abs(numbers[-1]) <= _LARGEST:
            raise _BadRow(
                f"the vector of {_shown(b' '.join(head))} has {numbers[-1]} as its number {column}; every number "
                "must be finite as float32"
            )
    return to_text(b" ".join(head)), numbers


def _fields(line: bytes) -> list[bytes]:
    return [field for field in line.rstrip(_BLANKS).replace(b"\t", b" ").split(b" ") if field]


def _is_number(field: bytes) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return b"_" not in field  # Python's own spelling 1_000, not a number in any file


def _hint(field: bytes) -> str:
    """What is wrong with a field that was meant as a number, for kinds of files that circulate."""
    if re.fullmatch(rb"[-+]?\d+,\d+([eE][-+]?\d+)?", field):
        return "; write decimal points instead of commas"
    if re.fullmatch(rb"\d+:[-+.\deE]+", field):
        return "; sparse vectors (index:value) are not read, write every number"
    if re.fullmatch(rb"[-+]?0[xX].+", field):
        return "; write decimal numbers instead of hexadecimal ones"
    if b"\xc2\xa0" in field:
        return "; it has a no-break space (U+00A0) in it, use plain spaces"
    if re.fullmatch(rb"[^,]*(,[-+.\deE]+){2,}", field):
        return "; separate the word and the numbers with spaces instead of commas"
    return ""


def _shown(field: bytes) -> str:
    text = field.split(b"\n")[0][:240].decode("utf-8", "replace")
    return repr(text if len(text) <= 60 else text[:57] + "...")
