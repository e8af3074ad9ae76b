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

    def composed(self, word: str) -> np.ndarray:
        """Return the vector of an unknown word, float32 [d], composed of its n-grams.

        Raises
        ------
        KeyError
            If there are no n-grams, or none of the word's is known.
        """
        composed = None if self.ngrams is None else self.ngrams.vector(word)
        if composed is None:
            why = "none of its n-grams is known" if self.ngrams else "the model has no n-grams (subwords=True)"
            raise KeyError(f"{word!r}: not in the vocabulary, and {why}")
        return composed


def model_vectors(
    parameters: Vectors,
    words: Sequence[str],
    counts: np.ndarray,
    settings: TrainingSettings,
    *,
    workers: int | None = None,
) -> ModelVectors:
    """Combine word and context vectors by `settings.vectors`, and fit n-grams if `settings.subwords`."""
    which = settings.vectors
    vectors = select_vectors(parameters.word_vectors, parameters.context_vectors, which, workers=workers)
    if settings.subwords and share_ngrams(words, SubwordSettings()):
        return ModelVectors(*fit_ngrams(words, counts, vectors))
    return ModelVectors() if which == "sum" else ModelVectors(vectors)
