"""`Counting`: how a text is counted, from its words to a matrix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from glove_adagrad.cooccurrence.count import count_cooccurrences
from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
from glove_adagrad.cooccurrence.windows import Windows
from glove_adagrad.corpus import Corpus
from glove_adagrad.vocabulary import Vocabulary
from glove_adagrad.warm_start import kept_vocabulary


@dataclass(frozen=True)
class Counting:
    """How a text is counted.

    Attributes
    ----------
    min_count, max_vocab
        As for `Vocabulary.count`.
    phrases : int
        Passes of `Phrases.learn`, by which words are joined before they are counted.
    windows : Windows
    min_cooccurrence : float
        As for `count_cooccurrences`.
    """

    min_count: int = 5
    max_vocab: int | None = None
    phrases: int = 0
    windows: Windows = field(default_factory=Windows)
    min_cooccurrence: float = 0.0

    def count_words(self, corpus: Corpus, keep: Sequence[str] = (), **resources: Any) -> Vocabulary:
        """Count the words of a text; with words to `keep`, as `kept_vocabulary` does, else as `Vocabulary.count`."""
        limits: dict[str, Any] = {"min_count": self.min_count, "max_vocab": self.max_vocab, **resources}
        return kept_vocabulary(keep, corpus, **limits) if keep else Vocabulary.count(corpus, **limits)

    def count_cooccurrences(
        self, corpus: Corpus, vocabulary: Vocabulary, output: Path, **resources: Any
    ) -> CooccurrenceMatrix:
        """Count the co-occurrences of a text whose words have just been counted, as `count_cooccurrences` does."""
        return count_cooccurrences(
            corpus,
            vocabulary,
            output,
            windows=self.windows,
            min_cooccurrence=self.min_cooccurrence,
            same_text=True,
            **resources,
        )
