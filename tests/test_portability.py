"""Other machines and systems: what is missing there is not needed, and what cannot work is refused in one line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from data import GOLDEN, ROOT
from llvmlite import binding
from runs import Command

from glove_adagrad.errors import InputError
from glove_adagrad.machine import check_machine


def _commands(folder: Path) -> list[list[str]]:
    """Count, train, resume, export, and replace what is there."""
    text, run = GOLDEN / "tiny.txt", folder / "run"
    cooccur = ["cooccur", text, "--vocab", run / "vocab.txt", "--output", folder / "m", "--quiet"]
    train = ["train", text, "--output", run, "--epochs", 1, "--window", 5, "--vector-size", 8, "--workers", 2]
    commands: list[list[object]] = [
        [*train, "--quiet"],
        ["train", "--resume", run, "--epochs", 2, "--quiet"],
        ["export", run, folder / "vectors.bin", "--format", "word2vec-binary", "--quiet"],
        cooccur,
        [*cooccur, "--force"],
    ]
    return [[str(argument) for argument in command] for command in commands]


def test_without_posix_the_bytes_are_the_same(command: Command, tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    for arguments in _commands(here):
        command.ok(*arguments)
    program = [sys.executable, ROOT / "tests" / "without_posix.py", json.dumps(_commands(there))]
    done = subprocess.run(program, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    for name in ("run/vocab.txt", "run/cooccurrence/lower.bin", "run/vectors.txt", "vectors.bin", "m/lower.bin"):
        assert (here / name).read_bytes() == (there / name).read_bytes(), name
    assert not [path for path in there.rglob(".*") if path.name != ".glove-lock"]


def _other_processors() -> list[str]:
    """Processors whose instructions this one has: with eight lanes and, if it can, with sixteen."""
    features = binding.get_host_cpu_features()
    if not (features.get("avx2") and features.get("fma")):
        return []
    return ["haswell", "skylake-avx512", "znver4"] if features.get("avx512f") else ["haswell"]


@pytest.mark.slow
@pytest.mark.skipif(not _other_processors(), reason="this processor has no fused multiply-add")
def test_bytes_of_adagrad_norm_do_not_depend_on_the_processor(command: Command, tmp_path: Path) -> None:
    command.ok("vocab", GOLDEN / "tiny.txt", "--output", tmp_path / "v", "--quiet")
    command.ok("cooccur", GOLDEN / "tiny.txt", "--vocab", tmp_path / "v", "--output", tmp_path / "m", "--quiet")
    options = ["--vector-size", "45", "--epochs", "3", "--unobserved", "1", "--optimizer", "adagrad-norm", "--quiet"]
    train = ["train", "--cooccurrence", str(tmp_path / "m"), *options, "--output"]
    command.ok(*train, tmp_path / "here")
    for name in _other_processors():
        environment = {**os.environ, "NUMBA_CPU_NAME": name, "NUMBA_CACHE_DIR": str(tmp_path / f"cache-{name}")}
        program = [sys.executable, "-m", "glove_adagrad", *train, str(tmp_path / name)]
        subprocess.run(program, check=True, env=environment, cwd=ROOT)
        assert (tmp_path / name / "vectors.txt").read_bytes() == (tmp_path / "here" / "vectors.txt").read_bytes()


@pytest.mark.slow
def test_kernels_of_training_compile_for_arm(command: Command, tmp_path: Path) -> None:
    command.ok("vocab", GOLDEN / "tiny.txt", "--output", tmp_path / "v", "--quiet")
    command.ok("cooccur", GOLDEN / "tiny.txt", "--vocab", tmp_path / "v", "--output", tmp_path / "m", "--quiet")
    options = ["--cooccurrence", tmp_path / "m", "--output", tmp_path / "run", "--vector-size", 8, "--epochs", 2]
    train = ["train", *map(str, options), "--quiet"]
    program = [sys.executable, ROOT / "tests" / "cross_compile.py", json.dumps([train]), tmp_path / "cache"]
    done = subprocess.run(program, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["x86"] == []
    assert found["vectors"] > 50
    assert found["libraries"] > 20
    losses = [epoch["loss"] for epoch in json.loads((tmp_path / "run" / "history.json").read_text())["epochs"]]
    assert 0 < losses[1] < losses[0] < 1


@pytest.mark.parametrize(("order", "size"), [("big", 8), ("little", 4)])
def test_other_machines_are_refused(command: Command, monkeypatch: pytest.MonkeyPatch, order: str, size: int) -> None:
    monkeypatch.setattr("sys.byteorder", order)
    monkeypatch.setattr("struct.calcsize", lambda _: size)
    with pytest.raises(InputError):
        check_machine()
    assert f"does not run on {order}-endian machines of {8 * size} bits" in command.refused(1, "vocab", "x.txt")


def test_a_processor_without_fused_multiply_add_is_named(
    command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    train = ["train", GOLDEN / "tiny.txt", "--window", 5, "--vector-size", 8, "--epochs", 1, "--output"]
    by_norm = ["--optimizer", "adagrad-norm"]
    said = "this processor has no fused multiply-add"
    assert said not in command.ok(*train, tmp_path / "with", *by_norm)
    monkeypatch.setattr("glove_adagrad.machine.has_fused_multiply_add", lambda: False)
    assert said in command.ok(*train, tmp_path / "without", *by_norm)
    assert said not in command.ok(*train, tmp_path / "other")
