"""Time the 19,544 analogies of Google's set here and in gensim, on 70,000 random vectors of 100 components.

    python -m eval.evaluation.speed

The vectors have every word of the set, so that all questions are answered. Both answer them in one process, in
turns; each ratio is of one turn, and their median is given. Compilation is not timed. Then processor seconds of all
threads, also for 400,000 vectors of 300 components, next to those of the matrix products alone. Then memory: the peak
of answering, without the vectors, at this number of words and at four times as many. Writes `results.md` in this
folder.
"""

from __future__ import annotations

import statistics
import time
import tracemalloc
from pathlib import Path

import numpy as np
from gensim.test.utils import datapath
from threadpoolctl import threadpool_limits

from eval.measure import provenance
from glove_adagrad.evaluation import QuestionSet, default_suite, evaluate_analogies
from glove_adagrad.formats import WordVectors, to_keyed_vectors
from glove_adagrad.provenance import measured_by

HERE = Path(__file__).parent

WORDS, SIZE, ROUNDS = 70_000, 100, 3
LARGE = 400_000, 300

#: Numbers of a tile, as in `evaluation.analogies`.
TILE = 1 << 18


def main() -> None:
    (questions,) = default_suite().analogies
    random = np.random.default_rng(1)
    wv = random_vectors(questions, WORDS, SIZE, random)
    words, vectors = wv.words, wv.vectors
    keyed = to_keyed_vectors(wv)
    evaluate_analogies(wv, questions)  # compiles
    ours, theirs = [], []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        result = evaluate_analogies(wv, questions)
        middle = time.perf_counter()
        score, _ = keyed.evaluate_word_analogies(datapath("questions-words.txt"))
        theirs.append(time.perf_counter() - middle)
        ours.append(middle - start)
        assert result.total().answered == len(questions)
        assert result.total().accuracy == score
        print(f"here {ours[-1]:.2f} s, gensim {theirs[-1]:.1f} s", flush=True)
    ratios = [b / a for a, b in zip(ours, theirs, strict=True)]
    lines = [
        "# Speed of answering analogies",
        "",
        *measured_by([provenance()]),
        f"Google's {len(questions):,} questions by 3CosAdd, all answered; {WORDS:,} random vectors of {SIZE}.",
        "",
        f"| | seconds, median of {ROUNDS} |",
        "|---|---:|",
        f"| here | {statistics.median(ours):.2f} |",
        f"| gensim, `evaluate_word_analogies` | {statistics.median(theirs):.1f} |",
        f"| times as fast | {statistics.median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f}) |",
        "",
        "Processor seconds of all threads, and of nothing but the products of the same matrices on one thread:",
        "",
        "| words | components | all | products | times |",
        "|---:|---:|---:|---:|---:|",
    ]
    for number, size in ((WORDS, SIZE), LARGE):
        turns = [costs(random_vectors(questions, number, size, random), questions) for _ in range(ROUNDS)]
        whole, products = (statistics.median(column) for column in zip(*turns, strict=True))
        ratio = statistics.median(a / b for a, b in turns)
        lines.append(f"| {number:,} | {size} | {whole:.2f} | {products:.2f} | {ratio:.1f} |")
    lines += ["", "Peak memory of answering, without the vectors and their copies of unit length:", ""]
    for times in (1, 4):
        more = [f"more{n}" for n in range(WORDS * (times - 1))]
        others = random.normal(size=(len(more), SIZE)).astype(np.float32)
        many = WordVectors(words + more, np.vstack([vectors, others]))
        lines.append(f"- {memory(many, questions) / 2**20:.0f} MiB at {len(many.words):,} words")
    (HERE / "results.md").write_text("\n".join(lines) + "\n")


def random_vectors(questions: QuestionSet, number: int, size: int, random: np.random.Generator) -> WordVectors:
    """Vectors of the words of all questions and of others."""
    asked = (q for section in questions.sections for q in section.questions)
    known = list(dict.fromkeys(word.lower() for q in asked for word in (q.a, q.b, q.c, *q.answers)))
    words = known + [f"other{n}" for n in range(number - len(known))]
    return WordVectors(words, random.standard_normal((number, size), np.float32))


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


def memory(wv: WordVectors, questions: QuestionSet) -> int:
    """Peak bytes of answering, without its copy of the vectors of unit length."""
    tracemalloc.start()
    evaluate_analogies(wv, questions)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak - wv.vectors.nbytes


if __name__ == "__main__":
    main()
