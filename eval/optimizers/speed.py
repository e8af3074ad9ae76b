"""The cost of each update rule: records per second of one thread, relative to AdaGrad.

    python -m eval.optimizers.speed MATRIX [--vector-size 100] [--turns 5]

MATRIX is a folder that `glove-adagrad cooccur` has written. In a turn every rule trains one epoch, one after the
other, and its processor time is divided by AdaGrad's of the same turn; the table has medians over turns. Penalties
are above 0 where a rule has them, so that its whole formula is computed. The full-matrix rule is measured separately,
at 20 components. Writes `speed.md` in this folder.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path
from typing import Any

from eval.measure import provenance
from glove_adagrad import optim
from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
from glove_adagrad.provenance import measured_by
from glove_adagrad.trainer import Trainer, TrainingSettings

HERE = Path(__file__).parent

#: So small that vectors hardly change.
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
        "# The cost of each update rule",
        "",
        *measured_by([provenance()]),
        f"One thread, processor time of whole epochs, rules taking turns, medians of {arguments.turns} turns.",
        f"{matrix.words:,} words, {matrix.records:,} records, {arguments.vector_size} components.",
        *header,
        *diagonal,
        "",
        f"The full-matrix rule, at {FULL_SIZE} components, one turn:",
        *header,
        *measure(matrix, FULL_SIZE, 1, [VARIANTS[0], ("adagrad-full", {})]),
    ]
    (HERE / "speed.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
