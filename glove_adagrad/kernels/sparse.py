"""Products of a sparse matrix with a few vectors at a time."""

from __future__ import annotations

import numpy as np

from glove_adagrad.kernels.jit import kernel
from glove_adagrad.kernels.lanes import address, load8, number_at, store, zero8
from glove_adagrad.kernels.prefetch import prefetch

#: Entries whose vectors are fetched ahead, and numbers in a cache line.
_AHEAD, _LINE = 8, 16


@kernel
def multiply(begins, columns, entries, vectors, out):
    """Compute the rows of a sparse matrix times vectors, each sum in the order of entries.

    Parameters
    ----------
    begins : int32 [m + 1]
        Where the entries of each row begin.
    columns, entries : int32, float32 [number of entries]
    vectors : float32 [n, d]
    out : float32 [m, d], overwritten
    """
    d = vectors.shape[1]
    x, y = address(vectors.reshape(-1), 0), address(out.reshape(-1), 0)
    for row in range(len(begins) - 1):
        first, end = begins[row], begins[row + 1]
        for k in range(first, min(end, len(columns) - _AHEAD)):
            ahead = columns[k + _AHEAD] * d
            for at in range(ahead, ahead + d, _LINE):
                prefetch(x, at)
        if d < 8:
            for j in range(d):
                total = np.float32(0)
                for k in range(first, end):
                    total += entries[k] * number_at(x, columns[k] * d + j)
                out[row, j] = total
        # 32 components in registers; the last eight of a row may be computed twice
        for j in range(0, d if d >= 8 else 0, 32):
            p, q, r, s = min(j, d - 8), min(j + 8, d - 8), min(j + 16, d - 8), min(j + 24, d - 8)
            of_p = of_q = of_r = of_s = zero8(vectors)
            for k in range(first, end):
                entry, at = entries[k], columns[k] * d
                of_p, of_q = of_p + entry * load8(x, at + p), of_q + entry * load8(x, at + q)
                of_r, of_s = of_r + entry * load8(x, at + r), of_s + entry * load8(x, at + s)
            store(y, row * d + p, of_p)
            store(y, row * d + q, of_q)
            store(y, row * d + r, of_r)
            store(y, row * d + s, of_s)
