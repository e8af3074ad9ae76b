"""The model and the history of a run's folder."""

from __future__ import annotations

import reprlib
import zlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from glove_adagrad.decoding import decoding, is_number, is_whole, read_archive, read_json
from glove_adagrad.errors import InputError
from glove_adagrad.formats import word2vec
from glove_adagrad.formats.ngram_arrays import from_arrays, to_arrays
from glove_adagrad.formats.word_vectors import WordVectors, checked, select_vectors
from glove_adagrad.vocabulary import Vocabulary

if TYPE_CHECKING:
    from glove_adagrad.subwords import NGrams
    from glove_adagrad.trainer.parameters import Vectors

_ARRAYS = ("word_vectors", "context_vectors", "word_biases", "context_biases")

#: Name of the vectors of a model among the arrays, where they are not the sum.
_VECTORS = "vectors"

#: Name of the CRC-32 of `vocab.txt` among the arrays.
_CHECKSUM = "vocabulary_crc32"

#: Numbers that an epoch may have in `history.json`, in addition to its loss.
_MEASURED = ("holdout_loss", "unobserved_loss", "seconds", "records_per_second")

#: No loss and no time is larger.
_LARGEST = 1e100


@dataclass(frozen=True)
class RunVectors:
    """All parameters of a trained model, and the vectors that it is used by.

    Attributes
    ----------
    words : list of str
    counts : int64 [V]
    word_vectors, context_vectors : float32 [V, d]
    word_biases, context_biases : float32 [V]
    vectors : float32 [V, d], optional
        The vectors of the model, as in `vectors.txt`; the sum of word and context vectors if None.
    ngrams : NGrams, optional
        What composes vectors of unknown words.
    """

    words: list[str]
    counts: np.ndarray
    word_vectors: np.ndarray
    context_vectors: np.ndarray
    word_biases: np.ndarray
    context_biases: np.ndarray
    vectors: np.ndarray | None = None
    ngrams: NGrams | None = None

    def select(self, which: str | None = None) -> WordVectors:
        """Return the vectors of the model, or a combination of word and context vectors (see `select_vectors`)."""
        vectors = self.vectors
        if vectors is None or which is not None:
            vectors = select_vectors(self.word_vectors, self.context_vectors, which or "sum")
        return WordVectors(self.words, vectors, self.counts)

    def with_composed(self, words: Iterable[str], name: str = "the model") -> WordVectors:
        """Return the vectors of the model, with those of unknown words after them, composed of their n-grams.

        Words of which no n-gram is known are left out; `name` is what the model is called in errors.

        Raises
        ------
        InputError
            If the model has no n-grams.
        """
        if self.ngrams is None:
            raise InputError(f"{name}: has no n-grams to compose unknown words of; see the command subwords")
        own, known = self.select(), set(self.words)
        composed = {word: self.ngrams.vector(word) for word in words if word not in known}
        found = {word: vector for word, vector in composed.items() if vector is not None}
        if not found:
            return own
        counts = np.concatenate([self.counts, np.zeros(len(found), np.int64)])
        return WordVectors([*own.words, *found], np.vstack([own.vectors, *found.values()]), counts)


def is_run(path: Path) -> bool:
    """Whether `path` is the folder of a run that has been trained."""
    return (path / "vocab.txt").is_file() and (path / "model.npz").is_file()


def matrix_folder(folder: Path) -> Path:
    """Return the folder of the co-occurrences that a run has or was trained on; `folder` itself if it is not a run.

    Whether it still exists is not checked.

    Raises
    ------
    InputError
        If the run's history is damaged.
    """
    if is_run(folder) and (folder / "history.json").exists():
        return folder / str(read_history(folder)["settings"].get("cooccurrence", "cooccurrence"))
    inside = folder / "cooccurrence"
    return inside if inside.is_dir() and not (folder / "meta.json").is_file() else folder


