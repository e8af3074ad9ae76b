"""Row numbers of tiles: stored, listed and checked as by a twin, however few or many cells there are."""

from __future__ import annotations

import naive
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numba import njit

from glove_adagrad.cooccurrence.tiles import Views, tile_offsets
from glove_adagrad.kernels.tile_layout import checked_rows, place_of, read_rows
from glove_adagrad.kernels.tiles import read_tile, write_tile


@st.composite
def row_numbers(draw: st.DrawFn) -> tuple[int, list[int]]:
    """A number of rows, and the rows of some cells, not descending; few cells or many."""
    rows = draw(st.integers(1, 300))
    row = st.integers(0, rows - 1)
    return rows, sorted(draw(st.lists(row, max_size=20) | st.lists(row, min_size=rows, max_size=4 * rows)))


def packed(rows: int, numbers: list[int]) -> np.ndarray:
    """The tile of cells in different columns, whose sums are 1, 2, ...; the last is large."""
    cells = len(numbers)
    total = np.arange(1, cells + 1).astype(np.uint64)
    total[-1:] = 1 << 40
    raw = np.zeros(tile_offsets(rows, np.array([cells]), np.array([min(cells, 1)]))[-1], np.uint8)
    write_tile(np.array(numbers, np.uint16), np.arange(cells).astype(np.uint16), total, 0, rows, *Views(raw).all)
    return raw


@given(row_numbers())
def test_row_numbers_are_stored_as_by_their_twin(tile: tuple[int, list[int]]) -> None:
    rows, numbers = tile
    raw = packed(rows, numbers)
    expected = naive.elias_fano(rows, numbers)
    assert raw.tobytes().startswith(expected)
    assert len(raw) == len(expected) + sum(-(-size * len(numbers) // 8) * 8 for size in (2, 4)) + 8 * bool(numbers)
    row, column = np.empty((2, len(numbers)), np.int64)
    sums = np.empty(len(numbers), np.uint64)
    read_tile(0, rows, len(numbers), 0, 0, 1, *Views(raw).all, row, column, sums)
    assert row.tolist() == numbers
    assert column.tolist() == list(range(len(numbers)))
    assert sums.tolist() == [*range(1, len(numbers)), 1 << 40][: len(numbers)]


@given(row_numbers().filter(lambda tile: bool(tile[1])), st.data())
def test_row_numbers_with_a_flipped_bit_are_refused_or_other_row_numbers(
    tile: tuple[int, list[int]], data: st.DataObject
) -> None:
    """What is accepted can be read: as many rows as cells, not descending, in the part."""
    rows, cells = tile[0], len(tile[1])
    raw = packed(*tile)
    flipped = data.draw(st.integers(0, 8 * len(naive.elias_fano(*tile)) - 1))
    raw[flipped // 8] ^= 1 << flipped % 8
    numbers, ends = np.zeros(rows, np.uint16), np.zeros(rows, np.uint32)
    checked = check_rows(Views(raw).u64, rows, cells, numbers, ends)
    if checked >= 0:
        assert numbers[:checked].tolist() == sorted(set(numbers[:checked].tolist()))
        assert numbers[checked - 1] < rows
        assert ends[:checked].tolist() == sorted(set(ends[:checked].tolist()))
        assert ends[checked - 1] == cells
        again, more = np.zeros(rows, np.uint16), np.zeros(rows, np.uint32)
        assert list_rows(Views(raw).u64, rows, cells, False, again, more) == checked
        assert (again == numbers).all()
        assert (more == ends).all()


@given(row_numbers(), st.sampled_from([False, True]))
def test_rows_of_a_tile_are_listed_with_the_end_of_their_cells(tile: tuple[int, list[int]], every: bool) -> None:
    rows, cells = tile[0], np.array(tile[1], np.int64)
    numbers, ends = np.zeros(rows, np.uint16), np.zeros(rows, np.uint32)
    listed = list_rows(Views(packed(rows, tile[1])).u64, rows, len(cells), every, numbers, ends)
    expected = range(rows) if every else sorted(set(tile[1]))
    assert numbers[:listed].tolist() == list(expected)
    assert ends[:listed].tolist() == [int((cells <= a).sum()) for a in expected]


@njit
def check_rows(u64, rows, cells, numbers, ends):  # type: ignore[no-untyped-def]
    return checked_rows(u64, place_of(0, rows, cells), rows, cells, numbers, ends)


@njit
def list_rows(u64, rows, cells, every, numbers, ends):  # type: ignore[no-untyped-def]
    return read_rows(u64, place_of(0, rows, cells), rows, cells, every, numbers, ends)
