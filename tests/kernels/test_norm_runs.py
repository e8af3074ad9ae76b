"""AdaGrad-Norm on runs of records: a plain twin, and nothing touched outside of rows."""

from __future__ import annotations

import ctypes
import functools
import mmap
from typing import Any

import naive
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from glove_adagrad import optim
from glove_adagrad.kernels.arguments import Rows
from glove_adagrad.optim.steps import AdaGradNormStep
from glove_adagrad.trainer.parameters import row_length

WORDS, FIRST, PAGE = 9, 3, mmap.PAGESIZE


class Guarded:
    """Memory for an array that ends with a page, between pages that cannot be read."""

    def __init__(self, values: np.ndarray) -> None:
        pages = -(-values.nbytes // PAGE)
        self._memory = mmap.mmap(-1, (pages + 2) * PAGE)
        begin = ctypes.addressof(ctypes.c_char.from_buffer(self._memory))
        libc = ctypes.CDLL(None, use_errno=True)
        for page in (begin, begin + (pages + 1) * PAGE):
            if libc.mprotect(ctypes.c_void_p(page), PAGE, 0):
                raise OSError(ctypes.get_errno(), "mprotect")
        first = (pages + 1) * PAGE - values.nbytes
        self.array = np.frombuffer(self._memory, values.dtype, values.size, first).reshape(values.shape)
        self.array[:] = values


def laid_out(values: np.ndarray, bias: int, one: int) -> np.ndarray:
    """Rows for the kernel of vectors [V, d + 1], bias last."""
    d = values.shape[1] - 1
    rows = np.zeros((len(values), row_length(d)), np.float32)
    rows[:, :d], rows[:, bias], rows[:, one] = values[:, :-1], values[:, -1], 1
    return rows


@functools.cache
def compiled() -> Any:
    """`train_run`, which is for use inside kernels only, as a kernel."""
    from glove_adagrad.kernels.jit import kernel
    from glove_adagrad.kernels.lanes import address
    from glove_adagrad.kernels.runs import sides_of_runs, train_run

    @kernel
    def train(rows, forward, row, first_row, columns, targets, weights, clip):  # type: ignore[no-untyped-def]
        return train_run(
            rows, sides_of_runs(rows, forward), forward, row, first_row, address(columns, 0), address(targets, 0),
            address(weights, 0), len(columns), clip, 0.0,
        )  # fmt: skip

    return train


class Run:
    """A run of records of a row with others that differ, three in a row, in the kernel's arrays and its twin's."""

    def __init__(self, d: int, count: int, forward: bool, seed: int, clip: float) -> None:
        rng = np.random.default_rng(seed)
        self.d, self.n, self.forward, self.clip = d, row_length(d), forward, clip
        self.word, self.context = rng.normal(size=(2, WORDS, d + 1)) / np.sqrt(d)
        self.sums = [rng.uniform(1, 50, WORDS) for _ in range(2)]
        self.row = int(rng.integers(WORDS))
        self.columns = [int(column) for column in rng.permutation(WORDS - FIRST)[:3]]
        while len(self.columns) < count:
            self.columns.append(int(rng.choice([c for c in range(WORDS - FIRST) if c not in self.columns[-2:]])))
        self.columns = self.columns[:count]
        self.targets, self.weights = rng.normal(1, 2, count), rng.random(count)

    def train(self) -> tuple[float, list[np.ndarray], list[np.ndarray]]:
        """The kernel's loss, rows and sums."""
        n = self.n
        rows = [laid_out(self.word, n - 2, n - 1), laid_out(self.context, n - 1, n - 2)]
        inputs = [np.array(self.columns, np.uint16), np.float32(self.targets), np.float32(self.weights)]
        self.guards = [Guarded(values) for values in (*rows, *self.sums, *inputs)]
        words, contexts, word_sums, context_sums, columns, targets, weights = (guard.array for guard in self.guards)
        rule = optim.as_float32(AdaGradNormStep(0.7))
        states = (word_sums,), (context_sums,)
        given_rows = Rows(rule, None, (), (words.reshape(-1), contexts.reshape(-1)), states, n)
        clip = np.float32(self.clip)
        loss = compiled()(given_rows, self.forward, self.row, FIRST, columns, targets, weights, clip)
        return loss, [words, contexts], [word_sums, context_sums]

    def train_twin(self) -> float:
        """The loss of the twin, which moves."""
        own, others = [self.row] * len(self.columns), [FIRST + column for column in self.columns]
        i, j = (own, others) if self.forward else (others, own)
        return naive.train_norm_records(
            self.word, self.context, self.sums, i, j, self.targets, self.weights, clip=self.clip, rate=0.7
        )


SIZES = st.integers(1, 40) | st.sampled_from([50, 61, 62, 63, 100, 128, 255, 300, 1000])


@pytest.mark.skipif(not hasattr(mmap, "PROT_READ"), reason="pages cannot be guarded on this system")
@settings(max_examples=150, deadline=None)
@given(SIZES, st.integers(1, 40), st.booleans(), st.integers(0, 2**32 - 1), st.sampled_from([100.0, 0.5, 0.02]))
@example(300, 1, True, 0, 100.0)
@example(6, 2, False, 1, 100.0)
def test_a_run_equals_its_twin(d: int, count: int, forward: bool, seed: int, clip: float) -> None:
    run = Run(d, count, forward, seed, clip)
    loss, rows, sums = run.train()
    assert loss == pytest.approx(run.train_twin(), rel=2e-4, abs=1e-6)
    n = run.n
    for found, values, bias, one in zip(rows, (run.word, run.context), (n - 2, n - 1), (n - 1, n - 2), strict=True):
        np.testing.assert_allclose(found, laid_out(values, bias, one), rtol=2e-3, atol=2e-4)
        assert (found[:, one] == 1).all()
        assert not found[:, d : n - 2].any()
    for found, expected in zip(sums, run.sums, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_a_run_that_diverges_says_so_by_its_loss() -> None:
    run = Run(8, 5, True, 0, np.inf)
    run.targets[2] = np.inf
    assert not np.isfinite(run.train()[0])
