"""gensim's own format: what `KeyedVectors.save` writes and `KeyedVectors.load` reads.

It is a pickle, which can run code of its author when it is loaded. It is therefore read by `formats.unpickling`,
which loads plain data only.
"""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Any

import numpy as np

from glove_adagrad.errors import InputError
from glove_adagrad.files import atomic_files
from glove_adagrad.formats.number_types import as_type
from glove_adagrad.formats.streams import Stream
from glove_adagrad.formats.unpickling import ForbiddenName, RestrictedUnpickler, Stored, stored_array
from glove_adagrad.formats.word_vectors import WordVectors, checked, from_keyed_vectors, to_keyed_vectors
from glove_adagrad.malformed import Malformed

#: Names of attributes in gensim 4 and in earlier versions.
_WORDS = ("index_to_key", "index2word", "index2entity")
_VECTORS = ("vectors", "syn0")


def write(path: Path, wv: WordVectors, dtype: str = "float32") -> None:
    """Write `path` and, next to it, the matrix as `path.vectors.npy`, which `load(path, mmap='r')` maps.

    Raises
    ------
    InputError
        If `path` is not a regular file, or a number is too large for `dtype`, 'float32' or 'float16'.
    """
    if path.exists() and not path.is_file():
        raise InputError(f"{path}: is not a regular file, and keyedvectors are two files; choose another output")
    target = Path(os.path.realpath(path))
    # at no time may old words be next to a new matrix, or the reverse
    both = [target.name, f"{target.name}.vectors.npy"]
    with atomic_files(target.parent, target.name, remove_first=both) as folder:
        keyed = to_keyed_vectors(wv)
        keyed.vectors, _ = as_type(wv.vectors, dtype)
        keyed.lifecycle_events = None  # they hold the time, and the same vectors give the same bytes
        keyed.save(str(folder / target.name), separately=["vectors"])


def read(path: Path, stream: Stream, trust_pickle: bool = False, strict: bool = False) -> WordVectors:
    """Read a saved `KeyedVectors`.

    Parameters
    ----------
    path : Path
        For messages, and for arrays that gensim saves in files next to it.
    stream : Stream
        The pickle.
    trust_pickle : bool
        Load it with gensim, which runs whatever code the pickle names; any gensim model that has vectors as its `wv`
        can then be read. Otherwise nothing but plain data and numeric arrays is loaded; see `formats.unpickling`.
    strict : bool
        Refuse rows with a NaN or an infinity, instead of skipping a few.

    Raises
    ------
    InputError
        If the file is not a pickle of that kind, names anything else to be loaded, or its matrix is missing.
    """
    try:
        wv = _trusted(path) if trust_pickle else _restricted(path, stream)
    except InputError:
        raise
    except ForbiddenName as error:
        raise InputError(
            f"{path}: this pickle is more than gensim's KeyedVectors: it loads {error}, which may run code of its "
            f"author. If you trust it, read it with `trust_pickle`, or convert it once with: "
            f"{_conversion(path)}"
        ) from error
    except MemoryError as error:
        raise InputError(f"{path}: not enough memory to load it, or damaged") from error
    except FileNotFoundError as error:
        raise InputError(f"{path}: {error.filename} is missing; gensim saves it next to this file") from error
    except Exception as error:
        # a damaged pickle can raise anything
        raise InputError(f"{path}: cannot be loaded as gensim's KeyedVectors ({error})") from error
    return checked(path, wv.words, wv.vectors, wv.counts, Malformed(path, strict, unit="row"))


def _trusted(path: Path) -> WordVectors:
    from gensim.models import KeyedVectors

    loaded = KeyedVectors.load(str(path))
    keyed = getattr(loaded, "wv", loaded)
    if not isinstance(keyed, KeyedVectors):
        raise InputError(f"{path}: holds {type(loaded).__name__}, expected gensim's KeyedVectors")
    return from_keyed_vectors(keyed)


def _restricted(path: Path, stream: Stream) -> WordVectors:
    # gensim, too, reads byte strings of Python 2 as Latin-1
    loaded = RestrictedUnpickler(stream, encoding="latin1").load()
    if not isinstance(loaded, Stored):
        raise InputError(f"{path}: holds {type(loaded).__name__}, expected gensim's KeyedVectors")
    state = vars(loaded)
    words = next((state[name] for name in _WORDS if name in state), None)
    vectors = next((array for name in _VECTORS if (array := _array(path, state, name)) is not None), None)
    if not isinstance(words, list) or vectors is None:
        raise InputError(f"{path}: has no list of words and matrix of vectors, as gensim's KeyedVectors has")
    if vectors.ndim != 2 or len(vectors) != len(words):
        raise InputError(f"{path}: {len(words):,} words do not match a matrix of shape {vectors.shape}")
    return WordVectors([str(word) for word in words], vectors, _counts(state, words))


def _array(path: Path, state: dict[str, Any], name: str) -> np.ndarray | None:
    """An attribute that is an array, or the file next to `path` that gensim moved it to."""
    moved = state.get("__numpys")
    if not isinstance(moved, list) or name not in moved:
        return stored_array(state.get(name))
    if path.suffix in (".gz", ".bz2"):
        with np.load(Path(f"{path}.{name}.npz"), allow_pickle=False) as file:
            return np.asarray(file["val"])
    # mapped first, so that a file shorter than it says is refused before memory is taken for it
    return np.asarray(np.load(Path(f"{path}.{name}.npy"), mmap_mode="r", allow_pickle=False))


def _counts(state: dict[str, Any], words: list[Any]) -> np.ndarray | None:
    """Counts of gensim 4, an array, or of earlier ones, an object for each word; None if they are missing."""
    expandos, vocab = state.get("expandos"), state.get("vocab")
    counts = None
    if isinstance(expandos, dict):
        counts = stored_array(expandos.get("count"))
    elif isinstance(vocab, dict):
        found = [vars(vocab[word]).get("count") if isinstance(vocab.get(word), Stored) else None for word in words]
        if all(isinstance(count, int) and abs(count) < 1 << 63 for count in found):
            counts = np.array(found, dtype=np.int64)
    if counts is None or counts.shape != (len(words),) or counts.dtype.kind not in "iu":
        return None
    return counts.astype(np.int64)


def _conversion(path: Path) -> str:
    """A shell command that writes the vectors of any gensim model as plain `KeyedVectors`."""
    code = (
        "import sys; from gensim.models import KeyedVectors as K; m = K.load(sys.argv[1]); m = getattr(m, 'wv', m); "
        "k = K(m.vector_size); k.add_vectors(m.index_to_key, m.vectors); k.save(sys.argv[1] + '.kv')"
    )
    return f'python -c "{code}" {shlex.quote(str(path))}'
