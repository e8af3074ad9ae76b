"""Processor seconds of answering Google's analogies, next to those of the matrix products that it needs.

    python -m eval.evaluation.products

Random vectors: 70,000 of 100 components, and 400,000 of 300. All threads are counted; the products alone are computed
on one thread. Compilation is not timed. Writes `products.md` in this folder.
"""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from eval.measure import provenance
from glove_adagrad.evaluation import QuestionSet, default_suite, evaluate_analogies
from glove_adagrad.formats import WordVectors
from glove_adagrad.provenance import measured_by

HERE = Path(__file__).parent

SIZES, ROUNDS = ((70_000, 100), (400_000, 300)), 3

#: Numbers of a tile, as in `evaluation.analogies`.
TILE = 1 << 18


def random_vectors(questions: QuestionSet, number: int, size: int) -> WordVectors:
    """Vectors of the words of all questions and of others."""
    asked = (q for section in questions.sections for q in section.questions)
    known = list(dict.fromkeys(word.lower() for q in asked for word in (q.a, q.b, q.c, *q.answers)))
    words = known + [f"other{n}" for n in range(number - len(known))]
    return WordVectors(words, np.random.default_rng(1).standard_normal((number, size), np.float32))


def costs(wv: WordVectors, questions: QuestionSet) -> tuple[float, float]:
    """Processor seconds of answering, and of multiplying each section's words with all vectors, by tiles."""
    begin = time.process_time()
    evaluate_analogies(wv, questions)
    whole = time.process_time() - begin
    row = {word: number for number, word in enumerate(wv.words)}
    products = 0.0
    for section in questions.sections:
        words = {row[word.lower()] for q in section.questions for word in (q.a, q.b, q.c)}
        queries, tile = wv.vectors[sorted(words)], TILE // len(words)
        with threadpool_limits(1, user_api="blas"):
            begin = time.process_time()
            for start in range(0, len(wv.words), tile):
                queries @ wv.vectors[start : start + tile].T
            products += time.process_time() - begin
    return whole, products


def main() -> None:
    (questions,) = default_suite().analogies
    lines = [
        "# Cost of answering analogies",
        "",
        *measured_by([provenance()]),
        f"Processor seconds of Google's {len(questions):,} questions, all answered; medians of {ROUNDS} turns.",
        "",
        "| words | components | answering | products alone | times |",
        "|---:|---:|---:|---:|---:|",
    ]
    for number, size in SIZES:
        wv = random_vectors(questions, number, size)
        evaluate_analogies(wv, questions)  # compiles
        turns = [costs(wv, questions) for _ in range(ROUNDS)]
        whole, products = (statistics.median(column) for column in zip(*turns, strict=True))
        ratio = statistics.median(a / b for a, b in turns)
        lines.append(f"| {number:,} | {size} | {whole:.2f} | {products:.2f} | {ratio:.1f} |")
    (HERE / "products.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
