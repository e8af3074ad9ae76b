"""Files and folders that appear whole or not at all.

Everything is written under a temporary name beside its target, flushed to disk, then renamed. What the
files contain is not known here.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from glove_adagrad.errors import InputError


def temporary_name(path: Path) -> Path:
    """A name beside `path`, unique to this process, by which leftovers can be recognised."""
    return path.with_name(f".{path.name}.{os.getpid()}.tmp")


def clear_leftovers(folder: Path) -> None:
    """Remove temporary files and folders that a killed process left in `folder`."""
    for leftover in folder.glob(".*.tmp"):
        owner = leftover.name.split(".")[-2]
        if owner.isdigit() and not _alive(int(owner)):
            remove(leftover)


def remove(path: Path) -> None:
    """Remove a file or a folder with all it holds; nothing happens if it is not there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


@contextlib.contextmanager
def atomic_file(path: Path, mode: str = "wb") -> Iterator[IO[Any]]:
    """Open a file for writing that takes the name `path` only if the block ends without an error."""
    path = Path(path)
    temporary = temporary_name(path)
    try:
        with open(temporary, mode, encoding=None if "b" in mode else "utf-8") as file:
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
    temporary = temporary_name(path)
    remove(temporary)
    temporary.mkdir(parents=True)
    try:
        yield temporary
        if path.exists():
            old = path.with_name(f".{path.name}.old.{os.getpid()}.tmp")
            os.replace(path, old)
            os.replace(temporary, path)
            remove(old)
        else:
            os.replace(temporary, path)
    except BaseException:
        remove(temporary)
        raise


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
    probe = folder / f".probe.{os.getpid()}.tmp"
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
