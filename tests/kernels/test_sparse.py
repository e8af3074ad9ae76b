"""Products of sparse matrices: as SciPy's, to the byte."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 70), st.floats(0, 1), st.integers(0, 2**32 - 1))
def test_products_equal_those_of_scipy(m: int, n: int, d: int, density: float, seed: int) -> None:
    from glove_adagrad.kernels.sparse import multiply

    rng = np.random.default_rng(seed)
    table = sparse.random_array((m, n), density=density, dtype=np.float32, rng=rng).tocsr()
    indptr, indices = table.indptr.astype(np.int32), table.indices.astype(np.int32)
    vectors, out = rng.normal(size=(n, d)).astype(np.float32), np.full((m, d), np.nan, np.float32)
    multiply(indptr, indices, table.data, vectors, out)
    assert (out == table @ vectors).all()
