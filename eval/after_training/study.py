"""What can be done to finished vectors: principal components of both kinds, and character n-grams.

    python -m eval.after_training.study RUN... [--msr FILE] [--men FILE]

RUN is a folder of `glove-adagrad train TEXT --preset recommended --output RUN`, of any seed; more seeds are trained
with `--cooccurrence RUN/cooccurrence --seed N`, and a run's corpus is the name of that first text. For each run the
study scores the sum of word and context vectors, both side by side reduced by principal component analysis, and
either one mixed with what n-grams say, for several values of `mix`. The ridge is judged without test sets: n-grams
are fitted to nine tenths of the words and compose the vectors of the last tenth; their cosine to the trained
vectors is shown by the number of occurrences. Results are kept in `results.json` as they come; `results.md` is
written from it.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from eval.quality import SETS, Results, Scores, cell
from glove_adagrad.formats import RunVectors, WordVectors, read_history, read_run
from glove_adagrad.provenance import measured_by
from glove_adagrad.subwords import SubwordSettings, fit_ngrams

HERE = Path(__file__).parent

MIXES = (10.0, 50.0)
RIDGES = (0.1, 0.3, 1.0, 3.0)
#: Words are shown by these numbers of occurrences.
OCCURRENCES = (5, 10, 30, 100, 1000)


def corpus_of(folder: Path) -> str:
    """The name of the text that a run, or the run whose counts it was trained on, has counted."""
    history = read_history(folder)
    names = history["provenance"].get("corpus")
    if names:
        return Path(names[0]).name
    return corpus_of((folder / history["settings"]["cooccurrence"]).parent)


def rows(run: RunVectors) -> Iterator[tuple[str, WordVectors, float]]:
    """Name, vectors, and processor seconds for each thing that is done to a run."""
    for which in ("sum", "pca"):
        begin = time.process_time()
        vectors = run.select(which).vectors
        yield which, WordVectors(run.words, vectors), time.process_time() - begin
        for mix in MIXES:
            begin = time.process_time()
            mixed, _ = fit_ngrams(run.words, run.counts, vectors, SubwordSettings(mix=mix))
            yield f"{which}, n-grams, mix {mix:g}", WordVectors(run.words, mixed), time.process_time() - begin


def held_out(run: RunVectors, ridge: float) -> dict[str, float]:
    """Mean cosine of composed to trained vectors, of a tenth of the words that the fit has not seen."""
    away = np.random.default_rng(0).random(len(run.words)) < 0.1
    vectors = run.select("sum").vectors
    kept = np.flatnonzero(~away)
    words = [run.words[row] for row in kept.tolist()]
    _, ngrams = fit_ngrams(words, run.counts[kept], vectors[kept], SubwordSettings(ridge=ridge))
    found = [(row, ngrams.vector(run.words[row])) for row in np.flatnonzero(away).tolist()]
    cosines = {
        row: float(vector @ vectors[row] / np.linalg.norm(vector) / np.linalg.norm(vectors[row]))
        for row, vector in found
        if vector is not None
    }
    scores = {"all": statistics.mean(cosines.values())}
    for least, most in zip(OCCURRENCES, (*OCCURRENCES[1:], np.inf), strict=True):
        group = [cosine for row, cosine in cosines.items() if least <= run.counts[row] < most]
        if group:
            scores[f"from {least}"] = statistics.mean(group)
    return scores


def table(runs: list[dict[str, Any]], kind: str) -> list[str]:
    lines: list[str] = []
    of_kind = [run for run in runs if run["kind"] == kind]
    for corpus in dict.fromkeys(run["corpus"] for run in of_kind):
        here = [run for run in of_kind if run["corpus"] == corpus]
        columns = (
            [test for test in SETS if test in here[0]["scores"]] if kind == "scores" else list(here[0]["scores"])
        )
        lines += ["", f"### {corpus}", "", f"| | seeds | {' | '.join(columns)} | seconds |"]
        lines += ["|---|---:|" + "---:|" * (len(columns) + 1)]
        for name in dict.fromkeys(run["name"] for run in here):
            found = [run for run in here if run["name"] == name]
            cells = [
                cell(test, found)
                if kind == "scores"
                else f"{statistics.mean(run['scores'][test] for run in found):.3f}"
                for test in columns
            ]
            seconds = statistics.median(run["seconds"] for run in found)
            lines.append(f"| {name} | {len(found)} | {' | '.join(cells)} | {seconds:.1f} |")
    return lines


def write(results: Results) -> None:
    lines = [
        "# What is done to finished vectors",
        "",
        *measured_by(results.origins),
        "Trained with `--preset recommended`, 100 components; vectors before the steps that follow training. "
        "Seconds are CPU seconds, on a busy machine.",
        "Means over seeds, ± half the range.",
        "",
        "## Scores",
        *table(results.runs, "scores"),
        "",
        "## Cosine of words that were not in the fit to their trained vectors, by occurrences",
        "",
        "For the choice of the ridge, without a test set. Sums of word and context vectors.",
        *table(results.runs, "held out"),
    ]
    (HERE / "results.md").write_text("\n".join(lines) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN")
    parser.add_argument("--msr", type=Path)
    parser.add_argument("--men", type=Path)
    arguments = parser.parse_args()
    results, scores = Results(HERE / "results.json"), Scores(arguments.msr, arguments.men)
    for folder in arguments.runs:
        key = {"corpus": corpus_of(folder), "size": 100, "seed": read_history(folder)["settings"]["seed"]}
        run = read_run(folder)
        if not results.has(**key, kind="scores", name=f"pca, n-grams, mix {MIXES[-1]:g}"):
            for name, vectors, seconds in rows(run):
                if not results.has(**key, kind="scores", name=name):
                    results.add(**key, kind="scores", name=name, seconds=seconds, scores=scores.of(vectors))
        for ridge in RIDGES if key["seed"] == 1 else ():
            name = f"ridge {ridge:g}"
            if not results.has(**key, kind="held out", name=name):
                begin = time.process_time()
                found = held_out(run, ridge)
                seconds = time.process_time() - begin
                results.add(**key, kind="held out", name=name, seconds=seconds, scores=found)
    write(results)


if __name__ == "__main__":
    main()
