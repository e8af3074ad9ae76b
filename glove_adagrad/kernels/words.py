"""Tokens in bytes: counting them in a hash table and turning them into ids, in one pass.

A token is a run of bytes without space, tab and newline; callers have removed carriage returns and refused zero
bytes. The rules are those of Stanford's `vocab_count`.

Text is looked at 64 bytes at a time: one bit for each byte says whether it is white space, and tokens end at the bits
that are set. Tokens are looked up in batches, so that the processor fetches the slots of a whole batch at once. The
table is that of `kernels.word_slots`.
"""

from __future__ import annotations

import numpy as np

from glove_adagrad.kernels.bits import BLOCK, equal_mask, trailing_zeros
from glove_adagrad.kernels.jit import forced_inline, kernel
from glove_adagrad.kernels.prefetch import prefetch
from glove_adagrad.kernels.word_slots import (
    LENGTH_BITS,
    LONGEST_TOKEN,
    SLOT,
    enter,
    find,
    hash_of,
    is_long,
    is_wanted,
    long_key,
    shift_of,
    short_key,
)

#: Ids that do not stand for a word: the end of a context, and a word outside the vocabulary that keeps its position.
BOUNDARY = np.uint32(0xFFFFFFFF)
UNKNOWN = np.uint32(0xFFFFFFFE)

#: Where contexts end.
NO_BOUNDARY, LINE_BOUNDARY, BLANK_LINE_BOUNDARY = 0, 1, 2

#: Tokens that are looked up together; a table has room for as many more words and bytes of them.
BATCH = 64

#: Bytes that must follow the text that `look_up` reads, and the last word that `word_slots.index_words` reads.
PADDING = 80

_SPACE, _NEWLINE, _TAB = np.uint8(32), np.uint8(10), np.uint8(9)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
_0, _1, _2, _3, _4, _16 = (np.uint64(number) for number in (0, 1, 2, 3, 4, 16))


@forced_inline
def _white_space(text, at):
    """Find spaces, tabs and newlines among `BLOCK` bytes of text: bit k is set if text[at + k] is one of them."""
    return equal_mask(text, at, _SPACE) | equal_mask(text, at, _NEWLINE) | equal_mask(text, at, _TAB)


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
def _write_ids(text, queued, keys, mores, places, keep_positions, counting, slots, arena, used, ids, written, words):
    """Look up a batch of words, and write their ids and the marks among them; returns `written` and `words`."""
    mask = np.uint64(len(slots) - 1)
    for k in range(queued):
        key, more, at = keys[k], mores[k], places[k]
        if is_long(key):
            if key == _0:
                ids[written] = BOUNDARY
                written += _1
                continue
            at = find(slots, arena, text, key, more)
        else:
            while slots[at] != _0 and (slots[at] != key or slots[at + _1] != more):
                at = (at + _4) & mask
        if slots[at] == _0:
            if not counting:
                ids[written] = UNKNOWN
                written += np.uint64(keep_positions)
                continue
            enter(slots, arena, used, at, text, key, more, np.uint64(used[0]), _0)
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
        The table, see `kernels.word_slots`.
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
    shift = shift_of(slots)
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
                    key, more = long_key(text, start, length), start << LENGTH_BITS | length
                else:
                    key, more = short_key(text, start, length)
                h = hash_of(key, more)
                place = (h >> shift) << _2
                prefetch(slots, place)
                keys[queued], mores[queued], places[queued] = key, more, place
                queued += np.uint64(is_wanted(h, share_mask, share))
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
def rank_words(other_slots, other_arena, slots, arena, ranks):
    """Find the ranks of the words of a table.

    Parameters
    ----------
    other_slots, other_arena : uint64 [4 * capacity], uint8
        The table.
    slots, arena : uint64 [4 * capacity], uint8
        As `word_slots.index_words` makes them.
    ranks : uint32 [words]
        Filled, by id: `UNKNOWN` for a word that is not in the second table.
    """
    for other in range(_0, np.uint64(len(other_slots)), _4):
        if other_slots[other] != _0:
            at = find(slots, arena, other_arena, other_slots[other], other_slots[other + _1])
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
