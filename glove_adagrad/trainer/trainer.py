"""Epochs of strata over a matrix, bit-for-bit identical for any number of threads.

The words' parts make P x P blocks of the matrix. Stratum s is the blocks (p, (p + s) mod P): no two of them share a
row of parameters, so threads may train them side by side, in any order (stratified stochastic gradient descent:
Gemulla et al. 2011). P follows from the vocabulary's size. The order of an epoch's strata is drawn from the
seed and the epoch's number, so an epoch is a pure function of parameters, matrix, settings and that number.
With several groups of parts, strata belong to superblocks; see `trainer.order`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Protocol

import numpy as np

from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
from glove_adagrad.errors import TrainingError
from glove_adagrad.trainer.anchors import Anchors
from glove_adagrad.trainer.blocks import BlockTrainer, shares_of, sums
from glove_adagrad.trainer.history import Epoch, Position
from glove_adagrad.trainer.order import Order, Step
from glove_adagrad.trainer.parameters import Parameters
from glove_adagrad.trainer.plan import Plan, Trial, check_memory, copy_fits, disk_bytes, parameter_bytes, trial
from glove_adagrad.trainer.settings import TrainingSettings
from glove_adagrad.trainer.stream import MatrixStream

#: Training has diverged once a stratum's mean loss is this multiple of the loss of vectors of zeros.
_DIVERGED = 1000.0

#: Cells that the loss of vectors of zeros is taken from, at least.
_SAMPLED_CELLS = 100_000

#: Called as callback(trainer, epoch, loss) after every epoch; epochs count from 1.
Callback = Callable[["Trainer", int, float], None]


class Elsewhere(Protocol):
    """Other processes that train a trainer's epochs and have its parameters, such as those of a cluster."""

    def epoch(self, trainer: Trainer) -> None:
        """Train the rest of an epoch, and record it in the trainer."""

    def fetch(self, parameters: Parameters) -> None:
        """Bring parameters to the end of the last epoch."""


