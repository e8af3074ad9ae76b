"""What is shown while a command or a method works, on terminals of several widths and without one."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from pathlib import Path

import pytest
from data import TINY

from glove_adagrad import GloVe, progress
from glove_adagrad.interrupt import DeferredInterrupt

pytestmark = pytest.mark.slow

TEXT = [line.split() for line in TINY.read_text().splitlines() if line.strip()]

#: A line of a training without a terminal.
EPOCH = re.compile(r"epoch \d+/\d+  loss \d\.\d{4}  [\d.]+ [kM] records/s  \d\d:\d\d left")


def screen(columns: int, *arguments: object, stop: bool = False, environment: dict[str, str] | None = None) -> str:
    """What a command writes to a terminal; with `stop`, Ctrl-C is pressed once epochs are shown."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "glove_adagrad", *map(str, arguments)],
        stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True, env={**os.environ, **(environment or {})},
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )  # fmt: skip
    os.close(theirs)
    written = b""
    while True:
        try:
            some = os.read(ours, 1 << 16)
        except OSError:  # the terminal's way of saying that the last program has gone
            break
        if not some:
            break
        written += some
        if stop and re.search(rb"epoch ([2-9]|\d\d+)/", written):
            os.write(ours, b"\x03")
            stop = False
    os.close(ours)
    process.wait(timeout=60)
    return written.decode()


def lines(written: str) -> list[str]:
    """What stays on the screen: the last state of each line."""
    return [line.rstrip("\r").rpartition("\r")[2] for line in written.split("\r\n") if line.strip("\r\n ")]


@pytest.mark.parametrize(
    ("columns", "pattern"),
    [
        (100, r"epoch \d/4 {1,3}\d+%\|[^|]{30,}\| loss \d\.\d{4}  [\d.]+ [kM] records/s  \d\d:\d\d"),
        (80, r"epoch \d/4 {1,3}\d+%\|[^|]{15,}\| loss \d\.\d{4}  [\d.]+ [kM] records/s  \d\d:\d\d"),
        (50, r"epoch \d/4 {1,3}\d+%\|[^|]{5,}\| loss \d\.\d{4}  \d\d:\d\d"),
        (40, r"epoch \d/4 {1,3}\d+%\|[^|]{5,}\| \d\d:\d\d"),
    ],
)
def test_a_bar_fits_the_terminal_and_ends_its_line(tmp_path: Path, columns: int, pattern: str) -> None:
    written = screen(columns, "train", TINY, "--output", tmp_path / "run", "--epochs", 4, "--vector-size", 8)
    *_, bar, wrote, following = lines(written.replace(str(tmp_path), ""))
    assert re.fullmatch(pattern, bar)
    assert "4/4 100%" in bar
    assert wrote.startswith("wrote /run/vectors.txt: ")
    assert following == "next: glove-adagrad similar /run WORD"
    drawn = re.findall(r"\r(epoch [^\r\n]*)", written)
    assert drawn
    assert max(map(len, drawn)) <= columns


def test_ctrl_c_ends_the_bar_before_the_message_and_resume_starts_where_it_stopped(tmp_path: Path) -> None:
    arguments = ["--epochs", 100_000, "--vector-size", 200]
    stopped = screen(80, "train", TINY, "--output", tmp_path / "run", *arguments, stop=True)
    *_, bar, message = lines(stopped.replace("\r\n", "\n").replace("\n", "\r\n"))
    assert "epoch" in bar
    assert "interrupted; to continue" in "".join(lines(stopped)[-2:])
    assert message.startswith(("glove-adagrad: interrupted", str(tmp_path)))
    epochs = [int(number) for number in re.findall(r"\repoch (\d+)/", stopped)]
    resumed = screen(80, "train", "--resume", tmp_path / "run", "--epochs", epochs[-1] + 20)
    first = re.search(r"\repoch (\d+)/(\d+) +(\d+)%", resumed)
    assert first
    assert epochs[-1] <= int(first[1])
    # the last epoch shown was under way
    assert 100 * (epochs[-1] - 1) / int(first[2]) - 1 <= int(first[3]) <= 100 * (epochs[-1] + 1) / int(first[2]) + 1


