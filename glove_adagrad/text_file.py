"""One file of a corpus: decompressed while being read, with damage and changes noticed; copies of streams."""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
import weakref
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any, cast

from glove_adagrad.compression import SUFFIXES, decompressed, detect
from glove_adagrad.errors import InputError
from glove_adagrad.files import full_disk_named
from glove_adagrad.temporary import Temporary, clear_leftovers

#: Bytes read at a time to find a cut, and the length from which a line may be cut between words.
_SEARCHED, _LONG_LINE = 1 << 16, 1 << 20


class TextFile:
    """A file that must stay as it is while this object is used.

    Parameters
    ----------
    path : Path
    name : str, optional
        What messages call it; the path by default.
    begin, end : int, optional
        Bytes of a plain file to read instead of all: from the first cut at or after `begin` to the first at or after
        `end`. A cut is the end of a line, or of a word where a line is very long; the parts between any positions
        make up the text.

    Attributes
    ----------
    begin, size : int
        The first byte and the number of bytes, as stored.
    file_size : int
        The number of bytes of the whole file.
    starts_line, ends_line : bool
        Whether the text starts at the start of a line, and whether a line end is added where the last one lacks it.

    Raises
    ------
    InputError
        If it cannot be read.
    """

    def __init__(self, path: Path, name: str | None = None, begin: int = 0, end: int | None = None) -> None:
        self.path = path
        self.name = name or str(path)
        try:
            with self._open() as file:
                self._state = self._state_of(file)
                self.file_size = size = file.seek(0, os.SEEK_END)
                self.begin, self.starts_line = _cut_from(file, begin, size)
                last = size if end is None else _cut_from(file, end, size)[0]
                self.size, self.ends_line = last - self.begin, last == size
        except OSError as error:
            raise InputError(f"{self.name}: cannot be read ({error.strerror or error})") from error

    def __str__(self) -> str:
        return self.name

    @classmethod
    def copy(cls, name: str, folder: Path | None, blocks: Iterable[bytes]) -> TextFile:
        """Copy what can be read only once to a temporary file, which is removed with the object.

        Parameters
        ----------
        name : str
            Where the blocks come from, for messages.
        folder : Path, optional
            Where the file is; the system's temporary folder by default.
        blocks : iterable of bytes
        """
        folder = folder or Path(tempfile.gettempdir())
        clear_leftovers(folder, folder / "text")
        temporary = Temporary.new_file(folder / "text")
        try:
            with full_disk_named(folder), temporary.open() as file:
                for block in blocks:
                    file.write(block)
            copy = cls(temporary.path, name)
        except BaseException:
            temporary.remove()
            raise
        weakref.finalize(copy, temporary.remove)
        return copy

    @contextlib.contextmanager
    def opened(self) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
        """Open the file as it is stored, and a reader of its content, decompressed if its first bytes say so.

        Raises
        ------
        InputError
            If the file cannot be read, is damaged, or has changed since this object was made.
        """
        try:
            with self._open() as raw:
                self._check_unchanged(raw)
                with self._content(raw) as content:
                    yield raw, content
                self._check_unchanged(raw)
        except OSError as error:
            raise InputError(f"{self.name}: cannot be read ({error.strerror or error})") from error

    def _open(self) -> IO[bytes]:
        return open(self.path, "rb", buffering=0)

    def _state_of(self, file: IO[bytes]) -> tuple[Any, ...]:
        """What shows that the file is no longer the same."""
        found = os.fstat(file.fileno())
        return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns

    def _content(self, raw: IO[bytes]) -> IO[bytes]:
        raw.seek(self.begin)
        if self.begin or not self.ends_line:
            return cast("IO[bytes]", _Part(raw, self.size))
        compression = detect(raw.read(8))
        raw.seek(0)
        if compression:
            return decompressed(raw, Path(self.name), compression)
        if self.path.suffix in SUFFIXES:
            raise InputError(
                f"{self.name}: its name ends in {self.path.suffix}, but its content is not compressed so; "
                "it is damaged, or should have another name"
            )
        return cast("IO[bytes]", _Part(raw, self.size))

    def _check_unchanged(self, file: IO[bytes]) -> None:
        if self._state_of(file) != self._state:
            raise InputError(
                f"{self.name}: has changed since the command started; run it again when nothing writes to the file"
            )


def _cut_from(file: IO[bytes], position: int, size: int) -> tuple[int, bool]:
    """The first place at or after a position where text may be cut, and whether a line starts there."""
    if not 0 < position < size:
        return min(position, size), True
    at = file.seek(position - 1)
    blank = size
    while at - position <= _LONG_LINE or blank == size:
        block = file.read(_SEARCHED)
        if not block:
            return size, True
        line = block.find(b"\n")
        found = [at + place + 1 for white in (b" ", b"\t") if (place := block.find(white)) >= 0]
        blank = min(blank, *found, size)
        if line >= 0 and (at + line + 1 - position <= _LONG_LINE or at + line + 1 < blank):
            return at + line + 1, True
        at += len(block)
    return blank, blank == size


class _Part(io.RawIOBase):
    """The next `size` bytes of a file."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file, self._left = file, size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._file.read(min(len(buffer), self._left))
        self._left -= len(data)
        buffer[: len(data)] = data
        return len(data)


class Recoded(io.RawIOBase):
    """A binary file in UTF-8 of the text of one in another encoding.

    Parameters
    ----------
    content : binary file
    encoding : str
    name : str
        For messages.

    Raises
    ------
    InputError
        In reading, if the bytes are not text in the encoding.
    """

    def __init__(self, content: IO[bytes], encoding: str, name: str) -> None:
        self._text = io.TextIOWrapper(io.BufferedReader(content), encoding, newline="")  # type: ignore[type-var]
        self._encoding = encoding
        self._name = name
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._rest:
            try:
                self._rest = self._text.read(len(buffer)).encode()
            except UnicodeError as error:
                raise InputError(
                    f"{self._name}: not text in {self._encoding} ({error}); name another encoding, or none for UTF-8"
                ) from error
        taken = self._rest[: len(buffer)]
        self._rest = self._rest[len(taken) :]
        buffer[: len(taken)] = taken
        return len(taken)


class LineFeeds(io.RawIOBase):
    """A binary file whose CR are LF; for content whose lines end with CR alone."""

    def __init__(self, content: IO[bytes]) -> None:
        self._content = content

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._content.read(len(buffer)).replace(b"\r", b"\n")
        buffer[: len(data)] = data
        return len(data)
