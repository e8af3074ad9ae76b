"""From a corpus to evaluated vectors, side by side with other trainers.

    python -m eval.benchmark CORPUS --stanford FOLDER [--runs 2] [--msr FILE] [--men FILE] [--add] [--only NAME ...]
        [--name NAME]

Contenders: this package at 50 components (the settings of Stanford's demo, 15 epochs) and at 100, plain, with the
presets `recommended` and `fast`, and with the unobserved pairs of the former alone; Stanford's chain of four programs
(FOLDER holds your build of them) at 50 components; gensim's Word2Vec at 100, CBOW and skip-gram. Every stage is a
separate process; contenders take turns, and ratios are of the same turn. All have two threads, and all vectors are
scored by the same evaluation, whose time is included for all. `--add` adds turns to the recorded ones, with `--only`
for some contenders: a turn of some takes half a minute, of others ten. Writes `results/NAME.md`,
`results/NAME.json` and `results/NAME.png`, NAME being `benchmark` by default; `eval.figures` writes the tables of
README from them. Measure the turns of one file in one go: a machine that others use is not always as fast.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eval.measure import provenance, run
from eval.quality import SETS, SHARES
from glove_adagrad.provenance import measured_by

HERE = Path(__file__).parent
RESULTS = HERE / "results"
OURS = [sys.executable, "-m", "glove_adagrad"]
RECOMMENDED, FAST = (f"glove-adagrad, 100, --preset {preset}" for preset in ("recommended", "fast"))
UNOBSERVED = ("--unobserved", "1", "--left-only")
WORD2VEC = """
import sys
from gensim.models import Word2Vec
corpus, path, sg, window, negative, epochs = sys.argv[1:]
model = Word2Vec(corpus_file=corpus, vector_size=100, sg=int(sg), window=int(window), negative=int(negative),
                 epochs=int(epochs), sample=1e-4, min_count=5, workers=2, seed=1)
