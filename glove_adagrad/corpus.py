"""Where text comes from: files, folders, globs, compressed files, standard input.

A corpus yields byte buffers cut between tokens and can be read any number of times. What words and ids are is
not known here.
"""

from __future__ import annotations

import io
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import IO, Any, NamedTuple, Protocol

import numpy as np

from glove_adagrad.errors import InputError
from glove_adagrad.file_kind import refuse_other_files
from glove_adagrad.readers import SUFFIXES, Reader, reader_of
from glove_adagrad.readers.source import Source, Tally
from glove_adagrad.source_paths import files_of
from glove_adagrad.text_file import LineFeeds, Recoded, TextFile
from glove_adagrad.text_kind import BYTE_ORDER_MARK, suspicion
from glove_adagrad.text_options import WHITESPACE, TextOptions

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
    reader : Reader, optional
        What takes the text out of files of another format than plain text.
    suffixes : tuple of str
        Of a folder, read only files with these suffixes if there are any.
    encoding : str, optional
        Convert the content from this encoding; by default bytes are taken as they are.
    strict : bool
        Refuse records that the reader cannot use, instead of skipping a few with one warning.
    tmp : Path, optional
        Where the copy of standard input is kept; the system's temporary folder by default.

    Attributes
    ----------
    notes : list of str
        A line about each thing that was guessed while reading, for example the separator of a CSV file.

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
        self,
        sources: Sequence[str | Path | TextFile],
        *,
        lowercase: bool = False,
        reader: Reader | None = None,
        suffixes: tuple[str, ...] = (),
        encoding: str | None = None,
        strict: bool = False,
        tmp: Path | None = None,
    ) -> None:
        self.lowercase = lowercase
        self.notes: list[str] = []
        self._reader, self._encoding, self._strict = reader, encoding, strict
        self._files: list[TextFile] = []
        self._warned: set[str] = set()
        self._read_once = False
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
            for path in files_of(str(source), suffixes, self.notes.append):
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
        tally = Tally(self._strict)
        for file in self._files:
            for text, starts_line, position in self._texts(file, tally):
                yield Chunk(np.frombuffer(text, np.uint8), starts_line, done + position)
            done += file.size
        if not self._read_once:  # the text is read more than once, and one warning is enough
            tally.finish()
        self._read_once = True

    def locate(self, token: bytes) -> str:
        for file in self._files:
            line = 1
            for text, _, _ in self._texts(file, Tally(strict=False)):
                if (at := _find_token(text, token)) >= 0:
                    line += text.count(b"\n", 0, at)
                    # lines of the text that a reader makes are not those of the file
                    return file.name if self._reader else f"{file.name}:{line}"
                line += text.count(b"\n")
        return ", ".join(file.name for file in self._files)

    def _texts(self, file: TextFile, tally: Tally) -> Iterator[tuple[bytes, bool, int]]:
        """Yield a file's text cut between words, whether each piece starts a line, and the bytes read so far."""
        with file.opened() as (raw, content):
            if self._encoding:
                content = Recoded(content, self._encoding, file.name)  # type: ignore[assignment]
            buffered = io.BufferedReader(content, CHUNK_BYTES)  # type: ignore[type-var]
            blocks = self._blocks(file, raw, buffered, tally)
            for text, starts_line in _cut(blocks, self.lowercase, file.starts_line, file.ends_line):
                if (zero := text.find(b"\0")) >= 0:
                    near = text[max(0, zero - 20) : zero]
                    raise InputError(
                        f"{file.name}: a zero byte after {near!r}: not text in UTF-8 or another byte encoding; "
                        "convert the file with iconv if it is UTF-16, or leave it out"
                    )
                yield text, starts_line, min(raw.tell() - file.begin, file.size)

    def _blocks(
        self, file: TextFile, raw: IO[bytes], content: io.BufferedReader[Any], tally: Tally
    ) -> Iterator[bytes]:
        """Look at the first bytes of a file, and yield its text without a byte order mark."""
        if file.begin:
            yield from _blocks(content)
            return
        head = content.peek()
        if not self._reader or not self._reader.binary:
            refuse_other_files(head, file.name)
        if self._reader and not self._reader.binary and b"\r" in head and b"\n" not in head:
            content = io.BufferedReader(LineFeeds(content), CHUNK_BYTES)
        if self._reader:
            yield from self._reader.read(Source(file.name, raw, content, tally, partial(self._note, file.name)))
            return
        block = content.read(CHUNK_BYTES).removeprefix(BYTE_ORDER_MARK)
        if (doubt := suspicion(block)) and doubt not in self._warned:
            self._warned.add(doubt)
            warnings.warn(f"{file.name}: {doubt}", stacklevel=2)
        yield block
        yield from _blocks(content)

    def _note(self, name: str, guess: str) -> None:
        """Keep a line about what was guessed; the same guess for other files needs no other line."""
        if guess not in self._warned:
            self._warned.add(guess)
            self.notes.append(f"{name}: {guess}")


