"""Vectors of several recipes, and of word2vec, fastText and PPMI-SVD, on several corpora and many test sets.

    python -m eval.quality.study CORPUS... --sets FOLDER [--rivals NAME...] [--seeds N] [--size N]

Each CORPUS is a plain text. FOLDER holds test sets: questions of four words a line, or pairs with a score; the file's
name is that of the set. Google's analogies, WordSim-353 and SimLex-999 come with gensim. All models of a corpus have
its words with at least 5 occurrences, so that they answer the same questions. Presets are trained with N seeds,
other recipes with the first. Seconds are the processor's on one thread, from the text to the vectors, without
compilation if another corpus was measured before. Results are kept in `results.json` as they come, so that an
interrupted study can be continued; `results.md` is written from it.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from eval.quality import MIN_COUNT, SETS, SHARES, Results, Scores, by_gensim, cell
from glove_adagrad.blending import join
from glove_adagrad.cooccurrence.count import count_cooccurrences
from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
from glove_adagrad.cooccurrence.windows import Windows
from glove_adagrad.corpus import TextFiles
from glove_adagrad.evaluation.pairs import read_pairs
from glove_adagrad.evaluation.questions import read_questions
from glove_adagrad.files import atomic_file
from glove_adagrad.formats import WordVectors, select_vectors
from glove_adagrad.model_vectors import model_vectors
from glove_adagrad.presets import preset_parameters, rule_of
from glove_adagrad.provenance import measured_by
from glove_adagrad.subwords import SubwordSettings, fit_ngrams
from glove_adagrad.svd import SVDSettings, decompose
from glove_adagrad.trainer import Trainer, TrainingSettings
from glove_adagrad.vocabulary import Vocabulary
from glove_adagrad.warm_start import Start

HERE = Path(__file__).parent

#: Of AdaGrad.
EPOCHS = 15
#: word2vec's subsampling, as in comparisons of others.
SAMPLE = 1e-4
FLAT = Windows(5, distance_weights="flat")
LEFT = Windows(symmetric=False)
#: Of the decomposition in vectors joined with those that AdaGrad trained.
WEIGHT = 0.5
#: What AdaGrad trains on unobserved pairs and counts of the left side; also the last of these recipes.
ADAGRAD = "left only, unobserved 1"
LAST = f"{ADAGRAD}, PCA + SVD, n-grams of mix 50"
#: Changes of the preset `recommended`, one at a time; a change of None takes away.
CHANGES: dict[str, dict[str, Any]] = {
    "the preset recommended": {},
    "the same, mix 50": {"mix": 50.0},
    "the same, initial accumulator 1": {"initial_accumulator": 1.0},
    "the same, only biases from the counts, 8 epochs, SVD joined at weight 0.5": {
        "init_svd": 0.0, "init_biases": True, "epochs": 8, "svd_weight": 0.5,
    },
    "the same, drawn start, 8 epochs, SVD joined at weight 0.5": {"init_svd": 0.0, "epochs": 8, "svd_weight": 0.5},
}  # fmt: skip
#: What rivals are trained with, by gensim; each with these numbers of epochs.
RIVALS: dict[str, dict[str, Any]] = {
    "CBOW": {"sg": 0, "window": 8, "negative": 25},
    "skip-gram": {"sg": 1, "window": 10, "negative": 10},
    "fastText skip-gram": {"sg": 1, "window": 5, "negative": 5},
}
RIVAL_EPOCHS = (5, 15, 25)


class Row(NamedTuple):
    """Vectors and the processor's seconds from the text to them."""

    name: str
    vectors: WordVectors
    seconds: float


class Clock:
    """Runs parts of a recipe and adds up the processor's seconds, each part once however many recipes share it."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def run(self, part: str, work: Callable[[], Any]) -> Any:
        begin = time.process_time()
        result = work()
        self.seconds[part] = time.process_time() - begin
        return result

    def total(self, *parts: str) -> float:
        return sum(self.seconds[part] for part in parts)


class Counts:
    """A text's vocabulary and its co-occurrences in several windows, counted when asked for."""

    def __init__(self, corpus: Path, folder: Path, clock: Clock) -> None:
        self.text, self.folder, self.clock = TextFiles([corpus]), folder, clock
        self.vocabulary = clock.run("words", lambda: Vocabulary.count(self.text, min_count=MIN_COUNT, workers=1))
        self.matrices: dict[str, CooccurrenceMatrix] = {}

    def of(self, part: str, windows: Windows) -> CooccurrenceMatrix:
        if part not in self.matrices:
            self.matrices[part] = self.clock.run(
                part,
                lambda: count_cooccurrences(
                    self.text, self.vocabulary, self.folder / part, windows=windows, workers=1
                ),
            )
        return self.matrices[part]


