"""Start-up of commands, and compilation ahead of training."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from data import GOLDEN

COMMAND = """
import sys
from glove_adagrad.cli import main
main()
assert "numba" in sys.modules
loaded = {"scipy", "cffi", "pycparser"} & sys.modules.keys()
assert not loaded, loaded
import scipy.linalg, zstandard
"""


def test_a_command_does_not_load_what_numba_alone_would_use(tmp_path: Path) -> None:
    arguments = ["vocab", str(GOLDEN / "tiny.txt"), "--output", str(tmp_path / "vocab.txt"), "-q"]
    subprocess.run([sys.executable, "-c", COMMAND, *arguments], check=True)
    assert (tmp_path / "vocab.txt").read_bytes() == (GOLDEN / "tiny.vocab.min5.txt").read_bytes()
