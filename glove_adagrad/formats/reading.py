"""Detect the format of a vector file and read it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from glove_adagrad.errors import InputError
from glove_adagrad.formats import glove_text, keyedvectors, stanford_binary, word2vec
from glove_adagrad.formats.layout import KEYED_VECTORS, STANFORD_BINARY, VectorLayout, count_not_utf8
from glove_adagrad.formats.run_folder import is_run, read_run
from glove_adagrad.formats.signatures import SIGNATURE_BYTES, other_kind
from glove_adagrad.formats.stanford_binary import NOT_TEXT
from glove_adagrad.formats.streams import open_for_reading
from glove_adagrad.formats.text_rows import ends_in_numbers
from glove_adagrad.formats.word_vectors import WordVectors

_SNIFFED = 1 << 16
_BOM = b"\xef\xbb\xbf"
_PICKLE = tuple(b"\x80%c" % protocol for protocol in range(2, 6))


def read_vectors(path: Path, *, trust_pickle: bool = False, strict: bool = False) -> WordVectors:
    """Read vectors of any known kind, from this program or another.

    Known are: a run's folder (its vectors, as in `vectors.txt`), word2vec text and binary, GloVe text,
    each plain or compressed by gzip, bzip2, xz or zstd, what gensim's `KeyedVectors.save` writes, and the binary
    file of Stanford's `glove` (also the sum) if its `vocab.txt` is in the same folder. The content decides, not
    the name.

    Parameters
    ----------
    path : Path
    trust_pickle : bool
        Load a gensim file with gensim itself. This runs any code that the file names, so do it only with files
        whose author you trust. Otherwise only plain data are taken from it; see `formats.keyedvectors`.
    strict : bool
        Refuse a file with a row that cannot be used: without a word, with a NaN, or with other than the expected
        number of numbers. Otherwise a few such rows are skipped, with one warning.

    Raises
    ------
    InputError
        If it is missing, empty, none of these, or damaged.
    """
    path = Path(path)
    if is_run(path):
        return read_run(path).select()
    try:
        return _read_file(path, trust_pickle, strict)
    except MemoryError as error:
        raise InputError(
            f"{path}: not enough memory for its vectors; close other programs, or keep only the file's first lines"
        ) from error


def begins_as_vectors(path: Path) -> bool:
    """Whether a file may be vectors or binary numbers, and not a text, an archive or another file of somebody's.

    Judged by the first bytes only; an empty file counts.
    """
    if not path.stat().st_size:
        return True
    with open_for_reading(path) as stream:
        head = stream.peek(_SNIFFED)
    if head.startswith(_PICKLE) or word2vec.HEADER.match(head):
        return True
    if other_kind(head):
        return False
    if not NOT_TEXT.isdisjoint(head):
        return True
    first_row = head.lstrip(b"\r\n").partition(b"\n")[0]
    if len(first_row) == len(head):  # a row that is longer than what was looked at, without its last number
        first_row = first_row.rpartition(b" ")[0]
    size = len(first_row.split()) - 1
    return size > 1 and ends_in_numbers(first_row, size)


def _read_file(path: Path, trust_pickle: bool, strict: bool) -> WordVectors:
    with open_for_reading(path) as stream:
        head = stream.peek(SIGNATURE_BYTES)
        if head.startswith(_PICKLE):
            wv = keyedvectors.read(path, stream, trust_pickle, strict)
            return replace(wv, layout=VectorLayout(KEYED_VECTORS, compression=stream.compression))
        if kind := other_kind(head):
            raise InputError(f"{path}: is {kind}")
        if head.startswith(_BOM):
            stream.read(len(_BOM))
        sizes = word2vec.read_header(stream, path)
        if sizes is not None:
            wv, layout = word2vec.read(path, stream, sizes, strict)
        elif (stanford := stanford_binary.read_with_vocabulary(path)) is not None:
            wv, layout = stanford.select("sum"), VectorLayout(STANFORD_BINARY)
        else:
            wv, layout = glove_text.read(path, stream, strict)
        layout = replace(
            layout,
            byte_order_mark=head.startswith(_BOM),
            compression=stream.compression,
            not_utf8=count_not_utf8(wv.words),
        )
        return replace(wv, layout=layout)
