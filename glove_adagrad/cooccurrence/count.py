"""Counting a corpus: segments of text that fit in memory, their rows counted in parallel, runs merged at the end."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np

from glove_adagrad.cooccurrence.disk_space import check_disk
from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix, check_replaceable, write_matrix
from glove_adagrad.cooccurrence.partition import Partition
from glove_adagrad.cooccurrence.segments import Segments, kept_segments
from glove_adagrad.cooccurrence.spill import merge_runs, spill_folder
from glove_adagrad.cooccurrence.tile_builder import RawTiles, build_tiles
from glove_adagrad.cooccurrence.tiles import Tiles, TileWriter
from glove_adagrad.cooccurrence.windows import Windows
from glove_adagrad.corpus import CHUNK_BYTES, Corpus, Progress
from glove_adagrad.errors import InputError
from glove_adagrad.files import EarlyFlush, atomic_folder, full_disk_named
from glove_adagrad.kept_ids import KeptIds
from glove_adagrad.parallel import in_order
from glove_adagrad.sentences import Sentences
from glove_adagrad.vocabulary import Vocabulary, compile_word_counting

#: Which side of an occurrence is counted: see `left` and `right` of `kernels.counting.count_rows`.
_SYMMETRIC = (1, 1)
_LOWER, _UPPER = (-1, 1), (0, -1)

#: Bounds of the ids in a segment: the lower holds for any memory budget, the upper lets positions fit 32 bits.
_LEAST_SEGMENT, _MOST_SEGMENT = 1 << 12, 1 << 31

#: Cells that a thread sets aside at a time for the rows it counts.
_BUFFER_CELLS = 1 << 20

#: What the vocabulary takes: the words, and the table that finds them.
_BYTES_PER_WORD = 250

#: Of the time that a piece of text takes, the share that goes into reading and encoding it; for progress bars.
_READING_SHARE = 0.25


def count_cooccurrences(
    corpus: Corpus,
    vocabulary: Vocabulary,
    output: Path,
    *,
    windows: Windows | None = None,
    min_cooccurrence: float = 0.0,
    same_text: bool = False,
    kept_ids: KeptIds | None = None,
    workers: int = 1,
    memory: int = 4 << 30,
    tmp: Path | None = None,
    resume: bool = False,
    progress: Progress | None = None,
) -> CooccurrenceMatrix:
    """Count the co-occurrences of a corpus into a folder.

    Parameters
    ----------
    output : Path
        The folder to write; it replaces one of that name, and appears only when complete.
    windows : Windows, optional
        What counts, and how much; Stanford's defaults if left out.
    min_cooccurrence : float
        Cells whose X is smaller are left out.
    same_text : bool
        Whether the vocabulary was counted from this corpus, so that other numbers of tokens show a change since then.
    kept_ids : KeptIds, optional
        The corpus as the counting of its words kept it; it is read again without.
    workers, memory
        Threads and bytes to use. The folder written does not depend on them.
    tmp : Path, optional
        Folder for partial counts if memory does not suffice; next to the output by default.
    resume : bool
        Keep the counts of finished segments of the text in a folder, `segments_folder`, until all is counted, and
        continue from those that a stopped count with `resume` has kept there.
    progress : callable, optional
        Called with the number of bytes of the source processed so far.

    Raises
    ------
    InputError
        If the corpus holds no word of the vocabulary, no two of them within a window, or is not the `same_text`; if
        64 bits may not hold the sums.
    """
    windows = windows or Windows()
    minimum = least_sum(min_cooccurrence, windows)
    meter = _Meter(progress)
    if kept_ids:
        memory -= kept_ids.size
    workers = _affordable_workers(len(vocabulary), workers, memory)
    number = -(-int(vocabulary.counts.sum()) // _segment_size(windows, len(vocabulary), workers, memory))
    where = tmp or output.absolute().parent
    windows.check_sums(int(vocabulary.counts.max()))
    kept = (
        kept_segments(segments_folder(output, tmp), vocabulary, windows, list(_halves(windows)))
        if resume
        else contextlib.nullcontext()
    )
    with spill_folder(where) as spill, kept as segments, atomic_folder(output, check_replaceable) as folder:
        check_disk(
            windows.counted(vocabulary.counts),
            windows.window,
            symmetric=windows.symmetric,
            segments=number,
            output=output.absolute().parent,
            spill=where,
        )
        with full_disk_named(where):
            merged, tokens = count_halves(
                encode(corpus, vocabulary, windows, workers=workers, kept_ids=kept_ids, progress=meter.read),
                vocabulary,
                windows,
                spill,
                minimum=minimum,
                workers=workers,
                memory=memory,
                segments=segments,
                meter=meter,
            )
        check_tokens(tokens, int(vocabulary.counts.sum()) if same_text else None)
        write_matrix(
            folder,
            vocabulary,
            windows,
            tokens,
            merged,
            denominator=windows.denominator,
            min_cooccurrence=min_cooccurrence,
        )
    return CooccurrenceMatrix.open(output)


def segments_folder(output: Path, tmp: Path | None = None) -> Path:
    """Where a count with `resume` keeps the counts of finished segments."""
    return (tmp or output.absolute().parent) / f"{output.name}.segments"


def _halves(windows: Windows) -> dict[str, tuple[int, int]]:
    """Halves of the matrix, and which sides of an occurrence are counted for each."""
    return {"lower": _SYMMETRIC} if windows.symmetric else {"lower": _LOWER, "upper": _UPPER}


def least_sum(min_cooccurrence: float, windows: Windows) -> int:
    """The smallest sum of a cell that is kept."""
    return max(1, int(np.ceil(min_cooccurrence * windows.denominator)))


def encode(
    corpus: Corpus,
    vocabulary: Vocabulary,
    windows: Windows,
    *,
    before: int = 0,
    workers: int = 1,
    kept_ids: KeptIds | None = None,
    progress: Progress | None = None,
) -> Iterator[tuple[np.ndarray, int]]:
    """Turn a corpus into ids as they are counted: `Vocabulary.encode` without what `windows.sample` leaves out.

    `before` is the number of words of the vocabulary in the text before this one, on which the draws depend.
    """
    encoded = vocabulary.encode(
        corpus,
        boundary=windows.boundary,
        keep_positions=windows.keep_positions,
        workers=workers,
        kept_ids=kept_ids,
        progress=progress,
    )
    return _sampled(encoded, windows, vocabulary.counts, before) if windows.sample else encoded


def count_halves(
    encoded: Iterator[tuple[np.ndarray, int]],
    vocabulary: Vocabulary,
    windows: Windows,
    spill: Path,
    *,
    minimum: int,
    workers: int,
    memory: int,
    context: int = 0,
    segments: Segments | None = None,
    meter: _Meter | None = None,
) -> tuple[dict[str, Tiles], int]:
    """Count encoded text into one file of tiles for each half of the matrix, in the folder `spill`.

    Parameters
    ----------
    encoded : iterator of (uint32 array, int)
        Ids, and how many words they stand for.
    minimum : int
        Smaller sums are left out.
    workers, memory
        Threads and bytes to use.
    context : int
        Number of first ids whose pairs among each other do not count; at most the window.
    segments : Segments, optional
        Those of the text that were counted before, to which the others are added; none by default.

    Returns
    -------
    halves : dict of str to Tiles
    tokens : int
        The number of words.
    """
    halves = _halves(windows)
    segments = segments or Segments(spill, len(vocabulary), list(halves))
    encoded, counted = segments.rest(encoded)
    meter = meter or _Meter(None)
    workers = _affordable_workers(len(vocabulary), workers, memory)
    capacity = _segment_size(windows, len(vocabulary), workers, memory)
    tokens = most_frequent = 0
    for segment in _segments(encoded, windows.window, capacity, context or counted):
        tokens += segment.words
        alone = segment.last and not segments.runs["lower"]
        index = _index(segment, len(vocabulary), workers)
        # the vocabulary may be of a smaller text
        most_frequent += int(np.diff(index[1]).max())
        windows.check_sums(most_frequent)
        for number, (half, sides) in enumerate(halves.items()):
            counter = _Counter(segment, index, windows, sides, minimum if alone else 1)
            with open(segments.next_path(half), "wb") as file, EarlyFlush(file) as early:
                writer = TileWriter(file)
                for part, tiles in enumerate(counter.parts(workers)):
                    writer.write(*tiles)
                    if alone:  # else the file will be gone before it need be on the disk
                        early.written(tiles[0].nbytes)
                    meter.counted((number + (part + 1) / counter.partition.parts) / len(halves))
            segments.add(half, writer)
        if not segment.last:
            segments.finished(segment.new)
        meter.segment_done()
    merged = {half: merge_runs(runs, spill, minimum, workers, memory) for half, runs in segments.runs.items()}
    return merged, tokens


def check_tokens(tokens: int, before: int | None) -> None:
    """Refuse a text without words of the vocabulary, or with another number of them than `before`."""
    if tokens == 0:
        raise InputError("the corpus holds no word of the vocabulary; were both made from the same text?")
    if before is not None and tokens != before:
        raise InputError(
            f"the corpus has changed between its two readings: {before:,} tokens of the vocabulary, then "
            f"{tokens:,}; count again when nothing changes the text"
        )


def compile_counting(windows: Windows, tmp: Path) -> None:
    """Compile the kernels that count words and co-occurrences, or load them from the cache.

    A call before counting keeps compilation out of its time. `tmp` is a folder for a few temporary bytes.
    """
    compile_word_counting()
    text = Sentences([["a", "b", "a"]])
    vocabulary = Vocabulary.count(text, min_count=1)
    # `windows.sample` may leave nothing of so short a text; the kernels have run by then
    with spill_folder(tmp) as spill, contextlib.suppress(InputError):
        count_cooccurrences(text, vocabulary, spill / "compile", windows=windows)


def _sampled(
    encoded: Iterator[tuple[np.ndarray, int]], windows: Windows, counts: np.ndarray, before: int
) -> Iterator[tuple[np.ndarray, int]]:
    """The same pieces without what `windows.sample` leaves out; the numbers of words stay those of the text."""
    from glove_adagrad.kernels import counting as kernels

    limits = np.rint(windows.kept(counts) * (1 << 32)).astype(np.uint64)
    for ids, number in encoded:
        yield ids[: kernels.sample_ids(ids, before, limits, windows.keep_positions, ids)], number
        before += number


class _Segment(NamedTuple):
    """Consecutive ids of a corpus.

    ids : uint32; boundaries, up to a window of ids of the segment before, the new ids, boundaries.
    new : the new ids.
    fresh : where the new ids begin.
    words : how many words came with it.
    last : whether the corpus ends here.
    """

    ids: np.ndarray
    new: np.ndarray
    fresh: int
    words: int
    last: bool


def _segments(
    encoded: Iterator[tuple[np.ndarray, int]], window: int, capacity: int, context: int
) -> Iterator[_Segment]:
    """Join pieces of ids to segments of `capacity` ids, the first `context` not fresh; one buffer serves them all."""
    from glove_adagrad.kernels.counting import REACH
    from glove_adagrad.kernels.words import BOUNDARY

    margin = -(-window // REACH) * REACH
    buffer = np.empty(capacity + window + 2 * margin, np.uint32)
    buffer[:margin] = BOUNDARY
    end = margin
    fresh = margin + context
    words = 0

    def segment(last: bool) -> _Segment:
        buffer[end : end + margin] = BOUNDARY
        return _Segment(buffer[: end + margin], buffer[fresh:end], fresh, words, last)

    for piece, number in encoded:
        words += number
        while len(piece):
            if end == fresh + capacity:
                yield segment(last=False)
                words = 0
                kept = min(window, end - margin)
                buffer[margin : margin + kept] = buffer[end - kept : end].copy()
                fresh = end = margin + kept
            taken = piece[: fresh + capacity - end]
            buffer[end : end + len(taken)] = taken
            end += len(taken)
            piece = piece[len(taken) :]
    yield segment(last=True)


def _bytes_of_worker(words: int) -> int:
    """What a thread needs whatever the segment: a row of sums, a buffer of cells, text and ids under way."""
    return 9 * words + 12 * _BUFFER_CELLS + 6 * CHUNK_BYTES


def _affordable_workers(words: int, workers: int, memory: int) -> int:
    return int(np.clip(memory // 2 // _bytes_of_worker(words), 1, workers))


def _segment_size(windows: Windows, words: int, workers: int, memory: int) -> int:
    """Ids that can be counted at a time within the memory budget, if every pair of words were a cell of its own."""
    parts = Partition(words).parts
    for_ids = 4 + 4  # the ids and their positions
    # each thread holds a part's cells, unpacked and as tiles; tiles wait to be written
    for_cells = windows.window * (24 * workers + 6) / parts
    available = max(0.9 * memory - workers * _bytes_of_worker(words) - _BYTES_PER_WORD * words, 0)
    return int(np.clip(available / (for_ids + for_cells), _LEAST_SEGMENT, _MOST_SEGMENT))


def _index(segment: _Segment, words: int, workers: int) -> tuple[np.ndarray, np.ndarray]:
    """An index of the words: positions (uint32) in ascending order, and where each word's begin (int64 [V + 1])."""
    from glove_adagrad.kernels import counting as kernels

    ids = segment.ids
    bounds = np.linspace(0, len(ids), workers + 1).astype(np.int64)
    counts = np.zeros((workers, words), np.int64)
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(lambda w: kernels.count_ids(ids, bounds[w], bounds[w + 1], counts[w]), range(workers)))
        starts = np.zeros(words + 1, np.int64)
        np.cumsum(counts.sum(axis=0), out=starts[1:])
        cursors = starts[:-1] + np.cumsum(counts, axis=0) - counts
        positions = np.empty(starts[-1], np.uint32)
        list(
            pool.map(
                lambda w: kernels.index_positions(ids, bounds[w], bounds[w + 1], cursors[w], positions),
                range(workers),
            )
        )
    return positions, starts


