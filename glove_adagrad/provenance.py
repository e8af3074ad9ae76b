"""Where a result comes from: command, time, machine, versions."""

from __future__ import annotations

import os
import platform
import shlex
import sys
from datetime import datetime, timezone
from importlib import metadata
from typing import Any

from glove_adagrad import __version__


def versions() -> dict[str, str]:
    """Return the versions of everything that results depend on."""
    return {
        "glove_adagrad": __version__,
        "python": platform.python_version(),
        "numpy": metadata.version("numpy"),
        "numba": metadata.version("numba"),
    }


def cpu() -> str:
    """Return the name of the processor, as far as the system reports it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def provenance() -> dict[str, Any]:
    """Return the command line, the time in UTC, the processor and the number of its cores, for records of results."""
    program = os.path.basename(sys.argv[0])
    return {
        "command": shlex.join(["glove-adagrad" if program == "__main__.py" else program, *sys.argv[1:]]),
        "started": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "cpu": cpu(),
        "cores": os.cpu_count(),
    }
