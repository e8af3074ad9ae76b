"""Spill files: where partial counts are kept on disk, and adding them up tile by tile."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Protocol

import numpy as np

from glove_adagrad.cooccurrence.partition import Partition
from glove_adagrad.cooccurrence.tile_builder import RawTiles
from glove_adagrad.cooccurrence.tiles import Tiles, TileWriter, Views, tile_offsets
from glove_adagrad.errors import InputError
from glove_adagrad.files import EarlyFlush, check_output_folder
from glove_adagrad.parallel import in_order
from glove_adagrad.temporary import Temporary

#: Runs that are merged at a time; each is an open file.
_MOST_RUNS = 64

#: Bytes that adding up takes for each cell of a tile: as read, unpacked, sorted and added.
_BYTES_PER_CELL = 64

#: Cells of consecutive tiles that are read and added up by one thread at a time.
_CELLS_AT_ONCE = 1 << 18


@contextlib.contextmanager
def spill_folder(where: Path) -> Iterator[Path]:
    """Provide a folder for partial counts, removed at the end; what killed processes left in `where` goes first."""
    check_output_folder(where)
    with Temporary.new_folder(where / "spill") as folder:
        yield folder.path


class Run(Protocol):
    """A file of tiles whose table is read when it is needed; `Tiles` are such a file that has been opened."""

    @property
    def path(self) -> Path: ...
    def load(self) -> Tiles: ...
    def remove(self) -> None: ...


def merge_runs(runs: Sequence[Run], folder: Path, minimum: int, workers: int, memory: int = 4 << 30) -> Tiles:
    """Add up tiles of the same vocabulary into one file in `folder`.

    At most `_MOST_RUNS` are open at a time, and no more than their largest tiles fit in memory for.

    Parameters
    ----------
    runs : sequence of Run
        Those in `folder` are removed once added. If there is but one and it lies there, it is the result.
    minimum : int
        Sums below this are left out, unless nothing had to be added up.
    memory : int
        Bytes to use.
    """
    number = 0
    left = list(runs)
    while len(left) > 1 or left[0].path.parent != folder:
        group = _group(left, memory // _BYTES_PER_CELL // (workers + 1))
        merged, left = left[: len(group)], left[len(group) :]
        path = folder / f"merged-{left[0].path.name if left else merged[0].path.name}-{number}"
        left.append(_merge(group, path, 1 if left else minimum, workers, last=not left))
        del group  # which has files open
        for run in merged:
            if run.path.parent == folder:
                run.remove()
        number += 1
    return left[0].load()


def _group(runs: Sequence[Run], most: int) -> list[Tiles]:
    """The first runs whose tiles of one place have at most `most` cells together; at least two."""
    group = [runs[0].load()]
    cells = group[0].tile_cells.copy()
    for run in runs[1:_MOST_RUNS]:
        tiles = run.load()
        cells += tiles.tile_cells
        if len(group) > 1 and cells.max() > most:
            break
        group.append(tiles)
    return group


def _merge(runs: Sequence[Tiles], path: Path, minimum: int, workers: int, *, last: bool) -> Tiles:
    first = runs[0]
    with contextlib.ExitStack() as stack:
        files = [stack.enter_context(run.open()) for run in runs]
        target = stack.enter_context(open(path, "wb"))
        early = stack.enter_context(EarlyFlush(target))
        writer = TileWriter(target)
        pool = stack.enter_context(ThreadPoolExecutor(workers))
        tasks = ((_add, (runs, files, tiles, minimum)) for tiles in _ranges(runs))
        for raw in in_order(pool, workers, tasks):
            writer.write(*raw)
            if last:
                early.written(raw[0].nbytes)
    return Tiles(path, writer.table(), first.words, writer.checksum)


def _ranges(runs: Sequence[Tiles]) -> Iterator[range]:
    """Tiles of one part's rows that have at most `_CELLS_AT_ONCE` cells in all runs, or a single one."""
    parts = runs[0].parts
    cells = np.sum([run.tile_cells for run in runs], axis=0)
    for part in range(parts):
        begin = part * parts
        sums = np.cumsum(cells[begin : begin + parts])
        first = 0
        while first < parts:
            before = sums[first - 1] if first else 0
            last = max(first + 1, int(np.searchsorted(sums, before + _CELLS_AT_ONCE, side="right")))
            yield range(begin + first, begin + last)
            first = last


def _add(runs: Sequence[Tiles], files: Sequence[IO[bytes]], tiles: range, minimum: int) -> RawTiles:
    """Read and add up consecutive tiles of each run."""
    pieces = [run.read_range(file, tiles) for run, file in zip(runs, files, strict=True)]
    added = []
    for place, tile in enumerate(tiles):
        cells = np.array([run.tile_cells[tile] for run in runs])
        added.append(add_tiles([views[place] for views in pieces], cells, runs[0].partition, tile, minimum))
    cells, large = (np.concatenate([tile[k] for tile in added]) for k in (2, 3))
    offsets = np.concatenate([[0], np.cumsum([len(tile[0]) for tile in added])])
    return np.concatenate([tile[0] for tile in added]), offsets, cells, large


def add_tiles(
    pieces: Sequence[np.ndarray], cells: np.ndarray, partition: Partition, tile: int, minimum: int
) -> RawTiles:
    """Add up tiles of one place.

    Parameters
    ----------
    pieces : sequence of uint64 arrays
        The tiles.
    cells : int64 array [n]
        Their cells.
    partition : Partition
    tile : int
        Its number.
    minimum : int
        Smaller sums are left out.

    Raises
    ------
    InputError
        If a sum does not fit in 64 bits.
    """
    from glove_adagrad.kernels import tiles as kernels

    p, q = divmod(tile, partition.parts)
    rows, columns = int(partition.sizes[p]), int(partition.sizes[q])
    firsts = np.cumsum([0, *(len(piece) for piece in pieces[:-1])])
    row, column, total, large = kernels.add_tiles(
        firsts, cells, rows, columns, np.uint64(minimum), *Views(np.concatenate(pieces)).all
    )
    if large < 0:
        raise InputError("an X is too large to be kept once it is added up; merge fewer counts")
    number, too_large = np.array([len(row)]), np.array([large])
    offsets = tile_offsets(rows, number, too_large)
    raw = np.zeros(offsets[-1], np.uint8)
    kernels.write_tile(row, column, total, 0, rows, *Views(raw).all)
    return raw, offsets, number, too_large
