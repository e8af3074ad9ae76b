"""Tokens in bytes: counting them in a hash table and turning them into word ids.

A token is a run of bytes without space, tab and newline; callers have removed carriage returns and refused zero
bytes. The rules are those of Stanford's `vocab_count`.

Text is looked at eight bytes at a time, as one number whose lowest byte comes first. A word of up to seven bytes is
its own key in the hash table, and finding it needs no look at its bytes; a longer one's key is a hash with the
topmost bit set. The table is three arrays; those for all words grow by being rebuilt:

slots : uint64 [capacity, 4], capacity a power of two. Key of the word (0: free), where it starts in the arena, its
    length, and its count, or its rank once the table serves for encoding.
arena : uint8. The bytes of all words.
hot : uint64 [HOT, 2]. Key (0: free) and count, or rank, of short words that came early and so are mostly frequent;
    each has but one place, and what finds it taken goes to the slots. Most tokens end here, in a core's own cache.
"""

from __future__ import annotations

import numpy as np

from glove_adagrad.kernels.jit import forced_inline, kernel

#: A longer token is cut to this many bytes, or fewer where that would split a UTF-8 character.
LONGEST_TOKEN = 999

#: Ids that do not stand for a word: the end of a context, and a word outside the vocabulary that keeps its position.
BOUNDARY = np.uint32(0xFFFFFFFF)
UNKNOWN = np.uint32(0xFFFFFFFE)

#: Where contexts end.
NO_BOUNDARY, LINE_BOUNDARY, BLANK_LINE_BOUNDARY = 0, 1, 2

#: Places for early words; a power of two.
HOT = 1 << 13

_SCRAMBLE = np.uint64(0x9E3779B97F4A7C15)
_LONG = np.uint64(1 << 63)
_1, _7, _8, _32, _56 = np.uint64(1), np.uint64(7), np.uint64(8), np.uint64(32), np.uint64(56)

_ONES = np.uint64(0x0101010101010101)
_TOPS = np.uint64(0x8080808080808080)
_SPACES = np.uint64(0x2020202020202020)
_NEWLINES = np.uint64(0x0A0A0A0A0A0A0A0A)
_TABS = np.uint64(0x0909090909090909)
_NUMBERS = np.uint64(0x0001020304050607)


@forced_inline
def _load(text, i):
    """Eight bytes from i on as one number; the compiler makes one load of it."""
    return (
        np.uint64(text[i])
        | np.uint64(text[i + _1]) << _8
        | np.uint64(text[i + np.uint64(2)]) << np.uint64(16)
        | np.uint64(text[i + np.uint64(3)]) << np.uint64(24)
        | np.uint64(text[i + np.uint64(4)]) << _32
        | np.uint64(text[i + np.uint64(5)]) << np.uint64(40)
        | np.uint64(text[i + np.uint64(6)]) << np.uint64(48)
        | np.uint64(text[i + _7]) << _56
    )


@forced_inline
def _eight(text, i, n):
    """`_load` of text[:n] as if spaces followed it."""
    if i + _8 <= n:
        return _load(text, i)
    word = _SPACES
    for k in range(i, n):
        at = (k - i) * _8
        word ^= (np.uint64(text[k]) ^ np.uint64(32)) << at
    return word


@forced_inline
def _zero_bytes(word):
    """The top bit of the first byte that is zero, perhaps with bits above it; 0 if none (Warren 2012, 6-1)."""
    return (word - _ONES) & ~word & _TOPS


@forced_inline
def _end(word):
    """The lowest bit of the first byte that is white space; 0 if there is none."""
    found = _zero_bytes(word ^ _SPACES) | _zero_bytes(word ^ _NEWLINES) | _zero_bytes(word ^ _TABS)
    return (found & (~found + _1)) >> _7


@forced_inline
def _byte_number(bit):
    """The byte whose lowest bit is the one set."""
    return (bit * _NUMBERS) >> _56


@forced_inline
def _hash64(h):
    """Multiplicative hashing by 2^64 over the golden ratio (Knuth 1973, section 6.4), uint64."""
    h *= _SCRAMBLE
    return h ^ (h >> _32)


@forced_inline
def _scan(text, i, n):
    """Key of the token that begins at i in text[:n], and where it ends."""
    word = _eight(text, i, n)
    end = _end(word)
    if end != 0:
        return word & (end - _1), i + _byte_number(end)
    return _scan_long(text, i, n)


@kernel
def _scan_long(text, i, n):
    """`_scan` for tokens of eight bytes and more."""
    word = _eight(text, i, n)
    h = np.uint64(0)
    end = np.uint64(0)
    while end == 0:
        h = _hash64(h ^ word)
        i += _8
        word = _eight(text, i, n)
        end = _end(word)
    h = _hash64(h ^ (word & (end - _1)))
    return h | _LONG, i + _byte_number(end)


