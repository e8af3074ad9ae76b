"""Tables of words: counting and encoding against plain twins, at the sizes where the kernel does something else."""

from __future__ import annotations

import naive
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glove_adagrad.corpus import Chunk
from glove_adagrad.kernels import word_slots
from glove_adagrad.kernels import words as kernels
from glove_adagrad.sentences import Sentences
from glove_adagrad.vocabulary import Vocabulary
from glove_adagrad.word_table import BOUNDARIES, WordTable

#: Around the ends of keys, of numbers of 8 bytes, of blocks, and of what is kept of a token.
LENGTHS = [1, 2, 7, 8, 9, 15, 16, 17, 23, 24, 25, 63, 64, 65, 128, 999, 1000]

tokens = st.builds(
    lambda length, start, character: (start + character * length)[:length],
    st.sampled_from(LENGTHS) | st.integers(1, 20),
    st.sampled_from([b"", b"a", b"ab", "é".encode(), b"abcdefgh", b"abcdefghijklmnop"]),
    st.sampled_from([b"a", b"b", b"\xff", "é".encode()]),
)
separators = st.sampled_from([b" ", b"\n", b"\t", b"  ", b"\n\n", b" \n \t\n"])
texts = st.lists(st.tuples(tokens, separators), max_size=30).map(lambda pairs: b"".join(map(b"".join, pairs)))


def chunk(text: bytes) -> Chunk:
    return Chunk(np.frombuffer(text, np.uint8), True, len(text))


def contexts(ids: np.ndarray) -> list[list[int | None]]:
    """Ids between the boundaries, where there are any; None for an unknown word."""
    found: list[list[int | None]] = [[]]
    for number in ids.tolist():
        if number == kernels.BOUNDARY:
            found.append([])
        else:
            found[-1].append(None if number == kernels.UNKNOWN else number)
    return without_empty(found)


def without_empty(found: list[list[int | None]]) -> list[list[int | None]]:
    return [context for context in found if context]


def by_id(table: WordTable) -> dict[int, bytes]:
    """The words of a table, each found by encoding it alone."""
    return {int(table.encode(chunk(word), "none", False)[0][0]): word for word in table.words(1)[0]}


@given(texts, st.integers(0, 70), st.sampled_from(BOUNDARIES), st.sampled_from([b"", b" ", b"\n", b"last"]))
def test_counts_and_ids_equal_the_twins(text: bytes, shift: int, boundary: str, end: bytes) -> None:
    text = b" " * shift + text + end  # tokens at all places within blocks
    table = WordTable()
    ids = table.count(chunk(text), boundary)
    words, counts, _ = table.words(1)
    assert dict(zip(words, counts.tolist(), strict=True)) == naive.count_words(text)
    numbered = list(dict.fromkeys(word for line in text.split(b"\n") for word in naive.tokens(line)))
    assert by_id(table) == dict(enumerate(numbered))
    assert contexts(ids) == without_empty(naive.ids(text, numbered, boundary, False))


@given(texts, st.sampled_from(BOUNDARIES), st.booleans(), st.data())
def test_encoding_equals_the_twin(text: bytes, boundary: str, keep_positions: bool, data: st.DataObject) -> None:
    found = [*sorted(naive.count_words(text)), b"a word of no text", b"with\x00zero", b"never"]
    words = data.draw(st.lists(st.sampled_from(found), unique=True))
    table = Vocabulary(words, np.ones(len(words), np.int64)).table()
    ids, number = table.encode(chunk(text), boundary, keep_positions)
    expected = naive.ids(text, words, boundary, keep_positions)
    assert contexts(ids) == without_empty(expected)
    assert number == sum(rank is not None for context in expected for rank in context)


def test_a_word_with_a_zero_byte_does_not_stand_for_a_shorter_one() -> None:
    vocabulary = Vocabulary([b"a", b"a\0", b"\0"], np.ones(3, np.int64))
    (ids, words), *_ = vocabulary.encode(Sentences([["a", "a"]]))
    assert ids[:2].tolist() == [0, 0]
    assert words == 2


def test_ids_stay_while_the_table_grows() -> None:
    rng = np.random.default_rng(1)
    words = [b"%d" % number + b"x" * int(length) for number, length in enumerate(rng.integers(0, 40, 20_000))]
    words += [b"y" * 900 + b"%d" % number for number in range(300)]  # the arena grows, too
    table = WordTable()
    ids = np.concatenate([table.count(chunk(b" ".join(words[first:] + words[:9]))) for first in (15_000, 0)])
    numbered = list(dict.fromkeys(words[15_000:] + words[:9] + words))
    rank = {word: number for number, word in enumerate(numbered)}
    assert ids.tolist() == [rank[word] for word in words[15_000:] + words[:9] + words + words[:9]]
    assert by_id(table) == dict(enumerate(numbered))


def test_a_table_that_is_added_keeps_ids_and_counts() -> None:
    texts = [
        b" ".join(b"%d" % (n % 3000) + b"z" * (n % 37) for n in range(begin, begin + 9000)) for begin in (0, 4000)
    ]
    tables = [WordTable() for _ in texts]
    own = [table.count(chunk(text)) for table, text in zip(tables, texts, strict=True)]
    there = by_id(tables[1])
    numbers = tables[0].add(tables[1])
    here = by_id(tables[0])
    assert {number: here[int(numbers[number])] for number in there} == there
    assert [here[number] for number in own[0].tolist()] == texts[0].split()
    found, counts, _ = tables[0].words(1)
    assert dict(zip(found, counts.tolist(), strict=True)) == naive.count_words(b" ".join(texts))


@pytest.mark.parametrize("mask", [1, 3])
def test_shares_make_up_the_whole(mask: int) -> None:
    text = b" ".join(b"%d" % n + b"z" * (n % 20) for n in range(3000))
    found: list[bytes] = []
    for share in range(mask + 1):
        table = WordTable()
        table.count(chunk(text))
        table.limit_to(mask, share)
        table.count(chunk(text))
        words, counts, _ = table.words(1)
        assert counts.tolist() == [2] * len(words)
        found += words
    assert sorted(found) == sorted(text.split())


def test_long_words_with_the_same_hash_stay_two_words() -> None:
    one, other = b"a word of 25 bytes, or so".replace(b" ", b"_"), b"another_of_25_bytes_or_so"
    table = WordTable()
    table.count(chunk(one))
    text = np.frombuffer(other, np.uint8)
    key, more = np.uint64(word_slots.long_key(text, np.uint64(0), np.uint64(25))), np.uint64(25)
    at = int(word_slots.find(table.slots, table.arena, text, key, more))
    assert table.slots[at] == 0
    (old,) = np.flatnonzero(table.slots[:: word_slots.SLOT]) * word_slots.SLOT
    slot = table.slots[old : old + word_slots.SLOT].copy()
    table.slots[old] = 0
    table.slots[at : at + word_slots.SLOT] = [key, *slot[1:]]  # as if `one` had the hash of `other`
    assert contexts(table.encode(chunk(other), "none", True)[0]) == [[None]]
    table.count(chunk(other + b" " + other))
    words, counts, _ = table.words(1)
    assert dict(zip(words, counts.tolist(), strict=True)) == {one: 1, other: 2}
