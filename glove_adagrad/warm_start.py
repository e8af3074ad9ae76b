"""Initialisation other than random: the counts, given vectors, anchor vectors, or an earlier run."""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from glove_adagrad.checkpoint import Checkpoint
from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
from glove_adagrad.corpus import Corpus, Progress
from glove_adagrad.errors import InputError
from glove_adagrad.kept_ids import KeptIds
from glove_adagrad.svd import SVDSettings, decompose_stream
from glove_adagrad.text import to_bytes
from glove_adagrad.trainer import Anchors, Trainer, TrainingSettings
from glove_adagrad.trainer.parameters import Vectors
from glove_adagrad.vocabulary import Vocabulary, check_limits
from glove_adagrad.word_table import UNKNOWN_WORD, byte_order

if TYPE_CHECKING:
    from glove_adagrad.formats import RunVectors, WordVectors


#: Bytes that no word of a text has.
_WHITE_SPACE = re.compile(rb"[ \t\n\r\0]")


@dataclass(frozen=True)
class Start:
    """Vectors to start from and anchor vectors: files, or anything that `formats.as_word_vectors` takes.

    Attributes
    ----------
    init, optional
        Vectors to start from.
    keep_words : bool
        Keep all words of `init`, or of an earlier run that is extended.
    anchor, optional
        Anchor vectors.
    anchor_weight : float
        Weight mu of the penalty mu |w + c - r|^2 of each word with an anchor r.
    trust_pickle, strict : bool
        How files are read, see `formats.read_vectors`.
    names : tuple of str or None
        What messages call `init` and `anchor`; by default what they are.
    """

    init: Any = None
    keep_words: bool = False
    anchor: Any = None
    anchor_weight: float = 0.1
    trust_pickle: bool = False
    strict: bool = False
    names: tuple[str | None, str | None] = (None, None)

    def read(self, vector_size: int) -> Start:
        """Return the same with all vectors in memory; errors are those of `read_start`."""
        names = [None if given is None else source_name(given) for given in (self.init, self.anchor)]
        init, anchor = (self._read(given, vector_size) for given in (self.init, self.anchor))
        return replace(self, init=init, anchor=anchor, names=(names[0], names[1]))

    def check(self, vector_size: int) -> list[tuple[Any, RunVectors | WordVectors]]:
        """Read the given sources, and return each with its vectors; errors are those of `read_start`."""
        given = [source for source in (self.init, self.anchor) if source is not None]
        return [(source, self._read(source, vector_size)) for source in given]

    def kept_words(self, vector_size: int) -> list[str]:
        """Return the words of `init` if they are to be kept, or else none."""
        return list(self._read(self.init, vector_size).words) if self.keep_words and self.init is not None else []

    def new_trainer(
        self, matrix: CooccurrenceMatrix, settings: TrainingSettings, *, workers: int = 1, memory: int | None = None
    ) -> tuple[Trainer, int]:
        """Return a trainer at epoch 0, and how many words start from the vectors of `init`."""
        size, anchors = settings.vector_size, None
        if self.anchor is not None:
            vectors = self._read(self.anchor, size)
            anchors = read_anchors(
                vectors, matrix, size, self.anchor_weight, self.names[1] or source_name(self.anchor)
            )
        trainer = Trainer(matrix, settings, anchors=anchors, workers=workers, memory=memory)
        start_from_counts(trainer, vectors=self.init is None)
        if self.init is None:
            return trainer, 0
        return trainer, start_from(trainer, self._read(self.init, size), self.names[0] or source_name(self.init))

    def _read(self, source: Any, vector_size: int) -> Any:
        if source is None:
            return None
        return read_start(source, vector_size, trust_pickle=self.trust_pickle, strict=self.strict)


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


