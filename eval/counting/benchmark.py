"""Counting, side by side with Stanford's programs: time, peak memory, how both grow.

    python -m eval.counting.benchmark CORPUS --stanford FOLDER

FOLDER holds your own build of `vocab_count`, `cooccur` and `shuffle`; without it only this package is measured. With
`--against CHECKOUT` another revision of this package is measured, too, and must count to the same bytes. Runs of all
variants take turns, so that a machine that slows down affects all of them. Each run is a separate process, whose peak
memory is reported by the operating system. Writes a Markdown table to `results.md` in this folder.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eval.measure import ROOT, provenance, revision, run
from glove_adagrad.provenance import measured_by

HERE = Path(__file__).parent
WINDOW, MIN_COUNT = 15, 5
HALF = "2 workers, half the corpus"


@dataclass
class Runs:
    """Seconds of each stage and peak memory, over the runs of one variant."""

    stages: dict[str, list[float]] = field(default_factory=dict)
    peaks: dict[str, list[int]] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)

    def add(self, stage: str, seconds: float, peak: int) -> None:
        self.stages.setdefault(stage, []).append(seconds)
        self.peaks.setdefault(stage, []).append(peak)

    def totals(self, *stages: str) -> list[float]:
        """Sum of some stages, run by run."""
        return [sum(seconds) for seconds in zip(*(self.stages[stage] for stage in stages), strict=True)]

    def seconds(self, *stages: str) -> float:
        """Median over the runs of the sum of some stages."""
        return statistics.median(self.totals(*stages))

    def peak(self) -> int:
        return max(max(peaks) for peaks in self.peaks.values())


def ratio(above: list[float], below: list[float]) -> float:
    """Median of the ratios of runs of the same turn, which slow turns of the machine do not distort."""
    return statistics.median(a / b for a, b in zip(above, below, strict=True))


def ours(
    corpus: Path, folder: Path, workers: int, memory: int, runs: Runs, checkout: Path = ROOT, **environment: str
) -> None:
    facts = folder / "facts.json"
    command = [sys.executable, str(HERE / "one_count.py"), str(corpus), str(folder), str(workers), str(memory)]
    _, _, peak = run(command, stdout=facts, env={**os.environ, "PYTHONPATH": str(checkout), **environment})
    runs.facts = json.loads(facts.read_text())
    for stage in ("start", "vocabulary", "matrix", "processor"):
        runs.add(stage, runs.facts[stage], peak)
    shutil.rmtree(folder / "matrix")


def commands(corpus: Path, folder: Path, workers: int, runs: Runs) -> None:
    program = [sys.executable, "-m", "glove_adagrad"]
    vocab, matrix = str(folder / "vocab.txt"), str(folder / "matrix")
    runs.add("vocabulary", *run([*program, "vocab", str(corpus), "--output", vocab, "--workers", str(workers)])[1:])
    counting = [*program, "cooccur", str(corpus), "--vocab", vocab, "--output", matrix, "--workers", str(workers)]
    runs.add("matrix", *run(counting)[1:])
    shutil.rmtree(folder / "matrix")


def stanford(programs: Path, corpus: Path, folder: Path, memory: int, runs: Runs) -> None:
    vocab, records = folder / "stanford.vocab.txt", folder / "records.bin"
    budget = ["-memory", f"{memory / (1 << 30):.1f}"]
    count = [str(programs / "vocab_count"), "-min-count", str(MIN_COUNT), "-verbose", "0"]
    runs.add("vocab_count", *run(count, stdin=corpus, stdout=vocab)[1:])
    count = [
        str(programs / "cooccur"),
        *budget,
        "-vocab-file",
        str(vocab),
        "-window-size",
        str(WINDOW),
        "-verbose",
        "0",
    ]
    runs.add("cooccur", *run([*count, "-overflow-file", str(folder / "overflow")], stdin=corpus, stdout=records)[1:])
    mix = [str(programs / "shuffle"), *budget, "-verbose", "0", "-temp-file", str(folder / "shuffled")]
    runs.add("shuffle", *run(mix, stdin=records, stdout=folder / "shuffled.bin")[1:])
    runs.facts["records"] = records.stat().st_size // 16
    (folder / "shuffled.bin").unlink()
    records.unlink()


def first_half(corpus: Path, folder: Path) -> Path:
    """Half of a text, cut between two words."""
    path = folder / "half.txt"
    size = corpus.stat().st_size // 2
    with open(corpus, "rb") as source, open(path, "wb") as target:
        while size > 0 and (block := source.read(min(size, 1 << 22))):
            target.write(block)
            size -= len(block)
        while (byte := source.read(1)) and not byte.isspace():
            target.write(byte)
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("corpus", type=Path, help="a plain text file")
    parser.add_argument("--stanford", type=Path, help="folder with vocab_count, cooccur and shuffle")
    parser.add_argument("--against", type=Path, help="folder with a checkout of another revision")
    parser.add_argument("--runs", type=int, default=3, help="runs of each variant (3)")
    parser.add_argument("--tmp", type=Path, help="folder for temporary files")
    parser.add_argument("--output", type=Path, default=HERE / "results.md")
    options = parser.parse_args()
    large, small = 4 << 30, 500 << 20
    with tempfile.TemporaryDirectory(dir=options.tmp) as name:
        folder = Path(name)
        half = first_half(options.corpus, folder)
        theirs = Runs()
        variants = {
            "2 workers": (options.corpus, 2, large, Runs()),
            "1 worker": (options.corpus, 1, large, Runs()),
            "2 workers, --memory 500M": (options.corpus, 2, small, Runs()),
            HALF: (half, 2, large, Runs()),
        }
        others = {name: Runs() for name in variants}
        as_commands = Runs()
        cold = Runs()
        (folder / "cache").mkdir()
        ours(half, folder, 1, large, cold, NUMBA_CACHE_DIR=str(folder / "cache"))
        for _ in range(options.runs):
            if options.stanford:
                stanford(options.stanford.resolve(), options.corpus, folder, large, theirs)
            for name, (corpus, workers, memory, runs) in variants.items():
                ours(corpus, folder, workers, memory, runs)
                if options.against:
                    ours(corpus, folder, workers, memory, others[name], options.against.resolve())
                    if runs.facts["sha256"] != others[name].facts["sha256"]:
                        sys.exit(f"the bytes differ from those of {options.against}; this is a bug")
            commands(options.corpus, folder, 2, as_commands)
            if options.stanford and theirs.facts["records"] != variants["2 workers"][3].facts["records"]:
                sys.exit("the counts differ; this is a bug")
            if (
                options.stanford
                and (folder / "vocab.txt").read_bytes() != (folder / "stanford.vocab.txt").read_bytes()
            ):
                sys.exit("the vocabularies differ; this is a bug")
        ours_by_name = {name: runs for name, (_, _, _, runs) in variants.items()}
        page = report(options, theirs, ours_by_name, as_commands, cold)
        if options.against:
            page += comparison(options.against, ours_by_name, others)
        options.output.write_text(page)
    print(options.output.read_text())


def report(
    options: argparse.Namespace, theirs: Runs, variants: dict[str, Runs], as_commands: Runs, cold: Runs
) -> str:
    two = variants["2 workers"]
    facts = two.facts
    stages, programs = ("vocabulary", "matrix"), ("vocab_count", "cooccur", "shuffle")
    rows = [
        "| | vocabulary | matrix | both | peak memory |",
        "|---|---:|---:|---:|---:|",
    ]
    if options.stanford:
        vocabulary, rest = theirs.seconds("vocab_count"), theirs.seconds(*programs[1:])
        both = theirs.seconds(*programs)
        parts = f"{rest:.1f} s ({theirs.seconds('cooccur'):.1f} cooccur, {theirs.seconds('shuffle'):.1f} shuffle)"
        rows.append(
            f"| Stanford's, `-memory 4.0` | {vocabulary:.2f} s | {parts} | {both:.1f} s | {mb(theirs.peak())} |"
        )
    for name, runs in variants.items():
        figures = [runs.seconds("vocabulary"), runs.seconds("matrix"), runs.seconds("vocabulary", "matrix")]
        rows.append(f"| {name} | " + " | ".join(f"{s:.2f} s" for s in figures) + f" | {mb(runs.peak())} |")
    figures = [as_commands.seconds(*part) for part in (["vocabulary"], ["matrix"], ["vocabulary", "matrix"])]
    seconds = " | ".join(f"{figure:.2f} s" for figure in figures)
    rows.append(f"| 2 workers, as commands | {seconds} | {mb(as_commands.peak())} |")
    words, all_of_it = two.totals("vocabulary"), two.totals(*stages)
    ratios = []
    if options.stanford:
        ratios += [
            ("vocabulary, times as fast as Stanford's", ratio(theirs.totals("vocab_count"), words)),
            ("vocabulary and matrix, times as fast", ratio(theirs.totals(*programs), all_of_it)),
            ("peak memory over Stanford's", two.peak() / theirs.peak()),
        ]
    small, one, half = (variants[n].totals(*stages) for n in ("2 workers, --memory 500M", "1 worker", HALF))
    ratios += [
        ("time with --memory 500M over that with 4G", ratio(small, all_of_it)),
        ("1 worker over 2 workers", ratio(one, all_of_it)),
        ("whole corpus over half of it", ratio(all_of_it, half)),
    ]
    return "\n".join(
        [
            "# Counting",
            "",
            *measured_by([provenance()]),
            f"Corpus: {options.corpus.name}, {options.corpus.stat().st_size:,} bytes, {facts['tokens']:,} tokens of "
            f"{facts['words']:,} words that occur {MIN_COUNT} times or more; window {WINDOW}; {facts['records']:,} "
            f"records. Medians of {options.runs} runs, the variants taking turns, and of the ratios within a "
            "turn; the largest peak of any run.",
            "",
            *rows,
            "",
            "| figure | measured |",
            "|---|---:|",
            *(f"| {name} | {value:.2f} |" for name, value in ratios),
            "",
            f"The folder written has {mb(facts['bytes'])}, {facts['bytes'] / facts['records']:.1f} bytes a record"
            + (", where Stanford's file has 16; records and vocabulary are the same." if options.stanford else "."),
            f"Compilation is not included: it takes {cold.seconds('start'):.1f} s once after installation. Imports "
            f"and loading from the cache take {two.seconds('start'):.1f} s; only the row of commands includes them, "
            "and starts the interpreter twice.",
            "",
        ]
    )


def comparison(against: Path, variants: dict[str, Runs], others: dict[str, Runs]) -> str:
    """Seconds of both revisions, and how many times as fast this one is."""
    rows = []
    for name, runs in variants.items():
        seconds = [
            (found.totals("vocabulary", "matrix"), found.totals("processor")) for found in (others[name], runs)
        ]
        cells = []
        for other, own in zip(*seconds, strict=True):
            cells += [
                f"{statistics.median(other):.2f} s",
                f"{statistics.median(own):.2f} s",
                f"{ratio(other, own):.2f}",
            ]
        rows.append(f"| {name} | " + " | ".join([*cells, mb(others[name].peak()), mb(runs.peak())]) + " |")
    return "\n".join(
        [
            "",
            f"## Compared with revision {revision(against)}",
            "",
            "Vocabulary and matrix: seconds, and processor seconds of all threads, before and now, and how many "
            "times as fast. Each run of this revision is followed by one of the other, which writes the same bytes.",
            "",
            "| | before | now | ratio | processor, before | now | ratio | peak, before | now |",
            "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
            *rows,
            "",
        ]
    )


def mb(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"


if __name__ == "__main__":
    main()
