"""Ctrl-C at safe moments only."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any


class DeferredInterrupt:
    """Holds Ctrl-C back, while the `with` block runs, until `check` is called; in an `allowed` block it is not.

    What happens then is what would have happened at once: KeyboardInterrupt, unless another handler is installed.
    Outside the main thread, where Python delivers no signals, it does nothing.
    """

    def __init__(self) -> None:
        self._before: Any = None
        self._allowed = self._requested = False

    def __enter__(self) -> DeferredInterrupt:
        handler = signal.getsignal(signal.SIGINT)
        if threading.current_thread() is threading.main_thread() and callable(handler):
            self._before = handler
            signal.signal(signal.SIGINT, self._handle)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
        if kind is None:
            self.check()

    def check(self) -> None:
        """Let an interrupt happen that was held back."""
        if self._requested:
            self._requested = False
            self._before(signal.SIGINT, None)

    @contextlib.contextmanager
    def allowed(self) -> Iterator[None]:
        """Let an interrupt happen at any moment of the block; one held back before still waits for `check`."""
        self._allowed = True
        try:
            yield
        finally:
            self._allowed = False

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self._allowed:
            self._before(number, frame)
        else:
            self._requested = True