@kernel
def _cut_length(text, start):
    """Length of an over-long token once cut: 999 bytes, less a UTF-8 character begun but not ended there."""
    last = start + LONGEST_TOKEN
    for back in range(1, 4):
        byte = text[last - back]
        if byte & 0xC0 == 0xC0:  # the character's first byte: does it want more bytes than there are?
            wanted = 2 if byte & 0xE0 == 0xC0 else (3 if byte & 0xF0 == 0xE0 else 4)
            return LONGEST_TOKEN - back if wanted > back else LONGEST_TOKEN
        if byte & 0x80 == 0:
            return LONGEST_TOKEN
    return LONGEST_TOKEN


@forced_inline
def _token(text, i, n):
    """Key, length and end of the token that begins at i; over-long ones have the key and length of what is kept."""
    key, end = _scan(text, i, n)
    length = end - i
    if length > np.uint64(LONGEST_TOKEN):
        length = np.uint64(_cut_length(text, i))
        key, _ = _scan(text, i, i + length)
    return key, length, end


@forced_inline
def _same(text, i, other, j, length):
    """Whether two runs of eight bytes or more are the same."""
    last = length - _8
    for k in range(np.uint64(0), last, _8):
        if _load(text, i + k) != _load(other, j + k):
            return False
    return _load(text, i + last) == _load(other, j + last)


@forced_inline
def _find(slots, arena, text, start, length, key):
    """Slot of the word, or the free slot where it belongs."""
    mask = np.uint64(len(slots) - 1)
    slot = _hash64(key) & mask
    while slots[slot, 0] != 0:
        if slots[slot, 0] == key and (
            key < _LONG or (slots[slot, 2] == length and _same(text, start, arena, slots[slot, 1], length))
        ):
            break
        slot = (slot + _1) & mask
    return slot


@forced_inline
def _enter(slots, arena, used, slot, text, start, length, count, key):
    """Put a new word into its free slot."""
    at = np.uint64(used[1])
    slots[slot, 0] = key
    slots[slot, 1] = at
    slots[slot, 2] = length
    slots[slot, 3] = count
    for k in range(length):
        arena[at + k] = text[start + k]
    used[0] += 1
    used[1] += length


@forced_inline
def _hot_place(key):
    return _hash64(key) & np.uint64(HOT - 1)


@forced_inline
def _wanted(key, share_mask, share):
    return (_hash64(key) >> _32) & share_mask == share


@kernel
def count_words(text, begin, slots, arena, used, hot, share_mask, share):
    """Count the tokens of `text` from byte `begin` on.

    Parameters
    ----------
    text : uint8 [bytes]
    begin : int
    slots, arena, hot : uint64 [capacity, 4], uint8, uint64 [HOT, 2]
        The table, see the module; updated.
    used : int64 [2]
        Words and arena bytes in the table; updated.
    share_mask, share : uint64
        Only words with (hash >> 32) & share_mask == share are counted, so that a vocabulary too large for memory can
        be counted in several passes.

    Returns
    -------
    int
        The byte at which it stopped: len(text), or earlier where the table has to be enlarged first.
    """
    n = np.uint64(len(text))
    limit = len(slots) // 2
    i = np.uint64(begin)
    while i < n:
        if used[0] >= limit or used[1] + LONGEST_TOKEN > len(arena):
            break
        key, length, end = _token(text, i, n)
        if length != 0 and _wanted(key, share_mask, share):
            place = _hot_place(key)
            if key < _LONG and (hot[place, 0] == key or hot[place, 0] == 0):
                hot[place, 0] = key
                hot[place, 1] += _1
            else:
                slot = _find(slots, arena, text, i, length, key)
                if slots[slot, 0] == 0:
                    _enter(slots, arena, used, slot, text, i, length, _1, key)
                else:
                    slots[slot, 3] += _1
        i = end + _1
    return min(i, n)


@kernel
def move_hot(hot, slots, arena, used):
    """Move the counts of the early words to the slots.

    Parameters
    ----------
    hot : uint64 [HOT, 2]
        Empty afterwards.
    slots, arena, used : uint64 [capacity, 4], uint8, int64 [2]
        As for `count_words`, with room for `HOT` words more; updated.
    """
    text = np.zeros(8, np.uint8)
    for place in range(np.uint64(HOT)):
        key = hot[place, 0]
        if key != 0:
            length = np.uint64(0)
            while key >> (length * _8) != 0:
                text[length] = key >> (length * _8)
                length += _1
            slot = _find(slots, arena, text, np.uint64(0), length, key)
            if slots[slot, 0] == 0:
                _enter(slots, arena, used, slot, text, np.uint64(0), length, hot[place, 1], key)
            else:
                slots[slot, 3] += hot[place, 1]
            hot[place, 0] = 0
            hot[place, 1] = 0


