"""Checkpoints in the background: what they contain, and what is left when writing fails or is stopped."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import numpy as np
import pytest
from data import GOLDEN
from runs import Command

from glove_adagrad import checkpoint as module
from glove_adagrad.checkpoint import Checkpoints
from glove_adagrad.cooccurrence.count import count_cooccurrences
from glove_adagrad.corpus import TextFiles
from glove_adagrad.errors import Interrupted, OutputError
from glove_adagrad.run import Run
from glove_adagrad.run_record import RunRecord
from glove_adagrad.trainer import Trainer, TrainingSettings
from glove_adagrad.vocabulary import Vocabulary

SETTINGS = TrainingSettings(vector_size=10, epochs=2)

savez = np.savez


@pytest.fixture
def trainer(tmp_path: Path) -> Trainer:
    vocabulary = Vocabulary.read(GOLDEN / "tiny.vocab.min5.txt")
    return Trainer(
        count_cooccurrences(TextFiles([GOLDEN / "tiny.txt"]), vocabulary, tmp_path / "m"), SETTINGS, workers=3
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "checkpoints"


class SlowDisk:
    """Replaces `np.savez`: begins a file and waits for `go` before it completes it, or fails.

    The first `quick` files do not wait.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun, self.go = threading.Event(), threading.Event()
        self.error: OSError | None = None
        self.quick = 0
        monkeypatch.setattr(np, "savez", self)

    def __call__(self, file: IO[bytes], **arrays: Any) -> None:
        file.write(b"PK")
        self.quick -= 1
        if self.quick < 0:
            self.begun.set()
            assert self.go.wait(60)
        if self.error is not None:
            raise self.error
        file.seek(0)
        savez(file, **arrays)  # type: ignore[arg-type]


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> SlowDisk:
    return SlowDisk(monkeypatch)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def contents(path: Path) -> dict[str, bytes]:
    with np.load(path) as file:
        return {name: file[name].tobytes() for name in file.files}


def test_a_checkpoint_in_the_background_has_the_state_at_its_beginning(
    trainer: Trainer, folder: Path, tmp_path: Path, disk: SlowDisk
) -> None:
    disk.quick = 1
    Checkpoints(tmp_path / "other").save(trainer, more=1)
    checkpoints = Checkpoints(folder, minutes=0)
    checkpoints.save_in_background(trainer, more=1)
    trainer.fit(after_stratum=checkpoints.save_if_due)  # none of which is due while one is being written
    assert [name.endswith(".glove-tmp") for name in files(folder)] == [True]
    disk.go.set()
    checkpoints.wait()
    assert files(folder) == ["epoch-000000-0000.npz"]
    (expected,) = (tmp_path / "other").iterdir()
    assert contents(folder / expected.name) == contents(expected)


@pytest.mark.parametrize("reason", ["copy_fits", "MemoryError"])
def test_without_memory_for_a_copy_training_waits(
    trainer: Trainer, folder: Path, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    def none(*_: object) -> None:
        raise MemoryError

    if reason == "copy_fits":
        monkeypatch.setattr("glove_adagrad.trainer.trainer.copy_fits", lambda *_: False)
    else:
        monkeypatch.setattr(trainer.parameters, "snapshot", none)
    Checkpoints(folder).save_in_background(trainer)
    assert files(folder) == ["epoch-000000-0000.npz"]


Waiting = Callable[[Checkpoints, Trainer], None]


@pytest.mark.parametrize(
    "learn",
    [
        lambda checkpoints, _: checkpoints.wait(),
        lambda checkpoints, trainer: checkpoints.save(trainer),
        lambda checkpoints, trainer: trainer.fit(after_stratum=checkpoints.save_if_due),
        lambda checkpoints, _: checkpoints.__exit__(),
    ],
)
def test_an_error_in_the_background_is_raised_and_leaves_the_checkpoint_before(
    trainer: Trainer, folder: Path, disk: SlowDisk, learn: Waiting
) -> None:
    disk.go.set()
    checkpoints = Checkpoints(folder)
    checkpoints.save(trainer)
    disk.error = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    trainer.position = replace(trainer.position, stratum=1)
    checkpoints.save_in_background(trainer)
    assert checkpoints._writing is not None
    module.wait([checkpoints._writing])
    with pytest.raises(OutputError, match=r"npz: cannot be written \(No space left on device\)"):
        learn(checkpoints, trainer)
    assert files(folder) == ["epoch-000000-0000.npz"]


def test_an_abandoned_checkpoint_leaves_nothing(trainer: Trainer, folder: Path, disk: SlowDisk) -> None:
    checkpoints = Checkpoints(folder)
    checkpoints.save_in_background(trainer)
    assert disk.begun.wait(60)
    threading.Timer(0.05, disk.go.set).start()
    checkpoints.abandon()
    assert files(folder) == []
    checkpoints.save_in_background(trainer)
    checkpoints.wait()
    assert files(folder) == ["epoch-000000-0000.npz"]


def test_interrupted_waiting_ends_the_writing(
    trainer: Trainer, folder: Path, disk: SlowDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    checkpoints = Checkpoints(folder)
    checkpoints.save_in_background(trainer)
    monkeypatch.setattr(module, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        checkpoints.wait()
    monkeypatch.undo()
    disk.go.set()
    checkpoints.abandon()
    assert files(folder) == []


def test_a_run_that_is_stopped_while_it_writes_vectors_has_its_last_checkpoint(
    trainer: Trainer, tmp_path: Path, disk: SlowDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object, **__: object) -> None:
        assert disk.begun.wait(60)
        threading.Timer(0.05, disk.go.set).start()
        raise Interrupted(2)

    disk.quick = 1
    monkeypatch.setattr("glove_adagrad.formats.run_folder.write_model", stopped)
    with Run(tmp_path / "run") as run:
        run.use(RunRecord(SETTINGS), trainer.matrix)
        with pytest.raises(Interrupted):
            run.train(trainer)
    assert "epoch-000002-0000.npz" in files(tmp_path / "run" / "checkpoints")
    assert not (tmp_path / "run" / "model.npz").exists()


def test_a_disk_that_is_full_in_the_middle_of_training_is_reported_in_one_line(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ["train", GOLDEN / "tiny.txt", "--vector-size", 10, "--epochs", 3, "-q", "--checkpoint-minutes", 0]
    assert command(*arguments, "--output", tmp_path / "whole").code == 0
    number = 0

    def full(file: IO[bytes], **arrays: Any) -> None:
        nonlocal number
        number += 1
        if number == 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        savez(file, **arrays)  # type: ignore[arg-type]

    run = tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr(np, "savez", full)
        done = command(*arguments, "--output", run)
    assert done.code == 1
    assert done.err.count("\n") == 1
    assert "free some space" in done.err
    assert done.err.endswith(f"to continue: glove-adagrad train --resume {run}\n")
    assert files(run / "checkpoints") == ["epoch-000000-0000.npz"]
    assert command("train", "--resume", run, "-q").code == 0
    for name in ("model.npz", "vectors.txt"):
        assert (run / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
