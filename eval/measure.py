"""Helpers of all benchmarks: run and measure a command, and record where a result comes from."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from glove_adagrad import provenance as package

ROOT = Path(__file__).parents[1]


def run(
    command: list[str], *, stdin: Path | None = None, stdout: Path | None = None, **settings: Any
) -> tuple[str, float, int]:
    """Run a command, which must succeed; return its stderr, the seconds it took, and its peak resident bytes.

    `settings` are passed to `subprocess.Popen`.
    """
    os.sync()  # otherwise the command would wait until output of the previous one is on the disk
    with open(stdin or os.devnull, "rb") as source, open(stdout or os.devnull, "wb") as target:
        begin = time.perf_counter()
        child = subprocess.Popen(command, stdin=source, stdout=target, stderr=subprocess.PIPE, **settings)
        assert child.stderr is not None
        said = child.stderr.read().decode("utf-8", "replace")
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - begin
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{said}")
    return said, seconds, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def provenance() -> dict[str, Any]:
    """Return command, time, processor, versions and git revision, for every file of results."""
    return {**package.provenance(), "revision": revision(), "versions": package.versions()}


def revision(checkout: Path = ROOT) -> str:
    """Return the abbreviated git revision of a checkout, with `-dirty` if tracked files are changed."""
    command = ["git", "-C", str(checkout), "describe", "--always", "--dirty", "--exclude", "*"]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else "unknown"
