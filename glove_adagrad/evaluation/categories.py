"""Categorisation: whether words of one class lie together, by the purity of k-means clusters."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from glove_adagrad.errors import InputError
from glove_adagrad.evaluation.lookup import Lookup, Rules
from glove_adagrad.evaluation.pairs import ClassList
from glove_adagrad.formats import WordVectors
from glove_adagrad.formats.word_vectors import unit_rows

_SEED = 1
_STARTS = 10  # k-means finds a local optimum: the best of this number of starts


@dataclass(frozen=True)
class CategoryResult:
    """How pure the clusters are.

    Attributes
    ----------
    name : str
    rules : Rules
    classes : int
        How many, which is how many clusters are sought.
    asked, answered, correct : int
        Words in the list, those in the vocabulary, and those of their cluster's most frequent class.
    """

    name: str
    rules: Rules
    classes: int
    asked: int
    answered: int
    correct: int

    @property
    def purity(self) -> float | None:
        """None if fewer words than classes are known."""
        scored = self.asked if self.rules.oov_as_zero else self.answered
        return self.correct / scored if self.answered >= self.classes else None

    @property
    def coverage(self) -> float:
        return self.answered / self.asked if self.asked else 0.0


def evaluate_classes(wv: WordVectors, classes: ClassList, rules: Rules | None = None) -> CategoryResult:
    """Cluster the words' unit vectors by k-means into as many clusters as there are classes.

    Raises
    ------
    InputError
        If scikit-learn is not installed.
    """
    try:
        from sklearn.cluster import KMeans
        from sklearn.exceptions import ConvergenceWarning
    except ImportError as error:
        raise InputError(
            "categorisation needs scikit-learn; install it with: pip install 'glove-adagrad[cluster]'"
        ) from error
    rules = rules or Rules()
    lookup = Lookup(wv.words, rules)
    rows = np.array([lookup.row(word) for word in classes.words], dtype=np.int64)
    known = rows >= 0
    number = len(set(classes.classes))
    correct = 0
    if known.sum() >= number:
        unit = unit_rows(wv.vectors[rows[known]])
        with warnings.catch_warnings():
            # fewer distinct vectors than classes: the clusters found are still counted rightly
            warnings.simplefilter("ignore", ConvergenceWarning)
            clusters = KMeans(number, n_init=_STARTS, random_state=_SEED).fit_predict(unit)
        labels = np.unique(classes.classes, return_inverse=True)[1][known]
        table = np.zeros((number, number), dtype=np.int64)
        np.add.at(table, (clusters, labels), 1)
        correct = int(table.max(axis=1).sum())
    return CategoryResult(classes.name, rules, number, len(rows), int(known.sum()), correct)
