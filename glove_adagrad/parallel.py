"""Run tasks on a pool of threads or processes and yield results in order, with bounded look-ahead."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

from glove_adagrad.errors import GloveError, InputError

Result = TypeVar("Result")

MOST_WORKERS = 1024


def available_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def number_of_workers(workers: int | None) -> int:
    """Threads to use: all cores for None and for -1.

    Raises
    ------
    InputError
        If the number is 0 or another negative one, or above 1024.
    """
    if workers is None or workers == -1:
        return available_cores()
    if not 1 <= workers <= MOST_WORKERS:
        raise InputError(f"workers {workers}: must be from 1 to {MOST_WORKERS}, or -1 for all cores")
    return int(workers)


def in_order(
    pool: Executor | None, workers: int, tasks: Iterable[tuple[Callable[..., Result], tuple[Any, ...]]]
) -> Iterator[Result]:
    """Run (function, arguments) pairs on a pool and yield their results in order.

    At most `workers` + 1 tasks are taken from `tasks` before the first result is yielded, which bounds the memory
    that waiting work and waiting results take. A single worker is the calling thread itself, so that it keeps to one
    core and needs no pool.
    """
    if workers == 1 or pool is None:
        for function, arguments in tasks:
            yield function(*arguments)
        return
    waiting: deque[Future[Result]] = deque()
    try:
        for function, arguments in tasks:
            waiting.append(pool.submit(function, *arguments))
            if len(waiting) > workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()


@contextlib.contextmanager
def processes(workers: int) -> Iterator[Executor | None]:
    """A pool of processes for `in_order`, all of which are gone at the end, whatever they are doing.

    Raises
    ------
    GloveError
        If a process ends unexpectedly.
    """
    if workers == 1:
        yield None
        return
    # not forked: this process may have threads, and handlers of signals
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), initializer=_begin_process)
    others = set(multiprocessing.active_children())
    try:
        yield pool
    except BaseException as error:
        for process in set(multiprocessing.active_children()) - others:
            process.kill()  # a task may keep it busy for long
        if sys.version_info < (3, 12):
            # there a thread that sends work waits forever if no process is left to receive it
            pool._call_queue._reader.close()  # type: ignore[attr-defined]
        if isinstance(error, BrokenProcessPool):
            raise GloveError(
                "a process that reads the text was killed; is there enough memory? Try `workers=1`"
            ) from error
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _begin_process() -> None:
    """Leave Ctrl-C to the parent, and end with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)
