"""Where text comes from: files, folders, globs, compressed files, standard input, lists of tokens.

A corpus yields byte buffers cut between tokens and can be read any number of times. What words and ids are is
not known here.
"""

from __future__ import annotations

import reprlib
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from pathlib import Path
from typing import IO, Any, NamedTuple, Protocol

import numpy as np

from glove_adagrad.errors import InputError
from glove_adagrad.source_paths import files_of
from glove_adagrad.text import to_bytes
from glove_adagrad.text_file import TextFile
from glove_adagrad.text_kind import BYTE_ORDER_MARK, refuse_other_files, suspicion

#: Bytes handed on at a time: large against the cost of a call, small against any memory budget.
CHUNK_BYTES = 1 << 20

#: What is kept of a run of bytes without any white space: more than the longest token.
_KEPT_BYTES = 4096

#: Called now and then with the number of bytes of the source that have been read, or of cells that are done.
Progress = Callable[[int], None]

_WHITE_SPACE = (b"", b" ", b"\t", b"\n")


class Chunk(NamedTuple):
    """Some text, cut between two tokens.

    text : uint8 array, without carriage returns.
    starts_line : whether it begins at the start of a line.
    source_bytes : how far this chunk has brought the reading, in bytes of the source as stored.
    """

    text: np.ndarray
    starts_line: bool
    source_bytes: int


class Corpus(Protocol):
    """What the counting needs of a text: it can be read more than once, and may know its size."""

    @property
    def total_bytes(self) -> int | None:
        """Size on disk in bytes, for progress bars; None if unknown."""

    def chunks(self) -> Iterator[Chunk]:
        """Yield the whole text from the start."""

    def locate(self, token: bytes) -> str:
        """Return the first occurrence of a token, as `file:line`."""


class TextFiles:
    """Text files, read one after the other as if joined, with a line end added where a file lacks its last.

    Parameters
    ----------
    sources : sequence of str, Path or TextFile
        Files, folders (every file below, in the order of names; names that start with a dot are left out),
        glob patterns of both, or `-` for standard input. It and named pipes are copied to a temporary file, because
        counting reads the text twice. Files compressed with gzip, bzip2, xz or Zstandard are decompressed while being
        read; they are recognised by their first bytes, not by their names. A byte order mark (U+FEFF) at the start of
        a file is dropped.
    lowercase : bool
        Turn letters to lower case (Unicode rules; bytes that are not UTF-8 are kept as they are).
    tmp : Path, optional
        Where the copy of standard input is kept; the system's temporary folder by default.

    Raises
    ------
    InputError
        If a source is missing, unreadable or empty, is not text (an archive, UTF-16, a zero byte in it), or has
        changed since this object was made.

    Warns
    -----
    UserWarning
        Once for each kind of text that is counted but seems to be meant otherwise: JSON, CoNLL-U, an XML dump, lines
        that end in CR, words separated by U+3000.
    """

    def __init__(
        self, sources: Sequence[str | Path | TextFile], *, lowercase: bool = False, tmp: Path | None = None
    ) -> None:
        self.lowercase = lowercase
        self._files: list[TextFile] = []
        self._warned: set[str] = set()
        if [str(source) for source in sources].count("-") > 1:
            raise InputError("-: standard input is named twice; it can be read only once")
        for source in sources:
            if isinstance(source, TextFile):
                self._files.append(source)
                continue
            if str(source) == "-":
                if sys.stdin is None:
                    raise InputError("-: standard input is closed; name a file or pipe text into the command")
                self._files.append(TextFile.copy("standard input", tmp, _blocks(sys.stdin.buffer)))
                continue
            for path in files_of(str(source)):
                if path.is_fifo():
                    with open(path, "rb") as pipe:
                        self._files.append(TextFile.copy(str(path), tmp, _blocks(pipe)))
                else:
                    self._files.append(TextFile(path))
        if not any(file.size for file in self._files):
            raise InputError(
                f"{', '.join(map(str, sources))}: the corpus is empty; name a text file with words in it"
            )

    @property
    def total_bytes(self) -> int | None:
        return sum(file.size for file in self._files)

    def chunks(self) -> Iterator[Chunk]:
        done = 0
        for file in self._files:
            for text, starts_line, position in self._texts(file):
                yield Chunk(np.frombuffer(text, np.uint8), starts_line, done + position)
            done += file.size

    def locate(self, token: bytes) -> str:
        for file in self._files:
            line = 1
            for text, _, _ in self._texts(file):
                if (at := _find_token(text, token)) >= 0:
                    line += text.count(b"\n", 0, at)
                    return f"{file.name}:{line}"
                line += text.count(b"\n")
        return ", ".join(file.name for file in self._files)

    def _texts(self, file: TextFile) -> Iterator[tuple[bytes, bool, int]]:
        """Yield a file's text cut between words, whether each piece starts a line, and the bytes read so far."""
        with file.opened() as (raw, content):
            for text, starts_line in _cut(self._without_mark(file.name, _blocks(content)), self.lowercase):
                if (zero := text.find(b"\0")) >= 0:
                    near = text[max(0, zero - 20) : zero]
                    raise InputError(
                        f"{file.name}: a zero byte after {near!r}: not text in UTF-8 or another byte encoding; "
                        "convert the file with iconv if it is UTF-16, or leave it out"
                    )
                yield text, starts_line, min(raw.tell(), file.size)

    def _without_mark(self, name: str, blocks: Iterator[bytes]) -> Iterator[bytes]:
        """Look at the first block of a file, and drop a byte order mark."""
        head = next(blocks, b"")
        refuse_other_files(head, name)
        head = head.removeprefix(BYTE_ORDER_MARK)
        if (doubt := suspicion(head)) and doubt not in self._warned:
            self._warned.add(doubt)
            warnings.warn(f"{name}: {doubt}", stacklevel=2)
        yield head
        yield from blocks


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
            raise TypeError(f"sentence {number} is a string; give a list of tokens, as by its split()")
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
        return _lowered(line) if self._lowercase else line


