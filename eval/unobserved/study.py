"""The effect of training on unobserved pairs, and which settings to choose.

    python -m eval.unobserved.study CORPUS [--msr FILE] [--men FILE] [--gensim] [--stanford FOLDER] [--sizes 50 100]

Trains plain GloVe and variants of `unobserved`, some of them on counts of the left side of the window or with
subsampling, each with the same seeds and epochs. Scores are on Google's analogies, WordSim-353 and SimLex-999, which
gensim contains, and on MSR's analogies and MEN if their files are given. `--gensim` adds its CBOW and skip-gram on
the same text, `--stanford` Stanford's program in that folder, with the same settings. Results are stored in
`results.json` as they come, so that an interrupted study can be continued; `results.md` and `quality.png` are written
from it.

Time is CPU time divided by the number of threads, since other programs use the machine during many hours of training.
Wall-clock times are compared in `eval/benchmark.py`.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from eval import measure
from eval.quality import MIN_COUNT, SETS, SHARES, WORKERS, Results, Scores, by_gensim, cell, fit, summed
from glove_adagrad import optim
from glove_adagrad.cooccurrence.count import count_cooccurrences
from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
from glove_adagrad.cooccurrence.windows import Windows
from glove_adagrad.corpus import TextFiles
from glove_adagrad.formats import WordVectors, read_vectors
from glove_adagrad.provenance import measured_by
from glove_adagrad.trainer import Trainer, TrainingSettings
from glove_adagrad.trainer.unobserved import COUNT, MOST, unobserved_pairs
from glove_adagrad.vocabulary import Vocabulary

HERE = Path(__file__).parent

EPOCHS = 15
SEEDS = (1, 2, 3)
#: The usual setting of word2vec, also used in rows called `sampled`.
SAMPLE = 1e-4


@dataclass(frozen=True)
class Variant:
    """One row of the study: settings of training and counting, changes of targets, weights in proportion to f(E)."""

    name: str
    settings: dict[str, Any] = field(default_factory=dict)
    seeds: tuple[int, ...] = (1,)
    windows: Windows = field(default_factory=Windows)
    shift: float = 0.0
    constant: float | None = None
    most: float | None = None
    weight: float | None = None


def variants() -> list[Variant]:
    """Main rows with three seeds; then changes of one setting at a time."""

    def by_chance(name: str, ratio: float = 1.0, seeds: tuple[int, ...] = (1,), **more: Any) -> Variant:
        settings = {"unobserved": ratio, "unobserved_chance": 1.0, **more.pop("settings", {})}
        return Variant(name, settings, seeds, **more)

    norm = optim.make("adagrad-norm", learning_rate=2.0)
    quick = {"rule": optim.make("adagrad", learning_rate=0.1), "epochs": 5}
    left, sampled = Windows(symmetric=False), Windows(sample=SAMPLE)
    both = Windows(10, symmetric=False, sample=SAMPLE)
    one = {"unobserved": 1.0}
    rows = [
        Variant("plain GloVe", seeds=SEEDS),
        Variant("plain GloVe, left only", {}, SEEDS, left),
        Variant("plain GloVe, sampled", {}, SEEDS, sampled),
        Variant("plain GloVe, left only, sampled, window 10", {}, SEEDS, both),
        Variant("plain GloVe, AdaGrad-Norm", {"rule": norm}),
        Variant("ratio 1", one, SEEDS),
        Variant("ratio 1, left only", one, SEEDS, left),
        Variant("ratio 1, sampled", one, SEEDS, sampled),
        Variant("ratio 1, left only, sampled, window 10", one, SEEDS, both),
        Variant("ratio 1, left only, sampled", one, (1,), replace(left, sample=SAMPLE)),
        Variant("ratio 1, AdaGrad-Norm", {**one, "rule": norm}, SEEDS),
        Variant("ratio 1, AdaGrad-Norm, 5 epochs", {**one, "rule": norm, "epochs": 5}, SEEDS),
        Variant("ratio 1, left only, 8 epochs", {**one, "epochs": 8}, SEEDS, left),
        Variant("ratio 1, left only, rate 0.1, 5 epochs", {**one, **quick}, SEEDS, left),
        Variant("ratio 1, left only, rate 0.1, clip 10, 5 epochs", {**one, **quick, "clip": 10.0}, SEEDS, left),
        Variant("ratio 1, left only, AdaGrad-Norm, 5 epochs", {**one, "rule": norm, "epochs": 5}, (1,), left),
    ]
    rows += [Variant(f"ratio {ratio:g}, left only", {"unobserved": ratio}, (1,), left) for ratio in (0.5, 2.0)]
    rows += [Variant("ratio 1, left only, by chance", {**one, "unobserved_chance": 1.0}, (1,), left)]
    rows += [Variant(f"ratio {ratio:g}", {"unobserved": ratio}) for ratio in (0.5, 2.0)]
    rows += [by_chance(f"ratio {ratio:g}, by chance", ratio, SEEDS) for ratio in (1.0, 2.0)]
    rows += [by_chance(f"ratio {ratio:g}, by chance", ratio) for ratio in (0.5, 4.0)]
    rows += [
        by_chance(f"ratio {ratio:g}, by chance, weight {weight:g}", ratio, settings={"unobserved_weight": weight})
        for ratio, weight in ((1.0, 0.05), (1.0, 0.2), (2.0, 0.05), (4.0, 0.05))
    ]
    rows += [by_chance("ratio 1, by chance, weight f(E)", weight=1.0)]
    rows += [Variant(f"ratio 1, x_max {x_max:g}", {"unobserved": 1.0, "x_max": x_max}) for x_max in (3.0, 30.0)]
    rows += [
        by_chance(f"ratio 1, by chance, power {power:g}", settings={"unobserved_power": power})
        for power in (0.5, 1.0)
    ]
    rows += [by_chance(f"ratio 1, by chance, at most {most:g}", most=most) for most in (0.1, 1.0, 3.0)]
    rows += [by_chance("ratio 1, by chance, lower by 1", shift=1.0)]
    rows += [by_chance(f"ratio 1, targets {value:g}", constant=value) for value in (0.03, 0.1, 0.3)]
    return rows


def train(matrix: CooccurrenceMatrix, variant: Variant, size: int, seed: int) -> tuple[WordVectors, float, float]:
    """Train; return vectors, CPU seconds per thread, and the last loss of the matrix's cells."""
    settings = TrainingSettings(**{"vector_size": size, "epochs": EPOCHS, "seed": seed, **variant.settings})
    if variant.weight is not None:
        settings = weighted_by_chance(settings, matrix, variant.weight)
    trainer = Trainer(matrix, settings, workers=WORKERS)
    if variant.shift or variant.constant or variant.most:
        change_targets(trainer, variant)
    seconds = fit(trainer)
    return summed(trainer), seconds, trainer.history[-1].loss


