"""Temporary files and locks belong to their process, and to it alone, for exactly as long as it lives."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from data import GOLDEN

from glove_adagrad import locks, temporary
from glove_adagrad.errors import InputError
from glove_adagrad.locks import Lock, output_lock
from glove_adagrad.temporary import Temporary, clear_leftovers, temporary_name

pytestmark = pytest.mark.slow

#: Makes a temporary file and folder and a lock, says so, and waits to be killed.
HOLDER = """
import sys, time
from pathlib import Path
from glove_adagrad.locks import Lock
from glove_adagrad.temporary import Temporary
folder = Path(sys.argv[1])
held = Temporary.new_file(folder / "x"), Temporary.new_folder(folder / "y"), Lock(folder / ".glove-lock", folder)
(held[1].path / "inside").touch()
print("held", flush=True)
time.sleep(600)
"""


def holder(folder: Path, *namespace: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [*namespace, sys.executable, "-c", HOLDER, str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n", process.communicate()[1]
    return process


@pytest.fixture
def container() -> list[str]:
    """A command before another that makes it process 1, as in a container."""
    command = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
    try:
        allowed = subprocess.run([*command, "true"], capture_output=True).returncode == 0
    except FileNotFoundError:
        allowed = False
    if not allowed:
        pytest.skip("making namespaces of processes is not allowed here")
    return command


def own(folder: Path) -> set[str]:
    return {path.name.rpartition(".")[2] for path in folder.iterdir()}


def kill_and_wait(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def kill_without_waiting(process: subprocess.Popen[str]) -> None:
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # dead, and still a zombie


@pytest.mark.parametrize("kill", [kill_and_wait, kill_without_waiting])
def test_what_a_process_holds_is_cleared_once_it_is_dead(
    tmp_path: Path, kill: Callable[[subprocess.Popen[str]], None]
) -> None:
    process = holder(tmp_path)
    clear_leftovers(tmp_path)
    assert own(tmp_path) == {"glove-tmp", "glove-lock"}
    with pytest.raises(InputError, match=f"in use by process {process.pid} on host .* wait for it or choose another"):
        Lock(tmp_path / ".glove-lock", tmp_path)
    kill(process)
    clear_leftovers(tmp_path)
    assert not own(tmp_path)
    process.wait()


def test_processes_with_the_same_number_are_distinguished(tmp_path: Path, container: list[str]) -> None:
    first = holder(tmp_path, *container)
    number = "import os; assert os.getpid() == 1; "
    clear = "from glove_adagrad.temporary import clear_leftovers; clear_leftovers(__import__('pathlib').Path('.'))"
    subprocess.run([*container, sys.executable, "-c", number + clear], cwd=tmp_path, check=True)
    assert len(list(tmp_path.iterdir())) == 3
    kill_and_wait(first)
    subprocess.run([*container, sys.executable, "-c", number + clear], cwd=tmp_path, check=True)
    assert not list(tmp_path.iterdir())


def test_only_leftovers_of_this_machine_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def made(boot: str, host: str) -> Path:
        with monkeypatch.context() as patch:
            patch.setattr(locks, "boot", lambda: boot)
            patch.setattr(locks, "host", lambda: host)
            path = temporary_name(tmp_path / "x")
        path.touch()
        return path

    ours, another = (locks.boot(), locks.host()), ("00000000", "11111111")
    removed = [
        made(*ours),
        made(another[0], ours[1]),
        made(ours[0], another[1]),
    ]  # also before a reboot, in a container
    kept = [made(*another), tmp_path / ".x.4711.glove-tmp", tmp_path / ".x.glove-tmp", tmp_path / "x.glove-tmp"]
    for path in kept[1:]:
        path.touch()
    (tmp_path / temporary_name(tmp_path / "link").name).symlink_to(kept[1])
    kept += [path for path in tmp_path.iterdir() if path.is_symlink()]
    clear_leftovers(tmp_path)
    assert not any(path.exists() for path in removed)
    assert set(tmp_path.iterdir()) == set(kept)


def test_a_lock_of_another_machine_is_not_cleared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "boot", lambda: "00000000")
    monkeypatch.setattr(locks, "host", lambda: "11111111")
    holder = Lock(tmp_path / ".glove-lock", tmp_path)
    os.close(holder._descriptor)  # as if it had been killed
    monkeypatch.undo()
    clear_leftovers(tmp_path)
    assert own(tmp_path) == {"glove-lock"}


@pytest.mark.parametrize(
    ("record", "refused"),
    [
        ({}, True),
        ({"started": 1}, False),  # another process has the number by now
        ({"process": 1 << 30}, False),
        ({"boot": "00000000", "started": 1}, False),  # before a reboot
        ({"boot": "00000000", "host_id": "11111111", "process": 1 << 30}, True),  # cannot be known from here
        ({"namespace": 1, "process": 1 << 30}, True),  # nor in another container
    ],
)
def test_without_flock_the_record_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record: dict[str, Any], refused: bool
) -> None:
    monkeypatch.setattr(locks, "fcntl", None)
    true = locks._this_process()
    monkeypatch.setattr(locks, "_this_process", lambda: {**true, **record})
    lock = Lock(tmp_path / ".glove-lock", tmp_path)
    if refused:
        with pytest.raises(InputError, match=r"in use by process .* if it has ended, delete .*glove-lock"):
            Lock(tmp_path / ".glove-lock", tmp_path)
    else:
        os.close(Lock(tmp_path / ".glove-lock", tmp_path)._descriptor)
    lock.release()
    assert not list(tmp_path.iterdir())
    with Temporary.new_folder(tmp_path / "x") as held:  # leftovers of others look the same as files in use
        clear_leftovers(tmp_path)
        assert held.path.exists()


def test_a_zombie_is_dead_by_its_record() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert not locks.may_be_alive({**locks._this_process(), "process": process.pid, "started": 1})
    process.wait()


def test_an_abandoned_lock_is_acquired_by_one_process(tmp_path: Path) -> None:
    held = 0
    most = 0
    taken = [0] * 8

    def work(number: int) -> None:
        nonlocal held, most
        while taken[number] < 50:
            try:
                with output_lock(tmp_path / "output"):
                    held += 1
                    most = max(most, held)
                    taken[number] += 1
                    time.sleep(0.0005)
                    held -= 1
            except InputError:  # held by another thread
                pass

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (most, held) == (1, 0)
    assert taken == [50] * 8
    assert not list(tmp_path.iterdir())


def test_a_forked_child_removes_nothing_of_its_parent(tmp_path: Path) -> None:
    with Temporary.new_file(tmp_path / "x") as held, output_lock(tmp_path / "y") as lock:
        child = os.fork()
        if child == 0:
            held.remove()
            lock.release()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        assert own(tmp_path) == {"glove-tmp", "glove-lock"}
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("make", [Temporary.new_file, Temporary.new_folder])
@pytest.mark.parametrize("name", ["x", "x" * 255, "\u00e9" * 127])
def test_temporaries_are_never_made_through_what_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], Temporary], name: str
) -> None:
    names = [temporary_name(tmp_path / name) for _ in range(2)]
    victim = tmp_path / "victim"
    victim.write_text("kept")
    names[0].symlink_to(victim)
    monkeypatch.setattr(temporary, "temporary_name", lambda target: names[0])
    with pytest.raises(FileExistsError):
        make(tmp_path / name)
    assert victim.read_text() == "kept"
    monkeypatch.setattr(temporary, "temporary_name", lambda target: names[1])
    with make(tmp_path / name) as made:
        assert made.path == names[1]


def test_a_temporary_taken_for_a_leftover_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock, made = locks.try_lock, []

    def cleared_first(descriptor: int) -> bool | None:
        path = next(iter(tmp_path.glob(".x.*")))
        if not made:  # another process locks and removes the file between its creation and its lock
            made.append(path)
            path.unlink()
        return lock(descriptor)

    monkeypatch.setattr(locks, "try_lock", cleared_first)
    with Temporary.new_file(tmp_path / "x") as held:
        assert held.path not in made
        assert held.path.exists()


def train(*arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "glove_adagrad", "train", *map(str, arguments), "--vector-size", "8", "-q"]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


def test_a_second_process_on_a_run_is_refused_and_the_first_unharmed(tmp_path: Path) -> None:
    run = tmp_path / "run"
    first = train(GOLDEN / "tiny.txt", "--output", run, "--epochs", 100_000)
    try:
        while not list(run.glob("checkpoints/*.npz")):
            assert first.poll() is None, first.communicate()
            time.sleep(0.05)
        for arguments in (["--resume", run], [GOLDEN / "tiny.txt", "--output", run]):
            # an option of the run may not be given with --resume
            command = [sys.executable, "-m", "glove_adagrad", "train", *map(str, arguments), "-q"]
            second = subprocess.run(command, capture_output=True, text=True)
            assert second.returncode == 1
            assert second.stderr.startswith(f"glove-adagrad: error: {run}: in use by process {first.pid} on host ")
            assert second.stderr.count("\n") == 1
        first.send_signal(signal.SIGHUP)
        assert "--resume" in first.communicate(timeout=60)[1]
        assert first.returncode == 128 + signal.SIGHUP
        assert ".glove-lock" not in {path.name for path in run.iterdir()}
    finally:
        first.kill()