def open_corpus(
    sources: Sequence[str | Path | TextFile],
    options: TextOptions | None = None,
    *,
    tmp: Path | None = None,
    workers: int = 1,
) -> TextFiles:
    """Open the corpus that some names on a command line stand for.

    Parameters
    ----------
    sources
        As for `TextFiles`.
    options : TextOptions, optional
        What the files contain; plain text by default.
    tmp : Path, optional
        Where standard input, Wikipedia's articles and tokenized text are kept; the system's temporary folder by
        default.
    workers : int
        Processes that tokenize, or extract text from Wikipedia's markup. The result does not depend on their number.

    Raises
    ------
    InputError
        As `TextFiles` does, and for a dump that is damaged, is not one, or holds no article.
    """
    options = options or TextOptions()
    name = ", ".join(map(str, sources))
    if options.text_format == "wikipedia":
        from glove_adagrad.wikipedia import ARTICLE_MIN_WORDS, articles

        files = [TextFile(path) for source in sources for path in files_of(str(source))]
        lines = (line for file in files for line in articles(file, lowercase=options.lowercase, workers=workers))
        problem = f"{name}: no article in the main namespace has {ARTICLE_MIN_WORDS} words or more"
        return TextFiles([TextFile.copy(name, tmp, _not_empty(lines, problem))])
    text = TextFiles(
        sources,
        lowercase=options.lowercase and options.tokenizer == WHITESPACE,
        reader=reader_of(options),
        suffixes=SUFFIXES.get(options.text_format, ()),
        encoding=options.encoding,
        strict=options.strict,
        tmp=tmp,
    )
    return text if options.tokenizer == WHITESPACE else tokenized_text(text, options, name, tmp=tmp, workers=workers)


def tokenized_text(
    text: Corpus, options: TextOptions, name: str, *, tmp: Path | None = None, workers: int = 1
) -> TextFiles:
    """Tokenize a text once, into a temporary file; `name` is what messages call it.

    Raises
    ------
    InputError
        If the tokenizer cannot be used, or finds no token.
    """
    from glove_adagrad.tokenizing import tokenized

    blocks = tokenized(text.chunks(), options.tokenizer, workers)
    problem = f"{name}: the tokenizer {options.tokenizer} finds no token in it"
    copy = TextFiles([TextFile.copy(name, tmp, _not_empty(blocks, problem))], lowercase=options.lowercase)
    copy.notes = getattr(text, "notes", [])
    return copy


def _not_empty(blocks: Iterable[bytes], problem: str) -> Iterator[bytes]:
    """Pass blocks on, and raise InputError at their end if there was no text in them."""
    size = 0
    for block in blocks:
        size += len(block)
        yield block
    if not size:
        raise InputError(problem)


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    while block := file.read(CHUNK_BYTES):
        yield block


def _cut(
    blocks: Iterable[bytes], lowercase: bool, starts_line: bool = True, ends_line: bool = True
) -> Iterator[tuple[bytes, bool]]:
    """Cut blocks after a line end, or between words where a line is longer than a block; drop carriage returns."""
    rest = b""
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
        yield (lowered(text) if lowercase else text), starts_line
        starts_line = text.endswith(b"\n")
    if rest or (ends_line and not starts_line):
        yield (lowered(rest) if lowercase else rest) + b"\n" * ends_line, starts_line


def _find_token(text: bytes, token: bytes) -> int:
    """The first occurrence of a token between white space; -1 if there is none."""
    at = text.find(token)
    while at >= 0:
        end = at + len(token)
        if text[max(at - 1, 0) : at] in _WHITE_SPACE and text[end : end + 1] in _WHITE_SPACE:
            return at
        at = text.find(token, at + 1)
    return -1


def lowered(text: bytes) -> bytes:
    """Return text in lower case; bytes that are not UTF-8 are kept."""
    if text.isascii():
        return text.lower()
    return text.decode("utf-8", "surrogateescape").lower().encode("utf-8", "surrogateescape")
