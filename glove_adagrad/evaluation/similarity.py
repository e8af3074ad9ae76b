"""Word similarity against human judgement: Spearman's and Pearson's correlation, with intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from glove_adagrad.evaluation.cosines import unit_vector
from glove_adagrad.evaluation.lookup import Lookup, Rules
from glove_adagrad.evaluation.pairs import PairList
from glove_adagrad.evaluation.statistics import Interval, bootstrap_interval, correlation, pearson, spearman
from glove_adagrad.formats import WordVectors


@dataclass(frozen=True)
class SimilarityResult:
    """Correlation of cosine similarities with human scores.

    Attributes
    ----------
    name : str
    rules : Rules
    human : float64 [asked]
    cosines : float64 [asked]
        NaN for pairs that do not count.
    known : bool [asked]
        Pairs with both words in the vocabulary.
    spearman, pearson : float or None
        None if fewer than two pairs count, or all their values are the same.
    spearman_interval, pearson_interval : (float, float) or None
        95 % bootstrap percentile intervals.
    """

    name: str
    rules: Rules
    human: np.ndarray
    cosines: np.ndarray
    known: np.ndarray
    spearman: float | None
    pearson: float | None
    spearman_interval: Interval | None
    pearson_interval: Interval | None

    @property
    def asked(self) -> int:
        return len(self.human)

    @property
    def answered(self) -> int:
        return int(self.known.sum())

    @property
    def coverage(self) -> float:
        return self.answered / self.asked if self.asked else 0.0


def evaluate_pairs(wv: WordVectors, pairs: PairList, rules: Rules | None = None) -> SimilarityResult:
    """Correlate cosines with human scores, as gensim's `evaluate_word_pairs` does.

    Parameters
    ----------
    wv : WordVectors
    pairs : PairList
    rules : Rules, optional
        gensim's by default.
    """
    rules = rules or Rules()
    lookup = Lookup(wv.words, rules)
    rows = np.array([(lookup.row(a), lookup.row(b)) for a, b in pairs.pairs], dtype=np.int64).reshape(-1, 2)
    known = np.all(rows >= 0, axis=1)
    cosines = np.full(len(rows), 0.0 if rules.oov_as_zero else np.nan)
    cosines[known] = _cosines(wv.vectors, rows[known])
    counted = ~np.isnan(cosines)
    human, model = pairs.scores[counted], cosines[counted]
    rank, linear = correlation(spearman, human, model), correlation(pearson, human, model)
    return SimilarityResult(
        pairs.name,
        rules,
        pairs.scores,
        cosines,
        known,
        rank,
        linear,
        None if rank is None else bootstrap_interval(spearman, human, model),
        None if linear is None else bootstrap_interval(pearson, human, model),
    )


def _cosines(vectors: np.ndarray, rows: np.ndarray) -> list[float]:
    """Cosines in float32 and one by one, as gensim takes them: a last digit can decide a rank."""
    return [float(np.dot(unit_vector(vectors[a]), unit_vector(vectors[b]))) for a, b in rows.tolist()]
