"""The words: counting them, choosing and ordering them, turning text into their ids, `vocab.txt`.

Windows and co-occurrences are not known here.
"""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from glove_adagrad.corpus import Chunk, Corpus
from glove_adagrad.errors import InputError
from glove_adagrad.files import atomic_file
from glove_adagrad.parallel import in_order

#: Told after each piece of text: bytes of the source read so far.
Progress = Callable[[int], None]

#: Reserved by the file formats for the vector of unknown words.
UNKNOWN_WORD = b"<unk>"

BOUNDARIES = ("none", "line", "blank-line")


#: Bytes as C compares them where its characters are signed: 0x80 to 0xFF come before 0x00 to 0x7F.
_SIGNED = bytes(byte ^ 0x80 for byte in range(256))


def byte_order(word: bytes) -> bytes:
    """Sort key for words of equal count: the order of Stanford's `vocab_count`, signed characters up to a zero."""
    return word.translate(_SIGNED) + b"\x80"


#: A table under this many bytes is not worth another pass over the text.
_LEAST_TABLE = 1 << 19


class _Table:
    """A hash table of words with their counts; see `kernels.words` for its arrays."""

    def __init__(self, capacity: int = 1 << 12) -> None:
        self.slots = np.zeros((capacity, 2), np.uint64)
        self.entries = np.empty((capacity // 2, 4), np.int64)
        self.arena = np.empty(8 * capacity, np.uint8)
        self.used = np.zeros(2, np.int64)

    @property
    def size(self) -> int:
        return self.slots.nbytes + self.entries.nbytes + self.arena.nbytes

    def count(self, text: np.ndarray, share_mask: int, share: int) -> None:
        from glove_adagrad.kernels import words

        begin = 0
        while begin < len(text):
            begin = words.count_words(text, begin, *self.arrays, np.uint64(share_mask), np.uint64(share))
            if begin < len(text):
                self._enlarge(share_mask, share)

    def add(self, other: _Table, share_mask: int, share: int) -> None:
        from glove_adagrad.kernels import words

        while (
            self.used[0] + other.used[0] > len(self.slots) // 2
            or self.used[1] + other.used[1] > len(self.arena)
            or self.used[0] + other.used[0] > len(self.entries)
        ):
            self._enlarge(share_mask, share)
        words.add_words(
            other.entries, other.arena, other.used[0], *self.arrays, np.uint64(share_mask), np.uint64(share)
        )

    @property
    def arrays(self) -> tuple[np.ndarray, ...]:
        return self.slots, self.entries, self.arena, self.used

    def _enlarge(self, share_mask: int, share: int) -> None:
        from glove_adagrad.kernels import words

        larger = _Table(2 * len(self.slots))
        if len(larger.arena) < 2 * len(self.arena):
            larger.arena = np.empty(2 * len(self.arena), np.uint8)
        words.add_words(
            self.entries, self.arena, self.used[0], *larger.arrays, np.uint64(share_mask), np.uint64(share)
        )
        self.slots, self.entries, self.arena, self.used = larger.arrays

    def words(self, at_least: int) -> list[tuple[int, bytes]]:
        """Negated count and word of every entry with that count or more."""
        entries = self.entries[: self.used[0]]
        kept = entries[entries[:, 2] >= at_least]
        arena = memoryview(self.arena)
        return [(-count, bytes(arena[start : start + length])) for start, length, count in kept[:, :3].tolist()]


@dataclass(frozen=True)
class Vocabulary:
    """Words in order of rank, with their counts.

    Parameters
    ----------
    words : sequence of bytes
        Each word once; the first has rank 0.
    counts : int64 array [V]
        How often each stands in the corpus.
    """

    words: Sequence[bytes]
    counts: np.ndarray

    def __len__(self) -> int:
        return len(self.words)

    @classmethod
    def count(
        cls,
        corpus: Corpus,
        *,
        min_count: int = 5,
        max_vocab: int | None = None,
        workers: int = 1,
        memory: int = 4 << 30,
        progress: Progress | None = None,
    ) -> Vocabulary:
        """Count the words of a corpus.

        Parameters
        ----------
        min_count : int
            Rarer words are left out.
        max_vocab : int, optional
            Only so many of the most frequent words are kept; equal counts are cut in byte order.
        workers : int
            Threads; the result does not depend on their number.
        memory : int
            Bytes for the table of distinct words. A corpus with more of them is read several times, each time
            for a share of the words.

        Raises
        ------
        InputError
            If no word is frequent enough, or `<unk>` is a word of the corpus.
        """
        found: list[tuple[int, bytes]] = []
        distinct = 0
        shares = [(0, 0)]
        while shares:
            mask, share = shares.pop()
            tables = [_Table() for _ in range(workers)]
            idle: queue.SimpleQueue[_Table] = queue.SimpleQueue()
            for table in tables:
                idle.put(table)

            def work(chunk: Chunk, mask: int, share: int, idle: queue.SimpleQueue[_Table] = idle) -> int:
                table = idle.get()
                table.count(chunk.text, mask, share)
                idle.put(table)
                return chunk.source_bytes

            with ThreadPoolExecutor(workers) as pool:
                for done in in_order(pool, workers, ((work, (c, mask, share)) for c in corpus.chunks())):
                    if progress:
                        progress(done)
                    too_large = sum(table.size for table in tables) > max(memory, _LEAST_TABLE * workers)
                    if too_large and mask < 1 << 30:
                        # too many distinct words: count half of them now and come back for the others
                        shares.append((2 * mask + 1, share | (mask + 1)))
                        mask = 2 * mask + 1
            largest = max(tables, key=lambda table: int(table.used[0]))
            total = _Table()
            for table in [largest, *(t for t in tables if t is not largest)]:
                total.add(table, mask, share)
            distinct += int(total.used[0])
            found += total.words(min_count)
        found.sort(key=lambda item: (item[0], byte_order(item[1])))
        if max_vocab is not None:
            del found[max_vocab:]
        if any(word == UNKNOWN_WORD for _, word in found):
            raise InputError(
                f"{corpus.locate(UNKNOWN_WORD)}: the corpus holds the word <unk>, which stands for unknown words "
                "in vector files; replace it by another"
            )
        if not found:
            if distinct == 0:
                raise InputError("the corpus holds no words, only white space")
            raise InputError(
                f"none of the corpus's {distinct:,} distinct words occurs {min_count} times; lower --min-count"
            )
        return cls([word for _, word in found], np.array([-count for count, _ in found], np.int64))

    @classmethod
    def read(cls, path: Path) -> Vocabulary:
        """Read a `vocab.txt`: a word, a space, a count on each line, in order of rank.

        Raises
        ------
        InputError
            If a line is malformed or a word stands twice; file and line are named.
        """
        words: dict[bytes, None] = {}
        counts = []
        try:
            lines = path.read_bytes().split(b"\n")
        except OSError as error:
            raise InputError(f"{path}: cannot be read ({error.strerror})") from error
        if lines[-1] == b"":
            lines.pop()
        for number, line in enumerate(lines, 1):
            word, _, count = line.rpartition(b" ")
            if not word or not count.isdigit() or any(byte in word for byte in b" \t\r\0"):
                raise InputError(f"{path}:{number}: {_shown(line)} is not a word, a space and a count")
            if word in words:
                raise InputError(f"{path}:{number}: the word {_shown(word)} stands here a second time")
            words[word] = None
            counts.append(int(count))
        if not counts:
            raise InputError(f"{path}: holds no words")
        return cls(list(words), np.array(counts, np.int64))

    def write(self, path: Path) -> None:
        """Write `vocab.txt`, the format of Stanford's `vocab_count`."""
        with atomic_file(path) as file:
            file.writelines(
                b"%b %d\n" % (word, count) for word, count in zip(self.words, self.counts.tolist(), strict=True)
            )

    def encode(
        self,
        corpus: Corpus,
        *,
        boundary: str = "line",
        keep_positions: bool = False,
        workers: int = 1,
        progress: Progress | None = None,
    ) -> Iterator[tuple[np.ndarray, int]]:
        """Turn a corpus into word ids, piece by piece in its order.

        Parameters
        ----------
        boundary : {"line", "blank-line", "none"}
            Where a context ends; `kernels.words.BOUNDARY` marks it among the ids.
        keep_positions : bool
            Leave `kernels.words.UNKNOWN` for a word outside the vocabulary, so that it takes a window position.

        Yields
        ------
        ids : uint32 array
        words : int
            How many of the ids are words.
        """
        from glove_adagrad.kernels import words as kernels

        table = self._table()
        ends = BOUNDARIES.index(boundary)

        def work(chunk: Chunk) -> tuple[np.ndarray, int, int]:
            ids = np.empty(len(chunk.text) + 1, np.uint32)
            written, words = kernels.encode(
                chunk.text,
                chunk.starts_line,
                ends,
                keep_positions,
                table.slots,
                table.entries,
                table.arena,
                ids,
            )
            return ids[:written], words, chunk.source_bytes

        with ThreadPoolExecutor(workers) as pool:
            for ids, number, done in in_order(pool, workers, ((work, (c,)) for c in corpus.chunks())):
                if progress:
                    progress(done)
                yield ids, number

    def _table(self) -> _Table:
        """The words in a hash table under their ranks."""
        from glove_adagrad.kernels import words as kernels

        table = _Table(1 << int(2 * len(self)).bit_length())
        lengths = np.fromiter(map(len, self.words), np.int64, len(self))
        table.arena = np.frombuffer(b"".join(self.words), np.uint8)
        table.entries = np.zeros((len(self), 4), np.int64)
        table.entries[:, 0] = np.cumsum(lengths) - lengths
        table.entries[:, 1] = lengths
        # no text holds such words, however they came into the vocabulary
        usable = np.array(
            [0 < len(word) <= kernels.LONGEST_TOKEN and word == word.translate(None, b" \t\n") for word in self.words]
        )
        kernels.index_words(table.entries, table.arena, usable, table.slots)
        return table


def _shown(text: bytes) -> str:
    """Bytes for an error line: decoded, quoted, not too long."""
    return repr(text[:60].decode("utf-8", "backslashreplace"))
