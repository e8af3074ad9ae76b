"""The counting commands: real files in, real files out, and what happens when a run is stopped or a disk is full."""

from __future__ import annotations

import gzip
import json
import re
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from data import GOLDEN
from runs import Command, make_run

from glove_adagrad.cooccurrence.count import count_cooccurrences
from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
from glove_adagrad.cooccurrence.windows import Windows
from glove_adagrad.corpus import TextFiles
from glove_adagrad.vocabulary import Vocabulary

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a corpus of 300,000 tokens, corpus.txt, and its vocab.txt."""
    folder = tmp_path_factory.mktemp("large")
    words = np.random.default_rng(1).zipf(1.3, 300_000) % 5000
    (folder / "corpus.txt").write_bytes(b" ".join(b"w%d" % word for word in words.tolist()))
    process(folder, "vocab", "corpus.txt", "--output", "vocab.txt")
    return folder


def process(folder: Path, *arguments: str, before: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own, after some Python code."""
    return subprocess.run(code(before, arguments), cwd=folder, capture_output=True, text=True, timeout=120)


def code(before: str, arguments: tuple[str, ...]) -> list[str]:
    start = f"import sys; sys.argv[0] = 'glove-adagrad'\n{before}\nfrom glove_adagrad.cli import main; main()"
    return [sys.executable, "-c", start, *arguments]


#: Segments of a few thousand ids, so that partial counts are spilt at once.
SMALL_SEGMENTS = """
import glove_adagrad.cooccurrence.count as count
count._segment_size = lambda *_: 4096
"""

#: A pause for each of them, so that there is time for a signal.
SLOW_SEGMENTS = f"""
{SMALL_SEGMENTS}
import time
from functools import partial
index = count._index
count._index = lambda *arguments: time.sleep(0.1) or index(*arguments)
"""


def test_counting_matches_stanford(command: Command, tmp_path: Path) -> None:
    vocab = tmp_path / "vocab.txt"
    out = command.ok("vocab", GOLDEN / "tiny.txt", "--output", vocab)
    assert vocab.read_bytes() == (GOLDEN / "tiny.vocab.min5.txt").read_bytes()
    words = len(vocab.read_bytes().splitlines())
    assert out.startswith(f"{vocab}: {words:,} words, ")
    command.ok("cooccur", GOLDEN / "tiny.txt", "--vocab", vocab, "--output", tmp_path / "m", "--window", 5, "-q")
    imported = tmp_path / "imported"
    records = GOLDEN / "tiny.cooc.w5.sym.bin"
    command.ok("import-records", records, "--vocab", vocab, "--output", imported, "--window", 5)
    assert (imported / "lower.bin").read_bytes() == (tmp_path / "m" / "lower.bin").read_bytes()
    command.ok("merge", tmp_path / "m", imported, "--output", tmp_path / "merged")
    shown = command.ok("info", tmp_path / "merged")
    assert f"{words:,}" in shown
    assert f"{records.stat().st_size // 16:,}, " in shown
    assert "window            5, both sides" in shown


