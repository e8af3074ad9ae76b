"""fastText's binary models: words, and n-grams by hash, so that unknown words have vectors too.

fastText (Bojanowski et al. 2017) takes the mean of a word's own row and of the rows of its n-grams, and of the latter
alone for an unknown word. N-grams are hashed alike here, so their rows are written as they are, and the row of a
word is what its vector lacks.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from glove_adagrad.files import atomic_file
from glove_adagrad.formats.word_vectors import WordVectors
from glove_adagrad.subwords import NGrams
from glove_adagrad.text import to_bytes

#: First bytes of the file.
MAGIC = struct.pack("<i", 793712314)
_VERSION = 12

#: fastText's names of these settings: skip-gram with negative sampling. They matter to further training alone.
_SKIP_GRAM, _NEGATIVE_SAMPLING = 2, 2
_SETTINGS = {
    "ws": 5,
    "epoch": 1,
    "minCount": 1,
    "neg": 5,
    "wordNgrams": 1,
    "loss": _NEGATIVE_SAMPLING,
    "model": _SKIP_GRAM,
}
_LR_UPDATE_RATE, _SAMPLE = 100, 1e-4

#: The only word that fastText does not cut into n-grams.
_END_OF_SENTENCE = "</s>"

_AT_A_TIME = 1 << 16  # rows


def write(path: Path, wv: WordVectors, ngrams: NGrams) -> None:
    """Write a model that fastText and gensim's `load_facebook_vectors` read.

    It has a row for each word and for each of the n-grams' buckets. fastText expects output vectors as well, for
    training the model further; they are zeros.

    Parameters
    ----------
    path : Path
    wv : WordVectors
        Its vectors are those that the file gives to known words, but for rounding.
    ngrams : NGrams
        Give vectors to all other words.
    """
    words, size = wv.vectors.shape
    with atomic_file(path) as file:
        file.write(MAGIC + struct.pack("<i", _VERSION))
        file.write(struct.pack("<8i", size, *_SETTINGS.values()))
        file.write(struct.pack("<4id", ngrams.buckets, ngrams.min_n, ngrams.max_n, _LR_UPDATE_RATE, _SAMPLE))
        counts = np.ones(words, np.int64) if wv.counts is None else wv.counts
        file.write(struct.pack("<3i2q", words, words, 0, counts.sum(), -1))  # no labels, and not pruned
        for word, count in zip(wv.words, counts.tolist(), strict=True):
            file.write(to_bytes(word) + struct.pack("<xqb", count, 0))
        file.write(struct.pack("<?2q", False, words + ngrams.buckets, size))
        for rows in _input_rows(wv, ngrams):
            file.write(np.ascontiguousarray(rows, "<f4").data)
        file.write(struct.pack("<?2q", False, words, size))
        for start in range(0, words, _AT_A_TIME):
            file.write(bytes(4 * size * min(_AT_A_TIME, words - start)))


def _input_rows(wv: WordVectors, ngrams: NGrams) -> Iterator[np.ndarray]:
    for start in range(0, len(wv.words), _AT_A_TIME):
        words, vectors = wv.words[start : start + _AT_A_TIME], wv.vectors[start : start + _AT_A_TIME]
        sums, numbers = ngrams.sums(words)
        rows = (numbers[:, None] + 1) * vectors.astype(np.float64) - sums
        whole = np.array([word == _END_OF_SENTENCE for word in words])
        rows[whole] = vectors[whole]
        yield rows
    for start in range(0, ngrams.buckets, _AT_A_TIME):
        rows = np.zeros((min(_AT_A_TIME, ngrams.buckets - start), wv.vectors.shape[1]))
        first, last = np.searchsorted(ngrams.rows, (start, start + len(rows)))
        rows[ngrams.rows[first:last] - start] = ngrams.vectors[first:last]
        yield rows
