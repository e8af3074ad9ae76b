"""Initialisation other than random: given vectors, anchor vectors, or an earlier run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from glove_adagrad.checkpoint import Checkpoint
from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
from glove_adagrad.corpus import Corpus, Progress
from glove_adagrad.errors import InputError
from glove_adagrad.trainer import Anchors, Parameters, Trainer
from glove_adagrad.trainer.parameters import Vectors
from glove_adagrad.vocabulary import Vocabulary
from glove_adagrad.word_counting import byte_order

if TYPE_CHECKING:
    from glove_adagrad.formats import RunVectors, WordVectors


def read_start(source: Any, vector_size: int, **reading: bool) -> RunVectors | WordVectors:
    """Read vectors to start from, or anchor vectors; worth doing before hours of counting.

    Parameters
    ----------
    source
        Anything that `formats.as_word_vectors` takes.
    **reading
        `trust_pickle` and `strict`, as `formats.read_vectors` takes them.

    Raises
    ------
    InputError
        If a file cannot be read, or the vectors are of another size.
    TypeError
        If the source is of a kind that holds no vectors.
    """
    from glove_adagrad.formats import RunVectors, as_start

    start = as_start(source, **reading)
    size = (start.word_vectors if isinstance(start, RunVectors) else start.vectors).shape[1]
    if size != vector_size:
        raise InputError(f"{source_name(source)}: has vectors of {size} components; give `vector_size={size}`")
    return start


def start_from(trainer: Trainer, source: Any, name: str | None = None) -> int:
    """Start from given vectors, for the words that they have; the others stay as drawn.

    From a run or a `GloVe`, word and context vectors and biases are copied. With other sources, which have one vector
    for each word, the sum of word and context vector starts there. The update rule's state is the initial one.

    Parameters
    ----------
    source
        As for `read_start`, or what it returned.
    name : str, optional
        What the source is called in messages.

    Returns
    -------
    int
        How many words start from the vectors.

    Raises
    ------
    InputError
        As `read_start` does, and if the vectors have none of the vocabulary's words.
    """
    from glove_adagrad.formats import RunVectors

    start = read_start(source, trainer.settings.vector_size)
    ours, theirs = _common(trainer.matrix.vocabulary, start.words, name or source_name(source))
    if isinstance(start, RunVectors):
        named = (start.word_vectors, start.context_vectors, start.word_biases, start.context_biases)
        trainer.parameters.set_vectors(ours, Vectors(*(array[theirs] for array in named)))
    else:
        trainer.parameters.set_sums(ours, start.vectors[theirs])
    return len(ours)


def read_anchors(
    source: Any, matrix: CooccurrenceMatrix, vector_size: int, weight: float, name: str | None = None
) -> Anchors:
    """Anchor vectors for the words of a matrix that a source has; source and errors are those of `start_from`."""
    from glove_adagrad.formats import as_word_vectors

    vectors = as_word_vectors(read_start(source, vector_size))
    ours, theirs = _common(matrix.vocabulary, vectors.words, name or source_name(source))
    return Anchors(ours, np.ascontiguousarray(vectors.vectors[theirs]), weight)


def source_name(source: Any) -> str:
    return str(source) if isinstance(source, (str, Path)) else f"the {type(source).__name__}"


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
        raise InputError(f"no word occurs {min_count} times in both texts together; lower `min_count`")
    return Vocabulary([word for word, _ in kept], np.array([count for _, count in kept], np.int64))


def continue_from(trainer: Trainer, checkpoint: Checkpoint, words: Vocabulary) -> None:
    """Copy parameters and the rule's state from an earlier run, word by word; new words keep their random start.

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
    trainer.parameters.copy_from(ours[theirs], earlier, theirs)


def _common(vocabulary: Vocabulary, words: list[str], name: str) -> tuple[np.ndarray, np.ndarray]:
    """Ranks here and rows there of the words that both have."""
    rows = {word: row for row, word in enumerate(words)}
    found = np.array([rows.get(word.decode("utf-8", "surrogateescape"), -1) for word in vocabulary.words], np.int64)
    ours = np.flatnonzero(found >= 0)
    if not len(ours):
        raise InputError(f"{name}: has none of the {len(vocabulary):,} words of the vocabulary")
    return ours, found[ours]
