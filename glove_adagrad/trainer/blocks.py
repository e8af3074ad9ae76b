"""Training the blocks of superblocks: the calls of the kernels, with what they need of a training."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from glove_adagrad import optim
from glove_adagrad.kernels.arguments import Objective, Rows, UnobservedPairs
from glove_adagrad.trainer.anchors import Anchors
from glove_adagrad.trainer.order import Order
from glove_adagrad.trainer.parameters import Parameters
from glove_adagrad.trainer.settings import TrainingSettings
from glove_adagrad.trainer.stream import MatrixStream
from glove_adagrad.trainer.unobserved import of_epoch, unobserved_pairs


@dataclass
class Superblock:
    """A superblock that is being trained.

    Attributes
    ----------
    group : int
        Its word group.
    clock : float64 array [1]
        Updates so far, as if superblocks were trained one after the other.
    shared : tuple of float64 arrays [1]
        The state that all rows share, if they do.
    losses, records : float64 and int64 arrays [2]
        Sums so far, of cells and of unobserved pairs.
    """

    group: int
    clock: np.ndarray
    shared: tuple[np.ndarray, ...]
    losses: np.ndarray
    records: np.ndarray


class BlockTrainer:
    """Trains blocks on parameters.

    Parameters
    ----------
    stream : MatrixStream
    parameters : Parameters
    settings : TrainingSettings
    anchors : Anchors, optional
    workers : int
        Threads; results do not depend on their number.
    """

    def __init__(
        self,
        stream: MatrixStream,
        parameters: Parameters,
        settings: TrainingSettings,
        anchors: Anchors | None = None,
        workers: int = 1,
    ) -> None:
        self.stream, self.parameters, self.settings = stream, parameters, settings
        self.anchors, self.workers = anchors, workers
        self.order = Order(stream.parts, settings.groups)
        #: Made when needed, as it reads the whole matrix.
        self.unobserved: UnobservedPairs | None = None

    def begin(self, shift: int, groups: Sequence[int]) -> list[Superblock]:
        """Superblocks of a super-stratum, before they are trained; `groups` are their word groups."""
        clock = self.parameters.clock + self._visits_before(shift)
        shared = self.parameters.row_states[0] if self.settings.rule.shared else ()
        return [
            Superblock(
                group, clock[group : group + 1].copy(), tuple(array.copy() for array in shared), np.zeros(2),
                np.zeros(2, np.int64),
            )
            for group in groups
        ]  # fmt: skip

    def _visits_before(self, shift: int) -> np.ndarray:
        """int64 [G]: records of the superblocks of a super-stratum that come before each."""
        parts_of, order = self.order.parts_of, self.order
        visits = [
            int(self.stream.visits[parts_of(group), parts_of(order.context_group(shift, group))].sum())
            for group in range(order.groups)
        ]
        return np.concatenate([[0], np.cumsum(visits[:-1], dtype=np.int64)])

    def train(
        self, superblocks: Sequence[Superblock], shift: int, stratum: int, epoch: int, pool: ThreadPoolExecutor | None
    ) -> None:
        """Train a stratum of each of some superblocks of a super-stratum; their tiles are loaded."""
        if self.anchors is not None and shift == 0:
            for superblock in superblocks:
                self._pull(superblock, pool)
        each = [self.order.blocks(shift, superblock.group, stratum) for superblock in superblocks]
        blocks = np.concatenate(each)
        losses, records = sums(len(blocks))
        visits = self.stream.visits[blocks[:, 0], blocks[:, 1]]
        ends = np.cumsum([len(some) for some in each])
        slices = [slice(end - len(some), end) for end, some in zip(ends.tolist(), each, strict=True)]
        clocks = np.empty(len(blocks))
        shared = tuple(np.empty(len(blocks)) for _ in superblocks[0].shared)
        for superblock, own in zip(superblocks, slices, strict=True):
            # the clock advances from block to block as if they were trained one after the other
            clocks[own] = superblock.clock + np.cumsum(visits[own]) - visits[own]
            for array, state in zip(shared, superblock.shared, strict=True):
                array[own] = state

        def work(share: list[int]) -> None:
            part_losses, part_records = losses[share], records[share]
            states = tuple(array[share] for array in shared)
            self.call(
                blocks[share], part_losses, part_records, row_states=(states, states) if states else None,
                clocks=clocks[share], epoch=epoch,
            )  # fmt: skip
            losses[share], records[share] = part_losses, part_records
            for array, part in zip(shared, states, strict=True):
                array[share] = part

        shares = shares_of(self.stream.cells[blocks[:, 0], blocks[:, 1]], self.workers)
        for _ in (pool.map if pool else map)(work, shares):
            pass
        for superblock, own in zip(superblocks, slices, strict=True):
            superblock.clock += visits[own].sum() + records[own, 1].sum()
            # added in the order of blocks, so that sums do not depend on the threads either
            for state, array in zip(superblock.shared, shared, strict=True):
                state += (array[own] - state).sum()
            superblock.losses += losses[own].sum(axis=0)
            superblock.records += records[own].sum(axis=0)

    def end(self, superblocks: Sequence[Superblock], before: Sequence[Superblock]) -> tuple[np.ndarray, np.ndarray]:
        """Advance clock and shared state past all superblocks of a super-stratum.

        `before` is what `begin` returned for them. Returns what `totals` does.
        """
        parameters = self.parameters
        parameters.clock[:], shared = joined(parameters.clock, superblocks, before)
        for array, state in zip(parameters.row_states[0], shared, strict=False):
            array[:] = state
        return totals(superblocks)

    def call(
        self,
        blocks: np.ndarray,
        losses: np.ndarray,
        records: np.ndarray,
        *,
        sides: tuple[np.ndarray, ...] | None = None,
        row_states: tuple[tuple[np.ndarray, ...], ...] | None = None,
        starts: np.ndarray | None = None,
        clocks: np.ndarray | None = None,
        epoch: int = 0,
    ) -> None:
        """Call the kernel for some blocks; `losses` and `records` are filled."""
        from glove_adagrad.kernels import training as kernels

        parameters = self.parameters
        states = row_states or parameters.row_states
        rows = Rows(*self._rule(), flat(sides or parameters.sides), states, parameters.n)
        kernels.train_blocks(
            rows, self.stream.halves, parameters.sizes, parameters.starts if starts is None else starts, blocks,
            np.float32(1 / self.stream.matrix.denominator), self.objective(), self._unobserved_pairs(epoch),
            np.repeat(parameters.clock, len(blocks)) if clocks is None else clocks, losses, records,
        )  # fmt: skip

    def _unobserved_pairs(self, epoch: int) -> UnobservedPairs | None:
        """What to draw in an epoch; None where it is off, for which the kernel is compiled without it."""
        if not self.settings.unobserved:
            return None
        if self.unobserved is None:
            self.unobserved = unobserved_pairs(self.stream, self.parameters, self.settings)
        return of_epoch(self.unobserved, self.settings.seed, epoch)

    def _rule(self) -> tuple[Any, Any, tuple[int, ...]]:
        """Settings of vectors, and of biases where they differ, and a tuple as long as the rule has state."""
        rule = self.settings.rule
        vectors, biases = rule.vector_settings(), rule.bias_settings()
        return (
            optim.as_float32(vectors),
            None if biases == vectors else optim.as_float32(biases),
            tuple(range(len(rule.slots))),
        )

    def objective(self) -> Objective:
        settings = self.settings
        return Objective(
            np.float32(math.log(settings.x_max)), np.float32(settings.alpha), np.float32(settings.clip),
            np.uint64(round(settings.holdout * (1 << 24))), np.uint64(settings.seed),
        )  # fmt: skip

    def held_out(self, group: int, other: int, pool: ThreadPoolExecutor | None = None) -> tuple[float, int]:
        """Sum of losses and number of held-out cells in the tiles with rows of one group and columns of another."""
        from glove_adagrad.kernels import training as kernels

        parameters, edges = self.parameters, self.order.edges
        losses, records = np.zeros(self.stream.parts), np.zeros(self.stream.parts, np.int64)

        def work(part: int) -> None:
            kernels.held_out_losses(
                flat(parameters.sides), 1 + len(parameters.rule.slots), parameters.n, self.stream.rows(part),
                parameters.sizes, parameters.starts, np.array([part]), edges[other], edges[other + 1],
                np.float32(1 / self.stream.matrix.denominator), self.objective(), losses, records,
            )  # fmt: skip

        for _ in (pool.map if pool else map)(work, range(edges[group], edges[group + 1])):
            pass
        return float(losses[self.order.parts_of(group)].sum()), int(records.sum())

    def _pull(self, superblock: Superblock, pool: ThreadPoolExecutor | None) -> None:
        """One step towards the anchors of a group: every stratum has its share of an epoch's pull."""
        from glove_adagrad.kernels import updates as kernels

        assert self.anchors is not None
        parameters = self.parameters
        words, vectors = self._anchors_of(superblock.group)
        rule = self.settings.rule
        strength = np.float32(2 * self.anchors.weight / self.order.strata)
        superblock.clock += 1
        states = (superblock.shared, superblock.shared) if rule.shared else parameters.row_states
        rows = Rows(*self._rule(), flat(parameters.sides), states, parameters.n)

        def work(part: np.ndarray) -> None:
            kernels.pull_to_anchors(
                rows, parameters.rows[words[part]], vectors[part].ravel(), parameters.vector_size, strength,
                np.float32(self.settings.clip), superblock.clock[0],
            )  # fmt: skip

        shares = np.array_split(np.arange(len(words)), 1 if rule.shared else self.workers)
        for _ in (pool.map if pool else map)(work, shares):
            pass

    def _anchors_of(self, group: int) -> tuple[np.ndarray, np.ndarray]:
        """Words and vectors of the anchors in a group."""
        assert self.anchors is not None
        words, vectors, own = self.anchors.words, self.anchors.vectors, self.order.parts_of(group)
        if self.order.groups == 1:
            return words, vectors
        parts = words % self.stream.parts
        chosen = (parts >= own.start) & (parts < own.stop)
        return words[chosen], vectors[chosen]


