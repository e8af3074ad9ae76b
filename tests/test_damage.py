"""Damage to co-occurrences and to records of runs: one line, or the same result; never another without a word."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import naive
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from old_formats import as_format

from glove_adagrad.cooccurrence.cell_sorter import CellSorter
from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
from glove_adagrad.cooccurrence.merge import merge_matrices
from glove_adagrad.cooccurrence.meta import format_meta
from glove_adagrad.cooccurrence.partition import Partition
from glove_adagrad.cooccurrence.scipy_sparse import from_scipy
from glove_adagrad.cooccurrence.spill import merge_runs
from glove_adagrad.cooccurrence.tiles import Tiles
from glove_adagrad.decoding import DamagedError, sealed_json
from glove_adagrad.errors import InputError
from glove_adagrad.run_record import RunRecord, is_marked, read_provenance
from glove_adagrad.trainer import Trainer, TrainingSettings
from glove_adagrad.vocabulary import Vocabulary

SETTINGS = TrainingSettings(vector_size=5, epochs=2)


@pytest.fixture
def folder(sound: CooccurrenceMatrix, tmp_path: Path) -> Path:
    """A folder to damage."""
    shutil.copytree(sound.folder, tmp_path / "matrix")
    return tmp_path / "matrix"


def trained(matrix: CooccurrenceMatrix, memory: int | None = None) -> bytes:
    trainer = Trainer(matrix, SETTINGS, memory=memory)
    trainer.fit()
    return b"".join(array.tobytes() for array in trainer.parameters.arrays().values())


def write_meta(folder: Path, **changes: Any) -> None:
    """Change `meta.json` as somebody would who knows its checksum; None takes a key away."""
    meta = json.loads((folder / "meta.json").read_text())
    del meta["checksum"]
    meta.update(changes)
    (folder / "meta.json").write_bytes(format_meta({k: v for k, v in meta.items() if v is not None}))


def write_table(folder: Path, table: np.ndarray) -> None:
    """Write `lower.npy` with the checksum that belongs to it."""
    np.save(folder / "lower.npy", table)
    files = json.loads((folder / "meta.json").read_text())["files"]
    write_meta(folder, files={**files, "lower.npy": zlib.crc32((folder / "lower.npy").read_bytes())})


def write_tiles(folder: Path, raw: np.ndarray) -> None:
    """Write `lower.bin` with the checksums that belong to it, so that only its structure can be wrong."""
    raw.tofile(folder / "lower.bin")
    offsets = CooccurrenceMatrix.open(folder).lower.offsets.tolist()
    table = np.load(folder / "lower.npy")
    table[:, 2] = [zlib.crc32(raw[begin:end]) for begin, end in itertools.pairwise(offsets)]
    write_table(folder, table)


@st.composite
def tiles(draw: st.DrawFn) -> tuple[list[int], list[int], list[int], list[int]]:
    """Sections of a tile of 4 rows and columns, in a matrix of 4 parts; mostly well formed."""
    rows = [draw(st.sets(st.integers(0, 4), max_size=3)) for _ in range(4)]
    columns = [column for row in rows for column in sorted(row)]
    ends = np.cumsum([len(row) for row in rows]).tolist()
    sums = draw(st.lists(st.sampled_from([1, 5, 0xFFFFFFFF, 0]), min_size=len(columns), max_size=len(columns)))
    large = [draw(st.sampled_from([1 << 32, 1 << 63])) for _ in range(sums.count(0))]
    at = draw(st.integers(0, 12))  # and one number of another value, if it is one of the first four
    section = [ends, columns, sums, large][at] if at < 4 else []
    if section:
        section[draw(st.integers(0, len(section) - 1))] = draw(st.integers(0, 9))
    return ends, columns, sums, large


@given(tiles(), st.integers(0, 3), st.integers(0, 3))
def test_the_structure_of_a_tile_of_format_2_is_checked_as_by_its_twin(
    tmp_path_factory: pytest.TempPathFactory,
    tile: tuple[list[int], list[int], list[int], list[int]],
    p: int,
    q: int,
) -> None:
    ends, columns, sums, large = tile
    dtypes = ("<u4", "<u2", "<u4", "<u8")
    sections = [np.array(section, dtype) for section, dtype in zip(tile, dtypes, strict=True)]
    data = b"".join(section.tobytes() + bytes(-section.nbytes % 8) for section in sections)
    number = 32 * p + q
    table = np.zeros((32 * 32, 4), np.int64)
    table[:, 0] = np.cumsum([0, *(16 + (len(data) - 16) * (k == number) for k in range(32 * 32 - 1))])
    table[number, 1:] = len(columns), len(large), zlib.crc32(data)
    path = tmp_path_factory.mktemp("old") / "lower.bin"
    path.write_bytes(bytes(table[number, 0]) + data)
    found = Tiles(path, table, 128, 0, old=True)
    with found.open() as file:
        if not naive.is_tile(ends, columns, sums, large, p, q, 4):
            with pytest.raises(DamagedError, match=f"tile {number} is not well formed"):
                found.cells_of(file, number)
            return
        row, column, total = found.cells_of(file, number)
    assert (row // 32).tolist() == [a for a in range(4) for _ in range(ends[a] - (ends[a - 1] if a else 0))]
    assert (column // 32).tolist() == columns
    rest = iter(large)
    assert total.tolist() == [value or next(rest) for value in sums]


@pytest.mark.parametrize("memory", [None, 0])
def test_no_kernel_sees_a_tile_that_is_not_well_formed(folder: Path, memory: int | None) -> None:
    raw = np.fromfile(folder / "lower.bin", np.uint8)
    tile = int(np.load(folder / "lower.npy")[:, 0].argmax())
    lower = CooccurrenceMatrix.open(folder).lower
    large, cells = 8 * int(lower.large[tile]), int(lower.tile_cells[tile])
    begin = int(lower.offsets[tile + 1]) - large - -(-4 * cells // 8) * 8 - -(-2 * cells // 8) * 8
    raw[begin + 1] = 0xFF  # a column far outside the part
    write_tiles(folder, raw)
    matrix = CooccurrenceMatrix.open(folder)
    uses: list[Callable[[], Any]] = [
        lambda: trained(matrix, memory),
        lambda: list(matrix.sums()),
        lambda: merge_matrices([matrix, matrix], folder.parent / "merged"),
    ]
    for use in uses:
        with pytest.raises(DamagedError, match=rf"lower.bin: is damaged \(tile {tile} is not well formed"):
            use()


@pytest.mark.parametrize(("column", "change"), [(0, 1), (0, -1), (0, 1 << 31), (1, 1), (1, -1), (1, 1 << 31), (2, 1)])
def test_a_table_must_be_the_one_of_its_tiles(folder: Path, column: int, change: int) -> None:
    table = np.load(folder / "lower.npy")
    table[7, column] = (int(table[7, column]) + change) % (1 << 32)
    write_table(folder, table)
    with pytest.raises(DamagedError, match="lower"):
        list(CooccurrenceMatrix.open(folder).sums())


@pytest.mark.parametrize(
    "table", [np.zeros((0, 4), np.int64), np.zeros(5), np.array(3), np.zeros((4, 4, 4)), np.array(["a"])]
)
def test_tables_of_another_shape_or_type(folder: Path, table: np.ndarray) -> None:
    write_table(folder, table)
    with pytest.raises(DamagedError, match=r"lower.npy: is damaged"):
        CooccurrenceMatrix.open(folder)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        *(({key: None}, f"{key} is 'missing'") for key in ("words", "tokens", "records", "denominator")),
        *(({key: "x"}, f"{key} is 'x'") for key in ("words", "windows", "checksums", "files", "min_cooccurrence")),
        ({"words": True}, "words is True"),
        ({"words": 0}, "words is 0"),
        ({"words": 3}, "has 43 words where the matrix has 3"),
        ({"records": 1}, "cells and says 1 records"),
        ({"denominator": 0}, "denominator is 0"),
        ({"min_cooccurrence": float("nan")}, "min_cooccurrence is nan"),
        ({"checksums": {"upper": 1}}, "checksums is"),
        ({"files": {}}, r"files are \[\]"),
        ({"windows": {"window": "wide"}}, "window is 'wide'"),
        ({"windows": {"window": 0}}, "must lie between 1 and 1000"),
        ({"windows": {"shape": 1}}, "has 'shape', of a newer version"),
        ({"shape": 1}, "has 'shape', of a newer version"),
        ({"format": "glove-adagrad co-occurrences 4"}, "was written by a newer version of this program"),
        ({"format": "word2vec 1"}, "was it made by another program"),
    ],
)
def test_what_meta_says_is_checked(folder: Path, changes: dict[str, Any], message: str) -> None:
    write_meta(folder, **changes)
    with pytest.raises(InputError, match=message):
        CooccurrenceMatrix.open(folder)


@pytest.mark.parametrize("data", [b"", b"[]", b"\xff", b"[" * 100_000, b'{"format": 1}', b"9" * 5000])
def test_invalid_meta_json_is_refused(folder: Path, data: bytes) -> None:
    (folder / "meta.json").write_bytes(data)
    with pytest.raises(InputError, match=r"meta.json: is "):
        CooccurrenceMatrix.open(folder)


@pytest.mark.parametrize("memory", [None, 0])
def test_folders_of_format_2_are_read(folder: Path, sound: CooccurrenceMatrix, memory: int | None) -> None:
    as_format(folder, 2)
    old = CooccurrenceMatrix.open(folder)
    assert trained(old, memory) == trained(sound)
    merged = merge_matrices([old, sound], folder.parent / "merged")
    assert (merged.to_scipy() != 2 * sound.to_scipy()).nnz == 0
    raw = bytearray((folder / "lower.bin").read_bytes())
    raw[len(raw) // 2] ^= 1
    (folder / "lower.bin").write_bytes(raw)
    with pytest.raises(DamagedError, match=r"lower.bin: is damaged \(the checksum of a tile differs"):
        trained(CooccurrenceMatrix.open(folder), memory)


@pytest.mark.parametrize(("column", "change"), [(0, 8), (1, 1), (1, -1 << 62), (2, -1), (3, 1 << 33), (3, -1 << 33)])
def test_a_table_of_format_1_or_2_must_be_the_one_of_its_tiles(folder: Path, column: int, change: int) -> None:
    as_format(folder, 2)
    table = np.load(folder / "lower.npy")
    table[7, column] += change
    np.save(folder / "lower.npy", table)
    meta = json.loads((folder / "meta.json").read_text())
    del meta["checksum"]
    meta["files"]["lower.npy"] = zlib.crc32((folder / "lower.npy").read_bytes())
    (folder / "meta.json").write_bytes(sealed_json(meta))
    with pytest.raises(DamagedError, match="lower"):
        list(CooccurrenceMatrix.open(folder).sums())


def test_folders_of_format_1_are_opened_and_read_once(folder: Path, sound: CooccurrenceMatrix) -> None:
    as_format(folder, 1)
    assert trained(CooccurrenceMatrix.open(folder)) == trained(sound)
    raw = bytearray((folder / "lower.bin").read_bytes())
    raw[len(raw) // 2] ^= 1
    (folder / "lower.bin").write_bytes(raw)
    with pytest.raises(DamagedError, match=r"lower.bin: is damaged \(its checksum differs"):
        CooccurrenceMatrix.open(folder)


def test_a_matrix_that_is_replaced_stays_what_was_opened(folder: Path, sound: CooccurrenceMatrix) -> None:
    matrix = CooccurrenceMatrix.open(folder)
    os.rename(folder, folder.with_name("old"))
    vocabulary = Vocabulary([b"a", b"b"], np.array([2, 1]))
    from_scipy(np.array([[1, 2], [2, 1]]), vocabulary, folder)
    shutil.rmtree(folder.with_name("old"))
    assert trained(matrix) == trained(sound)
    assert matrix.vocabulary.words == sound.vocabulary.words


def test_all_files_come_from_one_folder(
    folder: Path, sound: CooccurrenceMatrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another matrix takes the name, and the old files go, after the first file was read."""
    from glove_adagrad.cooccurrence import matrix as module

    other = folder.with_name("other")
    vocabulary = Vocabulary([b"a", b"b"], np.array([2, 1]))
    from_scipy(np.array([[1, 2], [2, 1]]), vocabulary, other)
    read = module._Folder.read

    def read_and_replace(self: Any, name: str, checksum: int | None = None) -> bytes:
        found = read(self, name, checksum)
        if other.exists():
            shutil.rmtree(folder)
            os.rename(other, folder)
        return found

    monkeypatch.setattr(module._Folder, "read", read_and_replace)
    assert CooccurrenceMatrix.open(folder).vocabulary.words == [b"a", b"b"]


