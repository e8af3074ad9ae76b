"""Vectors of several models joined into one: meta-embeddings by concatenation and PCA (Yin and Schuetze 2016)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from glove_adagrad.errors import InputError
from glove_adagrad.formats.word_vectors import WordVectors, unit_rows
from glove_adagrad.pca import reduce

#: Which words a blend has.
WORDS = ("intersection", "union")


def blend(
    models: Sequence[WordVectors],
    *,
    size: int | None = None,
    weights: Sequence[float] | None = None,
    words: str = "intersection",
    workers: int | None = None,
) -> WordVectors:
    """Join the vectors of several models.

    Each model's vectors are divided by their lengths and written side by side. So the cosine of two words is the mean
    of their cosines in the models, weighted by `weights`. A model that lacks a word has zeros for it. The result is
    then reduced to `size` components, see `pca.reduce`.

    Parameters
    ----------
    models : sequence of WordVectors
        Their numbers of components may differ.
    size : int, optional
        Components of the result; by default all, the sum of the models'.
    weights : sequence of float, optional
        One for each model; equal by default.
    words : {'intersection', 'union'}
        Words that every model has, or that any has.
    workers : int, optional
        Threads, all cores by default; the result does not depend on their number.

    Returns
    -------
    WordVectors
        By decreasing count, then in the order in which the models have them. A count is the largest of those that
        models give, and 1 if none does.

    Raises
    ------
    InputError
        If there is no model, no common word, or a weight, the size or `words` is impossible.
    """
    if not models:
        raise InputError("models: name at least one")
    if words not in WORDS:
        raise InputError(f"words {words!r}: must be {' or '.join(WORDS)}")
    shares = _shares(weights, len(models))
    width = sum(model.vectors.shape[1] for model in models)
    if size is not None and not 1 <= size <= width:
        raise InputError(f"size {size}: must be between 1 and {width}, the components of all models together")
    chosen, counts = _words(models, words)
    row_of = {word: row for row, word in enumerate(chosen)}
    joined = np.zeros((len(chosen), width), np.float32)
    begin = 0
    for model, share in zip(models, shares, strict=True):
        end = begin + model.vectors.shape[1]
        known = [(row, row_of[word]) for row, word in enumerate(model.words) if word in row_of]
        rows, places = np.array(known, np.int64).reshape(-1, 2).T
        joined[places, begin:end] = np.sqrt(share) * unit_rows(model.vectors[rows])
        begin = end
    if size is not None:
        joined = reduce(joined, size, workers=workers)
    return WordVectors(chosen, joined, counts)


def join(
    parts: Sequence[np.ndarray], weights: Sequence[float], size: int, *, workers: int | None = None
) -> np.ndarray:
    """Join vectors of the same words as `blend` does, float32 [V, n] each, to float32 [V, size]."""
    joined = np.empty((len(parts[0]), sum(part.shape[1] for part in parts)), np.float32)
    begin = 0
    for part, share in zip(parts, _shares(weights, len(parts)), strict=True):
        end = begin + part.shape[1]
        np.multiply(unit_rows(part), np.float32(np.sqrt(share)), out=joined[:, begin:end])
        begin = end
    return reduce(joined, size, workers=workers)


def _shares(weights: Sequence[float] | None, number: int) -> np.ndarray:
    """Weights that add up to 1, float64 [n]."""
    given = np.ones(number) if weights is None else np.asarray(weights, np.float64)
    if len(given) != number:
        raise InputError(f"weights: {len(given)} of them do not fit {number} models")
    if not (np.isfinite(given) & (given > 0)).all():
        raise InputError(f"weights {', '.join(f'{weight:g}' for weight in given)}: must be above 0")
    shares: np.ndarray = given / given.sum()
    return shares


def _words(models: Sequence[WordVectors], words: str) -> tuple[list[str], np.ndarray]:
    """The words of the blend and their counts, int64 [V]."""
    known: dict[str, int] = {}
    for model in models:
        counts = [1] * len(model.words) if model.counts is None else model.counts.tolist()
        for word, count in zip(model.words, counts, strict=True):
            known[word] = max(count, known.get(word, 1))
    if words == "intersection":
        common = set(models[0].words).intersection(*(model.words for model in models[1:]))
        if not common:
            raise InputError("the models have no word in common; words='union' takes the words of all")
        known = {word: count for word, count in known.items() if word in common}
    ordered = sorted(known, key=lambda word: -known[word])  # stable: words of equal counts stay in order
    return ordered, np.array([known[word] for word in ordered], np.int64)
