"""Fitting n-grams to the vectors of a finished run, in its folder."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from glove_adagrad.errors import InputError
from glove_adagrad.files import atomic_files
from glove_adagrad.formats import read_history, read_run
from glove_adagrad.formats.run_folder import write_model
from glove_adagrad.run import Run
from glove_adagrad.saved_model import SUBWORDS
from glove_adagrad.subwords import SubwordSettings, fit_ngrams
from glove_adagrad.trainer.parameters import Vectors
from glove_adagrad.vocabulary import Vocabulary


def add_subwords(folder: Path, settings: SubwordSettings, *, replace: bool = False) -> tuple[int, int]:
    """Fit n-grams to the vectors of a run; `model.npz`, `vectors.txt` and `history.json` change together.

    Parameters
    ----------
    folder : Path
    settings : SubwordSettings
    replace : bool
        Fit them again if the run has n-grams.

    Returns
    -------
    tuple of int
        The number of words and of n-grams.

    Raises
    ------
    InputError
        If the folder is not a trained run, has n-grams already, is in use, or no n-gram is in two of its words.
    """
    read_run(folder)  # refuses other folders before one is locked
    with Run(folder):
        model, history = read_run(folder), read_history(folder)
        if model.ngrams is not None and not replace:
            raise InputError(f"{folder}: has n-grams already; fit them again with --force")
        which = history["settings"].get("vectors", "sum")
        vocabulary = Vocabulary.read(folder / "vocab.txt")
        parameters = Vectors(model.word_vectors, model.context_vectors, model.word_biases, model.context_biases)
        names: Any = history.get("names") or model.words
        # n-grams are never fitted to vectors that others have been mixed into
        vectors = model.select(None if model.ngrams is None else which).vectors
        mixed, ngrams = fit_ngrams(names, model.counts, vectors, settings)
        history[SUBWORDS] = {**asdict(settings), "ngrams": len(ngrams)}
        with atomic_files(folder, "model") as new:
            write_model(new, parameters, vocabulary, mixed, ngrams)
            (new / "history.json").write_text(json.dumps(history, indent=2))
        return len(names), len(ngrams)
