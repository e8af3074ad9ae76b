"""Every reader on damaged and hostile files, and whether the fuzzer would see what it looks for."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from fuzz import trials
from fuzz.__main__ import fuzz, replay
from fuzz.cases import Case, Files, Reader, Wrong, load_finding
from fuzz.mutators import Mutation
from fuzz.trials import Limits, Outcome, run_trial
from glove_adagrad.errors import InputError

_TESTS = Path(__file__).parents[1]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs forks and limits of Linux"),
]

# What the fuzzer is there to see ----------------------------------------------------------------------------------


def _raise(error: BaseException) -> None:
    raise error


def _leave_a_file() -> None:
    Path("out", "half").touch()
    raise InputError("file: is damaged")


def _leave_a_process() -> str:
    if os.fork() == 0:
        time.sleep(60)
    os.kill(os.getpid(), 11)
    return ""


def _is_the_content(case: Case, result: Any) -> None:
    if result != case.files["file"].decode():
        raise Wrong("another content")


def _fake(use: Callable[[], Any], check: Callable[[Case, Any], None] = _is_the_content, **settings: Any) -> Reader:
    """A reader that gives the content of a file of digits, and does something else with any other file."""

    def read() -> Any:
        text = Path("file").read_text()
        return text if text.isdigit() else use()

    def mutate(random: Random, files: Files, other: Files) -> tuple[str, Mutation]:
        return "file", Mutation(files["file"] + b"x", ("fake",), False)

    return Reader("fake", lambda random: {"file": b"%d" % random.randrange(10**9)}, mutate, read, check, **settings)


def _outcome(reader: Reader, data: bytes = b"1x", limits: Limits | None = None) -> Outcome:
    case = Case({"file": b"1"}, {"file": data}, "1", Mutation(data, ("fake",), False))
    return run_trial(reader, case, limits or Limits(seconds=10))


@pytest.mark.parametrize(
    ("use", "kind"),
    [
        (lambda: Path("file").read_text(), trials.ACCEPTED),
        (lambda: _raise(InputError("file: is damaged")), trials.ONE_LINE),
        (lambda: Path("no such file").read_text(), trials.ONE_LINE),
        (lambda: _raise(KeyError("format")), trials.TRACEBACK),
        (lambda: _raise(TypeError("file")), trials.TRACEBACK),
        (lambda: _raise(SystemExit(0)), trials.TRACEBACK),
        (lambda: _raise(OSError("two\nlines")), trials.TRACEBACK),
        (lambda: _raise(OSError("\x1b[2J")), trials.TRACEBACK),
        (lambda: _raise(InputError("")), trials.TRACEBACK),
        (lambda: ctypes.string_at(8), trials.CRASH),
        (lambda: os.abort(), trials.CRASH),
        (lambda: os._exit(0), trials.CRASH),
        (_leave_a_process, trials.CRASH),
        (lambda: len(bytearray(1 << 40)), trials.MEMORY),
        (lambda: len([bytearray(1 << 20) for _ in range(4000)]), trials.MEMORY),
        (lambda: _raise(InputError("file: Unable to allocate 364. TiB")), trials.MEMORY),
        (lambda: "another content", trials.WRONG),
        (lambda: None, trials.WRONG),
    ],
)  # fmt: skip
def test_outcomes_are_distinguished(use: Callable[[], Any], kind: str) -> None:
    assert _outcome(_fake(use)).kind == kind


def test_a_reader_that_does_not_end_hangs() -> None:
    assert _outcome(_fake(lambda: time.sleep(60)), limits=Limits(seconds=0.3)).kind == trials.HANG


def test_a_slow_trial_is_given_a_second_chance(tmp_path: Path) -> None:
    def slow_once() -> str:
        if not (tmp_path / "tried").exists():
            (tmp_path / "tried").touch()
            time.sleep(60)
        return "1x"

    assert _outcome(_fake(slow_once), limits=Limits(seconds=2)).kind == trials.ACCEPTED


def test_documented_refusals_are_one_line() -> None:
    reader = _fake(lambda: _raise(TypeError("sentences: a string was given")), refusals=(TypeError,))
    assert _outcome(reader).kind == trials.ONE_LINE


def test_what_a_refusal_leaves_behind_is_wrong() -> None:
    assert _outcome(_fake(_leave_a_file, atomic=True)).kind == trials.WRONG
    assert _outcome(_fake(_leave_a_file)).kind == trials.ONE_LINE


def test_a_check_that_raises_is_not_a_finding_but_breaks_the_fuzzer() -> None:
    assert _outcome(_fake(lambda: "1x", lambda case, result: _raise(KeyError("x")))).kind == trials.BROKEN  # type: ignore[arg-type, return-value]


@pytest.mark.parametrize(
    "reader",
    [
        _fake(lambda: "", lambda case, result: None),
        Reader("refuses", lambda random: {"file": b"1"}, lambda *_: ("file", Mutation(b"", (), False)),
               lambda: _raise(InputError("file: is damaged")), _is_the_content),
    ],
    ids=["a check that passes anything", "a reader that refuses valid files"],
)  # fmt: skip
def test_a_fuzzer_that_could_see_nothing_does_not_pass(reader: Reader) -> None:
    found = list(trials.run_trials([trials.Subject(reader, 1, Limits())], trials=3, seconds=None))
    assert [outcome.kind for *_, outcome in found] == [trials.BROKEN]


def test_trials_follow_from_the_seed() -> None:
    def cases(seed: int) -> list[Files]:
        subject = trials.Subject(_fake(lambda: "x"), seed, Limits())
        return [case.files for _, _, case, _ in trials.run_trials([subject], trials=4, seconds=None)]

    assert cases(1) == cases(1)
    assert cases(1) != cases(2)


def test_findings_are_kept_and_can_be_replayed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    damaged, fixed = _fake(lambda: _raise(KeyError("format"))), _fake(lambda: _raise(InputError("file: is damaged")))
    assert fuzz([trials.Subject(damaged, 1, Limits())], 3, None, False, tmp_path, None) == 1
    assert "| fake | 3 |  |  | 3 |" in capsys.readouterr().out
    for path in tmp_path.glob("traceback/*.zip"):
        about, valid, files = load_finding(path)
        assert about["reader"] == "fake"
        assert files["file"] == valid["file"] + b"x"
        assert replay(path, {"fake": damaged}, Limits()) == 1
        assert replay(path, {"fake": fixed}, Limits()) == 0


# The readers ------------------------------------------------------------------------------------------------------


def _fuzz(folder: Path, *arguments: object) -> tuple[subprocess.CompletedProcess[str], dict[str, dict[str, int]]]:
    command = [
        sys.executable,
        "-m",
        "fuzz",
        "--findings",
        folder / "findings",
        "--json",
        folder / "counts.json",
        *arguments,
    ]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(_TESTS.parent), str(_TESTS)])}
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, env=environment, timeout=900)
    return done, json.loads((folder / "counts.json").read_text())


@pytest.mark.parametrize("group", ["text", "sets", "vectors", "matrix"])
def test_readers_refuse_in_one_line_or_read_what_is_there(tmp_path: Path, group: str) -> None:
    done, counts = _fuzz(tmp_path, "--group", group, "--trials", 160, "--seed", 20261125)
    assert done.returncode == 0, done.stdout + done.stderr
    assert all(sum(found.values()) for found in counts.values())


def test_one_flipped_bit_in_our_own_files_changes_nothing(tmp_path: Path) -> None:
    done, _ = _fuzz(tmp_path, "--flips", 150, "--seed", 20261125)
    assert done.returncode == 0, done.stdout + done.stderr
