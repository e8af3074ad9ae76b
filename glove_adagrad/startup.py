"""Start-up of commands: Numba is imported without optional packages that it would load and never use."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator

#: What Numba imports if it is installed: SciPy for BLAS in `np.cov`, cffi for functions of C. No kernel uses either.
_OPTIONAL = ("cffi", "scipy")

_command = False


def this_is_a_command() -> None:
    """Record that no other code uses Numba in this process, so that it may lack features."""
    global _command
    _command = True


def is_command() -> bool:
    """Whether `this_is_a_command` was called."""
    return _command


@contextlib.contextmanager
def numba_import() -> Iterator[None]:
    """Hide optional packages from Numba in a block that imports it, if this process is a command.

    That halves the time that Numba takes to start, see `eval/stages`.
    """
    if not _command or "numba" in sys.modules:
        yield
        return
    hidden = [name for name in _OPTIONAL if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        yield
        from numba.core.registry import cpu_target

        cpu_target.target_context.refresh()  # which imports them before the first kernel is compiled or loaded
    finally:
        for name in hidden:
            del sys.modules[name]
