"""How kernels are compiled and cached: the one place for jit options.

Fast-math flags are named one by one. `nnan` and `ninf` are left out on purpose, so that a NaN or an
infinity stays one and divergence is seen.
"""

from __future__ import annotations

import functools
import pickle
import warnings
import zlib
from collections.abc import Callable
from typing import Any

import numba
from numba.core import event
from numba.core.caching import FunctionCache, IndexDataCacheFile
from numba.core.dispatcher import Dispatcher

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
    return _cached(numba.njit(nogil=True, error_model="numpy")(function))


def fast_kernel(function: Callable[..., Any]) -> Any:
    """Like `kernel`, with floating-point sums free to be vectorised."""
    return _cached(numba.njit(nogil=True, error_model="numpy", fastmath=FAST)(function))


def inline(function: Callable[..., Any]) -> Any:
    """A small function to be copied into the kernels that call it."""
    return numba.njit(inline="always", error_model="numpy", fastmath=FAST)(function)


def forced_inline(function: Callable[..., Any]) -> Any:
    """Like `inline`, for larger functions with several callers: copied by LLVM, typed only once."""
    return numba.njit(error_model="numpy", fastmath=FAST, forceinline=True)(function)


def exact_inline(function: Callable[..., Any]) -> Any:
    """Like `forced_inline`, without fast-math flags: every sum and rounding is as written, on every processor."""
    return numba.njit(error_model="numpy", forceinline=True)(function)


def exact_function(function: Callable[..., Any]) -> Any:
    """Like `exact_inline`, for a function so large that it is compiled once, and called."""
    return numba.njit(error_model="numpy")(function)


def _cached(compiled: Any) -> Any:
    """Keep compiled code on disk as `cache=True` does, and work without where that fails."""
    if isinstance(compiled, Dispatcher):  # else compilation is switched off
        dispatcher: Any = compiled
        try:
            dispatcher._cache = _Cache(dispatcher.py_func)
        except (RuntimeError, OSError):  # Numba finds no folder that it can write
            _warn_uncached()
    return compiled


def is_cached(compiled: Any) -> bool:
    """Whether the cache has a kernel for any types; also if there is no cache that could have it."""
    files = getattr(getattr(compiled, "_cache", None), "_cache_file", None)
    return files is None or bool(files._load_index())


@functools.cache
def _warn_uncached() -> None:
    warnings.warn(
        "compiled code cannot be cached, so that each start compiles it again; "
        "set NUMBA_CACHE_DIR to a folder that can be written",
        stacklevel=4,
    )


class _Cache(FunctionCache):
    """Numba's cache, with checksums: files that a power cut left empty, or that changed, are compiled again."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        locator = self._impl.locator
        self._cache_file = _CheckedFiles(
            locator.get_cache_path(), self._impl.filename_base, locator.get_source_stamp()
        )

    def load_overload(self, *arguments: Any) -> Any:
        try:
            return super().load_overload(*arguments)
        except Exception:  # whatever unpickling and linking of a file from elsewhere may raise
            return None

    def save_overload(self, *arguments: Any) -> None:
        try:
            super().save_overload(*arguments)
        except OSError:
            _warn_uncached()


class _CheckedFiles(IndexDataCacheFile):
    """Cache files that end with the CRC-32 of what they hold, which the unpickler does not look at."""

    def _dump(self, obj: Any) -> bytes:
        data = super()._dump(obj)
        return data + zlib.crc32(data).to_bytes(4, "little")

    def _load_index(self) -> Any:
        try:
            with open(self._index_path, "rb") as file:
                pickle.load(file)  # Numba's version, by itself
                _check(file.read())
            return super()._load_index()
        except Exception:  # whatever unpickling may raise
            return {}

    def _load_data(self, name: str) -> Any:
        with open(self._data_path(name), "rb") as file:
            _check(file.read())
        return super()._load_data(name)


def _check(data: bytes) -> None:
    if zlib.crc32(data[:-4]) != int.from_bytes(data[-4:], "little"):
        raise OSError("the checksum differs")  # which Numba takes for a file that is missing
