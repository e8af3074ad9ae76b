"""Folders of vectors that were not trained but computed from counts or from other vectors, readable as runs.

They hold `vocab.txt`, `model.npz`, `vectors.txt` and `history.json`, whose `origin` says what computed them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from glove_adagrad.errors import InputError
from glove_adagrad.files import atomic_folder, check_output_folder
from glove_adagrad.formats.run_folder import read_history, write_model
from glove_adagrad.provenance import provenance, versions
from glove_adagrad.trainer.parameters import Vectors
from glove_adagrad.vocabulary import Vocabulary

#: What `origin` may be: the commands that write such folders.
ORIGINS = ("svd", "blend")

_FILES = {"vocab.txt", "model.npz", "vectors.txt", "history.json"}


def check_output(folder: Path, *, force: bool = False) -> None:
    """Refuse, before any work is done, a folder that cannot be written or must not be replaced.

    Raises
    ------
    InputError
        If its parent cannot be written, it is not a folder that `write_derived` wrote, or it is and `force` is not
        set.
    """
    check_output_folder(folder.absolute().parent)
    _check_replaceable(folder, force)


def _check_replaceable(folder: Path, force: bool) -> None:
    if not folder.exists():
        return
    if not folder.is_dir():
        raise InputError(f"{folder}: is a file; name a folder")
    names = {path.name for path in folder.iterdir()}
    if not names:
        return
    if names - _FILES or not is_derived(folder):
        raise InputError(
            f"{folder}: exists and was not written by {' or '.join(ORIGINS)} alone; choose another folder"
        )
    if not force:
        raise InputError(f"{folder}: exists; choose another folder, or replace it with --force")


def is_derived(folder: Path) -> bool:
    """Whether a folder has the history of one that `write_derived` wrote."""
    try:
        return read_history(folder).get("origin") in ORIGINS
    except InputError:
        return False


def write_derived(
    folder: Path,
    origin: str,
    vocabulary: Vocabulary,
    word_vectors: np.ndarray,
    context_vectors: np.ndarray | None = None,
    vectors: np.ndarray | None = None,
    *,
    settings: dict[str, Any],
    seconds: float,
    force: bool = False,
) -> None:
    """Write vectors as the folder of a run, which appears whole or not at all.

    Parameters
    ----------
    folder : Path
    origin : str
        One of `ORIGINS`.
    vocabulary : Vocabulary
    word_vectors : float32 [V, d]
    context_vectors : float32 [V, d], optional
        Zeros by default.
    vectors : float32 [V, n], optional
        The vectors of the run; the sums of word and context vectors by default.
    settings : dict
        What the vectors were computed with, for `history.json`.
    seconds : float
        How long that took.
    force : bool
        Replace a folder that this function wrote.

    Raises
    ------
    InputError
        As `check_output`, or if `vocab.txt` cannot hold a word.
    """
    if vocabulary.writable() is not vocabulary:
        word = next(word for word in vocabulary.decoded() if not word or set(word) & set(" \t\n\r\0"))
        raise InputError(f"{folder}: the word {word!r} has white space, which vocab.txt cannot hold; rename it")
    context_vectors = np.zeros_like(word_vectors) if context_vectors is None else context_vectors
    biases = np.zeros(len(word_vectors), np.float32)
    history = {
        "origin": origin,
        "settings": {"vector_size": word_vectors.shape[1], **settings},
        "provenance": provenance(),
        "versions": versions(),
        "stages": {origin: seconds},
        "epochs": [],
    }
    with atomic_folder(folder, lambda path: _check_replaceable(path, force)) as new:
        vocabulary.write(new / "vocab.txt")
        write_model(new, Vectors(word_vectors, context_vectors, biases, biases), vocabulary, vectors)
        (new / "history.json").write_text(json.dumps(history, indent=2) + "\n")
