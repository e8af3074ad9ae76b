"""Text from data sets of the Hugging Face library `datasets`, which is not imported."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from glove_adagrad.corpus import CHUNK_BYTES, Chunk, Corpus, lowered, tokenized_text
from glove_adagrad.errors import InputError
from glove_adagrad.readers.source import described, encoded_records
from glove_adagrad.text_options import WHITESPACE, TextOptions

#: Rows read at a time.
_ROWS = 256


def open_dataset(
    dataset: Any, field: str | None, options: TextOptions, *, tmp: Path | None = None, workers: int = 1
) -> Corpus:
    """Return the text of a data set's column `field`, "text" by default, tokenized as the options say.

    Raises
    ------
    InputError, TypeError
        As `DatasetText` and `tokenized_text` do.
    """
    plain = options.tokenizer == WHITESPACE
    text = DatasetText(dataset, field or "text", lowercase=plain and options.lowercase)
    return text if plain else tokenized_text(text, options, "the data set", tmp=tmp, workers=workers)


def is_dataset(value: object) -> bool:
    """Whether a value is a `Dataset` or `IterableDataset`, or a dictionary of them."""
    return hasattr(value, "select_columns") and hasattr(value, "column_names")


class DatasetText:
    """One column of a data set: of strings, each a text, or of lists of strings, each the tokens of a sentence.

    Parameters
    ----------
    dataset : datasets.Dataset or datasets.IterableDataset
        Read in batches, as often as the text is read; nothing is kept in memory.
    field : str
        The column.
    lowercase : bool
        Turn letters to lower case.

    Raises
    ------
    InputError
        If there is no such column, or it holds something other than strings or lists of strings.
    TypeError
        If several splits are given.
    """

    total_bytes = None

    def __init__(self, dataset: Any, field: str = "text", *, lowercase: bool = False) -> None:
        if isinstance(dataset, Mapping):
            raise TypeError(
                f"sentences: a {type(dataset).__name__} was given; choose one of its splits, as dataset['train']"
            )
        columns = dataset.column_names  # None for a stream whose columns are not known
        if columns is not None and field not in columns:
            raise InputError(
                f"the data set has no column {field!r} (its columns: {', '.join(columns)}); name the one with the "
                "text as `field`"
            )
        self._rows = dataset.select_columns([field])
        self._field = field
        self._lowercase = lowercase

    def chunks(self) -> Iterator[Chunk]:
        texts: list[str] = []
        size = done = number = 0
        for batch in self._rows.iter(batch_size=_ROWS):
            for value in batch[self._field]:
                if text := self._text(number, value):
                    texts.append(text)
                    size += len(text)
                number += 1
            if size >= CHUNK_BYTES:
                done += size
                yield self._chunk(texts, done)
                texts, size = [], 0
        if texts:
            yield self._chunk(texts, done + size)

    def locate(self, token: bytes) -> str:
        return f"the column {self._field!r} of the data set"

    def _chunk(self, texts: list[str], done: int) -> Chunk:
        data = encoded_records(texts)
        return Chunk(np.frombuffer(lowered(data) if self._lowercase else data, np.uint8), True, done)

    def _text(self, number: int, value: Any) -> str | None:
        """The text of a row; None for null."""
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, list) and all(isinstance(token, str) for token in value):
            for token in value:
                if not token or any(character in token for character in " \t\n\r\0"):
                    raise InputError(
                        f"row {number}: the token {token[:60]!r} is empty or has white space or a zero byte in it"
                    )
            return " ".join(value)
        raise InputError(
            f"row {number}: {self._field!r} is {described(value)}, not a string or a list of strings; name the "
            "column with the text as `field`"
        )
