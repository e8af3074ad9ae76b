"""How close training comes to what a core can do: arithmetic, and the caches.

    python -m eval.training.limits CORPUS

Three speeds on one thread, taking turns, for each vector size:

- the arithmetic bound: vector instructions of a core per second, over those that a record takes;
- records whose context rows are always in the innermost cache: an artificial matrix in which each part of the
  vocabulary has eight words that co-occur with all others;
- the records of the corpus.

Writes `limits.md` in this folder.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
from scipy import sparse

from eval.measure import provenance
from glove_adagrad.cooccurrence.count import count_cooccurrences
from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
from glove_adagrad.cooccurrence.scipy_sparse import from_scipy
from glove_adagrad.corpus import TextFiles
from glove_adagrad.kernels.jit import fast_kernel
from glove_adagrad.kernels.lanes import load8, store
from glove_adagrad.provenance import measured_by
from glove_adagrad.trainer import Trainer, TrainingSettings
from glove_adagrad.trainer.parameters import row_length
from glove_adagrad.vocabulary import Vocabulary

HERE = Path(__file__).parent

#: Vector instructions a record takes for 8 components: 1 for the product; for each side the gradient, two of the
#: clip, the estimate of 1/sqrt, the step and the accumulator.
INSTRUCTIONS = 1 + 2 * 6
HOT_WORDS = 8


@fast_kernel
def multiply_add(numbers, rounds):
    """Twelve independent chains of fused multiply-adds: as many as the core can have under way."""
    a, b, c, d = load8(numbers, 0), load8(numbers, 8), load8(numbers, 16), load8(numbers, 24)
    e, f, g, h = load8(numbers, 32), load8(numbers, 40), load8(numbers, 48), load8(numbers, 56)
    i, j, k, m = load8(numbers, 64), load8(numbers, 72), load8(numbers, 80), load8(numbers, 88)
    x, y = load8(numbers, 96), load8(numbers, 104)
    for _ in range(rounds):
        a, b, c, d = a * x + y, b * x + y, c * x + y, d * x + y
        e, f, g, h = e * x + y, f * x + y, g * x + y, h * x + y
        i, j, k, m = i * x + y, j * x + y, k * x + y, m * x + y
    store(numbers, 0, a + b + c + d + e + f + g + h + i + j + k + m)


def instructions_per_second() -> float:
    numbers = np.full(112, 0.5, np.float32)
    multiply_add(numbers, 1)
    begin = time.process_time()
    multiply_add(numbers, 10_000_000)
    return 12 * 10_000_000 / (time.process_time() - begin)


def hot_matrix(vocabulary: Vocabulary, parts: int, folder: Path) -> CooccurrenceMatrix:
    """A matrix in which every word co-occurs with the first eight words of every part only."""
    words, hot = len(vocabulary), HOT_WORDS * parts
    rows = np.repeat(np.arange(hot, words), hot)
    columns = np.tile(np.arange(hot), words - hot)
    x = np.random.default_rng(0).integers(1, 20, len(rows))
    lower = sparse.coo_array((x, (rows, columns)), shape=(words, words))
    return from_scipy((lower + lower.T).tocsr(), vocabulary, folder, workers=2)


class Speed:
    """Records per second of one thread, an epoch at a time."""

    def __init__(self, matrix: CooccurrenceMatrix, size: int) -> None:
        self.trainer = Trainer(matrix, TrainingSettings(vector_size=size, epochs=1))
        self.taken: list[float] = []
        self.take()  # compiles, and reads the matrix
        self.taken.clear()

    def take(self) -> None:
        self.trainer.history.clear()
        begin = time.process_time()
        self.trainer.fit()
        self.taken.append(self.trainer.matrix.records / (time.process_time() - begin))

    def median(self) -> float:
        return statistics.median(self.taken)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--turns", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        text = TextFiles([arguments.corpus])
        vocabulary = Vocabulary.count(text, min_count=5, workers=2)
        matrix = count_cooccurrences(text, vocabulary, Path(folder) / "corpus", workers=2)
        hot = hot_matrix(vocabulary, matrix.lower.parts, Path(folder) / "hot")
        lines = [
            "# Limits of training on one core",
            "",
            *measured_by([provenance()]),
            f"Corpus: {arguments.corpus.name}. Processor time; medians of {arguments.turns} turns of an epoch.",
            "",
            "| size | arithmetic bound | rows in the innermost cache | the corpus | corpus over cache "
            "| cache over bound |",
            "|---:|---:|---:|---:|---:|---:|",
        ]
        for size in (50, 100, 300):
            speeds = Speed(hot, size), Speed(matrix, size)
            peaks = []
            for _ in range(arguments.turns):
                peaks.append(instructions_per_second())
                for speed in speeds:
                    speed.take()
            bound = statistics.median(peaks) / (INSTRUCTIONS * row_length(size) / 8)
            cached, real = (speed.median() for speed in speeds)
            lines.append(
                f"| {size} | {bound / 1e6:.1f} M/s | {cached / 1e6:.1f} M/s | {real / 1e6:.1f} M/s "
                f"| {real / cached:.0%} | {cached / bound:.0%} |"
            )
            print(lines[-1], flush=True)
        lines += ["", f"Multiply-adds of 8 numbers: {statistics.median(peaks) / 1e9:.2f} billion per second (10^9)."]
        (HERE / "limits.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
