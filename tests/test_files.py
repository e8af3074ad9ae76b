"""Files and folders appear whole, in place of their own kind only, and stay after a crash."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from data import GOLDEN
from runs import Command, make_run

from glove_adagrad import files, temporary
from glove_adagrad.errors import InputError, OutputError
from glove_adagrad.files import atomic_file, atomic_files, atomic_folder, check_not_input, check_output_file
from glove_adagrad.temporary import SUFFIX, clear_leftovers


def anything(path: Path) -> None:
    """No folder is too good to be replaced."""


def write_folder(path: Path, text: str) -> None:
    with atomic_folder(path, anything) as folder:
        (folder / "file").write_text(text)


def write_pair(path: Path, text: str) -> None:
    path.mkdir(exist_ok=True)
    with atomic_files(path, "pair", remove_first=["a", "b"]) as folder:
        (folder / "a").write_text(text)
        (folder / "b").write_text(text)


def texts(path: Path) -> list[str]:
    return [file.read_text() for file in sorted(path.glob("*"))]


class Killed(BaseException):
    """Stands for SIGKILL: nothing of the program runs after it."""


#: What reaches the file system on the way from a complete temporary to its final name.
STEPS = [(os, "replace"), (os, "rename"), (os, "fsync"), (os, "unlink"), (os, "rmdir"), (files, "_exchange")]


@contextlib.contextmanager
def killed_at(step: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Raise `Killed` at the n-th operation on files, and from there at each, so that no clean-up has an effect."""
    count = [0]
    with monkeypatch.context() as patch:
        for module, name in STEPS:
            original = getattr(module, name)

            def counted(*arguments: object, original: object = original, **more: object) -> object:
                count[0] += 1
                if count[0] >= step:
                    raise Killed
                return original(*arguments, **more)  # type: ignore[operator]

            patch.setattr(module, name, counted)
        patch.setattr(temporary, "remove", counted_remove(count, step, temporary.remove))
        yield count


def counted_remove(count: list[int], step: int, original: object) -> object:
    def remove(path: Path) -> None:
        count[0] += 1
        if count[0] < step:
            original(path)  # type: ignore[operator]

    return remove


@pytest.mark.parametrize("exchange", [True, False], ids=["exchange", "two renames"])
@pytest.mark.parametrize("write", [write_folder, write_pair])
def test_a_kill_at_any_operation_leaves_the_old_or_the_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: object, exchange: bool
) -> None:
    assert callable(write)
    if not exchange:
        monkeypatch.setattr(files, "_renameat2", lambda: None)
    outcomes = set()
    for step in range(1, 60):
        path = tmp_path / f"{step}"
        write(path, "old")
        with killed_at(step, monkeypatch) as count, contextlib.suppress(Killed):
            write(path, "new")
        # the next process: what this one still holds is released as by the kernel
        for number in os.listdir("/proc/self/fd"):
            with contextlib.suppress(OSError):
                if SUFFIX in os.readlink(f"/proc/self/fd/{number}"):
                    os.close(int(number))
        clear_leftovers(tmp_path)
        clear_leftovers(path)
        outcomes.add(tuple(texts(path)))
        assert [name for name in os.listdir(tmp_path) if name.endswith(SUFFIX)] == []
        if count[0] < step:
            break
    one = ("old",), ("new",)
    assert outcomes == (set(one) if write is write_folder else {pair * 2 for pair in one})


