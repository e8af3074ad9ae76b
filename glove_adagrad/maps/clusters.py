"""Groups of similar words, named by their most central words."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np

from glove_adagrad.formats.word_vectors import unit_rows

_SEED = 1
_MOST = 40
_WORDS_PER_NAME = 3


class Clusters(NamedTuple):
    """Clusters of words.

    Attributes
    ----------
    labels : int64 [n]
        The cluster of each word, from 0.
    central : list of lists of int
        For each cluster the indices of its most central content words, most central first.
    """

    labels: np.ndarray
    central: list[list[int]]


def cluster_words(vectors: np.ndarray, content: np.ndarray, count: int | None = None) -> Clusters:
    """Divide words into clusters by k-means of unit vectors.

    Parameters
    ----------
    vectors : float32 [n, d]
        Most frequent words first.
    content : bool [n]
        The words that may name a cluster; see `content_words`.
    count : int, optional
        How many clusters at most; by default sqrt(n) / 4, at most 40.
    """
    from scipy.cluster.vq import kmeans2

    unit = unit_rows(vectors)
    count = count or int(np.clip(round(len(unit) ** 0.5 / 4), 1, _MOST))
    count = min(count, len(np.unique(unit, axis=0)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a cluster that becomes empty, which is left out below
        _, labels = kmeans2(unit, count, minit="++", seed=_SEED)
    _, labels = np.unique(labels, return_inverse=True)
    central = []
    for cluster in range(labels.max() + 1):
        members = np.flatnonzero(labels == cluster)
        closeness = unit[members] @ unit[members].mean(axis=0)
        # a name is of use if readers know it: the more frequent half of the members, content words first
        order = np.lexsort((-closeness, np.arange(len(members)) > len(members) // 2, ~content[members]))
        central.append([int(member) for member in members[order[:_WORDS_PER_NAME]]])
    return Clusters(labels, central)
