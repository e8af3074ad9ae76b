"""Text from Python objects: lists of tokens."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import Any

import numpy as np

from glove_adagrad.corpus import CHUNK_BYTES, Chunk, lowered
from glove_adagrad.errors import InputError
from glove_adagrad.text import to_bytes


class Sentences:
    """A restartable iterable of token lists, each a context of its own.

    Parameters
    ----------
    sentences : iterable of sequences of str or bytes
        Anything that can be iterated over more than once; not a generator.
    lowercase : bool
        Turn letters to lower case.

    Raises
    ------
    TypeError
        If `sentences` is not an iterable that can be read twice, a sentence is not a sequence of tokens, or a
        token is neither str nor bytes.
    InputError
        If a token is empty, contains white space or a zero byte, or is not Unicode.
    """

    total_bytes = None

    def __init__(self, sentences: Iterable[Sequence[str | bytes]], *, lowercase: bool = False) -> None:
        if isinstance(sentences, (str, bytes)):
            raise TypeError("sentences: a string was given; give lists of tokens, or name a file as corpus_file")
        iterator = _iterator(sentences)
        if isinstance(sentences, Mapping) or iterator is None:
            raise TypeError(f"sentences: {_described(sentences)} was given; give a list of lists of tokens")
        if iterator is sentences:
            raise TypeError(
                "sentences: an iterator or generator can be read only once, and the text is read twice; "
                "give a list, or an object whose __iter__ starts from the beginning"
            )
        self._sentences = sentences
        self._lowercase = lowercase

    def chunks(self) -> Iterator[Chunk]:
        parts: list[bytes] = []
        size = done = 0
        for number, sentence in enumerate(self._sentences):
            line = self._line(number, sentence)
            parts.append(line)
            size += len(line)
            if size >= CHUNK_BYTES:
                done += size
                yield Chunk(np.frombuffer(b"".join(parts), np.uint8), True, done)
                parts, size = [], 0
        if parts:
            yield Chunk(np.frombuffer(b"".join(parts), np.uint8), True, done + size)

    def locate(self, token: bytes) -> str:
        for number, sentence in enumerate(self._sentences):
            if token in self._line(number, sentence).split():
                return f"sentence {number}"
        return "sentences"

    def _line(self, number: int, sentence: Sequence[str | bytes]) -> bytes:
        if isinstance(sentence, (str, bytes)):
            raise TypeError(
                f"sentence {number} is a string; give a list of tokens, as by its split(), or a whole data set with "
                "the name of its column as `field`"
            )
        iterator = _iterator(sentence)
        # a set has no order, and an iterator can be read only once
        if isinstance(sentence, (Mapping, Set)) or iterator is None or iterator is sentence:
            raise TypeError(
                f"sentence {number} is {_described(sentence)}; give lists of tokens, for example dataset['tokens']"
            )
        tokens = []
        for token in iterator:
            token = encoded(token, f"sentence {number}: token")
            if not token or any(byte in token for byte in b" \t\n\r\0"):
                raise InputError(
                    f"sentence {number}: token {reprlib.repr(token)} is empty or holds white space or a zero byte"
                )
            tokens.append(token)
        line = b" ".join(tokens) + b"\n"
        return lowered(line) if self._lowercase else line


def _iterator(value: Any) -> Iterator[Any] | None:
    """An iterator over a value; None where there is none, as for an array without dimensions."""
    try:
        return iter(value)
    except TypeError:
        return None


def encoded(word: object, what: str) -> bytes:
    """Encode a word; `what` names it in errors.

    Raises
    ------
    TypeError
        If it is neither str nor bytes.
    InputError
        If it is not Unicode.
    """
    if isinstance(word, bytes):
        return word
    if not isinstance(word, str):
        raise TypeError(f"{what} {reprlib.repr(word)} is {_described(word)}, not a string")
    try:
        return to_bytes(word)
    except UnicodeEncodeError:
        raise InputError(f"{what} {reprlib.repr(word)} holds a lone surrogate, not a character") from None


def _described(value: object) -> str:
    """The type of a value with its article, for messages."""
    name = type(value).__name__
    if value is None:
        return name
    return f"an {name}" if name[0] in "aeiouAEIOU" else f"a {name}"
