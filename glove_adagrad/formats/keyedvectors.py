"""gensim's own format: what `KeyedVectors.save` writes and `KeyedVectors.load` reads.

It is a pickle. Loading a pickle runs what its author put there: load only files you trust.
"""

from __future__ import annotations

import os
from pathlib import Path

from glove_adagrad.errors import InputError
from glove_adagrad.files import atomic_files
from glove_adagrad.formats.word_vectors import WordVectors, checked, from_keyed_vectors, to_keyed_vectors


def write(path: Path, wv: WordVectors) -> None:
    """Write `path` and, next to it, the matrix as `path.vectors.npy`, which `load(path, mmap='r')` maps."""
    if path.exists() and not path.is_file():
        raise InputError(f"{path}: is not a regular file, and keyedvectors are two files; choose another output")
    target = Path(os.path.realpath(path))
    # at no time may old words be next to a new matrix, or the reverse
    both = [target.name, f"{target.name}.vectors.npy"]
    with atomic_files(target.parent, target.name, remove_first=both) as folder:
        keyed = to_keyed_vectors(wv)
        keyed.lifecycle_events = None  # they hold the time, and the same vectors give the same bytes
        keyed.save(str(folder / target.name), separately=["vectors"])


def read(path: Path) -> WordVectors:
    """Read a saved `KeyedVectors`, or any gensim model that has one as its `wv`.

    Raises
    ------
    InputError
        If the file is no pickle of that kind, or its matrix is missing.
    """
    from gensim.models import KeyedVectors

    try:
        loaded = KeyedVectors.load(str(path))
    except FileNotFoundError as error:
        raise InputError(f"{path}: {error.filename} is missing; gensim saves it beside this file") from error
    except Exception as error:
        # a damaged pickle can raise anything
        raise InputError(f"{path}: cannot be loaded as gensim's KeyedVectors ({error})") from error
    keyed = getattr(loaded, "wv", loaded)
    if not isinstance(keyed, KeyedVectors):
        raise InputError(f"{path}: holds {type(loaded).__name__}, expected gensim's KeyedVectors")
    wv = from_keyed_vectors(keyed)
    return checked(path, wv.words, wv.vectors, wv.counts)
