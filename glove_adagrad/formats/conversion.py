"""Vectors from whatever holds them: a trained `GloVe`, gensim's objects, a run's folder, a file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from glove_adagrad.formats import stanford_binary
from glove_adagrad.formats.reading import read_vectors
from glove_adagrad.formats.run_folder import RunVectors, is_run, read_history, read_run
from glove_adagrad.formats.word_vectors import WordVectors, from_keyed_vectors


def as_word_vectors(source: Any, **reading: bool) -> WordVectors:
    """Return the words and vectors of any source.

    Parameters
    ----------
    source : GloVe, KeyedVectors, gensim model with `wv`, WordVectors, RunVectors, str or Path
        Of a `GloVe` and of a run's folder, its vectors, as in `vectors.txt`. A path is read by `read_vectors`.
    **reading
        `trust_pickle` and `strict`, as `read_vectors` takes them.

    Raises
    ------
    TypeError
        For anything else.
    InputError
        If a file cannot be read, or a model has not been trained.
    """
    if isinstance(source, WordVectors):
        return source
    if isinstance(source, (str, os.PathLike)):
        return read_vectors(Path(source), **reading)
    model = _all_vectors(source)
    if model is not None:
        return model.select()
    keyed = getattr(source, "wv", source)
    if hasattr(keyed, "index_to_key") and hasattr(keyed, "vectors"):
        return from_keyed_vectors(keyed)
    raise TypeError(
        f"a {type(source).__name__} holds no word vectors; give a GloVe, gensim's KeyedVectors, WordVectors, or the "
        "path of a run or of a file of vectors"
    )


def as_start(source: Any, **reading: bool) -> RunVectors | WordVectors:
    """Return all parameters of a `GloVe`, a run's folder or a binary file of Stanford's `glove`; of any other source,
    what `as_word_vectors` does."""
    if isinstance(source, (str, os.PathLike)):
        path = Path(source)
        model = read_run(path) if is_run(path) else stanford_binary.read_with_vocabulary(path)
    else:
        model = _all_vectors(source)
    return as_word_vectors(source, **reading) if model is None else model


def as_history(source: Any) -> dict[str, Any]:
    """Return the history of a `GloVe` or of a run's folder: the contents of its `history.json`, with `epochs`."""
    history = getattr(source, "as_history", None)
    return history() if callable(history) else read_history(Path(source))


def _all_vectors(source: Any) -> RunVectors | None:
    """The parameters of a `GloVe`, which knows this module and is not known to it."""
    if isinstance(source, RunVectors):
        return source
    all_vectors = getattr(source, "all_vectors", None)
    return all_vectors() if callable(all_vectors) else None
