"""Significance tests for two models, on the questions both can answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from glove_adagrad.evaluation.analogies import RIGHT, UNKNOWN, AnalogyResult
from glove_adagrad.evaluation.similarity import SimilarityResult
from glove_adagrad.evaluation.statistics import (
    Interval,
    bootstrap_weights,
    correlation,
    mcnemar,
    percentile_interval,
    spearman,
)


@dataclass(frozen=True)
class AnalogyComparison:
    """Questions that both models can answer, and how they differ on them.

    `p_value` is that of McNemar's exact test; None if there is no common question.
    """

    common: int
    first_correct: int
    second_correct: int
    only_first: int
    only_second: int
    p_value: float | None


@dataclass(frozen=True)
class SimilarityComparison:
    """Pairs that both models know, their Spearman correlations, and the difference second - first.

    `interval` holds the middle 95 % of the difference over bootstrap resamples of the pairs, and `p_value` is
    twice the share of resamples on the smaller side of zero. All are None where a correlation is undefined, the
    interval for very few pairs too.
    """

    common: int
    first: float | None
    second: float | None
    difference: float | None
    interval: Interval | None
    p_value: float | None


def compare_analogies(first: AnalogyResult, second: AnalogyResult) -> AnalogyComparison:
    """Compare two models' answers to one set of questions by McNemar's exact test."""
    both = (first.outcomes != UNKNOWN) & (second.outcomes != UNKNOWN)
    one, two = first.outcomes[both] == RIGHT, second.outcomes[both] == RIGHT
    only_first, only_second = int((one & ~two).sum()), int((two & ~one).sum())
    p_value = mcnemar(only_first, only_second) if len(one) else None
    return AnalogyComparison(len(one), int(one.sum()), int(two.sum()), only_first, only_second, p_value)


def compare_similarity(first: SimilarityResult, second: SimilarityResult) -> SimilarityComparison:
    """Compare two models' correlations on one list of pairs by a paired bootstrap."""
    both = first.known & second.known
    human, one, two = first.human[both], first.cosines[both], second.cosines[both]
    rank_one, rank_two = correlation(spearman, human, one), correlation(spearman, human, two)
    if rank_one is None or rank_two is None:
        return SimilarityComparison(len(human), rank_one, rank_two, None, None, None)
    differences = np.concatenate(
        [spearman(human, two, weights) - spearman(human, one, weights) for weights in bootstrap_weights(len(human))]
    )
    # an undefined difference counts for neither side; adding one avoids a p-value of 0, which no finite number of
    # resamples can show: the least is LEAST_P_VALUE
    smaller = min(np.count_nonzero(~(differences > 0)), np.count_nonzero(~(differences < 0)))
    p_value = min(1.0, 2 * (smaller + 1) / (len(differences) + 1))
    interval = percentile_interval(differences)
    return SimilarityComparison(len(human), rank_one, rank_two, rank_two - rank_one, interval, p_value)
