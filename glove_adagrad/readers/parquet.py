"""Parquet files, as most data sets on the Hugging Face Hub have them: one column of strings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glove_adagrad.decoding import decoding
from glove_adagrad.errors import InputError
from glove_adagrad.file_kind import other_kind
from glove_adagrad.readers.source import BLOCK_BYTES, Source, encoded_records

if TYPE_CHECKING:
    from glove_adagrad.text_options import TextOptions

#: Rows decoded at a time: large against the cost of a call, small against any memory budget.
_ROWS = 256

_MAGIC = b"PAR1"

_COLUMNS_SHOWN = 20


def reader(options: TextOptions) -> Callable[[Source], Iterator[bytes]]:
    """Return the reader of one column. Nulls are empty texts.

    Raises
    ------
    InputError
        If pyarrow is not installed.
    """
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError as error:
        raise InputError(
            "text_format parquet: needs pyarrow; install it with pip install 'glove-adagrad[arrow]'"
        ) from error
    column = options.field or "text"
    return lambda source: _read(source, column)


def _read(source: Source, column: str) -> Iterator[bytes]:
    from pyarrow import parquet

    head = source.content.peek()
    if not head.startswith(_MAGIC):
        raise InputError(f"{source.name}: is {other_kind(head) or 'not a Parquet file'}")
    with decoding(Path(source.name)):
        # a buffer of its own, or pyarrow would read the column of a whole row group at once
        file = parquet.ParquetFile(source.raw, pre_buffer=False, buffer_size=BLOCK_BYTES)
        _check_column(source, file.schema_arrow, column)
        texts: list[str] = []
        size = 0
        for rows in file.iter_batches(_ROWS, columns=[column], use_threads=False):
            texts += [text for text in rows.column(0).to_pylist() if text]
            size += rows.nbytes
            if size >= BLOCK_BYTES:
                source.used(len(texts))
                yield encoded_records(texts)
                texts, size = [], 0
        source.used(len(texts))
        yield encoded_records(texts)


def _check_column(source: Source, schema: Any, column: str) -> None:
    import pyarrow

    if column not in schema.names:
        names = ", ".join(schema.names[:_COLUMNS_SHOWN])
        raise InputError(
            f"{source.name}: has no column {column!r} (its columns: {names}); name the one with the text as `field`"
        )
    kind = schema.field(column).type
    if pyarrow.types.is_dictionary(kind):
        kind = kind.value_type
    strings = (pyarrow.types.is_string, pyarrow.types.is_large_string, pyarrow.types.is_string_view)
    if not any(is_kind(kind) for is_kind in strings):
        raise InputError(
            f"{source.name}: the column {column!r} is of the type {kind}, not a string; name the one with the text "
            "as `field`"
        )
