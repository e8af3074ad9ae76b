"""Character n-grams fitted to finished vectors: better vectors of rare words, and vectors of unknown words.

The vector of a word is approximated by the sum of vectors of its n-grams, as fastText composes it (Bojanowski et al.
2017), but n-gram vectors are fitted to vectors that have been trained already, by ridge regression. N-grams and their
hashes are those of fastText, so that its programs compose the same vectors.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from glove_adagrad.errors import InputError, require
from glove_adagrad.parallel import number_of_workers
from glove_adagrad.text import to_bytes

if TYPE_CHECKING:
    from scipy.sparse import csr_array

#: Iterations of conjugate gradients; more change the vectors of held-out words by less than .001 of a cosine.
_ITERATIONS = 25

#: Components that a thread fits at a time.
_COMPONENTS = 32

#: Composed vectors of this number of the rarest words are as long as their own.
_RAREST = 100

#: No n-gram is longer.
LONGEST = 20

#: fastText's number of buckets is an int32.
MOST_BUCKETS = (1 << 31) - 1

#: A word of this many occurrences has half the weight of a frequent one in the fit.
_HALF = 50

#: Start and factor of the hash FNV-1a of 32 bits.
_FNV_START, _FNV_PRIME = np.uint32(2166136261), np.uint32(16777619)


@dataclass(frozen=True)
class SubwordSettings:
    """How n-grams are fitted, and how far words are moved towards what their n-grams say.

    Attributes
    ----------
    min_n, max_n : int
        Lengths of n-grams, in characters of `<word>`.
    ridge : float
        Weight of the penalty on the squared length of n-gram vectors. Among 0.1, 0.3, 1 and 3, none predicts
        held-out words better on four corpora, see `eval/after_training`.
    mix : float
        A word of n occurrences keeps n / (n + mix) of its own direction. The default takes 1 % of a word of 1,000
        occurrences from its n-grams, and half of a word of 10.
    max_ngrams : int
        At most this many n-grams, those in most words; n-grams of a single word are left out.
    buckets : int
        N-grams whose hashes are equal modulo this number have one vector in common, as in fastText.

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
    buckets: int = 2_000_000

    def __post_init__(self) -> None:
        if not 1 <= self.min_n <= self.max_n <= LONGEST:
            raise InputError(
                f"min_n {self.min_n} and max_n {self.max_n}: must be between 1 and {LONGEST}, the smaller first"
            )
        for name in ("ridge", "mix"):
            value = getattr(self, name)
            require(name, value, 0 < value <= 1e9, "above 0 and at most 1e9")
        require("max_ngrams", self.max_ngrams, self.max_ngrams >= 1, "1 or more")
        require("buckets", self.buckets, 1 <= self.buckets <= MOST_BUCKETS, f"between 1 and {MOST_BUCKETS:,}")


