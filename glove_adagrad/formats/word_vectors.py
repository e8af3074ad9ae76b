"""`WordVectors`: words and vectors in memory, validation and conversions."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from glove_adagrad.errors import InputError
from glove_adagrad.malformed import Malformed
from glove_adagrad.text import printable

if TYPE_CHECKING:
    from pathlib import Path

    from gensim.models import KeyedVectors

    from glove_adagrad.formats.layout import VectorLayout

UNK = "<unk>"
#: As in the Stanford programs: number of the rarest words whose mean is `<unk>`.
UNK_WORDS = 100

VECTOR_CHOICES = ("sum", "pca", "word", "context", "concat")


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
    layout : VectorLayout or None
        How the file that they were read from was read.
    """

    words: list[str]
    vectors: np.ndarray
    counts: np.ndarray | None = None
    layout: VectorLayout | None = None


def checked(
    path: Path,
    words: list[str],
    vectors: np.ndarray,
    counts: np.ndarray | None = None,
    malformed: Malformed | None = None,
) -> WordVectors:
    """Make `WordVectors` of what was read from `path`: numbers finite, each word once (the first is kept).

    Parameters
    ----------
    malformed : Malformed, optional
        Collects rows with a NaN or an infinity, which are then left out; without it they are an error. It is
        settled here.

    Raises
    ------
    InputError
        If there is no vector, or a NaN or an infinity in one.
    """
    vectors = np.asarray(vectors, dtype=np.float32)
    with np.errstate(invalid="ignore"):  # NaN is refused below, by its row
        finite = bool(np.isfinite(vectors.sum(dtype=np.float64)))
    if vectors.size and not finite:
        malformed = malformed or Malformed(path, strict=True, unit="row")
        bad = ~np.isfinite(vectors).all(axis=1)
        for row in np.flatnonzero(bad).tolist():
            column = int(np.flatnonzero(~np.isfinite(vectors[row]))[0])
            malformed.add(
                row + 1,
                f"the vector of {words[row]!r} has {vectors[row, column]} as its number {column + 1}; every number "
                "must be finite",
            )
        kept = np.flatnonzero(~bad)
        words, vectors = [words[row] for row in kept.tolist()], vectors[kept]
        counts = None if counts is None else counts[kept]
    if malformed:
        malformed.settle(len(words))
    if not vectors.size:
        raise InputError(f"{path}: holds no vectors")
    first: dict[str, int] = {}
    for row, word in enumerate(words):
        first.setdefault(word, row)
    if len(first) < len(words):
        rows = list(first.values())
        repeated = len(words) - len(rows)
        twice = next(word for row, word in enumerate(words) if first[word] != row)
        more = f"{repeated:,} repeated word{'s' if repeated > 1 else ''}, for example {twice!r}"
        warnings.warn(printable(f"{path}: {more}; the first of each is kept"), stacklevel=3)
        return WordVectors(list(first), vectors[rows], None if counts is None else counts[rows])
    return WordVectors(words, vectors, counts)


#: Components between these and their squares are normal float32 numbers, and so are sums of squares.
_LEAST_LENGTH, _MOST_LENGTH = 2.0**-40, 2.0**40


def select_vectors(word: np.ndarray, context: np.ndarray, which: str, *, workers: int | None = None) -> np.ndarray:
    """Combine word and context vectors.

    Parameters
    ----------
    word, context : float32 [n, d]
    which : {'sum', 'pca', 'word', 'context', 'concat'}
        The sum is what Pennington et al. (2014, section 4.2) evaluate. 'pca' is 'concat' reduced to d components,
        see `pca.reduce`; the sum keeps one direction of each pair, and this the d directions that matter most.
    workers : int, optional
        Threads for 'pca', all cores by default; the result does not depend on their number.

    Returns
    -------
    float32 [n, d], or [n, 2 d] for 'concat'

    Raises
    ------
    InputError
        If `which` is none of these.
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
        case "pca":
            from glove_adagrad.pca import reduce

            return reduce(np.hstack([word, context]), word.shape[1], workers=workers)
    raise InputError(f"vectors {which!r} are unknown; choose one of {', '.join(VECTOR_CHOICES)}")


def reduced(wv: WordVectors, *, size: int | None = None, top: int | None = None, unk: bool = False) -> WordVectors:
    """Return vectors with fewer components, of fewer words, or with a row `<unk>`.

    Components and `<unk>` are found before words are left out, so that `top` changes no vector.

    Parameters
    ----------
    size : int, optional
        Number of components to keep, by `pca.reduce`.
    top : int, optional
        Number of first, that is most frequent, words to keep.
    unk : bool
        Add a last row `<unk>`; see `with_unk`.

    Raises
    ------
    InputError
        If `size` is impossible, or there is a word `<unk>` already.
    """
    if size is not None:
        from glove_adagrad.pca import reduce

        wv = WordVectors(wv.words, reduce(wv.vectors, size), wv.counts)
    if unk:
        wv = with_unk(wv)
    if top is not None and top < len(wv.words) - unk:
        rows = np.append(np.arange(top), len(wv.words) - 1) if unk else np.arange(top)
        counts = None if wv.counts is None else wv.counts[rows]
        wv = WordVectors([wv.words[row] for row in rows.tolist()], wv.vectors[rows], counts)
    return wv


def check_unicode(words: list[str], path: Path) -> None:
    """Refuse words whose bytes are not UTF-8, for formats whose words are Unicode text.

    Raises
    ------
    InputError
    """
    for row, word in enumerate(words):
        if not word.isascii() and any("\ud800" <= character <= "\udfff" for character in word):
            raise InputError(
                f"{path}: the word {word!r} (row {row + 1}) is not UTF-8 text, which this format needs; "
                "use word2vec-binary or keyedvectors"
            )


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


def unit_rows(vectors: np.ndarray) -> np.ndarray:
    """Return the rows divided by their lengths, in float64; rows of zeros stay zero."""
    vectors = vectors.astype(np.float64)
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 0)