def open_corpus(
    sources: Sequence[str | Path],
    *,
    lowercase: bool = False,
    text_format: str = "text",
    tmp: Path | None = None,
    workers: int = 1,
) -> TextFiles:
    """Open the corpus that some names on a command line stand for.

    Parameters
    ----------
    sources, lowercase
        As for `TextFiles`.
    text_format : {"text", "wikipedia"}
        What the files hold. Articles of Wikipedia dumps are extracted once and kept as text, one a line.
    tmp : Path, optional
        Where standard input and Wikipedia's articles are kept; the system's temporary folder by default.
    workers : int
        Processes that extract text from Wikipedia's markup.

    Raises
    ------
    InputError
        As `TextFiles` does, and for a dump that is damaged, is not one, or holds no article.
    """
    if text_format == "text":
        return TextFiles(sources, lowercase=lowercase, tmp=tmp)
    from glove_adagrad.wikipedia import ARTICLE_MIN_WORDS, articles

    files = [TextFile(path) for source in sources for path in files_of(str(source))]
    lines = (line for file in files for line in articles(file, lowercase=lowercase, workers=workers))
    name = ", ".join(map(str, sources))
    problem = f"{name}: no article in the main namespace has {ARTICLE_MIN_WORDS} words or more"
    return TextFiles([TextFile.copy(name, tmp, _not_empty(lines, problem))])


def _not_empty(blocks: Iterable[bytes], problem: str) -> Iterator[bytes]:
    """Pass blocks on, and raise InputError at their end if there was no text in them."""
    size = 0
    for block in blocks:
        size += len(block)
        yield block
    if not size:
        raise InputError(problem)


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


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    while block := file.read(CHUNK_BYTES):
        yield block


def _cut(blocks: Iterable[bytes], lowercase: bool) -> Iterator[tuple[bytes, bool]]:
    """Cut blocks after a line end, or between words where a line is longer than a block; drop carriage returns."""
    rest = b""
    starts_line = True
    for block in blocks:
        text = rest + block.replace(b"\r", b"")
        end = text.rfind(b"\n") + 1
        if end == 0:
            end = max(text.rfind(b" "), text.rfind(b"\t")) + 1
        if end == 0:
            # no white space at all: one token, of which only the first bytes count
            rest = text[:_KEPT_BYTES]
            continue
        rest, text = text[end:], text[:end]
        yield (_lowered(text) if lowercase else text), starts_line
        starts_line = text.endswith(b"\n")
    if rest or not starts_line:
        yield (_lowered(rest) if lowercase else rest) + b"\n", starts_line


def _find_token(text: bytes, token: bytes) -> int:
    """The first occurrence of a token between white space; -1 if there is none."""
    at = text.find(token)
    while at >= 0:
        end = at + len(token)
        if text[max(at - 1, 0) : at] in _WHITE_SPACE and text[end : end + 1] in _WHITE_SPACE:
            return at
        at = text.find(token, at + 1)
    return -1


def _lowered(text: bytes) -> bytes:
    if text.isascii():
        return text.lower()
    return text.decode("utf-8", "surrogateescape").lower().encode("utf-8", "surrogateescape")
