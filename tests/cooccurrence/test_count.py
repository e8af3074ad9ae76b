"""Co-occurrences: golden files, a brute-force twin, and the same bytes however they are counted."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import naive
import numpy as np
import pytest
from data import GOLDEN
from hypothesis import given
from hypothesis import strategies as st
from old_formats import as_format

from glove_adagrad.cooccurrence.count import count_cooccurrences
from glove_adagrad.cooccurrence.disk_space import expected_bytes, expected_cells
from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
from glove_adagrad.cooccurrence.merge import merge_matrices, remap
from glove_adagrad.cooccurrence.partition import Partition
from glove_adagrad.cooccurrence.records import RECORD
from glove_adagrad.cooccurrence.tiles import tile_offsets
from glove_adagrad.cooccurrence.windows import Windows
from glove_adagrad.corpus import TextFiles
from glove_adagrad.errors import InputError
from glove_adagrad.kernels.counting import sample_ids
from glove_adagrad.sentences import Sentences
from glove_adagrad.vocabulary import Vocabulary


def records(matrix: CooccurrenceMatrix) -> np.ndarray:
    """All cells as Stanford's records, in the order of Stanford's files."""
    pieces = [np.rec.fromarrays([i + 1, j + 1, x], dtype=RECORD) for i, j, x in matrix.cells()]
    return np.sort(np.concatenate(pieces), order=["word", "context"])


@pytest.mark.parametrize(
    ("name", "text", "vocab", "windows"),
    [
        ("tiny.cooc.w1.sym.bin", "tiny.txt", "tiny.vocab.min5.txt", Windows(window=1)),
        ("tiny.cooc.w2.sym.bin", "tiny.txt", "tiny.vocab.min5.txt", Windows(window=2)),
        ("tiny.cooc.w5.sym.bin", "tiny.txt", "tiny.vocab.min5.txt", Windows(window=5)),
        ("tiny.cooc.w15.sym.bin", "tiny.txt", "tiny.vocab.min5.txt", Windows(window=15)),
        ("tiny.cooc.w10.left.bin", "tiny.txt", "tiny.vocab.min5.txt", Windows(window=10, symmetric=False)),
        ("tiny.cooc.w10.sym.flat.bin", "tiny.txt", "tiny.vocab.min5.txt", Windows(10, distance_weights="flat")),
        ("edge.cooc.w15.sym.bin", "edge.txt", "edge.vocab.txt", Windows(window=15)),
    ],
)
def test_equals_stanford(tmp_path: Path, name: str, text: str, vocab: str, windows: Windows) -> None:
    vocabulary = Vocabulary.read(GOLDEN / vocab)
    matrix = count_cooccurrences(TextFiles([GOLDEN / text]), vocabulary, tmp_path / "m", windows=windows)
    expected = np.fromfile(GOLDEN / name, RECORD)
    found = records(matrix)
    assert matrix.records == len(found) == len(expected)
    assert (found["word"] == expected["word"]).all()
    assert (found["context"] == expected["context"]).all()
    np.testing.assert_allclose(found["x"], expected["x"], rtol=1e-9)


@pytest.mark.parametrize("words", [1, 5, 31, 1000, 70_000, 1_100_000])
def test_partition_deals_ranks_out_in_turn(words: int) -> None:
    partition = Partition(words)
    ranks = np.arange(words)
    assert partition.sizes.sum() == words
    assert np.ptp(partition.sizes) <= 1
    assert (partition.part_of == ranks % partition.parts).all()
    assert (partition.row_of == ranks // partition.parts).all()
    in_order = np.concatenate([ranks[part :: partition.parts] for part in range(partition.parts)])
    assert (in_order[partition.positions] == ranks).all()
    for part in (0, partition.parts - 1):
        rows = np.arange(partition.starts[part], partition.starts[part + 1])
        assert (partition.rank_of(part, rows) == ranks[part :: partition.parts]).all()


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (10, 10),
        (40, 32),
        (65_537, 33),
        (70_686, 35),
        (524_288, 256),
        (1 << 20, 256),
        (2_000_000, 489),
        (1 << 24, 2048),
    ],
)
def test_number_of_parts(words: int, parts: int) -> None:
    """Up to a million words it must stay as it is: it decides the order of training, and so its result."""
    assert Partition(words).parts == parts
    assert Partition(words, most=256).parts == min(parts, 256)


@pytest.mark.parametrize(("words", "cells"), [(70_000, 20_000), (70_000, 500), (2_000_000, 900), (2_000_000, 60_000)])
def test_bytes_of_tiles_are_known_from_their_cells(words: int, cells: int) -> None:
    partition = Partition(words)
    tiles = np.full(partition.parts**2, cells)
    found = int(tile_offsets(np.repeat(partition.sizes, partition.parts), tiles, 0 * tiles)[-1])
    assert found == pytest.approx(expected_bytes(cells * len(tiles), words), rel=0.06)


WORDS = [b"a", b"b", b"c", b"d", b"unknown", b"\n", b"\n\n", b"\n\n\n"]

texts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=60).map(b" ".join)

rationals = st.lists(st.fractions(0, 3, max_denominator=50), min_size=1, max_size=6).filter(any)

#: A window and its weights, which are exact: harmonic ones of windows over 18 are rounded.
weightings = st.one_of(
    st.tuples(st.sampled_from([1, 2, 3, 6, 16, 17]), st.sampled_from(["harmonic", "flat", "linear"])),
    st.tuples(st.just(40), st.sampled_from(["flat", "linear"])),
    rationals.map(lambda weights: (len(weights), ",".join(map(str, weights)))),
)

all_windows = st.builds(
    lambda weighting, **others: Windows(weighting[0], distance_weights=weighting[1], **others),
    weightings,
    symmetric=st.booleans(),
    boundary=st.sampled_from(["line", "blank-line", "none"]),
    keep_positions=st.booleans(),
    sample=st.sampled_from([0.0, 0.05, 0.3]),
)


def folder_bytes(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def values(matrix: CooccurrenceMatrix) -> dict[tuple[int, int], float]:
    return {
        (word, context): x
        for words, contexts, xs in matrix.cells()
        for word, context, x in zip(words.tolist(), contexts.tolist(), xs.tolist(), strict=True)
    }


@given(texts, all_windows, st.sampled_from([1, 2]), st.sampled_from([1, 1 << 30]))
def test_equals_twin(
    tmp_path_factory: pytest.TempPathFactory, text: bytes, windows: Windows, workers: int, memory: int
) -> None:
    vocabulary = Vocabulary([b"a", b"b", b"c", b"d"], np.array([4, 3, 2, 1]))
    contexts = naive.ids(text, list(vocabulary.words), windows.boundary, windows.keep_positions)
    contexts = naive.sampled(contexts, vocabulary.counts.tolist(), windows.sample, windows.keep_positions)
    expected = naive.cooccurrences(contexts, windows.window, windows.symmetric, windows.distance_weights)
    folder = tmp_path_factory.mktemp("count")
    (folder / "corpus.txt").write_bytes(text)
    try:
        matrix = count_cooccurrences(
            TextFiles([folder / "corpus.txt"]),
            vocabulary,
            folder / "matrix",
            windows=windows,
            workers=workers,
            memory=memory,
        )
    except InputError:
        assert not expected
    else:
        assert matrix.records == len(expected)
        assert values(matrix) == {cell: float(x) for cell, x in expected.items()}


@pytest.mark.parametrize("symmetric", [True, False])
def test_rows_of_few_cells_equal_the_twin(tmp_path: Path, symmetric: bool) -> None:
    """In a vocabulary of thousands of words such rows are sorted, and a weight of 0 does not count."""
    drawn = (8000 * np.random.default_rng(1).random(1500) ** 3).astype(int)
    text = b" ".join(b"w%d" % number for number in drawn)
    vocabulary = Vocabulary([b"w%d" % number for number in range(8000)], np.ones(8000, np.int64))
    windows = Windows(3, distance_weights="0,1,1/2", symmetric=symmetric)
    (tmp_path / "text").write_bytes(text)
    matrix = count_cooccurrences(TextFiles([tmp_path / "text"]), vocabulary, tmp_path / "m", windows=windows)
    contexts = naive.ids(text, list(vocabulary.words), "line", False)
    expected = naive.cooccurrences(contexts, 3, symmetric, windows.distance_weights)
    assert values(matrix) == {cell: float(x) for cell, x in expected.items() if x}


@pytest.fixture(scope="module")
def texts_of_corpus(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """30,000 tokens of 500 words in lines of up to 12, in three files."""
    folder = tmp_path_factory.mktemp("corpus")
    rng = np.random.default_rng(1)
    words = iter((rng.zipf(1.5, 30_000) % 500).tolist())
    lines = []
    while line := [b"w%d" % word for word, _ in zip(words, range(int(rng.integers(1, 13))), strict=False)]:
        lines.append(b" ".join(line) + b"\n")
    for number in range(3):
        (folder / f"{number}.txt").write_bytes(b"".join(lines[number * 2000 : (number + 1) * 2000]))
    return sorted(folder.iterdir())


@pytest.fixture(scope="module")
def corpus(texts_of_corpus: list[Path]) -> TextFiles:
    return TextFiles(texts_of_corpus)


@pytest.fixture(scope="module")
def vocabulary(corpus: TextFiles) -> Vocabulary:
    return Vocabulary.count(corpus, min_count=2)


@pytest.mark.parametrize(("window", "boundary", "sample"), [(40, "none", 0.0), (4, "line", 1e-3)])
@pytest.mark.parametrize("symmetric", [True, False])
def test_bytes_do_not_depend_on_workers_memory_or_files(
    tmp_path: Path,
    corpus: TextFiles,
    texts_of_corpus: list[Path],
    vocabulary: Vocabulary,
    symmetric: bool,
    window: int,
    boundary: str,
    sample: float,
) -> None:
    windows = Windows(window, symmetric=symmetric, boundary=boundary, sample=sample)

    def folder(text: TextFiles, workers: int, memory: int) -> dict[str, bytes]:
        count_cooccurrences(
            text, vocabulary, tmp_path / "matrix", windows=windows, workers=workers, memory=memory, tmp=tmp_path
        )
        return folder_bytes(tmp_path / "matrix")

    reference = folder(corpus, 1, 1 << 30)
    assert folder(corpus, 2, 1 << 30) == reference
    assert folder(corpus, 3, 1) == reference, "several segments of the smallest size, merged"
    (tmp_path / "whole.txt").write_bytes(b"".join(path.read_bytes() for path in texts_of_corpus))
    assert folder(TextFiles([tmp_path / "whole.txt"]), 2, 1 << 30) == reference
    assert sorted(path.name for path in tmp_path.iterdir()) == ["matrix", "whole.txt"], "no spill is left"


def test_more_runs_than_are_merged_at_a_time(
    tmp_path: Path, corpus: TextFiles, vocabulary: Vocabulary, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = count_cooccurrences(corpus, vocabulary, tmp_path / "one")
    monkeypatch.setattr("glove_adagrad.cooccurrence.spill._MOST_RUNS", 2)
    count_cooccurrences(corpus, vocabulary, tmp_path / "many", memory=1)
    assert folder_bytes(tmp_path / "many") == folder_bytes(reference.folder)


def test_as_many_occurrences_are_left_out_as_the_rule_says() -> None:
    counts = np.array([800_000, 150_000, 49_900, 100])
    ids = np.random.default_rng(1).permutation(np.repeat(np.arange(4, dtype=np.uint32), counts))
    kept = Windows(sample=0.01).kept(counts)
    limits = np.rint(kept * (1 << 32)).astype(np.uint64)
    left = np.bincount(ids[: sample_ids(ids, 0, limits, False, ids)], minlength=4)
    np.testing.assert_allclose(kept, [0.0125 + 0.0125**0.5, 0.0666667 + 0.0666667**0.5, 0.6480623, 1], rtol=1e-4)
    assert left[3] == 100, "rare words stay"
    deviation = np.sqrt(counts * kept * (1 - kept))
    assert (abs(left - counts * kept) <= 4 * deviation).all()


def test_sums_that_exceed_32_bits(tmp_path: Path) -> None:
    (tmp_path / "corpus.txt").write_bytes(b"a b " * 5_000)
    text = TextFiles([tmp_path / "corpus.txt"])
    words = Vocabulary.count(text, min_count=1)
    for memory in (1 << 30, 1):
        matrix = count_cooccurrences(text, words, tmp_path / "matrix", memory=memory)
        contexts = naive.ids(b"a b " * 5_000, list(words.words), "line", False)
        expected = naive.cooccurrences(contexts, 15, True, "harmonic")
        assert matrix.lower.large.sum() > 0, "some are large"
        assert values(matrix) == {cell: float(x) for cell, x in expected.items()}


@pytest.mark.parametrize("symmetric", [True, False])
def test_merging_is_counting_all(
    tmp_path: Path, corpus: TextFiles, texts_of_corpus: list[Path], vocabulary: Vocabulary, symmetric: bool
) -> None:
    windows = Windows(symmetric=symmetric)
    parts = [
        count_cooccurrences(TextFiles([path]), vocabulary, tmp_path / path.stem, windows=windows)
        for path in texts_of_corpus
    ]
    for least in (0.0, 0.4):
        merge_matrices(parts, tmp_path / "merged", min_cooccurrence=least, workers=2)
        whole = count_cooccurrences(
            corpus, vocabulary, tmp_path / "whole", windows=windows, min_cooccurrence=least, workers=2
        )
        assert folder_bytes(tmp_path / "merged") == folder_bytes(whole.folder)
        assert min(x.min() for _, _, x in whole.cells() if len(x)) >= least
    assert all(part.lower.path.exists() for part in parts)


def test_merging_one_drops_rare_cells_and_leaves_it_alone(
    tmp_path: Path, corpus: TextFiles, vocabulary: Vocabulary
) -> None:
    one = count_cooccurrences(corpus, vocabulary, tmp_path / "one")
    before = folder_bytes(one.folder)
    merge_matrices([one], tmp_path / "merged", min_cooccurrence=2)
    count_cooccurrences(corpus, vocabulary, tmp_path / "counted", min_cooccurrence=2)
    assert folder_bytes(tmp_path / "merged") == folder_bytes(tmp_path / "counted")
    assert folder_bytes(one.folder) == before


@pytest.mark.parametrize("symmetric", [True, False])
def test_remapping_moves_each_cell(
    tmp_path: Path, corpus: TextFiles, vocabulary: Vocabulary, symmetric: bool
) -> None:
    matrix = count_cooccurrences(corpus, vocabulary, tmp_path / "m", windows=Windows(3, symmetric=symmetric))
    rng = np.random.default_rng(2)
    kept = rng.permutation(len(vocabulary))[: len(vocabulary) // 2]
    words = [vocabulary.words[rank] for rank in kept] + [b"new"]
    target = Vocabulary(words, np.ones(len(words), np.int64))
    moved = remap(matrix, target, tmp_path / "moved", workers=2, memory=1)
    rank = {int(old): new for new, old in enumerate(kept)}
    expected = {
        (rank[word], rank[context]): x
        for (word, context), x in values(matrix).items()
        if word in rank and context in rank
    }
    assert values(moved) == expected
    assert (moved.windows, moved.records, moved.symmetric) == (matrix.windows, len(expected), symmetric)


def test_merging_onto_a_vocabulary(
    tmp_path: Path, corpus: TextFiles, texts_of_corpus: list[Path], vocabulary: Vocabulary
) -> None:
    parts = []
    for path in texts_of_corpus:
        own = Vocabulary.count(TextFiles([path]), min_count=1)
        parts.append(count_cooccurrences(TextFiles([path]), own, tmp_path / path.stem))
    with pytest.raises(InputError, match="its vocabulary is not that of"):
        merge_matrices(parts, tmp_path / "merged")
    everything = Vocabulary.count(corpus, min_count=1)
    merged = merge_matrices(parts, tmp_path / "merged", vocabulary=everything)
    whole = count_cooccurrences(corpus, everything, tmp_path / "whole")
    assert folder_bytes(merged.folder) == folder_bytes(whole.folder)


def test_counts_of_before_there_was_sample_can_be_merged(
    tmp_path: Path, corpus: TextFiles, vocabulary: Vocabulary
) -> None:
    one = count_cooccurrences(corpus, vocabulary, tmp_path / "one")
    sampled = count_cooccurrences(corpus, vocabulary, tmp_path / "sampled", windows=Windows(sample=1e-3))
    as_format(one.folder, 1)
    old = CooccurrenceMatrix.open(one.folder)
    assert merge_matrices([old, old], tmp_path / "merged").records == one.records
    with pytest.raises(InputError, match=r"sampled: was counted with sample 0.001, and .*one with 0.0"):
        merge_matrices([old, sampled], tmp_path / "merged")


def test_what_cannot_be_merged_is_named(tmp_path: Path, corpus: TextFiles, vocabulary: Vocabulary) -> None:
    narrow = count_cooccurrences(corpus, vocabulary, tmp_path / "narrow", windows=Windows(2))
    wide = count_cooccurrences(corpus, vocabulary, tmp_path / "wide", windows=Windows(3))
    pruned = count_cooccurrences(corpus, vocabulary, tmp_path / "pruned", windows=Windows(2), min_cooccurrence=2)
    with pytest.raises(InputError, match=r"wide: was counted with window 3, and .*narrow with 2"):
        merge_matrices([narrow, wide], tmp_path / "merged")
    with pytest.raises(InputError, match=r"pruned: cells below 2 were left out"):
        merge_matrices([narrow, pruned], tmp_path / "merged")
    assert not (tmp_path / "merged").exists()


def test_damage_is_noticed(tmp_path: Path, corpus: TextFiles, vocabulary: Vocabulary) -> None:
    matrix = count_cooccurrences(corpus, vocabulary, tmp_path / "m")
    raw = bytearray(matrix.lower.path.read_bytes())
    raw[len(raw) // 2] ^= 1
    matrix.lower.path.write_bytes(raw)
    with pytest.raises(InputError, match="is damaged"):
        CooccurrenceMatrix.open(tmp_path / "m").check()
    matrix.lower.path.write_bytes(raw[:-8])
    with pytest.raises(InputError, match=r"bytes where .* were written"):
        CooccurrenceMatrix.open(tmp_path / "m")


def test_no_more_than_a_hundred_files_are_open(
    tmp_path: Path, corpus: TextFiles, vocabulary: Vocabulary, monkeypatch: pytest.MonkeyPatch
) -> None:
    resource = pytest.importorskip("resource")
    monkeypatch.setattr("glove_adagrad.cooccurrence.count._LEAST_SEGMENT", 256)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (100, hard))
    try:
        count_cooccurrences(corpus, vocabulary, tmp_path / "many", memory=1, workers=2)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    count_cooccurrences(corpus, vocabulary, tmp_path / "one")
    assert folder_bytes(tmp_path / "many") == folder_bytes(tmp_path / "one")


def test_a_count_that_would_not_fit_is_refused_first(
    tmp_path: Path, corpus: TextFiles, vocabulary: Vocabulary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda folder: SimpleNamespace(free=1 << 10))
    message = r"needs about 0\.\d MB, and 0\.0 MB are free; name a folder on a larger disk"
    with pytest.raises(InputError, match=message):
        count_cooccurrences(corpus, vocabulary, tmp_path / "m", progress=lambda done: pytest.fail("has begun"))
    assert not list(tmp_path.iterdir())


def test_the_estimate_of_cells_is_near(corpus: TextFiles, vocabulary: Vocabulary, tmp_path: Path) -> None:
    matrix = count_cooccurrences(corpus, vocabulary, tmp_path / "m", windows=Windows(5, boundary="none"))
    # words drawn independently, which the estimate corrects for
    assert expected_cells(vocabulary.counts, 5, 2) / 0.78 == pytest.approx(matrix.lower.cells, rel=0.1)


def test_sums_that_64_bits_may_not_hold_are_refused_before_counting(
    corpus: TextFiles, vocabulary: Vocabulary, tmp_path: Path
) -> None:
    most = int(vocabulary.counts.max())
    windows = Windows(1, distance_weights=str((1 << 62) // most + 1))
    with pytest.raises(InputError, match=f"a word that occurs {most:,} times may not fit in 64 bits"):
        count_cooccurrences(corpus, vocabulary, tmp_path / "m", windows=windows, progress=pytest.fail)
    rarer = Vocabulary(list(vocabulary.words), np.ones(len(vocabulary), np.int64))
    with pytest.raises(InputError, match="may not fit in 64 bits"):
        count_cooccurrences(corpus, rarer, tmp_path / "m", windows=windows)
    windows = Windows(1, distance_weights=str((1 << 61) // most + 1))
    half = count_cooccurrences(corpus, vocabulary, tmp_path / "half", windows=windows)
    merge_matrices([half], tmp_path / "m")
    with pytest.raises(InputError, match="may not fit in 64 bits"):
        merge_matrices([half, half], tmp_path / "m")


def test_words_without_neighbours_are_an_error(tmp_path: Path) -> None:
    words = Vocabulary([b"a", b"b"], np.array([1, 1]))
    with pytest.raises(InputError, match="no two words of the vocabulary occur within a window"):
        count_cooccurrences(Sentences([["a"], ["b"]]), words, tmp_path / "m")
    with pytest.raises(InputError, match="holds no word of the vocabulary"):
        count_cooccurrences(Sentences([["x", "y"]]), words, tmp_path / "m")
    assert not list(tmp_path.iterdir())
