"""`WordTable`: a hash table of words, which counts them or turns text into their ids."""

from __future__ import annotations

import numpy as np

from glove_adagrad.corpus import Chunk

#: Where contexts end.
BOUNDARIES = ("none", "line", "blank-line")

#: Reserved by the file formats for the vector of unknown words.
UNKNOWN_WORD = b"<unk>"
_UNKNOWN_KEY = np.uint64(int.from_bytes(UNKNOWN_WORD, "little"))  # as `kernels.word_slots` has it

#: Bytes as C compares them where its characters are signed: 0x80 to 0xFF come before 0x00 to 0x7F.
_SIGNED = bytes(byte ^ 0x80 for byte in range(256))


def byte_order(word: bytes) -> bytes:
    """Sort key for words of equal count: the order of Stanford's `vocab_count`, signed characters up to a zero."""
    return word.translate(_SIGNED) + b"\x80"


class WordTable:
    """A hash table of words with their counts; see `kernels.word_slots` for its arrays.

    It may be limited to a share of all words, those of a hash with hash & mask == share.
    """

    def __init__(self, mask: int = 0, share: int = 0, words: int = 1000, arena: int = 0) -> None:
        from glove_adagrad.kernels.word_slots import LONGEST_TOKEN, SLOT
        from glove_adagrad.kernels.words import BATCH

        self.slots = _from_cache_line(SLOT << (2 * (words + BATCH) - 1).bit_length())
        self.arena = np.empty(arena + BATCH * LONGEST_TOKEN, np.uint8)
        self.used = np.zeros(2, np.int64)
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

    def count(self, chunk: Chunk, boundary: str = "none") -> np.ndarray:
        """Count the words of some text; returns their ids (uint32), with marks where contexts end.

        Words are numbered in the order in which they come, unless the table is limited to a share.
        """
        return self._look_up(chunk, boundary, keep_positions=False, counting=True)[0]

    def encode(self, chunk: Chunk, boundary: str, keep_positions: bool) -> tuple[np.ndarray, int]:
        """Ids (uint32) of some text, see `Vocabulary.encode`, and how many of them are words."""
        return self._look_up(chunk, boundary, keep_positions, counting=False)

    def _look_up(self, chunk: Chunk, boundary: str, keep_positions: bool, counting: bool) -> tuple[np.ndarray, int]:
        from glove_adagrad.kernels import words

        ids = np.empty(len(chunk.text) + 1, np.uint32)
        state = np.array([0, 0, 0, chunk.starts_line], np.int64)
        ends = BOUNDARIES.index(boundary)
        for last in (False, True):
            text = chunk.text
            if last:  # with blanks after it
                text = np.frombuffer(text[state[0] :].tobytes() + b" " * (1 + words.PADDING), np.uint8)
                state[0] = 0
            n = max(len(text) - words.PADDING, 0)
            while not words.look_up(text, n, state, ends, keep_positions, counting, *self.arrays, *self.limits, ids):
                self._rebuild(2 * self.used)
        return ids[: state[1]], int(state[2])

    def add(self, other: WordTable) -> np.ndarray:
        """Add the counts of another table, those of this one's share; returns ids here (uint32) by ids there."""
        from glove_adagrad.kernels import word_slots, words

        ids = np.empty(other.used[0], np.uint32)
        begin = 0
        while begin < len(other.slots) // words.SLOT:
            begin = word_slots.add_words(other.slots, begin, other.arena, *self.arrays, *self.limits, True, ids)
            if begin < len(other.slots) // words.SLOT:
                self._rebuild(2 * self.used)
        return ids

    def limit_to(self, mask: int, share: int) -> None:
        """Forget the words outside a share."""
        from glove_adagrad.kernels import word_slots

        if self.mask != mask:
            self.mask, self.share = mask, share
            self._rebuild(np.array(word_slots.measure_share(self.slots, *self.limits)), renumber=True)

    def _rebuild(self, needed: np.ndarray, renumber: bool = False) -> None:
        """Enlarge the table for `needed` words and bytes in total."""
        from glove_adagrad.kernels import word_slots

        larger = WordTable(self.mask, self.share, *needed.tolist())
        ids = np.empty(self.used[0], np.uint32)
        word_slots.add_words(self.slots, 0, self.arena, *larger.arrays, *self.limits, renumber, ids)
        self.slots, self.arena, self.used = larger.arrays

    @property
    def has_unknown_word(self) -> bool:
        """Whether `<unk>` is one of the words."""
        from glove_adagrad.kernels.word_slots import SLOT

        return bool(((self.slots[::SLOT] == _UNKNOWN_KEY) & (self.slots[1::SLOT] == 0)).any())

    def words(self, at_least: int) -> tuple[list[bytes], np.ndarray, np.ndarray]:
        """Words with that count or more, in no order; their counts, and keys (uint64) to order most of them by."""
        from glove_adagrad.kernels import word_slots

        number, size = self.used
        counts, prefixes = np.empty(number, np.int64), np.empty(number, np.uint64)
        text = np.empty(size + 17 * number, np.uint8)
        order = np.frombuffer(_SIGNED, np.uint8)
        number, size = word_slots.list_words(
            self.slots, np.uint64(at_least), self.arena, order, counts, prefixes, text
        )
        return text[:size].tobytes().split(b"\n")[:-1], counts[:number], prefixes[:number]

    def ranks(self, table: WordTable) -> np.ndarray:
        """The ranks (uint32) of this table's words in one of `Vocabulary`, by id."""
        from glove_adagrad.kernels import words

        ranks = np.empty(self.used[0], np.uint32)
        words.rank_words(self.slots, self.arena, table.slots, table.arena, ranks)
        return ranks


def _from_cache_line(size: int) -> np.ndarray:
    """Zeros (uint64 [size]) from the beginning of a cache line, so that no slot is in two."""
    zeros = np.zeros(size + 7, np.uint64)
    begin = -zeros.ctypes.data % 64 // 8
    return zeros[begin : begin + size]
