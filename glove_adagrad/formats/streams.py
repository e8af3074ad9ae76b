"""Files of vectors as byte streams, plain or compressed."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import lzma
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from glove_adagrad.errors import InputError
from glove_adagrad.files import atomic_file


def _open_zstd(file: Any, mode: str) -> Any:
    import zstandard

    opened: Any = zstandard.open(file, mode)
    # zstandard's reader has no readline
    return io.BufferedReader(opened) if mode == "rb" else opened


def _open_gzip(file: Any, mode: str) -> Any:
    if mode == "rb":
        return gzip.open(file, mode)
    return gzip.GzipFile("", mode, fileobj=file, mtime=0)  # neither name nor time: the same bytes each time


#: The first bytes of compressed files, and how each kind is opened, by suffix.
_MAGIC = {b"\x1f\x8b": ".gz", b"BZh": ".bz2", b"\xfd7zXZ\x00": ".xz", b"\x28\xb5\x2f\xfd": ".zst"}
_OPEN: dict[str, Callable[[Any, Any], Any]] = {
    ".gz": _open_gzip,
    ".bz2": bz2.open,
    ".xz": lzma.open,
    ".zst": _open_zstd,
}


@contextlib.contextmanager
def open_for_reading(path: Path) -> Iterator[IO[bytes]]:
    """Open a file, compressed or not: its first bytes tell, not its name.

    Raises
    ------
    InputError
        If the file is missing, a folder, empty, unreadable, or its compressed data are damaged.
    """
    if path.is_dir():
        raise InputError(f"{path}: is a folder, and no run of ours (no vocab.txt and model.npz in it)")
    with contextlib.ExitStack() as stack:
        try:
            raw = stack.enter_context(open(path, "rb"))
            head = raw.read(8)
        except OSError as error:
            raise InputError(f"{path}: cannot be read ({error.strerror})") from error
        if not head:
            raise InputError(f"{path}: is empty")
        raw.seek(0)
        compression = next((name for magic, name in _MAGIC.items() if head.startswith(magic)), "")
        if not compression:
            yield raw
            return
        try:
            with _OPEN[compression](raw, "rb") as file:
                yield file
        except InputError:
            raise
        except Exception as error:
            # each decompressor has errors of its own
            raise InputError(f"{path}: the compressed data are damaged ({error})") from error


@contextlib.contextmanager
def open_for_writing(path: Path) -> Iterator[IO[bytes]]:
    """Open a file that appears whole or not at all, compressed if its name ends in .gz, .bz2, .xz or .zst."""
    with atomic_file(path) as raw:
        if path.suffix in _OPEN:
            with _OPEN[path.suffix](raw, "wb") as file:
                yield file
        else:
            yield raw
