"""The cost of checking a matrix: CPU seconds of checksums and structure, compared with those of an epoch.

    python -m eval.training.checks COOCCURRENCE [--size 100] [--turns 7]

COOCCURRENCE is a folder that `cooccur` wrote. In each turn all tiles are read without checks and with them, and two
epochs are trained, of which the first reads and checks. CPU seconds of all threads are compared, which depend less on
other load than wall-clock time does. Writes `checks.md` in this folder.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import time
from pathlib import Path

import numpy as np

from eval.measure import provenance
from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
from glove_adagrad.cooccurrence.tiles import read_at
from glove_adagrad.provenance import measured_by
from glove_adagrad.trainer import Trainer, TrainingSettings
from glove_adagrad.trainer.stream import MatrixStream

HERE = Path(__file__).parent


def read_unchecked(matrix: CooccurrenceMatrix) -> float:
    """CPU seconds to read all tiles to fresh memory."""
    begin = time.process_time()
    for tiles in matrix.halves.values():
        memory, offsets = np.zeros(tiles.offsets[-1], np.uint8), tiles.offsets.tolist()
        with tiles.open() as file:
            for start, end in itertools.pairwise(offsets):
                read_at(file, start, memory[start:end])
    return time.process_time() - begin


def read_checked(matrix: CooccurrenceMatrix) -> float:
    """The same as training reads them."""
    begin = time.process_time()
    stream = MatrixStream(matrix)
    for stratum in range(stream.parts):
        stream.load(stream.blocks(stratum))
    return time.process_time() - begin


def epochs(matrix: CooccurrenceMatrix, size: int) -> tuple[float, float]:
    """CPU seconds of the first epoch and of the second."""
    trainer = Trainer(matrix, TrainingSettings(vector_size=size, epochs=2), workers=2)
    trainer.plan()  # compiles
    times = [time.process_time()]
    trainer.fit(callbacks=[lambda *_: times.append(time.process_time())])
    return times[1] - times[0], times[2] - times[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cooccurrence", type=Path)
    parser.add_argument("--size", type=int, default=100)
    parser.add_argument("--turns", type=int, default=7)
    arguments = parser.parse_args()
    matrix = CooccurrenceMatrix.open(arguments.cooccurrence)
    rows = []
    for turn in range(arguments.turns + 1):
        row = (read_unchecked(matrix), read_checked(matrix), *epochs(matrix, arguments.size))
        if turn:  # the first warms up
            rows.append(row)
            print(" ".join(f"{seconds:.3f}" for seconds in row), flush=True)
    plain, checked, first, second = (statistics.median(column) for column in zip(*rows, strict=True))
    share = statistics.median((row[1] - row[0]) / row[3] for row in rows)
    lines = [
        "# The cost of checking a matrix",
        "",
        *measured_by([provenance()]),
        f"{matrix.records:,} records, {matrix.nbytes / 1e6:.0f} MB. {arguments.size} components. Medians of "
        f"{arguments.turns} turns.",
        "",
        "| | CPU seconds |",
        "|---|---:|",
        f"| reading all tiles | {plain:.3f} |",
        f"| reading and checking all tiles | {checked:.3f} |",
        f"| first epoch | {first:.3f} |",
        f"| second epoch | {second:.3f} |",
        "",
        f"Checks take {share:.1%} of an epoch, once.",
    ]
    (HERE / "checks.md").write_text("\n".join(lines) + "\n")
    print(lines[-1])


if __name__ == "__main__":
    main()
