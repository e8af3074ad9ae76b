"""For tests of what is done with finished runs: a run's folder with any vectors in it, and the command line."""

from __future__ import annotations

import json
import re
import signal
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from glove_adagrad.cli import main
from glove_adagrad.vocabulary import Vocabulary


def make_run(folder: Path, words: list[str], word: np.ndarray, context: np.ndarray | None = None) -> Path:
    """Write the files of a trained run; without `context` the sum of both kinds of vectors is `word`."""
    folder.mkdir()
    counts = np.arange(len(words), 0, -1, dtype=np.int64) * 10
    Vocabulary([w.encode("utf-8", "surrogateescape") for w in words], counts).write(folder / "vocab.txt")
    biases = np.zeros(len(words), dtype=np.float32)
    context = np.zeros_like(word) if context is None else context
    np.savez(
        folder / "model.npz",
        word_vectors=word.astype(np.float32),
        context_vectors=context.astype(np.float32),
        word_biases=biases,
        context_biases=biases,
    )
    epochs = [{"epoch": n, "loss": 0.02 + 0.05 / n, "seconds": 1.5, "records_per_second": 2.0e7} for n in range(1, 9)]
    history = {
        "settings": {"vector_size": word.shape[1], "x_max": 10.0, "windows": {"window": 15, "symmetric": True}},
        "versions": {"glove_adagrad": "0.1.0", "numpy": np.__version__},
        "stages": {"vocabulary": 0.5, "cooccurrence": 1.25, "training": 12.0},
        "epochs": epochs,
    }
    (folder / "history.json").write_text(json.dumps(history))
    return folder


#: Lines of progress, which depend on how long things take.
_PROGRESS = re.compile(
    r"^(compiling \(once after installation\)"
    r"|(vocabulary|co-occurrences|records|evaluating|epoch|rule|SVD) .*\d\d:\d\d.*)\n",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Outcome:
    """What a command left: its exit code, and the texts on stdout and stderr, without progress."""

    code: int
    out: str
    err: str


class Command:
    """The command line within this process; a command never ends in a traceback."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._capsys = capsys
        self._monkeypatch = monkeypatch

    def __call__(self, *arguments: object) -> Outcome:
        self._monkeypatch.setattr(sys, "argv", ["glove-adagrad", *map(str, arguments)])
        # main installs handlers of a signal and of warnings, which are the test runner's here
        self._monkeypatch.setattr(signal, "signal", lambda *_: None)
        self._monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
        code = 0
        try:
            main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        captured = self._capsys.readouterr()
        return Outcome(code, captured.out, _PROGRESS.sub("", captured.err))

    def ok(self, *arguments: object) -> str:
        """The output of a command that must succeed and have nothing to complain of."""
        found = self(*arguments)
        assert (found.code, found.err) == (0, ""), found
        return found.out

    def json(self, *arguments: object) -> Any:
        return json.loads(self.ok(*arguments, "--json"))

    def refused(self, code: int, *arguments: object) -> str:
        """The one line on stderr of a command that must fail with this exit code and print nothing else."""
        found = self(*arguments)
        assert (found.code, found.out) == (code, "")
        assert found.err.count("\n") == 1
        return found.err
