"""The update of one record: its gradient, and a plain twin in both precisions."""

from __future__ import annotations

import naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glove_adagrad import optim
from glove_adagrad.kernels.arguments import Rows
from glove_adagrad.trainer.parameters import row_length


def sides(word: np.ndarray, context: np.ndarray, dtype: type, *squares: np.ndarray) -> list[np.ndarray]:
    """Rows for the kernel of vectors [V, d + 1], bias last, and of their accumulators, if there are any."""
    d = word.shape[1] - 1
    n, slots = row_length(d), len(squares) // 2
    result = []
    for side, (values, bias, one) in enumerate(((word, n - 2, n - 1), (context, n - 1, n - 2))):
        rows = np.ones((len(values), 1 + slots, n), dtype)
        rows[:, 0] = 0
        rows[:, 0, one] = 1
        for slot, numbers in enumerate((values, *squares[side : side + slots])):
            rows[:, slot, :d], rows[:, slot, bias] = numbers[:, :-1], numbers[:, -1]
        result.append(rows)
    return result


def values_of(rows: np.ndarray, d: int, bias: int, slot: int = 0) -> np.ndarray:
    return np.column_stack([rows[:, slot, :d], rows[:, slot, bias]])


def rows_of(rule: optim.Rule, sides: list[np.ndarray], slots: tuple[int, ...]) -> Rows:
    flat = tuple(side.reshape(-1) for side in sides)
    return Rows(rule.vector_settings(), None, slots, flat, ((), ()), sides[0].shape[2])


class Records:
    """A few records between few words, in the kernel's rows and in those of its twin."""

    def __init__(self, d: int, records: int, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.d = d
        self.word, self.context = rng.normal(size=(2, 5, d + 1)) * 0.5
        self.squares = [np.full((5, d + 1), 400.0) for _ in range(2)]
        for side in self.squares:
            side[:, -1] = 1
        self.i, self.j = rng.integers(0, 5, (2, records))
        self.log_x, self.weight = rng.normal(1, 2, records), rng.random(records)
        self.clip = 10 ** rng.uniform(-2, 2)

    def train(self, part: slice, dtype: type) -> tuple[float, list[np.ndarray], list[np.ndarray]]:
        """The kernel's loss, parameters and accumulators after some records."""
        from glove_adagrad.kernels.training import train_records

        rows = sides(self.word, self.context, dtype, *self.squares)
        n = row_length(self.d)
        loss = train_records(
            rows_of(optim.make("adagrad"), rows, (0,)), self.i[part], self.j[part], self.log_x[part].astype(dtype),
            self.weight[part].astype(dtype), dtype(self.clip), 0.0,
        )  # fmt: skip
        values, squares = (
            [values_of(row, self.d, bias, slot) for row, bias in zip(rows, (n - 2, n - 1), strict=True)]
            for slot in (0, 1)
        )
        return loss, values, squares

    def train_twin(self, part: slice) -> float:
        """The loss of the twin, which moves."""
        records = (self.i[part], self.j[part], self.log_x[part], self.weight[part])
        return naive.train_records(self.word, self.context, self.squares, *records, clip=self.clip)


@settings(max_examples=40)
@given(st.integers(1, 40), st.integers(1, 30), st.integers(0, 2**32 - 1))
def test_records_one_after_the_other_equal_their_twin(d: int, records: int, seed: int) -> None:
    case = Records(d, records, seed)
    loss, values, squares = case.train(slice(None), np.float64)
    assert loss == pytest.approx(case.train_twin(slice(None)), rel=1e-10)
    for found, wanted in zip((*values, *squares), (case.word, case.context, *case.squares), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-10, atol=1e-10)


@settings(max_examples=40)
@given(st.integers(1, 40), st.integers(1, 10), st.integers(0, 2**32 - 1))
def test_a_step_in_float32_is_off_by_the_estimate_of_the_root(d: int, records: int, seed: int) -> None:
    """Processors promise 1 / sqrt to 1.5 / 2^12; the rest is rounding. Every record starts from the twin's state."""
    case = Records(d, records, seed)
    for number in range(records):
        before = [case.word.copy(), case.context.copy()]
        loss, values, squares = case.train(slice(number, number + 1), np.float32)
        assert loss == pytest.approx(case.train_twin(slice(number, number + 1)), rel=1e-4, abs=1e-6)
        for found, wanted, old in zip(values, (case.word, case.context), before, strict=True):
            assert np.all(np.abs(found - wanted) <= 1.5 / 2**12 * np.abs(wanted - old) + 1e-5)
        for found, wanted in zip(squares, case.squares, strict=True):
            np.testing.assert_allclose(found, wanted, rtol=1e-5)


def test_the_gradient_equals_finite_differences() -> None:
    from glove_adagrad.kernels.training import train_records

    rng = np.random.default_rng(1)
    d, log_x, weight = 11, 1.3, 0.7
    word, context = rng.normal(size=(2, 1, d + 1))

    def loss(word: np.ndarray, context: np.ndarray) -> float:
        difference = word[0, :-1] @ context[0, :-1] + word[0, -1] + context[0, -1] - log_x
        return float(0.5 * weight * difference**2)

    rows = sides(word, context, np.float64)
    at = np.zeros(1, np.int64)
    train_records(
        rows_of(optim.make("sgd", learning_rate=1.0), rows, ()), at, at, np.array([log_x]), np.array([weight]), 1e9,
        0.0,
    )  # fmt: skip
    n, small = row_length(d), 1e-6
    for side, (values, bias) in enumerate(((word, n - 2), (context, n - 1))):
        moved = values_of(rows[side], d, bias)
        for k in range(d + 1):
            ahead, back = [word.copy(), context.copy()], [word.copy(), context.copy()]
            ahead[side][0, k] += small
            back[side][0, k] -= small
            slope = (loss(*ahead) - loss(*back)) / (2 * small)
            assert values[0, k] - moved[0, k] == pytest.approx(slope, rel=1e-6, abs=1e-8)
