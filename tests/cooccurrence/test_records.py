"""Counts in and out: Stanford's records and scipy.sparse."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from data import GOLDEN

from glove_adagrad.cooccurrence.count import count_cooccurrences
from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
from glove_adagrad.cooccurrence.merge import merge_matrices
from glove_adagrad.cooccurrence.records import RECORD, read_records, write_records
from glove_adagrad.cooccurrence.scipy_sparse import from_scipy
from glove_adagrad.cooccurrence.summary import SHARES, summarize
from glove_adagrad.cooccurrence.windows import Windows
from glove_adagrad.corpus import TextFiles
from glove_adagrad.errors import InputError
from glove_adagrad.vocabulary import Vocabulary


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return Vocabulary.read(GOLDEN / "tiny.vocab.min5.txt")


def counted(folder: Path, vocabulary: Vocabulary, windows: Windows | None = None) -> CooccurrenceMatrix:
    return count_cooccurrences(TextFiles([GOLDEN / "tiny.txt"]), vocabulary, folder, windows=windows, workers=2)


def cells_of(matrix: CooccurrenceMatrix) -> tuple[bytes, bytes]:
    upper = b"" if matrix.symmetric else matrix.upper.path.read_bytes()
    return matrix.lower.path.read_bytes(), upper


@pytest.mark.parametrize(
    ("name", "windows"),
    [
        ("tiny.cooc.w15.sym.bin", Windows()),
        ("tiny.cooc.w10.left.bin", Windows(10, symmetric=False)),
        ("tiny.cooc.w10.sym.flat.bin", Windows(10, distance_weights="flat")),
    ],
)
@pytest.mark.parametrize("memory", [1 << 18, 1 << 30])
def test_records_written_are_stanfords(
    tmp_path: Path, vocabulary: Vocabulary, name: str, windows: Windows, memory: int
) -> None:
    matrix = counted(tmp_path / "m", vocabulary, windows)
    write_records(matrix, tmp_path / "records.bin", workers=2, memory=memory)
    found, expected = np.fromfile(tmp_path / "records.bin", RECORD), np.fromfile(GOLDEN / name, RECORD)
    assert len(found) == len(expected) == matrix.records
    assert (found[["word", "context"]] == expected[["word", "context"]]).all()
    np.testing.assert_allclose(found["x"], expected["x"], rtol=1e-9)


@pytest.mark.parametrize(
    ("name", "windows"),
    [
        ("tiny.cooc.w15.sym.bin", Windows()),
        ("tiny.cooc.w10.left.bin", Windows(10, symmetric=False)),
        ("tiny.cooc.w10.sym.flat.bin", Windows(10, distance_weights="flat")),
    ],
)
@pytest.mark.parametrize("memory", [1, 1 << 30])
def test_records_read_in_any_order_are_what_counting_gives(
    tmp_path: Path, vocabulary: Vocabulary, name: str, windows: Windows, memory: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("glove_adagrad.cooccurrence.records._CHUNK", 3000)
    records = np.fromfile(GOLDEN / name, RECORD)
    np.random.default_rng(0).shuffle(records)
    records.tofile(tmp_path / "records.bin")
    known = read_records(
        tmp_path / "records.bin", vocabulary, tmp_path / "known", windows=windows, workers=2, memory=memory
    )
    expected = counted(tmp_path / "m", vocabulary, windows)
    assert (known.windows, known.symmetric) == (windows, windows.symmetric)
    assert cells_of(known) == cells_of(expected)
    unknown = read_records(tmp_path / "records.bin", vocabulary, tmp_path / "unknown", memory=memory)
    assert (unknown.windows, unknown.records) == (None, len(records))
    write_records(unknown, tmp_path / "again.bin")
    again = np.fromfile(tmp_path / "again.bin", RECORD)
    records.sort(order=["word", "context"])
    np.testing.assert_allclose(again["x"], records["x"], rtol=1e-9)


def test_imported_counts_can_be_merged_if_their_window_is_known(tmp_path: Path, vocabulary: Vocabulary) -> None:
    file = GOLDEN / "tiny.cooc.w15.sym.bin"
    ours = counted(tmp_path / "ours", vocabulary)
    known = read_records(file, vocabulary, tmp_path / "known", windows=Windows())
    merged = merge_matrices([ours, known], tmp_path / "merged")
    twice = merge_matrices([ours, ours], tmp_path / "twice")
    assert cells_of(merged) == cells_of(twice)
    unknown = read_records(file, vocabulary, tmp_path / "unknown")
    with pytest.raises(InputError, match="how it was counted is not known"):
        merge_matrices([ours, unknown], tmp_path / "merged")


GOOD = [(1, 2, 0.5), (2, 1, 0.5), (3, 3, 2.0)]


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ((0, 1, 1.0), r"record 4: \(0, 1, 1\): ranks must lie between 1 and 3"),
        ((1, 4, 1.0), r"record 4: \(1, 4, 1\): ranks must lie between 1 and 3"),
        ((1, 3, np.nan), r"record 4: \(1, 3, nan\): X must be finite and positive"),
        ((1, 3, np.inf), r"record 4: \(1, 3, inf\): X must be finite and positive"),
        ((1, 3, 0.0), r"record 4: \(1, 3, 0\): X must be finite and positive"),
        ((1, 3, -1.0), r"record 4: \(1, 3, -1\): X must be finite and positive"),
        ((1, 3, 1e30), r"X from 0\.5 to 1e\+30: the range is too wide"),
        ((1, 2, 0.25), r"record 4: \(1, 2, 0\.25\): duplicate pair, first seen as record 1"),
        ((2, 1, 0.25), r"record 4: \(2, 1, 0\.25\): duplicate pair, first seen as record 2"),
    ],
)
def test_the_first_bad_record_is_named(tmp_path: Path, bad: tuple[int, int, float], message: str) -> None:
    words = Vocabulary([b"a", b"b", b"c"], np.array([3, 2, 1]))
    np.array([*GOOD, bad], RECORD).tofile(tmp_path / "records.bin")
    with pytest.raises(InputError, match=message):
        read_records(tmp_path / "records.bin", words, tmp_path / "m")
    assert [path.name for path in tmp_path.iterdir()] == ["records.bin"]


@pytest.mark.parametrize(
    ("x", "window", "message"),
    [
        (1e18, 15, r"records.bin: record 2: \(2, 1, 1e\+18\): X is too large to be counted with this window"),
        (2.0**63, 1, r"records.bin: record 2: .*: X is too large to be counted with this window"),
        (1e305, 15, r"records.bin: record 2: .*: X is too large to be counted with this window"),
        (1e20, None, r"records.bin: X from 0.5 to 1e\+20: the range is too wide"),
        (5e-324, None, r"records.bin: X from 4.94066e-324 to 1: the range is too wide, or the values are too small"),
        (5e-324, 15, r"records.bin: record 2: .*: X is not a sum of this window's weights"),
    ],
)
def test_x_that_cannot_be_kept_are_refused(tmp_path: Path, x: float, window: int | None, message: str) -> None:
    words = Vocabulary([b"a", b"b"], np.array([2, 1]))
    first = 0.5 if x > 1 and window is None else 1.0
    np.array([(1, 2, first), (2, 1, x)], RECORD).tofile(tmp_path / "records.bin")
    with pytest.raises(InputError, match=message):
        read_records(
            tmp_path / "records.bin", words, tmp_path / "m", windows=None if window is None else Windows(window)
        )


@pytest.mark.parametrize(
    ("cells", "window"), [((1e18, 1.0), None), ((2.0**62, 1.0), 1), ((1e-20, 3e-20), None), ((25e12, 1.0), 15)]
)
def test_x_that_are_huge_or_tiny_are_kept(tmp_path: Path, cells: tuple[float, float], window: int | None) -> None:
    words = Vocabulary([b"a", b"b"], np.array([2, 1]))
    np.array([(1, 2, cells[0]), (2, 1, cells[0]), (1, 1, cells[1])], RECORD).tofile(tmp_path / "records.bin")
    windows = None if window is None else Windows(window)
    matrix = read_records(tmp_path / "records.bin", words, tmp_path / "m", windows=windows)
    np.testing.assert_allclose(matrix.to_scipy().toarray(), [[cells[1], cells[0]], [cells[0], 0]], rtol=1e-9, atol=0)
    write_records(matrix, tmp_path / "again.bin")
    again = np.fromfile(tmp_path / "again.bin", RECORD)["x"]
    np.testing.assert_allclose(again, [cells[1], *2 * cells[:1]], rtol=1e-9)
    assert summarize(matrix).quantiles[1.0] == pytest.approx(max(cells), rel=1e-9)


def test_a_file_cut_short_and_a_wrong_window_are_named(tmp_path: Path) -> None:
    words = Vocabulary([b"a", b"b", b"c"], np.array([3, 2, 1]))
    np.array(GOOD, RECORD).tofile(tmp_path / "records.bin")
    with pytest.raises(InputError, match=r"record 1: \(1, 2, 0\.5\): X is not a sum of this window's weights"):
        read_records(tmp_path / "records.bin", words, tmp_path / "m", windows=Windows(1))
    with pytest.raises(InputError, match="windows over 18"):
        read_records(tmp_path / "records.bin", words, tmp_path / "m", windows=Windows(50))
    (tmp_path / "records.bin").write_bytes(np.array(GOOD, RECORD).tobytes()[:-3])
    with pytest.raises(InputError, match="has 45 bytes, not a whole number of records of 16"):
        read_records(tmp_path / "records.bin", words, tmp_path / "m")


@pytest.mark.parametrize("window", [15, 50])
@pytest.mark.parametrize("symmetric", [True, False])
def test_scipy_there_and_back(tmp_path: Path, vocabulary: Vocabulary, window: int, symmetric: bool) -> None:
    matrix = counted(tmp_path / "m", vocabulary, Windows(window, symmetric=symmetric))
    sparse = matrix.to_scipy()
    assert (sparse.nnz, sparse.shape) == (matrix.records, (len(vocabulary), len(vocabulary)))
    assert (abs(sparse - sparse.T).max() == 0) == symmetric
    back = from_scipy(sparse, vocabulary, tmp_path / "back", workers=2)
    assert cells_of(back) == cells_of(matrix)
    assert (back.denominator, back.symmetric) == (matrix.denominator, symmetric)


def test_any_values_are_kept_to_nine_digits(tmp_path: Path) -> None:
    sparse = pytest.importorskip("scipy.sparse")
    words = Vocabulary([b"w%d" % number for number in range(50)], np.arange(50, 0, -1))
    rng = np.random.default_rng(0)
    dense = np.where(rng.random((50, 50)) < 0.3, rng.lognormal(0, 2, (50, 50)), 0)
    matrix = from_scipy(sparse.coo_matrix(dense), words, tmp_path / "m", memory=1)
    np.testing.assert_allclose(matrix.to_scipy().toarray(), dense, rtol=1e-9)


@pytest.mark.parametrize(
    ("dense", "message"),
    [
        ([[1.0, 0.0]], "1 x 2 cells does not fit a vocabulary of 2 words"),
        ([[1.0, -1.0], [0.0, 0.0]], r"cell \[0, 1\]: X = -1 must be finite and positive"),
        ([[1.0, 0.0], [np.nan, 0.0]], r"cell \[1, 0\]: X = nan must be finite and positive"),
        ([[0.0, 0.0], [0.0, 0.0]], "no two words"),
    ],
)
def test_unusable_matrices_are_refused(tmp_path: Path, dense: list[list[float]], message: str) -> None:
    sparse = pytest.importorskip("scipy.sparse")
    words = Vocabulary([b"a", b"b"], np.array([2, 1]))
    with pytest.raises(InputError, match=message):
        from_scipy(sparse.csr_array(np.array(dense)), words, tmp_path / "m")


@pytest.mark.parametrize(
    "matrix",
    [None, "ab", 3.0, [[1], [2, 3]], np.ones(2), np.ones((2, 2, 2)), np.eye(2) * 1j, np.array([["a", "b"]] * 2)],
    ids=repr,
)
def test_anything_but_a_matrix_of_numbers_is_one_kind_of_error(tmp_path: Path, matrix: Any) -> None:
    words = Vocabulary([b"a", b"b"], np.array([2, 1]))
    with pytest.raises(TypeError, match=r"a .* is not a matrix of numbers, SciPy's sparse or NumPy's: it has"):
        from_scipy(matrix, words, tmp_path / "m")


@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
@pytest.mark.parametrize("convert", [np.asarray, np.ndarray.tolist, np.asmatrix])
def test_dense_matrices_are_converted(tmp_path: Path, convert: Callable[[np.ndarray], Any]) -> None:
    words, dense = Vocabulary([b"a", b"b"], np.array([2, 1])), np.array([[1.0, 2.0], [2.0, 0.0]])
    matrix = from_scipy(convert(dense), words, tmp_path / "m")
    np.testing.assert_array_equal(matrix.to_scipy().toarray(), dense)


@pytest.mark.parametrize("kind", ["csr", "csc", "bsr", "coo", "lil", "dia", "dok"])
@pytest.mark.parametrize("index", [-7, 2, 100, 1 << 30])
def test_index_arrays_that_do_not_fit_are_refused(tmp_path: Path, kind: str, index: int) -> None:
    sparse = pytest.importorskip("scipy.sparse")
    words, matrix = Vocabulary([b"a", b"b"], np.array([2, 1])), sparse.coo_array(np.eye(2)).asformat(kind)
    match kind:
        case "coo":
            matrix.col[0] = index
        case "lil":
            matrix.rows[0][0] = index
        case "dok":
            # has a dict of its own, or in older versions is one
            dict.__setitem__(getattr(matrix, "_dict", matrix), (0, index), 1.0)
        case "dia":
            matrix.data = matrix.data[:0]
        case _:
            matrix.indices[0] = index
    with pytest.raises(InputError, match="the matrix's index arrays do not fit each other"):
        from_scipy(matrix, words, tmp_path / "m")


@pytest.mark.parametrize("symmetric", [True, False])
def test_summary(tmp_path: Path, vocabulary: Vocabulary, symmetric: bool) -> None:
    matrix = counted(tmp_path / "m", vocabulary, Windows(symmetric=symmetric))
    x = np.concatenate([x for _, _, x in matrix.cells()])
    found = summarize(matrix, workers=2)
    assert (found.words, found.records) == (len(vocabulary), len(x))
    assert found.total == pytest.approx(x.sum(), rel=1e-12)
    for share in SHARES:
        assert found.quantiles[share] == pytest.approx(np.quantile(x, share, method="lower"), rel=3e-4)
    assert (found.quantiles[0.0], found.quantiles[1.0]) == (x.min(), x.max())
