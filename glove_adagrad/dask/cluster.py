"""The cluster: its client and workers, checked before anything is submitted; errors of workers in one line."""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import secrets
import warnings
import weakref
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from glove_adagrad.errors import GloveError, InputError, OutputError, described
from glove_adagrad.provenance import versions

if TYPE_CHECKING:
    from distributed import Client, Future

Result = TypeVar("Result")

_MISSING = "Dask is not installed; install it with: pip install 'glove-adagrad[dask]'"

#: Packages that must be of one version everywhere, because results depend on them.
_SAME = ("glove_adagrad", "numpy", "numba")

#: Seconds in which a scheduler has to answer.
_PATIENCE = 30


def check_installed() -> None:
    """Refuse to continue without Dask.

    Raises
    ------
    InputError
        A line that says how to install it.
    """
    try:
        import distributed  # noqa: F401
    except ImportError as error:
        raise InputError(_MISSING) from error


def connected(client: Client | None) -> Client:
    """Return the client, by default the current one, with workers that can do the work.

    Raises
    ------
    InputError
        If there is no client, it has no workers, or one of them has other versions than this process.
    """
    check_installed()
    from distributed import get_client

    if client is None:
        try:
            client = get_client()
        except ValueError as error:
            raise InputError(
                "no Dask client: create one, as distributed.Client(ADDRESS), or pass one as client"
            ) from error
    if client.status != "running":
        raise InputError("the Dask client is closed; create another")
    found = client.run(_versions_here(), on_error="return")
    if not found:
        raise InputError(f"{_address(client)}: the scheduler has no workers; start some with dask worker")
    ours = {name: versions()[name] for name in _SAME}
    for address, theirs in found.items():
        name = _name(client, address)
        if isinstance(theirs, BaseException):
            raise InputError(f"worker {name}: cannot import glove_adagrad ({theirs}); install it there")
        for package, version in ours.items():
            if theirs[package] != version:
                raise InputError(
                    f"worker {name}: has {package} {theirs[package]}, and this process has {version}; "
                    "install the same version everywhere"
                )
    return client


def _address(client: Client) -> str:
    return str(client.scheduler_info()["address"])


def _versions_here() -> Callable[[], dict[str, str]]:
    """A function that returns a worker's versions; sent as code, since the worker may lack this package."""

    def found() -> dict[str, str]:
        from glove_adagrad.provenance import versions

        return versions()

    return found


def check_visible(client: Client, paths: Sequence[Path]) -> None:
    """Refuse local paths that a worker cannot see.

    Raises
    ------
    InputError
        With the first such path and the worker's name.
    """
    for address, missing in client.run(_first_missing, [str(path.absolute()) for path in paths]).items():
        if missing:
            raise InputError(
                f"worker {_name(client, address)}: cannot see {missing}; put it on a file system that all workers "
                "share, or name a URL such as s3://bucket/key"
            )


def _first_missing(paths: Sequence[str]) -> str:
    return next((path for path in paths if not os.access(path, os.R_OK)), "")


def _name(client: Client, address: str) -> str:
    name = client.scheduler_info(n_workers=-1)["workers"].get(address, {}).get("name", address)
    return address if name == address else f"{name} ({address})"


def threads(client: Client) -> int:
    """Return the number of threads of all workers."""
    return sum(client.nthreads().values())


