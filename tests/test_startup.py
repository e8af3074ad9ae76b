"""Start-up of commands, and compilation ahead of training."""

from __future__ import annotations

import importlib
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from data import GOLDEN
from numba import typeof

from glove_adagrad.compilation import Ahead, _is_needed, compile_training
from glove_adagrad.cooccurrence.count import count_cooccurrences
from glove_adagrad.cooccurrence.windows import Windows
from glove_adagrad.corpus import TextFiles
from glove_adagrad.run import Run
from glove_adagrad.run_record import RunRecord
from glove_adagrad.trainer import TrainingSettings
from glove_adagrad.vocabulary import Vocabulary

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


class Types:
    """Records the types of the arguments of a kernel, for which it is compiled."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, module: str, name: str) -> None:
        self.found: set[tuple[Any, ...]] = set()
        self._kernel = getattr(importlib.import_module(module), name)
        monkeypatch.setattr(f"{module}.{name}", self)

    def __call__(self, *arguments: Any) -> Any:
        self.found.add(tuple(map(typeof, arguments)))
        return self._kernel(*arguments)


KERNELS = [
    ("glove_adagrad.kernels.training", "train_blocks"),
    ("glove_adagrad.kernels.training", "held_out_losses"),
    ("glove_adagrad.kernels.cells", "loss_of_zeros"),
    ("glove_adagrad.kernels.tiles", "damaged_tile"),
    ("glove_adagrad.kernels.text_numbers", "format_rows"),
]


@pytest.mark.parametrize(
    ("windows", "settings"),
    [
        (Windows(), TrainingSettings(vector_size=10)),
        (
            Windows(symmetric=False),
            TrainingSettings(vector_size=10, unobserved=1.0, vectors="pca", svd_weight=0.5, holdout=0.5, groups=2),
        ),
    ],
)
def test_compilation_ahead_is_for_the_types_of_training(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, windows: Windows, settings: TrainingSettings
) -> None:
    vocabulary = Vocabulary.read(GOLDEN / "tiny.vocab.min5.txt")
    matrix = count_cooccurrences(TextFiles([GOLDEN / "tiny.txt"]), vocabulary, tmp_path / "m", windows=windows)
    recorded = [Types(monkeypatch, *kernel) for kernel in KERNELS]
    with Run(tmp_path / "run") as run:
        run.use(RunRecord(replace(settings, epochs=1)), matrix)
        trainer, _ = run.new_trainer(matrix)
        run.train(trainer)
    needed = [types.found for types in recorded]
    assert all(needed[:1] + needed[2:])
    for types in recorded:
        types.found = set()
    compile_training(settings, symmetric=windows.symmetric)
    for types, before in zip(recorded, needed, strict=True):
        assert before <= types.found


def test_only_a_command_compiles_ahead_and_nothing_is_left_running(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = TrainingSettings(vector_size=10)
    nothing = Ahead(settings, symmetric=True)
    assert nothing._process is None
    nothing.wait()
    nothing.stop()
    monkeypatch.setattr("glove_adagrad.compilation.is_command", lambda: True)
    monkeypatch.setattr("glove_adagrad.compilation._is_needed", lambda: True)
    ahead = Ahead(settings, symmetric=True)
    assert ahead._process is not None
    ahead.wait()
    assert ahead._process.returncode == 0
    stopped = Ahead(settings, symmetric=True)
    assert stopped._process is not None
    stopped.stop()
    assert stopped._process.returncode < 0
    assert not _is_needed()