def read_run(folder: Path) -> RunVectors:
    """Read `vocab.txt` and `model.npz`.

    Raises
    ------
    InputError
        If a file is missing or damaged, or the two do not fit each other.
    """
    if not is_run(folder):
        raise InputError(f"{folder}: not a trained run (vocab.txt and model.npz expected in it)")
    vocabulary = Vocabulary.read(folder / "vocab.txt", zeros=True)
    words = vocabulary.decoded()
    model = folder / "model.npz"
    arrays = read_archive(model)
    checksum = arrays.get(_CHECKSUM)  # earlier versions wrote none
    if checksum is not None and not np.array_equal(checksum, zlib.crc32((folder / "vocab.txt").read_bytes())):
        raise InputError(
            f"{folder / 'vocab.txt'}: damaged, or does not belong to the model.npz next to it (its checksum differs)"
        )
    for name in _ARRAYS:
        if name not in arrays or arrays[name].dtype.kind != "f":
            raise InputError(f"{model}: not a model of this program ({name} is missing or holds no numbers)")
    word, context, word_biases, context_biases = (np.asarray(arrays[name], np.float32) for name in _ARRAYS)
    if word.ndim != 2 or word.shape != context.shape:
        raise InputError(f"{model}: word vectors {word.shape} and context vectors {context.shape} do not match")
    if len(word) != len(words):
        raise InputError(f"{model}: holds {len(word)} words, the vocab.txt next to it {len(words)}")
    for biases in (word_biases, context_biases):
        if biases.shape != (len(words),) or not np.isfinite(biases).all():
            raise InputError(f"{model}: biases {biases.shape} are not {len(words)} finite numbers")
    own = arrays.get(_VECTORS)
    if own is not None and (own.dtype.kind != "f" or own.ndim != 2 or len(own) != len(words)):
        raise InputError(f"{model}: its vectors {own.shape} are not numbers for {len(words)} words")
    for vectors in (word, context) if own is None else (word, context, own):
        checked(model, words, vectors)
    own = None if own is None else np.asarray(own, np.float32)
    ngrams = from_arrays(arrays, (word if own is None else own).shape[1], model)
    return RunVectors(words, vocabulary.counts, word, context, word_biases, context_biases, own, ngrams)


def write_model(
    folder: Path,
    parameters: Vectors,
    vocabulary: Vocabulary,
    vectors: np.ndarray | None = None,
    ngrams: NGrams | None = None,
    *,
    workers: int | None = None,
) -> None:
    """Write `model.npz`, which contains the checksum of `vocab.txt`, and `vectors.txt`.

    Parameters
    ----------
    folder : Path
    parameters : Vectors
    vocabulary : Vocabulary
    vectors : float32 [V, d], optional
        The vectors of the model, for both files; by default word plus context vectors, for `vectors.txt` alone.
    ngrams : NGrams, optional
        For `model.npz`.
    workers : int, optional
        Threads, all cores by default; the files do not depend on their number.
    """
    checksum = np.uint32(zlib.crc32(vocabulary.to_bytes()))
    own = {} if vectors is None else {_VECTORS: vectors}
    if ngrams is not None:
        own.update(to_arrays(ngrams))
    if vectors is None:
        vectors = parameters.word_vectors + parameters.context_vectors

    def write_arrays() -> None:
        with open(folder / "model.npz", "wb") as file:
            np.savez(file, **parameters._asdict(), vocabulary_crc32=checksum, **own)  # type: ignore[arg-type]

    with ThreadPoolExecutor(1) as pool:
        arrays = pool.submit(write_arrays)
        text = WordVectors(vocabulary.decoded(), vectors, vocabulary.counts)
        word2vec.write(folder / "vectors.txt", text, workers=workers)
        arrays.result()


def read_history(folder: Path) -> dict[str, Any]:
    """Read a run's `history.json`.

    Returns
    -------
    dict
        `settings`, `provenance` and `versions`, dicts of any values; `stages`, a dict of seconds; `epochs`, a list of
        dicts. What the file lacks is empty. An epoch has at least its number `epoch`, counted from 1, and its `loss`.

    Raises
    ------
    InputError
        If the file is missing, damaged, or is not such a history.
    """
    path = folder / "history.json"
    with decoding(path):
        data = path.read_bytes()
    history = read_json(data, path)
    if not isinstance(history, dict) or "epochs" not in history:
        raise InputError(f'{path}: has no "epochs"; it was not written by this program')
    history = {"settings": {}, "provenance": {}, "versions": {}, "stages": {}, **history}
    for key in history.keys() & {"settings", "provenance", "versions", "stages", "epochs"}:
        kind = list if key == "epochs" else dict
        if not isinstance(history[key], kind):
            raise _not_as_expected(path, key, history[key], f"a {kind.__name__}")
    for key, seconds in history["stages"].items():
        if not is_number(seconds, -_LARGEST, _LARGEST):
            raise _not_as_expected(path, f"stages.{key}", seconds, "seconds")
    for index, epoch in enumerate(history["epochs"]):
        if not isinstance(epoch, dict):
            raise _not_as_expected(path, f"epochs[{index}]", epoch, "a dict")
        if not is_whole(number := epoch.get("epoch"), 1, (1 << 31) - 1):
            raise _not_as_expected(path, f"epochs[{index}].epoch", number, "a number from 1 on")
        for key in ("loss", *(key for key in _MEASURED if epoch.get(key) is not None)):
            if not is_number(value := epoch.get(key), -_LARGEST, _LARGEST):
                raise _not_as_expected(path, f"epochs[{index}].{key}", value, "a number")
    matrix = history["settings"].get("cooccurrence", "")
    if not isinstance(matrix, str) or "\0" in matrix:
        raise _not_as_expected(path, "settings.cooccurrence", matrix, "the path of a folder")
    return history


def _not_as_expected(path: Path, key: str, value: Any, expected: str) -> InputError:
    return InputError(f"{path}: {key} is {reprlib.repr(value)}; expected {expected}")
