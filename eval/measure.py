"""What the benchmarks share: running a command and asking the operating system about it, and naming the machine."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import time
from pathlib import Path
from typing import Any


def run(
    command: list[str], stdin: Path | None = None, stdout: Path | None = None, **settings: Any
) -> tuple[str, float, int]:
    """What a command says on stderr, its seconds, and its peak resident bytes."""
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
    return said, seconds, usage.ru_maxrss * 1024


def machine() -> str:
    info = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    model = re.search(r"model name\s*: (.*)", info)
    import numba
    import numpy

    return (
        f"{model[1] if model else platform.processor()}, {os.cpu_count()} cores, {platform.system()}; Python "
        f"{platform.python_version()}, numpy {numpy.__version__}, numba {numba.__version__}"
    )