class Trainer:
    """Trains parameters on a matrix.

    Parameters
    ----------
    matrix : CooccurrenceMatrix
    settings : TrainingSettings
    workers : int
        Threads; results do not depend on their number.
    memory : int, optional
        Bytes of the matrix that may stay in memory; all of it by default.
    anchors : Anchors, optional

    Raises
    ------
    InputError
        If parameters and matrix would not fit in the machine's memory.

    Attributes
    ----------
    parameters : Parameters
        Drawn from the seed; to start elsewhere, change them before `fit`.
    history : list of Epoch
    position : Position
        Within the epoch after those of the history.
    elsewhere : Elsewhere or None
        What trains epochs in place of this process.
    consistent : bool
        Whether parameters are those of `position`; not after an exception within a stratum, or divergence.
    """

    def __init__(
        self,
        matrix: CooccurrenceMatrix,
        settings: TrainingSettings,
        *,
        workers: int = 1,
        memory: int | None = None,
        anchors: Anchors | None = None,
    ) -> None:
        self.matrix, self.settings, self.workers = matrix, settings, workers
        Order(matrix.lower.parts, settings.groups)  # refuses too many groups before anything is read
        self.stream = MatrixStream(matrix, memory)
        check_memory(matrix.words, settings, self.stream.resident_bytes)
        self._parameters = Parameters(matrix.words, settings.vector_size, settings.rule, matrix.lower.partition)
        self._parameters.draw(settings.seed)
        self.history: list[Epoch] = []
        self.position = Position()
        self.consistent = True
        self.anchors = anchors
        self.blocks = BlockTrainer(self.stream, self._parameters, settings, anchors, workers)
        self.elsewhere: Elsewhere | None = None

    def copy(self, memory: int | None = None) -> Trainer:
        """Return a trainer in the same state. Both use the same counts, which never change."""
        twin = Trainer(self.matrix, self.settings, workers=self.workers, memory=memory, anchors=self.anchors)
        twin.parameters.restore(self.parameters.arrays())
        twin.history[:], twin.position = self.history, self.position
        return twin

    @property
    def parameters(self) -> Parameters:
        if self.elsewhere is not None:
            self.elsewhere.fetch(self._parameters)
        return self._parameters

    @property
    def strata(self) -> int:
        """Moments of an epoch at which training can be saved: its strata, or with several groups super-strata."""
        return self.blocks.order.steps

    @property
    def copy_fits(self) -> bool:
        """Whether there is memory for a copy of the parameters."""
        return copy_fits(self.matrix.words, self.settings, self.stream.resident_bytes)

    def plan(self) -> Plan:
        """Say what training will need, by a short trial on copies of parameters. Compiles the kernels."""
        self.compile()
        tried = trial(self.stream, self.parameters, self.workers)
        with ThreadPoolExecutor(self.workers) as pool:
            self.stream.load(np.concatenate(tried.strata), pool, self.workers)
            begin = time.perf_counter()
            for blocks in tried.strata:
                shares = shares_of(self.stream.cells[blocks[:, 0], blocks[:, 1]], self.workers)
                list(pool.map(lambda share, blocks=blocks: self._try(tried, blocks[share]), shares))
            seconds = time.perf_counter() - begin
        words, settings = self.matrix.words, self.settings
        checkpoint = parameter_bytes(words, settings)
        return Plan(
            self.parameters.nbytes,
            self.stream.resident_bytes,
            checkpoint,
            checkpoint if self.copy_fits else 0,
            disk_bytes(words, settings),
            seconds / tried.share,
        )

    def _try(self, tried: Trial, blocks: np.ndarray) -> None:
        states = tried.row_states
        if self.settings.rule.shared:
            states = (tuple(np.repeat(array, len(blocks)) for array in states[0]),) * 2
        self.blocks.call(blocks, *sums(len(blocks)), sides=tried.sides, row_states=states, starts=tried.starts)

    def compile(self) -> None:
        """Compile the kernels, or load them from the cache, so that training time does not include it."""
        self.blocks.call(np.zeros((0, 2), np.int64), *sums(0))

    def fit(self, callbacks: Iterable[Callback] = (), after_stratum: Callable[[Trainer], None] | None = None) -> None:
        """Train until `epochs` is reached or early stopping triggers.

        Parameters
        ----------
        callbacks : iterable of callables
            Called as callback(trainer, epoch, loss) after each epoch; epochs count from 1.
        after_stratum : callable, optional
            Called with the trainer after each stratum. It may save its state, or raise to stop the training.

        Raises
        ------
        TrainingError
            If the mean loss of a stratum is more than `_DIVERGED` times what vectors of zeros would have, or the loss
            or a parameter is no longer finite.
        """
        if self.elsewhere is None:
            self.compile()
        _ = self.loss_of_zeros
        with ThreadPoolExecutor(self.workers) as pool:
            while not self.done:
                if self.elsewhere is None:
                    self._epoch(pool, after_stratum)
                else:
                    self.elsewhere.epoch(self)
                if after_stratum:
                    after_stratum(self)
                for callback in callbacks:
                    callback(self, self.history[-1].epoch, self.history[-1].loss)

    @property
    def done(self) -> bool:
        """Whether the settings ask for no more epochs."""
        if len(self.history) >= self.settings.epochs:
            return True
        patience = self.settings.patience
        losses = [epoch.holdout_loss for epoch in self.history if epoch.holdout_loss is not None]
        return patience is not None and len(losses) > patience and min(losses[-patience:]) >= min(losses[:-patience])

    def _epoch(self, pool: ThreadPoolExecutor, after_stratum: Callable[[Trainer], None] | None) -> None:
        number = len(self.history)
        steps = self.blocks.order.epoch(self.settings.seed, number)
        while self.position.stratum < self.strata:
            here = self.position.stratum
            begin = time.perf_counter()
            losses, records = self._step(*steps[here : here + 2], pool=pool)
            self.record(losses, records, time.perf_counter() - begin)
            if self.position.stratum < self.strata and after_stratum:
                after_stratum(self)
        self.check_finite()
        self.parameters.settle()
        self.end_epoch(self._held_out_loss(pool) if self.settings.holdout else None)

    def end_epoch(self, held_out: float | None) -> None:
        """Close an epoch whose steps have been recorded."""
        at = self.position
        empty = at.unobserved_records
        self.history.append(
            Epoch(
                len(self.history) + 1,
                at.loss / max(1, at.records),
                held_out,
                at.seconds,
                at.records,
                at.unobserved_loss / max(1, empty) if self.settings.unobserved else None,
                empty,
            )
        )
        self.position = Position()

    def check_finite(self, finite: bool | None = None) -> None:
        """Raise a TrainingError if a parameter is not finite; `finite` is given where that is known."""
        if not (self.parameters.finite(self.workers) if finite is None else finite):
            raise self._diverged(f"a parameter is no longer finite in epoch {len(self.history) + 1}")

    @cached_property
    def loss_of_zeros(self) -> float:
        """The mean loss of vectors of zeros, by which divergence is judged; it follows from matrix and objective.

        As words are dealt to parts by rank modulo their number, one part's rows are a fair sample.
        """
        from glove_adagrad.kernels import cells as kernels

        objective = self.blocks.objective()
        scale, sum_of_losses, number = np.float32(1 / self.matrix.denominator), 0.0, 0
        for part in range(self.stream.parts):
            rows = self.stream.rows(part)
            loss, cells = kernels.loss_of_zeros(rows, self.parameters.sizes, part, scale, objective)
            sum_of_losses, number = sum_of_losses + loss, number + cells
            if number > _SAMPLED_CELLS:
                break
        return sum_of_losses / number

    def _step(
        self, step: Step, following: Step | None = None, *, pool: ThreadPoolExecutor
    ) -> tuple[np.ndarray, np.ndarray]:
        """Sums of losses and numbers of records [2], of cells and of unobserved pairs."""
        groups = range(self.blocks.order.groups)
        before, superblocks = (self.blocks.begin(step.shift, groups) for _ in range(2))
        todo = [(step.shift, stratum) for stratum in step.strata]
        ahead = [*todo[1:], None if following is None else (following.shift, following.strata[0])]
        for (shift, stratum), then in zip(todo, ahead, strict=True):
            self.stream.load(self._blocks_of(shift, stratum), pool, self.workers)
            if then is not None:
                self.stream.read_ahead(self._blocks_of(*then))
            self.consistent = False
            self.blocks.train(superblocks, shift, stratum, len(self.history), pool)
        return self.blocks.end(superblocks, before)

    def _blocks_of(self, shift: int, stratum: int) -> np.ndarray:
        """The blocks of a stratum of all superblocks."""
        order = self.blocks.order
        return np.concatenate([order.blocks(shift, group, stratum) for group in range(order.groups)])

    def record(self, losses: np.ndarray, records: np.ndarray, seconds: float) -> None:
        """Move the position behind a step, unless the training has diverged."""
        at, loss = self.position, float(losses[0])
        if not loss <= _DIVERGED * self.loss_of_zeros * max(1, int(records[0])):
            raise self._diverged(
                f"the loss of epoch {len(self.history) + 1} has reached {loss / max(1, records[0]):g}"
            )
        self.position = Position(
            at.stratum + 1,
            at.loss + loss,
            at.records + int(records[0]),
            at.seconds + seconds,
            at.unobserved_loss + float(losses[1]),
            at.unobserved_records + int(records[1]),
        )
        self.consistent = True

    def _held_out_loss(self, pool: ThreadPoolExecutor) -> float:
        groups = range(self.blocks.order.groups)
        found = [self.blocks.held_out(group, other, pool) for group in groups for other in groups]
        return mean_loss(found)

    def _diverged(self, what: str) -> TrainingError:
        self.consistent = False
        return TrainingError(
            f"training diverged: {what}; lower `learning_rate` or `clip` (now {self.settings.clip:g}), or raise "
            f"`x_max` (now {self.settings.x_max:g})"
        )


def mean_loss(found: Sequence[tuple[float, int]]) -> float:
    """The mean of losses, from sums of losses and numbers of cells."""
    return sum(loss for loss, _ in found) / max(1, sum(cells for _, cells in found))
