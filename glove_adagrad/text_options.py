"""`TextOptions`: how the files of a corpus become text, validated once."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from glove_adagrad.errors import InputError

#: What the files of a corpus may contain.
FORMATS = ("text", "jsonl", "csv", "parquet", "conllu", "wet", "wikipedia")

#: Formats whose records have named fields; formats that store bytes of some encoding.
_WITH_FIELDS = ("jsonl", "csv", "parquet")
_ENCODED = ("text", "jsonl", "csv", "conllu")

COLUMNS = ("form", "lemma")

#: Tokenizers that have a name; all others are `module:function`.
WHITESPACE, GENSIM = "whitespace", "gensim"


@dataclass(frozen=True)
class TextOptions:
    """How the files of a corpus become text.

    Parameters
    ----------
    text_format : {"text", "jsonl", "csv", "parquet", "conllu", "wet", "wikipedia"}
        What the files contain.
    field : str, optional
        The field of JSON lines, or the column of CSV and Parquet files, that holds the text; "text" by default. A CSV
        column may be given by its number from 1 if the file has no header.
    column : {"form", "lemma"}, optional
        What to take from CoNLL-U: words as they occur (the default), or their lemmas.
    encoding : str, optional
        Encoding of text, JSON lines, CSV and CoNLL-U, as Python names it. By default bytes are taken as they are,
        which is right for UTF-8.
    tokenizer : str
        "whitespace" leaves the text as it is, to be split at blanks. "gensim" is `gensim.utils.simple_preprocess`.
        `module:function` names a function that returns the tokens of a line.
    lowercase : bool
        Convert the text to lower case.
    strict : bool
        Refuse files with records that cannot be used. By default a few are skipped with a warning.

    Raises
    ------
    InputError
        If a value is impossible, or an option does not belong to the format.
    """

    text_format: str = "text"
    field: str | None = None
    column: str | None = None
    encoding: str | None = None
    tokenizer: str = WHITESPACE
    lowercase: bool = False
    strict: bool = False

    def __post_init__(self) -> None:
        if self.text_format not in FORMATS:
            raise InputError(f"text_format {self.text_format!r}: choose from {', '.join(FORMATS)}")
        if self.field is not None and self.text_format not in _WITH_FIELDS:
            raise InputError(f"field {self.field!r}: is an option of the formats {', '.join(_WITH_FIELDS)}")
        if self.column is not None:
            if self.text_format != "conllu":
                raise InputError(f"column {self.column!r}: is an option of the format conllu")
            if self.column not in COLUMNS:
                raise InputError(f"column {self.column!r}: choose from {', '.join(COLUMNS)}")
        if self.encoding is not None:
            if self.text_format not in _ENCODED:
                raise InputError(f"encoding {self.encoding!r}: is an option of the formats {', '.join(_ENCODED)}")
            try:
                codecs.lookup(self.encoding)
            except LookupError:
                raise InputError(
                    f"encoding {self.encoding!r}: is not known; write it as Python does, as latin-1 or utf-16"
                ) from None
        if self.tokenizer not in (WHITESPACE, GENSIM):
            module, colon, function = self.tokenizer.partition(":")
            if not (module and colon and function):
                raise InputError(
                    f"tokenizer {self.tokenizer!r}: write {WHITESPACE}, {GENSIM} or module:function, the name of a "
                    "function of yours"
                )
            if self.text_format == "wikipedia":
                raise InputError(
                    f"tokenizer {self.tokenizer!r}: Wikipedia's articles are tokenized by gensim's rules"
                )

    def to_json(self) -> dict[str, Any]:
        """Return the options that differ from plain text, and always the format and `lowercase`."""
        given = {name: value for name, value in vars(self).items() if value != getattr(TextOptions, name)}
        return {"text_format": self.text_format, "lowercase": self.lowercase, **given}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> TextOptions:
        """Return the options that `to_json` wrote, among other values; those of an older version are plain text."""
        return cls(**{field.name: values[field.name] for field in fields(cls) if field.name in values})