@kernel
def add_words(other_slots, begin, other_arena, slots, arena, used, share_mask, share):
    """Add another table from slot `begin` on, counts included.

    Parameters
    ----------
    other_slots, other_arena : uint64 [capacity, 4], uint8
        The other table.
    begin : int
    slots, arena, used, share_mask, share
        As for `count_words`.

    Returns
    -------
    int
        The slot at which it stopped: their number, or an earlier one where the table has to be enlarged first.
    """
    limit = len(slots) // 2
    for other in range(np.uint64(begin), np.uint64(len(other_slots))):
        key = other_slots[other, 0]
        if key != 0 and _wanted(key, share_mask, share):
            start, length, count = other_slots[other, 1], other_slots[other, 2], other_slots[other, 3]
            slot = _find(slots, arena, other_arena, start, length, key)
            if slots[slot, 0] != 0:
                slots[slot, 3] += count
            elif used[0] >= limit or used[1] + np.int64(length) > len(arena):
                return np.int64(other)
            else:
                _enter(slots, arena, used, slot, other_arena, start, length, count, key)
    return len(other_slots)


@kernel
def measure_share(slots, share_mask, share):
    """Measure the words of a table that are of a share.

    Parameters
    ----------
    slots : uint64 [capacity, 4]
    share_mask, share : uint64
        As for `count_words`.

    Returns
    -------
    words, size : int
        How many words they are, and their bytes.
    """
    words = 0
    size = 0
    for slot in range(len(slots)):
        if slots[slot, 0] != 0 and _wanted(slots[slot, 0], share_mask, share):
            words += 1
            size += np.int64(slots[slot, 2])
    return words, size


@kernel
def list_words(slots, at_least, arena, order, counts, prefixes, text):
    """List the words of a table with a count of at least `at_least`.

    Parameters
    ----------
    slots, arena : uint64 [capacity, 4], uint8
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
    words = np.uint64(0)
    size = np.uint64(0)
    for slot in range(np.uint64(len(slots))):
        if slots[slot, 0] != 0 and slots[slot, 3] >= at_least:
            start, length = slots[slot, 1], slots[slot, 2]
            prefix = np.uint64(0)
            for k in range(_8):
                byte = arena[start + k] if k < length else np.uint8(0)
                prefix = (prefix << _8) | np.uint64(order[byte] if k <= length else 0)
            counts[words] = slots[slot, 3]
            prefixes[words] = prefix
            for k in range(length):
                text[size + k] = arena[start + k]
            text[size + length] = 10
            words += _1
            size += length + _1
    return words, size


@kernel
def index_words(starts, arena, usable, slots, hot):
    """Enter words into a table for encoding, with their ranks in place of counts.

    Parameters
    ----------
    starts : int64 [V + 1]
        The word of rank n is arena[starts[n]:starts[n + 1]].
    arena : uint8
        The bytes of all words.
    usable : bool [V]
        Words to enter.
    slots, hot : uint64 [capacity, 4], uint64 [HOT, 2]
        Zero before; filled.
    """
    for rank in range(np.uint64(len(usable))):
        if usable[rank]:
            start, end = np.uint64(starts[rank]), np.uint64(starts[rank + _1])
            key, _ = _scan(arena, start, end)
            slot = _find(slots, arena, arena, start, end - start, key)
            slots[slot, 0] = key
            slots[slot, 1] = start
            slots[slot, 2] = end - start
            slots[slot, 3] = rank
            place = _hot_place(key)
            if key < _LONG and hot[place, 0] == 0:
                hot[place, 0] = key
                hot[place, 1] = rank


@kernel
def encode(text, starts_line, boundary, keep_positions, slots, arena, hot, ids):
    """Turn text into word ids, with `BOUNDARY` where a context ends.

    Parameters
    ----------
    text : uint8 [bytes]
    starts_line : bool
        Whether the text begins at the start of a line.
    boundary : int
        `NO_BOUNDARY`, `LINE_BOUNDARY` or `BLANK_LINE_BOUNDARY`.
    keep_positions : bool
        Whether a word outside the table leaves an `UNKNOWN` or nothing.
    slots, arena, hot : uint64 [capacity, 4], uint8, uint64 [HOT, 2]
        As `index_words` makes them.
    ids : uint32 [at least len(text) + 1]
        Filled.

    Returns
    -------
    written, words : int
        How many ids were written, and how many of them are words.
    """
    n = np.uint64(len(text))
    written = np.uint64(0)
    words = 0
    line_is_empty = starts_line
    i = np.uint64(0)
    while i < n:
        key, length, end = _token(text, i, n)
        if length != 0:
            line_is_empty = False
            place = _hot_place(key)
            if hot[place, 0] == key:
                ids[written] = np.uint32(hot[place, 1])
                written += _1
                words += 1
            else:
                slot = _find(slots, arena, text, i, length, key)
                if slots[slot, 0] != 0:
                    ids[written] = np.uint32(slots[slot, 3])
                    written += _1
                    words += 1
                elif keep_positions:
                    ids[written] = UNKNOWN
                    written += _1
        if end < n and text[end] == 10:
            if boundary == LINE_BOUNDARY or (boundary == BLANK_LINE_BOUNDARY and line_is_empty):
                ids[written] = BOUNDARY
                written += _1
            line_is_empty = True
        i = end + _1
    return written, words
