"""Tokens in bytes: counting them in a hash table and turning them into ids, in one pass.

A token is a run of bytes without space, tab and newline; callers have removed carriage returns and refused zero
bytes. The rules are those of Stanford's `vocab_count`.

Text is looked at 64 bytes at a time: one bit for each byte says whether it is white space, and tokens end at the bits
that are set. Tokens are looked up in batches, so that the processor fetches the slots of a whole batch at once. The
table is two arrays, which grow by being rebuilt:

slots : uint64 [4 * capacity], capacity a power of two. Four numbers for each word: its key, two of them (the first is
    0 in a free slot); its id; its count.
arena : uint8. The bytes of words longer than 16.

The key of a word of up to 16 bytes is the word itself, filled up with zero bytes. A longer one has a hash, whose
lowest byte is 0 as that of no other key, and its place and length in the arena. A word belongs into the slot that the
topmost bits of a hash of its key name, or the next one that is free. So the words of tables of any size are in almost
the same order, and are moved from one to another without jumps in memory.
"""

from __future__ import annotations

import numpy as np

from glove_adagrad.kernels.bits import BLOCK, eight_bytes, equal_mask, trailing_zeros
from glove_adagrad.kernels.jit import forced_inline, kernel
from glove_adagrad.kernels.prefetch import prefetch

#: A longer token is cut to this many bytes, or fewer where that would split a UTF-8 character.
LONGEST_TOKEN = 999

#: Ids that do not stand for a word: the end of a context, and a word outside the vocabulary that keeps its position.
BOUNDARY = np.uint32(0xFFFFFFFF)
UNKNOWN = np.uint32(0xFFFFFFFE)

#: Where contexts end.
NO_BOUNDARY, LINE_BOUNDARY, BLANK_LINE_BOUNDARY = 0, 1, 2

#: Tokens that are looked up together; a table has room for as many more words and bytes of them.
BATCH = 64

#: Bytes that must follow the text that `look_up` reads, and the last word that `index_words` reads.
PADDING = 80

#: Numbers of a slot.
SLOT = 4

_SPACE, _NEWLINE, _TAB = np.uint8(32), np.uint8(10), np.uint8(9)
_LENGTH_BITS = np.uint64(10)
_LENGTH = np.uint64((1 << 10) - 1)
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_OTHER_MULTIPLIER = np.uint64(0xC2B2AE3D27D4EB4F)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
_BYTE = np.uint64(0xFF)
_0, _1, _2, _3, _4, _8, _16 = (np.uint64(number) for number in (0, 1, 2, 3, 4, 8, 16))
_32, _64, _128 = np.uint64(32), np.uint64(64), np.uint64(128)


@forced_inline
def _white_space(text, at):
    """Find spaces, tabs and newlines among `BLOCK` bytes of text: bit k is set if text[at + k] is one of them."""
    return equal_mask(text, at, _SPACE) | equal_mask(text, at, _NEWLINE) | equal_mask(text, at, _TAB)


@forced_inline
def _is_long(key):
    """Whether a slot's first number, not 0, is that of a word longer than 16 bytes."""
    return key & _BYTE == _0


@forced_inline
def _hash(key, more):
    """A hash of a word's key; of a long word the second number does not matter, as it differs between tables."""
    h = key * _MULTIPLIER
    if not _is_long(key):
        h ^= more * _OTHER_MULTIPLIER
    return (h ^ (h >> _32)) * _MULTIPLIER


@forced_inline
def _shift(slots):
    """How far a hash is shifted to the right to name one of the slots."""
    return _64 - trailing_zeros(np.uint64(len(slots)) >> _2)


@forced_inline
def _wanted(h, share_mask, share):
    return h & share_mask == share


@forced_inline
def _short_key(text, start, length):
    """The key of a word of up to 16 bytes; the 16 bytes from `start` on are read."""
    bits = length << _3
    key = eight_bytes(text, start)
    more = eight_bytes(text, start + _8)
    if bits <= _64:
        key &= _ALL >> (_64 - bits)
        more = _0
    else:
        more &= _ALL >> (_128 - bits)
    return key, more


@kernel
def _long_key(text, start, length):
    """The first number of the key of a word longer than 16 bytes: a hash."""
    h = _0
    last = length - _8
    for k in range(_0, last, _8):
        h = (h ^ eight_bytes(text, start + k)) * _MULTIPLIER
        h ^= h >> _32
    h = (h ^ eight_bytes(text, start + last)) * _MULTIPLIER
    return ((h ^ (h >> _32)) | _1) << _8


