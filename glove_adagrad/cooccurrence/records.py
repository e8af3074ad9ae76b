"""Stanford's records: what its `cooccur` and `shuffle` write and its `glove` reads.

A record is 16 bytes, little-endian: word and context as ranks from 1 (int32), and X (float64).
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import IO

import numpy as np

from glove_adagrad.cooccurrence.build import (
    Cells,
    UnkeepableError,
    build_matrix,
    choose_denominator,
    is_exact,
)
from glove_adagrad.cooccurrence.cell_sorter import RepeatedCellError
from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
from glove_adagrad.cooccurrence.tiles import Tiles
from glove_adagrad.cooccurrence.windows import MOST, Windows
from glove_adagrad.corpus import Progress
from glove_adagrad.errors import InputError
from glove_adagrad.files import atomic_file, check_free_space
from glove_adagrad.parallel import in_order
from glove_adagrad.vocabulary import Vocabulary

RECORD = np.dtype([("word", "<i4"), ("context", "<i4"), ("x", "<f8")])

#: Records read at a time.
_CHUNK = 1 << 20

#: Bytes that a record takes while it is collected, sorted and written.
_BYTES_PER_RECORD = 96


def write_records(
    matrix: CooccurrenceMatrix,
    path: Path,
    *,
    workers: int = 1,
    memory: int = 4 << 30,
    progress: Progress | None = None,
) -> None:
    """Write all cells as Stanford's records, ordered by word, then context, as `cooccur` writes them.

    Parameters
    ----------
    path : Path
        The file to write, 16 bytes a record; it appears only when complete.
    memory : int
        Bytes to use. Where the records do not fit, the matrix is read several times, each for a range of words.
    progress : callable, optional
        Called with the number of records written so far.
    """
    check_free_space(path.absolute().parent, RECORD.itemsize * matrix.records, "write to a larger disk")
    counts = _records_by_word(matrix, workers)
    most = max(memory // (_BYTES_PER_RECORD * (workers + 2)), 1)
    done = 0
    with atomic_file(path) as file, ExitStack() as stack, ThreadPoolExecutor(workers) as pool:
        halves = _open_halves(matrix, stack)
        tasks = ((_sorted_records, (halves, low, high, matrix.denominator)) for low, high in _ranges(counts, most))
        for records in in_order(pool, workers, tasks):
            file.write(records.tobytes())
            done += len(records)
            if progress:
                progress(done)


#: A half of the matrix, its open file, and whether a cell's row, its column, or each in turn is the word.
_Half = tuple[Tiles, IO[bytes], bool, bool]


def _open_halves(matrix: CooccurrenceMatrix, stack: ExitStack) -> list[_Half]:
    return [
        (tiles, stack.enter_context(tiles.open()), half == "lower", half == "upper" or matrix.symmetric)
        for half, tiles in matrix.halves.items()
    ]


def _records_by_word(matrix: CooccurrenceMatrix, workers: int) -> np.ndarray:
    """int64 [V]: how many records each word has."""
    from glove_adagrad.kernels import tiles as kernels

    counts = np.zeros(matrix.words, np.int64)

    def work(half: _Half, part: int) -> np.ndarray:
        tiles, file, as_row, as_column = half
        some = np.zeros(matrix.words, np.int64)
        for q in range(tiles.parts):
            tile = part * tiles.parts + q
            views = tiles.read(file, tile)
            kernels.count_records(
                0, tiles.sizes[part], tiles.tile_cells[tile], part, q, tiles.parts, as_row, as_column, views.u16,
                views.u64, some,
            )  # fmt: skip
        return some

    with ExitStack() as stack, ThreadPoolExecutor(workers) as pool:
        tasks = ((work, (half, part)) for half in _open_halves(matrix, stack) for part in range(matrix.lower.parts))
        for some in in_order(pool, workers, tasks):
            counts += some
    return counts


def _ranges(counts: np.ndarray, most: int) -> Iterator[tuple[int, int]]:
    """Ranges of words with at most `most` records each, but at least one word."""
    ends = np.cumsum(counts)
    low = 0
    while low < len(counts):
        before = int(ends[low - 1]) if low else 0
        high = max(low + 1, int(np.searchsorted(ends, before + most, side="right")))
        yield low, high
        low = high


def _sorted_records(halves: list[_Half], low: int, high: int, denominator: int) -> np.ndarray:
    from glove_adagrad.kernels import tiles as kernels

    pieces = []
    for tiles, file, as_row, as_column in halves:
        for tile, cells in enumerate(tiles.tile_cells.tolist()):
            p, q = divmod(tile, tiles.parts)
            room = np.empty(((as_row + as_column) * cells, 2), np.uint64)
            written = kernels.select_records(
                0, tiles.sizes[p], cells, p, q, tiles.parts, as_row, as_column, low, high,
                *tiles.read(file, tile).all, room,
            )  # fmt: skip
            pieces.append(room[:written].copy())
    cells = np.concatenate(pieces)
    cells = cells[np.argsort(cells[:, 0])]
    records = np.empty(len(cells), RECORD)
    records["word"] = (cells[:, 0] >> np.uint64(32)) + np.uint64(1)
    records["context"] = (cells[:, 0] & np.uint64(0xFFFFFFFF)) + np.uint64(1)
    records["x"] = cells[:, 1] / float(denominator)
    return records


def read_records(
    path: Path,
    vocabulary: Vocabulary,
    output: Path,
    *,
    windows: Windows | None = None,
    workers: int = 1,
    memory: int = 4 << 30,
    tmp: Path | None = None,
    progress: Progress | None = None,
) -> CooccurrenceMatrix:
    """Make a folder of co-occurrences out of a file of Stanford's records, in any order.

    Parameters
    ----------
    path : Path
        What `cooccur` or `shuffle` wrote.
    vocabulary : Vocabulary
        The words that its ranks stand for.
    output : Path
        The folder to write; it replaces one of that name, and appears only when complete.
    windows : Windows, optional
        How the records were counted: each X is then a sum of its weights exactly, and the folder can be merged with
        others. If left out, each X is kept to a relative 1e-9.
    progress : callable, optional
        Called with the number of records read so far; each is read twice, so the end is at twice their number.

    Raises
    ------
    InputError
        If the file is cut short or empty, or a record is not valid: its X not finite or not positive, a rank not of
        the vocabulary, a pair that occurred before. The first bad record is named by its number, from 1.
    """
    report = progress or (lambda done: None)
    try:
        size = path.stat().st_size
        open(path, "rb").close()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    if size == 0 or size % RECORD.itemsize:
        raise InputError(f"{path}: has {size:,} bytes, not a whole number of records of 16; is the file complete?")
    number = size // RECORD.itemsize
    exactly = windows.denominator if windows else None
    if windows and not windows.exact:
        raise InputError(
            f"window {windows.window}: counts of windows over 18 differ from Stanford's in their last digits and "
            "cannot be merged with them; import without naming the window"
        )

    def checked() -> Iterator[np.ndarray]:
        for first, records in _chunks(path):
            _check(path, first, records, len(vocabulary), exactly)
            report(first + len(records))
            yield records["x"]

    if exactly is None:
        try:
            denominator = choose_denominator(checked())
        except UnkeepableError as error:
            raise InputError(f"{path}: {error}") from None
    else:
        denominator = exactly
        for _ in checked():
            pass

    def cells() -> Iterator[Cells]:
        for _, records in _chunks(path):
            yield Cells(records["word"].astype(np.int64) - 1, records["context"].astype(np.int64) - 1, records["x"])

    try:
        return build_matrix(
            cells,
            vocabulary,
            output,
            denominator=denominator,
            windows=windows,
            tokens=int(vocabulary.counts.sum()),
            workers=workers,
            memory=memory,
            tmp=tmp,
            progress=lambda taken: report(number + taken),
        )
    except RepeatedCellError as error:
        raise InputError(_repeated(path, error.row + 1, error.column + 1)) from None


def _chunks(path: Path) -> Iterator[tuple[int, np.ndarray]]:
    first = 0
    with open(path, "rb") as file:
        while len(records := np.fromfile(file, RECORD, _CHUNK)):
            yield first, records
            first += len(records)


def _check(path: Path, first: int, records: np.ndarray, words: int, denominator: int | None) -> None:
    """Refuse the first bad record of some."""
    word, context, x = records["word"], records["context"], records["x"]
    ranked = (word >= 1) & (word <= words) & (context >= 1) & (context <= words)
    good = ranked & np.isfinite(x) & (x > 0)
    if denominator is not None:
        good[good] = is_exact(x[good], denominator)
    bad = np.flatnonzero(~good)
    if len(bad) == 0:
        return
    at = bad[0]
    where = f"{path}: record {first + at + 1}: ({word[at]}, {context[at]}, {x[at]:g})"
    if not ranked[at]:
        raise InputError(f"{where}: ranks must lie between 1 and {words}; is this the vocabulary it was made with?")
    if not (np.isfinite(x[at]) and x[at] > 0):
        raise InputError(f"{where}: X must be finite and positive; is this a file of records?")
    assert denominator is not None  # or nothing would be bad
    if float(x[at]) * denominator >= MOST:
        raise InputError(f"{where}: X is too large to be counted with this window (at most {MOST / denominator:.3g})")
    raise InputError(
        f"{where}: X is not a sum of this window's weights; pass the window the records were counted with"
    )


def _repeated(path: Path, word: int, context: int) -> str:
    """The error line for a pair that occurs more than once."""
    found: list[tuple[int, float]] = []
    for first, records in _chunks(path):
        for at in np.flatnonzero((records["word"] == word) & (records["context"] == context)):
            found.append((first + int(at) + 1, float(records["x"][at])))
    (before, _), (number, x) = found[:2]
    return f"{path}: record {number}: ({word}, {context}, {x:g}): duplicate pair, first seen as record {before}"
