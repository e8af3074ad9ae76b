"""Counting the distinct words of a corpus, in a bounded amount of memory, and their order."""

from __future__ import annotations

import queue
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from glove_adagrad.corpus import Chunk, Corpus, Progress
from glove_adagrad.kept_ids import KeptIds
from glove_adagrad.parallel import in_order
from glove_adagrad.word_table import WordTable, byte_order

#: Below this table size, splitting the words into another pass is not worthwhile.
_LEAST_MEMORY = 1 << 20


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
    corpus: Corpus,
    *,
    min_count: int,
    workers: int,
    memory: int,
    kept_ids: KeptIds | None = None,
    progress: Progress | None = None,
) -> WordCounts:
    """Count the words of a corpus; the parameters are those of `Vocabulary.count`."""
    words: list[bytes] = []
    counts, prefixes = [np.empty(0, np.int64)], [np.empty(0, np.uint64)]
    distinct = 0
    has_unknown_word = False
    shares = [(0, 0)]
    while shares:
        table, left = _count_share(corpus, *shares.pop(), workers, memory, kept_ids, progress)
        shares += left
        kept_ids = None
        some = table.words(min_count)
        has_unknown_word = has_unknown_word or table.has_unknown_word
        distinct += int(table.used[0])
        words += some[0]
        counts.append(some[1])
        prefixes.append(some[2])
        del table  # before the next one grows
    return WordCounts(words, np.concatenate(counts), np.concatenate(prefixes), distinct, has_unknown_word)


def _count_share(
    corpus: Corpus,
    mask: int,
    share: int,
    workers: int,
    memory: int,
    kept_ids: KeptIds | None,
    progress: Progress | None,
) -> tuple[WordTable, list[tuple[int, int]]]:
    """Count the words of a share, or of a part of it if it needs too much memory; returns the shares left over."""
    left = []
    boundary = kept_ids.boundary if kept_ids else "none"
    tables = [WordTable(mask, share) for _ in range(workers)]
    idle: queue.SimpleQueue[int] = queue.SimpleQueue()
    for number in range(workers):
        idle.put(number)

    def work(chunk: Chunk, mask: int) -> tuple[np.ndarray, int, int]:
        number = idle.get()
        try:
            tables[number].limit_to(mask, share)
            ids = tables[number].count(chunk, boundary)
        finally:
            idle.put(number)  # also after an error, or the other threads would wait for it forever
        return ids.copy() if kept_ids else ids[:0], number, chunk.source_bytes

    with ThreadPoolExecutor(workers) as pool:
        for ids, number, done in in_order(pool, workers, ((work, (chunk, mask)) for chunk in corpus.chunks())):
            if kept_ids:
                kept_ids.add(ids, number, done)
            if progress:
                progress(done)
            # while a table is enlarged there is room for the old one and the new one, twice as large
            needed, allowed = 3 * sum(table.size for table in tables), max(memory, _LEAST_MEMORY * workers)
            if kept_ids and needed + kept_ids.size > allowed:
                kept_ids.give_up()
            if needed > allowed and mask < 1 << 30 and all(table.mask == mask for table in tables):
                # too many distinct words: count half of them now and come back for the others
                left.append((2 * mask + 1, share | (mask + 1)))
                mask = 2 * mask + 1
    largest = max(range(workers), key=lambda number: int(tables[number].used[0]))
    total = tables[largest]
    total.limit_to(mask, share)
    numbers = [None if number == largest else total.add(table) for number, table in enumerate(tables)]
    if kept_ids:
        kept_ids.finish(total, numbers)
    return total, left


def word_table(corpus: Corpus) -> WordTable:
    """Count all words of a corpus into one table, whatever memory it takes; tables are added up by `joined`."""
    return _count_share(corpus, 0, 0, 1, sys.maxsize, None, None)[0]


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
