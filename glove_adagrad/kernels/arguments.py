"""What kernels of training are called with: values that belong together, by name.

Numba compiles named tuples like tuples: a field costs nothing. Nothing here imports it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np


class Rows(NamedTuple):
    """The rows of parameters, and the rule that moves them.

    Attributes
    ----------
    rule, biases : step
        Settings of an update rule (see `optim.steps`); `biases` is None if they are the same for biases.
    slots : tuple
        As long as the rule has values of state for each parameter; its items do not matter.
    sides : tuple of two float32 or float64 arrays [V * (1 + slots) * n]
        Parameters of words and of contexts, laid out as `kernels.updates` says, flattened.
    states : tuple of two tuples of arrays
        Of words and of contexts: as many float64 arrays [V] as the rule has values of state for each row; then, for a
        rule with matrices, these [V, n, n] in the parameters' type. For a shared rule twice the same, of one value,
        or of one for each block.
    n : int
        Parameters of a row.
    """

    rule: Any
    biases: Any
    slots: tuple[int, ...]
    sides: tuple[np.ndarray, ...]
    states: tuple[tuple[np.ndarray, ...], ...]
    n: int


class Half(NamedTuple):
    """The tiles of a half of the matrix: one for a symmetric matrix, two for another.

    Attributes
    ----------
    u16, u32, u64 : arrays
        Three views of the memory with the tiles.
    firsts, cells : int64 [P * P]
        Where each tile begins in the view of uint64, and its cells.
    forward, mirrored : bool
        Whether its cells are X[a, b], and whether they are X[b, a].
    """

    u16: np.ndarray
    u32: np.ndarray
    u64: np.ndarray
    firsts: np.ndarray
    cells: np.ndarray
    forward: bool
    mirrored: bool


class Tile(NamedTuple):
    """One tile, and where its rows and columns are among those of the parameters.

    Attributes
    ----------
    u16, u32, u64 : arrays
        The views of its half.
    first, cells : int
        Where it begins in the view of uint64, and its cells.
    rows, row, columns, column : int
        Number of rows and the first of them; the same of columns.
    ahead : int
        How many more columns than its own number a row has that are more frequent: 1 or 0.
    """

    u16: np.ndarray
    u32: np.ndarray
    u64: np.ndarray
    first: int
    cells: int
    rows: int
    row: int
    columns: int
    column: int
    ahead: int


class Objective(NamedTuple):
    """The loss of a record, and which cells are not trained on.

    Attributes
    ----------
    log_x_max, alpha : float32
        A record's weight is min(1, (X / x_max)^alpha) (Pennington et al. 2014, equation 9).
    clip : float32
        Limit of gradient components.
    holdout : uint64
        Cells of 2^24 to hold out.
    seed : uint64
        Of the draw of these cells.
    """

    log_x_max: np.float32
    alpha: np.float32
    clip: np.float32
    holdout: np.uint64
    seed: np.uint64


class UnobservedPairs(NamedTuple):
    """What unobserved pairs are drawn by, and their targets; arrays by row of the parameters.

    Attributes
    ----------
    rates : float64 [V]
        Draws wanted per unit of the other side's sums.
    sums : float64 [V]
        A part's sums of draw weights, up to and with the row.
    guide : uint16 [GUIDE * V + 1]
        Where to begin the search of `sums` (Chen and Asau 1974): of the GUIDE * size entries of a part, the t-th is
        its first row with a sum over t / (GUIDE * size) of the part's.
    word_logs, context_logs : float32 [V]
        What a word and a context add to the target.
    log_cap, weight : float32
        The target's upper bound, and the weight of a pair.
    stream : uint64
        The epoch's number for the stream of draws.
    """

    rates: np.ndarray
    sums: np.ndarray
    guide: np.ndarray
    word_logs: np.ndarray
    context_logs: np.ndarray
    log_cap: np.float32
    weight: np.float32
    stream: np.uint64 = np.uint64(0)