def weighted_by_chance(settings: TrainingSettings, matrix: CooccurrenceMatrix, weight: float) -> TrainingSettings:
    """Return settings equivalent to pairs drawn with the power 0.75, one per record, of weight `weight` f(E).

    f(E) is proportional to the power 0.75 of both words' frequencies. With the power 1.5, pairs are therefore drawn
    in proportion to such weights and can all have one weight. Most of these pairs consist of frequent words that do
    co-occur, and are skipped; so there are 16 draws per record, each of a sixteenth of the weight.
    """
    counts = matrix.vocabulary.counts.astype(np.float64)
    total = sum(float(x.sum()) for _, _, x in matrix.cells())
    chance = total / counts.sum() ** 2 / settings.x_max
    mean = (np.sum(counts**1.5) / np.sum(counts**0.75)) ** 2 * chance**0.75
    print(f"mean f(E), of all pairs: {mean:.2f}")
    return replace(settings, unobserved=16.0, unobserved_weight=weight * mean / 16, unobserved_power=1.5)


def change_targets(trainer: Trainer, variant: Variant) -> None:
    pairs = unobserved_pairs(trainer.stream, trainer.parameters, trainer.settings)
    if variant.constant:
        pairs.word_logs[:] = np.log(variant.constant)
        pairs.context_logs[:] = 0
    trainer.blocks.unobserved = pairs._replace(
        word_logs=pairs.word_logs - np.float32(variant.shift), log_cap=np.float32(np.log(variant.most or MOST))
    )


