"""Files and folders that appear whole or not at all.

Everything is written under a temporary name beside its target, flushed to disk, then renamed. What the
files contain is not known here.
"""

from __future__ import annotations

import contextlib
import errno
import glob
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any

from glove_adagrad.errors import InputError

#: End of the names of temporary files and folders.
_SUFFIX = ".glove-tmp"

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def temporary_name(path: Path) -> Path:
    """A name beside `path`, unique to this process, by which leftovers can be recognised."""
    return path.with_name(f".{path.name}.{os.getpid()}{_SUFFIX}")


def clear_leftovers(folder: Path, name: str = "*") -> None:
    """Remove temporary files and folders that killed processes left in `folder`, those of a target or all."""
    for leftover in folder.glob(f".{name}.*{_SUFFIX}"):
        owner = leftover.name.removesuffix(_SUFFIX).rpartition(".")[2]
        if owner.isdigit() and not _alive(int(owner)):
            remove(leftover)


def remove(path: Path) -> None:
    """Remove a file or a folder with all it holds; nothing happens if it is not there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


@contextlib.contextmanager
def full_disk_named(path: Path) -> Iterator[None]:
    """Turn a disk that fills up while the block writes to `path` into an error that says so."""
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise InputError(
            f"{path}: cannot be written ({os.strerror(error.errno)}); free some space or name another place"
        ) from error


def check_free_space(folder: Path, needed: int, remedy: str) -> None:
    """Refuse, before any work is done, what would not fit on a disk.

    Raises
    ------
    InputError
        If `folder` has fewer than `needed` bytes free.
    """
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise InputError(f"{folder}: needs about {needed >> 20:,} MB, and {free >> 20:,} MB are free; {remedy}")


@contextlib.contextmanager
def atomic_file(path: Path, mode: str = "wb") -> Iterator[IO[Any]]:
    """Open a file for writing that takes the name `path` only if the block ends without an error."""
    path = Path(path)
    clear_leftovers(path.parent, glob.escape(path.name))
    temporary = temporary_name(path)
    try:
        with full_disk_named(path), open(temporary, mode, encoding=None if "b" in mode else "utf-8") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Give a fresh folder that takes the name `path`, in place of what was there, if the block succeeds."""
    path = Path(path)
    if path.parent.is_dir():
        clear_leftovers(path.parent, glob.escape(path.name))
    temporary = temporary_name(path)
    remove(temporary)
    temporary.mkdir(parents=True)
    try:
        with full_disk_named(path):
            yield temporary
            _flush(temporary)
        if path.exists():
            old = temporary_name(path.with_name(f"{path.name}.old"))
            os.replace(path, old)
            os.replace(temporary, path)
            remove(old)
        else:
            os.replace(temporary, path)
    except BaseException:
        remove(temporary)
        raise


class EarlyFlush:
    """Has the system write out a large file while it still grows, so that the flush at its end has little left to do.

    Parameters
    ----------
    file : file object
        Open for writing; to be closed after this.
    """

    #: Bytes after which the next flush is begun.
    _STEP = 1 << 25

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._pending = 0
        self._thread = ThreadPoolExecutor(1)
        self._flush: Future[None] | None = None

    def written(self, size: int) -> None:
        """Say that so many bytes more were written; an error of an earlier flush is raised here."""
        self._pending += size
        if self._pending >= self._STEP and (self._flush is None or self._flush.done()):
            self.wait()
            self._pending = 0
            self._file.flush()
            self._flush = self._thread.submit(os.fsync, self._file.fileno())

    def wait(self) -> None:
        """Wait for the flush that is under way."""
        flush, self._flush = self._flush, None
        if flush is not None:
            flush.result()

    def __enter__(self) -> EarlyFlush:
        return self

    def __exit__(self, *error: object) -> None:
        self._thread.shutdown()
        if error[0] is None:
            self.wait()


def _flush(folder: Path) -> None:
    """Have the system write out a folder's files, so that after a crash no name stands for less than it should."""
    for place, _, names in os.walk(folder):
        for name in names:
            with open(Path(place, name), "rb") as file:
                os.fsync(file.fileno())


def check_output_file(path: Path) -> None:
    """Refuse, before any work is done, a file that could not be written at its end.

    Raises
    ------
    InputError
        If the parent folder is missing or cannot be written, or `path` is a folder.
    """
    if path.is_dir():
        raise InputError(f"{path}: is a folder; name a file")
    if not path.parent.is_dir():
        raise InputError(f"{path}: the folder {path.parent} does not exist; create it first")
    _check_writable(path.parent)


def check_output_folder(path: Path) -> None:
    """Create the folder if need be and refuse one that cannot be written.

    Raises
    ------
    InputError
        If `path` is a file, or cannot be created or written.
    """
    if path.exists() and not path.is_dir():
        raise InputError(f"{path}: is a file; name a folder")
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{path}: cannot be created ({error.strerror})") from error
    _check_writable(path)


def _check_writable(folder: Path) -> None:
    probe = temporary_name(folder / "probe")
    try:
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror})") from error


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
