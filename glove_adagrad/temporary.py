"""Temporary files and folders, and the removal of those that killed processes left.

A temporary is created with a random name and locked by its process for as long as it is needed. What can be locked by
another is therefore a leftover. The name also identifies the machine: nothing of another machine is ever removed.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import shutil
import stat
from pathlib import Path
from typing import IO, Any

from glove_adagrad import locks

#: End of the names of temporary files and folders.
SUFFIX = ".glove-tmp"

#: In a temporary folder: its files are complete and move to the parent folder, by whoever comes first after a crash.
#: Holds the names, one a line, that must be removed there before the first file moves.
COMMIT = ".commit"

_NAME = re.compile(r"\..*\.([0-9a-f]{8})-([0-9a-f]{8})-[0-9a-f]{16}" + re.escape(SUFFIX), re.DOTALL)

#: Errors of file systems that do not write out folders one by one.
_CANNOT_SYNC = {errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.ENOSYS}

#: Bytes of the target's name that are kept, so that a temporary name is never too long.
_KEPT = 150


def temporary_name(target: Path) -> Path:
    """Return a new random name next to `target` that identifies its owner."""
    return target.with_name(f"{_prefix(target)}{locks.boot()}-{locks.host()}-{secrets.token_hex(8)}{SUFFIX}")


def _prefix(target: Path) -> str:
    return f".{os.fsdecode(os.fsencode(target.name)[:_KEPT])}."


class Temporary:
    """A temporary file or folder that no other process removes while this object holds it.

    Use `new_file` or `new_folder`. As a context manager it is removed at the end, unless it was renamed.

    Attributes
    ----------
    path : Path
    """

    def __init__(self, path: Path, descriptor: int | None) -> None:
        self.path, self._descriptor, self._process = path, descriptor, os.getpid()

    @classmethod
    def new_file(cls, target: Path) -> Temporary:
        """Create an empty file next to `target`; never through a link, never one that exists."""
        while True:
            path = temporary_name(target)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | locks.NO_LINKS, 0o666)
            if (made := cls._hold(path, descriptor)) is not None:
                return made

    @classmethod
    def new_folder(cls, target: Path) -> Temporary:
        """Create an empty folder next to `target`."""
        while True:
            path = temporary_name(target)
            os.mkdir(path)
            if locks.fcntl is None:
                return cls(path, None)
            try:
                descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | locks.NO_LINKS)
            except FileNotFoundError:  # another process took it for a leftover
                continue
            if (made := cls._hold(path, descriptor)) is not None:
                return made

    @classmethod
    def _hold(cls, path: Path, descriptor: int) -> Temporary | None:
        """Lock what was created; None if another process took it for a leftover first."""
        if locks.fcntl is None:  # Windows cannot rename what is open
            os.close(descriptor)
            return cls(path, None)
        if locks.try_lock(descriptor) is not False and locks.is_at(descriptor, path):
            return cls(path, descriptor)
        os.close(descriptor)
        return None

    def open(self, mode: str = "wb") -> IO[Any]:
        """Open the file for writing. Closing it does not give up the lock."""
        encoding = None if "b" in mode else "utf-8"
        if self._descriptor is None:
            return open(self.path, mode, encoding=encoding)
        return open(os.dup(self._descriptor), mode, encoding=encoding)

    def remove(self) -> None:
        """Remove what is still at `path`, and give up the lock. Without effect in a forked child."""
        if self._process != os.getpid():
            return
        remove(self.path)
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Temporary:
        return self

    def __exit__(self, *error: object) -> None:
        self.remove()


def remove(path: Path) -> None:
    """Remove a file or a folder with everything in it; nothing happens if it is missing."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def clear_leftovers(folder: Path, target: Path | None = None) -> None:
    """Remove what killed processes of this machine left in `folder`, for one target or all.

    What a killed process had committed is completed first.
    """
    prefix = "." if target is None else _prefix(target)
    try:
        names = [name for name in os.listdir(folder) if name.startswith(prefix)]
    except OSError:
        return
    for name in names:
        owner = _NAME.fullmatch(name)
        if owner and (owner[1] == locks.boot() or owner[2] == locks.host()):
            # a folder that cannot be written is reported when it is written to
            with contextlib.suppress(OSError):
                _clear(folder / name)
        elif name.endswith(locks.SUFFIX) and target is None:
            with contextlib.suppress(OSError):
                locks.remove_stale(folder / name)


def _clear(path: Path) -> None:
    kind = os.lstat(path).st_mode
    if not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
        return
    descriptor = os.open(path, (os.O_RDWR if stat.S_ISREG(kind) else os.O_RDONLY) | locks.NO_LINKS)
    try:
        if locks.try_lock(descriptor) and locks.is_at(descriptor, path):
            if (path / COMMIT).is_file():
                move_out(path)
            remove(path)
    finally:
        os.close(descriptor)


def move_out(folder: Path) -> None:
    """Move the files of a committed temporary folder to its parent, replacing those of the same names."""
    parent = folder.parent
    names = set(os.listdir(folder)) - {COMMIT}
    # what is not here any more has moved, and must stay
    for name in names & set((folder / COMMIT).read_text().splitlines()):
        (parent / name).unlink(missing_ok=True)
    for name in sorted(names):
        try:
            os.replace(folder / name, parent / name)
        except OSError:
            if not (parent / name).is_dir():  # a folder that was set aside, and the new one is in place
                raise
    sync(parent)


def sync(folder: Path) -> None:
    """Write out a folder's names, so that a rename in it survives a power cut."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _CANNOT_SYNC:
            raise
    finally:
        os.close(descriptor)