def test_every_rename_is_written_out(tmp_path: Path) -> None:
    """By the system calls of whole commands: after a rename comes the fsync of the folder it is in."""
    if subprocess.run(["sh", "-c", "command -v strace"], capture_output=True).returncode:
        pytest.skip("strace is not at hand")
    vocabulary = tmp_path / "vocab.txt"
    for arguments in (
        ["vocab", GOLDEN / "tiny.txt", "--output", vocabulary],
        ["cooccur", GOLDEN / "tiny.txt", "--vocab", vocabulary, "--output", tmp_path / "m"],
        ["merge", tmp_path / "m", tmp_path / "m", "--output", tmp_path / "sum"],
        ["train", "--cooccurrence", tmp_path / "m", "--output", tmp_path / "run", "--epochs", "1"],
        ["export", tmp_path / "run", tmp_path / "kv", "--format", "keyedvectors"],
    ):
        log = tmp_path / "log"
        calls = "trace=rename,renameat,renameat2,fsync"
        strace = ["strace", "-f", "-y", "-qq", "-e", calls, "-o", str(log)]
        program = [sys.executable, "-m", "glove_adagrad", *map(str, arguments), "-q"]
        traced = subprocess.run([*strace, *program], capture_output=True, text=True)
        if "PTRACE" in traced.stderr or "ptrace" in traced.stderr:
            pytest.skip("tracing is not allowed here")
        assert traced.returncode == 0, traced.stderr
        pending: set[str] = set()
        renames = 0
        for line in log.read_text().splitlines():
            if re.search(r" rename\w*\(", line) and str(tmp_path) in line and line.endswith("= 0"):
                target = re.findall(r'"([^"]*)"', line)[-1]
                pending.add(str(Path(target).parent))
                renames += 1
            elif "fsync(" in line and "<" in line:
                pending.discard(line.partition("<")[2].partition(">")[0])
        assert renames
        assert not {folder for folder in pending if SUFFIX not in folder}
        log.unlink()


def test_threads_may_write_the_same_file_and_folder(tmp_path: Path) -> None:
    errors = []

    def work() -> None:
        for _ in range(30):
            try:
                with atomic_file(tmp_path / "file", "w") as file:
                    file.write("whole")
                check_output_file(tmp_path / "file")
            except BaseException as error:
                errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_the_mode_is_kept_and_links_are_followed(tmp_path: Path) -> None:
    target = tmp_path / "target"
    for mode in (0o600, 0o640):
        target.touch()
        target.chmod(mode)
        (tmp_path / "link").unlink(missing_ok=True)
        (tmp_path / "link").symlink_to("target")
        with atomic_file(tmp_path / "link", "w") as file:
            file.write("new")
        assert (tmp_path / "link").is_symlink()
        assert target.read_text() == "new"
        assert stat.S_IMODE(target.stat().st_mode) == mode
    target.unlink()
    check_output_file(tmp_path / "link")
    with atomic_file(tmp_path / "link", "w") as file:
        file.write("through a dangling link")
    assert target.read_text() == "through a dangling link"
    folder = tmp_path / "folder"
    write_folder(folder, "old")
    folder.chmod(0o750)
    (tmp_path / "other").symlink_to("folder")
    write_folder(tmp_path / "other", "new")
    assert (tmp_path / "other").is_symlink()
    assert (texts(folder), stat.S_IMODE(folder.stat().st_mode)) == (["new"], 0o750)


def test_pipes_and_standard_output_are_written_through(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", ["a", "b"], np.eye(2, 3, dtype=np.float32))
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    export = [sys.executable, "-m", "glove_adagrad", "export", str(run), "--format", "word2vec", "-q"]
    with subprocess.Popen([*export, str(pipe)]) as writer, open(pipe) as reader:
        text = reader.read()
    assert (writer.returncode, text.splitlines()[0]) == (0, "2 3")
    assert pipe.is_fifo()
    assert subprocess.run([*export, "/dev/stdout"], capture_output=True, text=True).stdout == text
    with open(tmp_path / "redirected", "w") as file:
        assert subprocess.run([*export, "/dev/stdout"], stdout=file).returncode == 0
        assert os.path.samestat(os.fstat(file.fileno()), os.stat(tmp_path / "redirected"))
    assert (tmp_path / "redirected").read_text() == text


def test_a_device_is_not_replaced(tmp_path: Path) -> None:
    device = tmp_path / "null"
    try:
        os.mknod(device, stat.S_IFCHR | 0o666, os.makedev(1, 3))
        open(device, "wb").close()
    except OSError:
        pytest.skip("making devices is not allowed here")
    with atomic_file(device) as file:
        file.write(b"gone")
    assert stat.S_ISCHR(device.stat().st_mode)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("write", "failed while it was written (Input/output error)"),
        ("full", "cannot be written (No space left on device); free some space"),
        ("fsync", "failed while it was written (Input/output error)"),
        ("replace", "failed while it was written (Input/output error)"),
    ],
)
def test_an_error_of_the_disk_names_the_target(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, message: str
) -> None:
    number = errno.ENOSPC if call == "full" else errno.EIO

    def fail(*arguments: object) -> None:
        names = [os.fspath(arguments[0])] if call == "replace" else []  # type: ignore[call-overload]
        raise OSError(number, os.strerror(number), *names)

    if call in ("fsync", "replace"):
        monkeypatch.setattr(os, call, fail)

    def write() -> None:
        with atomic_file(tmp_path / "file") as file:
            if call in ("write", "full"):
                fail()
            file.write(b"text")

    with pytest.raises(OutputError) as caught:
        write()
    assert str(caught.value).startswith(f"{tmp_path / 'file'}: {message}")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("kind", "suffix"),
    [
        ("keyedvectors", ""),
        *((kind, s) for kind in ("word2vec", "glove") for s in ("", ".gz", ".bz2", ".xz", ".zst")),
    ],
)
def test_two_exports_are_the_same_bytes_and_leave_nothing(
    tmp_path: Path, command: Command, kind: str, suffix: str
) -> None:
    run = make_run(tmp_path / "run", ["a", "b"], np.eye(2, 3, dtype=np.float32))
    found = []
    for number in range(2):
        folder = tmp_path / f"{number}"
        folder.mkdir()
        for _ in range(number + 1):  # also in the place of an older one
            command.ok("export", run, folder / f"x{suffix}", "--format", kind, "-q", "--force")
        found.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert found[0] == found[1]
    assert set(found[0]) == {f"x{suffix}"} | ({"x.vectors.npy"} if kind == "keyedvectors" else set())


