"""Tokens in bytes: counting them in a hash table and turning them into word ids.

A token is a run of bytes without space, tab and newline; callers have removed carriage returns. The rules are
those of Stanford's `vocab_count`.

A hash table is three arrays and grows by being rebuilt:

slots : uint64 [capacity, 2], capacity a power of two. Hash of the word (0: free) and its entry number.
entries : int64 [n, 3]. Where the word starts in the arena, its length, its count (or, for encoding, its id).
arena : uint8. The bytes of all words.
"""

from __future__ import annotations

import numpy as np

from glove_adagrad.kernels.jit import inline, kernel

#: A longer token is cut to this many bytes, or fewer where that would split a UTF-8 character.
LONGEST_TOKEN = 999

#: Ids that are no word: the end of a context, and a word outside the vocabulary that keeps its position.
BOUNDARY = np.uint32(0xFFFFFFFF)
UNKNOWN = np.uint32(0xFFFFFFFE)

#: Where contexts end.
NO_BOUNDARY, LINE_BOUNDARY, BLANK_LINE_BOUNDARY = 0, 1, 2

_OFFSET = np.uint64(0xCBF29CE484222325)  # of the hash FNV-1a
_PRIME = np.uint64(0x100000001B3)
_SCRAMBLE = np.uint64(0x9E3779B97F4A7C15)
_32 = np.uint64(32)
_1 = np.uint64(1)


@inline
def _is_space(byte):
    return byte <= 32 and (byte == 32 or byte == 10 or byte == 9)


@inline
def _finish(h):
    """Spread FNV's bits, so that the low ones pick a slot and the high ones a share; never 0."""
    h = (h ^ (h >> _32)) * _SCRAMBLE
    h ^= h >> _32
    return h if h != 0 else _1


@kernel
def _hash(text, start, length):
    h = _OFFSET
    for k in range(start, start + length):
        h = (h ^ np.uint64(text[k])) * _PRIME
    return _finish(h)


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


@inline
def _find(slots, entries, arena, text, start, length, h):
    """Slot of the word, or the free slot where it belongs."""
    mask = np.uint64(len(slots) - 1)
    slot = h & mask
    while slots[slot, 0] != 0:
        if slots[slot, 0] == h:
            entry = slots[slot, 1]
            if entries[entry, 1] == length:
                at = entries[entry, 0]
                same = True
                for k in range(length):
                    if arena[at + k] != text[start + k]:
                        same = False
                        break
                if same:
                    break
        slot = (slot + _1) & mask
    return slot


@kernel
def count_words(text, begin, slots, entries, arena, used, share_mask, share):
    """Count the tokens of `text` from byte `begin` on.

    used : int64 [2], entries and arena bytes in use; updated.
    share_mask, share : only words with (hash >> 32) & share_mask == share are counted, so that a vocabulary too
        large for memory can be counted in several passes.

    Returns the byte at which it stopped: len(text), or earlier where the table has to be enlarged first.
    """
    n = len(text)
    limit = min(len(slots) // 2, len(entries))
    i = begin
    while i < n:
        if _is_space(text[i]):
            i += 1
            continue
        if used[0] >= limit or used[1] + LONGEST_TOKEN > len(arena):
            return i
        h = _OFFSET
        j = i
        while j < n and not _is_space(text[j]):
            h = (h ^ np.uint64(text[j])) * _PRIME
            j += 1
        length = j - i
        if length > LONGEST_TOKEN:
            length = _cut_length(text, i)
            h = _hash(text, i, length)
        else:
            h = _finish(h)
        if (h >> _32) & share_mask == share:
            slot = _find(slots, entries, arena, text, i, length, h)
            if slots[slot, 0] == 0:
                entry = used[0]
                slots[slot, 0] = h
                slots[slot, 1] = np.uint64(entry)
                entries[entry, 0] = used[1]
                entries[entry, 1] = length
                entries[entry, 2] = 1
                for k in range(length):
                    arena[used[1] + k] = text[i + k]
                used[0] += 1
                used[1] += length
            else:
                entries[slots[slot, 1], 2] += 1
        i = j
    return n


@kernel
def add_words(other_entries, other_arena, number, slots, entries, arena, used, share_mask, share):
    """Add the first `number` entries of another table, counts included, to this one, which has room for them."""
    for e in range(number):
        start, length, count = other_entries[e, 0], other_entries[e, 1], other_entries[e, 2]
        h = _hash(other_arena, start, length)
        if (h >> _32) & share_mask != share:
            continue
        slot = _find(slots, entries, arena, other_arena, start, length, h)
        if slots[slot, 0] == 0:
            entry = used[0]
            slots[slot, 0] = h
            slots[slot, 1] = np.uint64(entry)
            entries[entry, 0] = used[1]
            entries[entry, 1] = length
            entries[entry, 2] = count
            for k in range(length):
                arena[used[1] + k] = other_arena[start + k]
            used[0] += 1
            used[1] += length
        else:
            entries[slots[slot, 1], 2] += count


@kernel
def encode(text, starts_line, boundary, keep_positions, slots, entries, arena, ids):
    """Turn text into word ids, with `BOUNDARY` where a context ends.

    starts_line : whether the text begins at the start of a line.
    keep_positions : whether a word outside the table leaves an `UNKNOWN` or nothing.
    ids : uint32, at least len(text) + 1 long; filled.

    Returns how many ids were written and how many of them are words.
    """
    n = len(text)
    written = 0
    words = 0
    line_is_empty = starts_line
    i = 0
    while i < n:
        byte = text[i]
        if _is_space(byte):
            if byte == 10:
                if boundary == LINE_BOUNDARY or (boundary == BLANK_LINE_BOUNDARY and line_is_empty):
                    ids[written] = BOUNDARY
                    written += 1
                line_is_empty = True
            i += 1
            continue
        line_is_empty = False
        h = _OFFSET
        j = i
        while j < n and not _is_space(text[j]):
            h = (h ^ np.uint64(text[j])) * _PRIME
            j += 1
        length = j - i
        if length > LONGEST_TOKEN:
            length = _cut_length(text, i)
            h = _hash(text, i, length)
        else:
            h = _finish(h)
        slot = _find(slots, entries, arena, text, i, length, h)
        if slots[slot, 0] != 0:
            ids[written] = np.uint32(entries[slots[slot, 1], 2])
            written += 1
            words += 1
        elif keep_positions:
            ids[written] = UNKNOWN
            written += 1
        i = j
    return written, words
