"""Time the 19,544 analogies of Google's set here and in gensim, on 70,000 random vectors of 100 dimensions.

    python eval/evaluation/speed.py

The vectors know every word of the set, so that all questions are answered. Both answer them in one process, in
turns; the ratio is that of the medians. Compilation is not timed.
"""

from __future__ import annotations

import statistics
import time

import numpy as np
from gensim.test.utils import datapath

from glove_adagrad.evaluation import default_suite, evaluate_analogies
from glove_adagrad.formats import WordVectors, to_keyed_vectors

WORDS, SIZE, ROUNDS = 70_000, 100, 3


def main() -> None:
    (questions,) = default_suite().analogies
    asked = (q for section in questions.sections for q in section.questions)
    known = list(dict.fromkeys(word.lower() for q in asked for word in (q.a, q.b, q.c, *q.answers)))
    words = known + [f"other{n}" for n in range(WORDS - len(known))]
    vectors = np.random.default_rng(1).normal(size=(WORDS, SIZE)).astype(np.float32)
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
    fast, slow = statistics.median(ours), statistics.median(theirs)
    print(f"here {fast:.2f} s, gensim {slow:.1f} s, {slow / fast:.0f} times as fast")


if __name__ == "__main__":
    main()