@dataclass(frozen=True)
class NGrams:
    """Fitted n-grams. The vector of a word is the mean over its n-grams; an n-gram that is not known counts as zeros.

    Attributes
    ----------
    rows : int64 [number of n-grams]
        The bucket of each vector, ascending.
    vectors : float32 [number of n-grams, d]
    buckets : int
        A hash modulo this number is a bucket.
    min_n, max_n : int
    """

    rows: np.ndarray
    vectors: np.ndarray
    buckets: int
    min_n: int
    max_n: int

    def __len__(self) -> int:
        return len(self.rows)

    def vector(self, word: str) -> np.ndarray | None:
        """The vector of any word, composed of its n-grams, float32 [d]; None if none of them is known."""
        hashes, _ = hash_ngrams([word], self.min_n, self.max_n)
        _, found = _places(self.rows, hashes % np.uint32(self.buckets))
        mean = self.vectors[found].sum(axis=0, dtype=np.float64) / max(len(hashes), 1)
        return mean.astype(np.float32) if len(found) else None

    def sums(self, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Sums of the n-gram vectors of words, float64 [number of words, d], and how many n-grams each has."""
        from scipy.sparse import csr_array

        hashes, owners = hash_ngrams(words, self.min_n, self.max_n)
        known, found = _places(self.rows, hashes % np.uint32(self.buckets))
        table = csr_array((np.ones(len(found)), (owners[known], found)), shape=(len(words), len(self)))
        return table @ self.vectors.astype(np.float64), np.bincount(owners, minlength=len(words))


def hash_ngrams(words: Sequence[str], min_n: int, max_n: int) -> tuple[np.ndarray, np.ndarray]:
    """Hash the n-grams of words as fastText does.

    Those are all parts of `<word>` of `min_n` to `max_n` characters in UTF-8, but `<` and `>` alone. Bytes that
    are not UTF-8 belong to the character before if they continue one.

    Returns
    -------
    hashes : uint32 [number of n-grams]
        FNV-1a, for which fastText takes bytes as signed numbers.
    words : int32 [number of n-grams]
        The index of the word of each.
    """
    hashes, owners = zip(*_by_length(words, min_n, max_n), strict=True)
    return np.concatenate(hashes), np.concatenate(owners)


def _by_length(words: Sequence[str], min_n: int, max_n: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """What `hash_ngrams` returns, for each length of n-grams."""
    marked = [b"<%b>" % to_bytes(word) for word in words]
    codes = np.frombuffer(b"".join(marked), np.int8).astype(np.uint32)
    begins = np.flatnonzero(codes & 0xC0 != 0x80)  # of characters
    widths = np.diff(begins, append=len(codes))
    owners = np.repeat(np.arange(len(marked), dtype=np.int32), list(map(len, marked)))[begins]
    changes = np.asarray(np.diff(owners, prepend=-1, append=-1) != 0)
    is_first, is_last = changes[:-1], changes[1:]
    first = last = np.arange(len(begins))
    hashes = np.full(len(begins), _FNV_START)
    for n in range(1, max_n + 1):
        for byte in range(widths[last].max(initial=0)):
            inside = np.flatnonzero(widths[last] > byte)
            hashes[inside] = (hashes[inside] ^ codes[begins[last[inside]] + byte]) * _FNV_PRIME
        if n >= min_n:
            taken = slice(None) if n > 1 else ~(is_first | is_last)
            yield hashes[taken], owners[first[taken]]
        longer = ~is_last[last]
        first, last, hashes = first[longer], last[longer] + 1, hashes[longer]


def fit_ngrams(
    words: Sequence[str],
    counts: np.ndarray,
    vectors: np.ndarray,
    settings: SubwordSettings | None = None,
    *,
    workers: int | None = None,
) -> tuple[np.ndarray, NGrams]:
    """Fit n-grams to vectors, and mix the vectors of rare words with what their n-grams say.

    With unit vectors v of words of n occurrences, n-gram vectors z minimise the sum over words of

        n / (n + 50) |sum of z / sqrt(number of n-grams) - v|^2

    plus `ridge` |z|^2. The direction of a word is then that of n v + `mix` r, where r is the sum of its n-grams
    scaled to length 1; its length stays. Sums have a fixed order, so equal inputs give equal bytes.

    Parameters
    ----------
    words : sequence of str
    counts : int64 [V]
        Occurrences of the words.
    vectors : float32 [V, d]
    settings : SubwordSettings, optional
    workers : int, optional
        Threads, all cores by default; the result does not depend on their number.

    Returns
    -------
    mixed : float32 [V, d]
        A word without known n-grams keeps its vector.
    ngrams : NGrams
        They compose vectors of the 100 rarest words as long as those that these words have, on average.

    Raises
    ------
    InputError
        If no n-gram is in two of the words.
    """
    settings = settings or SubwordSettings()
    units = _scaled(vectors)
    table, rows, to_means = _incidence(words, settings)
    weights = (counts / (counts + _HALF)).astype(np.float32)
    fitted = _ridge(table, units, weights, settings.ridge, number_of_workers(workers))
    sums = table @ fitted
    composed = _scaled(sums)
    share = (settings.mix / (counts + settings.mix))[:, None].astype(np.float32)
    lengths = _lengths(vectors)
    mixed = _scaled((1 - share) * units + share * composed) * lengths.astype(np.float32)
    has_ngrams = composed.any(axis=1, keepdims=True)
    rarest = np.flatnonzero(has_ngrams)[-_RAREST:]
    means = _lengths(sums[rarest]) * to_means[rarest, None]
    fitted *= np.float32(lengths[rarest].sum() / means.sum() if means.any() else 1)
    mixed = np.where(has_ngrams, mixed, vectors)
    return mixed, NGrams(rows, fitted, settings.buckets, settings.min_n, settings.max_n)


def share_ngrams(words: Sequence[str], settings: SubwordSettings) -> bool:
    """Whether two of the words have an n-gram in common."""
    return len(_shared(*hash_ngrams(words, settings.min_n, settings.max_n))) > 0


def _shared(hashes: np.ndarray, owners: np.ndarray) -> np.ndarray:
    """Hashes that two words or more have, those of most words first."""
    pairs = np.sort(hashes.astype(np.uint64) << np.uint64(32) | owners.astype(np.uint64))
    pairs = pairs[np.diff(pairs, prepend=~pairs[:1]) != 0]  # np.unique takes 40 times as long
    found, words = np.unique((pairs >> np.uint64(32)).astype(np.uint32), return_counts=True)
    order = np.argsort(-words, kind="stable")
    return found[order][: np.count_nonzero(words > 1)]


def _places(rows: np.ndarray, sought: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which of the numbers sought are among the ascending `rows`, and where these are."""
    at = np.minimum(np.searchsorted(rows, sought), len(rows) - 1)
    known = rows[at] == sought
    return known, at[known]


def _incidence(words: Sequence[str], settings: SubwordSettings) -> tuple[csr_array, np.ndarray, np.ndarray]:
    """Which n-grams each word has.

    Returns
    -------
    table : float32 [V, number of n-grams]
        For each of the k known n-grams of a word, 1 / sqrt(k).
    rows : int64 [number of n-grams]
        Their buckets.
    to_means : float64 [V]
        Factors that make means over all n-grams of a word from the product of `table` and n-gram vectors.
    """
    from scipy.sparse import csr_array

    hashes, owners = hash_ngrams(words, settings.min_n, settings.max_n)
    shared = _shared(hashes, owners)[: settings.max_ngrams]
    if not len(shared):
        raise InputError(f"no n-gram of {settings.min_n} to {settings.max_n} characters is in two of the words")
    rows = np.unique(shared % np.uint32(settings.buckets)).astype(np.int64)
    numbers = np.bincount(owners, minlength=len(words))
    known, columns = _places(rows, hashes % np.uint32(settings.buckets))
    owners = owners[known]
    roots = np.sqrt(np.bincount(owners, minlength=len(words)))
    entries = (1 / roots[owners]).astype(np.float32)
    table = csr_array((entries, (owners, columns)), shape=(len(words), len(rows)))
    return table, rows, roots / np.maximum(numbers, 1)


def _ridge(table: csr_array, targets: np.ndarray, weights: np.ndarray, ridge: float, workers: int) -> np.ndarray:
    """Minimise sum of weights |table z - targets|^2 + ridge |z|^2 by conjugate gradients, each component apart.

    Threads take components, a few at a time: less memory for each product.
    """
    turned = table.T.tocsr()
    size = targets.shape[1]
    parts = np.array_split(targets, min(size, max(workers, -(-size // _COMPONENTS))), axis=1)
    with ThreadPoolExecutor(workers) as pool:
        fitted = pool.map(lambda part: _conjugate_gradients(table, turned, part, weights[:, None], ridge), parts)
        return np.concatenate(list(fitted), axis=1)


def _conjugate_gradients(
    table: csr_array, turned: csr_array, targets: np.ndarray, weights: np.ndarray, ridge: float
) -> np.ndarray:
    """What `_ridge` computes, for some components; `turned` is the transpose of `table`."""
    residual = _product(turned, weights * targets)
    z = np.zeros_like(residual)
    direction = residual.copy()
    square = _squares(residual)
    for _ in range(_ITERATIONS):
        product = _product(turned, weights * _product(table, direction)) + np.float32(ridge) * direction
        curvature = np.einsum("ij,ij->j", direction, product, dtype=np.float64)
        step = np.divide(square, curvature, out=np.zeros_like(square), where=curvature > 0)
        z += step.astype(np.float32) * direction
        residual -= step.astype(np.float32) * product
        after = _squares(residual)
        direction *= np.divide(after, square, out=np.zeros_like(square), where=square > 0).astype(np.float32)
        direction += residual
        square = after
    return z


def _product(table: csr_array, vectors: np.ndarray) -> np.ndarray:
    """Return table @ vectors, as SciPy does, but faster: vectors are fetched ahead."""
    from glove_adagrad.kernels.sparse import multiply

    out = np.empty((table.shape[0], vectors.shape[1]), np.float32)
    multiply(table.indptr, table.indices, table.data, np.ascontiguousarray(vectors), out)
    return out


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
