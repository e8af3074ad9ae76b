"""Atomic writing of files and folders.

Everything is written under a temporary name next to its target, flushed to disk, then renamed, and the rename is
flushed too. What the files contain is not known here.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import functools
import glob
import os
import shutil
import stat
import sys
import tempfile
import weakref
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any

from glove_adagrad.errors import InputError, OutputError
from glove_adagrad.locks import output_lock
from glove_adagrad.temporary import COMMIT, SUFFIX, Temporary, clear_leftovers, move_out, sync

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}

_AT_FDCWD, _RENAME_EXCHANGE = -100, 2


@contextlib.contextmanager
def full_disk_named(path: Path) -> Iterator[None]:
    """Turn a disk that fills up while the block writes to `path` into an error that says so."""
    try:
        yield
    except OSError as error:
        # NumPy does not say why it could not write all of an array
        cut_short = error.errno is None and " requested and " in str(error)
        if error.errno not in _FULL and not cut_short:
            raise
        reason = os.strerror(error.errno or errno.ENOSPC)
        raise OutputError(f"{path}: cannot be written ({reason}); free some space or choose another place") from error


@contextlib.contextmanager
def _errors_named(path: Path) -> Iterator[None]:
    """Turn an error of the system that names no file, or a temporary one, into one that names `path`."""
    try:
        with full_disk_named(path):
            yield
    except OSError as error:
        named = error.filename is not None and SUFFIX not in os.fsdecode(error.filename)
        if error.errno is None or named or isinstance(error, BrokenPipeError):
            raise
        raise OutputError(f"{path}: failed while it was written ({error.strerror})") from error


def check_free_space(folder: Path, needed: int, remedy: str) -> None:
    """Refuse, before any work is done, what would not fit on a disk.

    Raises
    ------
    InputError
        If `folder` has fewer than `needed` bytes free.
    """
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise InputError(f"{folder}: needs about {needed / 1e6:,.1f} MB, and {free / 1e6:,.1f} MB are free; {remedy}")


@contextlib.contextmanager
def atomic_file(path: Path, mode: str = "wb") -> Iterator[IO[Any]]:
    """Open a file for writing that takes the name `path` only if the block ends without an error.

    A link is followed, the mode of a file that is replaced is kept. A device, a pipe or standard output is written
    to directly.
    """
    path = Path(path)
    special = _special(path)
    if special is not None:
        with _errors_named(path), open(special, mode, encoding=None if "b" in mode else "utf-8") as file:
            yield file
        return
    target = Path(os.path.realpath(path))
    clear_leftovers(target.parent, target)
    with _errors_named(path), _new(Temporary.new_file, target) as temporary:
        with temporary.open(mode) as file:
            yield file
            file.flush()
            _keep_mode(target, temporary.path)
            os.fsync(file.fileno())
        replace(temporary.path, target)


def _special(path: Path) -> int | str | None:
    """What to open where `path` is not a regular file; its descriptor where it is standard output or error."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    for stream in (1, 2):
        with contextlib.suppress(OSError):
            if os.path.samestat(status, os.fstat(stream)):
                return os.dup(stream)
    return None if stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode) else str(path)


