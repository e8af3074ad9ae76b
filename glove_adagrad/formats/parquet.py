"""A Parquet table with a row for each word: `word`, `count` where it is known, and `vector`."""

from __future__ import annotations

from pathlib import Path

from glove_adagrad.errors import InputError
from glove_adagrad.files import atomic_file
from glove_adagrad.formats.number_types import as_type
from glove_adagrad.formats.word_vectors import WordVectors, check_unicode

#: Key of the scale among the table's metadata.
SCALE = b"glove_adagrad.scale"


def write(path: Path, wv: WordVectors, dtype: str = "float32") -> None:
    """Write the table; with `dtype` 'int8' its metadata have the scale of the numbers, as text.

    Raises
    ------
    InputError
        If pyarrow is not installed, a word is not Unicode text, or a number is too large for the type.
    """
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise InputError("Parquet files need pyarrow; install it with: pip install 'glove-adagrad[arrow]'") from error

    check_unicode(wv.words, path)
    vectors, scale = as_type(wv.vectors, dtype)
    columns = {"word": pa.array(wv.words, pa.string())}
    if wv.counts is not None:
        columns["count"] = pa.array(wv.counts, pa.int64())
    columns["vector"] = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1])
    table = pa.table(columns)
    if dtype == "int8":
        table = table.replace_schema_metadata({SCALE: repr(scale)})
    with atomic_file(path) as file:
        parquet.write_table(table, file)
