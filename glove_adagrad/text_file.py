"""One file of a corpus: decompressed while being read, with damage and changes noticed; copies of streams."""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
import weakref
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from glove_adagrad.compression import SUFFIXES, decompressed, detect
from glove_adagrad.errors import InputError
from glove_adagrad.files import full_disk_named
from glove_adagrad.temporary import Temporary, clear_leftovers


class TextFile:
    """A file that must stay as it is while this object is used.

    Parameters
    ----------
    path : Path
    name : str, optional
        What messages call it; the path by default.

    Raises
    ------
    InputError
        If it cannot be read.
    """

    def __init__(self, path: Path, name: str | None = None) -> None:
        self.path = path
        self.name = name or str(path)
        try:
            with open(path, "rb") as file:
                self._state = _state(file)
                self.size = os.fstat(file.fileno()).st_size
        except OSError as error:
            raise InputError(f"{self.name}: cannot be read ({error.strerror})") from error

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
            with open(self.path, "rb", buffering=0) as raw:
                self._check_unchanged(raw)
                with self._content(raw) as content:
                    yield raw, content
                self._check_unchanged(raw)
        except OSError as error:
            raise InputError(f"{self.name}: cannot be read ({error.strerror or error})") from error

    def _content(self, raw: IO[bytes]) -> IO[bytes]:
        compression = detect(raw.read(8))
        raw.seek(0)
        if compression:
            return decompressed(raw, Path(self.name), compression)
        if self.path.suffix in SUFFIXES:
            raise InputError(
                f"{self.name}: its name ends in {self.path.suffix}, but its content is not compressed so; "
                "it is damaged, or should have another name"
            )
        return open(raw.fileno(), "rb", buffering=0, closefd=False)

    def _check_unchanged(self, file: IO[bytes]) -> None:
        if _state(file) != self._state:
            raise InputError(
                f"{self.name}: has changed since the command started; run it again when nothing writes to the file"
            )


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


def _state(file: IO[bytes]) -> tuple[int, ...]:
    """What shows that a file is no longer the same."""
    found = os.fstat(file.fileno())
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
