"""The effect of window, x_max, vector size and epochs on quality and time.

    python -m eval.settings.study CORPUS [--msr FILE] [--men FILE]

One setting at a time is changed from a base (window 15, x_max 10, 100 components, 15 epochs). One seed: differences
of less than a point of analogies or 0.015 of a correlation are within the range between seeds, see
`eval/unobserved/results.md`. Results are stored in `results.json` as they come; `results.md` and `settings.png` are
written from it.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

from eval.quality import SETS, WORKERS, Results, Scores, cell, fit, summed
from glove_adagrad.cooccurrence.count import count_cooccurrences
from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
from glove_adagrad.cooccurrence.windows import Windows
from glove_adagrad.corpus import TextFiles
from glove_adagrad.provenance import measured_by
from glove_adagrad.trainer import Trainer, TrainingSettings
from glove_adagrad.vocabulary import Vocabulary

HERE = Path(__file__).parent

WINDOWS: dict[str, dict[str, Any]] = {
    "5": {"window": 5},
    "10": {"window": 10},
    "15": {},
    "25": {"window": 25},
    "15, left only": {"symmetric": False},
    "15, no distance weighting": {"distance_weights": "flat"},
    **{f"15, sample {share:g}": {"sample": share} for share in (1e-3, 1e-4, 1e-5)},
}
BASE = {"window": "15", "x_max": 10.0, "vector_size": 100, "epochs": 15}
CHANGES: dict[str, tuple[Any, ...]] = {
    "window": tuple(WINDOWS),
    "x_max": (3.0, 10.0, 30.0, 100.0),
    "vector_size": (25, 50, 100, 200, 300),
}
#: Scored in one training run: an epoch does not depend on the number of epochs that follow.
EPOCHS = (5, 10, 15, 25, 50)
TITLES = {
    "window": "Window",
    "x_max": "x_max",
    "vector_size": "Components",
    "epochs": "Epochs",
}


class Study:
    def __init__(self, corpus: Path, scores: Scores, results: Results, folder: Path) -> None:
        self.corpus, self.scores, self.results, self.folder = corpus, scores, results, folder
        self.text = TextFiles([corpus])
        self.vocabulary = Vocabulary.count(self.text, min_count=5, workers=WORKERS)
        self.matrices: dict[str, CooccurrenceMatrix] = {}

    def matrix(self, window: str) -> CooccurrenceMatrix:
        if window not in self.matrices:
            folder = self.folder / str(len(self.matrices))
            windows = Windows(**WINDOWS[window])
            self.matrices[window] = count_cooccurrences(
                self.text, self.vocabulary, folder, windows=windows, workers=WORKERS
            )
        return self.matrices[window]

    def trainer(self, **changes: Any) -> Trainer:
        settings = {**BASE, **changes}
        matrix = self.matrix(settings.pop("window"))
        return Trainer(matrix, TrainingSettings(**settings), workers=WORKERS)

    def add(self, option: str, value: Any, trainer: Trainer, seconds: float) -> None:
        key = {"corpus": self.corpus.name, "size": trainer.settings.vector_size, "name": option, "value": value}
        self.results.add(
            **key, seed=1, seconds=seconds, records=trainer.matrix.records, scores=self.scores.of(summed(trainer))
        )

    def run(self) -> None:
        for option, values in CHANGES.items():
            for value in values:
                if value != BASE[option] and not self.results.has(name=option, value=value):
                    trainer = self.trainer(**{option: value})
                    self.add(option, value, trainer, fit(trainer))
        if not self.results.has(name="epochs", value=EPOCHS[-1]):
            trainer, spent = self.trainer(epochs=EPOCHS[-1]), 0.0
            trainer.plan()  # compiles
            clock = time.process_time()

            def score(_: Trainer, epoch: int, loss: float) -> None:
                nonlocal clock, spent
                spent += time.process_time() - clock
                if epoch in EPOCHS:
                    self.add("epochs", epoch, trainer, spent / WORKERS)
                clock = time.process_time()

            trainer.fit(callbacks=[score])


def rows(results: Results, option: str) -> list[dict[str, Any]]:
    """The runs of an option's values in order, including the base."""
    found = {run["value"]: run for run in results.runs if run["name"] == option}
    if option != "epochs":
        found[BASE[option]] = next(
            run for run in results.runs if run["name"] == "epochs" and run["value"] == BASE["epochs"]
        )
    order = EPOCHS if option == "epochs" else CHANGES[option]
    return [{**found[value], "value": value} for value in order]


def table(results: Results, option: str) -> list[str]:
    lines = ["", f"## {TITLES[option]}", "", f"| | {' | '.join(SETS)} | records | seconds |"]
    lines.append("|---|" + "---:|" * (len(SETS) + 2))
    for run in rows(results, option):
        value = run["value"] if isinstance(run["value"], str) else f"{run['value']:g}"
        scores = " | ".join(cell(test, [run]) for test in SETS)
        lines.append(f"| {value} | {scores} | {run['records'] / 1e6:.1f} M | {run['seconds']:.0f} |")
    return lines


def picture(results: Results, path: Path) -> None:
    """Google's analogies and MEN or WordSim by each option that is a number."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    second = "MEN" if all("MEN" in run["scores"] for run in results.runs) else "WordSim-353"
    figure, axes = pyplot.subplots(1, 4, figsize=(13, 3.6), sharey=True)
    for axis, option in zip(axes, ("window", "x_max", "vector_size", "epochs"), strict=True):
        here = [run for run in rows(results, option) if "," not in str(run["value"])]
        x = [float(run["value"]) for run in here]
        axis.plot(x, [100 * run["scores"]["Google"] for run in here], "o-", color="#0b6fb3")
        axis.plot(x, [100 * run["scores"][second] for run in here], "s-", color="#b3450b")
        axis.set_xscale("log")
        axis.set_xticks(x, [f"{value:g}" for value in x])
        axis.minorticks_off()
        axis.set_xlabel({"window": "window, words to each side"}.get(option, TITLES[option].lower()))
        axis.grid(alpha=0.3)
        axis.spines[["top", "right"]].set_visible(False)
    axes[0].set_ylim(0)
    axes[0].set_ylabel("score")
    last = here[-1]["scores"]
    for text, height, colour in (
        ("Google analogies,\nper cent right", 100 * last["Google"], "#0b6fb3"),
        (f"{second},\ncorrelation x 100", 100 * last[second], "#b3450b"),
    ):
        axes[-1].annotate(text, (x[-1], height), xytext=(8, 0), textcoords="offset points", color=colour, va="center")
    figure.tight_layout()
    figure.savefig(path, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--msr", type=Path)
    parser.add_argument("--men", type=Path)
    arguments = parser.parse_args()
    results = Results(HERE / "results.json")
    with tempfile.TemporaryDirectory() as folder:
        Study(arguments.corpus, Scores(arguments.msr, arguments.men), results, Path(folder)).run()
    lines = [
        "# Settings",
        "",
        *measured_by(results.origins),
        f"Corpus: {arguments.corpus.name}, {arguments.corpus.stat().st_size:,} bytes; min-count 5.",
        "Unless named, window 15, x_max 10, 100 components, 15 epochs. One seed.",
        f"Seconds are CPU seconds of training for each of {WORKERS} threads.",
    ]
    for option in TITLES:
        lines += table(results, option)
    (HERE / "results.md").write_text("\n".join(lines) + "\n")
    picture(results, HERE / "settings.png")


if __name__ == "__main__":
    main()
