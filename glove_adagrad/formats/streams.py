"""Files of vectors and test sets as byte streams, plain or compressed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from glove_adagrad import compression
from glove_adagrad.errors import InputError
from glove_adagrad.files import atomic_file

_HEAD = 8  # more than the first bytes of any compression


class Stream:
    """A binary file that can be looked into before it is read; pipes too.

    Parameters
    ----------
    file : binary file
    compression : str, optional
        The suffix of the compression that `file` undoes.
    """

    def __init__(self, file: IO[bytes], compression: str | None = None) -> None:
        self._file = file
        self._head = b""
        self.compression = compression

    def peek(self, size: int) -> bytes:
        """Return the next `size` bytes, fewer at the end of the file, without moving on."""
        while len(self._head) < size and (data := self._file.read(size - len(self._head))):
            self._head += data
        return self._head[:size]

    def read(self, size: int = -1) -> bytes:
        """Return at most `size` bytes, nothing only at the end of the file."""
        if size < 0:
            head, self._head = self._head, b""
            return head + self._file.read()
        if self._head:
            taken, self._head = self._head[:size], self._head[size:]
            return taken
        return self._file.read(size)

    def readline(self) -> bytes:
        """Return the next line; what pickles of protocol 0 call."""
        line = bytearray()
        while not line.endswith(b"\n") and (byte := self.read(1)):
            line += byte
        return bytes(line)


@contextlib.contextmanager
def open_for_reading(path: Path) -> Iterator[Stream]:
    """Open a file, compressed or not: its first bytes decide, not its name.

    Raises
    ------
    InputError
        If the file is missing, a folder, empty or unreadable; in reading, if its compressed data are damaged.
    """
    if path.is_dir():
        raise InputError(f"{path}: is a folder, but not a trained run (it has no vocab.txt and model.npz)")
    with contextlib.ExitStack() as stack:
        try:
            raw = Stream(stack.enter_context(open(path, "rb")))
            head = raw.peek(_HEAD)
        except OSError as error:
            raise InputError(f"{path}: cannot be read ({error.strerror})") from error
        if not head:
            raise InputError(f"{path}: is empty")
        suffix = compression.detect(head)
        yield Stream(compression.decompressed(raw, path, suffix), suffix) if suffix else raw


@contextlib.contextmanager
def open_for_writing(path: Path) -> Iterator[IO[bytes]]:
    """Open a file that appears whole or not at all, compressed if its name ends in .gz, .bz2, .xz or .zst."""
    with atomic_file(path) as raw:
        if path.suffix in compression.SUFFIXES:
            with compression.compressed(raw, path.suffix) as file:
                yield file
        else:
            yield raw
