"""What PPMI-SVD is worth beside trained vectors, alone and blended with them.

    python -m eval.blends.study NAME RUN COUNTS [--msr FILE] [--men FILE]

NAME is that of the corpus, RUN a trained run, COUNTS co-occurrences of its vocabulary for the decomposition (`cooccur
--vocab RUN/vocab.txt --window 5 --no-distance-weighting`). Results are kept in `results.json` as they come, those of
several corpora together; `results.md` is written from it.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

from eval.quality import SETS, Results, Scores, cell
from glove_adagrad.blending import blend
from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
from glove_adagrad.files import atomic_file
from glove_adagrad.formats import WordVectors, read_run
from glove_adagrad.provenance import measured_by
from glove_adagrad.svd import SVDSettings, decompose

HERE = Path(__file__).parent


def models(run: Path, counts: Path) -> Iterator[tuple[str, WordVectors, float]]:
    """Name, vectors, and the processor's seconds for making them of the run and the counts."""
    trained, matrix = read_run(run), CooccurrenceMatrix.open(counts)
    size, words = trained.word_vectors.shape[1], matrix.vocabulary.decoded()
    given = {"sum": trained.select("sum"), "PCA": trained.select("pca")}
    for which, vectors in given.items():
        yield f"trained ({which})", vectors, 0.0
    svd = None
    for power in (0.0, 0.5):
        begin = time.process_time()
        word, context = decompose(matrix, SVDSettings(size, power=power))
        seconds = time.process_time() - begin
        both = WordVectors(words, word + context)
        yield f"SVD, power {power:g}, w + c", both, seconds
        if svd is None:
            svd = both
            for which, vectors in given.items():
                for kept in (size, 2 * size):
                    begin = time.process_time()
                    joined = blend([vectors, svd], size=kept)
                    yield f"trained ({which}) and that SVD", joined, time.process_time() - begin
        yield f"SVD, power {power:g}, w", WordVectors(words, word), seconds


def write(results: Results) -> None:
    """Write `results.md`."""
    lines = [
        "# PPMI-SVD and blends",
        *measured_by(results.origins),
        "Google and MSR: right answers in %; the others: Spearman's correlation. One seed: rows that differ by less "
        "than a point, or .015, may as well be equal. Seconds are the processor's for "
        "the decomposition or the blend alone.",
    ]
    for corpus in dict.fromkeys(run["corpus"] for run in results.runs):
        lines.append(f"## {corpus}")
        table = ["| vectors | components | s | " + " | ".join(SETS) + " |", "|---|" + "---:|" * (len(SETS) + 2)]
        for run in results.runs:
            if run["corpus"] == corpus:
                scores = " | ".join(cell(test, [run]) for test in SETS)
                table.append(f"| {run['name']} | {run['size']} | {run['seconds']:.0f} | {scores} |")
        lines.append("\n".join(table))
    with atomic_file(HERE / "results.md", "w") as file:
        file.write("\n\n".join(lines) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name")
    parser.add_argument("run", type=Path)
    parser.add_argument("counts", type=Path)
    parser.add_argument("--msr", type=Path, help="MSR's analogies, four words a line")
    parser.add_argument("--men", type=Path, help="MEN: word, word, score a line")
    options = parser.parse_args()
    scores, results = Scores(options.msr, options.men), Results(HERE / "results.json")
    for name, vectors, seconds in models(options.run, options.counts):
        size = vectors.vectors.shape[1]
        if not results.has(corpus=options.name, name=name, size=size):
            found = scores.of(vectors)
            results.add(corpus=options.name, name=name, size=size, seed=1, seconds=seconds, scores=found)
            write(results)


if __name__ == "__main__":
    main()