class _Counter:
    """Counts one half of a segment, part by part."""

    def __init__(
        self,
        segment: _Segment,
        index: tuple[np.ndarray, np.ndarray],
        windows: Windows,
        sides: tuple[int, int],
        minimum: int,
    ) -> None:
        self.segment = segment
        self.positions, self.starts = index
        self.weights = windows.weights
        self.sides = sides
        self.minimum = minimum
        self.words = len(self.starts) - 1
        self.partition = Partition(self.words)

    def parts(self, workers: int) -> Iterator[RawTiles]:
        """The tiles of part after part."""
        with ThreadPoolExecutor(workers) as pool:
            yield from in_order(pool, workers, ((self._part, (part,)) for part in range(self.partition.parts)))

    def _part(self, part: int) -> RawTiles:
        row_cells = np.zeros(self.partition.sizes[part], np.int64)
        return build_tiles(self.partition, part, row_cells, list(self._rows(part, row_cells)), self.minimum)

    def _rows(self, part: int, row_cells: np.ndarray) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
        """Count a part's rows; yields the row reached and the cells up to there, columns and sums."""
        from glove_adagrad.kernels import counting as kernels
        from glove_adagrad.kernels.bits import BLOCK

        touched = np.zeros(-(-self.words // (8 * BLOCK)) * BLOCK, np.uint8)
        accumulator = np.zeros(8 * len(touched), np.uint64)
        row, capacity = 0, min(_BUFFER_CELLS, max(1, len(self.segment.ids)))
        while row < len(row_cells):
            column, total = np.empty(capacity, np.uint32), np.empty(capacity, np.uint64)
            reached, cells = kernels.count_rows(
                self.segment.ids, np.uint64(self.segment.fresh), self.positions, self.starts, part,
                self.partition.parts, row, *self.sides, self.weights, accumulator, touched, column, total, row_cells,
            )  # fmt: skip
            if reached == row:
                capacity *= 2
                continue
            row = reached
            yield row, column[:cells], total[:cells]


class _Meter:
    """Turns what has been read and counted into bytes of the source, never going back."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress or (lambda done: None)
        self._start = self._read = 0

    def read(self, source_bytes: int) -> None:
        self._read = source_bytes
        self._progress(int(self._start + _READING_SHARE * (source_bytes - self._start)))

    def counted(self, share: float) -> None:
        done = _READING_SHARE + (1 - _READING_SHARE) * share
        self._progress(int(self._start + done * (self._read - self._start)))

    def segment_done(self) -> None:
        self._start = self._read