def _keep_mode(target: Path, new: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.chmod(new, stat.S_IMODE(os.stat(target).st_mode))


def _new(make: Callable[[Path], Temporary], target: Path) -> Temporary:
    try:
        return make(target)
    except OSError as error:
        raise OutputError(f"{target}: cannot be written ({error.strerror})") from error


@contextlib.contextmanager
def atomic_files(folder: Path, name: str, *, remove_first: Iterable[str] = ()) -> Iterator[Path]:
    """Provide an empty folder whose files all move to `folder` if the block succeeds.

    Nothing of them is there before all are complete. A crash between two renames is completed by `clear_leftovers`.

    Parameters
    ----------
    name : str
        For the temporary folder's name.
    remove_first : iterable of str
        Files in `folder` that must be gone before the first new file is there, since it does not belong to them.
    """
    folder = Path(os.path.realpath(folder))
    clear_leftovers(folder, folder / name)
    with _errors_named(folder), _new(Temporary.new_folder, folder / name) as temporary:
        yield temporary.path
        for file in temporary.path.iterdir():
            _keep_mode(folder / file.name, file)
        _flush(temporary.path)
        _commit(temporary.path, remove_first)
        move_out(temporary.path)


def _commit(folder: Path, remove_first: Iterable[str] = ()) -> None:
    with atomic_file(folder / COMMIT, "w") as file:
        file.writelines(f"{name}\n" for name in remove_first)
    sync(folder.parent)


@contextlib.contextmanager
def atomic_folder(path: Path, check: Callable[[Path], None]) -> Iterator[Path]:
    """Provide an empty folder that takes the name `path`, replacing a folder there, if the block succeeds.

    The name is locked meanwhile.

    Parameters
    ----------
    check : callable
        Called with `path`, before the block and before it is replaced; raises if what is there must not be replaced.

    Raises
    ------
    InputError
        If another process writes the folder, or it cannot be written.
    """
    target = Path(os.path.realpath(path))
    make_folders(target.parent)
    with output_lock(target):
        clear_leftovers(target.parent, target)
        check(path)
        with _errors_named(path), _new(Temporary.new_folder, target) as temporary:
            yield temporary.path
            _keep_mode(target, temporary.path)
            _flush(temporary.path)
            check(path)
            _replace_folder(temporary.path, target)


def replace(source: Path, target: Path) -> None:
    """Rename, replacing a file of that name, and write out the rename."""
    os.replace(source, target)
    sync(target.parent)


def _replace_folder(new: Path, target: Path) -> None:
    """Put `new` in the place of a folder; the old one is then at `new`, or removed."""
    if not target.exists():
        replace(new, target)
        return
    if _exchange(new, target):
        sync(target.parent)
        return
    # two renames: should we be killed between them, the next process puts the old folder back
    with Temporary.new_folder(target) as aside:
        _commit(aside.path)
        try:
            os.rename(target, aside.path / target.name)
            replace(new, target)
        except BaseException:
            move_out(aside.path)
            raise


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two names in one step; False where the system cannot."""
    rename = _renameat2()
    return rename is not None and rename(_AT_FDCWD, bytes(one), _AT_FDCWD, bytes(other), _RENAME_EXCHANGE) == 0


@functools.cache
def _renameat2() -> Any:
    if not sys.platform.startswith("linux"):
        return None
    function = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if function is not None:
        function.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint]
    return function


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
        """Record that `size` more bytes were written; an error of an earlier flush is raised here."""
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
    """Write out a folder's files and names, so that after a crash no name stands for less than it should."""
    for place, _, names in os.walk(folder):
        for name in names:
            with open(Path(place, name), "r+b") as file:  # Windows flushes only what is open for writing
                os.fsync(file.fileno())
        sync(Path(place))


def make_folders(path: Path) -> None:
    """Create a folder and those that it is in, durably.

    Raises
    ------
    InputError
        If one cannot be created, or a file is there.
    """
    try:
        if path.is_dir():
            return
        make_folders(path.parent)
        path.mkdir(exist_ok=True)
        sync(path.parent)
    except OSError as error:
        raise InputError(f"{path}: cannot be created ({error.strerror})") from error


def check_output_file(path: Path) -> None:
    """Refuse, before any work is done, a file that could not be written at its end.

    Raises
    ------
    InputError
        If the parent folder is missing or cannot be written, or `path` is a folder.
    """
    if path.is_dir():
        raise InputError(f"{path}: is a folder; name a file")
    if path.exists() and not path.is_file():
        return
    parent = Path(os.path.realpath(path)).parent if path.is_symlink() else path.parent
    if not parent.is_dir():
        raise InputError(f"{path}: the folder {parent} does not exist; create it first")
    _check_writable(parent)


def check_output_folder(path: Path) -> None:
    """Create the folder if need be and refuse one that cannot be written.

    Raises
    ------
    InputError
        If `path` is a file, or cannot be created or written.
    """
    if path.exists() and not path.is_dir():
        raise InputError(f"{path}: is a file; name a folder")
    make_folders(path)
    _check_writable(path)


class TemporaryFolder:
    """A temporary folder that exists as long as this object.

    Parameters
    ----------
    parent : Path, optional
        The folder to create it in; the system's for temporary files by default.

    Attributes
    ----------
    path : Path

    Raises
    ------
    InputError
        If the parent folder cannot be written.
    """

    def __init__(self, parent: Path | None = None) -> None:
        parent = parent or Path(tempfile.gettempdir())
        check_output_folder(parent)
        clear_leftovers(parent, parent / "glove-adagrad")
        temporary = Temporary.new_folder(parent / "glove-adagrad")
        self.path = temporary.path
        weakref.finalize(self, temporary.remove)


def _check_writable(folder: Path) -> None:
    """Create and remove a file; also remove what killed processes left in the folder."""
    clear_leftovers(folder)
    try:
        Temporary.new_file(folder / "probe").remove()
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror})") from error


def check_not_input(output: Path, sources: Iterable[str | Path]) -> None:
    """Refuse an output that is one of the inputs and would replace it.

    Parameters
    ----------
    sources : iterable of str or Path
        Files, folders, glob patterns, or `-`.

    Raises
    ------
    InputError
        If `output` exists and is a source, or is a file within one.
    """
    if not output.exists():
        return
    for source in map(str, sources):
        for path in [source] if os.path.exists(source) else glob.iglob(source, recursive=True):
            within = os.path.isdir(path) and Path(os.path.realpath(path)) in Path(os.path.realpath(output)).parents
            if os.path.samefile(path, output) or (within and output.is_file()):
                raise InputError(f"{output}: is an input, and would be replaced; choose another output")