def test_without_a_vocabulary_the_words_of_the_text_are_counted(command: Command, tmp_path: Path) -> None:
    text, vocab = GOLDEN / "tiny.txt", tmp_path / "vocab.txt"
    limits = ["--min-count", 3, "--max-vocab", 40]
    command.ok("vocab", text, "--output", vocab, *limits)
    command.ok("cooccur", text, "--vocab", vocab, "--output", tmp_path / "two")
    command.ok("cooccur", text, "--output", tmp_path / "one", *limits)
    two, one = ({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("two", "one"))
    assert one == two
    line = command.refused(2, "cooccur", text, "--vocab", vocab, "--output", tmp_path / "m", "--max-vocab", 40)
    assert "--max-vocab cannot be combined with --vocab" in line


def test_options_reach_the_count(command: Command, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("B x a\n\nA b\n")
    vocab, matrix = tmp_path / "vocab.txt", tmp_path / "m"
    command.ok("vocab", tmp_path / "a.txt", "--output", vocab, "--min-count", 1, "--lowercase", "--max-vocab", 2)
    assert vocab.read_text() == "a 2\nb 2\n"
    options = ["--vocab", vocab, "--output", matrix, "--lowercase", "--boundary", "none", "--keep-positions"]
    options += ["--left-only", "--no-distance-weighting", "--window", 2, "--min-cooccurrence", 2]
    command.ok("cooccur", tmp_path / "a.txt", *options)
    shown = command.ok("info", matrix)
    for line in [
        "window            2, left only",
        "weight of a pair  1",
        "context ends at   none",
        "least X           2",
    ]:
        assert line in shown
    # b . a a b: of the pairs (b, a), (a, a), (a, b), (a, b), those met twice
    assert "records           1, " in shown


def test_weights_of_a_file_reach_the_count_and_what_is_made_of_it(command: Command, tmp_path: Path) -> None:
    text, vocab, weights = GOLDEN / "tiny.txt", GOLDEN / "tiny.vocab.min5.txt", tmp_path / "weights.txt"
    weights.write_bytes(b"\xef\xbb\xbf1\r\n0.25\r\n\r\n0\r\n1/3")
    counted = tmp_path / "m"
    settings = ["--window", 4, "--distance-weights", weights]
    command.ok("cooccur", text, "--vocab", vocab, "--output", counted, *settings)
    assert "weight of a pair  1, 1/4, 0, 1/3 by distance" in command.ok("info", counted)
    matrix = CooccurrenceMatrix.open(counted)
    assert matrix.denominator == 12
    assert matrix.windows == Windows(4, distance_weights="1,1/4,0,1/3")
    command.ok("export", counted, tmp_path / "records", "--format", "stanford-records", "--quiet")
    imported = tmp_path / "imported"
    command.ok("import-records", tmp_path / "records", "--vocab", vocab, "--output", imported, *settings)
    assert (imported / "lower.bin").read_bytes() == (counted / "lower.bin").read_bytes()
    command.ok("merge", counted, imported, "--output", tmp_path / "merged")
    command.ok("cooccur", text, "--vocab", vocab, "--output", tmp_path / "linear", "--distance-weights", "linear")
    assert "(window + 1 - distance) / window" in command.ok("info", tmp_path / "linear")
    line = command.refused(1, "merge", counted, tmp_path / "linear", "--output", tmp_path / "n")
    assert "was counted with window 15" in line


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"1\n\nking\n", r"weights.txt:3: 'king' is not a weight"),
        (b"\n", r"weights.txt: has no weights"),
        (b"1\n1/2", r"has 2 weights, and the window is 15; .* or a window of 2"),
    ],
)
def test_bad_files_of_weights_are_refused(command: Command, tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "weights.txt").write_bytes(content)
    arguments = [GOLDEN / "tiny.txt", "--vocab", GOLDEN / "tiny.vocab.min5.txt", "--output", tmp_path / "m"]
    line = command.refused(1, "cooccur", *arguments, "--distance-weights", tmp_path / "weights.txt")
    assert re.search(message, line)
    assert not (tmp_path / "m").exists()


def test_frequent_words_are_left_out(command: Command, tmp_path: Path) -> None:
    text, vocab = GOLDEN / "tiny.txt", GOLDEN / "tiny.vocab.min5.txt"
    for name, more in {"all": [], "m": ["--sample", 1e-3]}.items():
        command.ok("cooccur", text, "--vocab", vocab, "--output", tmp_path / name, *more)
    expected = count_cooccurrences(
        TextFiles([text]), Vocabulary.read(vocab), tmp_path / "expected", windows=Windows(sample=1e-3)
    )
    assert (tmp_path / "m" / "lower.bin").read_bytes() == expected.lower.path.read_bytes()
    every, sampled = CooccurrenceMatrix.open(tmp_path / "all"), CooccurrenceMatrix.open(tmp_path / "m")
    assert sampled.records < every.records
    assert list(sampled.vocabulary.counts) == list(every.vocabulary.counts)
    assert sampled.counted.sum() < every.counted.sum() == every.tokens == sampled.tokens
    assert "sample            0.001" in command.ok("info", tmp_path / "m")
    message = command.refused(1, "merge", tmp_path / "m", tmp_path / "all", "--output", tmp_path / "merged")
    assert "all: was counted with sample 0.0, and" in message


def test_a_runs_folder_is_described(command: Command, tmp_path: Path) -> None:
    words = ["a", "b", "c"]
    run = make_run(tmp_path / "run", words, np.array([[1.0, 0.0], [0.0, 0.0], [3.0, 4.0]]))
    command.ok("vocab", GOLDEN / "tiny.txt", "--output", tmp_path / "vocab.txt")
    options = ["--vocab", tmp_path / "vocab.txt", "--output", run / "cooccurrence"]
    command.ok("cooccur", GOLDEN / "tiny.txt", *options)
    shown = command.ok("info", run)
    assert "epochs run        8, median 1.5 s, last loss 0.026250" in shown
    assert "word vectors      3 x 2, 50.00% exact zeros" in shown
    elsewhere = tmp_path / "elsewhere"
    (run / "cooccurrence").rename(elsewhere)
    history = json.loads((run / "history.json").read_text())
    history["settings"]["cooccurrence"] = str(elsewhere)
    (run / "history.json").write_text(json.dumps(history))
    assert f"co-occurrences    {elsewhere}" in command.ok("info", run)
    elsewhere.rename(tmp_path / "moved")
    shown = command.ok("info", run)
    assert f"{elsewhere}, which is gone" in shown
    assert "50.00% exact zeros" in shown


