"""Ids that counting words leaves for counting co-occurrences: the same result from one reading of the text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from glove_adagrad import GloVe
from glove_adagrad.cooccurrence import Windows
from glove_adagrad.corpus import Chunk
from glove_adagrad.counting import Counting
from glove_adagrad.kept_ids import KeptIds
from glove_adagrad.sentences import Sentences
from glove_adagrad.vocabulary import Vocabulary


class Read:
    """Sentences in chunks of about 100 tokens, and how often they are read."""

    total_bytes = None

    def __init__(self, number: int = 3000) -> None:
        rng = np.random.default_rng(0)
        self.sentences = [[f"w{n}" for n in line] for line in (rng.zipf(1.3, (number, 10)) % 700).tolist()]
        self.times = 0

    def __iter__(self) -> Iterator[list[str]]:
        self.times += 1
        yield from self.sentences

    def chunks(self) -> Iterator[Chunk]:
        self.times += 1
        for begin in range(0, len(self.sentences), 10):
            yield from Sentences(self.sentences[begin : begin + 10]).chunks()

    def locate(self, token: bytes) -> str:
        return "here"


def folder_bytes(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize(
    ("counting", "keep"),
    [
        (Counting(min_count=3), ()),
        (Counting(max_vocab=50, windows=Windows(4, keep_positions=True, boundary="none")), ()),
        (Counting(min_count=9, windows=Windows(sample=1e-3, boundary="blank-line")), ("w699", "nowhere")),
    ],
)
def test_the_result_is_that_of_two_readings(
    tmp_path: Path, counting: Counting, keep: tuple[str, ...], workers: int
) -> None:
    text = Read()
    found = []
    for kept_ids, times in ((None, 2), (KeptIds(counting.windows.boundary, 1 << 30), 1)):
        text.times = 0
        resources: dict[str, Any] = {"workers": workers, "kept_ids": kept_ids}
        vocabulary = counting.count_words(text, keep, **resources)
        counting.count_cooccurrences(text, vocabulary, tmp_path / "matrix", **resources)
        assert text.times == times
        found.append(folder_bytes(tmp_path / "matrix"))
    assert found[0] == found[1]


@pytest.mark.parametrize("memory", [100_000, 1_000_000])
def test_ids_that_do_not_fit_are_given_up(memory: int) -> None:
    """33,000 ids take 132,000 bytes, and may take a fourth of the memory."""
    text = Read()
    kept_ids = KeptIds("line", memory)
    vocabulary = Vocabulary.count(text, kept_ids=kept_ids)
    fits = memory == 1_000_000
    assert kept_ids.complete == fits
    assert (kept_ids.size > 0) == fits
    again = list(vocabulary.encode(text, kept_ids=kept_ids))
    assert text.times == (1 if fits else 2)
    expected = list(vocabulary.encode(text))
    assert [ids.tolist() for ids, _ in again] == [ids.tolist() for ids, _ in expected]
    assert [number for _, number in again] == [number for _, number in expected]


def test_ids_give_way_to_the_table_of_words() -> None:
    text = Sentences([[f"{n}" for n in range(begin, begin + 9)] for begin in range(0, 20_000, 9)])
    kept_ids = KeptIds("line", 1 << 30)
    vocabulary = Vocabulary.count(text, min_count=1, memory=1 << 20, kept_ids=kept_ids)
    assert len(vocabulary) >= 20_000
    assert not kept_ids.complete
    assert kept_ids.size == 0


def test_ids_with_other_boundaries_are_not_used() -> None:
    text = Read()
    kept_ids = KeptIds("none", 1 << 30)
    vocabulary = Vocabulary.count(text, kept_ids=kept_ids)
    one, other = (
        np.concatenate([ids for ids, _ in vocabulary.encode(text, boundary="line", kept_ids=kept)])
        for kept in (kept_ids, None)
    )
    assert np.array_equal(one, other)


def test_a_model_reads_its_sentences_once() -> None:
    text = Read(200)
    GloVe(text, vector_size=4, epochs=1, min_count=2)
    assert text.times == 1
