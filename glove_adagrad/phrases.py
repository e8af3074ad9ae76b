"""Phrases: words that occur together so often that they become one word (`new_york`), found by gensim's `Phrases`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glove_adagrad.corpus import Corpus, TextFiles
from glove_adagrad.decoding import DamagedError, check_format, check_seal, decoding, is_number, read_json, sealed_json
from glove_adagrad.errors import InputError
from glove_adagrad.files import atomic_file
from glove_adagrad.text import to_text
from glove_adagrad.text_file import TextFile
from glove_adagrad.tokenizing import changed_lines

if TYPE_CHECKING:
    from gensim.models.phrases import FrozenPhrases

#: Name of the file in the folder of a run.
NAME = "phrases.json"

_FORMAT, _VERSION = "glove-adagrad phrases", 1

#: What separates words in a text.
_BLANKS = re.compile(r"[ \t]+")


@dataclass(frozen=True)
class Phrases:
    """Phrases of some passes over a text. Each pass finds pairs among the words and phrases of the pass before.

    Attributes
    ----------
    passes : sequence of dict
        For each pass the score of every phrase, by its words with the delimiter between them.
    delimiter : str
    threshold : float
        Scores are larger.
    """

    passes: Sequence[dict[str, float]]
    delimiter: str
    threshold: float

    @classmethod
    def learn(cls, corpus: Corpus, passes: int) -> Phrases:
        """Find the phrases of a text with the default settings of gensim.

        Parameters
        ----------
        corpus : Corpus
            Each line is a sentence.
        passes : int
            1 finds phrases of two words; with each further pass they can be twice as long.

        Raises
        ------
        InputError
            If `passes` is less than 1.
        """
        from gensim.models.phrases import Phrases as Learner

        if passes < 1:
            raise InputError(f"phrases {passes}: must be 1 or more passes, or 0 for no phrases")
        found = cls([], "_", 0.0)
        for _ in range(passes):
            learner = Learner(found._sentences(corpus))
            # its export_phrases() takes the words of a phrase of an earlier pass for single ones
            scores = learner.find_phrases(found._sentences(corpus))
            found = cls([*found.passes, scores], learner.delimiter, float(learner.threshold))
        return found

    @classmethod
    def read(cls, folder: Path) -> Phrases | None:
        """Read the phrases of a run; None if it was trained without.

        Raises
        ------
        InputError
            If the file is damaged.
        """
        path = folder / NAME
        if not path.exists():
            return None
        with decoding(path):
            data = path.read_bytes()
        values = read_json(data, path)
        check_format(values, _FORMAT, _VERSION, path)
        check_seal(values, path, "copy it again, or train again")
        passes, delimiter, threshold = (values.get(name) for name in ("passes", "delimiter", "threshold"))
        sound = isinstance(passes, list) and isinstance(delimiter, str) and is_number(threshold)
        sound = sound and all(isinstance(scores, dict) and all(map(is_number, scores.values())) for scores in passes)
        if not sound:
            raise DamagedError(f"{path}: is damaged")
        return cls(passes, delimiter, threshold)

    def write(self, folder: Path) -> None:
        """Write the file of a run."""
        with atomic_file(folder / NAME) as file:
            file.write(sealed_json({"format": f"{_FORMAT} {_VERSION}", **self.__getstate__()}))

    def join(self, words: Iterable[str]) -> list[str]:
        """Return words with those of each phrase joined, as in the text that was trained on."""
        joined = list(words)
        for pass_ in self._frozen:
            joined = [word for word, _ in pass_.analyze_sentence(joined)]
        return joined

    def applied(self, corpus: Corpus, tmp: Path | None, name: str) -> TextFiles:
        """Copy a text, with phrases joined, to a temporary file.

        Parameters
        ----------
        tmp : Path, optional
            Folder of the file; the system's temporary folder by default.
        name : str
            What messages call the text.
        """
        blocks = (changed_lines(chunk.text.tobytes(), self._joined_line) for chunk in corpus.chunks())
        copy = TextFiles([TextFile.copy(name, tmp, blocks)])
        copy.notes = getattr(corpus, "notes", [])
        return copy

    def _joined_line(self, line: str) -> str:
        return " ".join(self.join(_words(line)))

    def _sentences(self, corpus: Corpus) -> Iterator[list[str]]:
        for chunk in corpus.chunks():
            for line in to_text(chunk.text.tobytes()).split("\n"):
                if words := _words(line):
                    yield self.join(words)

    @cached_property
    def _frozen(self) -> list[FrozenPhrases]:
        """Gensim's objects, which apply a pass."""
        from gensim.models.phrases import FrozenPhrases

        found = []
        for scores in self.passes:
            frozen = FrozenPhrases.__new__(FrozenPhrases)  # whose own constructor takes the counts of a text
            frozen.phrasegrams, frozen.threshold, frozen.delimiter = scores, self.threshold, self.delimiter
            frozen.connector_words = frozenset()
            found.append(frozen)
        return found

    def __getstate__(self) -> dict[str, Any]:
        return {"passes": list(self.passes), "delimiter": self.delimiter, "threshold": self.threshold}


def _words(line: str) -> list[str]:
    return [word for word in _BLANKS.split(line) if word]
