"""Readers of corpora in other formats than plain text: the text of their records.

A reader is called with a `Source` and yields blocks of UTF-8. Records end with a blank line, so that contexts end
there too, whatever their boundary.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from glove_adagrad.readers.source import Source

if TYPE_CHECKING:
    from glove_adagrad.text_options import TextOptions


class Reader(NamedTuple):
    """How the text is taken out of a file.

    Attributes
    ----------
    read : callable
        Yields blocks of text.
    binary : bool
        Whether the file is not text itself.
    """

    read: Callable[[Source], Iterator[bytes]]
    binary: bool = False


#: Names of files that a folder of each format is searched for, without suffixes of compression.
SUFFIXES = {
    "jsonl": (".jsonl", ".json", ".ndjson"),
    "csv": (".csv", ".tsv"),
    "parquet": (".parquet", ".pq"),
    "conllu": (".conllu", ".conll"),
    "wet": (".wet", ".warc"),
}

_MODULES = {"jsonl": "json_lines", "csv": "csv_rows", "parquet": "parquet", "conllu": "conllu", "wet": "wet"}


def reader_of(options: TextOptions) -> Reader | None:
    """Return the reader of a format; None for plain text and for Wikipedia dumps, which are extracted beforehand."""
    if options.text_format not in _MODULES:
        return None
    module = importlib.import_module(f"glove_adagrad.readers.{_MODULES[options.text_format]}")
    return Reader(module.reader(options), binary=options.text_format == "parquet")
