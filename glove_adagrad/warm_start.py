"""Where a training starts, other than from drawn numbers: given vectors, vectors to stay near, an earlier run."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from glove_adagrad.checkpoint import Checkpoint
from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
from glove_adagrad.corpus import Corpus
from glove_adagrad.errors import InputError
from glove_adagrad.trainer import Anchors, Parameters, Trainer
from glove_adagrad.trainer.parameters import Vectors
from glove_adagrad.vocabulary import Progress, Vocabulary, byte_order


def start_from(trainer: Trainer, path: Path, *, trust_pickle: bool = False, strict: bool = False) -> int:
    """Start from vectors in a file, for the words that it has; the others stay as drawn.

    From a run, word and context vectors and biases are taken over. Of another file, which has one vector a word, word
    plus context vector start at that. The update rule's state is that of the beginning. `trust_pickle` and `strict`
    are those of `formats.read_vectors`.

    Returns
    -------
    int
        How many words start from the file.

    Raises
    ------
    InputError
        If the file cannot be read, its vectors are of another size, or it has none of the vocabulary's words.
    """
    from glove_adagrad.formats import is_run, read_run, read_vectors

    size = trainer.settings.vector_size
    if is_run(path):
        run = read_run(path)
        ours, theirs = _common(trainer.matrix.vocabulary, run.words, path)
        _check_size(path, run.word_vectors, size)
        named = (run.word_vectors, run.context_vectors, run.word_biases, run.context_biases)
        trainer.parameters.set_vectors(ours, Vectors(*(array[theirs] for array in named)))
    else:
        vectors = read_vectors(path, trust_pickle=trust_pickle, strict=strict)
        ours, theirs = _common(trainer.matrix.vocabulary, vectors.words, path)
        _check_size(path, vectors.vectors, size)
        trainer.parameters.set_sums(ours, vectors.vectors[theirs])
    return len(ours)


def read_anchors(
    path: Path,
    matrix: CooccurrenceMatrix,
    vector_size: int,
    weight: float,
    *,
    trust_pickle: bool = False,
    strict: bool = False,
) -> Anchors:
    """Read anchor vectors for the words of a matrix; `trust_pickle` and `strict` as in `formats.read_vectors`.

    Raises
    ------
    InputError
        If the file cannot be read, its vectors are of another size, or it has none of the matrix's words.
    """
    from glove_adagrad.formats import read_vectors

    vectors = read_vectors(path, trust_pickle=trust_pickle, strict=strict)
    _check_size(path, vectors.vectors, vector_size)
    ours, theirs = _common(matrix.vocabulary, vectors.words, path)
    return Anchors(ours, np.ascontiguousarray(vectors.vectors[theirs]), weight)


def extended_vocabulary(
    old: Vocabulary,
    corpus: Corpus,
    *,
    min_count: int = 5,
    workers: int = 1,
    memory: int = 4 << 30,
    progress: Progress | None = None,
) -> Vocabulary:
    """The words of an earlier vocabulary and of a new text together, with their counts added.

    Words too rare for the earlier vocabulary enter with what they have in the new text.
    """
    new = Vocabulary.count(corpus, min_count=1, workers=workers, memory=memory, progress=progress)
    counts = dict(zip(old.words, old.counts.tolist(), strict=True))
    for word, count in zip(new.words, new.counts.tolist(), strict=True):
        counts[word] = counts.get(word, 0) + count
    kept = sorted(
        ((word, count) for word, count in counts.items() if count >= min_count),
        key=lambda item: (-item[1], byte_order(item[0])),
    )
    if not kept:
        raise InputError(f"no word occurs {min_count} times in both texts together; lower --min-count")
    return Vocabulary([word for word, _ in kept], np.array([count for _, count in kept], np.int64))


def continue_from(trainer: Trainer, checkpoint: Checkpoint, words: Vocabulary) -> None:
    """Take over parameters and the rule's state of an earlier run, word by word; new words stay as drawn.

    Parameters
    ----------
    words : Vocabulary
        Of the earlier run.
    """
    settings = checkpoint.settings
    earlier = Parameters(len(words), settings.vector_size, settings.rule)
    earlier.restore(checkpoint.arrays)
    rank = {word: k for k, word in enumerate(trainer.matrix.vocabulary.words)}
    ours = np.array([rank.get(word, -1) for word in words.words], np.int64)
    theirs = np.flatnonzero(ours >= 0)
    trainer.parameters.take_over(ours[theirs], earlier, theirs)


def _common(vocabulary: Vocabulary, words: list[str], path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Ranks here and rows there of the words that both have."""
    rows = {word: row for row, word in enumerate(words)}
    found = np.array([rows.get(word.decode("utf-8", "surrogateescape"), -1) for word in vocabulary.words], np.int64)
    ours = np.flatnonzero(found >= 0)
    if not len(ours):
        raise InputError(f"{path}: has none of the {len(vocabulary):,} words of the vocabulary")
    return ours, found[ours]


def _check_size(path: Path, vectors: np.ndarray, size: int) -> None:
    if vectors.shape[1] != size:
        raise InputError(
            f"{path}: has vectors of {vectors.shape[1]} components; give --vector-size {vectors.shape[1]}"
        )
