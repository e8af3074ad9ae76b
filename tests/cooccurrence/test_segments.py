"""Counts that continue from finished segments, and adding up many runs with few open files and little memory."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from runs import Command

from glove_adagrad import corpus
from glove_adagrad.cooccurrence import count as module
from glove_adagrad.cooccurrence import spill
from glove_adagrad.cooccurrence.count import count_cooccurrences, segments_folder
from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
from glove_adagrad.cooccurrence.merge import merge_matrices
from glove_adagrad.cooccurrence.segments import KeptSegments
from glove_adagrad.cooccurrence.windows import Windows
from glove_adagrad.corpus import TextFiles
from glove_adagrad.errors import InputError, Interrupted
from glove_adagrad.vocabulary import Vocabulary


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A text is read in several pieces for each segment."""
    monkeypatch.setattr(corpus, "CHUNK_BYTES", 5000)


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """30,000 words in lines of 20: eight segments, if each has the fewest ids."""
    drawn = np.random.default_rng(2).zipf(1.4, 30_000) % 300
    lines = [b" ".join(b"w%d" % word for word in line) for line in np.array_split(drawn, 1500)]
    path = tmp_path_factory.mktemp("segments") / "text"
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


@pytest.fixture(scope="module")
def vocabulary(text: Path) -> Vocabulary:
    return Vocabulary.count(TextFiles([text]), min_count=3)


