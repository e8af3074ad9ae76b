"""Compiled code that is kept on disk: damage and missing folders cost a compilation, and nothing else."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from data import GOLDEN
from numba.core import config

pytestmark = pytest.mark.slow


def emptied(data: bytearray) -> bytes:
    """As a power cut leaves a file that was renamed and not yet written out."""
    return b""


def cut(data: bytearray) -> bytes:
    return bytes(data[: random.Random(len(data)).randrange(1, len(data))])


def flipped(data: bytearray) -> bytes:
    at = random.Random(len(data)).randrange(len(data))
    data[at] ^= 16
    return bytes(data)


def count(cache: Path, output: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Count words, with a cache of its own for compiled code."""
    command = [
        sys.executable,
        "-m",
        "glove_adagrad",
        "vocab",
        str(GOLDEN / "tiny.txt"),
        "--output",
        str(output),
        "-q",
    ]
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(cache), **environment}
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300)


@pytest.mark.parametrize("damage", [emptied, cut, flipped])
@pytest.mark.parametrize("suffix", [".nbi", ".nbc"])
def test_a_damaged_cache_is_compiled_again(tmp_path: Path, damage: Callable[[bytearray], bytes], suffix: str) -> None:
    cache = tmp_path / "cache"
    assert count(cache, tmp_path / "first").returncode == 0
    files = sorted(cache.rglob(f"*{suffix}"))
    assert files
    good = [path.read_bytes() for path in files]
    for path in files:
        path.write_bytes(damage(bytearray(path.read_bytes())))
    done = count(cache, tmp_path / "second")
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "second").read_bytes() == (tmp_path / "first").read_bytes()
    # and whole again: index files are the same, code may differ in names
    assert all(path.stat().st_size > len(before) // 2 for path, before in zip(files, good, strict=True))


@pytest.mark.skipif(not hasattr(config, "CACHE_LOCATOR_CLASSES"), reason="this Numba always finds a folder")
def test_without_a_folder_for_the_cache_each_start_compiles(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = count(
        tmp_path / "file" / "cache", tmp_path / "words", NUMBA_CACHE_LOCATOR_CLASSES="UserProvidedCacheLocator"
    )
    assert done.returncode == 0
    assert done.stderr.count("\n") == 1
    assert "set NUMBA_CACHE_DIR to a folder that can be written" in done.stderr


def test_an_unexpected_end_of_a_file_is_not_an_interruption() -> None:
    program = """
import glove_adagrad.vocabulary as v, glove_adagrad.cli as cli
def read(*_, **__): raise EOFError("Ran out of input")
v.Vocabulary.count = read
cli.main()
"""
    arguments = ["vocab", str(GOLDEN / "tiny.txt"), "--output", "words"]
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True)
    assert done.returncode == 1
    assert "interrupted" not in done.stderr
    assert "Traceback" in done.stderr  # of EOFError, or with old click of what it makes of that
