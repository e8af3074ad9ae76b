"""What PPMI-SVD is worth beside trained vectors, alone and blended with them.

    python -m eval.blends.study RUN COUNTS [RUN COUNTS ...] [--msr FILE] [--men FILE]

For each corpus give a trained run and co-occurrences of the same vocabulary, counted for the decomposition
(`cooccur --vocab RUN/vocab.txt --window 5 --no-distance-weighting`). One seed; rows that differ by less than a point
of analogies or .015 of a correlation may as well be equal. Writes `results.md` beside this file.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from glove_adagrad.blending import blend
from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
from glove_adagrad.evaluation import evaluate, read_suite
from glove_adagrad.files import atomic_file
from glove_adagrad.formats import WordVectors, read_run
from glove_adagrad.provenance import provenance, versions
from glove_adagrad.svd import SVDSettings, decompose

HERE = Path(__file__).parent


def rows(run: Path, counts: Path) -> list[tuple[str, WordVectors, float]]:
    """Name, vectors, and seconds of the processor for making them of what is there."""
    trained, matrix = read_run(run), CooccurrenceMatrix.open(counts)
    size = trained.word_vectors.shape[1]
    made = [("trained, w + c", trained.select("sum"), 0.0), ("trained, PCA of [w, c]", trained.select("pca"), 0.0)]
    parts = {}
    for power in (0.0, 0.5):
        begin = time.process_time()
        word, context = decompose(matrix, SVDSettings(size, power=power))
        seconds = time.process_time() - begin
        for name, vectors in (("w", word), ("w + c", word + context)):
            part = WordVectors(matrix.vocabulary.decoded(), vectors)
            parts[power, name] = part
            made.append((f"SVD, power {power:g}, {name}", part, seconds))
    svd = parts[0.0, "w + c"]
    for name, model in (("w + c", trained.select("sum")), ("PCA", trained.select("pca"))):
        for weight in (1.0, 3.0):
            for kept in (size, 2 * size):
                begin = time.process_time()
                joined = blend([model, svd], size=kept, weights=[weight, 1])
                title = f"blend {weight:g} : 1 of trained ({name}) and SVD, {kept} numbers"
                made.append((title, joined, time.process_time() - begin))
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+", metavar="RUN COUNTS")
    parser.add_argument("--msr", type=Path, help="MSR's analogies, four words a line")
    parser.add_argument("--men", type=Path, help="MEN: word, word, score a line")
    options = parser.parse_args()
    if len(options.folders) % 2:
        parser.error("give a run and a folder of co-occurrences for each corpus")
    from gensim.test.utils import datapath

    analogies = [Path(datapath("questions-words.txt")), *filter(None, [options.msr])]
    pairs = [Path(datapath(name)) for name in ("wordsim353.tsv", "simlex999.txt")] + [*filter(None, [options.men])]
    suite = read_suite(analogies, pairs, [])
    begin = provenance()
    lines = [
        "# PPMI-SVD and blends\n",
        f"`{begin['command']}`, {begin['started']}, {begin['cpu']}, {begin['cores']} cores; "
        + ", ".join(f"{name} {version}" for name, version in versions().items())
        + ".\n",
        "Analogies in %, similarity as Spearman's correlation x 100. One seed. Seconds are those of the processor for the "
        "decomposition or the blend alone, on a busy machine.\n",
    ]
    for run, counts in zip(options.folders[::2], options.folders[1::2], strict=True):
        matrix = CooccurrenceMatrix.open(counts)
        lines.append(f"## {matrix.tokens / 1e6:.1f} million tokens, {matrix.words:,} words\n")
        for number, (name, vectors, seconds) in enumerate(rows(run, counts)):
            result = evaluate(vectors, suite, name=name)
            scores = {one.name: one.total().accuracy for one in result.analogies}
            scores |= {one.name: one.spearman for one in result.similarity}
            if not number:
                lines += ["| vectors | s | " + " | ".join(scores) + " |", "|---|" + "---:|" * (len(scores) + 1)]
            cells = ["" if score is None else f"{100 * score:.1f}" for score in scores.values()]
            lines.append(f"| {name} | {seconds:.0f} | " + " | ".join(cells) + " |")
            print(lines[-1], flush=True)
        lines.append("")
    with atomic_file(HERE / "results.md", "w") as file:
        file.write("\n".join(lines))


if __name__ == "__main__":
    main()