@forced_inline
def _key(text, start, length):
    """The key of a word."""
    if length > _16:
        return _long_key(text, start, length), start << _LENGTH_BITS | length
    return _short_key(text, start, length)


@kernel
def _cut_length(text, start):
    """Length of an over-long token once cut: 999 bytes, less a UTF-8 character begun but not ended there."""
    last = start + np.uint64(LONGEST_TOKEN)
    for back in range(_1, _4):
        byte = text[last - back]
        if byte & 0xC0 == 0xC0:  # the character's first byte: does it want more bytes than there are?
            wanted = _2 if byte & 0xE0 == 0xC0 else (_3 if byte & 0xF0 == 0xE0 else _4)
            return np.uint64(LONGEST_TOKEN) - back if wanted > back else np.uint64(LONGEST_TOKEN)
        if byte & 0x80 == 0:
            break
    return np.uint64(LONGEST_TOKEN)


@forced_inline
def _same(text, more, arena, other):
    """Whether two long words are the same, given the second numbers of their keys and where their bytes are."""
    length = more & _LENGTH
    if other & _LENGTH != length:
        return False
    start, begin, last = more >> _LENGTH_BITS, other >> _LENGTH_BITS, length - _8
    for k in range(_0, last, _8):
        if eight_bytes(text, start + k) != eight_bytes(arena, begin + k):
            return False
    return eight_bytes(text, start + last) == eight_bytes(arena, begin + last)


@kernel
def _find(slots, arena, text, key, more):
    """The slot of a word, or the free one where it belongs; `text` has the bytes of a long word."""
    mask = np.uint64(len(slots) - 1)
    at = (_hash(key, more) >> _shift(slots)) << _2
    while slots[at] != _0:
        if slots[at] == key:
            if _is_long(key):
                if _same(text, more, arena, slots[at + _1]):
                    break
            elif slots[at + _1] == more:
                break
        at = (at + _4) & mask
    return at


@forced_inline
def _enter(slots, arena, used, at, text, key, more, number, count):
    """Put a new word into its free slot."""
    if _is_long(key):
        start, length, begin = more >> _LENGTH_BITS, more & _LENGTH, np.uint64(used[1])
        for k in range(length):
            arena[begin + k] = text[start + k]
        used[1] += np.int64(length)
        more = begin << _LENGTH_BITS | length
    slots[at] = key
    slots[at + _1] = more
    slots[at + _2] = number
    slots[at + _3] = count
    used[0] += 1


@forced_inline
def _write_ids(text, queued, keys, mores, places, keep_positions, counting, slots, arena, used, ids, written, words):
    """Look up a batch of words, and write their ids and the marks among them; returns `written` and `words`."""
    mask = np.uint64(len(slots) - 1)
    for k in range(queued):
        key, more, at = keys[k], mores[k], places[k]
        if _is_long(key):
            if key == _0:
                ids[written] = BOUNDARY
                written += _1
                continue
            at = _find(slots, arena, text, key, more)
        else:
            while slots[at] != _0 and (slots[at] != key or slots[at + _1] != more):
                at = (at + _4) & mask
        if slots[at] == _0:
            if not counting:
                ids[written] = UNKNOWN
                written += np.uint64(keep_positions)
                continue
            _enter(slots, arena, used, at, text, key, more, np.uint64(used[0]), _0)
        ids[written] = np.uint32(slots[at + _2])
        written += _1
        words += 1
        if counting:
            slots[at + _3] += _1
    return written, words


