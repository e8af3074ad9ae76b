"""Words and their vectors in memory, and what is done to them before they are written."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from glove_adagrad.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from gensim.models import KeyedVectors

UNK = "<unk>"
#: As in the Stanford programs: `<unk>` is the mean of so many of the rarest words.
UNK_WORDS = 100

VECTOR_CHOICES = ("sum", "word", "context", "concat")


@dataclass(frozen=True)
class WordVectors:
    """Words in order, most frequent first where counts are known, and a vector for each.

    Attributes
    ----------
    words : list of str
        Decoded from UTF-8 with `surrogateescape`, so that bytes of any kind survive reading and writing.
    vectors : float32 [n, d]
    counts : int64 [n] or None
        How often each word occurs in the training corpus.
    """

    words: list[str]
    vectors: np.ndarray
    counts: np.ndarray | None = None


def checked(path: Path, words: list[str], vectors: np.ndarray, counts: np.ndarray | None = None) -> WordVectors:
    """Make `WordVectors` of what was read from `path`: numbers finite, each word once (the first is kept).

    Raises
    ------
    InputError
        If there is no vector, or a NaN or an infinity in one.
    """
    vectors = np.asarray(vectors, dtype=np.float32)
    if not vectors.size:
        raise InputError(f"{path}: holds no vectors")
    if not np.isfinite(vectors.sum(dtype=np.float64)):
        row, column = np.argwhere(~np.isfinite(vectors))[0]
        raise InputError(
            f"{path}: the vector of {words[row]!r} (row {row + 1}) has {vectors[row, column]} as its number "
            f"{column + 1}; every number must be finite"
        )
    first: dict[str, int] = {}
    for row, word in enumerate(words):
        first.setdefault(word, row)
    if len(first) < len(words):
        rows = list(first.values())
        repeated = len(words) - len(rows)
        twice = next(word for row, word in enumerate(words) if first[word] != row)
        warnings.warn(
            f"{path}: {repeated:,} repeated word{'s' if repeated > 1 else ''}, for example {twice!r}; "
            "the first of each is kept",
            stacklevel=3,
        )
        return WordVectors(list(first), vectors[rows], None if counts is None else counts[rows])
    return WordVectors(words, vectors, counts)


#: Components between these and their squares are normal float32 numbers, and so are sums of squares.
_LEAST_LENGTH, _MOST_LENGTH = 2.0**-40, 2.0**40


def of_moderate_length(wv: WordVectors) -> WordVectors:
    """The same directions, in vectors whose norm can be computed in float32.

    Where the largest component is beyond 2^40 or below 2^-40, squares could be infinite or 0. Such rows are
    multiplied by a power of two, which changes no cosine. All others stay as they are.
    """
    largest = np.maximum(wv.vectors.max(axis=1), -wv.vectors.min(axis=1))
    rows = np.flatnonzero((largest > _MOST_LENGTH) | ((largest < _LEAST_LENGTH) & (largest > 0)))
    if not len(rows):
        return wv
    vectors = wv.vectors.copy()
    vectors[rows] = np.ldexp(vectors[rows].astype(np.float64), -np.frexp(largest[rows])[1][:, None])
    return WordVectors(wv.words, vectors, wv.counts)


def select_vectors(word: np.ndarray, context: np.ndarray, which: str) -> np.ndarray:
    """Combine word and context vectors.

    Parameters
    ----------
    word, context : float32 [n, d]
    which : {'sum', 'word', 'context', 'concat'}
        The sum is what Pennington et al. (2014, section 4.2) evaluate.

    Returns
    -------
    float32 [n, d], or [n, 2 d] for 'concat'
    """
    match which:
        case "sum":
            return word + context
        case "word":
            return word
        case "context":
            return context
        case "concat":
            return np.hstack([word, context])
    raise InputError(f"vectors {which!r} are unknown; choose one of {', '.join(VECTOR_CHOICES)}")


def with_unk(wv: WordVectors) -> WordVectors:
    """Add a last row `<unk>`: the mean of the min(100, n) rarest words, which are the last rows.

    Raises
    ------
    InputError
        If there is a word `<unk>` already.
    """
    if UNK in wv.words:
        raise InputError(f"the vocabulary has a word {UNK} already; export without adding it")
    unk = wv.vectors[-UNK_WORDS:].mean(axis=0, dtype=np.float64).astype(np.float32)
    counts = None if wv.counts is None else np.append(wv.counts, np.int64(0))
    return WordVectors([*wv.words, UNK], np.vstack([wv.vectors, unk]), counts)


def from_keyed_vectors(keyed: KeyedVectors) -> WordVectors:
    """The words, vectors and counts of a gensim `KeyedVectors`; the matrix is shared if it is float32."""
    counts = keyed.expandos.get("count")
    return WordVectors(
        [str(word) for word in keyed.index_to_key],
        np.asarray(keyed.vectors, dtype=np.float32),
        None if counts is None else np.asarray(counts, dtype=np.int64),
    )


def to_keyed_vectors(wv: WordVectors) -> KeyedVectors:
    """The same vectors as a gensim `KeyedVectors`, with the attribute `count` where counts are known.

    The matrix is shared, not copied.
    """
    from gensim.models import KeyedVectors

    keyed = KeyedVectors(wv.vectors.shape[1])
    keyed.index_to_key = list(wv.words)
    keyed.key_to_index = {word: row for row, word in enumerate(wv.words)}
    keyed.vectors = wv.vectors
    keyed.next_index = len(wv.words)
    if wv.counts is not None:
        keyed.expandos["count"] = np.asarray(wv.counts, dtype=np.int64)
    return keyed