model.wv.save_word2vec_format(path, binary=True)
"""


@dataclass
class Turn:
    """Results of one contender in one turn: wall-clock and CPU seconds by stage, peak bytes, scores.

    `provenance` is an index of the list in the file.
    """

    number: int = 1
    provenance: int = 0
    stages: dict[str, float] = field(default_factory=dict)
    processor: dict[str, float] = field(default_factory=dict)
    peak: int = 0
    scores: dict[str, float] = field(default_factory=dict)

    def stage(self, name: str, command: list[str], **settings: Any) -> None:
        before = _processor_seconds()
        _, seconds, peak = run(command, **settings)
        self.stages[name] = seconds
        self.processor[name] = _processor_seconds() - before
        self.peak = max(self.peak, peak)

    @property
    def seconds(self) -> float:
        return sum(self.stages.values())


def _processor_seconds() -> float:
    """CPU seconds of all commands run so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class Benchmark:
    def __init__(self, corpus: Path, stanford: Path | None, msr: Path | None, men: Path | None) -> None:
        self.corpus, self.stanford, self.msr, self.men = corpus, stanford, msr, men
        self.folder = Path()
        self.words = 0

    def contenders(self) -> dict[str, Callable[[], Turn]]:
        all_of_them: dict[str, Callable[[], Turn]] = {
            "glove-adagrad, 50": lambda: self.ours("50", "15"),
            "glove-adagrad, 100": lambda: self.ours("100", "15"),
            "glove-adagrad, 100, unobserved pairs": lambda: self.ours("100", "15", *UNOBSERVED),
            RECOMMENDED: lambda: self.ours("100", None, "--preset", "recommended"),
            FAST: lambda: self.ours("100", None, "--preset", "fast"),
        }
        if self.stanford:
            all_of_them["Stanford's programs, 50"] = self.stanfords
        all_of_them["gensim CBOW, 100"] = lambda: self.word2vec("0", "8", "25", "5")
        all_of_them["gensim skip-gram, 100"] = lambda: self.word2vec("1", "10", "10", "3")
        return all_of_them

    def ours(self, size: str, epochs: str | None, *more: str) -> Turn:
        turn, output = Turn(), self.folder / "run"
        settings = ["--vector-size", size, "--x-max", "10", "--workers", "2", *more]
        settings += [] if epochs is None else ["--epochs", epochs]  # a preset has its own
        turn.stage("train", [*OURS, "train", str(self.corpus), "--output", str(output), "--quiet", *settings])
        self.words = json.loads((output / "cooccurrence" / "meta.json").read_text())["words"]
        return self.scored(turn, output)

    def stanfords(self) -> Turn:
        assert self.stanford is not None
        turn, folder = Turn(), self.folder
        vocab, counted, shuffled = folder / "vocab.txt", folder / "cooccur.bin", folder / "shuffled.bin"

        def program(name: str, *arguments: str, stdin: Path | None = None, stdout: Path | None = None) -> None:
            assert self.stanford is not None
            command = [str(self.stanford / name), *arguments, "-verbose", "0"]
            turn.stage(name, command, stdin=stdin, stdout=stdout, cwd=folder)

        window = ["-memory", "4.0", "-window-size", "15", "-vocab-file", str(vocab)]
        program("vocab_count", "-min-count", "5", stdin=self.corpus, stdout=vocab)
        program("cooccur", *window, stdin=self.corpus, stdout=counted)
        program("shuffle", "-memory", "4.0", stdin=counted, stdout=shuffled)
        program(
            "glove", "-input-file", str(shuffled), "-vocab-file", str(vocab), "-save-file", "vectors",
            "-vector-size", "50", "-iter", "15", "-threads", "2", "-x-max", "10", "-binary", "0",
        )  # fmt: skip
        return self.scored(turn, folder / "vectors.txt")

    def word2vec(self, sg: str, window: str, negative: str, epochs: str) -> Turn:
        turn, path = Turn(), self.folder / "word2vec.bin"
        command = [sys.executable, "-c", WORD2VEC, str(self.corpus), str(path), sg, window, negative, epochs]
        turn.stage("train", command)
        return self.scored(turn, path)

    def scored(self, turn: Turn, vectors: Path) -> Turn:
        out = self.folder / "scores.json"
        turn.stage("evaluate", [*OURS, "evaluate", str(vectors), "--json"], stdout=out)
        (model,) = json.loads(out.read_text())["models"]
        turn.scores["Google"] = model["analogies"][0]["total"]["accuracy"]
        for name, test in zip(("WordSim-353", "SimLex-999"), model["similarity"], strict=True):
            turn.scores[name] = test["spearman"]
        more = {"--analogies": self.msr, "--similarity": self.men}
        options = [text for option, path in more.items() if path for text in (option, str(path))]
        if options:
            run([*OURS, "evaluate", str(vectors), *options, "--json"], stdout=out)
            (model,) = json.loads(out.read_text())["models"]
            if self.msr:
                turn.scores["MSR"] = model["analogies"][0]["total"]["accuracy"]
            if self.men:
                turn.scores["MEN"] = model["similarity"][0]["spearman"]
        return turn

    def take_turns(self, runs: int, turns: dict[str, list[Turn]], only: list[str] | None, origin: int) -> None:
        """Add turns to the recorded ones."""
        first = 1 + max((turn.number for rows in turns.values() for turn in rows), default=0)
        for number in range(first, first + runs):
            for name, contender in self.contenders().items():
                if only and name not in only:
                    continue
                with tempfile.TemporaryDirectory() as folder:
                    self.folder = Path(folder)
                    turn = contender()
                turn.number, turn.provenance = number, origin
                turns.setdefault(name, []).append(turn)
                print(f"{name}: {turn.seconds:.1f} s, {turn.scores}", flush=True)


def table(turns: dict[str, list[Turn]]) -> list[str]:
    tests = [test for test in SETS if all(test in row.scores for rows in turns.values() for row in rows)]
    lines = [
        f"| | turns | from corpus to scores | peak memory | {' | '.join(tests)} |",
        "|---|---:|---:|---:|" + "---:|" * len(tests),
    ]
    for name, rows in turns.items():
        scores = [
            (f"{100 * value:.1f} %" if test in SHARES else f"{value:.3f}")
            for test in tests
            if (value := statistics.median(row.scores[test] for row in rows)) is not None
        ]
        seconds = statistics.median(row.seconds for row in rows)
        peak = max(row.peak for row in rows)
        lines.append(f"| {name} | {len(rows)} | {seconds:,.0f} s | {peak / 1e6:,.0f} MB | {' | '.join(scores)} |")
    return lines


