"""One-minute performance regression check: ratios of speeds in one run, against recorded ones.

    scripts/bench             compare with eval/results/quick.json; exit code 1 if a ratio fell by more than a quarter
    scripts/bench --record    write that file

On an artificial text with word frequencies like those of language. Counting and training are compared with gensim's
Word2Vec (tokens per second) and with the plain parallel loop over shuffled records that other GloVe trainers use, in
which threads race (records per second). Compilation is not timed; variants take turns.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numba
import numpy as np

from eval.measure import provenance
from glove_adagrad.cooccurrence.count import count_cooccurrences
from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
from glove_adagrad.corpus import TextFiles
from glove_adagrad.parallel import available_cores
from glove_adagrad.trainer import Trainer, TrainingSettings
from glove_adagrad.vocabulary import Vocabulary

RECORDED = Path(__file__).parent / "results" / "quick.json"
TOKENS, SIZE, TURNS = 2_000_000, 100, 3
#: A ratio below this share of the recorded one is a regression.
ENOUGH = 0.75


def write_text(path: Path) -> None:
    rng = np.random.default_rng(0)
    words = np.exp(rng.random(TOKENS) * np.log(40_000)).astype(np.int64)  # the word of rank r in proportion to 1 / r
    with open(path, "w") as file:
        for line in np.array_split(words, TOKENS // 200):
            file.write(" ".join(f"w{word}" for word in line.tolist()) + "\n")


@numba.njit(parallel=True, fastmath=True)
def racing_epoch(word, context, word_squares, context_squares, i, j, log_x, weight, d, eta):
    """One pass in the given order, in which threads write to the same rows without locks."""
    for r in numba.prange(len(i)):
        a, b = i[r], j[r]
        difference = word[a, d] + context[b, d] - log_x[r]
        for k in range(d):
            difference += word[a, k] * context[b, k]
        pull = weight[r] * difference
        for k in range(d):
            g, h = eta * pull * context[b, k], eta * pull * word[a, k]
            word[a, k] -= g / np.sqrt(word_squares[a, k])
            context[b, k] -= h / np.sqrt(context_squares[b, k])
            word_squares[a, k] += g * g
            context_squares[b, k] += h * h
        word[a, d] -= pull / np.sqrt(word_squares[a, d])
        context[b, d] -= pull / np.sqrt(context_squares[b, d])
        word_squares[a, d] += pull * pull
        context_squares[b, d] += pull * pull


class Racing:
    """Records per second of `racing_epoch` on a shuffled matrix."""

    def __init__(self, matrix: CooccurrenceMatrix) -> None:
        word, context, x = (np.concatenate(column) for column in zip(*matrix.cells(), strict=True))
        order = np.random.default_rng(0).permutation(len(x))
        rng = np.random.default_rng(1)
        self.rows = [((rng.random((matrix.words, SIZE + 1)) - 0.5) / SIZE).astype(np.float32) for _ in range(2)]
        self.rows += [np.ones((matrix.words, SIZE + 1), np.float32) for _ in range(2)]
        self.records = [array[order] for array in (word, context)]
        self.records += [
            np.log(x[order]).astype(np.float32),
            np.minimum(1, (x[order] / 10) ** 0.75).astype(np.float32),
        ]
        self.run(1000)

    def run(self, records: int | None = None) -> float:
        part = [array[:records] for array in self.records]
        begin = time.perf_counter()
        racing_epoch(*self.rows, *part, SIZE, np.float32(0.05))
        return len(part[0]) / (time.perf_counter() - begin)


def word2vec(path: Path, workers: int) -> float:
    """Tokens per second of one epoch of CBOW."""
    from gensim.models import Word2Vec

    model = Word2Vec(vector_size=SIZE, window=8, negative=5, min_count=5, workers=workers, sample=0)
    model.build_vocab(corpus_file=str(path))
    begin = time.perf_counter()
    model.train(corpus_file=str(path), total_words=TOKENS, total_examples=model.corpus_count, epochs=1)
    return TOKENS / (time.perf_counter() - begin)


def measure() -> dict[str, float]:
    """Ratios: medians over turns."""
    workers = min(2, available_cores())
    numba.set_num_threads(min(workers, numba.config.NUMBA_NUM_THREADS))
    ratios: dict[str, list[float]] = {"training over racing threads": [], "counting over word2vec": []}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "text.txt"
        write_text(path)
        text = TextFiles([path])

        def count() -> tuple[CooccurrenceMatrix, float]:
            begin = time.perf_counter()
            vocabulary = Vocabulary.count(text, min_count=5, workers=workers)
            matrix = count_cooccurrences(text, vocabulary, Path(folder) / "matrix", workers=workers)
            return matrix, TOKENS / (time.perf_counter() - begin)

        matrix, _ = count()
        racing = Racing(matrix)
        for _ in range(TURNS):
            matrix, counted = count()
            ratios["counting over word2vec"].append(counted / word2vec(path, workers))
            trainer = Trainer(matrix, TrainingSettings(vector_size=SIZE, epochs=3), workers=workers)
            trainer.fit()
            trained = statistics.median(epoch.records_per_second for epoch in trainer.history)
            ratios["training over racing threads"].append(trained / racing.run())
    return {name: round(statistics.median(values), 2) for name, values in ratios.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--record", action="store_true")
    arguments = parser.parse_args()
    found = measure()
    if arguments.record:
        RECORDED.parent.mkdir(exist_ok=True)
        RECORDED.write_text(json.dumps({"provenance": provenance(), "ratios": found}, indent=2) + "\n")
    recorded = json.loads(RECORDED.read_text())["ratios"]
    slow = [name for name, ratio in found.items() if ratio < ENOUGH * recorded[name]]
    for name, ratio in found.items():
        print(f"{name}: {ratio:.2f}, recorded {recorded[name]:.2f}{'  <- slower' if name in slow else ''}")
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
