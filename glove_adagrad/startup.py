"""Start-up of commands: Numba is imported without optional packages that it would load and never use."""

from __future__ import annotations

import importlib.util
import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

#: What Numba imports if it is installed: SciPy for BLAS in `np.cov`, cffi for functions of C. No kernel uses either.
_OPTIONAL = ("cffi", "scipy")

_command = False


def this_is_a_command() -> None:
    """Record that no other code uses Numba in this process, so that Numba may lack features.

    Numba then starts in two thirds of the time, see `eval/stages`.
    """
    global _command
    if not _command and "numba" not in sys.modules:
        sys.meta_path.insert(0, _NumbaFinder())
    _command = True


def is_command() -> bool:
    """Whether `this_is_a_command` was called."""
    return _command


class _NumbaFinder(MetaPathFinder):
    """Finds Numba as usual, and hides optional packages from it while it is imported."""

    def find_spec(self, name: str, *_: Any) -> ModuleSpec | None:
        if name != "numba":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module
            spec.loader.exec_module = lambda module: _without_optional(execute, module)  # type: ignore[method-assign]
        return spec


def _without_optional(execute: Any, numba: ModuleType) -> None:
    hidden = [name for name in _OPTIONAL if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        execute(numba)
        from numba.core.registry import cpu_target

        cpu_target.target_context.refresh()  # imports the rest, else before the first kernel is compiled or loaded
    finally:
        for name in hidden:
            del sys.modules[name]
