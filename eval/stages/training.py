"""Wall-clock and processor seconds of the stages of `train`, of which some are not parallel.

    python -m eval.stages.training CORPUS [--before CHECKOUT] [--turns 3] [--workers 2] [OPTIONS OF TRAIN]

Each turn runs `train` of this checkout and of another in new processes, whose functions are timed; options that are
not listed are passed on. A stage's seconds are without those of the stages in it, and those of threads in the
background count where the program is meanwhile. "rest" is everything else, such as imports. Medians; writes
`training.md` in this folder.
"""

from __future__ import annotations

import argparse
import functools
import importlib
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from eval.measure import ROOT, provenance
from glove_adagrad.provenance import measured_by

HERE = Path(__file__).parent

#: Stage -> the functions that it consists of.
STAGES = {
    "vocabulary": ["vocabulary:Vocabulary.count"],
    "co-occurrences": ["run:count_cooccurrences", "counting:count_cooccurrences"],
    "compilation or loading of kernels": [
        "run:compile_word_counting", "run:compile_counting", "trainer.trainer:Trainer.compile",
    ],
    "new trainer": ["trainer.trainer:Trainer.__init__"],
    "plan": ["trainer.trainer:Trainer.plan"],
    "epochs": ["trainer.trainer:Trainer._step"],
    "loss of zeros": ["trainer.trainer:Trainer.loss_of_zeros"],
    "check of parameters": ["trainer.trainer:Trainer.check_finite"],
    "checkpoints": [
        "checkpoint:Checkpoints.save", "checkpoint:Checkpoints.save_in_background", "checkpoint:Checkpoints.wait",
    ],
    "model vectors": ["model_vectors:model_vectors"],
    "decomposition": ["model_vectors:decompose_stream"],
    "joining": ["model_vectors:join", "model_vectors:select_vectors"],
    "n-grams": ["model_vectors:fit_ngrams", "model_vectors:share_ngrams"],
    "model.npz": ["formats.run_folder:write_model"],
    "vectors.txt": ["formats.run_folder:word2vec.write"],
    "flush and rename": ["files:_flush", "files:_commit"],
}  # fmt: skip


class Clock:
    """Seconds by stage of the main thread, exclusive of inner stages: wall-clock, and processor of all threads."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0, 0])
        self._inner: list[list[float]] = [[0.0, 0.0]]

    def timed(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def timed(*arguments: Any, **named: Any) -> Any:
            if threading.current_thread() is not threading.main_thread():
                return function(*arguments, **named)
            self._inner.append([0.0, 0.0])
            begin = time.perf_counter(), time.process_time()
            try:
                return function(*arguments, **named)
            finally:
                whole = time.perf_counter() - begin[0], time.process_time() - begin[1]
                inner = self._inner.pop()
                for k in range(2):
                    self.seconds[stage][k] += whole[k] - inner[k]
                    self._inner[-1][k] += whole[k]
                self.seconds[stage][2] += 1

        return timed

    def time(self, stage: str, name: str) -> None:
        """Replace a function, named `module:attribute`, by one that is timed; a cached property too."""
        module, _, path = name.partition(":")
        place: Any = importlib.import_module(f"glove_adagrad.{module}")
        *outer, last = path.split(".")
        for part in outer:
            place = getattr(place, part)
        if not hasattr(place, last):
            return
        found = vars(place)[last]
        if isinstance(found, functools.cached_property):
            found.func = self.timed(stage, found.func)
        elif isinstance(found, classmethod):
            setattr(place, last, classmethod(self.timed(stage, found.__func__)))
        else:
            setattr(place, last, self.timed(stage, found))


def child(arguments: list[str]) -> None:
    """Run `train` in this process and print the seconds of its stages as JSON."""
    begin = time.perf_counter()
    from glove_adagrad.cli import main

    clock = Clock()
    for stage, names in STAGES.items():
        for name in names:
            clock.time(stage, name)
    sys.argv = ["glove-adagrad", "train", *arguments, "-q"]
    try:
        clock.timed("rest", main)()
    except SystemExit as stop:
        if stop.code:
            raise
    clock.seconds["rest"][0] += time.perf_counter() - begin - sum(s[0] for s in clock.seconds.values())
    clock.seconds["rest"][1] += time.process_time() - sum(s[1] for s in clock.seconds.values())
    print(json.dumps(clock.seconds))


def run(corpus: str, workers: int, options: list[str], tree: Path) -> dict[str, list[float]]:
    """Seconds by stage of a run with the package of a checkout."""
    code = (
        f"import sys; sys.path.insert(0, {str(tree)!r}); import glove_adagrad; sys.path[0] = {str(ROOT)!r}; "
        "from eval.stages.training import child; child(sys.argv[1:])"
    )
    with tempfile.TemporaryDirectory() as folder:
        train = [corpus, "--output", f"{folder}/run", "--workers", str(workers), *options]
        done = subprocess.run([sys.executable, "-c", code, *train], capture_output=True, text=True, cwd=folder)
    if done.returncode:
        raise SystemExit(done.stderr)
    found: dict[str, list[float]] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--before", type=Path, help="a checkout to compare with")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    arguments, options = parser.parse_known_args()
    trees = [*([arguments.before.resolve()] if arguments.before else []), ROOT]
    corpus = str(arguments.corpus.resolve())
    turns = [[run(corpus, arguments.workers, options, tree) for tree in trees] for _ in range(arguments.turns)]
    heads = ["before, processor", "before, wall-clock"] * (len(trees) - 1) + ["processor", "wall-clock"]
    number = "one turn" if arguments.turns == 1 else f"medians of {arguments.turns} turns"
    lines = [
        "# Seconds of the stages of a run",
        "",
        *measured_by([provenance()]),
        f"{arguments.workers} threads, options `{' '.join(options)}`, {number}. Other programs ran at the same time, "
        "so that wall-clock seconds only compare within a row. The start of Numba counts where it is first needed: "
        "in the vocabulary before, in the rest now.",
        "",
        "| stage | " + " | ".join(heads) + " |",
        "|---|" + "---:|" * len(heads),
    ]
    totals = [0.0] * len(heads)
    for stage in [*STAGES, "rest"]:
        row = [
            statistics.median(turn[tree].get(stage, [0.0, 0.0])[k] for turn in turns)
            for tree in range(len(trees))
            for k in (1, 0)
        ]
        totals = [a + b for a, b in zip(totals, row, strict=True)]
        if any(row):
            lines.append(f"| {stage} | " + " | ".join(f"{seconds:.2f}" for seconds in row) + " |")
    lines.append("| all | " + " | ".join(f"{seconds:.2f}" for seconds in totals) + " |")
    (HERE / "training.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