def ratios(turns: dict[str, list[Turn]]) -> list[str]:
    lines = ["| | times as fast, turn by turn |", "|---|---|"]
    for ours, theirs in (
        ("glove-adagrad, 50", "Stanford's programs, 50"),
        (FAST, "gensim CBOW, 100"),
        (RECOMMENDED, "gensim CBOW, 100"),
        (RECOMMENDED, "gensim skip-gram, 100"),
        ("glove-adagrad, 100", "gensim CBOW, 100"),
        ("glove-adagrad, 100, unobserved pairs", "gensim CBOW, 100"),
        ("glove-adagrad, 100, unobserved pairs", "gensim skip-gram, 100"),
    ):
        if ours in turns and theirs in turns:
            both = [(our, their) for our in turns[ours] for their in turns[theirs] if our.number == their.number]
            found = ", ".join(f"{their.seconds / our.seconds:.1f}" for our, their in both)
            if found:
                lines.append(f"| {ours} against {theirs} | {found} |")
    return lines


def stages(turns: dict[str, list[Turn]]) -> list[str]:
    lines = ["| | seconds by stage, medians |", "|---|---|"]
    for name, rows in turns.items():
        parts = ", ".join(f"{s} {statistics.median(row.stages[s] for row in rows):.1f}" for s in rows[0].stages)
        lines.append(f"| {name} | {parts} |")
    return lines


def picture(turns: dict[str, list[Turn]], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(9, 3.6))
    names = list(turns)[::-1]
    seconds = [statistics.median(turn.seconds for turn in turns[name]) for name in names]
    colours = ["#0b6fb3" if name.startswith("glove-adagrad") else "#9a9a9a" for name in names]
    bars = axes.barh(names, seconds, color=colours)
    for bar, name, value in zip(bars, names, seconds, strict=True):
        score = 100 * statistics.median(turn.scores["Google"] for turn in turns[name])
        text = f"  {value:,.0f} s, {score:.1f} % of analogies"
        axes.text(value, bar.get_y() + bar.get_height() / 2, text, va="center")
    axes.set_xlim(0, 1.6 * max(seconds))
    axes.set_xlabel("seconds from corpus to evaluated vectors, 2 threads")
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(path, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--stanford", type=Path, help="folder of your build of Stanford's programs")
    parser.add_argument("--msr", type=Path, help="the analogies of MSR")
    parser.add_argument("--men", type=Path, help="the MEN test set")
    parser.add_argument("--runs", type=int, default=2, help="turns of each contender (default 2)")
    parser.add_argument("--add", action="store_true", help="add to the recorded turns")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="only these contenders")
    parser.add_argument("--name", default="benchmark", help="of the files to write (default benchmark)")
    arguments = parser.parse_args()
    stanford = arguments.stanford.resolve() if arguments.stanford else None
    benchmark = Benchmark(arguments.corpus.resolve(), stanford, arguments.msr, arguments.men)
    # compilation is not timed: eval/training measures it
    with tempfile.TemporaryDirectory() as folder:
        benchmark.folder = Path(folder)
        benchmark.ours("8", "1")
        benchmark.folder = Path(folder) / "again"
        benchmark.ours("8", "1", "--preset", "recommended")
    turns: dict[str, list[Turn]] = {}
    origins: list[dict[str, Any]] = []
    if arguments.add:
        recorded = json.loads((RESULTS / f"{arguments.name}.json").read_text())
        turns.update({name: [Turn(**row) for row in rows] for name, rows in recorded["turns"].items()})
        origins += recorded["provenance"]
    origins.append(provenance())
    benchmark.take_turns(arguments.runs, turns, arguments.only, len(origins) - 1)
    turns = {name: turns[name] for name in [*benchmark.contenders(), *turns] if name in turns}
    RESULTS.mkdir(exist_ok=True)
    lines = [
        "# From a corpus to evaluated vectors",
        "",
        *measured_by(origins),
        f"{arguments.corpus.name}, {arguments.corpus.stat().st_size / 1e6:,.0f} MB of text; 2 threads; medians of "
        "turns. Times include the evaluation.",
        "",
        *table(turns),
        "",
        *ratios(turns),
        "",
        *stages(turns),
        "",
        f"Not included: mittens, which needs a dense matrix ({8 * benchmark.words**2 / 1e9:.0f} GB for "
        f"{benchmark.words:,} words); glove-python-binary, which has no package for this Python.",
    ]
    (RESULTS / f"{arguments.name}.md").write_text("\n".join(lines) + "\n")
    plain = {name: [vars(turn) for turn in rows] for name, rows in turns.items()}
    kept = {"corpus": arguments.corpus.name, "provenance": origins, "turns": plain}
    (RESULTS / f"{arguments.name}.json").write_text(json.dumps(kept, indent=1) + "\n")
    picture(turns, RESULTS / f"{arguments.name}.png")


if __name__ == "__main__":
    main()
