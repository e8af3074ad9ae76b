"""A run's folder with any vectors in it, for tests of what is done with finished runs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

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
    epochs = [
        {"epoch": n, "loss": 0.02 + 0.05 / n, "seconds": 1.5, "records_per_second": 2.0e7} for n in range(1, 9)
    ]
    history = {
        "settings": {"vector_size": word.shape[1], "window": 15, "x_max": 10.0},
        "versions": {"glove_adagrad": "0.1.0", "numpy": np.__version__},
        "stages": {"vocabulary": 0.5, "cooccurrence": 1.25, "training": 12.0},
        "epochs": epochs,
    }
    (folder / "history.json").write_text(json.dumps(history))
    return folder
