"""From trained parameters to the vectors of a model, as its settings ask for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from glove_adagrad.blending import join
from glove_adagrad.errors import InputError
from glove_adagrad.formats import select_vectors
from glove_adagrad.subwords import NGrams, SubwordSettings, fit_ngrams, share_ngrams
from glove_adagrad.svd import SVDSettings, decompose_stream
from glove_adagrad.trainer import TrainingSettings
from glove_adagrad.trainer.parameters import Vectors
from glove_adagrad.trainer.stream import MatrixStream


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
    stream: MatrixStream | None,
    *,
    workers: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> ModelVectors:
    """Combine word and context vectors, join them with a decomposition, and fit n-grams, as the settings ask for.

    Parameters
    ----------
    parameters : Vectors
    words : sequence of str
    counts : int64 [V]
    settings : TrainingSettings
        `vectors`, `svd_weight`, `subwords`, and `seed` for the decomposition.
    stream : MatrixStream, optional
        The counts, which `svd_weight` needs.
    workers : int, optional
        Threads, all cores by default; the result does not depend on their number.
    progress : callable, optional
        Called with the passes over the counts done so far, up to `svd.PASSES`.

    Raises
    ------
    InputError
        If the counts are needed and not given.
    """
    which = settings.vectors
    vectors = select_vectors(parameters.word_vectors, parameters.context_vectors, which, workers=workers)
    if settings.svd_weight:
        if stream is None:
            raise InputError("svd_weight: the model's counts are gone; train it again, or use the command blend")
        svd = SVDSettings(settings.vector_size, seed=settings.seed)
        found = decompose_stream(stream, svd, workers=workers, progress=progress)
        if found is not None:  # very small texts may have no pair that co-occurs more often than expected
            half = settings.svd_weight / 2
            vectors = join([vectors, *found], [1, half, half], settings.vector_size, workers=workers)
    if settings.subwords and share_ngrams(words, SubwordSettings()):
        return ModelVectors(*fit_ngrams(words, counts, vectors, workers=workers))
    return ModelVectors() if which == "sum" and not settings.svd_weight else ModelVectors(vectors)
