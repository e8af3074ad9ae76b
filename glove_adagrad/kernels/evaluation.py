"""The inner loop of answering analogies: the best two candidates of every question in a tile of words."""

from __future__ import annotations

from typing import Any

import numpy as np

from glove_adagrad.kernels.jit import fast_kernel, inline

#: Candidates at a time: three rows of so few stay in the first-level cache.
_BLOCK = 512


@inline
def _score(b: float, c: float, a: float, multiply: bool) -> float:
    return b * c * a if multiply else b + c - a


@fast_kernel
def best_two(
    plus: Any, minus: Any, multiply: bool, asked: Any, groups: Any, start: int, best: Any, row: Any, second: Any
) -> None:
    """Update each question's best and second-best score with the candidates of one tile.

    The score of candidate j for (a, b, c) is `plus[b, j] + plus[c, j] - minus[a, j]`, or the product of the
    three with `multiply`. Candidates of the same group as a, b or c do not count, nor does NaN. Among equal
    scores the first row stays.

    Parameters
    ----------
    plus, minus : float32 [question words, tile]
    multiply : bool
    asked : int32 [questions, 6]
        The rows of a, b, c in `plus` and `minus`, then their groups.
    groups : int32 [tile]
        The group of each candidate.
    start : int
        The row in the vocabulary of the tile's first candidate.
    best, second : float32 [questions], updated
    row : int64 [questions], updated
        Where `best` was found.
    """
    for begin in range(0, len(groups), _BLOCK):
        end = min(begin + _BLOCK, len(groups))
        for question in range(len(asked)):
            a = minus[asked[question, 0], begin:end]
            b = plus[asked[question, 1], begin:end]
            c = plus[asked[question, 2], begin:end]
            bound = second[question]
            # the compiler vectorises a sum but not a running maximum, and the sum is 0 in almost every block
            above = np.float32(0)
            for j in range(end - begin):
                over = _score(b[j], c[j], a[j], multiply) - bound
                above += over if over > np.float32(0) else np.float32(0)
            if above == np.float32(0):
                continue
            for j in range(end - begin):
                score = _score(b[j], c[j], a[j], multiply)
                if score > second[question]:
                    group = groups[begin + j]
                    if group == asked[question, 3] or group == asked[question, 4] or group == asked[question, 5]:
                        continue
                    if score > best[question]:
                        second[question] = best[question]
                        best[question] = score
                        row[question] = start + begin + j
                    else:
                        second[question] = score