def preset(counts: Counts, name: str, size: int, seed: int, title: str, **changes: Any) -> Row:
    """Vectors of a preset, with changes of its parameters, of its rule's and of `mix`, made as `train` makes them."""
    clock, words, left = counts.clock, counts.vocabulary.decoded(), counts.of("left", LEFT)
    mix = changes.pop("mix", None)
    options = {key: changes.pop(key) for key in ("learning_rate", "initial_accumulator") if key in changes}
    parameters = {**preset_parameters(name), **changes}
    assert not parameters.pop("symmetric")
    settings = TrainingSettings(vector_size=size, seed=seed, rule=rule_of(name, **options), **parameters)
    Trainer(left, settings, workers=1).compile()

    def make() -> np.ndarray:
        trainer, _ = Start().new_trainer(left, settings, workers=1)
        trainer.fit()
        chosen = settings if mix is None else replace(settings, subwords=False)
        made = model_vectors(
            trainer.parameters.vectors(), words, counts.vocabulary.counts, chosen, trainer.stream, workers=1
        ).vectors
        assert made is not None
        if mix is None:
            return made
        return fit_ngrams(words, counts.vocabulary.counts, made, SubwordSettings(mix=mix))[0]

    vectors = clock.run(title, make)
    return Row(title, WordVectors(words, vectors, counts.vocabulary.counts), clock.total("words", "left", title))


def presets(counts: Counts, size: int, seed: int) -> Iterator[Row]:
    """The presets, and with the first seed what becomes of `recommended` by changes."""
    yield preset(counts, "fast", size, seed, "the preset fast")
    for title, changes in list(CHANGES.items())[: len(CHANGES) if seed == 1 else 2]:
        yield preset(counts, "recommended", size, seed, title, **changes)


def recipes(counts: Counts, size: int, seed: int) -> Iterator[Row]:
    """Recipes of this program that are not presets."""
    clock, words = counts.clock, counts.vocabulary.decoded()
    number = counts.vocabulary.counts

    def train(part: str, matrix: CooccurrenceMatrix, **settings: Any) -> tuple[np.ndarray, np.ndarray]:
        trainer = Trainer(matrix, TrainingSettings(vector_size=size, seed=seed, **settings), workers=1)
        trainer.plan()  # compiles
        clock.run(part, trainer.fit)
        vectors = trainer.parameters.vectors()
        return vectors.word_vectors, vectors.context_vectors

    def row(name: str, vectors: np.ndarray, *parts: str) -> Row:
        return Row(name, WordVectors(words, vectors, number), clock.total("words", *parts))

    def with_ngrams(name: str, base: Row, mix: float) -> Row:
        settings = SubwordSettings(mix=mix)
        mixed, _ = clock.run("n-grams", lambda: fit_ngrams(words, number, base.vectors.vectors, settings))
        return Row(name, WordVectors(words, mixed, number), base.seconds + clock.total("n-grams"))

    def svd(part: str, matrix: CooccurrenceMatrix) -> tuple[np.ndarray, np.ndarray]:
        found: tuple[np.ndarray, np.ndarray] = clock.run(
            part, lambda: decompose(matrix, SVDSettings(size, seed=seed), workers=1)
        )
        return found

    word, context = train("plain", counts.of("both", Windows()), epochs=EPOCHS)
    yield row("plain GloVe", word + context, "both", "plain")

    word, context = svd("flat svd", counts.of("flat", FLAT))
    yield row("PPMI-SVD, window 5, flat", word + context, "flat", "flat svd")

    left = counts.of("left", LEFT)
    decomposed = svd("svd", left)
    yield row("PPMI-SVD, left only", decomposed[0] + decomposed[1], "left", "svd")

    word, context = train("trained", left, unobserved=1.0, epochs=EPOCHS)
    base = row(ADAGRAD, word + context, "left", "trained")
    yield base
    yield with_ngrams(f"{ADAGRAD}, n-grams", base, 10)
    pca = clock.run("pca", lambda: select_vectors(word, context, "pca", workers=1))
    yield row(f"{ADAGRAD}, PCA", pca, "left", "trained", "pca")
    joined = clock.run("join", lambda: join([pca, *decomposed], [1, WEIGHT / 2, WEIGHT / 2], size, workers=1))
    base = row(f"{ADAGRAD}, PCA + SVD", joined, "left", "trained", "pca", "svd", "join")
    yield base
    yield with_ngrams(f"{ADAGRAD}, PCA + SVD, n-grams", base, 10)
    yield with_ngrams(LAST, base, 50)


