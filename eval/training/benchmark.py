"""Training, side by side with Stanford's `glove`: speed, scaling, memory, loss, quality.

    python -m eval.training.benchmark CORPUS --stanford FOLDER [--quality]

FOLDER holds your own build of `vocab_count`, `cooccur`, `shuffle` and `glove`; without it only this package is
measured. Settings are those of Stanford's demo: window 15, min-count 5, x_max 10, two threads. The variants take
turns. Stanford's time is that of a whole process of one iteration, its vectors saved in binary; ours is that of an
epoch, and compilation is measured separately. `--quality` adds 15 epochs at 50 components, three seeds here and one
run there, scored with the same evaluation. Writes `results.md` in this folder; rows of other `--sizes` and the
quality stay as they were unless they are measured again.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from eval.measure import provenance, run
from glove_adagrad.provenance import measured_by

HERE = Path(__file__).parent
SIZES = (50, 100, 300)
QUALITY_SIZE, QUALITY_EPOCHS, SEEDS = 50, 15, (1, 2, 3)


class Ours:
    """This package's command, on one matrix."""

    def __init__(self, corpus: Path, folder: Path) -> None:
        self.folder = folder
        self.program = [sys.executable, "-m", "glove_adagrad"]
        run([*self.program, "train", str(corpus), "--output", str(folder / "first"), "--epochs", "1", "--quiet"])
        self.matrix = folder / "first" / "cooccurrence"
        self.meta = json.loads((self.matrix / "meta.json").read_text())

    def train(
        self, size: int, epochs: int, workers: int, seed: int = 1, **settings: Any
    ) -> tuple[dict[str, Any], int, Path]:
        """The history of a run, its peak memory, and its folder."""
        output = self.folder / f"run-{size}-{workers}-{seed}"
        shutil.rmtree(output, ignore_errors=True)
        _, _, peak = run(
            [
                *self.program, "train", "--cooccurrence", str(self.matrix), "--output", str(output), "--x-max", "10",
                "--vector-size", str(size), "--epochs", str(epochs), "--workers", str(workers), "--seed", str(seed),
                "--quiet",
            ],
            **settings,
        )  # fmt: skip
        return json.loads((output / "history.json").read_text()), peak, output

    def evaluate(self, vectors: list[Path]) -> list[tuple[float, list[float]]]:
        """Percent of Google's analogies, and Spearman's correlation for WordSim-353 and SimLex-999."""
        out = subprocess.run(
            [*self.program, "evaluate", *map(str, vectors), "--json"], capture_output=True, check=True
        )
        return [
            (100 * model["analogies"][0]["total"]["accuracy"], [s["spearman"] for s in model["similarity"]])
            for model in json.loads(out.stdout)["models"]
        ]

    def compile_seconds(self) -> float:
        """Seconds that training takes longer with nothing compiled yet."""
        with tempfile.TemporaryDirectory() as cache:
            times = []
            for _ in range(2):
                begin = time.perf_counter()
                self.train(50, 1, 2, env={**os.environ, "NUMBA_CACHE_DIR": cache})
                times.append(time.perf_counter() - begin)
        return times[0] - times[1]


class Stanford:
    """Stanford's programs, on records of their own making."""

    def __init__(self, corpus: Path, programs: Path, folder: Path) -> None:
        self.programs, self.folder = programs, folder
        self.vocab, counted, self.records = folder / "vocab.txt", folder / "cooccur.bin", folder / "shuffled.bin"
        self.run("vocab_count", "-min-count", "5", stdin=corpus, stdout=self.vocab)
        self.run(
            "cooccur",
            "-memory",
            "4.0",
            "-window-size",
            "15",
            "-vocab-file",
            str(self.vocab),
            stdin=corpus,
            stdout=counted,
        )
        self.run("shuffle", "-memory", "4.0", stdin=counted, stdout=self.records)
        counted.unlink()

    def run(self, program: str, *arguments: str, **settings: Any) -> tuple[str, float, int]:
        return run([str(self.programs / program), *arguments, "-verbose", "2"], cwd=self.folder, **settings)

    def train(self, size: int, epochs: int, binary: bool = True) -> tuple[list[float], float, int]:
        """Costs by iteration, seconds of the whole process, and peak memory."""
        said, seconds, peak = self.run(
            "glove", "-input-file", str(self.records), "-vocab-file", str(self.vocab), "-save-file", "vectors",
            "-vector-size", str(size), "-iter", str(epochs), "-threads", "2", "-x-max", "10",
            "-binary", "1" if binary else "0",
        )  # fmt: skip
        return [float(cost) for cost in re.findall(r"cost: ([0-9.]+)", said)], seconds, peak


