"""`Vocabulary`: choosing and ordering words, turning text into their ids, `vocab.txt`.

Windows and co-occurrences are not known here.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from glove_adagrad.corpus import Chunk, Corpus, Progress
from glove_adagrad.errors import InputError
from glove_adagrad.file_kind import HEAD_BYTES, refuse_other_files
from glove_adagrad.files import atomic_file
from glove_adagrad.kept_ids import KeptIds
from glove_adagrad.parallel import in_order
from glove_adagrad.sentences import Sentences
from glove_adagrad.text_kind import BYTE_ORDER_MARK, undecodable
from glove_adagrad.word_counting import WordCounts, count_words, ranked
from glove_adagrad.word_table import UNKNOWN_WORD, WordTable

#: Counts are int64, and so must their sum be.
_LARGEST_TOTAL = (1 << 63) - 1
_MOST_DIGITS = len(str(_LARGEST_TOTAL))

_LINES = 1 << 16  # lines of a `vocab.txt` that are made at a time

#: Bytes that no word of a `vocab.txt` has.
_ODD_BYTES = re.compile(rb"[ \t\0]")
_SPACED = bytes.maketrans(b"\t", b" ")


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
        Occurrences of each in the corpus.
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
        """The words as text; bytes that are not UTF-8 survive as surrogates."""
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
        kept_ids: KeptIds | None = None,
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
        kept_ids : KeptIds, optional
            Filled with the text as ids, if they fit the memory.

        Raises
        ------
        InputError
            If no word is frequent enough, `<unk>` is a word of the corpus, or a limit is impossible.
        """
        check_limits(min_count, max_vocab)
        found = count_words(
            corpus, min_count=min_count, workers=workers, memory=memory, kept_ids=kept_ids, progress=progress
        )
        return cls.chosen(found, corpus.locate, min_count=min_count, max_vocab=max_vocab)

    @classmethod
    def chosen(
        cls, found: WordCounts, locate: Callable[[bytes], str], *, min_count: int, max_vocab: int | None
    ) -> Vocabulary:
        """Order counted words by rank, and keep the first `max_vocab`; errors and warnings are those of `count`.

        Parameters
        ----------
        found : WordCounts
            Words that occur `min_count` times or more.
        locate : callable
            Called with a word; returns where it occurs.
        """
        order = ranked(found)[:max_vocab]
        words = [found.words[at] for at in order]
        if found.has_unknown_word:
            raise InputError(
                f"{locate(UNKNOWN_WORD)}: the corpus holds the word <unk>, which stands for unknown words "
                "in vector files; replace it by another"
            )
        if not words:
            if found.distinct == 0:
                raise InputError("the corpus holds no words, only white space")
            raise InputError(
                f"none of the corpus's {found.distinct:,} distinct words occurs {min_count} times; lower `min_count`"
            )
        if bad := undecodable(words):
            warnings.warn(
                f"{locate(bad[0])}: {len(bad):,} of {len(words):,} words are not UTF-8, such as "
                f"{bad[0][:50]!r}; if the text has another encoding, name it, as with `encoding=latin-1`",
                stacklevel=2,
            )
        return cls(words, found.counts[order])

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
            for start in range(0, len(self), _LINES):
                file.write(
                    Vocabulary(self.words[start : start + _LINES], self.counts[start : start + _LINES]).to_bytes()
                )

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
        kept_ids: KeptIds | None = None,
        progress: Progress | None = None,
    ) -> Iterator[tuple[np.ndarray, int]]:
        """Turn a corpus into word ids, piece by piece in its order.

        Parameters
        ----------
        boundary : {"line", "blank-line", "none"}
            Where a context ends; `kernels.words.BOUNDARY` marks it among the ids.
        keep_positions : bool
            Leave `kernels.words.UNKNOWN` for a word outside the vocabulary, so that it takes a window position.
        kept_ids : KeptIds, optional
            The corpus as `count` kept it; taken instead of reading the corpus, once, if it is complete.

        Yields
        ------
        ids : uint32 array
        words : int
            How many of the ids are words.
        """
        table = self.table()
        if kept_ids and kept_ids.complete and kept_ids.boundary == boundary:
            yield from kept_ids.ranked(table, keep_positions, progress)
            return

        def work(chunk: Chunk) -> tuple[np.ndarray, int, int]:
            return *table.encode(chunk, boundary, keep_positions), chunk.source_bytes

        with ThreadPoolExecutor(workers) as pool:
            for ids, number, done in in_order(pool, workers, ((work, (c,)) for c in corpus.chunks())):
                if progress:
                    progress(done)
                yield ids, number

    def table(self) -> WordTable:
        """The words in a hash table under their ranks."""
        from glove_adagrad.kernels import word_slots, words

        starts = np.zeros(len(self) + 1, np.int64)
        np.cumsum(np.fromiter(map(len, self.words), np.int64, len(self)), out=starts[1:])
        text = np.frombuffer(b"".join(self.words), np.uint8)
        lengths = np.diff(starts)
        usable = (lengths > 0) & (lengths <= word_slots.LONGEST_TOKEN)
        # no text holds words with white space or zero bytes, however they came into the vocabulary
        spaced = np.flatnonzero(np.isin(text, np.frombuffer(b" \t\n\0", np.uint8)))
        usable[np.searchsorted(starts, spaced, side="right") - 1] = False
        table = WordTable(words=len(self))
        table.arena = np.concatenate([text, np.zeros(words.PADDING, np.uint8)])
        word_slots.index_words(starts, table.arena, usable, table.slots)
        return table


def _lines(data: bytes) -> list[bytes]:
    """Split text at LF, CRLF or CR."""
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return data.split(b"\n")


def _shown(text: bytes) -> str:
    """Bytes for an error line: decoded, quoted, not too long."""
    return repr(text[:60].decode("utf-8", "backslashreplace"))
