"""The update of one record: its gradient, and a plain twin in both precisions."""

from __future__ import annotations

import naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glove_adagrad import optim
from glove_adagrad.trainer.parameters import row_length


def sides(word: np.ndarray, context: np.ndarray, dtype: type, slots: int, start: float) -> list[np.ndarray]:
    """Rows for the kernel of vectors [V, d + 1], bias last, and a state that begins at `start`, 1 for biases."""
    d = word.shape[1] - 1
    n = row_length(d)
    result = []
    for values, bias, one in ((word, n - 2, n - 1), (context, n - 1, n - 2)):
        rows = np.zeros((len(values), 1 + slots, n), dtype)
        rows[:, 0, :d], rows[:, 0, bias], rows[:, 0, one] = values[:, :-1], values[:, -1], 1
        rows[:, 1:] = start
        rows[:, 1:, bias] = 1
        result.append(rows)
    return result


def values_of(rows: np.ndarray, d: int, bias: int, slot: int = 0) -> np.ndarray:
    return np.column_stack([rows[:, slot, :d], rows[:, slot, bias]])


@settings(max_examples=40)
@given(st.integers(1, 40), st.integers(1, 30), st.integers(0, 2**32 - 1), st.sampled_from([np.float32, np.float64]))
def test_records_one_by_one_equal_their_twin(d: int, records: int, seed: int, dtype: type) -> None:
    from glove_adagrad.kernels.training import train_records

    rng = np.random.default_rng(seed)
    word, context = rng.normal(size=(2, 5, d + 1)) * 0.5
    i, j = rng.integers(0, 5, (2, records))
    x, weight = rng.lognormal(1, 2, records), rng.random(records)
    clip = 10 ** rng.uniform(-2, 2)
    rows = sides(word, context, dtype, 1, 400.0)
    kernel_loss = train_records(
        optim.make("adagrad").vector_settings(), None, (0,), tuple(r.reshape(-1) for r in rows), ((), ()),
        row_length(d), i, j, np.log(x).astype(dtype), weight.astype(dtype), dtype(clip), 0.0,
    )  # fmt: skip
    loss, squares = naive.train_records(word, context, i, j, np.log(x), weight, eta=0.05, clip=clip)
    exact = dtype is np.float64
    assert kernel_loss == pytest.approx(loss, rel=1e-10 if exact else 1e-3)
    n = row_length(d)
    for row, values, accumulated, bias in zip(rows, (word, context), squares, (n - 2, n - 1), strict=True):
        np.testing.assert_allclose(values_of(row, d, bias), values, atol=1e-10 if exact else 1e-3)
        np.testing.assert_allclose(values_of(row, d, bias, 1), accumulated, rtol=1e-10 if exact else 1e-3)


def test_the_gradient_equals_finite_differences() -> None:
    from glove_adagrad.kernels.training import train_records

    rng = np.random.default_rng(1)
    d, log_x, weight = 11, 1.3, 0.7
    word, context = rng.normal(size=(2, 1, d + 1))

    def loss(word: np.ndarray, context: np.ndarray) -> float:
        difference = word[0, :-1] @ context[0, :-1] + word[0, -1] + context[0, -1] - log_x
        return float(0.5 * weight * difference**2)

    rows = sides(word, context, np.float64, 0, 0.0)
    at = np.zeros(1, np.int64)
    train_records(
        optim.make("sgd", learning_rate=1.0).vector_settings(), None, (), tuple(r.reshape(-1) for r in rows),
        ((), ()), row_length(d), at, at, np.array([log_x]), np.array([weight]), 1e9, 0.0,
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
