"""Spill files: where partial counts are kept on disk, and adding them up tile by tile."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

import numpy as np

from glove_adagrad.cooccurrence.partition import Partition
from glove_adagrad.cooccurrence.tile_builder import RawTiles
from glove_adagrad.cooccurrence.tiles import Tiles, TileWriter, Views, section_bases
from glove_adagrad.errors import InputError
from glove_adagrad.files import EarlyFlush, check_output_folder
from glove_adagrad.parallel import in_order
from glove_adagrad.temporary import Temporary

#: Runs that are merged at a time; each is an open file.
_MOST_RUNS = 64


@contextlib.contextmanager
def spill_folder(where: Path) -> Iterator[Path]:
    """Provide a folder for partial counts, removed at the end; what killed processes left in `where` goes first."""
    check_output_folder(where)
    with Temporary.new_folder(where / "spill") as folder:
        yield folder.path


def merge_runs(runs: Sequence[Tiles], folder: Path, minimum: int, workers: int) -> Tiles:
    """Add up tiles of the same vocabulary into one file in `folder`.

    Parameters
    ----------
    runs : sequence of Tiles
        Those in `folder` are removed once added. If there is but one and it lies there, it is the result.
    minimum : int
        Sums below this are left out, unless nothing had to be added up.
    """
    number = 0
    runs = list(runs)
    while len(runs) > 1 or runs[0].path.parent != folder:
        group, runs = runs[:_MOST_RUNS], runs[_MOST_RUNS:]
        path = folder / f"merged-{runs[0].path.name if runs else group[0].path.name}-{number}"
        runs.append(_merge(group, path, 1 if runs else minimum, workers, last=not runs))
        for run in group:
            if run.path.parent == folder:
                run.path.unlink()
        number += 1
    return runs[0]


def _merge(runs: Sequence[Tiles], path: Path, minimum: int, workers: int, *, last: bool) -> Tiles:
    first = runs[0]
    with contextlib.ExitStack() as stack:
        files = [stack.enter_context(run.open()) for run in runs]
        target = stack.enter_context(open(path, "wb"))
        early = stack.enter_context(EarlyFlush(target))
        writer = TileWriter(target)
        pool = stack.enter_context(ThreadPoolExecutor(workers))
        tasks = ((_add, (runs, files, tile, minimum)) for tile in range(first.parts**2))
        for tile in in_order(pool, workers, tasks):
            writer.write(*tile)
            if last:
                early.written(tile[0].nbytes)
    return Tiles(path, writer.table(), first.words, writer.checksum)


def _add(runs: Sequence[Tiles], files: Sequence[IO[bytes]], tile: int, minimum: int) -> RawTiles:
    """Read and add up one tile of each run."""
    pieces = [run.read(file, tile) for run, file in zip(runs, files, strict=True)]
    table = np.stack([run.table[tile] for run in runs])
    return add_tiles(pieces, table, runs[0].partition, tile // runs[0].parts, minimum)


def add_tiles(
    pieces: Sequence[np.ndarray], table: np.ndarray, partition: Partition, part: int, minimum: int
) -> RawTiles:
    """Add up tiles of one place.

    Parameters
    ----------
    pieces : sequence of uint8 arrays
        The bytes of each tile.
    table : int64 array [n, 3 or more]
        Their rows of the tables of `Tiles`.
    partition : Partition
    part : int
        The part of the tiles' rows.
    minimum : int
        Smaller sums are left out.

    Raises
    ------
    InputError
        If a sum does not fit in 64 bits.
    """
    from glove_adagrad.kernels import tiles as kernels

    rows = int(partition.sizes[part])
    base, _ = section_bases(rows, table[:, 1], table[:, 2])
    width = int(partition.sizes.max())
    sums = np.zeros(-(-width // 8) * 8, np.uint64)
    touched = np.zeros(len(sums) // 8, np.uint8)
    room, offsets = section_bases(rows, table[:, 1].sum(keepdims=True), table[:, 1].sum(keepdims=True))
    views = Views(np.zeros(offsets[-1], np.uint8))
    cells, large = kernels.merge_tiles(
        Views(np.concatenate(pieces)).all, base, rows, np.uint64(minimum), sums, touched, room[0], *views.all
    )
    if cells < 0:
        raise InputError("an X is too large to be kept once it is added up; merge fewer counts")
    number, too_large = np.array([cells]), np.array([large])
    exact, offsets = section_bases(rows, number, too_large)
    packed = Views(np.zeros(offsets[-1], np.uint8))
    sections: list[tuple[np.ndarray, np.ndarray, int]] = [
        (packed.u32, views.u32, rows),
        (packed.u16, views.u16, cells),
        (packed.u32, views.u32, cells),
        (packed.u64, views.u64, large),
    ]
    for (to, source, length), where, start in zip(sections, exact[0], room[0], strict=True):
        to[where : where + length] = source[start : start + length]
    return packed.u64.view(np.uint8), offsets, number, too_large
