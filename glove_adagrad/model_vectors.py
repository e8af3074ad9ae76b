"""From trained parameters to the vectors of a model, as its settings ask for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from glove_adagrad.formats import select_vectors
from glove_adagrad.subwords import NGrams, SubwordSettings, fit_ngrams
from glove_adagrad.trainer import TrainingSettings
from glove_adagrad.trainer.parameters import Vectors


class ModelVectors(NamedTuple):
    """The vectors of a model, float32 [V, d], and its n-grams; None where there is nothing but the sum."""

    vectors: np.ndarray | None = None
    ngrams: NGrams | None = None


def model_vectors(
    parameters: Vectors,
    words: Sequence[str],
    counts: np.ndarray,
    settings: TrainingSettings,
    *,
    subwords: SubwordSettings | None = None,
    workers: int | None = None,
) -> ModelVectors:
    """Combine word and context vectors by `settings.vectors`, and fit n-grams if `settings.subwords`.

    Parameters
    ----------
    subwords : SubwordSettings, optional
        Fit n-grams by these settings, whatever `settings.subwords` is.

    Raises
    ------
    InputError
        If no n-gram is in two of the words.
    """
    if settings.subwords and subwords is None:
        subwords = SubwordSettings()
    if settings.vectors == "sum" and subwords is None:
        return ModelVectors()
    vectors = select_vectors(parameters.word_vectors, parameters.context_vectors, settings.vectors, workers=workers)
    return ModelVectors(vectors) if subwords is None else ModelVectors(*fit_ngrams(words, counts, vectors, subwords))