def joined(
    clock: np.ndarray, superblocks: Sequence[Superblock], before: Sequence[Superblock]
) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
    """Clock and shared state after all superblocks of a super-stratum, before which the clock was `clock`."""
    clock = clock + sum(one.clock - start.clock for one, start in zip(superblocks, before, strict=True))
    shared = tuple(array.copy() for array in superblocks[0].shared)
    for one, start in zip(superblocks[1:], before[1:], strict=True):
        for total, after, earlier in zip(shared, one.shared, start.shared, strict=True):
            total += after - earlier
    return clock, shared


def totals(superblocks: Sequence[Superblock]) -> tuple[np.ndarray, np.ndarray]:
    """Sums of losses and numbers of records [2], of cells and of unobserved pairs."""
    losses, records = (np.sum([getattr(one, name) for one in superblocks], axis=0) for name in ("losses", "records"))
    return losses, records


def sums(blocks: int) -> tuple[np.ndarray, np.ndarray]:
    """Room for losses and numbers of records [blocks, 2], of cells and of unobserved pairs."""
    return np.zeros((blocks, 2)), np.zeros((blocks, 2), np.int64)


def flat(sides: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
    return tuple(side.reshape(-1) for side in sides)


def shares_of(cells: np.ndarray, workers: int) -> list[list[int]]:
    """Deal blocks to threads so that all have about as many cells: the largest first, to whoever has least."""
    shares: list[list[int]] = [[] for _ in range(min(workers, len(cells)))]
    loads = [0] * len(shares)
    for block in np.argsort(-cells, kind="stable").tolist():
        least = loads.index(min(loads))
        shares[least].append(block)
        loads[least] += int(cells[block])
    return shares