def speed(ours: Ours, stanford: Stanford | None, sizes: list[int], runs: int) -> list[str]:
    """A table of speeds: medians over runs in which the variants take turns."""
    records = ours.meta["records"]
    lines = [
        "| size | Stanford's `glove`, 2 threads | here, 2 workers | here, 1 worker | times as fast "
        "| 1 to 2 workers | peak memory: parameters + matrix + rest |",
        "|---:|---:|---:|---:|---:|---:|---|",
    ]
    rows = {int(size): row for row, size in re.findall(r"^(\| (\d+) \|.*M/s.*)$", _written(), re.MULTILINE)}
    for size in sizes:
        theirs, two, one, ratios, scaling, peaks = [], [], [], [], [], []
        for _ in range(runs):
            if stanford:
                theirs.append(records / stanford.train(size, 1)[1])
            history, peak, _ = ours.train(size, 4, 2)
            two.append(statistics.median(epoch["records_per_second"] for epoch in history["epochs"]))
            history, _, _ = ours.train(size, 3, 1)
            one.append(statistics.median(epoch["records_per_second"] for epoch in history["epochs"]))
            scaling.append(two[-1] / one[-1])
            peaks.append(peak)
            if stanford:
                ratios.append(two[-1] / theirs[-1])
        exact = 16 * ours.meta["words"] * (size + 1)
        held = 16 * ours.meta["words"] * max(8, -(-(size + 2) // 4) * 4)
        matrix = (ours.matrix / "lower.bin").stat().st_size
        rest = max(peaks) - held - matrix
        columns = [
            str(size),
            _millions(theirs),
            _millions(two),
            _millions(one),
            _spread(ratios),
            _spread(scaling),
            f"{held / 1e6:.0f} ({held / exact - 1:+.1%} of 16 V (d + 1)) + {matrix / 1e6:.0f} + {rest / 1e6:.0f} MB",
        ]
        rows[size] = f"| {' | '.join(columns)} |"
        print(rows[size], flush=True)
    return lines + [rows[size] for size in sorted(rows)]


def _written() -> str:
    path = HERE / "results.md"
    return path.read_text() if path.exists() else ""


def _millions(speeds: list[float]) -> str:
    return f"{statistics.median(speeds) / 1e6:.2f} M/s" if speeds else ""


def _spread(ratios: list[float]) -> str:
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})" if ratios else ""


def quality(ours: Ours, stanford: Stanford | None) -> list[str]:
    """A table of loss by epoch, and one of scores."""
    runs = [ours.train(QUALITY_SIZE, QUALITY_EPOCHS, 2, seed) for seed in SEEDS]
    losses = [[epoch["loss"] for epoch in history["epochs"]] for history, _, _ in runs]
    names = [f"seed {seed}" for seed in SEEDS]
    vectors = [output for _, _, output in runs]
    if stanford:
        costs, _, _ = stanford.train(QUALITY_SIZE, QUALITY_EPOCHS, binary=False)
        losses.append(costs)
        names.append("Stanford's")
        vectors.append(stanford.folder / "vectors.txt")
    lines = [f"| loss after epoch | {' | '.join(names)} |", "|---:|" + "---:|" * len(names)]
    lines += [
        f"| {number} | {' | '.join(f'{loss:.6f}' for loss in row)} |"
        for number, row in enumerate(zip(*losses, strict=True), 1)
    ]
    lines += ["", "| | analogies | WordSim-353 | SimLex-999 |", "|---|---:|---:|---:|"]
    for name, (analogies, (wordsim, simlex)) in zip(names, ours.evaluate(vectors), strict=True):
        lines.append(f"| {name} | {analogies:.2f} % | {wordsim:.3f} | {simlex:.3f} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--stanford", type=Path, help="folder of your build of Stanford's programs")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--quality", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        ours = Ours(arguments.corpus.resolve(), Path(folder))
        programs = arguments.stanford
        stanford = Stanford(arguments.corpus.resolve(), programs.resolve(), Path(folder)) if programs else None
        lines = [
            "# Training",
            "",
            *measured_by([provenance()]),
            f"Corpus: {arguments.corpus.name}, {ours.meta['tokens']:,} tokens of {ours.meta['words']:,} words, "
            f"{ours.meta['records']:,} records. Medians of {arguments.runs} runs in turns, with the range.",
            "",
            *speed(ours, stanford, arguments.sizes, arguments.runs),
            "",
            f"Compilation of the training kernels, once after installation: {ours.compile_seconds():.1f} s.",
        ]
        _, heading, scores = _written().partition("\n## Quality")
        (HERE / "results.md").write_text("\n".join(lines) + "\n" + heading + scores)
        if not arguments.quality:
            return
        title = f"## Quality: {QUALITY_SIZE} components, {QUALITY_EPOCHS} epochs"
        lines += ["", title, "", *quality(ours, stanford)]
    (HERE / "results.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