BAD_INPUT = [
    (1, ["vocab", "missing.txt", "--output", "v"], "missing.txt: no such file, folder or pattern"),
    (1, ["vocab", "empty.txt", "--output", "v"], "empty.txt: the corpus is empty"),
    (1, ["vocab", "junk.bin", "--output", "v"], "junk.bin: a zero byte"),
    (1, ["vocab", "blank.txt", "--output", "v"], "holds no words"),
    (1, ["vocab", "rare.txt", "--output", "v"], "lower --min-count"),
    (1, ["vocab", "unk.txt", "--output", "v", "--min-count", "1"], "unk.txt:2: the corpus holds the word <unk>"),
    (1, ["vocab", "rare.txt", "--output", "no/v"], "no/v: the folder no does not exist"),
    (1, ["vocab", "rare.txt", "--output", "full"], "full: is a folder; name a file"),
    (1, ["cooccur", "rare.txt", "--vocab", "missing.txt", "--output", "m"], "missing.txt: cannot be read"),
    (1, ["cooccur", "rare.txt", "--vocab", "rare.txt", "--output", "m"], "rare.txt:1: "),
    (1, ["cooccur", "rare.txt", "--vocab", "good.txt", "--output", "full"], "full: is not a co-occurrence matrix"),
    (1, ["cooccur", "rare.txt", "--vocab", "good.txt", "--output", "rare.txt"], "rare.txt: is the corpus itself"),
    (1, ["cooccur", "rare.txt", "--vocab", "other.txt", "--output", "m"], "no word of the vocabulary"),
    (1, ["merge", "full", "--output", "m"], "full: holds no co-occurrences"),
    (1, ["info", "full"], "full: holds no co-occurrences"),
    (1, ["import-records", "rare.txt", "--vocab", "good.txt", "--output", "m"], "not a whole number of records"),
    (2, ["vocab", "rare.txt"], "Missing option '-o' / '--output'"),
    (2, ["vocab", "--output", "v"], "Missing argument"),
    (2, ["vocab", "rare.txt", "--output", "v", "--min-count", "0"], "--min-count"),
    (2, ["vocab", "rare.txt", "--output", "v", "--memory", "much"], "'much' is not a size"),
    (2, ["cooccur", "rare.txt", "--vocab", "good.txt", "--output", "m", "--window", "0"], "--window"),
    (2, ["cooccur", "rare.txt", "--vocab", "good.txt", "--output", "m", "--boundary", "page"], "--boundary"),
    (2, ["cooccur", "rare.txt", "--vocab", "good.txt", "--output", "m", "--sample", "1"], "--sample"),
    (1, ["cooccur", "rare.txt", "--vocab", "good.txt", "--output", "m", "--sample", "nan"], "sample nan: must be"),
]


@pytest.mark.parametrize(("exit_code", "arguments", "message"), BAD_INPUT)
def test_bad_input_gives_one_line_and_leaves_nothing(
    command: Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    exit_code: int,
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "full").mkdir()
    for name, content in {
        "empty.txt": b"",
        "blank.txt": b" \n\t\n",
        "junk.bin": bytes(range(256)),
        "rare.txt": b"a bb ccc",
        "unk.txt": b"a\nb <unk>\n",
        "good.txt": b"a 2\nbb 1\n",
        "other.txt": b"x 2\n",
        "full/thesis.doc": b"precious",
    }.items():
        (tmp_path / name).write_bytes(content)
    before = sorted(tmp_path.rglob("*"))
    assert message in command.refused(exit_code, *arguments)
    assert sorted(tmp_path.rglob("*")) == before


