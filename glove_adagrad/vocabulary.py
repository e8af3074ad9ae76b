"""The words: counting them, choosing and ordering them, turning text into their ids, `vocab.txt`.

Windows and co-occurrences are not known here.
"""

from __future__ import annotations

import queue
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from glove_adagrad.corpus import Chunk, Corpus
from glove_adagrad.errors import InputError
from glove_adagrad.file_kind import HEAD_BYTES, refuse_other_files
from glove_adagrad.files import atomic_file
from glove_adagrad.parallel import in_order
from glove_adagrad.sentences import Sentences
from glove_adagrad.text_kind import BYTE_ORDER_MARK, undecodable

#: Called after each chunk with the number of source bytes read so far.
Progress = Callable[[int], None]

#: Reserved by the file formats for the vector of unknown words.
UNKNOWN_WORD = b"<unk>"
_UNKNOWN_KEY = np.uint64(int.from_bytes(UNKNOWN_WORD, "little"))  # as `kernels.words` has it in its tables

BOUNDARIES = ("none", "line", "blank-line")

#: Counts are int64, and so must their sum be.
_LARGEST_TOTAL = (1 << 63) - 1
_MOST_DIGITS = len(str(_LARGEST_TOTAL))

#: Bytes that no word of a `vocab.txt` has.
_ODD_BYTES = re.compile(rb"[ \t\0]")
_SPACED = bytes.maketrans(b"\t", b" ")

#: Bytes as C compares them where its characters are signed: 0x80 to 0xFF come before 0x00 to 0x7F.
_SIGNED = bytes(byte ^ 0x80 for byte in range(256))


def byte_order(word: bytes) -> bytes:
    """Sort key for words of equal count: the order of Stanford's `vocab_count`, signed characters up to a zero."""
    return word.translate(_SIGNED) + b"\x80"


#: Below this table size, splitting the words into another pass is not worthwhile.
_LEAST_MEMORY = 1 << 20


class _Table:
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

    def add(self, other: _Table) -> None:
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
        """Make room for so many words and bytes in all."""
        from glove_adagrad.kernels import words

        capacity = 1 << max(2 * int(needed[0]) - 1, 1).bit_length()
        larger = _Table(self.mask, self.share, capacity, int(needed[1]) + words.LONGEST_TOKEN)
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


def _ranked(words: list[bytes], counts: np.ndarray, prefixes: np.ndarray) -> np.ndarray:
    """The order of words: by count, descending, then by their bytes."""
    order = np.lexsort([prefixes, -counts])
    alike = (np.diff(counts[order]) == 0) & (np.diff(prefixes[order]) == 0)
    # words that agree in their first bytes, and are as frequent, are few
    edges = np.flatnonzero(np.diff(np.concatenate([[False], alike, [False]])))
    for first, last in edges.reshape(-1, 2).tolist():
        order[first : last + 1] = sorted(order[first : last + 1].tolist(), key=lambda at: byte_order(words[at]))
    return order


def compile_word_counting() -> None:
    """Compile or load the kernels that count words, so that counting time does not include it."""
    Vocabulary.count(Sentences([["compile"]]), min_count=1, workers=2)


def check_limits(min_count: int, max_vocab: int | None) -> None:
    """Refuse limits of a vocabulary that are impossible.

    Raises
    ------
    InputError
    """
    if min_count < 1:
        raise InputError(f"min_count {min_count}: must be 1 or more")
    if max_vocab is not None and max_vocab < 1:
        raise InputError(f"max_vocab {max_vocab}: must be 1 or more")


