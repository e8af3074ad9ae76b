"""Which words of a test set the vectors know, and under which rules."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Rules:
    """What counts as known; the defaults are gensim's.

    Attributes
    ----------
    restrict_vocab : int
        Number of the first, that is most frequent, words that may occur in questions and answers.
    case_insensitive : bool
        Words are compared in upper case; of several spellings the first one's vector is used.
    oov_as_zero : bool
        A question with an unknown word counts as answered wrongly, a pair as of similarity 0. Otherwise
        they are left out.
    """

    restrict_vocab: int = 300_000
    case_insensitive: bool = True
    oov_as_zero: bool = False

    def describe(self) -> str:
        """One line for readers of a result."""
        case = "letter case ignored" if self.case_insensitive else "letter case kept"
        oov = "unknown words count as zero" if self.oov_as_zero else "questions with unknown words left out"
        return f"{case}; {oov}; first {self.restrict_vocab:,} words"


class Lookup:
    """From words as written in a test set to rows of vectors.

    Attributes
    ----------
    size : int
        How many of the first words are in use.
    rows : dict
        Folded word -> the first row that has it.
    groups : int32 [size]
        For each row, the first row whose word folds to the same.
    """

    def __init__(self, words: list[str], rules: Rules) -> None:
        self._fold_case = rules.case_insensitive
        folded = [self.fold(word) for word in words[: rules.restrict_vocab]]
        self.size = len(folded)
        self.rows: dict[str, int] = {}
        for row, word in enumerate(folded):
            self.rows.setdefault(word, row)
        self.groups = np.array([self.rows[word] for word in folded], dtype=np.int32)

    def fold(self, word: str) -> str:
        return word.upper() if self._fold_case else word

    def row(self, word: str) -> int:
        """The row of a word, -1 if it is unknown."""
        return self.rows.get(self.fold(word), -1)