def word2vec(corpus: Path, name: str, size: int, seed: int) -> tuple[WordVectors, float]:
    """Train gensim's Word2Vec with settings usual in comparisons; return vectors and CPU seconds per thread."""
    from gensim.models import Word2Vec

    settings: dict[str, Any] = {
        "CBOW": {"sg": 0, "window": 8, "negative": 25, "epochs": 5},
        "skip-gram": {"sg": 1, "window": 10, "negative": 10, "epochs": 3},
    }[name]
    vectors, seconds = by_gensim(
        Word2Vec, corpus, vector_size=size, sample=SAMPLE, workers=WORKERS, seed=seed, **settings
    )
    return vectors, seconds / WORKERS


def stanford_program(corpus: Path, build: Path, size: int) -> tuple[WordVectors, float]:
    """Run Stanford's chain of programs with the same settings; return vectors and its CPU seconds per thread."""
    with tempfile.TemporaryDirectory() as folder:
        at = Path(folder)
        vocab, counted, shuffled = at / "vocab.txt", at / "counted.bin", at / "shuffled.bin"
        quiet, window = ["-verbose", "0"], ["-window-size", "15", "-vocab-file", str(vocab)]
        measure.run([str(build / "vocab_count"), "-min-count", "5", *quiet], stdin=corpus, stdout=vocab)
        measure.run([str(build / "cooccur"), *window, *quiet], stdin=corpus, stdout=counted, cwd=at)
        measure.run([str(build / "shuffle"), *quiet], stdin=counted, stdout=shuffled, cwd=at)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        measure.run([
            str(build / "glove"), "-input-file", str(shuffled), "-vocab-file", str(vocab), "-save-file", "vectors",
            "-vector-size", str(size), "-iter", str(EPOCHS), "-threads", str(WORKERS), "-x-max", "10", "-binary", "0",
            *quiet,
        ], cwd=at)  # fmt: skip
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / WORKERS
        return read_vectors(at / "vectors.txt"), seconds


def table(runs: list[dict[str, Any]]) -> list[str]:
    """Format means over seeds, with the range if there are several; one table for each corpus and size."""
    lines: list[str] = []
    for corpus, size in sorted({(run["corpus"], run["size"]) for run in runs}):
        here = [run for run in runs if (run["corpus"], run["size"]) == (corpus, size)]
        order = [variant.name for variant in variants()] + [run["name"] for run in here]
        names = sorted({run["name"] for run in here}, key=order.index)
        lines += ["", f"## {corpus}, {size} components", ""]
        lines += [f"| | seeds | {' | '.join(SETS)} | loss | seconds |", "|---|---:|" + "---:|" * (len(SETS) + 2)]
        for name in names:
            rows = [run for run in here if run["name"] == name]
            cells = [cell(test, rows) for test in SETS]
            losses = [row["loss"] for row in rows if row["loss"] is not None]
            loss = f"{statistics.mean(losses):.4f}" if losses else ""
            seconds = statistics.median(row["seconds"] for row in rows)
            lines.append(f"| {name} | {len(rows)} | {' | '.join(cells)} | {loss} | {seconds:.0f} |")
    return lines


