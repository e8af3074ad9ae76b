"""The contexts of a word, against the whole matrix; the command that shows them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from data import GOLDEN
from runs import Command

from glove_adagrad.cooccurrence.count import count_cooccurrences
from glove_adagrad.cooccurrence.lookup import contexts_of
from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
from glove_adagrad.cooccurrence.tiles import Tiles
from glove_adagrad.cooccurrence.windows import Windows
from glove_adagrad.corpus import TextFiles
from glove_adagrad.errors import InputError
from glove_adagrad.vocabulary import Vocabulary


@pytest.fixture(params=[True, False], ids=["symmetric", "left"])
def matrix(request: pytest.FixtureRequest, tmp_path: Path) -> CooccurrenceMatrix:
    vocabulary = Vocabulary.read(GOLDEN / "tiny.vocab.txt")
    windows = Windows(window=10, symmetric=request.param)
    return count_cooccurrences(TextFiles([GOLDEN / "tiny.txt"]), vocabulary, tmp_path / "counts", windows=windows)


def test_contexts_are_a_row_of_the_matrix(matrix: CooccurrenceMatrix, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = matrix.to_scipy().toarray()
    share = matrix.vocabulary.counts / matrix.vocabulary.counts.sum()
    tiles: list[int] = []
    read = Tiles.read
    monkeypatch.setattr(Tiles, "read", lambda self, file, tile: tiles.append(tile) or read(self, file, tile))
    for rank in range(matrix.words):
        found = contexts_of(matrix, rank)
        assert found.rank.tolist() == np.flatnonzero(whole[rank]).tolist()
        np.testing.assert_array_equal(found.x, whole[rank, found.rank])
        expected = found.x / whole[rank].sum() / share[found.rank]
        np.testing.assert_allclose(np.exp(found.pmi), expected, rtol=1e-9)
    parts = matrix.lower.parts
    assert len(tiles) == 2 * parts * matrix.words
    assert 2 * parts < parts**2
    with pytest.raises(InputError, match="rank 99999: must be between 0 and"):
        contexts_of(matrix, 99999)


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    return Command(capsys, monkeypatch)


def test_the_command_shows_contexts_and_cells(command: Command, matrix: CooccurrenceMatrix) -> None:
    words = matrix.vocabulary.decoded()
    whole = matrix.to_scipy().toarray()
    found = command.json("cooccurrences", matrix.folder, words[3], "--top", 5, "--min-x", 2)
    assert found["contexts"] == np.count_nonzero(whole[3])
    assert [entry["x"] for entry in found["by_x"]] == sorted(whole[3], reverse=True)[:5]
    assert all(entry["x"] == whole[3, words.index(entry["context"])] for entry in found["by_x"])
    values = [entry["pmi"] for entry in found["by_pmi"]]
    assert values == sorted(values, reverse=True)
    assert all(entry["x"] >= 2 for entry in found["by_pmi"])
    assert f"{words[3]}: {found['contexts']} contexts, by X" in command.ok("cooccurrences", matrix.folder, words[3])
    for rank in (np.flatnonzero(whole[3])[0], np.flatnonzero(whole[3] == 0)[0]):
        cell = command.json("cooccurrences", matrix.folder, words[3], words[rank])
        assert (cell["x"], cell["pmi"] is None) == (whole[3, rank], whole[3, rank] == 0)
        assert f"{whole[3, rank]:.2f}" in command.ok("cooccurrences", matrix.folder, words[3], words[rank])
    assert "'nosuchword' is not among the" in command.refused(1, "cooccurrences", matrix.folder, "nosuchword")
