"""Lines of test sets."""

from __future__ import annotations

from pathlib import Path

from glove_adagrad.errors import InputError
from glove_adagrad.formats.signatures import SIGNATURE_BYTES, other_kind
from glove_adagrad.formats.streams import open_for_reading

#: Larger files are not test sets, and are not read into memory.
_LARGEST = 1 << 26
_LONGEST_LINE = 1 << 20


def read_lines(path: Path) -> list[str]:
    """Return the lines of a text file, plain or compressed, without line ends; the last one is not blank.

    LF, CRLF and CR end a line; a byte order mark is dropped.

    Raises
    ------
    InputError
        If the file is missing, empty, unreadable, too large for a test set, or not UTF-8 text.
    """
    if path.is_dir():
        raise InputError(f"{path}: is a folder; a file of lines is expected")
    with open_for_reading(path) as stream:
        if kind := other_kind(stream.peek(SIGNATURE_BYTES)):
            raise InputError(f"{path}: is {kind}")
        pieces = []
        while piece := stream.read(_LONGEST_LINE):
            pieces.append(piece)
            if sum(map(len, pieces)) > _LARGEST:
                raise InputError(f"{path}: has more than {_LARGEST >> 20} MB; not a test set")
    data = b"".join(pieces).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].count(b"\n")
        raise InputError(f"{path}:{before + 1}: not UTF-8 text; convert the file with iconv") from error
    if not text.strip():
        raise InputError(f"{path}: is empty")
    lines = text.rstrip().split("\n")
    for number, line in enumerate(lines, start=1):
        if len(line) > _LONGEST_LINE:
            raise InputError(f"{path}:{number}: the line is longer than {_LONGEST_LINE >> 20} MB; not a test set")
    return lines
