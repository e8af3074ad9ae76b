"""Principal components: against singular vectors, and the same bytes for any number of workers."""

from __future__ import annotations

import naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glove_adagrad.errors import InputError
from glove_adagrad.pca import principal_axes, reduce


def stretched(rows: int, columns: int, seed: int) -> np.ndarray:
    """Random vectors with a mean, whose directions have clearly different lengths."""
    rng = np.random.default_rng(seed)
    turned = np.linalg.qr(rng.standard_normal((columns, columns)))[0]
    return ((rng.standard_normal((rows, columns)) + 0.5) * 2.0 ** -np.arange(columns) @ turned).astype(np.float32)


@settings(max_examples=40, deadline=None)
@given(st.integers(12, 60), st.integers(1, 9), st.integers(1, 9), st.integers(0, 1 << 20), st.integers(1, 5))
def test_components_are_those_of_the_singular_value_decomposition(rows, columns, size, seed, workers):
    vectors = stretched(rows, columns, seed)
    size = min(size, columns)
    found = reduce(vectors, size, workers=workers)
    expected = naive.principal_components(vectors, size)
    assert found.dtype == np.float32
    assert found.shape == (rows, size)
    # a largest entry that another nearly equals may decide the sign either way
    signs = np.where((found * expected).sum(axis=0) < 0, -1.0, 1.0)
    assert np.allclose(found, expected * signs, atol=1e-4 * np.abs(vectors).max())
    assert found.tobytes() == reduce(vectors, size, workers=1).tobytes()


def test_sums_take_rows_in_order_and_in_float64():
    vectors = np.array([[1e8], [1], [-1e8], [1], [1]], np.float32)
    assert reduce(vectors, 1)[:, 0].tolist() == vectors[:, 0].tolist()
    from glove_adagrad.kernels.projection import gram

    many = stretched(203, 6, 1)
    sums = np.zeros((6, 6))
    gram(many, 0, 6, sums)
    expected = np.zeros((6, 6))
    for row in many.astype(np.float64):
        expected += np.outer(row, row)
    assert np.tril(sums).tobytes() == np.tril(expected).tobytes()


def test_the_mean_stays_and_signs_are_fixed():
    vectors = np.full((5, 3), -2, np.float32)
    assert np.allclose(reduce(vectors, 1), -np.sqrt(12))
    axes = principal_axes(stretched(30, 5, 2), 5)
    assert (axes[np.abs(axes).argmax(axis=0), np.arange(5)] > 0).all()
    assert np.allclose(axes.T @ axes, np.eye(5), atol=1e-6)


def test_fewer_components_are_the_first_of_more():
    vectors = stretched(50, 6, 3)
    assert reduce(vectors, 2).tobytes() == np.ascontiguousarray(reduce(vectors, 6)[:, :2]).tobytes()


@pytest.mark.parametrize("size", [0, -1, 4])
def test_impossible_sizes_are_refused(size):
    with pytest.raises(InputError, match=rf"size {size}: must be between 1 and 3"):
        reduce(np.ones((4, 3), np.float32), size)
