"""Advisory locks: which process works on a file or folder.

The kernel drops a lock (`flock`) when its holder ends, however it ends, and its locks are valid across containers. A
lock file also records its holder, for messages and for file systems without `flock`.
"""

from __future__ import annotations

import errno
import functools
import hashlib
import json
import os
import platform
import shlex
import sys
from pathlib import Path
from typing import Any

from glove_adagrad.errors import InputError

fcntl: Any
try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

#: End of the names of lock files.
SUFFIX = ".glove-lock"

#: Flags with which files of ours are opened: never through a symbolic link, never kept by a child's `exec`.
NO_LINKS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)

_TAKEN = {errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES}


@functools.cache
def boot() -> str:
    """Return eight hexadecimal digits that identify the running kernel; all containers of a machine share them."""
    try:
        return _digits(Path("/proc/sys/kernel/random/boot_id").read_text())
    except OSError:
        return _digits("")


@functools.cache
def host() -> str:
    """Return eight hexadecimal digits that identify the machine or container; they outlast a reboot."""
    try:
        machine = Path("/etc/machine-id").read_text()
    except OSError:
        machine = ""
    # images with a fixed machine id exist, so the name is needed too
    return _digits(machine + platform.node())


def _digits(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def try_lock(descriptor: int) -> bool | None:
    """Lock an open file or folder without waiting.

    Returns
    -------
    bool or None
        False if another holds it, None if the file system has no locks.
    """
    if fcntl is None:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return False if error.errno in _TAKEN else None
    return True


def is_at(descriptor: int, path: Path) -> bool:
    """Whether `path` is the open file itself: not removed, not replaced, not a link."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.lstat(path))
    except FileNotFoundError:
        return False


class Lock:
    """A lock on a file or folder, held from construction to `release`.

    Parameters
    ----------
    path : Path
        The lock file. It exists only while the lock is held, or if its holder was killed.
    what : Path
        What the lock protects, for messages.

    Raises
    ------
    InputError
        If another process, or another part of this one, holds it.
    """

    def __init__(self, path: Path, what: Path) -> None:
        self._path, self._process = path, os.getpid()
        while True:
            try:
                self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | NO_LINKS, 0o666)
            except OSError as error:
                raise InputError(f"{path}: cannot be written ({error.strerror})") from error
            locked = try_lock(self._descriptor)
            if locked and not is_at(self._descriptor, path):
                os.close(self._descriptor)  # its last holder has just removed it
                continue
            if not locked:
                holder = _read(self._descriptor)
                # without locks an empty record is our own new file, or that of a process killed at once
                if locked is False or (holder and may_be_alive(holder)):
                    os.close(self._descriptor)
                    remedy = "" if locked is False else f"; if it has ended, delete {path}"
                    raise InputError(
                        f"{what}: in use by {_described(holder)}; wait for it or choose another folder{remedy}"
                    )
            break
        os.ftruncate(self._descriptor, 0)
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        os.write(self._descriptor, json.dumps(_this_process()).encode())

    def release(self) -> None:
        """Remove the lock file. A forked child does not release its parent's lock."""
        if self._process != os.getpid():
            return
        if fcntl is None:  # Windows cannot remove an open file
            os.close(self._descriptor)
            self._path.unlink(missing_ok=True)
            return
        try:
            if is_at(self._descriptor, self._path):
                self._path.unlink(missing_ok=True)
        finally:
            os.close(self._descriptor)

    def __enter__(self) -> Lock:
        return self

    def __exit__(self, *error: object) -> None:
        self.release()


def output_lock(folder: Path) -> Lock:
    """Lock an output folder, whether it exists or not, by a file next to it."""
    folder = Path(os.path.realpath(folder))
    name = os.fsdecode(os.fsencode(folder.name)[:200])
    return Lock(folder.with_name(f".{name}{SUFFIX}"), folder)


def remove_stale(path: Path) -> None:
    """Remove a lock file whose holder, on this machine, was killed."""
    try:
        descriptor = os.open(path, os.O_RDWR | NO_LINKS)
    except OSError:
        return
    try:
        holder = _read(descriptor)
        here = holder.get("boot") == boot() or holder.get("host_id") == host()
        if here and try_lock(descriptor) and is_at(descriptor, path):
            path.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def may_be_alive(holder: dict[str, Any]) -> bool:
    """Whether the process of a record may still run. True for another machine, where that cannot be known."""
    if holder.get("host_id") != host() and holder.get("boot") != boot():
        return True
    if holder.get("boot") != boot():
        return False
    if holder.get("namespace") != _namespace() or os.name == "nt":
        return True
    if not os.path.isdir("/proc/self"):
        try:
            os.kill(int(holder["process"]), 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            pass
        return True
    return _started(int(holder["process"])) == holder.get("started")


def _this_process() -> dict[str, Any]:
    return {
        "process": os.getpid(),
        "host": platform.node(),
        "command": shlex.join([Path(sys.argv[0] or "python").name, *sys.argv[1:]]),
        "started": _started(os.getpid()),
        "namespace": _namespace(),
        "boot": boot(),
        "host_id": host(),
    }


def _started(process: int) -> int | None:
    """When a process was started, in clock ticks since boot; None if it has ended (a zombie has) or is not known."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def _namespace() -> int | None:
    """The namespace of process ids, within which they can be compared."""
    try:
        return os.stat("/proc/self/ns/pid").st_ino
    except OSError:
        return None


def _read(descriptor: int) -> dict[str, Any]:
    """The holder's record; empty if it is not complete. Moves the file's position."""
    try:
        record = json.loads(os.read(descriptor, 1 << 16))
    except (ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) and isinstance(record.get("process"), int) else {}


def _described(holder: dict[str, Any]) -> str:
    if not holder:
        return "another process"
    command = str(holder.get("command", ""))
    command = command if len(command) <= 80 else f"{command[:77]}..."
    return f"process {holder['process']} on host {holder.get('host')} ({command})"
