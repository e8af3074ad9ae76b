"""Resumed training produces the same bytes as uninterrupted training, however it was interrupted."""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from data import GOLDEN
from runs import Command, Outcome

pytestmark = pytest.mark.slow

EPOCHS = 200


Finish = Callable[..., Outcome]


def process_of(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "glove_adagrad", "train", *arguments, "--quiet"]


@pytest.fixture
def finish(command: Command) -> Finish:
    """`train` within this process, which has the kernels loaded."""
    return lambda *arguments: command("train", *arguments, "--quiet")


def parameters(run: Path) -> dict[str, bytes]:
    (checkpoint,) = sorted((run / "checkpoints").glob("*.npz"))[-1:]
    with np.load(checkpoint) as file:
        return {name: file[name].tobytes() for name in file.files if name != "meta"}


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("runs") / "whole"
    arguments = ["--vector-size", "10", "--epochs", str(EPOCHS), "--workers", "2", "--holdout", "0.05"]
    subprocess.run(process_of(str(GOLDEN / "tiny.txt"), "--output", str(run), *arguments), check=True)
    return run


def start(uninterrupted: Path, run: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        process_of(
            "--cooccurrence", str(uninterrupted / "cooccurrence"), "--output", str(run), "--vector-size", "10",
            "--epochs", str(EPOCHS), "--workers", "1", "--holdout", "0.05", "--checkpoint-minutes", "0.0005",
        ),
        stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip


def checkpoints(run: Path) -> list[str]:
    return sorted(path.name for path in run.glob("checkpoints/epoch-*.npz"))


def wait_for_checkpoint(process: subprocess.Popen[str], run: Path, known: list[str]) -> None:
    """Until there is another than the known ones, or the process has ended."""
    limit = time.monotonic() + 60
    while process.poll() is None and checkpoints(run) == known:
        assert time.monotonic() < limit, "no checkpoint within a minute"
        time.sleep(0.001)


def test_killed_at_random_moments(uninterrupted: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    moments = random.Random(1)
    process = start(uninterrupted, run)
    wait_for_checkpoint(process, run, [])
    kills = 0
    for number in range(10):
        if number % 2:  # while it starts, or not long after
            time.sleep(moments.uniform(0, 0.8))
        else:  # while it trains, however fast the machine
            wait_for_checkpoint(process, run, checkpoints(run))
            time.sleep(moments.uniform(0, 0.06))
        process.kill()
        kills += process.wait() == -signal.SIGKILL
        process = subprocess.Popen(process_of("--resume", str(run), "--checkpoint-minutes", "0.0005"), text=True)
    assert process.wait(timeout=300) == 0
    assert kills >= 3, "training ended before it could be killed"
    assert parameters(run) == parameters(uninterrupted)
    assert (run / "vectors.txt").read_bytes() == (uninterrupted / "vectors.txt").read_bytes()
    losses = [
        [(epoch["loss"], epoch["holdout_loss"]) for epoch in json.loads((r / "history.json").read_text())["epochs"]]
        for r in (run, uninterrupted)
    ]
    assert losses[0] == losses[1]
    assert not list(run.rglob(".*.glove-tmp"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_saves_a_checkpoint_and_the_message_says_how_to_continue(
    uninterrupted: Path, finish: Finish, tmp_path: Path, number: signal.Signals
) -> None:
    run = tmp_path / "run"
    process = start(uninterrupted, run)
    wait_for_checkpoint(process, run, [])
    time.sleep(0.3)
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert errors == f"glove-adagrad: interrupted; to continue: glove-adagrad train --resume {run}\n"
    assert finish("--resume", str(run)).code == 0
    assert parameters(run) == parameters(uninterrupted)


def test_a_damaged_checkpoint_is_passed_over(uninterrupted: Path, finish: Finish, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(uninterrupted, run)
    last = max((run / "checkpoints").glob("*.npz"))
    damaged = bytearray(last.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    last.write_bytes(damaged)
    done = finish("--resume", str(run))
    assert done.code == 0
    assert last.name in done.err
    assert "damaged" in done.err
    assert parameters(run) == parameters(uninterrupted)


def test_epochs_may_be_raised(uninterrupted: Path, finish: Finish, tmp_path: Path) -> None:
    run, longer = tmp_path / "run", tmp_path / "longer"
    shutil.copytree(uninterrupted, run)
    more = ["--epochs", str(EPOCHS + 3)]
    assert finish("--resume", str(run), *more).code == 0
    matrix = str(uninterrupted / "cooccurrence")
    arguments = ["--vector-size", "10", "--holdout", "0.05", *more]
    assert finish("--cooccurrence", matrix, "--output", str(longer), *arguments).code == 0
    assert parameters(run) == parameters(longer)


def test_divergence_restores_the_last_good_state(finish: Finish, tmp_path: Path) -> None:
    run = tmp_path / "run"
    done = finish(
        str(GOLDEN / "tiny.txt"), "--output", str(run), "--vector-size", "10", "--learning-rate", "1e20",
        "--clip", "1e30",
    )  # fmt: skip
    assert done.code == 1
    assert "lower --learning-rate" in done.err
    assert done.err.count("\n") == 1
    with np.load(run / "model.npz") as model:
        assert all(np.isfinite(model[name]).all() for name in model.files)


def test_what_cannot_be_resumed(uninterrupted: Path, finish: Finish, tmp_path: Path) -> None:
    settled = finish("--resume", str(uninterrupted), "--vector-size", "20")
    assert settled.code == 2
    assert "--vector-size cannot be combined with --resume: RUN fixes it" in settled.err
    (tmp_path / "empty").mkdir()
    empty = finish("--resume", str(tmp_path / "empty"))
    assert empty.code == 1
    assert "is not a run; start one with --output" in empty.err
    other = tmp_path / "other"
    shutil.copytree(uninterrupted, other)
    shutil.rmtree(other / "cooccurrence")
    counted = finish(
        str(GOLDEN / "edge.txt"), "--output", str(tmp_path / "edge"), "--epochs", "1", "--min-count", "1"
    )
    assert counted.code == 0
    shutil.copytree(tmp_path / "edge" / "cooccurrence", other / "cooccurrence")
    wrong = finish("--resume", str(other))
    assert wrong.code == 1
    assert wrong.err.count("\n") == 1


#: Ends training when the first checkpoint would be saved: as a signal, a full disk, or a kill.
BEFORE_THE_FIRST_CHECKPOINT = """
import errno, os, signal, sys
from glove_adagrad import checkpoint, cli
how = sys.argv.pop(1)
def save(*_, **__):
    if how == "ENOSPC":
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    os.kill(os.getpid(), getattr(signal, how))
    return original(*_, **__)
original = checkpoint.Checkpoints.save_in_background
checkpoint.Checkpoints.save_in_background = save
cli.main()
"""


@pytest.mark.parametrize(
    ("how", "start"),
    [
        *((how, "text") for how in ("SIGINT", "SIGTERM", "SIGHUP", "SIGKILL", "ENOSPC")),
        *(("SIGKILL", start) for start in ("matrix", "init", "anchor", "extend")),
    ],
)
def test_complete_counts_are_continued_without_a_checkpoint(
    uninterrupted: Path, finish: Finish, tmp_path: Path, how: str, start: str
) -> None:
    arguments = {
        "text": [str(GOLDEN / "tiny.txt")],
        "matrix": ["--cooccurrence", str(uninterrupted / "cooccurrence")],
        "init": [str(GOLDEN / "tiny.txt"), "--init", str(uninterrupted / "vectors.txt")],
        "anchor": [str(GOLDEN / "tiny.txt"), "--anchor", str(uninterrupted / "vectors.txt")],
        "extend": [str(GOLDEN / "tiny.txt"), "--extend", str(uninterrupted)],
    }[start]
    common = ["--epochs", "3", *([] if start == "extend" else ["--vector-size", "10"])]
    whole, run = tmp_path / "whole", tmp_path / "run"
    assert finish(*arguments, *common, "--output", str(whole)).code == 0
    program = [sys.executable, "-c", BEFORE_THE_FIRST_CHECKPOINT, how, "train", "-q"]
    stopped = subprocess.run(
        [*program, *arguments, *common, "--output", str(run)],
        capture_output=True,
        text=True,
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.default_int_handler),
    )
    assert stopped.returncode == {"ENOSPC": 1, "SIGKILL": -9}.get(how) or 128 + getattr(signal, how)
    if how != "SIGKILL":
        assert stopped.stderr.endswith(f"to continue: glove-adagrad train --resume {run}\n")
        assert stopped.stderr.count("\n") == 1
    resumed = finish("--resume", str(run))
    assert (resumed.code, resumed.err) == (0, "")
    assert parameters(run) == parameters(whole)
    for name in ("model.npz", "vectors.txt", "vocab.txt"):
        assert (run / name).read_bytes() == (whole / name).read_bytes()


def test_what_training_starts_from_must_be_as_it_was(uninterrupted: Path, finish: Finish, tmp_path: Path) -> None:
    vectors, run = tmp_path / "vectors.txt", tmp_path / "run"
    shutil.copy(uninterrupted / "vectors.txt", vectors)
    arguments = [str(GOLDEN / "tiny.txt"), "--init", str(vectors), "--vector-size", "10", "--output", str(run), "-q"]
    subprocess.run([sys.executable, "-c", BEFORE_THE_FIRST_CHECKPOINT, "SIGKILL", "train", *arguments])
    vectors.write_text(vectors.read_text() + "\n")
    assert "vectors.txt: has changed since" in finish("--resume", str(run)).err


def test_counts_that_are_not_complete_are_counted_again(finish: Finish, tmp_path: Path) -> None:
    run = tmp_path / "run"
    arguments = [str(GOLDEN / "tiny.txt"), "--output", str(run), "--epochs", "1"]
    assert finish(*arguments, "--min-count", "100000").code == 1
    assert "was interrupted before its co-occurrences were counted; repeat" in finish("--resume", str(run)).err
    assert finish(*arguments).code == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_the_parent_ignores_stays_ignored(
    uninterrupted: Path, tmp_path: Path, number: signal.Signals
) -> None:
    run = tmp_path / "run"
    arguments = process_of(
        "--cooccurrence", str(uninterrupted / "cooccurrence"), "--output", str(run), "--vector-size", "10",
        "--epochs", "12", "--checkpoint-minutes", "0",
    )  # fmt: skip
    process = subprocess.Popen(arguments, preexec_fn=partial(signal.signal, number, signal.SIG_IGN))
    while process.poll() is None and not checkpoints(run):
        time.sleep(0.01)
    for _ in range(5):
        process.send_signal(number)
        time.sleep(0.05)
    assert process.wait(timeout=120) == 0


def test_vectors_keep_their_words_if_the_matrix_is_replaced_meanwhile(command: Command, tmp_path: Path) -> None:
    text, matrix, run = GOLDEN / "tiny.txt", tmp_path / "m", tmp_path / "run"

    command.ok("vocab", text, "--output", tmp_path / "v", "--max-vocab", 50, "-q")
    lines = (tmp_path / "v").read_text().splitlines()
    (tmp_path / "backwards").write_text("\n".join(lines[::-1]) + "\n")
    command.ok("cooccur", text, "--vocab", tmp_path / "v", "--output", matrix, "-q")
    process = subprocess.Popen(
        process_of("--cooccurrence", str(matrix), "--output", str(run), "--epochs", "150", "--vector-size", "4")
    )
    while process.poll() is None and not checkpoints(run):
        time.sleep(0.01)
    assert process.poll() is None, "training ended before the matrix was replaced"
    again = command("cooccur", text, "--vocab", tmp_path / "backwards", "--output", matrix, "--force", "-q")
    assert again.code == 0
    assert process.wait(timeout=300) == 0
    words = [line.split(" ")[0] for line in (run / "vectors.txt").read_text().splitlines()[1:]]
    assert words == [line.split(" ")[0] for line in lines]


def test_a_matrix_that_was_moved_can_be_named(uninterrupted: Path, finish: Finish, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(uninterrupted, run)
    (run / "cooccurrence").rename(tmp_path / "moved")
    more = ["--epochs", str(EPOCHS + 1)]
    assert finish("--resume", str(run), *more).code == 1
    assert finish("--resume", str(run), "--cooccurrence", str(tmp_path / "moved"), *more).code == 0