def start_from_counts(trainer: Trainer, *, vectors: bool = True) -> None:
    """Start from the counts where the settings `init_biases` and `init_svd` ask for it.

    A word has the bias ln X_i. - ln(X..) / 2 and a context ln X_.j - ln(X..) / 2, where X_i., X_.j and X.. are the
    sums of a word, of a context and of all. Added, they are the logarithm of the expected count under independence.
    Words without counts on a side keep the bias that was drawn. `init_svd` adds U sqrt(S) and V sqrt(S) of the
    positive PMI matrix U S V^T, times that number, to the drawn vectors of words and of contexts: their products
    approximate by how much ln X exceeds the sum of the biases.

    Parameters
    ----------
    vectors : bool
        False starts biases only. Given vectors of other words would not fit those of the decomposition.
    """
    settings, parameters = trainer.settings, trainer.parameters
    if not settings.init_biases and not settings.init_svd:
        return
    start = parameters.vectors()
    by_row = trainer.stream.marginals
    half = math.log(by_row[0].sum()) / 2
    for biases, row_sums in zip((start.word_biases, start.context_biases), by_row, strict=True):
        sums = row_sums[parameters.rows]
        counted = sums > 0
        biases[counted] = np.log(sums[counted]) - half
    if settings.init_svd and vectors:
        svd = SVDSettings(settings.vector_size, power=0.5, seed=settings.seed)
        keep = settings.svd_weight > 0  # which needs it again after training
        found = decompose_stream(trainer.stream, svd, keep=keep, workers=trainer.workers)
        if found is not None:  # very small texts may have no pair that co-occurs more often than expected
            for side, part in zip((start.word_vectors, start.context_vectors), found, strict=True):
                side += np.float32(settings.init_svd) * part
    parameters.set_vectors(np.arange(parameters.words), start)


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
    keep_words: bool = False,
    workers: int = 1,
    memory: int = 4 << 30,
    kept_ids: KeptIds | None = None,
    progress: Progress | None = None,
) -> Vocabulary:
    """The words of an earlier vocabulary and of a new text together, with their counts added.

    Words too rare for the earlier vocabulary enter with what they have in the new text. With `keep_words`, all words
    of the earlier vocabulary are kept, whatever their counts.
    """
    new = Vocabulary.count(corpus, min_count=1, workers=workers, memory=memory, kept_ids=kept_ids, progress=progress)
    counts = dict(zip(old.words, old.counts.tolist(), strict=True))
    for word, count in zip(new.words, new.counts.tolist(), strict=True):
        counts[word] = counts.get(word, 0) + count
    earlier = set(old.words) if keep_words else set()
    kept = sorted(
        ((word, count) for word, count in counts.items() if count >= min_count or word in earlier),
        key=lambda item: (-item[1], byte_order(item[0])),
    )
    if not kept:
        raise InputError(f"no word occurs {min_count} times in both texts together; lower `min_count`")
    return Vocabulary([word for word, _ in kept], np.array([count for _, count in kept], np.int64))


def kept_vocabulary(
    words: Sequence[str],
    corpus: Corpus,
    *,
    min_count: int = 5,
    max_vocab: int | None = None,
    workers: int = 1,
    memory: int = 4 << 30,
    kept_ids: KeptIds | None = None,
    progress: Progress | None = None,
) -> Vocabulary:
    """The frequent words of a text, and all words of given vectors.

    Words of the vectors have the count that they have in the text, however small, and 0 if the text lacks them: such
    a word has no cells, is never drawn as half of an unobserved pair, and keeps its vector.

    Parameters
    ----------
    words : sequence of str
        Of the vectors, in their order, which those that the text lacks keep.
    min_count, max_vocab
        As for `Vocabulary.count`, for the other words.

    Raises
    ------
    InputError
        As `Vocabulary.count` does, and if no word of the text is in the vocabulary.

    Warns
    -----
    UserWarning
        If words cannot be kept because they have white space in them, as a vocabulary cannot hold them.
    """
    check_limits(min_count, max_vocab)
    given = dict.fromkeys(map(to_bytes, words))
    keepable = [word for word in given if word != UNKNOWN_WORD and not _WHITE_SPACE.search(word)]
    if dropped := len(given.keys() - {UNKNOWN_WORD}) - len(keepable):
        warnings.warn(
            f"{dropped:,} of the words to keep are left out: they have white space in them, as no word of a text has",
            stacklevel=2,
        )
    new = Vocabulary.count(corpus, min_count=1, workers=workers, memory=memory, kept_ids=kept_ids, progress=progress)
    frequent = int(np.count_nonzero(new.counts >= min_count))  # the first ones
    frequent = min(frequent, len(new) if max_vocab is None else max_vocab)
    kept = [rank for rank, word in enumerate(new.words) if rank < frequent or word in given]
    if not kept:
        raise InputError(f"no word occurs {min_count} times, or is in the given vectors; lower `min_count`")
    known = set(new.words)
    absent = [word for word in keepable if word not in known]
    counts = np.concatenate([new.counts[kept], np.zeros(len(absent), np.int64)])
    return Vocabulary([*(new.words[rank] for rank in kept), *absent], counts)


def continue_from(trainer: Trainer, checkpoint: Checkpoint, words: Vocabulary) -> None:
    """Copy parameters and the rule's state from an earlier run, word by word; new words keep their random start.

    Parameters
    ----------
    words : Vocabulary
        Of the earlier run.
    """
    earlier = checkpoint.parameters(len(words))
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
