"""Tokenizers: text split by gensim or by a function of the user, in processes."""

from __future__ import annotations

import functools
import importlib
import os
import reprlib
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from glove_adagrad.corpus import Chunk
from glove_adagrad.errors import InputError
from glove_adagrad.parallel import in_order, processes
from glove_adagrad.text import to_bytes, to_text
from glove_adagrad.text_options import GENSIM

#: What separates words and lines in text, or may not be in it.
_NOT_IN_TOKENS = " \t\n\r\0"


def tokenizer_name(tokenizer: str | Callable[[str], Any]) -> str:
    """Return `module:function` for a function; a name as it is.

    Raises
    ------
    InputError
        If other processes cannot import the function.
    """
    if isinstance(tokenizer, str):
        return tokenizer
    module, name = getattr(tokenizer, "__module__", None), getattr(tokenizer, "__qualname__", "<unknown>")
    if module in (None, "__main__") or "<" in name:
        raise InputError(
            f"tokenizer {name}: processes cannot import it; define the function in a module and name it as "
            "'module:function', or give lists of tokens as sentences"
        )
    return f"{module}:{name}"


def tokenized(chunks: Iterable[Chunk], tokenizer: str, workers: int = 1) -> Iterator[bytes]:
    """Split text into tokens, line by line.

    Parameters
    ----------
    chunks : iterable of Chunk
        A line that is longer than a chunk is tokenized in pieces, cut between words.
    tokenizer : str
        "gensim" or `module:function`, a function that takes a str without line end and returns a list of str.
    workers : int
        Processes; if 1, this process does it. The result does not depend on it.

    Yields
    ------
    bytes
        Lines of tokens between blanks. Lines without tokens are left out, unless they were blank before.

    Raises
    ------
    InputError
        If there is no such function, it raises an exception, or returns something other than tokens.
    """
    _function(tokenizer)  # refuse an unknown name in this process
    tasks = ((_tokenize, (tokenizer, chunk.text.tobytes())) for chunk in chunks)
    with processes(workers) as pool:
        yield from in_order(pool, workers, tasks)


def _tokenize(tokenizer: str, text: bytes) -> bytes:
    """Tokenize the lines of a chunk."""
    split = _function(tokenizer)
    return changed_lines(text, lambda line: _joined(split, tokenizer, line))


def changed_lines(text: bytes, change: Callable[[str], str]) -> bytes:
    """Change the lines of a chunk; those of which nothing is left are left out, but blank lines stay."""
    *lines, last = to_text(text).split("\n")
    out = []
    for line in lines:
        if not line.strip():
            out.append("\n")
        elif changed := change(line):
            out.append(changed + "\n")
    if last.strip():  # the line continues in the next chunk
        out.append(change(last) + " ")
    return to_bytes("".join(out))


def _joined(split: Callable[[str], Any], tokenizer: str, line: str) -> str:
    """The tokens of a line between blanks."""
    try:
        found = split(line)
        tokens = list(found)
        joined = " ".join(tokens)
    except Exception as error:
        shown = reprlib.repr(line)
        if isinstance(error, TypeError) and "sequence item" in str(error):
            raise InputError(f"tokenizer {tokenizer}: returns tokens that are not strings for {shown}") from error
        raise InputError(f"tokenizer {tokenizer}: raised {type(error).__name__} ({error}) for {shown}") from error
    if isinstance(found, str):
        raise InputError(f"tokenizer {tokenizer}: returns a string; return a list of tokens")
    if joined.count(" ") == len(tokens) - 1 and not any(character in joined for character in _NOT_IN_TOKENS[1:]):
        return joined
    kept = [token for token in tokens if token.strip(_NOT_IN_TOKENS)]
    for token in kept:
        if any(character in token for character in _NOT_IN_TOKENS):
            raise InputError(
                f"tokenizer {tokenizer}: the token {reprlib.repr(token)} has white space or a zero byte in it; "
                "replace it, for example by _"
            )
    return " ".join(kept)


@functools.lru_cache
def _function(tokenizer: str) -> Callable[[str], Any]:
    """Import the function that a tokenizer's name stands for."""
    if tokenizer == GENSIM:
        from gensim.utils import simple_preprocess

        return simple_preprocess
    module_name, _, name = tokenizer.partition(":")
    if (here := os.getcwd()) not in sys.path:
        sys.path.append(here)  # where the user's module is; installed programs do not look there
    try:
        found: Any = importlib.import_module(module_name)
        for part in name.split("."):
            found = getattr(found, part)
    except Exception as error:
        raise InputError(f"tokenizer {tokenizer}: cannot be imported ({error})") from error
    if not callable(found):
        raise InputError(f"tokenizer {tokenizer}: is not a function")
    return found
