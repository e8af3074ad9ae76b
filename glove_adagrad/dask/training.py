"""Training on a cluster: a superblock is a task, and the rows of its groups move from worker to worker.

Each epoch begins and ends with files of the groups' rows in a folder that all workers see, so that what a lost worker
had is recomputed from there. Parameters and losses are bit-for-bit those of one machine with the same groups.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
from glove_adagrad.cooccurrence.spill import spill_folder
from glove_adagrad.dask.cluster import Tasks, aligned, check_visible, connected, share_of_memory, task
from glove_adagrad.errors import InputError
from glove_adagrad.files import full_disk_named
from glove_adagrad.trainer import Anchors, Parameters, Trainer, TrainingSettings
from glove_adagrad.trainer.blocks import BlockTrainer, Superblock, joined, totals
from glove_adagrad.trainer.order import Order
from glove_adagrad.trainer.stream import MatrixStream
from glove_adagrad.trainer.trainer import mean_loss
from glove_adagrad.trainer.unobserved import UnobservedPairs, unobserved_pairs

if TYPE_CHECKING:
    from distributed import Client, Future

#: Names of both sides' files.
_SIDES = ("words", "contexts")


@dataclass(frozen=True)
class Job:
    """What the tasks of a training have in common.

    matrix : str, the folder of co-occurrences.
    checksums : dict, those of its files, by which it is known.
    memory : int or None, bytes of the matrix that a task may keep in memory.
    """

    matrix: str
    checksums: dict[str, int]
    settings: TrainingSettings
    anchors: Anchors | None
    memory: int | None


class Rows(NamedTuple):
    """The rows of a group on one side: parameters with their accumulators, and the rule's state of each row."""

    values: np.ndarray
    states: tuple[np.ndarray, ...]


class Common(NamedTuple):
    """What all rows share: the clock, and the state of a shared rule."""

    clock: np.ndarray
    shared: tuple[np.ndarray, ...]


#: A trained superblock: rows of words, rows of contexts, and the superblock before and after.
Trained = tuple[Rows, Rows, tuple[Superblock, Superblock]]


def check_groups(groups: int) -> None:
    """Refuse a single group, which leaves nothing for several workers."""
    if groups == 1:
        raise InputError("groups 1: is the order for one machine; choose `groups`, about 4 for each worker")


@contextlib.contextmanager
def on_cluster(
    trainer: Trainer, client: Client | None = None, *, folder: Path, memory: int | None = None
) -> Iterator[None]:
    """Have a trainer's epochs trained by a cluster while the block runs.

    Parameters
    ----------
    trainer : Trainer
        With several groups. At the end it has the parameters of the last epoch that was trained.
    client : distributed.Client, optional
        The current one by default.
    folder : Path
        On a file system that all workers share, for temporary files of the size of the parameters.
    memory : int, optional
        Bytes of the matrix that a task may keep in memory; half of a thread's share of the worker's by default.

    Raises
    ------
    InputError
        If there is only one group, a worker cannot see the matrix or the folder, or as `connected` does.
    GloveError
        If the client is closed, the scheduler is lost or workers die again and again.
    """
    check_groups(trainer.settings.groups)
    client = connected(client)
    with spill_folder(folder) as spill, Tasks(client, "training") as tasks:
        check_visible(client, [spill, trainer.matrix.folder / "meta.json"])
        trainer.elsewhere = cluster = _Cluster(trainer, tasks, spill, memory)
        try:
            yield
        finally:
            trainer.elsewhere = None
            cluster.fetch(trainer.parameters)


