"""Correlations, resampling and significance tests on plain arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

RESAMPLES = 2000

#: The smallest p-value that a bootstrap of `RESAMPLES` resamples can give.
LEAST_P_VALUE = 2 / (RESAMPLES + 1)

_SEED = 1  # so that an interval is the same each time it is computed
_BATCH_NUMBERS = 1 << 20
_PERCENTILES = (2.5, 97.5)

Interval = tuple[float, float]
#: A correlation of x and y, float64 [n] each, under each row of weights [draws, n]; NaN where undefined.
Correlation = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def pearson(x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Pearson's correlation, float64 [draws], with item i of draw k counted `weights[k, i]` times."""
    return _weighted_correlation(x, y, weights)


def spearman(x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Spearman's correlation, float64 [draws], with item i of draw k counted `weights[k, i]` times.

    It is Pearson's correlation of ranks, ties having the mean of their ranks.
    """
    return _weighted_correlation(_ranks(x, weights), _ranks(y, weights), weights)


def correlation(statistic: Correlation, x: np.ndarray, y: np.ndarray) -> float | None:
    """The correlation of x and y; None if it is undefined, for few items or equal ones."""
    value = float(statistic(x, y, np.ones((1, len(x))))[0])
    return None if np.isnan(value) else value


def bootstrap_interval(statistic: Correlation, x: np.ndarray, y: np.ndarray) -> Interval | None:
    """The 95 % percentile interval of a correlation over bootstrap resamples (Efron 1979), the same each time."""
    return percentile_interval(np.concatenate([statistic(x, y, weights) for weights in bootstrap_weights(len(x))]))


def bootstrap_weights(items: int) -> Iterator[np.ndarray]:
    """`RESAMPLES` resamples of `items` things in batches: how often each thing is drawn, float64 [draws, items]."""
    random = np.random.default_rng(_SEED)
    step = max(1, _BATCH_NUMBERS // max(1, items))
    for start in range(0, RESAMPLES, step):
        draws = min(step, RESAMPLES - start)
        drawn = random.integers(0, items, (draws, items)) + items * np.arange(draws)[:, np.newaxis]
        yield np.bincount(drawn.ravel(), minlength=draws * items).reshape(draws, items).astype(np.float64)


def percentile_interval(values: np.ndarray) -> Interval | None:
    """The middle 95 % of the values that are defined; None if more than one in forty is not.

    That share would fill a tail. It happens with very few items, a resample of which often holds one item only.
    """
    known = values[~np.isnan(values)]
    if 40 * (len(values) - len(known)) > len(values) or not len(known):
        return None
    low, high = np.percentile(known, _PERCENTILES)
    return float(low), float(high)


def mcnemar(only_first: int, only_second: int) -> float:
    """McNemar's exact test (1947): the two-sided p-value for the discordant pairs.

    Parameters
    ----------
    only_first, only_second : int
        Questions that only the first, and only the second, answers correctly.
    """
    differing = only_first + only_second
    coefficient = total = 1
    for k in range(min(only_first, only_second)):
        coefficient = coefficient * (differing - k) // (k + 1)
        total += coefficient
    return min(1.0, 2 * total / (1 << differing))


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Adjust p-values for multiple comparisons by the step-down method of Holm (1979).

    Parameters
    ----------
    p_values : sequence of float or None
        Of one family of tests; None where a test is undefined, which does not count.

    Returns
    -------
    list of float or None
        In the order given.
    """
    known = sorted((p, place) for place, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    largest = 0.0
    for step, (p, place) in enumerate(known):
        largest = max(largest, min(1.0, (len(known) - step) * p))
        adjusted[place] = largest
    return adjusted


def _weighted_correlation(x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    if not weights.shape[1]:
        return np.full(len(weights), np.nan)
    (x, x_spread), (y, y_spread) = _centred(x, weights), _centred(y, weights)
    with np.errstate(invalid="ignore", divide="ignore"):
        values = (weights * x * y).sum(axis=1) / (x_spread * y_spread)
    return np.clip(values, -1.0, 1.0)


def _centred(values: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Deviations from the mean [draws, n], and the root of their sum of squares [draws]; NaN if all are equal."""
    total = weights.sum(axis=1, keepdims=True)
    deviations = values - (weights * values).sum(axis=1, keepdims=True) / total
    spread = np.sqrt((weights * deviations**2).sum(axis=1))
    # equal values leave a spread of rounding errors, not always nought
    nought = 1e-13 * np.sqrt(total[:, 0]) * np.abs(values).max(axis=-1)
    return deviations, np.where(spread <= nought, np.nan, spread)


def _ranks(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Mean ranks [draws, n] in samples that hold item i `weights[k, i]` times."""
    _, group = np.unique(values, return_inverse=True)
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    sizes = np.add.reduceat(weights[:, order], starts, axis=1)
    return (np.cumsum(sizes, axis=1) - (sizes - 1) / 2)[:, group]
