"""Counting the distinct words of a corpus, in a bounded amount of memory, and their order."""

from __future__ import annotations

import queue
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from glove_adagrad.corpus import Chunk, Corpus, Progress
from glove_adagrad.parallel import in_order

#: Reserved by the file formats for the vector of unknown words.
UNKNOWN_WORD = b"<unk>"
_UNKNOWN_KEY = np.uint64(int.from_bytes(UNKNOWN_WORD, "little"))  # as `kernels.words` has it in its tables

#: Bytes as C compares them where its characters are signed: 0x80 to 0xFF come before 0x00 to 0x7F.
_SIGNED = bytes(byte ^ 0x80 for byte in range(256))


def byte_order(word: bytes) -> bytes:
    """Sort key for words of equal count: the order of Stanford's `vocab_count`, signed characters up to a zero."""
    return word.translate(_SIGNED) + b"\x80"


#: Below this table size, splitting the words into another pass is not worthwhile.
_LEAST_MEMORY = 1 << 20


class WordTable:
    """A hash table of words with their counts; see `kernels.words` for its arrays.

    It may be limited to a share of all words, those of a hash with (hash >> 32) & mask == share.
    """

    def __init__(self, mask: int = 0, share: int = 0, capacity: int = 1 << 12, arena: int = 1 << 15) -> None:
        self.slots = np.zeros((capacity, 4), np.uint64)
        self.arena = np.empty(arena, np.uint8)
        self.used = np.zeros(2, np.int64)
        self.hot = np.zeros((0, 2), np.uint64)
        self.mask, self.share = mask, share

    @property
    def size(self) -> int:
        return self.slots.nbytes + self.arena.nbytes

    @property
    def arrays(self) -> tuple[np.ndarray, ...]:
        return self.slots, self.arena, self.used

    @property
    def limits(self) -> tuple[np.uint64, np.uint64]:
        return np.uint64(self.mask), np.uint64(self.share)

    def count(self, text: np.ndarray) -> None:
        from glove_adagrad.kernels import words

        if len(self.hot) == 0:
            self.hot = np.zeros((words.HOT, 2), np.uint64)
        begin = 0
        while begin < len(text):
            begin = words.count_words(text, begin, *self.arrays, self.hot, *self.limits)
            if begin < len(text):
                self._rebuild(2 * self.used)

    def add(self, other: WordTable) -> None:
        """Add the counts of another table, those of this one's share."""
        from glove_adagrad.kernels import words

        self.move_hot()
        other.move_hot()
        begin = 0
        while begin < len(other.slots):
            begin = words.add_words(other.slots, begin, other.arena, *self.arrays, *self.limits)
            if begin < len(other.slots):
                self._rebuild(2 * self.used)

    def limit_to(self, mask: int, share: int) -> None:
        """Forget the words outside a share."""
        from glove_adagrad.kernels import words

        if self.mask != mask:
            self.move_hot()
            self.mask, self.share = mask, share
            self._rebuild(np.array(words.measure_share(self.slots, *self.limits)))

    def _rebuild(self, needed: np.ndarray) -> None:
        """Enlarge the table for `needed` words and bytes in total."""
        from glove_adagrad.kernels import words

        capacity = 1 << max(2 * int(needed[0]) - 1, 1).bit_length()
        larger = WordTable(self.mask, self.share, capacity, int(needed[1]) + words.LONGEST_TOKEN)
        words.add_words(self.slots, 0, self.arena, *larger.arrays, *self.limits)
        self.slots, self.arena, self.used = larger.arrays

    def move_hot(self) -> None:
        """Bring all counts into the slots."""
        from glove_adagrad.kernels import words

        if len(self.hot):
            needed = self.used + np.array([words.HOT, 8 * words.HOT])
            if needed[0] > len(self.slots) // 2 or needed[1] > len(self.arena):
                self._rebuild(needed)
            words.move_hot(self.hot, *self.arrays)

    @property
    def has_unknown_word(self) -> bool:
        """Whether `<unk>` is one of the words; all counts are in the slots."""
        return bool((self.slots[:, 0] == _UNKNOWN_KEY).any())

    def words(self, at_least: int) -> tuple[list[bytes], np.ndarray, np.ndarray]:
        """Words with that count or more, in no order; their counts, and keys (uint64) to order most of them by."""
        from glove_adagrad.kernels import words

        self.move_hot()
        number, size = self.used
        counts, prefixes = np.empty(number, np.int64), np.empty(number, np.uint64)
        text = np.empty(size + number, np.uint8)
        order = np.frombuffer(_SIGNED, np.uint8)
        number, size = words.list_words(self.slots, np.uint64(at_least), self.arena, order, counts, prefixes, text)
        return text[:size].tobytes().split(b"\n")[:-1], counts[:number], prefixes[:number]