def run(*arguments: object, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "glove_adagrad", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, check=True, env={**os.environ, **(environment or {})}
    )


def test_without_a_terminal_each_epoch_is_a_line_on_stderr(tmp_path: Path) -> None:
    arguments = ["train", TINY, "--epochs", 3, "--vector-size", 8]
    shown = run(*arguments, "--output", tmp_path / "a").stderr.splitlines()
    epochs = [line for line in shown if line != "compiling (once after installation)"]
    assert [line.split()[1] for line in epochs] == ["1/3", "2/3", "3/3"]
    assert all(map(EPOCH.fullmatch, epochs))
    assert run(*arguments, "--output", tmp_path / "b", "--quiet").stderr == ""
    more = run("train", "--resume", tmp_path / "a", "--epochs", 5).stderr.splitlines()
    assert [line.split()[1] for line in more] == ["4/5", "5/5"]


def test_compilation_is_announced_once(tmp_path: Path) -> None:
    fresh = {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    words = ["vocab", TINY, "--output", tmp_path / "vocab.txt"]
    first, second = (run(*words, environment=fresh).stderr for _ in range(2))
    assert first.count("compiling (once after installation)\n") == 1
    assert "compiling" not in second


def test_python_shows_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    model = GloVe(TEXT, vector_size=8, epochs=2, show_progress=True)
    shown = capsys.readouterr().err.splitlines()
    epochs = [line for line in shown if line != "compiling (once after installation)"]
    assert [line.split()[1] for line in epochs] == ["1/2", "2/2"]
    assert all(map(EPOCH.fullmatch, epochs))
    model.train(1)
    assert [line.split()[1] for line in capsys.readouterr().err.splitlines()] == ["3/3"]
    model.show_progress = False
    model.train(1)
    assert capsys.readouterr().err == ""


class Terminal:
    """A file that says it is a terminal, and keeps what is written."""

    encoding = "utf-8"

    def __init__(self) -> None:
        self.written = ""

    def write(self, text: str) -> int:
        self.written += text
        return len(text)

    def flush(self) -> None:
        pass

    def isatty(self) -> bool:
        return True


def test_other_lines_are_printed_above_the_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with progress.progress_bar("vocabulary", 1000, "B", False) as bar:
        bar._delay = 0
        bar.to(100)
        progress.say("a warning")
        bar.to(1000)
    shown = lines(terminal.written.replace("\n", "\r\n"))
    assert shown[0] == "a warning"
    assert re.fullmatch(r"vocabulary 100%\|.*\| 1\.00k/1\.00kB  .*  00:00", shown[1])
    assert terminal.written.endswith("\n")


def test_a_stage_that_ends_at_once_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with progress.progress_bar("vocabulary", 1000, "B", False) as bar:
        bar.to(1000)
        progress.say("a line")
    assert terminal.written == "a line\n"


def test_long_stages_without_a_terminal_print_a_line_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "time", lambda: now)
    monkeypatch.setattr(time, "monotonic", lambda: now)
    with progress.progress_bar("vocabulary", 200_000_000, "B", False) as bar:
        for done in range(0, 201, 20):
            bar.to(done * 1e6)
            now += 10
    assert capsys.readouterr().err.splitlines() == [
        "vocabulary  30%  60.0 MB  01:10 left",
        "vocabulary  60%  120.0 MB  00:40 left",
        "vocabulary  90%  180.0 MB  00:09 left",
        "vocabulary  200.0 MB  in 01:50",
    ]


def test_interrupts_are_held_back_but_where_they_are_allowed() -> None:
    def pressed(*, check: bool = False, allowed: bool = False) -> None:
        with DeferredInterrupt() as interrupt, interrupt.allowed() if allowed else contextlib.nullcontext():
            signal.raise_signal(signal.SIGINT)
            reached.append("pressed")
            if check:
                interrupt.check()
            reached.append("end")

    for arguments, expected in (({"check": True}, ["pressed"]), ({"allowed": True}, []), ({}, ["pressed", "end"])):
        reached: list[str] = []
        with pytest.raises(KeyboardInterrupt):
            pressed(**arguments)
        assert reached == expected
    thread = threading.Thread(target=lambda: DeferredInterrupt().__enter__().__exit__(None))
    thread.start()
    thread.join()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