def picture(runs: list[dict[str, Any]], path: Path) -> None:
    """Google's analogies and MEN or WordSim against seconds of training, at 100 components."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    corpus = runs[0]["corpus"]
    here = [run for run in runs if run["size"] == 100 and run["corpus"] == corpus]
    fast = "ratio 1, left only, 8 epochs"
    # offset of each name from its dot, in points: some dots are close together
    named = {
        "plain GloVe": (8, -3), "ratio 1": (8, 2), "ratio 1, left only": (8, -9), fast: (8, -5), "CBOW": (8, -3),
        "skip-gram": (8, -3),
    }  # fmt: skip
    shown = [test for test in ("Google", "SimLex-999", "MEN") if any(test in run["scores"] for run in here)]
    figure, axes = pyplot.subplots(1, len(shown), figsize=(5 * len(shown), 4.5))
    for axis, test in zip(axes, shown, strict=True):
        for name, offset in named.items():
            rows = [run for run in here if run["name"] == name]
            if not rows:
                continue
            x = statistics.median(row["seconds"] for row in rows)
            y = statistics.mean(row["scores"][test] for row in rows) * (100 if test in SHARES else 1)
            ours = name not in ("CBOW", "skip-gram")
            axis.plot(x, y, "o" if ours else "s", color="#0b6fb3" if ours else "#b3450b", markersize=8)
            axis.annotate(name, (x, y), textcoords="offset points", xytext=offset)
        label = "analogies right, per cent" if test in SHARES else "Spearman correlation"
        axis.set(xlabel="training, seconds of each of 2 threads", ylabel=label, title=test)
        axis.set_xlim(0, axis.get_xlim()[1] * 1.25)
        axis.grid(alpha=0.3)
        axis.spines[["top", "right"]].set_visible(False)
    figure.suptitle(f"Training on unobserved pairs: {corpus}, 100 components, {EPOCHS} epochs unless named")
    figure.tight_layout()
    figure.savefig(path, dpi=110)


def write(results: Results) -> None:
    lines = [
        "# Training on unobserved pairs",
        "",
        *measured_by(results.origins),
        f"{EPOCHS} epochs, window 15, min-count 5, x_max 10, {WORKERS} threads.",
        "Unless named, AdaGrad at rate 0.05 (AdaGrad-Norm: 2), weight 0.1, power 0.75,",
        f"targets half way (on the logarithmic scale) between the expected count and {COUNT}, at most {MOST}.",
        "Left only: a pair counts once, the left word as the word and the right one as its context. "
        f"Sampled: subsampling of frequent words at {SAMPLE:g}.",
        "Means over seeds, ± half the range.",
        "Seconds are CPU seconds per thread. Loss is that of the matrix's cells.",
        "CBOW and skip-gram are gensim's: window 8, 25 negatives, 5 epochs; window 10, 10 negatives, 3 epochs.",
        *table(results.runs),
    ]
    (HERE / "results.md").write_text("\n".join(lines) + "\n")
    picture(results.runs, HERE / "quality.png")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--msr", type=Path)
    parser.add_argument("--men", type=Path)
    parser.add_argument("--gensim", action="store_true")
    parser.add_argument("--stanford", type=Path, help="folder of your build of Stanford's programs")
    parser.add_argument("--sizes", type=int, nargs="+", default=[100])
    parser.add_argument("--only", nargs="+", metavar="NAME", help="only the variants with these names")
    parser.add_argument("--seeds", type=int, default=3, help="the number of seeds at most (default 3)")
    arguments = parser.parse_args()
    results, scores = Results(HERE / "results.json"), Scores(arguments.msr, arguments.men)
    name = arguments.corpus.name
    with tempfile.TemporaryDirectory() as folder:
        text = TextFiles([arguments.corpus])
        vocabulary = Vocabulary.count(text, min_count=MIN_COUNT, workers=WORKERS)
        matrices: dict[Windows, CooccurrenceMatrix] = {}
        for size in arguments.sizes:
            for variant in variants():
                for seed in variant.seeds[: arguments.seeds]:
                    key = {"corpus": name, "size": size, "name": variant.name, "seed": seed}
                    if results.has(**key) or (arguments.only and variant.name not in arguments.only):
                        continue
                    windows = variant.windows
                    if windows not in matrices:
                        matrices[windows] = count_cooccurrences(
                            text, vocabulary, Path(folder, str(len(matrices))), windows=windows, workers=WORKERS
                        )
                    vectors, seconds, loss = train(matrices[windows], variant, size, seed)
                    results.add(**key, seconds=seconds, loss=loss, scores=scores.of(vectors))
            for model in ("CBOW", "skip-gram") if arguments.gensim else ():
                for seed in SEEDS[: arguments.seeds]:
                    key = {"corpus": name, "size": size, "name": model, "seed": seed}
                    if not results.has(**key):
                        vectors, seconds = word2vec(arguments.corpus, model, size, seed)
                        results.add(**key, seconds=seconds, loss=None, scores=scores.of(vectors))
            key = {"corpus": name, "size": size, "name": "Stanford's program", "seed": 1}
            if arguments.stanford and not results.has(**key):
                vectors, seconds = stanford_program(arguments.corpus.resolve(), arguments.stanford.resolve(), size)
                results.add(**key, seconds=seconds, loss=None, scores=scores.of(vectors))
    write(results)


if __name__ == "__main__":
    main()
