"""gzip, bzip2, xz and Zstandard: readers that refuse damaged data in one line, and writers with reproducible bytes.

Readers decompress in bounded memory, read concatenated streams to the end, and notice a stream that is cut short.
"""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import lzma
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, Protocol

from glove_adagrad.errors import InputError

#: The first bytes of compressed files, by the suffix that stands for each kind.
_MAGIC = {".gz": b"\x1f\x8b", ".bz2": b"BZh", ".xz": b"\xfd7zXZ\x00", ".zst": b"\x28\xb5\x2f\xfd"}

SUFFIXES = tuple(_MAGIC)

#: Compressed bytes read at a time. zstandard cannot bound what it decompresses at once: a block of 4 bytes can hold
#: 128 KiB, so a piece of 1 KiB gives at most 32 MiB.
_PIECE, _ZSTD_PIECE = 1 << 16, 1 << 10


class Readable(Protocol):
    """What is needed of a compressed file: it may return fewer bytes than asked for, none only at its end."""

    def read(self, size: int = ..., /) -> bytes: ...


def detect(head: bytes) -> str:
    """Return the suffix of the compression that a file's first bytes belong to, or an empty string."""
    suffix = next((suffix for suffix, magic in _MAGIC.items() if head.startswith(magic)), "")
    # the letters BZh may begin a text, too; in bzip2 a digit follows
    return "" if suffix == ".bz2" and not head[3:4].isdigit() else suffix


def decompressed(raw: Readable, path: Path, suffix: str) -> IO[bytes]:
    """Return a buffered reader of the decompressed content of `raw`.

    Parameters
    ----------
    raw : binary file
        At its start; only `read` is called.
    path : Path
        For messages.
    suffix : {'.gz', '.bz2', '.xz', '.zst'}

    Returns
    -------
    binary file
        Reading raises InputError if the data are damaged, cut short or followed by something else, or if
        decompressing needs more memory than there is. Errors of the system in reading `raw` pass unchanged.
    """
    source: Any = raw  # more than enough for GzipFile, whatever its type hints say
    stream = gzip.GzipFile(fileobj=source, mode="rb") if suffix == ".gz" else _Streams(raw, suffix)
    return io.BufferedReader(_Translated(stream, path), buffer_size=_PIECE)


@contextlib.contextmanager
def compressed(raw: IO[bytes], suffix: str) -> Iterator[IO[bytes]]:
    """Compress into `raw` what the block writes; equal content gives equal bytes, and every kind has a checksum."""
    with _writer(raw, suffix) as file:
        yield file


def _writer(raw: IO[bytes], suffix: str) -> Any:
    if suffix == ".gz":
        return gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0)
    if suffix == ".bz2":
        return bz2.BZ2File(raw, "wb")
    if suffix == ".xz":
        return lzma.LZMAFile(raw, "wb")
    import zstandard

    return zstandard.ZstdCompressor(write_checksum=True).stream_writer(raw, closefd=False)


class _Translated(io.RawIOBase):
    """Turns the errors that decoders raise, each its own, into InputError."""

    def __init__(self, stream: Any, path: Path) -> None:
        self._stream = stream
        self._path = path

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            return int(self._stream.readinto(buffer))
        except MemoryError as error:
            raise InputError(
                f"{self._path}: not enough memory to decompress it; decompress the file with its own program first"
            ) from error
        except Exception as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise  # the system's, not a decoder's
            raise InputError(
                f"{self._path}: the compressed data are damaged or cut short ({error}); copy or download it again"
            ) from error


class _Zstd:
    """One frame of Zstandard, with the interface of `bz2.BZ2Decompressor`."""

    needs_input = True

    def __init__(self) -> None:
        import zstandard

        self._frame = zstandard.ZstdDecompressor().decompressobj()

    @property
    def eof(self) -> bool:
        return bool(self._frame.eof)

    @property
    def unused_data(self) -> bytes:
        return self._frame.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return self._frame.decompress(data)


_DECODERS: dict[str, Callable[[], Any]] = {
    ".bz2": bz2.BZ2Decompressor,
    ".xz": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ),
    ".zst": _Zstd,
}


class _Streams:
    """Streams of bzip2, xz or Zstandard one after the other, the last of which must be complete.

    The readers of the standard library ignore what follows the first stream if it does not start a valid one, so
    one flipped bit could drop the rest of a file; that of zstandard does not notice a frame that is cut short.
    """

    def __init__(self, raw: Readable, suffix: str) -> None:
        self._raw = raw
        self._new = _DECODERS[suffix]
        self._size = _ZSTD_PIECE if suffix == ".zst" else _PIECE
        self._decoder: Any = None
        self._block = memoryview(b"")

    def readinto(self, buffer: Any) -> int:
        while not self._block:
            block = self._next(len(buffer))
            if block is None:
                return 0
            self._block = memoryview(block)
        taken = self._block[: len(buffer)]
        buffer[: len(taken)] = taken
        self._block = self._block[len(taken) :]
        return len(taken)

    def _next(self, size: int) -> bytes | None:
        """Decompress some bytes, possibly none; None at the end of the file."""
        decoder, data = self._decoder, b""
        if decoder is None or decoder.eof:
            data = decoder.unused_data if decoder else b""
            # xz allows zero bytes between streams
            while not (data := data.lstrip(b"\0") if decoder else data):
                if not (data := self._raw.read(self._size)):
                    return None
            decoder = self._decoder = self._new()
        elif decoder.needs_input and not (data := self._raw.read(self._size)):
            raise EOFError("the last stream has no end")
        block: bytes = decoder.decompress(data, size)
        return block