def rival(corpus: Path, name: str, epochs: int, size: int, seed: int) -> Row:
    """Train a model of gensim on one thread, with settings usual in comparisons."""
    from gensim.models import FastText, Word2Vec

    kind = FastText if name.startswith("fastText") else Word2Vec
    vectors, seconds = by_gensim(
        kind, corpus, vector_size=size, sample=SAMPLE, workers=1, seed=seed, epochs=epochs, **RIVALS[name]
    )
    return Row(f"{name}, {epochs} epochs", vectors, seconds)


def with_sets(folder: Path | None) -> Scores:
    """gensim's sets and those in a folder."""
    scores = Scores(None, None)
    for path in sorted(folder.iterdir()) if folder else ():
        with path.open(encoding="utf-8") as file:
            first = next(line.split() for line in file if not line.startswith((":", "#")))
        if len(first) == 4:
            scores.questions[path.stem] = read_questions(path)
        else:
            scores.pairs[path.stem] = read_pairs(path)
    return scores


def table(runs: list[dict[str, Any]]) -> list[str]:
    """Means over seeds, one table for each corpus and size."""
    lines: list[str] = []
    for corpus, size in dict.fromkeys((run["corpus"], run["size"]) for run in runs):
        here = [run for run in runs if (run["corpus"], run["size"]) == (corpus, size)]
        found = dict.fromkeys(test for run in here for test in run["scores"])
        sets = [test for test in SETS if test in found] + [test for test in found if test not in SETS]
        lines += ["", f"## {corpus}, {size} components", ""]
        lines += [f"| | seeds | {' | '.join(sets)} | seconds |", "|---|---:|" + "---:|" * (len(sets) + 1)]
        for name in dict.fromkeys(run["name"] for run in here):
            rows = [run for run in here if run["name"] == name]
            seconds = statistics.median(row["seconds"] for row in rows)
            cells = " | ".join(cell(test, rows) for test in sets)
            lines.append(f"| {name} | {len(rows)} | {cells} | {seconds:.0f} |")
    return lines


def write(results: Results) -> None:
    lines = [
        "# Recipes and rivals",
        "",
        *measured_by(results.origins),
        f"Ours: window 15; AdaGrad at rate 0.05 and {EPOCHS} epochs unless a preset is named. SVD: PPMI-SVD with",
        'context smoothing 0.75, no shift, power 0; "flat" is without distance weighting. Alone it is w + c.',
        '"PCA + SVD" joins principal components of trained vectors, of weight 1, and vectors of words and of',
        f"contexts of the SVD, of weight {WEIGHT / 2} each, in as many components. n-grams are mixed with `mix` 10.",
        "Rivals are gensim's: CBOW with window 8 and 25 negatives, skip-gram with window 10 and 10 negatives,",
        f"fastText with window 5 and 5 negatives; subsampling at {SAMPLE:g}. {', '.join(SHARES)}: right",
        "answers; the others: Spearman's correlation. Means over seeds, ± half the range. Seconds are the",
        "processor's, on one thread of a machine that others used, from the text to the vectors.",
        *table(results.runs),
    ]
    with atomic_file(HERE / "results.md", "w") as file:
        file.write("\n".join(lines) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", type=Path, nargs="+", metavar="CORPUS")
    parser.add_argument("--sets", type=Path, metavar="FOLDER", help="test sets besides those of gensim")
    parser.add_argument("--seeds", type=int, default=1, help="trainings of each preset (default 1)")
    parser.add_argument("--size", type=int, default=100, help="components (default 100)")
    parser.add_argument("--rivals", nargs="*", choices=list(RIVALS), default=[], help="models of gensim")
    parser.add_argument("--epochs", type=int, nargs="+", default=RIVAL_EPOCHS, help="of rivals (default 5 15 25)")
    arguments = parser.parse_args()
    results, scores = Results(HERE / "results.json"), with_sets(arguments.sets)
    for corpus in arguments.corpora:
        for seed in range(1, arguments.seeds + 1):
            key = {"corpus": corpus.stem, "size": arguments.size, "seed": seed}
            for made, last in ((recipes, LAST), (presets, list(CHANGES)[-1 if seed == 1 else 1])):
                if results.has(**key, name=last) or (made is recipes and seed > 1):
                    continue
                with tempfile.TemporaryDirectory() as folder:
                    for row in made(Counts(corpus, Path(folder), Clock()), arguments.size, seed):
                        if not results.has(**key, name=row.name):
                            results.add(**key, name=row.name, seconds=row.seconds, scores=scores.of(row.vectors))
        for name in arguments.rivals:
            for epochs in arguments.epochs:
                key = {"corpus": corpus.stem, "size": arguments.size, "seed": 1, "name": f"{name}, {epochs} epochs"}
                if not results.has(**key):
                    row = rival(corpus, name, epochs, arguments.size, 1)
                    results.add(**key, seconds=row.seconds, scores=scores.of(row.vectors))
    write(results)


if __name__ == "__main__":
    main()