def test_an_output_is_never_an_input(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "text").touch()
    (tmp_path / "hard").hardlink_to(folder / "text")
    (tmp_path / "link").symlink_to(folder)
    for output, source in (
        (folder / "text", folder / "text"),
        (folder / "text", tmp_path / "hard"),
        (folder / "text", folder),
        (folder / "text", tmp_path / "link"),
        (folder / "text", tmp_path / "*" / "t*"),
        (folder, tmp_path / "link"),
    ):
        with pytest.raises(InputError, match="is an input, and would be replaced"):
            check_not_input(output, [source])
    check_not_input(folder / "new", [folder, "-"])
    check_not_input(tmp_path / "other", [folder / "text"])


def test_no_folder_of_the_user_is_emptied(tmp_path: Path, command: Command) -> None:
    text = GOLDEN / "tiny.txt"
    command.ok("vocab", text, "--output", tmp_path / "v", "-q")
    command.ok("cooccur", text, "--vocab", tmp_path / "v", "--output", tmp_path / "m", "-q")
    cases = {
        "run/checkpoints/model.pt": ["train", text, "--output", tmp_path / "run"],
        "run/cooccurrence/thesis.tex": ["train", text, "--output", tmp_path / "run"],
        "run/model.npz": ["train", text, "--output", tmp_path / "run"],
        "run/vectors.txt": ["train", "--cooccurrence", tmp_path / "m", "--output", tmp_path / "run"],
        "m/notes.md": ["cooccur", text, "--vocab", tmp_path / "v", "--output", tmp_path / "m", "--force"],
        "sum/notes.md": ["merge", tmp_path / "m", tmp_path / "m", "--output", tmp_path / "sum"],
        "cmp/cooccurrence/notes.md": ["compare-optimizers", text, "--output", tmp_path / "cmp"],
        "cmp/table.md": ["compare-optimizers", tmp_path / "m", "--output", tmp_path / "cmp"],
    }
    for name, arguments in cases.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("precious")
        before = sorted(tmp_path.rglob("*"))
        message = command.refused(1, *arguments, "-q")
        assert "choose a" in message, message
        assert path.read_text() == "precious"
        assert sorted(tmp_path.rglob("*")) == before
        path.unlink()
        while not any(path.parent.iterdir()) and path.parent != tmp_path:
            path = path.parent
            path.rmdir()


def test_what_others_put_into_a_run_stays_and_does_not_hinder(tmp_path: Path, command: Command) -> None:
    run = tmp_path / "run"
    command.ok("train", GOLDEN / "tiny.txt", "--output", run, "--epochs", 1, "--vector-size", 4, "-q")
    others = [run / name for name in (".DS_Store", "notes.md", ".vocab.txt.swp", ".model.npz.1.glove-tmp")]
    for path in others:
        path.write_text("theirs")
    command.ok("train", "--resume", run, "--epochs", 2, "-q")
    assert all(path.read_text() == "theirs" for path in others)
