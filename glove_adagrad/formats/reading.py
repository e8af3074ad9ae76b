"""Find out what a file of vectors is, and read it."""

from __future__ import annotations

from pathlib import Path

from glove_adagrad.errors import InputError
from glove_adagrad.formats import glove_text, keyedvectors, word2vec
from glove_adagrad.formats.run_folder import is_run, read_run
from glove_adagrad.formats.streams import open_for_reading
from glove_adagrad.formats.word_vectors import WordVectors

_HEAD = 1 << 16  # bytes looked at: more than one row of any model
_PICKLE = b"\x80"  # every pickle of protocol 2 or later begins so
_NUMBERS = frozenset(b"0123456789+-.eE \t\r\nnaifNAIF")


def read_vectors(path: Path) -> WordVectors:
    """Read vectors of any known kind, from this program or another.

    Known are: a run's folder (the sum of word and context vectors), word2vec text and binary, GloVe text,
    each plain or compressed by gzip, bzip2, xz or zstd, and what gensim's `KeyedVectors.save` writes. The
    content decides, not the name.

    Raises
    ------
    InputError
        If it is missing, empty, none of these, or damaged.
    """
    path = Path(path)
    if is_run(path):
        return read_run(path).select("sum")
    with open_for_reading(path) as file:
        head = file.read(_HEAD)
    if head.startswith(_PICKLE):
        return keyedvectors.read(path)
    header, _, rest = head.partition(b"\n")
    sizes = word2vec.parse_header(header)
    if sizes is not None:
        return word2vec.read(path, binary=not _is_text(rest, sizes[1]))
    if b"\0" in head:
        raise InputError(f"{path}: is in no known format of vectors (binary data without a header)")
    return glove_text.read(path)


def _is_text(rows: bytes, size: int) -> bool:
    """Whether the first row ends in `size` numbers as text, which float32 bytes all but never look like."""
    row = rows.lstrip(b"\n").partition(b"\n")[0]
    return all(map(_NUMBERS.issuperset, row.split()[1:][-size:]))
