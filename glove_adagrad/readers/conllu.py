"""CoNLL-U treebanks: a sentence a line, of the words' forms or lemmas.

The package conllu builds a dictionary for each word and reads about a tenth of the words per second that splitting
lines does (eval/counting/formats.md). The tests compare with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from glove_adagrad.readers.source import BLOCK_BYTES, LARGEST_RECORD, Source
from glove_adagrad.text_kind import BYTE_ORDER_MARK

if TYPE_CHECKING:
    from glove_adagrad.text_options import TextOptions

#: Number of columns of a word's line; a line can be no longer than a record of other formats.
_COLUMNS = 10

_FORM, _LEMMA = 1, 2


def reader(options: TextOptions) -> Callable[[Source], Iterator[bytes]]:
    """Return the reader of a column.

    Words are those with a whole number as ID: of `1-2 du`, `1 de`, `2 le` the last two, and not `8.1`. A blank in a
    word becomes `_`. A lemma that is not given (`_`) is replaced by the form.
    """
    column = _LEMMA if options.column == "lemma" else _FORM
    return lambda source: _read(source, column)


def _read(source: Source, column: int) -> Iterator[bytes]:
    words: list[bytes] = []
    out: list[bytes] = []
    number = size = 0
    readline = source.content.readline
    while line := readline(LARGEST_RECORD):
        number += 1
        if number == 1:
            line = line.removeprefix(BYTE_ORDER_MARK)
        if len(line) == LARGEST_RECORD:
            raise source.too_large(number, "is it CoNLL-U?")
        size += len(line)
        fields = line.split(b"\t", _LEMMA + 1)  # splitting off all columns would take three times as long
        if fields[0].isdigit() and line.count(b"\t") == _COLUMNS - 1:
            word = fields[column]
            if word == b"_" and column == _LEMMA:
                word = fields[_FORM]
            words.append(word.replace(b" ", b"_") if b" " in word else word)
            continue
        if line.startswith(b"#"):
            if line.startswith((b"# newdoc", b"# newpar")):
                out.append(b"\n")
        elif not line.strip():
            _end_sentence(source, words, out)
            if size >= BLOCK_BYTES:
                yield b"".join(out)
                out, size = [], 0
        elif (found := line.count(b"\t") + 1) != _COLUMNS:
            source.refuse(number, f"expected {_COLUMNS} columns between tabs, found {found}; not CoNLL-U")
        elif not fields[0].replace(b"-", b"").replace(b".", b"").isdigit():
            source.refuse(number, f"expected the number of a word, found {fields[0][:20]!r}; not CoNLL-U")
    _end_sentence(source, words, out)
    yield b"".join(out)


def _end_sentence(source: Source, words: list[bytes], out: list[bytes]) -> None:
    if words:
        source.used(len(words))
        out.append(b" ".join(words) + b"\n")
        words.clear()
