"""Where a result comes from: command, time, machine, versions."""

from __future__ import annotations

import os
import platform
import shlex
import sys
from collections.abc import Mapping, Sequence
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
    """Return the name of the processor, as exactly as the system reports it."""
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
    return {
        "command": shlex.join([*_program(), *sys.argv[1:]]),
        "started": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "cpu": cpu(),
        "cores": os.cpu_count(),
    }


def _described(origin: Mapping[str, Any]) -> str:
    """Format what `provenance` returned, and `versions` and `revision` if it has them, as one line of Markdown.

    A field that an older record lacks is left out.
    """
    parts = [f"`{origin['command']}`, {origin['started'][:10]}"]
    if "revision" in origin:
        parts[0] += f", revision {origin['revision']}"
    if "cpu" in origin:
        parts.append(f"{origin['cpu']}, {origin['cores']} cores")
    if "versions" in origin:
        parts.append(", ".join(f"{name} {version}" for name, version in origin["versions"].items()))
    return "; ".join(parts)


def measured_by(origins: Sequence[Mapping[str, Any]]) -> list[str]:
    """Format the provenance of a page of results: a line for each command and an empty line; empty if unknown."""
    lines = [
        f"{'And by' if number else 'Measured by'} {_described(origin)}." for number, origin in enumerate(origins)
    ]
    return [*lines, ""] if lines else []


def _program() -> list[str]:
    """The first words of the command line: `glove-adagrad`, `python -m MODULE` or a script's name."""
    spec = getattr(sys.modules.get("__main__"), "__spec__", None)
    if spec is None:
        return [os.path.basename(sys.argv[0])]
    return ["glove-adagrad"] if spec.name == "glove_adagrad.__main__" else ["python", "-m", spec.name]
