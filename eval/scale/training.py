"""Training and size of a matrix of 2 million words and over 200 million cells, against one of a corpus.

    python -m eval.scale.training COOCCURRENCE [--folder SCRATCH] [--strata 20]

COOCCURRENCE is a folder that `cooccur` wrote, of a vocabulary of ordinary size. The large matrix is counted from 30
million words drawn by `eval.scale.zipf`. Some strata of each are trained in turns at 100 components, by one thread.
Speed is given by the process's own time, which other processes disturb less, and by the clock. Also says what was
planned. Appends to `training.json` in this folder; `report.py` writes `results.md`.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from eval.measure import provenance
from eval.scale import zipf
from glove_adagrad.cooccurrence.count import count_cooccurrences
from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
from glove_adagrad.corpus import TextFiles
from glove_adagrad.trainer import Trainer, TrainingSettings

HERE = Path(__file__).parent
WORDS, TOKENS, SIZE, TURNS = 2_000_000, 30_000_000, 100, 3


def large_matrix(folder: Path) -> CooccurrenceMatrix:
    zipf.write(folder / "text", TOKENS, WORDS)
    vocabulary = zipf.vocabulary(WORDS, TOKENS)
    matrix = count_cooccurrences(TextFiles([folder / "text"]), vocabulary, folder / "matrix", memory=3 << 30)
    (folder / "text").unlink()
    return matrix


class Trained:
    """A matrix of which some strata are in memory."""

    def __init__(self, matrix: CooccurrenceMatrix, strata: int) -> None:
        self.trainer = Trainer(matrix, TrainingSettings(vector_size=SIZE))
        with mock.patch("time.perf_counter", time.process_time):
            self.plan = self.trainer.plan()
        number = min(strata, self.trainer.strata)
        self.strata = np.random.default_rng(1).permutation(self.trainer.strata)[:number].tolist()
        for stratum in self.strata:
            self.trainer.stream.load(self.trainer.stream.blocks(stratum))
        self.cpu: list[float] = []
        self.wall: list[float] = []

    def turn(self) -> None:
        """Train the strata once; keeps records a second."""
        with ThreadPoolExecutor(1) as pool:
            records, wall, cpu = 0, time.perf_counter(), time.process_time()
            for stratum in self.strata:
                _, trained = self.trainer._stratum(pool, stratum)
                records += int(trained[0])
            self.cpu.append(records / (time.process_time() - cpu))
            self.wall.append(records / (time.perf_counter() - wall))

    def figures(self) -> dict[str, Any]:
        matrix = self.trainer.matrix
        cells = sum(tiles.cells for tiles in matrix.halves.values())
        large = sum(int(tiles.large.sum()) for tiles in matrix.halves.values())
        files = sum(path.stat().st_size for path in matrix.folder.glob("*r.*"))
        return {
            "words": matrix.words,
            "parts": matrix.lower.parts,
            "cells": cells,
            "bytes": files,
            "bytes_over_cells": files / (6 * cells + 8 * large),
            "records_a_cpu_second": statistics.median(self.cpu),
            "records_a_second": statistics.median(self.wall),
            "planned_cpu_seconds": self.plan.epoch_seconds,
            "cpu_seconds_of_an_epoch": matrix.records / statistics.median(self.cpu),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("matrix", type=Path)
    parser.add_argument("--folder", type=Path, help="for 3 GB")
    parser.add_argument("--strata", type=int, default=20)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        both = [Trained(CooccurrenceMatrix.open(arguments.matrix), 1 << 10)]
        both.append(Trained(large_matrix(Path(folder)), arguments.strata))
        for _ in range(TURNS):
            for trained in both:
                trained.turn()
        rows = [trained.figures() for trained in both]
    path = HERE / "training.json"
    runs = json.loads(path.read_text()) if path.exists() else []
    path.write_text(json.dumps([*runs, {"provenance": provenance(), "rows": rows}], indent=2) + "\n")
    print(json.dumps(rows, indent=2))


if __name__ == "__main__":
    main()
