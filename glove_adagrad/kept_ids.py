"""`KeptIds`: a text as ids, kept in memory from counting its words until its co-occurrences are counted."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

import numpy as np

from glove_adagrad.corpus import Progress
from glove_adagrad.word_table import WordTable

#: Ids take at most this part of the memory for counting.
_PART_OF_MEMORY = 4


class KeptIds:
    """The ids that counting words gives, if they fit the memory; a text is then read and tokenized only once.

    Threads count words in tables of their own, each with its own ids. Once the ranks of words are known, `ranked`
    turns ids into them.

    Parameters
    ----------
    boundary : {"line", "blank-line", "none"}
        Where a context ends.
    memory : int
        Bytes for counting, of which ids take at most a fourth.

    Attributes
    ----------
    complete : bool
        Whether the ids of the whole text are here; not before `finish`, and not if they did not fit.
    size : int
        Bytes of the ids.
    """

    def __init__(self, boundary: str, memory: int) -> None:
        self.boundary = boundary
        self.complete = False
        self.size = 0
        self._most = memory // _PART_OF_MEMORY
        #: Ids of pieces of text, the number of their table, and bytes of the source up to their end.
        self._pieces: deque[tuple[np.ndarray, int, int]] | None = deque()
        self._table = WordTable()
        self._numbers: Sequence[np.ndarray | None] = ()

    def add(self, ids: np.ndarray, table: int, source_bytes: int) -> None:
        """Keep the ids of the next piece of text, unless there are too many by now."""
        if self._pieces is not None:
            self._pieces.append((ids, table, source_bytes))
            self.size += ids.nbytes
            if self.size > self._most:
                self.give_up()

    def give_up(self) -> None:
        """Forget all ids; the text will be read again."""
        self._pieces, self.size = None, 0

    def finish(self, table: WordTable, numbers: Sequence[np.ndarray | None]) -> None:
        """Take the table of all words; for each table of the pieces, ids in that one (uint32) by its own, or None.

        None stands for the table of all words itself.
        """
        from glove_adagrad.kernels.words import UNKNOWN

        if self._pieces is not None and table.used[0] < UNKNOWN:
            self.complete = True
            self._table, self._numbers = table, numbers
        else:
            self.give_up()

    def ranked(
        self, table: WordTable, keep_positions: bool, progress: Progress | None
    ) -> Iterator[tuple[np.ndarray, int]]:
        """Yield what `Vocabulary.encode` does, and forget it; `table` has the words under their ranks."""
        from glove_adagrad.kernels import words

        assert self._pieces is not None
        ranks = self._table.ranks(table)
        by_table = [ranks if numbers is None else ranks[numbers] for numbers in self._numbers]
        self.complete, self._table, self._numbers = False, WordTable(), ()
        while self._pieces:
            ids, number, done = self._pieces.popleft()
            written, found = words.rank_ids(ids, by_table[number], keep_positions, ids)
            if progress:
                progress(done)
            yield ids[:written], found
