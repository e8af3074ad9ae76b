"""Runs commands as on a system without POSIX: `python without_posix.py COMMANDS`, a JSON list of their arguments.

What Windows lacks is removed or fails as it does there, before the package is imported.
"""

import json
import multiprocessing.context  # noqa: F401 - takes its choice of methods from os.fork, which the test needs no more
import os
import signal
import stat
import sys

for name in ("pread", "preadv", "pwrite", "fork", "mkfifo", "sched_getaffinity", "posix_fadvise", "fchmod",
             "O_DIRECTORY", "O_NOFOLLOW", "O_CLOEXEC", "getuid", "geteuid", "sendfile"):  # fmt: skip
    vars(os).pop(name, None)
for name in ("setitimer", "getitimer", "SIGVTALRM", "SIGHUP", "SIGALRM", "alarm", "pthread_kill"):
    vars(signal).pop(name, None)
os.supports_dir_fd = set()
_open, _fsync, _kill = os.open, os.fsync, os.kill


def open_file(path, flags, mode=0o777, *, dir_fd=None):  # type: ignore[no-untyped-def]
    if dir_fd is not None:
        raise NotImplementedError("dir_fd unavailable on this platform")
    if os.path.isdir(path) and _ours():
        raise PermissionError(13, "Permission denied", str(path))
    return _open(path, flags, mode)


def fsync(descriptor):  # type: ignore[no-untyped-def]
    import posix

    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise OSError(9, "Bad file descriptor")
    with open(f"/proc/self/fdinfo/{descriptor}") as info:
        flags = int(info.read().split("flags:")[1].split()[0], 8)
    if flags & 3 == os.O_RDONLY:
        raise OSError(9, "Bad file descriptor")
    posix.fsync(descriptor)


def kill(process, number):  # type: ignore[no-untyped-def]
    raise AssertionError("os.kill ends a process on Windows")


def _ours() -> bool:
    return "glove_adagrad" in sys._getframe(2).f_globals.get("__name__", "")


os.open, os.fsync, os.kill = open_file, fsync, kill
sys.modules["fcntl"] = None  # type: ignore[assignment]

from glove_adagrad import files, temporary  # noqa: E402
from glove_adagrad.cli import main  # noqa: E402

files._renameat2 = lambda: None
temporary.sync = files.sync = lambda folder: None  # without effect where os.name is "nt"

if __name__ == "__main__":
    for arguments in json.loads(sys.argv[1]):
        sys.argv[1:] = arguments
        main()