class WordCounts(NamedTuple):
    """The words of a corpus that are frequent enough, in no order.

    words : list of bytes
    counts : int64 [n]
    prefixes : uint64 [n], keys to order most of them by.
    distinct : int, the number of distinct words, also rarer ones.
    has_unknown_word : bool, whether `<unk>` is one of them.
    """

    words: list[bytes]
    counts: np.ndarray
    prefixes: np.ndarray
    distinct: int
    has_unknown_word: bool


def count_words(
    corpus: Corpus, *, min_count: int, workers: int, memory: int, progress: Progress | None = None
) -> WordCounts:
    """Count the words of a corpus; the parameters are those of `Vocabulary.count`."""
    words: list[bytes] = []
    counts, prefixes = [np.empty(0, np.int64)], [np.empty(0, np.uint64)]
    distinct = 0
    has_unknown_word = False
    shares = [(0, 0)]
    while shares:
        table, left = _count_share(corpus, *shares.pop(), workers, memory, progress)
        shares += left
        some = table.words(min_count)
        has_unknown_word = has_unknown_word or table.has_unknown_word
        distinct += int(table.used[0])
        words += some[0]
        counts.append(some[1])
        prefixes.append(some[2])
        del table  # before the next one grows
    return WordCounts(words, np.concatenate(counts), np.concatenate(prefixes), distinct, has_unknown_word)


def _count_share(
    corpus: Corpus, mask: int, share: int, workers: int, memory: int, progress: Progress | None
) -> tuple[WordTable, list[tuple[int, int]]]:
    """Count the words of a share, or of a part of it if it needs too much memory; returns the shares left over."""
    left = []
    tables = [WordTable(mask, share) for _ in range(workers)]
    idle: queue.SimpleQueue[WordTable] = queue.SimpleQueue()
    for table in tables:
        idle.put(table)

    def work(chunk: Chunk, mask: int) -> int:
        table = idle.get()
        try:
            table.limit_to(mask, share)
            table.count(chunk.text)
        finally:
            idle.put(table)  # also after an error, or the other threads would wait for it forever
        return chunk.source_bytes

    with ThreadPoolExecutor(workers) as pool:
        for done in in_order(pool, workers, ((work, (chunk, mask)) for chunk in corpus.chunks())):
            if progress:
                progress(done)
            # while a table is enlarged there is room for the old one and the new one, twice as large
            too_large = 3 * sum(table.size for table in tables) > max(memory, _LEAST_MEMORY * workers)
            if too_large and mask < 1 << 30 and all(table.mask == mask for table in tables):
                # too many distinct words: count half of them now and come back for the others
                left.append((2 * mask + 1, share | (mask + 1)))
                mask = 2 * mask + 1
    tables.sort(key=lambda table: int(table.used[0]))
    total = tables.pop()
    total.limit_to(mask, share)
    while tables:
        total.add(tables.pop())
    return total, left


def word_table(corpus: Corpus) -> WordTable:
    """Count all words of a corpus into one table, whatever memory it takes; tables are added up by `joined`."""
    table, _ = _count_share(corpus, 0, 0, 1, sys.maxsize, None)
    table.move_hot()
    table.hot = table.hot[:0].copy()
    return table


def joined(tables: Sequence[WordTable]) -> WordTable:
    """Add up tables of `word_table` into a new one."""
    total = WordTable()
    for table in tables:
        total.add(table)
    return total


def words_of(table: WordTable, min_count: int) -> WordCounts:
    """Return the words of a table of `word_table` that occur `min_count` times or more."""
    return WordCounts(*table.words(min_count), int(table.used[0]), table.has_unknown_word)


def ranked(found: WordCounts) -> np.ndarray:
    """int64 [n]: the order of words, by count, descending, then by their bytes."""
    words, counts, prefixes = found.words, found.counts, found.prefixes
    order = np.lexsort([prefixes, -counts])
    alike = (np.diff(counts[order]) == 0) & (np.diff(prefixes[order]) == 0)
    # words that agree in their first bytes, and are as frequent, are few
    edges = np.flatnonzero(np.diff(np.concatenate([[False], alike, [False]])))
    for first, last in edges.reshape(-1, 2).tolist():
        order[first : last + 1] = sorted(order[first : last + 1].tolist(), key=lambda at: byte_order(words[at]))
    return order
