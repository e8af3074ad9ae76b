"""A hash table of words, in two arrays that grow by being rebuilt.

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

from glove_adagrad.kernels.bits import eight_bytes, trailing_zeros
from glove_adagrad.kernels.jit import forced_inline, kernel

#: No word has more bytes: `words` cuts a longer token, further where that would split a UTF-8 character.
LONGEST_TOKEN = 999

#: Numbers of a slot.
SLOT = 4

#: The second number of a long word's key is its place, shifted by as many bits, and its length.
LENGTH_BITS = np.uint64(10)

_NEWLINE = np.uint8(10)
_LENGTH = np.uint64((1 << 10) - 1)
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_OTHER_MULTIPLIER = np.uint64(0xC2B2AE3D27D4EB4F)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
_BYTE = np.uint64(0xFF)
_0, _1, _2, _3, _4, _8, _16 = (np.uint64(number) for number in (0, 1, 2, 3, 4, 8, 16))
_32, _64, _128 = np.uint64(32), np.uint64(64), np.uint64(128)


@forced_inline
def is_long(key):
    """Whether a slot's first number, not 0, is that of a word longer than 16 bytes."""
    return key & _BYTE == _0


@forced_inline
def hash_of(key, more):
    """A hash of a word's key; of a long word the second number does not matter, as it differs between tables."""
    h = key * _MULTIPLIER
    if not is_long(key):
        h ^= more * _OTHER_MULTIPLIER
    return (h ^ (h >> _32)) * _MULTIPLIER


@forced_inline
def shift_of(slots):
    """How far a hash is shifted to the right to name one of the slots."""
    return _64 - trailing_zeros(np.uint64(len(slots)) >> _2)


@forced_inline
def is_wanted(h, share_mask, share):
    return h & share_mask == share


@forced_inline
def short_key(text, start, length):
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
def long_key(text, start, length):
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
        return long_key(text, start, length), start << LENGTH_BITS | length
    return short_key(text, start, length)


@forced_inline
def _same(text, more, arena, other):
    """Whether two long words are the same, given the second numbers of their keys and where their bytes are."""
    length = more & _LENGTH
    if other & _LENGTH != length:
        return False
    start, begin, last = more >> LENGTH_BITS, other >> LENGTH_BITS, length - _8
    for k in range(_0, last, _8):
        if eight_bytes(text, start + k) != eight_bytes(arena, begin + k):
            return False
    return eight_bytes(text, start + last) == eight_bytes(arena, begin + last)


@kernel
def find(slots, arena, text, key, more):
    """The slot of a word, or the free one where it belongs; `text` has the bytes of a long word."""
    mask = np.uint64(len(slots) - 1)
    at = (hash_of(key, more) >> shift_of(slots)) << _2
    while slots[at] != _0:
        if slots[at] == key:
            if is_long(key):
                if _same(text, more, arena, slots[at + _1]):
                    break
            elif slots[at + _1] == more:
                break
        at = (at + _4) & mask
    return at


@forced_inline
def enter(slots, arena, used, at, text, key, more, number, count):
    """Put a new word into its free slot."""
    if is_long(key):
        start, length, begin = more >> LENGTH_BITS, more & _LENGTH, np.uint64(used[1])
        for k in range(length):
            arena[begin + k] = text[start + k]
        used[1] += np.int64(length)
        more = begin << LENGTH_BITS | length
    slots[at] = key
    slots[at + _1] = more
    slots[at + _2] = number
    slots[at + _3] = count
    used[0] += 1


@kernel
def add_words(other_slots, begin, other_arena, slots, arena, used, share_mask, share, renumber, ids):
    """Add another table from slot `begin` on, counts included.

    Parameters
    ----------
    other_slots, other_arena : uint64 [4 * capacity], uint8
        The other table.
    begin : int
    slots, arena, used, share_mask, share
        As for `words.look_up`; updated.
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
        if key != _0 and is_wanted(hash_of(key, more), share_mask, share):
            if used[0] >= len(slots) // (2 * SLOT) or used[1] + LONGEST_TOKEN > len(arena):
                return np.int64(other)
            number, count = other_slots[_4 * other + _2], other_slots[_4 * other + _3]
            at = find(slots, arena, other_arena, key, more)
            if slots[at] == _0:
                new = np.uint64(used[0]) if renumber else number
                enter(slots, arena, used, at, other_arena, key, more, new, count)
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
        As for `words.look_up`.

    Returns
    -------
    words, size : int
        How many words they are, and their bytes in the arena.
    """
    words = 0
    size = 0
    for at in range(_0, np.uint64(len(slots)), _4):
        if slots[at] != _0 and is_wanted(hash_of(slots[at], slots[at + _1]), share_mask, share):
            words += 1
            if is_long(slots[at]):
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
    if is_long(key):
        start, length = more >> LENGTH_BITS, more & _LENGTH
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
        The bytes of all words, and `words.PADDING` bytes.
    usable : bool [V]
        Words to enter.
    slots : uint64 [4 * capacity]
        Zero before; filled.
    """
    for rank in range(np.uint64(len(usable))):
        if usable[rank]:
            start = np.uint64(starts[rank])
            key, more = _key(arena, start, np.uint64(starts[rank + _1]) - start)
            at = find(slots, arena, arena, key, more)
            slots[at] = key
            slots[at + _1] = more
            slots[at + _2] = rank
