"""What every update rule costs: records per second of one thread, relative to AdaGrad.

    python eval/optimizers/speed.py MATRIX [--vector-size 100] [--turns 5]

MATRIX is a folder that `glove-adagrad cooccur` has written. In a turn every rule trains one epoch, one after the
other, and its processor time is divided by AdaGrad's of the same turn; medians over turns are reported. Penalties are
above 0 where a rule has them, so that all of its formula works. The rule of full matrices is measured apart, at 20
components. Writes `speed.md` next to this file.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from glove_adagrad import optim
from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
from glove_adagrad.trainer import Trainer, TrainingSettings

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
from measure import machine  # noqa: E402

#: Small enough to leave the vectors as they are, nearly.
PENALTY = 1e-6
Variant = tuple[str, dict[str, Any]]
VARIANTS: list[Variant] = [
    ("adagrad", {}),
    ("sgd", {}),
    ("sgd", {"momentum": 0.5}),
    ("adagrad-textbook", {}),
    ("adagrad-norm", {}),
    ("adagrad-norm", {"scope": "model"}),
    ("adagrad-l1", {"l1": PENALTY}),
    ("adagrad-proximal", {"l1": PENALTY, "l2": PENALTY}),
    ("adagrad-da", {"l1": PENALTY, "l2": PENALTY}),
    *((name, {}) for name in ("rmsprop", "adadelta", "adam", "adamw", "adamax", "amsgrad")),
]
FULL_SIZE = 20
RATES = {"sgd": 1e-3, "rmsprop": 1e-3, "adam": 1e-3}


class Contender:
    def __init__(self, matrix: CooccurrenceMatrix, size: int, name: str, options: dict[str, Any]) -> None:
        rate = {"learning_rate": RATES[name]} if name in RATES else {}
        rule = optim.make(name, **rate, **options)
        shown = {key: value for key, value in options.items() if value != PENALTY}
        self.name = " ".join([name, *(f"{key}={value}" for key, value in shown.items())])
        self.trainer = Trainer(matrix, TrainingSettings(vector_size=size, epochs=1, rule=rule))
        self.trainer.plan()  # compiles
        parameters = self.trainer.parameters
        self.state = parameters.nbytes / sum(side[:, 0].size for side in parameters.sides) - 4
        self.times: list[float] = []

    def train(self) -> None:
        self.trainer.history.clear()
        begin = time.process_time()
        self.trainer.fit()
        self.times.append((time.process_time() - begin) / self.trainer.matrix.records)


def measure(matrix: CooccurrenceMatrix, size: int, turns: int, variants: list[Variant]) -> list[str]:
    contenders = [Contender(matrix, size, *variant) for variant in variants]
    for _ in range(turns):
        for contender in contenders:
            contender.train()
    first = contenders[0].times
    lines = []
    for contender in contenders:
        relative = statistics.median(mine / base for mine, base in zip(contender.times, first, strict=True))
        lines.append(
            f"| {contender.name} | {1e-6 / statistics.median(contender.times):.2f} | {1 / relative:.2g} | "
            f"{contender.state:.1f} |"
        )
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("matrix", type=Path)
    parser.add_argument("--vector-size", type=int, default=100)
    parser.add_argument("--turns", type=int, default=5)
    arguments = parser.parse_args()
    matrix = CooccurrenceMatrix.open(arguments.matrix)
    header = ["", "| rule | million records/s | relative to adagrad | state, bytes |", "|---" * 4 + "|"]
    diagonal = measure(matrix, arguments.vector_size, arguments.turns, VARIANTS)
    print("\n".join(diagonal), flush=True)
    lines = [
        "# What every update rule costs",
        "",
        "Written by `speed.py`: one thread, processor time of whole epochs, rules taking turns, medians of "
        f"{arguments.turns} turns.",
        f"{matrix.words:,} words, {matrix.records:,} records, {arguments.vector_size} components. {machine()}.",
        *header,
        *diagonal,
        "",
        f"With a matrix for each word, at {FULL_SIZE} components, one turn:",
        *header,
        *measure(matrix, FULL_SIZE, 1, [VARIANTS[0], ("adagrad-full", {})]),
    ]
    (HERE / "speed.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
