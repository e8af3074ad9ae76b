"""PPMI-SVD: against NumPy's decomposition of a plain PPMI matrix, and the same bytes however it is computed."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import naive
import numpy as np
import pytest
from data import GOLDEN, TINY
from hypothesis import given, settings
from hypothesis import strategies as st
from runs import Command

from glove_adagrad import GloVe
from glove_adagrad.cooccurrence.count import count_cooccurrences
from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
from glove_adagrad.cooccurrence.scipy_sparse import from_scipy
from glove_adagrad.cooccurrence.windows import Windows
from glove_adagrad.corpus import TextFiles
from glove_adagrad.errors import InputError
from glove_adagrad.formats import read_run, read_vectors
from glove_adagrad.svd import PASSES, SVDSettings, decompose
from glove_adagrad.vocabulary import Vocabulary


@pytest.fixture(scope="module", params=[True, False], ids=["both sides", "left only"])
def matrix(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> CooccurrenceMatrix:
    vocabulary = Vocabulary.read(GOLDEN / "tiny.vocab.min5.txt")
    folder = tmp_path_factory.mktemp("svd") / "m"
    windows = Windows(window=5, symmetric=request.param)
    return count_cooccurrences(TextFiles([TINY]), vocabulary, folder, windows=windows)


@settings(max_examples=10, deadline=None)
@given(
    st.integers(0, 1 << 30), st.integers(1, 40), st.sampled_from([0.0, 0.75, 1.0]), st.sampled_from([0.5, 1.0, 5.0])
)
def test_all_components_give_back_the_matrix(seed: int, words: int, smoothing: float, shift: float) -> None:
    values = [0.0, 0.0, 1.0, 2.0, 300.0, 2.0**33]  # the last is too large for the tiles' usual numbers
    x = np.random.default_rng(seed).choice(values, (words, words))
    x[0, 0] = max(x[0, 0], 1)
    expected = naive.positive_pmi(x, smoothing, shift)
    if expected.max() < 1e-5:
        return
    vocabulary = Vocabulary([b"%d" % n for n in range(words)], np.arange(words, 0, -1))
    with tempfile.TemporaryDirectory() as folder:
        matrix = from_scipy(x, vocabulary, Path(folder) / "m")
        found, contexts = decompose(matrix, SVDSettings(words, smoothing, shift, 0.5), workers=1)
    assert np.abs(found @ contexts.T - expected).max() < 1e-4 * expected.max()
    lengths = np.linalg.svd(expected, compute_uv=False)
    assert np.allclose((found**2).sum(axis=0), lengths, atol=1e-4 * lengths[0])


def test_a_few_components_are_the_largest(matrix: CooccurrenceMatrix) -> None:
    expected = naive.positive_pmi(matrix.to_scipy().toarray(), 0.75, 1)
    left, values, right = np.linalg.svd(expected)
    size = 6
    best = left[:, :size] * values[:size] @ right[:size]
    words, contexts = decompose(matrix, SVDSettings(size, power=0.5))
    assert np.allclose(words @ contexts.T, best, atol=2e-3 * values[0])
    plain, scaled = decompose(matrix, SVDSettings(size)), decompose(matrix, SVDSettings(size, power=1))
    for one, other in zip(plain, scaled, strict=True):
        assert np.allclose(np.linalg.norm(one, axis=0), 1, atol=1e-4)
        assert np.allclose(one * values[:size], other, atol=1e-4 * values[0])


def test_bytes_depend_on_neither_workers_nor_memory(matrix: CooccurrenceMatrix) -> None:
    done: list[float] = []
    chosen = SVDSettings(5)
    expected = [part.tobytes() for part in decompose(matrix, chosen, workers=1, progress=done.append)]
    assert done == sorted(done)
    assert done[-1] == PASSES
    for workers, memory in ((3, None), (2, 1)):
        assert [part.tobytes() for part in decompose(matrix, chosen, workers=workers, memory=memory)] == expected
    assert [part.tobytes() for part in decompose(matrix, SVDSettings(5, seed=2))] != expected


def test_what_is_impossible_is_named(matrix: CooccurrenceMatrix) -> None:
    with pytest.raises(InputError, match=f"vector_size 1000: must be at most {matrix.words}"):
        decompose(matrix, SVDSettings(1000))
    with pytest.raises(InputError, match="no pair of words co-occurs more often than expected"):
        decompose(matrix, SVDSettings(2, shift=1e30))
    for wrong in ({"vector_size": 0}, {"smoothing": 2.0}, {"shift": 0.0}, {"power": -1.0}, {"seed": -1}):
        with pytest.raises(InputError, match=f"{next(iter(wrong))} .*: must be"):
            SVDSettings(**wrong)  # type: ignore[arg-type]


def test_the_command_writes_a_folder_that_others_read(
    matrix: CooccurrenceMatrix, tmp_path: Path, command: Command
) -> None:
    run, options = tmp_path / "run", ["--vector-size", 6, "--power", 0.5]
    assert "6 dimensions" in command.ok("svd", matrix.folder, "-o", run, *options)
    words, contexts = decompose(matrix, SVDSettings(6, power=0.5))
    assert read_vectors(run).vectors.tobytes() == (words + contexts).tobytes()
    assert read_vectors(run / "vectors.txt").words == matrix.vocabulary.decoded()
    history = json.loads((run / "history.json").read_text())
    assert history["settings"]["power"] == 0.5
    assert "svd" in history["provenance"]["command"]
    assert "zeros" in command.ok("info", run)
    word = matrix.vocabulary.decoded()[0]
    assert word in command.ok("similar", run, word)

    before = {path.name: path.read_bytes() for path in run.iterdir()}
    assert "replace it with --force" in command.refused(1, "svd", matrix.folder, "-o", run)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.md").write_text("mine")
    for other in (tmp_path / "mine", matrix.folder):
        assert "choose another" in command.refused(1, "svd", matrix.folder, "-o", other, "--force")
    assert "must be at most" in command.refused(1, "svd", matrix.folder, "-o", run, "--force", "--vector-size", 9999)
    assert {path.name: path.read_bytes() for path in run.iterdir()} == before
    command.ok("svd", run, "-o", tmp_path / "again", *options, "--vectors", "word", "-q")
    assert read_run(tmp_path / "again").select().vectors.tobytes() == words.tobytes()
    command.ok("svd", run, "-o", tmp_path / "again", *options, "--force", "-q")
    assert (tmp_path / "again" / "model.npz").read_bytes() == before["model.npz"]
    with pytest.raises(InputError, match="is not a trained model"):
        GloVe.load(run)
