"""Spill files: where partial counts are kept on disk, and adding them up tile by tile."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

import numpy as np

from glove_adagrad.cooccurrence.tiles import Tiles, TileWriter, Views, tile_offsets
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


def _add(
    runs: Sequence[Tiles], files: Sequence[IO[bytes]], tile: int, minimum: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Read and add up one tile of each run."""
    from glove_adagrad.kernels import tiles as kernels

    first = runs[0]
    p, q = divmod(tile, first.parts)
    rows, columns = int(first.sizes[p]), int(first.sizes[q])
    pieces = [run.read(file, tile).u64 for run, file in zip(runs, files, strict=True)]
    firsts = np.cumsum([0, *(len(piece) for piece in pieces[:-1])])
    cells = np.array([run.tile_cells[tile] for run in runs])
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