class _Cluster:
    """Trains the epochs of a trainer; see `Elsewhere`.

    The files of the last complete epoch are the state of the training, and `trainer` lags behind until `fetch`.
    """

    def __init__(self, trainer: Trainer, tasks: Tasks, folder: Path, memory: int | None) -> None:
        matrix = trainer.matrix
        self._tasks, self._folder = tasks, folder
        self._order = Order(matrix.lower.parts, trainer.settings.groups)
        self._groups = range(self._order.groups)
        self._starts = _starts(trainer.parameters, self._order)
        job = Job(str(matrix.folder.absolute()), matrix.meta["checksums"], trainer.settings, trainer.anchors, memory)
        self._job = tasks.submit("glove-job", _same, job)
        self._unobserved: Future | None = None
        if trainer.settings.unobserved:
            self._unobserved = tasks.submit("glove-unobserved", _unobserved, self._job)
        self._number, self._stale = 0, False
        self._write(trainer.parameters)

    def _path(self, side: int, group: int, number: int | None = None) -> Path:
        return self._folder / f"{self._number if number is None else number}-{_SIDES[side]}-{group}.npz"

    def _write(self, parameters: Parameters) -> None:
        """Write the rows that the first epoch starts from."""
        shared = parameters.rule.shared
        self._common = Common(parameters.clock.copy(), _copies(parameters.row_states[0]) if shared else ())
        for side in range(2):
            for group in self._groups:
                _save(_rows(parameters, side, self._slice(group)), self._path(side, group))

    def _slice(self, group: int) -> slice:
        return slice(self._starts[group], self._starts[group + 1])

    def fetch(self, parameters: Parameters) -> None:
        if not self._stale:
            return
        for side in range(2):
            for group in self._groups:
                _put(parameters, side, self._slice(group), _load(str(self._path(side, group))))
        parameters.clock[:] = self._common.clock
        for array, state in zip(parameters.row_states[0], self._common.shared, strict=False):
            array[:] = state
        self._stale = False

    def epoch(self, trainer: Trainer) -> None:
        begin = time.perf_counter()
        settings, submit = trainer.settings, self._tasks.submit
        epoch = len(trainer.history)
        homes = self._homes()
        words, contexts = (
            [submit("glove-load", _load_rows, str(self._path(side, group)), **homes[group]) for group in self._groups]
            for side in range(2)
        )
        common: Any = self._common
        moves = settings.rule.timed or settings.rule.shared
        results: list[list[Future]] = []
        for step in self._order.epoch(settings.seed, epoch)[trainer.position.stratum :]:
            results.append([])
            for group in self._groups:
                other = self._order.context_group(step.shift, group)
                trained = submit(
                    "glove-train", _train, self._job, words[group], contexts[other], common, self._unobserved,
                    step.shift, group, step.strata, epoch, **homes[group],
                )  # fmt: skip
                words[group], contexts[other] = (submit("glove-rows", _item, trained, side) for side in range(2))
                results[-1].append(submit("glove-losses", _item, trained, 2))
            if moves:
                common = submit("glove-common", _joined, common, results[-1])
        if settings.rule.timed:
            words, contexts = (
                [submit("glove-settle", _settled, self._job, rows, common) for rows in side]
                for side in (words, contexts)
            )
        held_out = [
            submit("glove-held-out", _held_out, self._job, words[g], contexts[g], words[h], contexts[h], g, h)
            for g in self._groups
            for h in self._groups
            if settings.holdout
        ]
        files = [
            submit("glove-save", _save_rows, rows, str(self._path(side, group, self._number + 1)))
            for side, groups in enumerate((words, contexts))
            for group, rows in enumerate(groups)
        ]
        del words, contexts
        found = self._tasks.results([future for step in results for future in step])
        finite = all(self._tasks.results(files))
        losses = self._tasks.results(held_out)
        if moves:
            common = self._tasks.results([common])[0]
        self._close(trainer, found, common, finite, mean_loss(losses) if settings.holdout else None, begin)

    def _homes(self) -> list[dict[str, Any]]:
        """Hints where the superblocks of each word group are best trained, so that only contexts move."""
        workers = self._tasks.workers()
        return [
            {"workers": [workers[group * len(workers) // len(self._groups)]], "allow_other_workers": True}
            for group in self._groups
        ]

    def _close(
        self,
        trainer: Trainer,
        found: Sequence[tuple[Superblock, Superblock]],
        common: Common,
        finite: bool,
        held_out: float | None,
        begin: float,
    ) -> None:
        """Record an epoch, whose files are complete."""
        steps = [found[first : first + len(self._groups)] for first in range(0, len(found), len(self._groups))]
        seconds = (time.perf_counter() - begin) / len(steps)
        for step in steps:
            trainer.record(*totals([after for _, after in step]), seconds)
        trainer.check_finite(finite)
        trainer.end_epoch(held_out)
        self._common, self._stale = common, True
        self._number += 1
        for side in range(2):
            for group in self._groups:
                self._path(side, group, self._number - 1).unlink(missing_ok=True)


def _same(job: Job) -> Job:
    return job


def _item(trained: Trained, number: int) -> Any:
    return trained[number]


def _joined(common: Common, results: Sequence[tuple[Superblock, Superblock]]) -> Common:
    """Clock and shared state after a super-stratum."""
    clock, shared = joined(common.clock, [after for _, after in results], [before for before, _ in results])
    return Common(clock, shared)


@task
def _unobserved(job: Job) -> UnobservedPairs:
    stream = _stream(job)
    settings = job.settings
    return unobserved_pairs(
        stream,
        Parameters.empty(stream.matrix.words, settings.vector_size, settings.rule, stream.matrix.lower.partition),
        settings,
    )


@task
def _train(
    job: Job,
    words: Rows,
    contexts: Rows,
    common: Common,
    unobserved: UnobservedPairs | None,
    shift: int,
    group: int,
    strata: Sequence[int],
    epoch: int,
) -> Trained:
    """Train a superblock."""
    blocks = _blocks(job, common)
    blocks.unobserved = None if unobserved is None else UnobservedPairs(*map(aligned, unobserved))
    parameters, starts = blocks.parameters, _starts(blocks.parameters, blocks.order)
    other = blocks.order.context_group(shift, group)
    own, theirs = slice(*starts[group : group + 2]), slice(*starts[other : other + 2])
    _put(parameters, 0, own, words)
    _put(parameters, 1, theirs, contexts)
    before, after = (blocks.begin(shift, [group])[0] for _ in range(2))
    for stratum in strata:
        blocks.stream.load(blocks.order.blocks(shift, group, stratum))
        blocks.train([after], shift, stratum, epoch, None)
    return _rows(parameters, 0, own), _rows(parameters, 1, theirs), (before, after)


@task
def _held_out(
    job: Job, words: Rows, contexts: Rows, other_words: Rows, other_contexts: Rows, group: int, other: int
) -> tuple[float, int]:
    """Sum of losses and number of held-out cells, in the tiles with rows of one group and columns of another."""
    blocks = _blocks(job, None)
    starts = _starts(blocks.parameters, blocks.order)
    given = ((group, words, contexts), (other, other_words, other_contexts))
    for place, *sides in given:
        for side, rows in enumerate(sides):
            blocks.parameters.sides[side][starts[place] : starts[place + 1]] = rows.values
    return blocks.held_out(group, other)


@task
def _settled(job: Job, rows: Rows, common: Common) -> Rows:
    """Bring rows that the rule moves without a gradient up to date."""
    parameters = Parameters.empty(len(rows.values), job.settings.vector_size, job.settings.rule)
    parameters.sides = (rows.values.copy(),)
    parameters.row_states = (_copies(rows.states),)
    parameters.clock[:] = common.clock
    parameters.settle()
    return Rows(parameters.sides[0], parameters.row_states[0])


@task
def _save_rows(rows: Rows, path: str) -> bool:
    """Write rows to a file; returns whether all are finite."""
    with full_disk_named(Path(path).parent):
        _save(rows, Path(path))
    with np.errstate(invalid="ignore"):
        return bool(np.isfinite(rows.values.sum(dtype=np.float64)))


@task
def _load_rows(path: str) -> Rows:
    return _load(path)


def _save(rows: Rows, path: Path) -> None:
    # a name that belongs to this attempt: a task may run twice, should its worker have been lost
    part = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}")
    with open(part, "wb") as file:
        np.savez(file, *rows.states, values=rows.values)
    os.replace(part, path)


def _load(path: str) -> Rows:
    with np.load(path) as arrays:
        return Rows(arrays["values"], tuple(arrays[f"arr_{number}"] for number in range(len(arrays.files) - 1)))


def _rows(parameters: Parameters, side: int, rows: slice) -> Rows:
    """Copies of rows."""
    states = () if parameters.rule.shared else parameters.row_states[side]
    return Rows(parameters.sides[side][rows].copy(), tuple(array[rows].copy() for array in states))


def _put(parameters: Parameters, side: int, rows: slice, source: Rows) -> None:
    parameters.sides[side][rows] = source.values
    for array, state in zip(parameters.row_states[side], source.states, strict=False):
        array[rows] = state


def _copies(arrays: Sequence[np.ndarray]) -> tuple[np.ndarray, ...]:
    return tuple(array.copy() for array in arrays)


def _starts(parameters: Parameters, order: Order) -> list[int]:
    """The first row of each group, and the number of rows."""
    firsts = [*parameters.starts.tolist(), parameters.words]
    return [firsts[part] for part in order.edges]


def _blocks(job: Job, common: Common | None) -> BlockTrainer:
    """What trains blocks, on parameters of which none is there yet."""
    stream, settings = _stream(job), job.settings
    parameters = Parameters.empty(
        stream.matrix.words, settings.vector_size, settings.rule, stream.matrix.lower.partition
    )
    if common is not None:
        parameters.clock[:] = common.clock
        for states in parameters.row_states:
            for array, state in zip(states, common.shared, strict=False):
                array[:] = state
    return BlockTrainer(stream, parameters, settings, job.anchors)


#: The matrix that a thread has opened last: what it has read of it serves the next tasks.
_opened = threading.local()


def _stream(job: Job) -> MatrixStream:
    if getattr(_opened, "key", None) != (job.matrix, job.checksums):
        matrix = CooccurrenceMatrix.open(Path(job.matrix))
        if matrix.meta["checksums"] != job.checksums:
            raise InputError(f"{job.matrix}: has changed since training started; start it again")
        _opened.stream = MatrixStream(matrix, share_of_memory(job.memory))
        _opened.key = (job.matrix, job.checksums)
    stream: MatrixStream = _opened.stream
    return stream
