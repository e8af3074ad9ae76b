"""Counting on a cluster: words by shards and a tree, co-occurrences by shards, merged by ranges of tile rows.

The folder that is written is byte for byte that of one machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from glove_adagrad.cooccurrence.count import check_tokens, count_halves, encode, least_sum
from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix, check_output, check_replaceable, write_matrix
from glove_adagrad.cooccurrence.partition import Partition
from glove_adagrad.cooccurrence.spill import spill_folder
from glove_adagrad.cooccurrence.tiles import Tiles
from glove_adagrad.cooccurrence.windows import Windows
from glove_adagrad.corpus import Corpus
from glove_adagrad.dask.cluster import (
    Tasks,
    aligned,
    check_visible,
    connected,
    scratch,
    share_of_memory,
    task,
    threads,
)
from glove_adagrad.dask.merging import (
    Halves,
    add_range,
    joined_checksum,
    tables_of,
    take_range,
    tile_rows,
    write_range,
)
from glove_adagrad.dask.shards import Shards, bag_text, is_bag, shards_of
from glove_adagrad.errors import InputError
from glove_adagrad.files import atomic_folder, full_disk_named
from glove_adagrad.progress import progress_bar
from glove_adagrad.source_paths import check_apart
from glove_adagrad.text_options import TextOptions
from glove_adagrad.vocabulary import Vocabulary, check_limits
from glove_adagrad.word_counting import WordCounts, joined, word_table, words_of
from glove_adagrad.word_table import WordTable

if TYPE_CHECKING:
    from dask.bag import Bag
    from distributed import Client, Future

#: Tables and counts that are added up by one task.
_FAN_IN = 8

#: Ranges of tile rows for each thread.
_RANGES_PER_THREAD = 2


@dataclass(frozen=True)
class Work:
    """What the tasks of a count have in common.

    shards : Shards; of a bag an empty one, with the text as an argument of each task.
    memory : int or None, bytes that a task may use.
    tmp : Path or None, where temporary files go.
    """

    shards: Shards
    windows: Windows
    memory: int | None
    tmp: Path | None

    def corpus(self, number: int, items: Sequence[Any] | None) -> Corpus:
        if items is not None:
            return bag_text(items, self.shards.text.lowercase)
        return self.shards.corpus(number, scratch(self.tmp))

    def continues(self, number: int) -> bool:
        """Whether contexts reach from the shard before into this one."""
        if not 0 < number < len(self.shards):
            return False
        return self.windows.boundary != "line" or not self.shards.starts_line(number)


def count(
    source: str | Path | Sequence[str | Path] | Bag,
    output: str | Path,
    *,
    client: Client | None = None,
    vocabulary: Vocabulary | None = None,
    min_count: int = 5,
    max_vocab: int | None = None,
    windows: Windows | None = None,
    min_cooccurrence: float = 0.0,
    text: TextOptions | None = None,
    shard_bytes: int | None = None,
    storage_options: dict[str, Any] | None = None,
    memory: int | None = None,
    tmp: str | Path | None = None,
    show_progress: bool = False,
) -> CooccurrenceMatrix:
    """Count the co-occurrences of a corpus on a Dask cluster, into a folder that is byte for byte one machine's.

    Parameters
    ----------
    source : str, Path, sequence of them, or dask.bag.Bag
        Files, folders, patterns and URLs that fsspec knows (s3://, gs://, hf://); all workers read them. Or a bag of
        strings, each a text, or of lists of strings, each a sentence.
    output : str or Path
        The folder to write, on a file system that all workers share; it replaces one of that name, and appears only
        when complete.
    client : distributed.Client, optional
        The current one by default.
    vocabulary : Vocabulary, optional
        The words to count; by default those of the corpus that occur `min_count` times, at most `max_vocab`.
    windows : Windows, optional
        What counts, and how much; Stanford's defaults if left out.
    min_cooccurrence : float
        Cells whose X is smaller are left out.
    text : TextOptions, optional
        What the files contain; plain text by default.
    shard_bytes : int, optional
        About how many bytes of text a task counts. The folder does not depend on it.
    storage_options : dict, optional
        Options of the file systems of URLs.
    memory : int, optional
        Bytes that a task may use for counting; half of a thread's share of the worker's limit by default.
    tmp : str or Path, optional
        A folder that each worker has, for temporary files; the worker's own by default.
    show_progress : bool

    Raises
    ------
    InputError
        As counting on one machine does; if Dask is missing, there is no client or no worker, a worker has other
        versions, or cannot see a path; for a bag with the boundary `none`.
    GloveError
        If the client is closed, the scheduler is lost or workers die again and again.
    """
    windows, output = windows or Windows(), Path(output)
    check_limits(min_count, max_vocab)
    client = connected(client)
    given: Any = source
    items: list[Any] | None = None
    if is_bag(given):
        if windows.boundary == "none":
            raise InputError(
                "boundary 'none': contexts would reach from one partition of a bag into the next; use files"
            )
        items, name = given.to_delayed(), "the bag"
        shards = Shards((), text or TextOptions(), {})
    else:
        sources = [given] if isinstance(given, (str, Path)) else list(given)
        name = ", ".join(map(str, sources))
        check_apart(sources, output)
        shards = shards_of(
            sources,
            text or TextOptions(),
            threads=threads(client),
            shard_bytes=shard_bytes,
            storage=storage_options,
        )
    check_output(output)
    work = Work(shards, windows, memory, None if tmp is None else Path(tmp))
    with atomic_folder(output, check_replaceable) as folder, Tasks(client, str(output)) as tasks:
        check_visible(client, [folder, *shards.local_paths, *([] if tmp is None else [Path(tmp)])])
        job = _Count(tasks, work, items, quiet=not show_progress)
        same_text = vocabulary is None
        if vocabulary is None:
            vocabulary = job.vocabulary(name, min_count, max_vocab)
        windows.check_sums(int(vocabulary.counts.max()))
        vocabulary.write(folder / "vocab.txt")
        halves, tokens = job.matrix(vocabulary, folder, min_cooccurrence)
        check_tokens(tokens, int(vocabulary.counts.sum()) if same_text else None)
        write_matrix(
            folder, vocabulary, windows, tokens, halves, denominator=windows.denominator,
            min_cooccurrence=min_cooccurrence,
        )  # fmt: skip
    return CooccurrenceMatrix.open(output)


class _Count:
    """The tasks of a count."""

    def __init__(self, tasks: Tasks, work: Work, items: list[Any] | None, *, quiet: bool) -> None:
        self.tasks, self.quiet = tasks, quiet
        self.windows = work.windows
        # tasks, so that they are sent once and are there again when a worker is lost
        self.work = tasks.submit("glove-plan", _same, work)
        self.items: list[Any] = [None] * len(work.shards)
        self.sizes = work.shards.sizes
        if items is not None:
            self.items = tasks.client.compute(items)
            self.sizes = [1] * len(items)

    def vocabulary(self, name: str, min_count: int, max_vocab: int | None) -> Vocabulary:
        """Count words by shards, and add the counts up in a tree."""
        tables = [
            self.tasks.submit("glove-count-words", _count_words, self.work, number, items)
            for number, items in enumerate(self.items)
        ]
        marks = [self.tasks.submit("glove-counted", _mark, table) for table in tables]
        while len(tables) > 1:
            tables = [
                self.tasks.submit("glove-add-words", _add_words, tables[first : first + _FAN_IN])
                for first in range(0, len(tables), _FAN_IN)
            ]
        found = self.tasks.submit("glove-words", _words, tables[0], min_count)
        del tables
        self._wait("vocabulary", marks)
        return Vocabulary.chosen(
            self.tasks.results([found])[0], lambda word: name, min_count=min_count, max_vocab=max_vocab
        )

    def matrix(self, vocabulary: Vocabulary, folder: Path, min_cooccurrence: float) -> tuple[dict[str, Tiles], int]:
        """Count co-occurrences by shards, add them up by ranges, and have the ranges written to files in `folder`."""
        submit = self.tasks.submit
        minimum = least_sum(min_cooccurrence, self.windows)
        words = submit("glove-vocabulary", _read_vocabulary, str(folder / "vocab.txt"))
        words_before = self._words_before(words)
        parts = Partition(len(vocabulary)).parts
        number = min(parts, _RANGES_PER_THREAD * threads(self.tasks.client))
        edges = np.linspace(0, parts, number + 1).astype(int).tolist()
        alone = len(self.items) == 1
        counts = [
            submit(
                "glove-count", _count_shard, self.work, shard, items, words, before, minimum if alone else 1, edges
            )
            for shard, (items, before) in enumerate(zip(self.items, words_before, strict=True))
        ]
        tokens = [submit("glove-counted", _tokens, counted) for counted in counts]
        ranges = [
            self._added(
                [submit("glove-split", take_range, counted, k) for counted in counts], vocabulary, first, minimum
            )
            for k, first in enumerate(edges[:-1])
        ]
        tables = [submit("glove-table", tables_of, rows) for rows in ranges]
        del counts
        total = sum(self._wait("co-occurrences", tokens))
        halves = self._written(ranges, self.tasks.results(tables), folder, len(vocabulary))
        return halves, total

    def _words_before(self, words: Future) -> list[int]:
        """How many words the text before each shard has; needed only for draws."""
        if not self.windows.sample:
            return [0] * len(self.items)
        numbers = [
            self.tasks.submit("glove-measure", _count_tokens, self.work, number, items, words)
            for number, items in enumerate(self.items)
        ]
        return [0, *np.cumsum(self._wait("positions", numbers)).tolist()[:-1]]

    def _added(self, pieces: list[Future], vocabulary: Vocabulary, first: int, minimum: int) -> Future:
        """Add up a range of all counts in a tree."""
        while len(pieces) > 1:
            least = minimum if len(pieces) <= _FAN_IN else 1
            pieces = [
                self.tasks.submit("glove-merge", add_range, pieces[k : k + _FAN_IN], len(vocabulary), first, least)
                for k in range(0, len(pieces), _FAN_IN)
            ]
        return pieces[0]

    def _written(
        self, ranges: list[Future], tables: list[dict[str, tuple[np.ndarray, int]]], folder: Path, words: int
    ) -> dict[str, Tiles]:
        """Have the ranges written one after the other into a file for each half."""
        paths = {half: folder / f"{half}.bin" for half in tables[0]}
        sizes = {half: [found[half][1] for found in tables] for half in paths}
        begins = {half: np.concatenate([[0], np.cumsum(sizes[half])]).tolist() for half in paths}
        with full_disk_named(folder):
            for half, path in paths.items():
                with open(path, "wb") as file:
                    file.truncate(begins[half][-1])
        names = {half: str(path) for half, path in paths.items()}
        checksums = self.tasks.results([
            self.tasks.submit("glove-write", write_range, rows, names, {half: begins[half][k] for half in paths})
            for k, rows in enumerate(ranges)
        ])  # fmt: skip
        made = {}
        for half, path in paths.items():
            checksum = joined_checksum([found[half] for found in checksums], sizes[half])
            made[half] = Tiles(path, np.concatenate([found[half][0] for found in tables]), words, checksum)
        return made

    def _wait(self, label: str, futures: list[Future]) -> list[Any]:
        """Results of a task of each shard, with a progress bar."""
        total = sum(self.sizes)
        done = [0]
        unit = "B" if total > len(self.sizes) else "partitions"
        with progress_bar(label, total, unit, self.quiet) as bar:
            bar.start_at(0)

            def finished(number: int) -> None:
                done[0] += self.sizes[number]
                bar.to(done[0])

            return self.tasks.results(futures, finished)


def _same(work: Work) -> Work:
    return work


def _mark(table: WordTable) -> None:
    """Nothing: a result to wait for that keeps no memory."""


def _tokens(counts: tuple[int, list[Halves]]) -> int:
    return counts[0]


@task
def _count_words(work: Work, number: int, items: Sequence[Any] | None) -> WordTable:
    return word_table(work.corpus(number, items))


@task
def _add_words(tables: Sequence[WordTable]) -> WordTable:
    for table in tables:
        table.slots, table.arena = aligned(table.slots), aligned(table.arena)
    return joined(tables)


@task
def _words(table: WordTable, min_count: int) -> WordCounts:
    return words_of(table, min_count)


@task
def _read_vocabulary(path: str) -> Vocabulary:
    return Vocabulary.read(Path(path), zeros=True)


@task
def _count_tokens(work: Work, number: int, items: Sequence[Any] | None, vocabulary: Vocabulary) -> int:
    """Words of the vocabulary in a shard."""
    windows = replace(work.windows, sample=0.0)
    return sum(words for _, words in encode(work.corpus(number, items), vocabulary, windows))


@task
def _count_shard(
    work: Work,
    number: int,
    items: Sequence[Any] | None,
    vocabulary: Vocabulary,
    before: int,
    minimum: int,
    edges: Sequence[int],
) -> tuple[int, list[Halves]]:
    """Count a shard: the number of its words, and the tiles of each range of parts."""
    where = scratch(work.tmp)
    with spill_folder(where) as spill, full_disk_named(where):
        halves, tokens = count_halves(
            _ids(work, number, items, vocabulary, before),
            vocabulary,
            work.windows,
            spill,
            minimum=minimum,
            workers=1,
            memory=share_of_memory(work.memory),
            context=work.windows.window if work.continues(number) else 0,
        )
        return tokens, [
            {half: tile_rows(tiles, first, last) for half, tiles in halves.items()} for first, last in pairwise(edges)
        ]


def _ids(
    work: Work, number: int, items: Sequence[Any] | None, vocabulary: Vocabulary, before: int
) -> Iterator[tuple[np.ndarray, int]]:
    """Yield the ids of a shard, then as many of those that follow as a window has, where contexts reach there.

    A shard whose context begins in the one before leaves to that the pairs among its own first ids.
    """
    for ids, words in encode(work.corpus(number, items), vocabulary, work.windows, before=before):
        before += words
        yield ids, words
    left = work.windows.window
    while work.continues(number := number + 1):
        for ids, words in encode(work.corpus(number, None), vocabulary, work.windows, before=before):
            before += words
            yield ids[:left], 0
            left -= len(ids[:left])
            if not left:
                return