def test_invalid_utf8_is_kept_as_it_is(command: Command, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\xfa\xfe \xc3 \xfa\xfe")
    found = command("vocab", tmp_path / "a.txt", "--output", tmp_path / "vocab.txt", "--min-count", 1)
    assert found.code == 0
    assert "words are not UTF-8" in found.err
    assert (tmp_path / "vocab.txt").read_bytes() == b"\xfa\xfe 2\n\xc3 1\n"


def test_standard_input_equals_a_file(large: Path, tmp_path: Path) -> None:
    text = gzip.compress((large / "corpus.txt").read_bytes())
    (tmp_path / "corpus.txt.gz").write_bytes(text)
    with open(large / "corpus.txt", "rb") as file:
        run = subprocess.run(
            code("", ("cooccur", "-", "--vocab", "vocab.txt", "--output", str(tmp_path / "piped"), "-q")),
            cwd=large,
            stdin=file,
            capture_output=True,
        )
    assert (run.returncode, run.stdout, run.stderr) == (0, b"", b"")
    arguments = ["cooccur", str(tmp_path / "corpus.txt.gz"), "--vocab", "vocab.txt"]
    process(large, *arguments, "--output", str(tmp_path / "filed"))
    for name in ("lower.bin", "lower.npy", "vocab.txt", "meta.json"):
        assert (tmp_path / "piped" / name).read_bytes() == (tmp_path / "filed" / name).read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["corpus.txt.gz", "filed", "piped"]


def stopped(folder: Path, output: Path, how: signal.Signals) -> int:
    """Start a count that spills, send it a signal once it does, and return its exit status."""
    arguments = ("cooccur", "corpus.txt", "--vocab", "vocab.txt", "--output", str(output), "--workers", "2")
    heard = partial(
        signal.signal, signal.SIGINT, signal.default_int_handler
    )  # also if the tests run in the background
    running = subprocess.Popen(code(SLOW_SEGMENTS, arguments), cwd=folder, stderr=subprocess.PIPE, preexec_fn=heard)
    for _ in range(1200):
        if list(output.parent.glob(".spill.*/lower-3")):
            break
        assert running.poll() is None, "ended before it could be stopped"
        time.sleep(0.05)
    running.send_signal(how)
    running.communicate(timeout=60)
    return running.returncode


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_count_leaves_nothing(large: Path, tmp_path: Path, how: signal.Signals) -> None:
    assert stopped(large, tmp_path / "m", how) == 128 + how
    assert not list(tmp_path.iterdir())


def test_what_a_killed_count_left_is_cleared_by_the_next(large: Path, tmp_path: Path) -> None:
    assert stopped(large, tmp_path / "m", signal.SIGKILL) == -signal.SIGKILL
    left = list(tmp_path.iterdir())
    assert left
    assert not (tmp_path / "m").exists()
    arguments = ["cooccur", "corpus.txt", "--vocab", "vocab.txt", "--output"]
    assert process(large, *arguments, str(tmp_path / "m")).returncode == 0
    assert [path.name for path in tmp_path.iterdir()] == ["m"]
    process(large, *arguments, str(tmp_path / "clean" / "m"))
    for path in (tmp_path / "m").iterdir():
        assert path.read_bytes() == (tmp_path / "clean" / "m" / path.name).read_bytes()


#: Flushes begin with the first bytes written, and find the disk full.
FAILING_FLUSH = """
import errno, os, glove_adagrad.files as files
files.EarlyFlush._STEP = 1
def fsync(number):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
os.fsync = fsync
"""

FILE_LIMIT = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))"


@pytest.mark.parametrize("segments", ["", SMALL_SEGMENTS], ids=["one segment", "many segments"])
@pytest.mark.parametrize(
    ("failing", "why"),
    [(FILE_LIMIT, "File too large"), (FAILING_FLUSH, "No space left on device")],
    ids=["writing", "an early flush"],
)
def test_a_disk_that_fills_up_gives_one_line(
    large: Path, tmp_path: Path, segments: str, failing: str, why: str
) -> None:
    pytest.importorskip("resource")
    arguments = ["cooccur", "corpus.txt", "--vocab", "vocab.txt", "--output", str(tmp_path / "m")]
    run = process(large, *arguments, before=failing + segments)
    assert run.returncode == 1
    message = f"{tmp_path}: cannot be written ({why}); free some space or choose another place"
    assert run.stderr.endswith(f"glove-adagrad: error: {message}\n")
    assert not list(tmp_path.iterdir())


def test_a_full_small_disk_gives_one_line(large: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("mounting a small disk is not allowed here")
    try:
        arguments = ["cooccur", "corpus.txt", "--vocab", "vocab.txt", "--output", str(disk / "m")]
        refused = process(large, *arguments)
        assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
        assert f"{disk}: needs about" in refused.stderr
        unchecked = "import glove_adagrad.cooccurrence.count as count; count.check_disk = lambda *_, **__: None"
        full = process(large, *arguments, before=unchecked)
        assert (full.returncode, full.stderr.count("\n")) == (1, 1)
        assert f"{disk}: cannot be written (No space left on device)" in full.stderr
        assert not list(disk.iterdir())
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_help_is_quick_to_load() -> None:
    heavy = "import atexit, sys; atexit.register(lambda: print([m for m in ('numba', 'gensim') if m in sys.modules]))"
    for arguments in ([], ["vocab"], ["cooccur"], ["merge"], ["info"], ["import-records"]):
        run = process(Path(), *arguments, "--help", before=heavy)
        assert run.stdout.endswith("[]\n")
