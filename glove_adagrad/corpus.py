"""Where text comes from: files, folders, globs, compressed files, standard input, lists of tokens.

A corpus yields byte buffers cut between tokens and can be read any number of times. What words and ids are is
not known here.
"""

from __future__ import annotations

import glob
import io
import os
import sys
import tempfile
import weakref
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple, Protocol

import numpy as np

from glove_adagrad.errors import InputError
from glove_adagrad.files import full_disk_named
from glove_adagrad.temporary import Temporary, clear_leftovers

#: Bytes handed on at a time: large against the cost of a call, small against any memory budget.
CHUNK_BYTES = 1 << 20

#: What is kept of a run of bytes without any white space: more than the longest token.
_KEPT_BYTES = 4096

_SPACED = bytes.maketrans(b"\t\n", b"  ")
_COMPRESSED = {".gz", ".bz2", ".xz", ".zst"}


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
    """What the counting needs of a text: it can be read more than once, and knows its size if anyone does."""

    @property
    def total_bytes(self) -> int | None:
        """Size as stored, for progress bars; None where unknown."""

    def chunks(self) -> Iterator[Chunk]:
        """Yield the whole text from the start."""

    def locate(self, token: bytes) -> str:
        """Say where a token stands first, as `file:line`."""


class TextFiles:
    """Text files, read one after the other as if joined, a line end being added where a file lacks its last.

    Parameters
    ----------
    sources : sequence of str or Path
        Files, folders (every file below, in the order of names; names that start with a dot are left out),
        glob patterns of both, or `-` for standard input. It and named pipes are copied to a temporary file, because
        counting reads the text twice. `.gz`, `.bz2`, `.xz` and `.zst` files are decompressed while being read.
    lowercase : bool
        Turn letters to lower case (Unicode rules; bytes that are not UTF-8 are kept as they are).
    tmp : Path, optional
        Where the copy of standard input is kept; the system's temporary folder by default.
    spools : sequence
        Temporary files among the sources, to be kept as long as this object.

    Raises
    ------
    InputError
        If a source is missing, unreadable or empty, or holds a zero byte and therefore is no text.
    """

    def __init__(
        self,
        sources: Sequence[str | Path],
        *,
        lowercase: bool = False,
        tmp: Path | None = None,
        spools: Sequence[_Spool] = (),
    ) -> None:
        self.lowercase = lowercase
        self._spools = list(spools)
        self.paths: list[Path] = []
        if [str(source) for source in sources].count("-") > 1:
            raise InputError("-: standard input is named twice; it can be read only once")
        for source in sources:
            for path in [Path("-")] if str(source) == "-" else _expand(str(source)):
                if str(path) == "-":
                    self.paths.append(self._spooled(sys.stdin.buffer, tmp))
                    continue
                if path.is_fifo():
                    with open(path, "rb") as pipe:
                        self.paths.append(self._spooled(pipe, tmp))
                else:
                    _check_readable(path)
                    self.paths.append(path)
        if not self.paths or not any(path.stat().st_size for path in self.paths):
            raise InputError(
                f"{', '.join(map(str, sources))}: the corpus is empty; name a text file with words in it"
            )

    def _spooled(self, stream: IO[bytes], tmp: Path | None) -> Path:
        self._spools.append(_Spool(tmp, _blocks(stream)))
        return self._spools[-1].path

    @property
    def total_bytes(self) -> int | None:
        return sum(path.stat().st_size for path in self.paths)

    def chunks(self) -> Iterator[Chunk]:
        done = 0
        for path in self.paths:
            size = path.stat().st_size
            with open(path, "rb") as raw, _decompressed(raw, path) as file:
                try:
                    for text, starts_line in _cut(_blocks(file), self.lowercase):
                        if (zero := text.find(b"\0")) >= 0:
                            near = text[max(0, zero - 20) : zero + 1]
                            raise InputError(
                                f"{path}: a zero byte after {near[:-1]!r}: this is no text in UTF-8 or another "
                                "byte encoding; convert or leave out the file"
                            )
                        position = done + min(raw.tell(), size)
                        yield Chunk(np.frombuffer(text, np.uint8), starts_line, position)
                except (EOFError, ValueError) as error:
                    raise _damaged(path, error) from error
                except OSError as error:
                    if error.errno is None:  # raised by a decompressor, not by the system
                        raise _damaged(path, error) from error
                    raise
            done += size

    def locate(self, token: bytes) -> str:
        for path in self.paths:
            with open(path, "rb") as raw, _decompressed(raw, path) as file:
                for number, line in enumerate(file, 1):
                    words = (_lowered(line) if self.lowercase else line).translate(_SPACED, b"\r").split(b" ")
                    if token in words:
                        return f"{path}:{number}"
        return ", ".join(map(str, self.paths))


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
        If `sentences` is an iterator (it could be read only once), or a token is neither str nor bytes.
    InputError
        If a token is empty or contains white space or a zero byte.
    """

    total_bytes = None

    def __init__(self, sentences: Iterable[Sequence[str | bytes]], *, lowercase: bool = False) -> None:
        if isinstance(sentences, (str, bytes)):
            raise TypeError("sentences: a string was given; give lists of tokens, or name a file as corpus_file")
        if iter(sentences) is sentences:
            raise TypeError(
                "sentences: an iterator or generator can be read only once, and the text is read twice; "
                "give a list, or an object whose __iter__ starts anew"
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
            raise TypeError(f"sentence {number}: is a string; give a list of tokens, as by its split()")
        tokens = []
        for token in sentence:
            if isinstance(token, str):
                token = token.encode("utf-8", "surrogateescape")
            elif not isinstance(token, bytes):
                raise TypeError(f"sentence {number}: token {token!r} is a {type(token).__name__}, not a string")
            if not token or any(byte in token for byte in b" \t\n\r\0"):
                raise InputError(f"sentence {number}: token {token!r} is empty or holds white space or a zero byte")
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
    """The corpus that some names on a command line stand for.

    Parameters
    ----------
    sources, lowercase
        As `TextFiles` takes them.
    text_format : {"text", "wikipedia"}
        What the files hold. Articles of Wikipedia dumps are taken apart once and kept as text, one a line.
    tmp : Path, optional
        Where standard input and Wikipedia's articles are kept; the system's temporary folder by default.
    workers : int
        Processes that take Wikipedia's markup apart.

    Raises
    ------
    InputError
        As `TextFiles` does, and for a dump that is none.
    """
    if text_format == "text":
        return TextFiles(sources, lowercase=lowercase, tmp=tmp)
    from glove_adagrad.wikipedia import articles

    paths = [path for source in sources for path in _expand(str(source))]
    for path in paths:
        _check_readable(path)
    text = _Spool(tmp, (line for path in paths for line in articles(path, lowercase=lowercase, workers=workers)))
    return TextFiles([text.path], tmp=tmp, spools=[text])


class _Spool:
    """A temporary file of text; it lives as long as this object."""

    def __init__(self, folder: Path | None, blocks: Iterable[bytes]) -> None:
        folder = folder or Path(tempfile.gettempdir())
        clear_leftovers(folder, folder / "text")
        temporary = Temporary.new_file(folder / "text")
        self.path = temporary.path
        self._remove = weakref.finalize(self, temporary.remove)
        try:
            with full_disk_named(folder), temporary.open() as file:
                for block in blocks:
                    file.write(block)
        except BaseException:
            self._remove()
            raise


def _expand(source: str) -> list[Path]:
    path = Path(source)
    if path.is_dir():
        found = _below(path)
        if not found:
            raise InputError(f"{source}: the folder holds no files")
        return found
    if path.exists():
        return [path]
    matches = [Path(name) for name in glob.glob(source, recursive=True)]
    # a folder stands for its files here too; `**` finds those apart from it
    found = sorted({file for match in matches for file in ([match] if match.is_file() else _below(match))})
    if not found:
        raise InputError(f"{source}: no such file, folder or pattern")
    return found


def _below(path: Path) -> list[Path]:
    """All files of a folder and the folders in it, but for hidden ones, in the order of names."""
    return sorted(
        Path(folder, name)
        for folder, _, names in os.walk(path)
        for name in names
        if not any(part.startswith(".") for part in Path(folder, name).relative_to(path).parts)
    )


def _check_readable(path: Path) -> None:
    try:
        with open(path, "rb"):
            pass
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error


def _damaged(path: Path, error: Exception) -> InputError:
    if isinstance(error, InputError):
        return error
    return InputError(f"{path}: cannot be decompressed ({error}); is the file complete?")


def _decompressed(raw: IO[bytes], path: Path) -> IO[bytes]:
    if path.suffix not in _COMPRESSED:
        return open(raw.fileno(), "rb", buffering=0, closefd=False)
    if path.suffix == ".zst":
        return io.BufferedReader(_ZstdReader(raw))
    from smart_open import compression

    file: IO[bytes] = compression.compression_wrapper(raw, "rb", filename=str(path))
    return file


class _ZstdReader(io.RawIOBase):
    """Reads frames of zstd, and unlike zstandard's own reader notices if the last one is cut short."""

    def __init__(self, raw: IO[bytes]) -> None:
        import zstandard

        self._blocks = self._decompress(raw, zstandard.ZstdDecompressor())
        self._block = memoryview(b"")

    @staticmethod
    def _decompress(raw: IO[bytes], zstd: Any) -> Iterator[bytes]:
        frame = None
        data = b""
        while data or (data := raw.read(1 << 16)):
            frame = frame or zstd.decompressobj()
            try:
                yield frame.decompress(data)
            except Exception as error:  # zstandard's own, which is not an OSError as that of the others
                raise EOFError(error) from error
            data = frame.unused_data
            if frame.eof:
                frame = None
        if frame is not None:
            raise EOFError("the last frame has no end")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._block:
            block = next(self._blocks, None)
            if block is None:
                return 0
            self._block = memoryview(block)
        taken = self._block[: len(buffer)]
        buffer[: len(taken)] = taken
        self._block = self._block[len(taken) :]
        return len(taken)


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


def _lowered(text: bytes) -> bytes:
    if text.isascii():
        return text.lower()
    return text.decode("utf-8", "surrogateescape").lower().encode("utf-8", "surrogateescape")
