"""From trained parameters to the vectors of a model, as its settings ask for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from glove_adagrad.formats import select_vectors
from glove_adagrad.subwords import NGrams, SubwordSettings, fit_ngrams, share_ngrams
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
        With `subwords`, if no n-gram is in two of the words; such words have no n-grams by `settings.subwords`.
    """
    which = settings.vectors
    vectors = select_vectors(parameters.word_vectors, parameters.context_vectors, which, workers=workers)
    if subwords is not None or (settings.subwords and share_ngrams(words, SubwordSettings())):
        return ModelVectors(*fit_ngrams(words, counts, vectors, subwords))
    return ModelVectors() if which == "sum" else ModelVectors(vectors)