@kernel
def look_up(text, n, state, boundary, keep_positions, counting, slots, arena, used, share_mask, share, ids):
    """Turn the tokens that end before byte `n` into ids, counting them or not.

    Parameters
    ----------
    text : uint8
        At least `n` + `PADDING` bytes.
    n : int
    state : int64 [4]
        Where the next token begins, ids written, how many of them are words, and whether nothing but white space has
        come since the last line began; updated.
    boundary : int
        `NO_BOUNDARY`, `LINE_BOUNDARY` or `BLANK_LINE_BOUNDARY`: where a context ends there is a `BOUNDARY`.
    keep_positions : bool
        Whether a word outside the table leaves an `UNKNOWN` or nothing.
    counting : bool
        Whether to count words, and enter those that are new; their ids number them in the order in which they came.
        Then it stops early where the table has to be enlarged first.
    slots, arena : uint64 [4 * capacity], uint8
        The table, see the module.
    used : int64 [2]
        Words and arena bytes in the table; updated.
    share_mask, share : uint64
        Only words with hash & share_mask == share are looked up, so that a vocabulary too large for memory can be
        counted in several passes.
    ids : uint32 [as many more than are written as the text has bytes]
        Filled.

    Returns
    -------
    bool
        Whether all tokens were looked up; if not, the table has to be enlarged.
    """
    n = np.uint64(n)
    shift = _shift(slots)
    keys, mores = np.empty(BATCH + 1, np.uint64), np.empty(BATCH + 1, np.uint64)
    places = np.empty(BATCH + 1, np.uint64)
    start, written, words, line_is_empty = np.uint64(state[0]), np.uint64(state[1]), state[2], state[3] != 0
    base = start & ~np.uint64(BLOCK - 1)
    ends = _0
    if start < n:
        ends = _white_space(text, base) & (_ALL << (start - base))
    while base < n:
        if counting and (used[0] + BATCH > len(slots) // (2 * SLOT) or used[1] + BATCH * LONGEST_TOKEN > len(arena)):
            break
        queued = _0
        while queued < BATCH:
            if ends == _0:
                base += np.uint64(BLOCK)
                if base >= n:
                    break
                ends = _white_space(text, base)
                continue
            end = base + trailing_zeros(ends)
            ends &= ends - _1
            if end >= n:
                base, ends = n, _0
                break
            length = end - start
            if length != _0:
                line_is_empty = False
                if length > _16:
                    if length > np.uint64(LONGEST_TOKEN):
                        length = _cut_length(text, start)
                    key, more = _long_key(text, start, length), start << _LENGTH_BITS | length
                else:
                    key, more = _short_key(text, start, length)
                h = _hash(key, more)
                place = (h >> shift) << _2
                prefetch(slots, place)
                keys[queued], mores[queued], places[queued] = key, more, place
                queued += np.uint64(_wanted(h, share_mask, share))
            start = end + _1
            if text[end] == _NEWLINE:
                if boundary == LINE_BOUNDARY or (boundary == BLANK_LINE_BOUNDARY and line_is_empty):
                    keys[queued] = _0
                    queued += _1
                line_is_empty = True
        written, words = _write_ids(
            text, queued, keys, mores, places, keep_positions, counting, slots, arena, used, ids, written, words
        )
    state[0], state[1], state[2], state[3] = start, written, words, line_is_empty
    return base >= n


@kernel
def add_words(other_slots, begin, other_arena, slots, arena, used, share_mask, share, renumber, ids):
    """Add another table from slot `begin` on, counts included.

    Parameters
    ----------
    other_slots, other_arena : uint64 [4 * capacity], uint8
        The other table.
    begin : int
    slots, arena, used, share_mask, share
        As for `look_up`; updated.
    renumber : bool
        Whether new words get ids in the order in which they come, or keep those of the other table.
    ids : uint32 [words of the other table]
        For each id of the other table, that of the word in this one; filled.

    Returns
    -------
    int
        The slot at which it stopped: their number, or an earlier one where the table has to be enlarged first.
    """
    for other in range(np.uint64(begin), np.uint64(len(other_slots)) >> _2):
        key, more = other_slots[_4 * other], other_slots[_4 * other + _1]
        if key != _0 and _wanted(_hash(key, more), share_mask, share):
            if used[0] >= len(slots) // (2 * SLOT) or used[1] + LONGEST_TOKEN > len(arena):
                return np.int64(other)
            number, count = other_slots[_4 * other + _2], other_slots[_4 * other + _3]
            at = _find(slots, arena, other_arena, key, more)
            if slots[at] == _0:
                new = np.uint64(used[0]) if renumber else number
                _enter(slots, arena, used, at, other_arena, key, more, new, count)
            else:
                slots[at + _3] += count
            ids[number] = np.uint32(slots[at + _2])
    return len(other_slots) // SLOT


@kernel
def measure_share(slots, share_mask, share):
    """Measure the words of a table that are of a share.

    Parameters
    ----------
    slots : uint64 [4 * capacity]
    share_mask, share : uint64
        As for `look_up`.

    Returns
    -------
    words, size : int
        How many words they are, and their bytes in the arena.
    """
    words = 0
    size = 0
    for at in range(_0, np.uint64(len(slots)), _4):
        if slots[at] != _0 and _wanted(_hash(slots[at], slots[at + _1]), share_mask, share):
            words += 1
            if _is_long(slots[at]):
                size += np.int64(slots[at + _1] & _LENGTH)
    return words, size


@kernel
def list_words(slots, at_least, arena, order, counts, prefixes, text):
    """List the words of a table with a count of at least `at_least`.

    Parameters
    ----------
    slots, arena : uint64 [4 * capacity], uint8
        The table.
    at_least : int
    order : uint8 [256]
        The order of bytes.
    counts, prefixes : int64 [words], uint64 [words]
        Long enough; filled with the counts and with what the words' first bytes contribute to their order, of which
        the zero byte at their end is one.
    text : uint8
        Long enough; filled with the words, a newline after each.

    Returns
    -------
    words, size : int
        How many words and bytes of text there are.
    """
    word = np.empty(LONGEST_TOKEN + 1, np.uint8)
    words = np.uint64(0)
    size = np.uint64(0)
    for at in range(_0, np.uint64(len(slots)), _4):
        if slots[at] != _0 and slots[at + _3] >= at_least:
            length = _word(slots, at, arena, word)
            prefix = _0
            for k in range(_8):
                byte = word[k] if k < length else np.uint8(0)
                prefix = (prefix << _8) | np.uint64(order[byte] if k <= length else 0)
            counts[words] = slots[at + _3]
            prefixes[words] = prefix
            for k in range(length):
                text[size + k] = word[k]
            text[size + length] = _NEWLINE
            words += _1
            size += length + _1
    return words, size


@forced_inline
def _word(slots, at, arena, word):
    """Write the bytes of the word in a slot, and return how many they are."""
    key, more = slots[at], slots[at + _1]
    if _is_long(key):
        start, length = more >> _LENGTH_BITS, more & _LENGTH
        for k in range(length):
            word[k] = arena[start + k]
        return length
    length = _0
    while length < _16 and key != _0:
        word[length] = key & _BYTE
        key = (key >> _8) | (more << np.uint64(56))
        more >>= _8
        length += _1
    return length


@kernel
def index_words(starts, arena, usable, slots):
    """Enter words into a table for encoding, with their ranks as ids.

    Parameters
    ----------
    starts : int64 [V + 1]
        The word of rank n is arena[starts[n]:starts[n + 1]].
    arena : uint8
        The bytes of all words, and `PADDING` bytes.
    usable : bool [V]
        Words to enter.
    slots : uint64 [4 * capacity]
        Zero before; filled.
    """
    for rank in range(np.uint64(len(usable))):
        if usable[rank]:
            start = np.uint64(starts[rank])
            key, more = _key(arena, start, np.uint64(starts[rank + _1]) - start)
            at = _find(slots, arena, arena, key, more)
            slots[at] = key
            slots[at + _1] = more
            slots[at + _2] = rank


@kernel
def rank_words(other_slots, other_arena, slots, arena, ranks):
    """Find the ranks of the words of a table.

    Parameters
    ----------
    other_slots, other_arena : uint64 [4 * capacity], uint8
        The table.
    slots, arena : uint64 [4 * capacity], uint8
        As `index_words` makes them.
    ranks : uint32 [words]
        Filled, by id: `UNKNOWN` for a word that is not in the second table.
    """
    for other in range(_0, np.uint64(len(other_slots)), _4):
        if other_slots[other] != _0:
            at = _find(slots, arena, other_arena, other_slots[other], other_slots[other + _1])
            ranks[other_slots[other + _2]] = UNKNOWN if slots[at] == _0 else np.uint32(slots[at + _2])


@kernel
def rank_ids(ids, ranks, keep_positions, out):
    """Turn ids of a table into ranks.

    Parameters
    ----------
    ids : uint32
        With `BOUNDARY` among them.
    ranks : uint32
        As `rank_words` makes them.
    keep_positions : bool
        Whether a word without a rank leaves an `UNKNOWN` or nothing.
    out : uint32 [as long as ids]
        It may be the same memory; filled.

    Returns
    -------
    written, words : int
        How many ids were written, and how many of them are words.
    """
    written = _0
    words = 0
    for k in range(np.uint64(len(ids))):
        number = ids[k]
        if number != BOUNDARY:
            number = ranks[number]
        out[written] = number
        written += np.uint64(number != UNKNOWN or keep_positions)
        words += number < UNKNOWN
    return written, words
