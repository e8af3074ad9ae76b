"""Nearest neighbours, single analogies and odd-one-out queries, with gensim's answers."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

import numpy as np

from glove_adagrad.errors import InputError
from glove_adagrad.evaluation.analogies import METHODS
from glove_adagrad.evaluation.cosines import Cosines, greatest, unit_vector
from glove_adagrad.formats import WordVectors

#: A word and its cosine, or with 3CosMul its score.
Neighbour = tuple[str, float]

_SUGGESTIONS = 5
_COMPARED = 50  # the likest spellings, among which frequency decides between equals
_ALIKE = 0.7  # difflib's ratio from which a spelling is worth showing
_SUGGESTED_FROM = 200_000  # the most frequent words; comparing all of a few millions takes too long


class Neighbourhood:
    """A model to be asked for neighbours.

    Parameters
    ----------
    wv : WordVectors
    name : str
        What the model is called in messages.
    restrict_vocab : int, optional
        Answers come from the first `restrict_vocab` words, the most frequent ones; all words may be asked about.
    """

    def __init__(self, wv: WordVectors, name: str = "the vectors", restrict_vocab: int | None = None) -> None:
        self._words = wv.words
        self._rows = {word: row for row, word in enumerate(wv.words)}
        self._cosines = Cosines(wv.vectors)
        self._name = name
        self._restrict_vocab = restrict_vocab

    def similar(self, word: str, top: int = 10) -> list[Neighbour]:
        """The `top` words of the greatest cosine with a word, greatest first.

        Raises
        ------
        InputError
            As `check` does.
        """
        self.check([word])
        row = self._rows[word]
        return self._best(self._cosines.add([row]), [row], top)

    def analogy(self, a: str, b: str, c: str, top: int = 10, method: str = "add") -> list[Neighbour]:
        """Words that are to c as b is to a, best first, by 3CosAdd or 3CosMul (Levy and Goldberg 2014).

        Raises
        ------
        InputError
            For another method, and as `check` does.
        """
        if method not in METHODS:
            raise InputError(f"analogy method {method!r} is unknown; choose one of {', '.join(METHODS)}")
        self.check([a, b, c])
        rows = [self._rows[word] for word in (b, c, a)]
        score = self._cosines.add if method == "add" else self._cosines.multiply
        return self._best(score(rows[:2], rows[2:]), rows, top)

    def odd_one_out(self, words: Sequence[str]) -> list[Neighbour]:
        """Words with their cosine to the mean of their unit vectors, ascending, so the odd one out comes first.

        Raises
        ------
        InputError
            For fewer than three different words, and as `check` does.
        """
        different = list(dict.fromkeys(words))
        if len(different) < 3:
            raise InputError(f"{len(different)} different words given; which one is odd takes at least three")
        self.check(different)
        units = np.array([self._cosines.unit(self._rows[word]) for word in different])
        cosines = units @ unit_vector(units.mean(axis=0))
        return sorted(zip(different, cosines.tolist(), strict=True), key=lambda found: found[1])

    def check(self, words: Sequence[str]) -> None:
        """Refuse words that cannot be asked about.

        Raises
        ------
        InputError
            Naming all words without a vector, with near spellings of each, or one whose vector is zero.
        """
        unknown = [word for word in dict.fromkeys(words) if word not in self._rows]
        if unknown:
            parts = []
            for word in unknown:
                near = self.near_spellings(word)
                parts.append(f"{word!r} ({'near spellings: ' + ', '.join(near) if near else 'no near spelling'})")
            raise InputError(f"not among the {len(self._rows):,} words of {self._name}: {'; '.join(parts)}")
        for word in words:
            if not self._cosines.norms[self._rows[word]]:
                raise InputError(f"the vector of {word!r} in {self._name} is zero: nothing is near it")

    def near_spellings(self, word: str) -> list[str]:
        """Known words that are spelt much like this one, letter case ignored: by likeness, then by frequency."""
        spellings: dict[str, list[str]] = {}
        folded = word.casefold()
        for known in self._words[:_SUGGESTED_FROM]:
            if abs(len(known) - len(word)) <= 2:
                spellings.setdefault(known.casefold(), []).append(known)
        found = difflib.get_close_matches(folded, spellings, n=_COMPARED, cutoff=_ALIKE)
        ranks = {spelling: rank for rank, spelling in enumerate(spellings)}
        matcher = difflib.SequenceMatcher(b=folded)

        def likeness(spelling: str) -> tuple[float, int]:
            matcher.set_seq1(spelling)
            return -matcher.ratio(), ranks[spelling]

        return [known for spelling in sorted(found, key=likeness) for known in spellings[spelling]][:_SUGGESTIONS]

    def _best(self, scores: np.ndarray, asked: Sequence[int], top: int) -> list[Neighbour]:
        """The words of the `top` greatest scores, without those asked for and those that have no cosine."""
        rows = greatest(scores[: self._restrict_vocab], top + len(asked)).tolist()
        found = [(self._words[row], float(scores[row])) for row in rows if row not in asked]
        return [(word, score) for word, score in found[:top] if np.isfinite(score)]