def folder_bytes(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def stop_after(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Let the next count be interrupted once this many segments are finished."""
    finished, calls = KeptSegments.finished, itertools.count(1)

    def stop(self: KeptSegments, ids: np.ndarray) -> None:
        finished(self, ids)
        if next(calls) == number:
            monkeypatch.setattr(KeptSegments, "finished", finished)
            raise Interrupted(signal.SIGINT)

    monkeypatch.setattr(KeptSegments, "finished", stop)


def stopped(
    text: Path, vocabulary: Vocabulary, output: Path, monkeypatch: pytest.MonkeyPatch, **settings: Any
) -> Path:
    """Count until three segments are finished; returns where these are."""
    stop_after(monkeypatch, 3)
    with pytest.raises(Interrupted):
        count_cooccurrences(TextFiles([text]), vocabulary, output, memory=1, resume=True, **settings)
    assert not output.exists()
    return segments_folder(output)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The ids of each segment that is counted from here on."""
    found: list[int] = []
    index = module._index

    def note(segment: Any, *others: Any) -> Any:
        found.append(len(segment.ids))
        return index(segment, *others)

    monkeypatch.setattr(module, "_index", note)
    return found


@pytest.mark.parametrize(
    "windows",
    [
        Windows(),
        Windows(5, symmetric=False, boundary="none", keep_positions=True),
        Windows(4, sample=0.01, boundary="none"),
    ],
    ids=str,
)
@pytest.mark.parametrize("memory", [1, 1 << 30])
def test_a_stopped_count_continues_to_the_same_bytes(
    tmp_path: Path,
    text: Path,
    vocabulary: Vocabulary,
    windows: Windows,
    memory: int,
    monkeypatch: pytest.MonkeyPatch,
    counted: list[int],
) -> None:
    whole = count_cooccurrences(TextFiles([text]), vocabulary, tmp_path / "whole", windows=windows, memory=1)
    ids = sum(counted)
    counted.clear()
    kept = stopped(text, vocabulary, tmp_path / "m", monkeypatch, windows=windows)
    (kept / "lower-3").write_bytes(b"of a segment that was not finished")
    counted.clear()
    matrix = count_cooccurrences(
        TextFiles([text]), vocabulary, tmp_path / "m", windows=windows, memory=memory, workers=2, resume=True
    )
    assert folder_bytes(matrix.folder) == folder_bytes(whole.folder)
    assert not kept.exists()
    assert sum(counted) < 0.8 * ids, "three of the segments were not counted again"


def test_the_folder_of_segments_is_gone_if_there_are_none(tmp_path: Path, text: Path, vocabulary: Vocabulary) -> None:
    with pytest.raises(InputError, match="no two words"):
        count_cooccurrences(TextFiles([text]), Vocabulary([b"w299"], np.array([1])), tmp_path / "m", resume=True)
    assert not list(tmp_path.iterdir())
    count_cooccurrences(TextFiles([text]), vocabulary, tmp_path / "m", resume=True)
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


def test_a_text_that_has_changed_is_refused_and_one_that_has_grown_is_not(
    tmp_path: Path, text: Path, vocabulary: Vocabulary, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "text"
    shutil.copy(text, own)
    kept = stopped(own, vocabulary, tmp_path / "m", monkeypatch)
    before = folder_bytes(kept)
    for changed in (b"w1 w2\n" + text.read_bytes(), text.read_bytes()[:2000]):
        own.write_bytes(changed)
        with pytest.raises(InputError, match=r"m\.segments: the text is not the one that was counted so far; remove"):
            count_cooccurrences(TextFiles([own]), vocabulary, tmp_path / "m", resume=True)
        assert folder_bytes(kept) == before
    own.write_bytes(text.read_bytes() + b"w1 w2 w3\n")
    grown = count_cooccurrences(TextFiles([own]), vocabulary, tmp_path / "m", resume=True)
    assert folder_bytes(grown.folder) == folder_bytes(
        count_cooccurrences(TextFiles([own]), vocabulary, tmp_path / "again").folder
    )


def damages(kept: Path) -> Iterator[tuple[str, str]]:
    """Change the folder in one way after the other; yields what, and the message."""
    state = (kept / "segments.json").read_bytes()
    for content, message in (
        (b"", "is damaged"),
        (b"{}", "is not of the format"),
        (state.replace(b'"ids": ', b'"ids": 1'), "checksum differs"),
        (state.replace(b"segments 1", b"segments 2"), "newer version"),
    ):
        (kept / "segments.json").write_bytes(content)
        yield message, f"segments.json: .*{message}"
    (kept / "segments.json").write_bytes(state)
    tiles = (kept / "lower-1").read_bytes()
    (kept / "lower-1").write_bytes(tiles[:-1])
    yield "short", "lower-1: is missing or not"
    (kept / "lower-1").write_bytes(tiles[:-9] + bytes([tiles[-9] ^ 1]) + tiles[-8:])
    yield "flipped", "lower-1: is damaged"
    (kept / "lower-1").write_bytes(tiles)
    table = (kept / "lower-2.npy").read_bytes()
    (kept / "lower-2.npy").write_bytes(table[:-1] + bytes([table[-1] ^ 1]))
    yield "table", "lower-2.npy: is damaged"
    (kept / "lower-2.npy").write_bytes(table)
    (kept / "thesis.txt").write_bytes(b"")
    yield "foreign", r"m\.segments: holds thesis.txt, which is not of a count"


def test_segments_that_cannot_be_used_are_refused(
    tmp_path: Path, text: Path, vocabulary: Vocabulary, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = stopped(text, vocabulary, tmp_path / "m", monkeypatch)
    for settings, message in (
        ({"windows": Windows(14)}, "its windows differ"),
        ({"vocabulary": Vocabulary(list(vocabulary.words)[::-1], vocabulary.counts)}, "its vocabulary differ"),
    ):
        used = {"vocabulary": vocabulary, **settings}
        with pytest.raises(InputError, match=message):
            count_cooccurrences(TextFiles([text]), output=tmp_path / "m", resume=True, **used)  # type: ignore[arg-type]
    for name, message in damages(kept):
        with pytest.raises(InputError, match=message):
            count_cooccurrences(TextFiles([text]), vocabulary, tmp_path / "m", resume=True)
        assert not (tmp_path / "m").exists(), name


def test_the_command_continues(
    tmp_path: Path, text: Path, vocabulary: Vocabulary, monkeypatch: pytest.MonkeyPatch, command: Command
) -> None:
    vocabulary.write(tmp_path / "vocab.txt")
    arguments = ["cooccur", str(text), "--vocab", str(tmp_path / "vocab.txt"), "--memory", "1K", "-q"]
    stop_after(monkeypatch, 2)
    assert command(*arguments, "--output", str(tmp_path / "m"), "--resume").code == 130
    assert (tmp_path / "m.segments").is_dir()
    assert command(*arguments, "--output", str(tmp_path / "m"), "--resume").code == 0
    assert command(*arguments, "--output", str(tmp_path / "whole")).code == 0
    assert folder_bytes(tmp_path / "m") == folder_bytes(tmp_path / "whole")


def test_hundreds_of_folders_are_merged_with_few_open_files(
    tmp_path: Path, text: Path, vocabulary: Vocabulary
) -> None:
    resource = pytest.importorskip("resource")
    one = count_cooccurrences(TextFiles([text]), vocabulary, tmp_path / "one", windows=Windows(2))
    in_use = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 150
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (in_use + spill._MOST_RUNS + 20, hard))
    try:
        merged = merge_matrices([one.folder] * 200, tmp_path / "merged")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert (merged.to_scipy() != 200 * one.to_scipy()).nnz == 0
    assert merged.tokens == 200 * one.tokens


def test_runs_that_do_not_fit_in_memory_are_merged_two_by_two(
    tmp_path: Path, text: Path, vocabulary: Vocabulary, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = count_cooccurrences(TextFiles([text]), vocabulary, tmp_path / "one")
    whole = merge_matrices([one] * 5, tmp_path / "whole")
    sizes: list[int] = []
    merge = spill._merge

    def note(runs: Any, *others: Any, **settings: Any) -> Any:
        sizes.append(len(runs))
        return merge(runs, *others, **settings)

    monkeypatch.setattr(spill, "_merge", note)
    monkeypatch.setattr(spill, "_CELLS_AT_ONCE", 100)
    merged = merge_matrices([one] * 5, tmp_path / "merged", memory=1)
    assert sizes == [2, 2, 2, 2]
    assert folder_bytes(merged.folder) == folder_bytes(whole.folder)


def test_a_folder_that_changes_while_it_is_merged_is_refused(
    tmp_path: Path, text: Path, vocabulary: Vocabulary, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = count_cooccurrences(TextFiles([text]), vocabulary, tmp_path / "one", windows=Windows(2))
    other = count_cooccurrences(TextFiles([text]), vocabulary, tmp_path / "other", windows=Windows(3))
    opened, calls = CooccurrenceMatrix.open, itertools.count(1)

    def replace(folder: Path) -> CooccurrenceMatrix:
        return opened(other.folder if next(calls) == 3 else folder)

    monkeypatch.setattr(CooccurrenceMatrix, "open", replace)
    with pytest.raises(InputError, match=r"other: has changed while it was read"):
        merge_matrices([one.folder] * 2, tmp_path / "merged")