class Tasks:
    """Submits the tasks of one call, under names that the dashboard shows; on an error of the block, gives them up.

    Parameters
    ----------
    client : distributed.Client
    what : str
        Names the work in errors.

    Raises
    ------
    GloveError
        As `errors_in_one_line` does.
    """

    def __init__(self, client: Client, what: str) -> None:
        self.client, self._what = client, what
        # keys of another call must not be taken for those of this one
        self._token = secrets.token_hex(8)
        self._number = 0
        self._futures: weakref.WeakSet[Future] = weakref.WeakSet()

    def submit(self, name: str, function: Callable[..., Any], *arguments: Any, **settings: Any) -> Future:
        """Have a function called on a worker; futures among its arguments stand for their results."""
        self._number += 1
        key = (f"{name}-{self._token}", self._number)
        future = self.client.submit(function, *arguments, key=key, **settings)
        self._futures.add(future)
        return future

    def results(self, futures: Sequence[Future], done: Callable[[int], None] = lambda number: None) -> list[Any]:
        """Return the results of futures; calls `done` with the number of each when it is finished."""
        from distributed import as_completed

        numbers = {future.key: number for number, future in enumerate(futures)}
        found: list[Any] = [None] * len(futures)
        for future, result in as_completed(futures, with_results=True):
            found[numbers[future.key]] = result
            done(numbers[future.key])
        return found

    def workers(self) -> list[str]:
        """Return the addresses of the workers."""
        if self.client.status != "running":
            raise CancelledError
        return sorted(self.client.nthreads())

    def __enter__(self) -> Tasks:
        self._errors = errors_in_one_line(self._what)
        self._errors.__enter__()
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if error is not None:
            for future in list(self._futures):
                with contextlib.suppress(Exception):  # the client may be closed
                    future.release()
        self._errors.__exit__(kind, error, trace)


def task(function: Callable[..., Result]) -> Callable[..., Result]:
    """Let a function run on a worker: its warnings reach the client, and errors of the system name the worker."""

    @functools.wraps(function)
    def on_worker(*arguments: Any, **settings: Any) -> Result:
        from distributed import get_worker, warn

        try:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                result = function(*arguments, **settings)
        except (OutputError, OSError) as error:
            raise OutputError(f"worker {get_worker().name}: {described(error)}") from error
        for warning in caught:
            if issubclass(warning.category, UserWarning):
                warn(str(warning.message), warning.category)
        return result

    return on_worker


def aligned(value: Any) -> Any:
    """Return an array, or another value, as kernels take it: small arrays may arrive at addresses of no alignment.

    A kernel would be compiled for those once more, with other sums in the last digit.
    """
    import numpy as np

    return np.require(value, requirements="A") if isinstance(value, np.ndarray) else value


def scratch(tmp: Path | None) -> Path:
    """Return the folder of this worker for temporary files."""
    from distributed import get_worker

    return tmp or Path(get_worker().local_directory)


def share_of_memory(memory: int | None) -> int:
    """Return the bytes that a task may use: those given, or half of a thread's share of the worker's memory."""
    from distributed import get_worker

    if memory is not None:
        return memory
    worker = get_worker()
    limit = worker.memory_manager.memory_limit or 4 << 30
    return int(limit // 2 // worker.state.nthreads)


@contextlib.contextmanager
def errors_in_one_line(what: str) -> Iterator[None]:
    """Turn what can happen to a cluster while the block runs into one line; `what` names the work.

    Raises
    ------
    GloveError
        If the client was closed, the scheduler was lost, or workers died again and again.
    """
    from distributed import KilledWorker
    from distributed import client as module
    from distributed.comm import CommClosedError

    # which older versions do not have
    closed = [getattr(module, name, CancelledError) for name in ("ClosedClientError", "FutureCancelledError")]
    try:
        yield
    except KilledWorker as error:
        raise GloveError(
            f"{what}: workers died while they ran {error.task}; give them more memory, or smaller shards"
        ) from error
    except (CancelledError, CommClosedError, *closed) as error:
        raise GloveError(
            f"{what}: the Dask client was closed or the scheduler was lost; nothing was written"
        ) from error


@contextlib.contextmanager
def scheduler(address: str) -> Iterator[Client]:
    """Connect to a scheduler; `local:N` starts one on this machine with N workers of one thread each.

    Raises
    ------
    InputError
        If it does not answer, or N is not a number.
    """
    check_installed()
    from distributed import Client, LocalCluster

    if not address.startswith("local:"):
        try:
            client = Client(address, timeout=_PATIENCE)
        except (OSError, ValueError) as error:
            raise InputError(f"{address}: no Dask scheduler answers there ({error})") from error
        with client:
            yield client
        return
    number = address.removeprefix("local:")
    if not number.isdigit() or int(number) < 1:
        raise InputError(f"{address}: write local:N, with the number of processes to start, as local:2")
    with (
        LocalCluster(
            n_workers=int(number), threads_per_worker=1, dashboard_address=":0", silence_logs=logging.ERROR
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client