@dataclass(frozen=True, repr=False)
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

    def __repr__(self) -> str:
        first = [word[:60].decode("utf-8", "backslashreplace") for word in self.words[:3]]
        more = ["..."] if len(self) > len(first) else []
        return f"Vocabulary({len(self):,} words, {int(self.counts.sum()):,} tokens: {', '.join(first + more)})"

    def writable(self) -> Vocabulary:
        """The vocabulary itself, or its ranks as words if `vocab.txt` cannot hold a word: it has white space."""
        if all(word and not set(word) & set(b" \t\n\r\0") for word in self.words):
            return self
        return Vocabulary([b"%d" % rank for rank in range(len(self))], self.counts)

    def decoded(self) -> list[str]:
        """The words as text; bytes that are no UTF-8 survive as surrogates."""
        return [word.decode("utf-8", "surrogateescape") for word in self.words]

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
            Keep only the `max_vocab` most frequent words; equal counts are cut in byte order.
        workers : int
            Threads; the result does not depend on their number.
        memory : int
            Bytes for the table of distinct words. A corpus with more of them is read several times, each time
            for a share of the words.

        Raises
        ------
        InputError
            If no word is frequent enough, `<unk>` is a word of the corpus, or a limit is impossible.
        """
        check_limits(min_count, max_vocab)
        found: list[bytes] = []
        counts, prefixes = [np.empty(0, np.int64)], [np.empty(0, np.uint64)]
        distinct = 0
        unknown_word = False
        shares = [(0, 0)]
        while shares:
            mask, share = shares.pop()
            tables = [_Table(mask, share) for _ in range(workers)]
            idle: queue.SimpleQueue[_Table] = queue.SimpleQueue()
            for table in tables:
                idle.put(table)

            def work(chunk: Chunk, mask: int, share: int, idle: queue.SimpleQueue[_Table] = idle) -> int:
                table = idle.get()
                try:
                    table.limit_to(mask, share)
                    table.count(chunk.text)
                finally:
                    idle.put(table)  # also after an error, or the other threads would wait for it forever
                return chunk.source_bytes

            with ThreadPoolExecutor(workers) as pool:
                for done in in_order(pool, workers, ((work, (c, mask, share)) for c in corpus.chunks())):
                    if progress:
                        progress(done)
                    # while a table is enlarged there is room for the old one and the new one, twice as large
                    too_large = 3 * sum(table.size for table in tables) > max(memory, _LEAST_MEMORY * workers)
                    if too_large and mask < 1 << 30 and all(table.mask == mask for table in tables):
                        # too many distinct words: count half of them now and come back for the others
                        shares.append((2 * mask + 1, share | (mask + 1)))
                        mask = 2 * mask + 1
            tables.sort(key=lambda table: int(table.used[0]))
            total = tables.pop()
            total.limit_to(mask, share)
            while tables:
                total.add(tables.pop())
            some = total.words(min_count)
            unknown_word = unknown_word or bool((total.slots[:, 0] == _UNKNOWN_KEY).any())
            distinct += int(total.used[0])
            found += some[0]
            counts.append(some[1])
            prefixes.append(some[2])
        all_counts = np.concatenate(counts)
        order = _ranked(found, all_counts, np.concatenate(prefixes))[:max_vocab]
        found = [found[at] for at in order.tolist()]
        if unknown_word:
            raise InputError(
                f"{corpus.locate(UNKNOWN_WORD)}: the corpus holds the word <unk>, which stands for unknown words "
                "in vector files; replace it by another"
            )
        if not found:
            if distinct == 0:
                raise InputError("the corpus holds no words, only white space")
            raise InputError(
                f"none of the corpus's {distinct:,} distinct words occurs {min_count} times; lower `min_count`"
            )
        if bad := undecodable(found):
            warnings.warn(
                f"{corpus.locate(bad[0])}: {len(bad):,} of {len(found):,} words are not UTF-8, such as "
                f"{bad[0][:50]!r}; if the text has another encoding, name it, as with --encoding latin-1",
                stacklevel=2,
            )
        return cls(found, all_counts[order])

    @classmethod
    def read(cls, path: Path, *, warn_unordered: bool = False, zeros: bool = False) -> Vocabulary:
        """Read a `vocab.txt`: a word, white space and a count on each line, in order of rank.

        As Stanford's programs do, it takes lines that end in CRLF, tabs, and blanks and lines to spare. A byte order
        mark is dropped.

        Parameters
        ----------
        warn_unordered : bool
            Warn about counts that are not in descending order.
        zeros : bool
            Allow counts of 0, which words have that the text of a run lacks and that were kept from given vectors.

        Raises
        ------
        InputError
            If a line is malformed, a word is repeated, or a count is impossible; file and line are named.
        """
        try:
            data = path.read_bytes()
        except OSError as error:
            raise InputError(f"{path}: cannot be read ({error.strerror})") from error
        vocabulary = cls.parse(data, path, zeros=zeros)
        if warn_unordered and len(rising := np.flatnonzero(np.diff(vocabulary.counts) > 0)):
            word = vocabulary.words[int(rising[0]) + 1]
            warnings.warn(
                f"{path}: counts are not in descending order, first at the word {_shown(word)}; "
                "words are ranked in the order of the lines",
                stacklevel=2,
            )
        return vocabulary

    @classmethod
    def parse(cls, data: bytes, path: Path, *, zeros: bool = False) -> Vocabulary:
        """Parse the content of a `vocab.txt`; `path` names it in errors, which are those of `read`, as is `zeros`."""
        words: dict[bytes, None] = {}
        counts = []
        total = 0
        refuse_other_files(data[:HEAD_BYTES], str(path))
        for number, line in enumerate(_lines(data.removeprefix(BYTE_ORDER_MARK)), 1):
            word, _, count = line.rpartition(b" ")
            if not word or not count.isdigit() or _ODD_BYTES.search(word):
                fields = line.translate(_SPACED).split(b" ")
                fields = [field for field in fields if field]
                if not fields:
                    continue
                if len(fields) != 2 or not fields[1].isdigit() or b"\0" in line:
                    raise InputError(f"{path}:{number}: {_shown(line)} is not a word, a space and a count")
                word, count = fields
            if word in words:
                raise InputError(f"{path}:{number}: the word {_shown(word)} is repeated")
            occurrences = int(count[:_MOST_DIGITS])
            total += occurrences
            if not (occurrences or zeros) or len(count) > _MOST_DIGITS or total > _LARGEST_TOTAL:
                problem = "the counts exceed 2^63 - 1" if occurrences else "the count is 0"
                raise InputError(f"{path}:{number}: {_shown(line)}: {problem}; is it damaged?")
            words[word] = None
            counts.append(occurrences)
        if not counts:
            raise InputError(f"{path}: holds no words")
        return cls(list(words), np.array(counts, np.int64))

    def write(self, path: Path) -> None:
        """Write `vocab.txt`, the format of Stanford's `vocab_count`."""
        with atomic_file(path) as file:
            file.write(self.to_bytes())

    def to_bytes(self) -> bytes:
        """Return the content of `vocab.txt`."""
        return b"".join(map(b"%b %d\n".__mod__, zip(self.words, self.counts.tolist(), strict=True)))

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
                table.arena,
                table.hot,
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

        starts = np.zeros(len(self) + 1, np.int64)
        np.cumsum(np.fromiter(map(len, self.words), np.int64, len(self)), out=starts[1:])
        table = _Table(capacity=1 << int(2 * len(self)).bit_length(), arena=0)
        table.arena = np.frombuffer(b"".join(self.words), np.uint8)
        lengths = np.diff(starts)
        usable = (lengths > 0) & (lengths <= kernels.LONGEST_TOKEN)
        # no text holds words with white space, however they came into the vocabulary
        spaced = np.flatnonzero(np.isin(table.arena, np.frombuffer(b" \t\n", np.uint8)))
        usable[np.searchsorted(starts, spaced, side="right") - 1] = False
        table.hot = np.zeros((kernels.HOT, 2), np.uint64)
        kernels.index_words(starts, table.arena, usable, table.slots, table.hot)
        return table


def _lines(data: bytes) -> list[bytes]:
    """Split text at LF, CRLF or CR."""
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return data.split(b"\n")


def _shown(text: bytes) -> str:
    """Bytes for an error line: decoded, quoted, not too long."""
    return repr(text[:60].decode("utf-8", "backslashreplace"))
