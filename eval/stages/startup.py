"""Seconds that commands take to start: small inputs, a run on 1 MB of text, and the first run after installation.

    python -m eval.stages.startup TEXT [--before CHECKOUT] [--turns 5]

TEXT is a file of more than 1 MB. Commands of this checkout and of another are run in turns; medians of processor and
wall-clock seconds are given. "First run" has an empty cache of compiled code. Writes `startup.md` in this folder.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from eval.measure import ROOT, provenance
from glove_adagrad.provenance import measured_by

HERE = Path(__file__).parent

SMALL, MEGABYTE = 2_000, 1_000_000

#: What is run in a bare interpreter, to say where the time of `vocab` goes.
PARTS = {
    "Python": "pass",
    "and NumPy": "import numpy",
    "and Numba": "import numba",
    "and Numba ready to load a kernel": "import numba; from numba.core.registry import cpu_target; "
    "cpu_target.target_context.refresh()",
    "the same without SciPy and cffi": "import sys; sys.modules.update(scipy=None, cffi=None); import numba; "
    "from numba.core.registry import cpu_target; cpu_target.target_context.refresh()",
}


def seconds(arguments: list[str], tree: Path, cache: Path | None = None) -> tuple[float, float]:
    """Processor and wall-clock seconds of a Python program with the package of a checkout."""
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    if cache is not None:
        environment["NUMBA_CACHE_DIR"] = str(cache)
    begin = time.perf_counter()
    child = subprocess.Popen([sys.executable, *arguments], env=environment, cwd=tree, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{' '.join(arguments)} failed")
    return usage.ru_utime + usage.ru_stime, time.perf_counter() - begin


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("text", type=Path)
    parser.add_argument("--before", type=Path, help="a checkout to compare with")
    parser.add_argument("--turns", type=int, default=5)
    arguments = parser.parse_args()
    trees = [*([arguments.before.resolve()] if arguments.before else []), ROOT]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        small, megabyte = folder / "small.txt", folder / "megabyte.txt"
        text = arguments.text.read_bytes()[:MEGABYTE]
        small.write_bytes(text[:SMALL])
        megabyte.write_bytes(text)
        glove = ["-m", "glove_adagrad"]
        train = [*glove, "train", str(megabyte), "--workers", "2", "-q", "--epochs"]
        commands = {
            "`--help`": [*glove, "--help"],
            "`vocab` of 2 kB": [*glove, "vocab", str(small), "--output", str(folder / "vocab.txt"), "-q"],
            "`train` on 1 MB, 15 epochs": [*train, "15"],
        }
        rows = []
        for label, command in commands.items():
            rows.append((label, measured(command, trees, arguments.turns, folder)))
            print(rows[-1], flush=True)
        first = "`train` on 1 MB, 1 epoch, first run"
        rows.append((first, measured([*train, "1"], trees, 1, folder, cold=True)))
        parts = [
            (label, statistics.median(seconds(["-c", code], ROOT)[0] for _ in range(arguments.turns)))
            for label, code in PARTS.items()
        ]
    heads = ["before, processor", "before, wall-clock"] * (len(trees) - 1) + ["processor", "wall-clock"]
    lines = [
        "# Seconds to start",
        "",
        *measured_by([provenance()]),
        f"Medians of {arguments.turns} turns; the first run is measured once. Other programs ran meanwhile, so "
        "that wall-clock seconds only compare within a row.",
        "",
        "| | " + " | ".join(heads) + " |",
        "|---|" + "---:|" * len(heads),
        *(f"| {label} | " + " | ".join(f"{x:.2f}" for pair in times for x in pair) + " |" for label, times in rows),
        "",
        "Where a command's start goes, processor seconds of a bare interpreter:",
        "",
        "| | seconds |",
        "|---|---:|",
        *(f"| {label} | {value:.2f} |" for label, value in parts),
    ]
    (HERE / "startup.md").write_text("\n".join(lines) + "\n")


def measured(
    command: list[str], trees: list[Path], turns: int, folder: Path, cold: bool = False
) -> list[tuple[float, float]]:
    """Median processor and wall-clock seconds of a command for each checkout; the first turn is not counted."""
    times: list[list[tuple[float, float]]] = [[] for _ in trees]
    for turn in range(turns + (not cold)):
        for number, tree in enumerate(trees):
            output = folder / f"run-{number}-{turn}-{cold}-{len(command)}"
            cache = folder / f"cache-{number}" if cold else None
            more = ["--output", str(output)] if "train" in command else []
            found = seconds([*command, *more], tree, cache)
            if turn or cold:
                times[number].append(found)
    return [(statistics.median(a for a, _ in runs), statistics.median(b for _, b in runs)) for runs in times]


if __name__ == "__main__":
    main()
