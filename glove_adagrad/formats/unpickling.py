"""Unpickling of what gensim saves, without running code: only plain data and numeric arrays come out.

A pickle names functions and classes to call. Here every name must be in a table, and stands for one of the inert
classes of this module or for a container of Python's own; nothing of gensim or NumPy is called with what the file
says. What is not in the table is refused before anything is called.
"""

from __future__ import annotations

import pickle
import re
from collections import OrderedDict, defaultdict
from typing import Any, NoReturn

import numpy as np


class ForbiddenName(Exception):
    """A pickle names something outside the table; the message is the name."""


class _Frozen(type):
    """Classes whose attributes a pickle cannot set: BUILD can be aimed at a class too."""

    def __setattr__(cls, name: str, value: object) -> NoReturn:
        raise pickle.UnpicklingError(f"sets {name} of a class")


class Stored(metaclass=_Frozen):
    """Stands for any object of gensim: its attributes, in `__dict__`."""


class _DType(metaclass=_Frozen):
    """Stands for `numpy.dtype`: numbers of a fixed size only."""

    __slots__ = ("dtype",)

    def __init__(self, code: str, *_: object) -> None:
        if not isinstance(code, str) or not re.fullmatch(r"[<>=|]?[biuf][1248]", code):
            raise pickle.UnpicklingError("an array of something other than numbers")
        self.dtype = np.dtype(code)

    def __setstate__(self, state: Any) -> None:
        if state[1] in ("<", ">"):
            self.dtype = self.dtype.newbyteorder(state[1])


class _Array(metaclass=_Frozen):
    """Stands for `numpy.ndarray`, and for the function that makes an empty one to be filled."""

    __slots__ = ("array",)

    def __init__(self, *_: object) -> None:
        self.array = np.empty(0, dtype=np.float32)

    def __setstate__(self, state: Any) -> None:
        _, shape, dtype, fortran, data = state
        self.array = _filled(data, dtype, shape, "F" if fortran else "C")


class _ArrayOfBuffer(metaclass=_Frozen):
    """Stands for the function that pickles of protocol 5 make arrays with."""

    def __new__(cls, data: Any, dtype: Any, shape: Any, order: Any, *_: object) -> Any:
        made = _Array()
        made.array = _filled(data, dtype, shape, "F" if order == "F" else "C")
        return made


class _Scalar(metaclass=_Frozen):
    """Stands for the function that makes a NumPy scalar; gives Python's number."""

    def __new__(cls, dtype: Any, data: Any) -> Any:
        return _filled(data, dtype, (1,), "C")[0].item()


class _Encoded(metaclass=_Frozen):
    """Stands for `_codecs.encode`, by which pickles of protocol 2 hold bytes."""

    def __new__(cls, text: Any, encoding: Any = None) -> Any:
        if not isinstance(text, str) or encoding != "latin1":
            raise pickle.UnpicklingError("an unknown encoding of bytes")
        return text.encode("latin1")


def _filled(data: Any, dtype: Any, shape: Any, order: Any) -> np.ndarray:
    if isinstance(data, str):
        data = data.encode("latin1")  # a byte string of Python 2
    if not isinstance(data, (bytes, bytearray)) or not isinstance(dtype, _DType):
        raise pickle.UnpicklingError("an array of something other than numbers")
    shape = tuple(int(length) for length in shape)
    if any(length < 0 for length in shape):
        raise pickle.UnpicklingError("an array of a negative length")
    return np.frombuffer(data, dtype=dtype.dtype).reshape(shape, order=order)


_KEYED_VECTORS = ("KeyedVectors", "Word2VecKeyedVectors", "EuclideanKeyedVectors", "WordEmbeddingsKeyedVectors")
_ALLOWED: dict[tuple[str, str], type] = {
    **{("gensim.models.keyedvectors", name): Stored for name in (*_KEYED_VECTORS, "BaseKeyedVectors")},
    **{("gensim.models.keyedvectors", name): Stored for name in ("FastTextKeyedVectors", "Doc2VecKeyedVectors")},
    **{("gensim.models.keyedvectors", name): Stored for name in ("Vocab", "CompatVocab", "SimpleVocab")},
    ("gensim.models.word2vec", "Vocab"): Stored,
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _DType,
    **{(f"numpy.{core}.multiarray", "_reconstruct"): _Array for core in ("core", "_core")},
    **{(f"numpy.{core}.multiarray", "scalar"): _Scalar for core in ("core", "_core")},
    **{(f"numpy.{core}.numeric", "_frombuffer"): _ArrayOfBuffer for core in ("core", "_core")},
    ("_codecs", "encode"): _Encoded,
    ("collections", "OrderedDict"): OrderedDict,
    ("collections", "defaultdict"): defaultdict,
    **{
        (module, kind.__name__): kind
        for module in ("builtins", "__builtin__")
        for kind in (set, frozenset, dict, list, tuple, int, float)
    },
    ("builtins", "bytearray"): bytearray,
}


class RestrictedUnpickler(pickle.Unpickler):
    """Loads a pickle of gensim's `KeyedVectors` as `Stored`, with arrays as `stored_array` takes them.

    Raises
    ------
    ForbiddenName
        If the pickle names a class or function outside the table.
    Exception
        Of many kinds, if the pickle is damaged.
    """

    def find_class(self, module_name: str, global_name: str, /) -> Any:
        allowed = _ALLOWED.get((module_name, global_name))
        if allowed is None:
            raise ForbiddenName(f"{module_name}.{global_name}")
        return allowed


def stored_array(value: object) -> np.ndarray | None:
    """The array that an attribute of a `Stored` holds, or None if it holds something else."""
    return value.array if type(value) is _Array else None
