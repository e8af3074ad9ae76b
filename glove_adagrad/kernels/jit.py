"""How kernels are compiled: the one place for jit options.

Fast-math flags are named one by one. `nnan` and `ninf` are left out on purpose, so that a NaN or an
infinity stays one and divergence is seen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
from numba.core import event

from glove_adagrad.progress import compilation_started

#: Reordering, reciprocals, fused multiply-add and approximate functions: what vectorised sums need.
FAST = {"reassoc", "nsz", "arcp", "contract", "afn"}

#: For what `numba.extending.overload` compiles: like `forced_inline`.
OVERLOADED: Any = {"error_model": "numpy", "fastmath": FAST, "forceinline": True}


class _Compilation(event.Listener):
    """Reports that a kernel is compiled; loading one from the cache is not an event of this kind."""

    def on_start(self, event: event.Event) -> None:
        compilation_started()

    def on_end(self, event: event.Event) -> None:
        pass


event.register("numba:compile", _Compilation())


def kernel(function: Callable[..., Any]) -> Any:
    """Compile exact, integer or order-sensitive code; releases the GIL, so threads can share the work."""
    return numba.njit(cache=True, nogil=True, error_model="numpy")(function)


def fast_kernel(function: Callable[..., Any]) -> Any:
    """Like `kernel`, with floating-point sums free to be vectorised."""
    return numba.njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)(function)


def inline(function: Callable[..., Any]) -> Any:
    """A small function to be copied into the kernels that call it."""
    return numba.njit(inline="always", error_model="numpy", fastmath=FAST)(function)


def forced_inline(function: Callable[..., Any]) -> Any:
    """Like `inline`, for larger functions with several callers: copied by LLVM, typed only once."""
    return numba.njit(error_model="numpy", fastmath=FAST, forceinline=True)(function)
