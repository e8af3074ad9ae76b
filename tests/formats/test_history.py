"""`history.json` of other content than a training writes: each command that reads it says so in one line."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from runs import Command, make_run

from glove_adagrad.errors import InputError
from glove_adagrad.formats import read_history

EPOCH = {"epoch": 1, "loss": 0.5}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return make_run(tmp_path / "run", ["a", "b", "c"], np.array([[1.0, 0.0], [0.0, 1.0], [3.0, 4.0]]))


DAMAGED = {
    b"": r"is damaged",
    b'{"epochs": [': r"is damaged",
    b"\xff": r"is damaged",
    b"[" * 100_000: r"is damaged",
    b'{"epochs": [], "x": ' + b"[" * 60 + b"]" * 60 + b"}": r"nested more than 50 deep",
    b'{"epochs": [], "x\\ud800": 1}': r"surrogates not allowed",
    b"[]": r'has no "epochs"',
    b"{}": r'has no "epochs"',
    b'{"epochs": {}}': r"epochs is {}; expected a list",
    b'{"epochs": [7]}': r"epochs\[0\] is 7; expected a dict",
    b'{"epochs": [{"loss": 1}]}': r"epochs\[0\]\.epoch is None",
    b'{"epochs": [{"epoch": 1.5, "loss": 1}]}': r"epochs\[0\]\.epoch is 1\.5",
    b'{"epochs": [{"epoch": 1, "loss": "x"}]}': r"epochs\[0\]\.loss is 'x'; expected a number",
    b'{"epochs": [{"epoch": 1, "loss": true}]}': r"epochs\[0\]\.loss is True",
    b'{"epochs": [{"epoch": 1, "loss": 1' + b"0" * 400 + b"}]}": r"epochs\[0\]\.loss is 10+\.\.\.",
    b'{"epochs": [{"epoch": 1, "loss": 1' + b"0" * 5000 + b"}]}": r"is damaged",
    b'{"epochs": [{"epoch": 1, "loss": 1, "seconds": []}]}': r"epochs\[0\]\.seconds is \[\]",
    b'{"epochs": [], "settings": 1}': r"settings is 1; expected a dict",
    b'{"epochs": [], "settings": {"cooccurrence": 1}}': r"settings\.cooccurrence is 1; expected the path",
    b'{"epochs": [], "settings": {"cooccurrence": "a\\u0000"}}': r"settings\.cooccurrence is 'a\\x00'",
    b'{"epochs": [], "stages": {"training": "x"}}': r"stages\.training is 'x'; expected seconds",
}


@pytest.mark.parametrize("content", DAMAGED, ids=range(len(DAMAGED)))
def test_a_damaged_history_is_named(run: Path, content: bytes) -> None:
    (run / "history.json").write_bytes(content)
    with pytest.raises(InputError, match=r"history\.json: .*" + DAMAGED[content]) as raised:
        read_history(run)
    assert "\n" not in str(raised.value)


def test_commands_name_a_damaged_history(command: Command, run: Path, tmp_path: Path) -> None:
    (run / "history.json").write_bytes(b'{"epochs": [{"epoch": 1}]}')
    for arguments in (
        ["info", run],
        ["plot", run, "--output", tmp_path / "p"],
        ["report", run, "--output", tmp_path / "r"],
    ):
        assert "history.json: epochs[0].loss is None; expected a number" in command.refused(1, *arguments)


def test_a_history_with_less_in_it_is_enough(command: Command, run: Path, tmp_path: Path) -> None:
    # a name of bytes that are not UTF-8 is kept in JSON as surrogates
    history = {"epochs": [EPOCH, {**EPOCH, "epoch": 2, "seconds": 2.0, "holdout_loss": None}]}
    for epochs, shown in ((history["epochs"], "2, median 2 s, last loss"), ([EPOCH], "1, last loss 0.5")):
        (run / "history.json").write_text(json.dumps({"epochs": epochs}))
        assert shown in command.ok("info", run)
    (run / "history.json").write_text(json.dumps({"epochs": [EPOCH], "versions": {"x": "\udcff"}}))
    command.ok("report", run, "--output", tmp_path / "r.html")
    assert "\\xff" in (tmp_path / "r.html").read_text()


def _places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if place:
        yield place
    for key, inner in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        yield from _places(inner, (*place, key))


def test_values_of_any_kind_are_read_or_named(command: Command, run: Path) -> None:
    good, rng = (run / "history.json").read_text(), random.Random(0)
    odd = [None, True, -1, 0, 1e308, float("nan"), float("inf"), 10**400, "x", "\ud800", [], {}, [1], {"a": {"b": 1}}]
    outcomes = []
    for _ in range(300):
        history = json.loads(good)
        *outer, last = rng.choice(list(_places(history)))
        holder = history
        for key in outer:
            holder = holder[key]
        if rng.random() < 0.3:
            del holder[last]
        else:
            holder[last] = rng.choice(odd)
        (run / "history.json").write_text(json.dumps(history))
        found = command("info", run)
        assert found.err.count("\n") == (found.code == 1)
        outcomes.append(found.code)
    assert set(outcomes) == {0, 1}
