"""One process with two threads against a Dask cluster of two processes with one thread each.

    python -m eval.scale.cluster CORPUS --scratch DIR [--size 100] [--groups 8] [--epochs 3] [--turns 3]

Both count CORPUS and train on the counts, taking turns. Kernels are compiled and processes have started before.
Seconds of training are those of the last epochs, without the first, in which tiles are read and checked. CPU seconds
are those of all processes, the scheduler's among them; they depend less on other load. Bytes are what a worker
received from the other in an epoch. Writes `cluster.md` in this folder.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path
from typing import Any, NamedTuple

from distributed import Client, LocalCluster

import glove_adagrad.dask as on_dask
from eval.measure import provenance
from glove_adagrad.cooccurrence.count import compile_counting, count_cooccurrences
from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
from glove_adagrad.cooccurrence.windows import Windows
from glove_adagrad.corpus import TextFiles
from glove_adagrad.dask.training import on_cluster
from glove_adagrad.provenance import measured_by
from glove_adagrad.trainer import Trainer, TrainingSettings
from glove_adagrad.vocabulary import Vocabulary

HERE = Path(__file__).parent


class Spent(NamedTuple):
    """Seconds by the clock, and of all processors."""

    wall: float
    cpu: float


def now(client: Client) -> Spent:
    return Spent(time.perf_counter(), time.process_time() + sum(client.run(time.process_time).values()))


def between(begin: Spent, end: Spent, share: float = 1.0) -> Spent:
    return Spent((end.wall - begin.wall) * share, (end.cpu - begin.cpu) * share)


def count_here(corpus: Path, output: Path) -> None:
    """Count words and co-occurrences in this process."""
    vocabulary = Vocabulary.count(TextFiles([corpus]), workers=2)
    count_cooccurrences(TextFiles([corpus]), vocabulary, output, workers=2)


def an_epoch(trainer: Trainer, client: Client) -> Spent:
    """What an epoch takes, without the first one."""
    ends: list[Spent] = []
    trainer.fit([lambda *_: ends.append(now(client))])
    return between(ends[0], ends[-1], 1 / (len(ends) - 1))


def received(client: Client) -> int:
    """Bytes that all workers have received from others so far."""
    return sum(
        client.run(lambda dask_worker: sum(got["total"] for got in dask_worker.transfer_incoming_log)).values()
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--scratch", type=Path, required=True)
    for name, default in (("--size", 100), ("--groups", 8), ("--epochs", 3), ("--turns", 3)):
        parser.add_argument(name, type=int, default=default)
    given = parser.parse_args()
    here, there = given.scratch / "here", given.scratch / "there"
    compile_counting(Windows(), given.scratch)
    spent: dict[str, list[Spent]] = {}
    moved = 0
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as local, Client(local) as client:
        settings: dict[str, Any] = {"vector_size": given.size, "groups": given.groups}
        on_dask.count(given.corpus, there, client=client)
        with on_cluster(first := Trainer(CooccurrenceMatrix.open(there), TrainingSettings(epochs=1, **settings)),
                        client, folder=given.scratch):  # fmt: skip
            first.fit()
        for turn in range(given.turns):
            begin = now(client)
            count_here(given.corpus, here)
            middle = now(client)
            on_dask.count(given.corpus, there, client=client)
            end = now(client)
            matrix = CooccurrenceMatrix.open(here)
            one, two = (Trainer(matrix, TrainingSettings(epochs=given.epochs, **settings), workers=2) for _ in "ab")
            one.compile()
            of_one, before = an_epoch(one, client), received(client)
            with on_cluster(two, client, folder=given.scratch):
                of_two = an_epoch(two, client)
            moved = (received(client) - before) // (given.epochs * 2)
            assert one.parameters.sides[0].tobytes() == two.parameters.sides[0].tobytes()
            found = {"count here": between(begin, middle), "count there": between(middle, end),
                     "train here": of_one, "train there": of_two}  # fmt: skip
            print(turn, found, f"{moved / 1e6:.1f} MB", flush=True)
            for name, value in found.items():
                spent.setdefault(name, []).append(value)
    middles = {name: Spent(*map(statistics.median, zip(*values, strict=True))) for name, values in spent.items()}
    row = one.parameters.sides[0][0].nbytes
    lines = [
        "# One process against a cluster of two",
        "",
        *measured_by([provenance()]),
        f"{given.corpus.name}, d = {given.size}, {given.groups} groups; medians of {given.turns} turns.",
        "",
        "| | one process, 2 threads | 2 processes, 1 thread each | ratio of speeds | CPU seconds | ratio |",
        "|---|---:|---:|---:|---:|---:|",
        *(
            f"| {label} | {one.wall:.2f} s | {two.wall:.2f} s | {one.wall / two.wall:.2f} "
            f"| {one.cpu:.2f}, {two.cpu:.2f} | {one.cpu / two.cpu:.2f} |"
            for name, label in (("count", "words and co-occurrences"), ("train", "an epoch"))
            for one, two in [(middles[f"{name} here"], middles[f"{name} there"])]
        ),
        "",
        f"Received per epoch and worker: {moved / 1e6:.1f} MB. Rows of all words on one side, accumulators included, "
        f"are {matrix.words * row / 1e6:.1f} MB.",
        "",
    ]
    (HERE / "cluster.md").write_text("\n".join(lines))
    print("\n".join(lines))


if __name__ == "__main__":  # the cluster's processes import this module, too
    main()
