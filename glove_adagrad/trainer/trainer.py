"""Epochs of strata over a matrix, bit-for-bit identical for any number of threads.

The words' parts make P x P blocks of the matrix. Stratum s is the blocks (p, (p + s) mod P): no two of them share a
row of parameters, so threads may train them side by side, in any order (stratified stochastic gradient descent:
Gemulla et al. 2011). P follows from the vocabulary's size. The order of an epoch's strata is drawn from the
seed and the epoch's number, so an epoch is a pure function of parameters, matrix, settings and that number.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any

import numpy as np

from glove_adagrad import optim
from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
from glove_adagrad.errors import TrainingError
from glove_adagrad.trainer.anchors import Anchors
from glove_adagrad.trainer.history import Epoch, Position
from glove_adagrad.trainer.parameters import Parameters
from glove_adagrad.trainer.plan import Plan, Trial, check_memory, disk_bytes, parameter_bytes, trial
from glove_adagrad.trainer.settings import TrainingSettings
from glove_adagrad.trainer.stream import MatrixStream
from glove_adagrad.trainer.unobserved import UnobservedPairs, unobserved_pairs

#: Training has diverged once a stratum's mean loss is this multiple of the loss of vectors of zeros.
_DIVERGED = 1000.0

#: Cells that the loss of vectors of zeros is taken from, at least.
_SAMPLED_CELLS = 100_000

#: Called as callback(trainer, epoch, loss) after every epoch; epochs count from 1.
Callback = Callable[["Trainer", int, float], None]


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
        self.stream = MatrixStream(matrix, memory)
        check_memory(matrix.words, settings, self.stream.resident_bytes)
        self.parameters = Parameters(matrix.words, settings.vector_size, settings.rule, matrix.lower.partition)
        self.parameters.draw(settings.seed)
        self.history: list[Epoch] = []
        self.position = Position()
        self.consistent = True
        self.anchors = anchors
        self._empty: UnobservedPairs | None = None

    def copy(self, memory: int | None = None) -> Trainer:
        """Return a trainer in the same state. Both use the same counts, which never change."""
        twin = Trainer(self.matrix, self.settings, workers=self.workers, memory=memory, anchors=self.anchors)
        twin.parameters.restore(self.parameters.arrays())
        twin.history[:], twin.position = self.history, self.position
        return twin

    @property
    def strata(self) -> int:
        """Strata of an epoch."""
        return self.stream.parts

    def plan(self) -> Plan:
        """Say what training will need, by a short trial on copies of parameters. Compiles the kernels."""
        self.compile()
        tried = trial(self.stream, self.parameters, self.workers)
        self._unobserved_pairs()
        with ThreadPoolExecutor(self.workers) as pool:
            self.stream.load(np.concatenate(tried.strata), pool, self.workers)
            begin = time.perf_counter()
            for blocks in tried.strata:
                shares = _shares(self.stream.cells[blocks[:, 0], blocks[:, 1]], self.workers)
                list(pool.map(lambda share, blocks=blocks: self._try(tried, blocks[share]), shares))
            seconds = time.perf_counter() - begin
        words, settings = self.matrix.words, self.settings
        return Plan(
            self.parameters.nbytes,
            self.stream.resident_bytes,
            parameter_bytes(words, settings),
            disk_bytes(words, settings),
            seconds / tried.share,
        )

    def _try(self, tried: Trial, blocks: np.ndarray) -> None:
        states = tried.row_states
        if self.settings.rule.shared:
            states = (tuple(np.repeat(array, len(blocks)) for array in states[0]),) * 2
        self._train(blocks, *_sums(len(blocks)), tried.sides, states, tried.starts)

    def compile(self) -> None:
        """Compile the kernels, or load them from the cache, so that training time does not include it."""
        self._train(np.zeros((0, 2), np.int64), *_sums(0))

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
        self.compile()
        _ = self.loss_of_zeros
        with ThreadPoolExecutor(self.workers) as pool:
            while not self.done:
                self._epoch(pool, after_stratum)
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
        order = np.random.default_rng([self.settings.seed, number]).permutation(self.strata).tolist()
        while self.position.stratum < self.strata:
            at = self.position
            stratum = order[at.stratum]
            begin = time.perf_counter()
            self.stream.load(self.stream.blocks(stratum), pool, self.workers)
            if at.stratum + 1 < self.strata:
                self.stream.read_ahead(self.stream.blocks(order[at.stratum + 1]))
            self.consistent = False
            losses, records = self._stratum(pool, stratum)
            loss = float(losses[0])
            if not loss <= _DIVERGED * self.loss_of_zeros * max(1, int(records[0])):
                raise self._diverged(f"the loss of epoch {number + 1} has reached {loss / max(1, records[0]):g}")
            seconds = time.perf_counter() - begin
            self.position = Position(
                at.stratum + 1,
                at.loss + loss,
                at.records + int(records[0]),
                at.seconds + seconds,
                at.unobserved_loss + float(losses[1]),
                at.unobserved_records + int(records[1]),
            )
            self.consistent = True
            if self.position.stratum < self.strata and after_stratum:
                after_stratum(self)
        self.check_finite()
        self.parameters.settle()
        at = self.position
        held_out = self._held_out_loss(pool) if self.settings.holdout else None
        empty = at.unobserved_records
        self.history.append(
            Epoch(
                number + 1,
                at.loss / max(1, at.records),
                held_out,
                at.seconds,
                at.records,
                at.unobserved_loss / max(1, empty) if self.settings.unobserved else None,
                empty,
            )
        )
        self.position = Position()
        if after_stratum:
            after_stratum(self)

    def check_finite(self) -> None:
        """Raise a TrainingError if a parameter is not finite."""
        if not self.parameters.finite():
            raise self._diverged(f"a parameter is no longer finite in epoch {len(self.history) + 1}")

    @cached_property
    def loss_of_zeros(self) -> float:
        """The mean loss of vectors of zeros, by which divergence is judged; it follows from matrix and objective.

        As words are dealt to parts by rank modulo their number, one part's rows are a fair sample.
        """
        from glove_adagrad.kernels import cells as kernels

        log_x_max, alpha, *_ = self._objective()
        scale, sum_of_losses, number = np.float32(1 / self.matrix.denominator), 0.0, 0
        for part in range(self.strata):
            rows = self.stream.rows(part)
            loss, cells = kernels.loss_of_zeros(rows, self.parameters.sizes, part, scale, log_x_max, alpha)
            sum_of_losses, number = sum_of_losses + loss, number + cells
            if number > _SAMPLED_CELLS:
                break
        return sum_of_losses / number

    def _stratum(self, pool: ThreadPoolExecutor, stratum: int) -> tuple[np.ndarray, np.ndarray]:
        """Sums of losses and numbers of records [2], of cells and of unobserved pairs."""
        if self.anchors is not None:
            self._pull(pool)
        blocks = self.stream.blocks(stratum)
        losses, records = _sums(len(blocks))
        # the clock advances from block to block as if they were trained one after the other
        visits = self.stream.visits[blocks[:, 0], blocks[:, 1]]
        clock, clocks = self.parameters.clock, self.parameters.clock + np.cumsum(visits) - visits
        shared = self._shared_states(len(blocks))

        def work(share: list[int]) -> None:
            part_losses, part_records = losses[share], records[share]
            states = tuple(array[share] for array in shared)
            self._train(
                blocks[share], part_losses, part_records, row_states=(states, states) if states else None,
                clocks=clocks[share],
            )  # fmt: skip
            losses[share], records[share] = part_losses, part_records
            for array, part in zip(shared, states, strict=True):
                array[share] = part

        list(pool.map(work, _shares(self.stream.cells[blocks[:, 0], blocks[:, 1]], self.workers)))
        clock += visits.sum() + records[:, 1].sum()
        # added in the order of blocks, so that sums do not depend on the threads either
        for array, ends in zip(self.parameters.row_states[0], shared, strict=False):
            array += (ends - array).sum()
        return losses.sum(axis=0), records.sum(axis=0)

    def _shared_states(self, blocks: int) -> tuple[np.ndarray, ...]:
        """For each block the state that all rows share, if they do."""
        if not self.settings.rule.shared:
            return ()
        return tuple(np.repeat(array, blocks) for array in self.parameters.row_states[0])

    def _train(
        self,
        blocks: np.ndarray,
        losses: np.ndarray,
        records: np.ndarray,
        sides: tuple[np.ndarray, ...] | None = None,
        row_states: tuple[tuple[np.ndarray, ...], ...] | None = None,
        starts: np.ndarray | None = None,
        clocks: np.ndarray | None = None,
    ) -> None:
        from glove_adagrad.kernels import training as kernels

        parameters = self.parameters
        rule, biases, slots = self._rule()
        kernels.train_blocks(
            rule, biases, slots, _flat(sides or parameters.sides), row_states or parameters.row_states, parameters.n,
            self.stream.halves, parameters.sizes, parameters.starts if starts is None else starts, blocks,
            np.float32(1 / self.matrix.denominator), self._objective(), self._unobserved_pairs(),
            np.repeat(parameters.clock, len(blocks)) if clocks is None else clocks, losses, records,
        )  # fmt: skip

    def _unobserved_pairs(self) -> tuple[Any, ...] | None:
        """What to draw in this epoch; None where it is off, for which the kernel is compiled without it."""
        if not self.settings.unobserved:
            return None
        if self._empty is None:
            self._empty = unobserved_pairs(self.stream, self.parameters, self.settings)
        return self._empty.epoch(self.settings.seed, len(self.history))

    def _rule(self) -> tuple[Any, Any, tuple[int, ...]]:
        """Settings of vectors, and of biases where they differ, and a tuple as long as the rule has state."""
        rule = self.settings.rule
        vectors, biases = rule.vector_settings(), rule.bias_settings()
        return (
            optim.as_float32(vectors),
            None if biases == vectors else optim.as_float32(biases),
            tuple(range(len(rule.slots))),
        )

    def _objective(self) -> tuple[Any, ...]:
        settings = self.settings
        return (
            np.float32(math.log(settings.x_max)), np.float32(settings.alpha), np.float32(settings.clip),
            np.uint64(round(settings.holdout * (1 << 24))), np.uint64(settings.seed),
        )  # fmt: skip

    def _held_out_loss(self, pool: ThreadPoolExecutor) -> float:
        from glove_adagrad.kernels import training as kernels

        parameters = self.parameters
        losses, records = np.zeros(self.strata), np.zeros(self.strata, np.int64)

        def work(part: int) -> None:
            kernels.held_out_losses(
                _flat(parameters.sides), 1 + len(parameters.rule.slots), parameters.n, self.stream.rows(part),
                parameters.sizes, parameters.starts, np.array([part]), np.float32(1 / self.matrix.denominator),
                self._objective(), losses, records,
            )  # fmt: skip

        list(pool.map(work, range(self.strata)))
        return float(losses.sum()) / max(1, int(records.sum()))

    def _pull(self, pool: ThreadPoolExecutor) -> None:
        """One step towards the anchors: every stratum has its share of an epoch's pull."""
        from glove_adagrad.kernels import updates as kernels

        assert self.anchors is not None
        anchors, parameters = self.anchors, self.parameters
        step, _, slots = self._rule()
        rule = self.settings.rule
        strength = np.float32(2 * anchors.weight / self.strata)
        parameters.clock += 1

        def work(part: np.ndarray) -> None:
            kernels.pull_to_anchors(
                step, slots, _flat(parameters.sides), parameters.row_states, parameters.n,
                parameters.rows[anchors.words[part]], anchors.vectors[part].ravel(), parameters.vector_size, strength,
                np.float32(self.settings.clip), parameters.clock[0],
            )  # fmt: skip

        list(pool.map(work, np.array_split(np.arange(len(anchors.words)), 1 if rule.shared else self.workers)))

    def _diverged(self, what: str) -> TrainingError:
        self.consistent = False
        return TrainingError(
            f"training diverged: {what}; lower `learning_rate` or `clip` (now {self.settings.clip:g}), or raise "
            f"`x_max` (now {self.settings.x_max:g})"
        )


def _sums(blocks: int) -> tuple[np.ndarray, np.ndarray]:
    """Room for losses and numbers of records [blocks, 2], of cells and of unobserved pairs."""
    return np.zeros((blocks, 2)), np.zeros((blocks, 2), np.int64)


def _flat(sides: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
    return tuple(side.reshape(-1) for side in sides)


def _shares(cells: np.ndarray, workers: int) -> list[list[int]]:
    """Deal blocks to threads so that all have about as many cells: the largest first, to whoever has least."""
    shares: list[list[int]] = [[] for _ in range(min(workers, len(cells)))]
    loads = [0] * len(shares)
    for block in np.argsort(-cells, kind="stable").tolist():
        least = loads.index(min(loads))
        shares[least].append(block)
        loads[least] += int(cells[block])
    return shares
