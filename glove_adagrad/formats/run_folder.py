"""What a training run leaves in its folder, as far as vectors and their history go: reading only."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from glove_adagrad.decoding import read_archive
from glove_adagrad.errors import InputError
from glove_adagrad.formats.word_vectors import WordVectors, checked, select_vectors
from glove_adagrad.vocabulary import Vocabulary

_ARRAYS = ("word_vectors", "context_vectors", "word_biases", "context_biases")

#: Name of the CRC-32 of `vocab.txt` among the arrays.
_CHECKSUM = "vocabulary_crc32"


@dataclass(frozen=True)
class RunVectors:
    """All parameters of a trained model: words and counts [V], vectors float32 [V, d], biases float32 [V]."""

    words: list[str]
    counts: np.ndarray
    word_vectors: np.ndarray
    context_vectors: np.ndarray
    word_biases: np.ndarray
    context_biases: np.ndarray

    def select(self, which: str = "sum") -> WordVectors:
        """The vectors to use or export; see `select_vectors`."""
        vectors = select_vectors(self.word_vectors, self.context_vectors, which)
        return WordVectors(self.words, vectors, self.counts)


def is_run(path: Path) -> bool:
    """Whether `path` is the folder of a run that has been trained."""
    return (path / "vocab.txt").is_file() and (path / "model.npz").is_file()


def read_run(folder: Path) -> RunVectors:
    """Read `vocab.txt` and `model.npz`.

    Raises
    ------
    InputError
        If a file is missing or damaged, or the two do not fit each other.
    """
    if not is_run(folder):
        raise InputError(f"{folder}: is no trained run (vocab.txt and model.npz expected in it)")
    vocabulary = Vocabulary.read(folder / "vocab.txt")
    words = vocabulary.decoded()
    model = folder / "model.npz"
    arrays = read_archive(model)
    checksum = arrays.get(_CHECKSUM)  # earlier versions wrote none
    if checksum is not None and not np.array_equal(checksum, zlib.crc32((folder / "vocab.txt").read_bytes())):
        raise InputError(f"{folder / 'vocab.txt'}: is damaged, or not of the model beside it (its checksum differs)")
    for name in _ARRAYS:
        if name not in arrays or arrays[name].dtype.kind != "f":
            raise InputError(f"{model}: is no model of this program ({name} is missing or holds no numbers)")
    word, context, word_biases, context_biases = (np.asarray(arrays[name], np.float32) for name in _ARRAYS)
    if word.ndim != 2 or word.shape != context.shape:
        raise InputError(f"{model}: word vectors {word.shape} and context vectors {context.shape} do not match")
    if len(word) != len(words):
        raise InputError(f"{model}: holds {len(word)} words, vocab.txt beside it {len(words)}")
    for biases in (word_biases, context_biases):
        if biases.shape != (len(words),) or not np.isfinite(biases).all():
            raise InputError(f"{model}: biases {biases.shape} are not {len(words)} finite numbers")
    for vectors in (word, context):
        checked(model, words, vectors)
    return RunVectors(words, vocabulary.counts, word, context, word_biases, context_biases)


def read_history(folder: Path) -> dict[str, Any]:
    """Read a run's `history.json`: settings, versions, seconds by stage, and figures by epoch.

    Raises
    ------
    InputError
        If the file is missing or is not such a history.
    """
    path = folder / "history.json"
    try:
        history = json.loads(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise InputError(f"{path}: is not JSON ({error})") from error
    epochs = history.get("epochs") if isinstance(history, dict) else None
    if not isinstance(epochs, list) or not all(isinstance(e, dict) and {"epoch", "loss"} <= e.keys() for e in epochs):
        raise InputError(f'{path}: has no list "epochs" with an epoch and a loss each')
    return dict(history)