@pytest.mark.parametrize("memory", [None, 0])
def test_a_file_cut_short_while_it_is_open(folder: Path, sound: CooccurrenceMatrix, memory: int | None) -> None:
    matrix = CooccurrenceMatrix.open(folder)
    trainer = Trainer(matrix, SETTINGS, memory=memory)

    def cut(trainer: Trainer) -> None:
        if trainer.history:
            os.truncate(folder / "lower.bin", 1000)

    if memory is None:  # all was read in the first epoch
        trainer.fit(after_stratum=cut)
        arrays = trainer.parameters.arrays().values()
        assert b"".join(array.tobytes() for array in arrays) == trained(sound)
    else:
        with pytest.raises(DamagedError, match=r"lower.bin: ends within a tile; it was cut short"):
            trainer.fit(after_stratum=cut)
    with pytest.raises(DamagedError, match="ends within a tile"):
        list(matrix.sums())


def test_a_damaged_spill_run_is_not_added_up(folder: Path) -> None:
    matrix = CooccurrenceMatrix.open(folder)
    (folder.parent / "spill").mkdir()
    raw = bytearray((folder / "lower.bin").read_bytes())
    raw[len(raw) // 2] ^= 4
    (folder.parent / "spill" / "run").write_bytes(raw)
    run = Tiles(folder.parent / "spill" / "run", matrix.lower.table, matrix.words, matrix.lower.checksum)
    with pytest.raises(DamagedError, match="the checksum of a tile differs"):
        merge_runs([matrix.lower, run], folder.parent / "spill", 1, 2)


def sorter_with_cells(tmp_path: Path, number: int) -> tuple[CellSorter, Partition, np.ndarray]:
    """A sorter of little memory, and the cells (row, column, sum) that were added to it."""
    rng = np.random.default_rng(0)
    partition = Partition(300)
    keys = rng.permutation(300 * 300)[:number]
    cells = np.stack([keys // 300, keys % 300, rng.integers(1, 1 << 40, number)])
    sorter = CellSorter(partition, tmp_path, 1, "cells")
    for piece in np.array_split(cells, 7, axis=1):
        sorter.add(piece[0], piece[1], piece[2].astype(np.uint64))
    sorter.finish()
    return sorter, partition, cells


def test_cells_that_do_not_fit_in_memory_come_back_sorted(tmp_path: Path) -> None:
    sorter, partition, cells = sorter_with_cells(tmp_path, 20_000)
    assert len(list(tmp_path.iterdir())) == partition.parts, "some are on the disk"
    found = []
    for part in range(partition.parts):
        keys, sums = sorter.part(part)
        rows = ((keys >> np.uint64(32)).astype(np.int64) - partition.sizes[:part].sum()) * partition.parts + part
        found.append(np.stack([rows, (keys & np.uint64(0xFFFFFFFF)).astype(np.int64), sums.astype(np.int64)]))
    order = np.lexsort((cells[1], cells[0] // partition.parts, cells[0] % partition.parts))
    np.testing.assert_array_equal(np.concatenate(found, axis=1), cells[:, order])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("cut", [True, False])
def test_cells_that_come_back_damaged(tmp_path: Path, cut: bool) -> None:
    sorter, _, _ = sorter_with_cells(tmp_path, 20_000)
    raw = bytearray((tmp_path / "cells-3").read_bytes())
    raw[8] ^= 1
    (tmp_path / "cells-3").write_bytes(raw[:-16] if cut else raw)
    with pytest.raises(DamagedError, match="cells-3: is damaged"):
        sorter.part(3)


def test_sums_that_no_longer_fit_are_not_added_up(tmp_path: Path) -> None:
    words = Vocabulary([b"a", b"b"], np.array([2, 1]))
    huge = from_scipy(np.array([[0, 2.0**62], [2.0**62, 1]]), words, tmp_path / "huge")
    write_meta(huge.folder, windows={"window": 1})
    huge = CooccurrenceMatrix.open(huge.folder)
    assert merge_matrices([huge] * 3, tmp_path / "merged").to_scipy()[0, 1] == 3 * 2.0**62
    with pytest.raises(InputError, match="too large to be kept once it is added up"):
        merge_matrices([huge] * 4, tmp_path / "merged")


def test_a_damaged_record_of_a_run_does_not_start_another_training(tmp_path: Path) -> None:
    RunRecord(SETTINGS, provenance={"cores": 2}).write(tmp_path)
    assert (RunRecord.read(tmp_path).settings, read_provenance(tmp_path)) == (SETTINGS, {"cores": 2})
    path = tmp_path / "run.json"
    path.write_text(path.read_text().replace('"seed": 1', '"seed": 3'))
    with pytest.raises(DamagedError, match=r"run\.json: is damaged \(its checksum differs\)"):
        RunRecord.read(tmp_path)
    with pytest.warns(UserWarning, match=r"run\.json: is damaged"):
        assert read_provenance(tmp_path) == {}  # which is for display only
    path.write_text("[" * 100_000)
    assert not is_marked(tmp_path)
