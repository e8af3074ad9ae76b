"""Separate content words (*river*, *music*) from function words (*the*, *of*) by their vectors, in any language."""

from __future__ import annotations

import numpy as np

from glove_adagrad.formats.word_vectors import unit_rows

_FREQUENT = 1_000  # only words as frequent as these are judged
_NEIGHBOURS = 10
_AMONG = 5_000  # the words in which neighbours are searched


def content_words(vectors: np.ndarray) -> np.ndarray:
    """Return which words are content words.

    The nearest neighbours of a function word are themselves very frequent (*of*: *the*, *in*, *and*); those of a
    frequent content word are not (*river*: *valley*, *tributary*). The 1,000 most frequent words (half of a smaller
    vocabulary) are ordered by the mean logarithm of the ranks of their 10 nearest neighbours among the first 5,000
    words. The upper half of them and all rarer words count as content words. Measurements: eval/explore/results.md.

    Parameters
    ----------
    vectors : float32 [n, d]
        Most frequent words first.

    Returns
    -------
    bool [n]
    """
    n = len(vectors)
    judged = min(_FREQUENT, n // 2)
    content = np.ones(n, bool)
    if judged < 2:
        return content
    unit = unit_rows(vectors[:_AMONG])
    cosines = unit[:judged] @ unit.T
    cosines[np.arange(judged), np.arange(judged)] = -np.inf
    nearest = np.argsort(-cosines, axis=1, kind="stable")[:, : min(_NEIGHBOURS, len(unit) - 1)]
    rarity = np.log(nearest + 1.0).mean(axis=1)
    content[:judged] = rarity > np.median(rarity)
    return content
