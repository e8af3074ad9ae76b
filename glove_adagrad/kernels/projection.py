"""Products of a tall matrix with itself and with a small one, in float64 and in a fixed order."""

from __future__ import annotations

from typing import Any

import numpy as np

from glove_adagrad.kernels.jit import kernel

#: Rows whose products are added in one pass over the sums, which are larger than a core's nearest cache.
_ROWS = 4


@kernel
def gram(vectors: Any, first: int, last: int, sums: Any) -> None:
    """Compute rows `first` to `last` of the lower triangle of vectors^T vectors.

    Each sum takes the rows of `vectors` in their order, so it does not depend on how rows of the result are shared
    out to threads, nor on the width of the processor's registers.

    Parameters
    ----------
    vectors : float32 [V, n]
    first, last : int
    sums : float64 [n, n], updated
    """
    block = np.zeros((_ROWS, last))
    for start in range(0, len(vectors), _ROWS):
        for row in range(_ROWS):
            for k in range(last):
                block[row, k] = vectors[start + row, k] if start + row < len(vectors) else 0.0
        for j in range(first, last):
            a, b, c, d = block[0, j], block[1, j], block[2, j], block[3, j]
            for k in range(j + 1):
                sums[j, k] = (((sums[j, k] + a * block[0, k]) + b * block[1, k]) + c * block[2, k]) + d * block[3, k]


@kernel
def project(vectors: Any, axes: Any, out: Any) -> None:
    """Compute vectors axes, each sum in the order of the components.

    Parameters
    ----------
    vectors : float32 [m, n]
    axes : float64 [n, d]
    out : float32 [m, d], overwritten
    """
    size = axes.shape[1]
    sums = np.empty(size)
    for row in range(len(vectors)):
        sums[:] = 0
        for j in range(len(axes)):
            x = np.float64(vectors[row, j])
            for k in range(size):
                sums[k] += x * axes[j, k]
        for k in range(size):
            out[row, k] = sums[k]
