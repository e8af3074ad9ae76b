"""Model parameters and optimizer state, in the memory layout the kernels expect.

`kernels.updates` describes the layout.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np

from glove_adagrad.cooccurrence.partition import Partition
from glove_adagrad.errors import InputError
from glove_adagrad.optim import Rule, State

#: Bytes of a cache line.
_LINE = 64

#: Numbers drawn at a time when parameters are made.
_DRAWN = 1 << 20

#: Numbers looked at at a time: few enough for caches.
_CHECKED = 1 << 16


class Vectors(NamedTuple):
    """The trained vectors and biases: float32 arrays [V, d] and [V], in the order of the vocabulary."""

    word_vectors: np.ndarray
    context_vectors: np.ndarray
    word_biases: np.ndarray
    context_biases: np.ndarray


def row_length(vector_size: int) -> int:
    """Numbers of a row: a vector, its bias, a 1, and zeros up to a multiple of 4."""
    return max(8, -(-(vector_size + 2) // 4) * 4)


def _zeros(shape: tuple[int, ...]) -> np.ndarray:
    """float32 zeros that begin with a cache line, so that lanes do not straddle two."""
    size = math.prod(shape)
    raw = np.zeros(4 * size + _LINE, np.uint8)
    begin = -raw.ctypes.data % _LINE
    return raw[begin : begin + 4 * size].view(np.float32).reshape(shape)


class Parameters:
    """Parameters of both sides, with a rule's state.

    Parameters
    ----------
    words : int
        Size of the vocabulary, V.
    vector_size : int
    rule : Rule
        Says which state each parameter and each row has.
    partition : Partition, optional
        Of the matrix to train on, if an earlier version wrote it.

    Attributes
    ----------
    sides : tuple of two float32 arrays [V, 1 + slots, n]
        Words and contexts; rows in the order of parts.
    row_states : tuple of two tuples of arrays
        The rule's state per row, float64 [V], and its matrices, float32 [V, n, n]. For a shared rule both are the
        same tuple, of arrays [1].
    clock : float64 array [1]
        Updates so far of any row, for rules that move rows by the time that they are idle.
    rows : int64 array [V]
        The row of each word of the vocabulary.
    """

    def __init__(self, words: int, vector_size: int, rule: Rule, partition: Partition | None = None) -> None:
        self._lay_out(words, vector_size, rule, partition)
        self.row_states: tuple[tuple[np.ndarray, ...], ...]
        first = self._first_row_states()
        self.row_states = (first, first if rule.shared else self._first_row_states())
        for side, bias, one in self._bias_columns():
            side[:, 0, one] = 1
            starts = zip(rule.start().values(), rule.bias_start().values(), strict=True)
            for slot, (value, bias_value) in enumerate(starts, 1):
                side[:, slot] = value
                side[:, slot, bias] = bias_value

    @classmethod
    def empty(cls, words: int, vector_size: int, rule: Rule, partition: Partition | None = None) -> Parameters:
        """Return parameters that are all zero, and take no memory until they are written."""
        made = cls.__new__(cls)
        made._lay_out(words, vector_size, rule, partition)
        made.row_states = tuple(
            tuple(np.zeros(shape, kind) for name, (shape, kind) in cls.layout(words, vector_size, rule).items()
                  if name.startswith(f"{side}."))
            for side in ("words", "contexts")
        )  # fmt: skip
        return made

    def _lay_out(self, words: int, vector_size: int, rule: Rule, partition: Partition | None) -> None:
        self.words, self.vector_size, self.rule = words, vector_size, rule
        self.n = row_length(vector_size)
        partition = partition or Partition(words)
        self.sizes, self.starts = partition.sizes, partition.starts[:-1]
        self.rows = partition.positions
        self.sides: tuple[np.ndarray, ...] = tuple(_zeros((words, 1 + len(rule.slots), self.n)) for _ in range(2))
        self.clock = np.zeros(1)

    def _first_row_states(self) -> tuple[np.ndarray, ...]:
        rows = 1 if self.rule.shared else self.words
        values = (np.full(rows, value) for value in self.rule.row_start().values())
        return (*values, *self.rule.matrices(self.words, self.n, np.float32).values())

    def _bias_columns(self) -> Iterator[tuple[np.ndarray, int, int]]:
        yield self.sides[0], self.n - 2, self.n - 1
        yield self.sides[1], self.n - 1, self.n - 2

    @property
    def nbytes(self) -> int:
        states = {id(array): array for side in self.row_states for array in side}
        return sum(array.nbytes for array in [*self.sides, *states.values()])

    def draw(self, seed: int) -> None:
        """Initialise: vectors and biases uniform in (-0.5, 0.5) / d, as in the Stanford program."""
        rng = np.random.default_rng(seed)
        columns = self.vector_size + 1
        step = max(1, _DRAWN // columns)
        for side, bias, _ in self._bias_columns():
            for first in range(0, self.words, step):
                rows = self.rows[first : first + step]
                drawn = (rng.random((len(rows), columns), np.float32) - np.float32(0.5)) / np.float32(
                    self.vector_size
                )
                side[rows, 0, : self.vector_size] = drawn[:, :-1]
                side[rows, 0, bias] = drawn[:, -1]
        self._start_state()

    def _start_state(self) -> None:
        """Let the rule's state follow from the parameters, for rules where it does."""
        for side in self.sides:
            for slot, values in self.rule.start_from(side[:, 0]).items():
                side[:, 1 + self.rule.slots.index(slot)] = values

    def set_sums(self, words: np.ndarray, sums: np.ndarray) -> None:
        """Move vectors so that word plus context vector is `sums` [n, d] for the words of rank `words` [n].

        Their difference stays as drawn: two sides that start alike would stay alike.
        """
        rows, d = self.rows[words], self.vector_size
        word, context = self.sides
        half = (sums - word[rows, 0, :d] - context[rows, 0, :d]) / np.float32(2)
        word[rows, 0, :d] += half
        context[rows, 0, :d] += half
        self._start_state()

    def set_vectors(self, words: np.ndarray, vectors: Vectors) -> None:
        """Set vectors and biases of the words of rank `words` [n]."""
        rows, d = self.rows[words], self.vector_size
        given = ((vectors.word_vectors, vectors.word_biases), (vectors.context_vectors, vectors.context_biases))
        for (side, bias, _), (components, biases) in zip(self._bias_columns(), given, strict=True):
            side[rows, 0, :d] = components
            side[rows, 0, bias] = biases
        self._start_state()

    def copy_from(self, words: np.ndarray, other: Parameters, other_words: np.ndarray) -> None:
        """Take parameters and state of the same rule: those of rank other_words[k] there for rank words[k] here."""
        rows, other_rows = self.rows[words], other.rows[other_words]
        for side, theirs in zip(self.sides, other.sides, strict=True):
            side[rows] = theirs[other_rows]
        self.clock[:] = other.clock
        for mine, row_states in zip(self.row_states, other.row_states, strict=True):
            for array, their_array in zip(mine, row_states, strict=True):
                if self.rule.timed:
                    array[:] = other.clock  # new words have not been idle yet
                if self.rule.shared:
                    array[:] = their_array
                else:
                    array[rows] = their_array[other_rows]

    def vectors(self) -> Vectors:
        """Copies of vectors and biases in the order of the vocabulary, up to date."""
        (word, word_bias, _), (context, context_bias, _) = self._bias_columns()
        word_vectors, context_vectors = (vectors for vectors, _ in self._settled())
        return Vectors(
            word_vectors[self.rows], context_vectors[self.rows], word[self.rows, 0, word_bias],
            context[self.rows, 0, context_bias],
        )  # fmt: skip

    def settle(self) -> None:
        """Bring rows that the rule moves without a gradient up to date."""
        if self.rule.timed:
            for side, states, (vectors, state) in zip(self.sides, self.row_states, self._settled(), strict=True):
                side[:, 0, : self.vector_size] = vectors
                for array, slot in zip(states, self.rule.row_slots, strict=True):
                    array[:] = state[slot]

    def _settled(self) -> Iterator[tuple[np.ndarray, State]]:
        """Each side's vectors [V, d] in the order of rows, up to date, and the state that goes with them."""
        for side, states in zip(self.sides, self.row_states, strict=True):
            *slots, vectors = (side[:, slot, : self.vector_size] for slot in (*range(1, side.shape[1]), 0))
            state: State = dict(zip(self.rule.slots, slots, strict=True))
            if self.rule.timed:
                vectors = vectors.copy()
                state.update(zip(self.rule.row_slots, (array.copy() for array in states), strict=True))
                state["updates"] = self.clock
                self.rule.settle(vectors, state)
            yield vectors, state

    def effective_rates(self) -> np.ndarray:
        """float64 [V]: what a steady gradient of a word's vector is multiplied by, in the order of the vocabulary.

        The geometric mean over components; see `Rule.effective_rate`.
        """
        side, d = self.sides[0], self.vector_size
        state: State = {slot: side[:, k, :d] for k, slot in enumerate(self.rule.slots, 1)}
        state.update(zip((*self.rule.row_slots, *self.rule.matrix_slots), self.row_states[0], strict=True))
        rates = self.rule.effective_rate(state)
        if self.rule.matrix_slots:
            rates = rates[:, :d]
        with np.errstate(divide="ignore"):
            logs = np.log(rates, dtype=np.float64)
        return np.exp(np.broadcast_to(logs, (self.words, d)).mean(axis=1))[self.rows]

    def finite(self, workers: int = 1) -> bool:
        """Whether every number is finite; `workers` is the number of threads that look."""

        def work(part: np.ndarray) -> bool:
            return all(np.isfinite(part[begin : begin + _CHECKED]).all() for begin in range(0, part.size, _CHECKED))

        parts = (part for side in self.sides for part in np.array_split(side.reshape(-1), workers))
        with ThreadPoolExecutor(workers) as pool:
            return all(pool.map(work, parts))

    def arrays(self) -> dict[str, np.ndarray]:
        """All that a checkpoint has to hold, by name; the arrays themselves, not copies."""
        named: dict[str, np.ndarray] = {"words": self.sides[0], "contexts": self.sides[1]}
        slots = (*self.rule.row_slots, *self.rule.matrix_slots)
        for side, arrays in zip(("words", "contexts"), self.row_states, strict=True):
            named.update({f"{side}.{slot}": array for slot, array in zip(slots, arrays, strict=True)})
        if self.rule.timed:
            named["clock"] = self.clock
        return named

    def snapshot(self, workers: int = 1) -> dict[str, np.ndarray]:
        """Return copies of the arrays of `arrays`, made by this number of threads."""
        own = self.arrays()
        copies = {name: np.empty_like(array) for name, array in own.items()}
        parts = (
            pair
            for name, array in own.items()
            for pair in zip(np.array_split(copies[name], workers), np.array_split(array, workers), strict=True)
        )
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(lambda pair: np.copyto(*pair), parts))
        return copies

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Copy what `arrays` gave.

        Raises
        ------
        InputError
            If an array is missing or has another shape; nothing is copied then.
        """
        own = self.arrays()
        for name, array in own.items():
            found = arrays[name].shape if name in arrays else "none"
            if found != array.shape:
                raise InputError(f"array {name} of shape {array.shape} expected, found {found}; train from scratch")
        for name, array in own.items():
            array[...] = arrays[name]

    @staticmethod
    def layout(words: int, vector_size: int, rule: Rule) -> dict[str, tuple[tuple[int, ...], np.dtype[Any]]]:
        """Shapes and types of what `arrays` gives for such parameters."""
        n, rows = row_length(vector_size), 1 if rule.shared else words
        single, double = np.dtype(np.float32), np.dtype(np.float64)
        expected: dict[str, tuple[tuple[int, ...], np.dtype[Any]]] = {}
        for side in ("words", "contexts"):
            expected[side] = ((words, 1 + len(rule.slots), n), single)
            expected.update({f"{side}.{slot}": ((rows,), double) for slot in rule.row_slots})
            expected.update({f"{side}.{slot}": ((words, n, n), single) for slot in rule.matrix_slots})
        if rule.timed:
            expected["clock"] = ((1,), double)
        return expected
