"""Signals that ask the program to stop: SIGINT, SIGTERM, and SIGHUP where it exists."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

from glove_adagrad.errors import Interrupted

_STOPPING = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


def raise_interrupted() -> None:
    """Raise `Interrupted` in the main thread on each of the signals, but for those that our parent had us ignore."""

    def handle(number: int, frame: Any) -> None:
        raise Interrupted(number)

    _handle_by(handle)


@contextlib.contextmanager
def stop_requests() -> Iterator[list[int]]:
    """Provide a list to which the first of the signals appends its number; a second one acts as it did before."""
    requests: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield requests
        return

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def request(number: int, frame: Any) -> None:
        requests.append(number)
        restore()

    before = _handle_by(request)
    try:
        yield requests
    finally:
        restore()


def _handle_by(handler: Callable[[int, Any], None]) -> dict[int, Any]:
    """Install a handler for the signals that are not ignored; return the handlers before."""
    # None is a handler that was not installed by Python, and could not be restored
    before = {number: signal.getsignal(number) for number in _STOPPING}
    before = {number: old for number, old in before.items() if old not in (signal.SIG_IGN, None)}
    for number in before:
        signal.signal(number, handler)
    return before
