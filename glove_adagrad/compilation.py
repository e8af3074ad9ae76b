"""Compilation of the kernels of training in another process, while this one compiles those of counting and counts."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from glove_adagrad.progress import compilation_started
from glove_adagrad.startup import is_command, this_is_a_command
from glove_adagrad.trainer.settings import TrainingSettings

_PROGRAM = f"from {__name__} import main; main()"


class Ahead:
    """Compiles what a training will need, in a process of its own, if nothing of it is in the cache.

    Only the process of a command starts another.

    Parameters
    ----------
    settings : TrainingSettings
    symmetric : bool
        Whether the matrix will be symmetric.
    """

    def __init__(self, settings: TrainingSettings, *, symmetric: bool) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        if is_command() and _is_needed():
            arguments = [json.dumps(settings.to_json()), str(int(symmetric))]
            self._process = subprocess.Popen(
                [sys.executable, "-c", _PROGRAM, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for us
            )

    def wait(self) -> None:
        """Wait until everything is compiled. Should the process fail, kernels are compiled where they are needed."""
        if self._process is not None and self._process.poll() is None:
            compilation_started()
            self._process.wait()

    def stop(self) -> None:
        """End the process, whatever it is doing."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


def _is_needed() -> bool:
    from glove_adagrad.kernels.jit import is_cached
    from glove_adagrad.kernels.training import train_blocks

    return not is_cached(train_blocks)


def main() -> None:
    """Do the work of `Ahead` in its process."""
    from glove_adagrad.checkpoint import read_settings

    this_is_a_command()
    values, symmetric = sys.argv[1:]
    compile_training(read_settings(json.loads(values), Path("settings")), symmetric=bool(int(symmetric)))


def compile_training(settings: TrainingSettings, *, symmetric: bool) -> None:
    """Compile all kernels from a matrix to files, or load them from the cache, by training on the smallest matrix."""
    from glove_adagrad.cooccurrence.smallest import smallest_matrix
    from glove_adagrad.files import TemporaryFolder
    from glove_adagrad.formats.run_folder import write_model
    from glove_adagrad.model_vectors import model_vectors
    from glove_adagrad.trainer import Trainer

    # the only cell must not be held out, and makes one group
    settings = replace(settings, epochs=1, patience=None, groups=1, holdout=min(settings.holdout, 1e-9))
    folder = TemporaryFolder()
    matrix = smallest_matrix(folder.path, symmetric=symmetric)
    trainer = Trainer(matrix, settings)
    trainer.fit()
    vectors, vocabulary = trainer.parameters.vectors(), matrix.vocabulary
    own = model_vectors(vectors, vocabulary.decoded(), vocabulary.counts, settings, trainer.stream, workers=1)
    write_model(folder.path, vectors, vocabulary, *own, workers=1)
