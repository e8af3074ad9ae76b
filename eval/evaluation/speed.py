"""Time the 19,544 analogies of Google's set here and in gensim, on 70,000 random vectors of 100 dimensions.

    python -m eval.evaluation.speed

The vectors have every word of the set, so that all questions are answered. Both answer them in one process, in
turns; each ratio is of one turn, and their median is given. Compilation is not timed. Then memory: the peak of
answering, without the vectors, at this number of words and at four times as many. Writes `results.md` in this folder.
"""

from __future__ import annotations

import statistics
import time
import tracemalloc
from pathlib import Path

import numpy as np
from gensim.test.utils import datapath

from eval.measure import provenance
from glove_adagrad.evaluation import QuestionSet, default_suite, evaluate_analogies
from glove_adagrad.formats import WordVectors, to_keyed_vectors
from glove_adagrad.provenance import measured_by

HERE = Path(__file__).parent

WORDS, SIZE, ROUNDS = 70_000, 100, 3


def main() -> None:
    (questions,) = default_suite().analogies
    asked = (q for section in questions.sections for q in section.questions)
    known = list(dict.fromkeys(word.lower() for q in asked for word in (q.a, q.b, q.c, *q.answers)))
    words = known + [f"other{n}" for n in range(WORDS - len(known))]
    random = np.random.default_rng(1)
    vectors = random.normal(size=(WORDS, SIZE)).astype(np.float32)
    wv = WordVectors(words, vectors)
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
        "Peak memory of answering, without the vectors and their copies of unit length:",
        "",
    ]
    for times in (1, 4):
        more = [f"more{n}" for n in range(WORDS * (times - 1))]
        others = random.normal(size=(len(more), SIZE)).astype(np.float32)
        many = WordVectors(words + more, np.vstack([vectors, others]))
        lines.append(f"- {memory(many, questions) / 2**20:.0f} MiB at {len(many.words):,} words")
    (HERE / "results.md").write_text("\n".join(lines) + "\n")


def memory(wv: WordVectors, questions: QuestionSet) -> int:
    """Peak bytes of answering, without its copy of the vectors of unit length."""
    tracemalloc.start()
    evaluate_analogies(wv, questions)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak - wv.vectors.nbytes


if __name__ == "__main__":
    main()
