"""Character n-grams fitted to finished vectors: better vectors of rare words, and vectors of unknown words.

The vector of a word is approximated by the sum of vectors of its n-grams, as fastText composes it (Bojanowski et al.
2017), but n-gram vectors are fitted to vectors that have been trained already, by ridge regression.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from glove_adagrad.errors import InputError, require

if TYPE_CHECKING:
    from scipy.sparse import csr_array

#: Iterations of conjugate gradients; more change the vectors of held-out words by less than .001 of a cosine.
_ITERATIONS = 25

#: Composed vectors are as long as those of this number of the rarest words.
_RAREST = 100

#: No n-gram is longer.
LONGEST = 20

#: A word of this many occurrences has half the weight of a frequent one in the fit.
_HALF = 50


@dataclass(frozen=True)
class SubwordSettings:
    """How n-grams are fitted, and how far words are moved towards what their n-grams say.

    Attributes
    ----------
    min_n, max_n : int
        Lengths of n-grams, in characters of `<word>`.
    ridge : float
        Weight of the penalty on the squared length of n-gram vectors. Among 0.1, 0.3, 1 and 3, this predicts
        held-out words best on two corpora, see `eval/after_training`.
    mix : float
        A word of n occurrences keeps n / (n + mix) of its own direction. The default takes 1 % of a word of 1,000
        occurrences from its n-grams, and half of a word of 10.
    max_ngrams : int
        At most this many n-grams, those in most words; n-grams of a single word are left out.

    Raises
    ------
    InputError
        If a value is impossible.
    """

    min_n: int = 3
    max_n: int = 6
    ridge: float = 0.3
    mix: float = 10.0
    max_ngrams: int = 500_000

    def __post_init__(self) -> None:
        if not 1 <= self.min_n <= self.max_n <= LONGEST:
            raise InputError(
                f"min_n {self.min_n} and max_n {self.max_n}: must be between 1 and {LONGEST}, the smaller first"
            )
        for name in ("ridge", "mix"):
            value = getattr(self, name)
            require(name, value, 0 < value <= 1e9, "above 0 and at most 1e9")
        require("max_ngrams", self.max_ngrams, self.max_ngrams >= 1, "1 or more")


class NGrams:
    """Fitted n-grams.

    Parameters
    ----------
    names : sequence of str
    vectors : float32 [number of n-grams, d]
    min_n, max_n : int
    length : float
        Of the vectors that are composed.
    """

    def __init__(self, names: Sequence[str], vectors: np.ndarray, min_n: int, max_n: int, length: float) -> None:
        self.names, self.vectors, self.min_n, self.max_n, self.length = list(names), vectors, min_n, max_n, length
        self._rows = {name: row for row, name in enumerate(self.names)}

    def vector(self, word: str) -> np.ndarray | None:
        """The vector of any word, composed of its n-grams, float32 [d]; None if none of them is known."""
        rows = [self._rows[name] for name in ngrams_of(word, self.min_n, self.max_n) if name in self._rows]
        total = self.vectors[rows].sum(axis=0, dtype=np.float64)
        length = float(np.sqrt((total * total).sum()))
        return (total * (self.length / length)).astype(np.float32) if length > 0 else None


def ngrams_of(word: str, min_n: int, max_n: int) -> list[str]:
    """N-grams of `<word>` from left to right, the shortest first, without the whole of it; repeated ones repeat."""
    marked = f"<{word}>"
    return [
        marked[start : start + n]
        for n in range(min_n, min(max_n, len(marked) - 1) + 1)
        for start in range(len(marked) - n + 1)
    ]


def fit_ngrams(
    words: Sequence[str], counts: np.ndarray, vectors: np.ndarray, settings: SubwordSettings | None = None
) -> tuple[np.ndarray, NGrams]:
    """Fit n-grams to vectors, and mix the vectors of rare words with what their n-grams say.

    With unit vectors v of words of n occurrences, n-gram vectors z minimise the sum over words of

        n / (n + 50) |sum of z / sqrt(number of n-grams) - v|^2

    plus `ridge` |z|^2. The direction of a word is then that of n v + `mix` r, where r is the sum of its n-grams
    scaled to length 1; its length stays. All of it runs on one thread and in a fixed order, so equal inputs give
    equal bytes.

    Parameters
    ----------
    words : sequence of str
    counts : int64 [V]
        Occurrences of the words.
    vectors : float32 [V, d]
    settings : SubwordSettings, optional

    Returns
    -------
    mixed : float32 [V, d]
        A word without known n-grams keeps its vector.
    ngrams : NGrams
        They compose vectors as long as those of the 100 rarest words, on average.

    Raises
    ------
    InputError
        If no n-gram is in two of the words.
    """
    settings = settings or SubwordSettings()
    units = _scaled(vectors)
    table, names = _incidence(words, settings)
    weights = (counts / (counts + _HALF)).astype(np.float32)
    fitted = _ridge(table, units, weights, settings.ridge)
    composed = _scaled(table @ fitted)
    share = (settings.mix / (counts + settings.mix))[:, None].astype(np.float32)
    lengths = _lengths(vectors)
    mixed = _scaled((1 - share) * units + share * composed) * lengths.astype(np.float32)
    mixed = np.where(composed.any(axis=1, keepdims=True), mixed, vectors)
    return mixed, NGrams(names, fitted, settings.min_n, settings.max_n, float(lengths[-_RAREST:].mean()))


def share_ngrams(words: Iterable[str], settings: SubwordSettings) -> bool:
    """Whether two of the words have an n-gram in common."""
    seen: set[str] = set()
    for word in words:
        own = set(ngrams_of(word, settings.min_n, settings.max_n))
        if not seen.isdisjoint(own):
            return True
        seen |= own
    return False


def _incidence(words: Sequence[str], settings: SubwordSettings) -> tuple[csr_array, list[str]]:
    """Which n-grams each word has, float32 [V, n-grams], and their names, the first found first."""
    from scipy.sparse import csr_array

    def found() -> Iterable[list[str]]:
        return (ngrams_of(word, settings.min_n, settings.max_n) for word in words)

    shared = Counter(name for names in found() for name in set(names))
    # most_common keeps the order of equal counts, which that of a set of strings would make random
    first = {name: 0 for name in itertools.chain.from_iterable(found()) if shared[name] > 1}
    kept = sorted(first, key=lambda name: -shared[name])[: settings.max_ngrams]
    if not kept:
        raise InputError(f"no n-gram of {settings.min_n} to {settings.max_n} characters is in two of the words")
    column = {name: number for number, name in enumerate(kept)}
    columns, sizes = [], []
    for names in found():
        here = [column[name] for name in names if name in column]
        columns.append(np.array(here, np.int32))
        sizes.append(len(here))
    lengths = np.array(sizes)
    entries = np.repeat(1 / np.sqrt(np.maximum(lengths, 1)), lengths).astype(np.float32)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    return csr_array((entries, np.concatenate(columns), starts), shape=(len(words), len(kept))), kept


def _ridge(table: csr_array, targets: np.ndarray, weights: np.ndarray, ridge: float) -> np.ndarray:
    """Minimise sum of weights |table z - targets|^2 + ridge |z|^2 by conjugate gradients, each component apart."""
    turned = table.T.tocsr()
    weights = weights[:, None]
    residual = turned @ (weights * targets)
    z = np.zeros_like(residual)
    direction = residual.copy()
    square = _squares(residual)
    for _ in range(_ITERATIONS):
        product = turned @ (weights * (table @ direction)) + np.float32(ridge) * direction
        curvature = np.einsum("ij,ij->j", direction, product, dtype=np.float64)
        step = np.divide(square, curvature, out=np.zeros_like(square), where=curvature > 0)
        z += step.astype(np.float32) * direction
        residual -= step.astype(np.float32) * product
        after = _squares(residual)
        direction *= np.divide(after, square, out=np.zeros_like(square), where=square > 0).astype(np.float32)
        direction += residual
        square = after
    return z


def _squares(matrix: np.ndarray) -> np.ndarray:
    """Sum of squares of each column, float64."""
    return np.asarray(np.einsum("ij,ij->j", matrix, matrix, dtype=np.float64))


def _scaled(vectors: np.ndarray) -> np.ndarray:
    """Vectors of length 1, float32; zeros stay zeros."""
    lengths = _lengths(vectors)
    return np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)


def _lengths(vectors: np.ndarray) -> np.ndarray:
    """Length of each row, float64 [V, 1]."""
    return np.asarray(np.sqrt(np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64))[:, None])
