"""Our own files, read as if they were damaged: whatever is wrong with one is a single line.

This is the only place that catches every error of a foreign decoder. NumPy, zipfile and the decompressors behind them
raise a dozen types of exceptions for damaged bytes, and the list differs by version.
"""

from __future__ import annotations

import contextlib
import errno
import io
import json
import math
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import MISSING, fields
from pathlib import Path
from typing import IO, Any, TypeVar

import numpy as np
from numpy.lib import format as npy

from glove_adagrad.errors import InputError

#: Deeper than what this program writes as JSON, and shallow enough for functions that call themselves.
_DEEPEST = 50

#: The key of the checksum of all other values.
_SEAL = "checksum"

#: Bytes copied at a time.
_BLOCK = 1 << 20


class DamagedError(InputError):
    """A file whose bytes are not those that were written."""


@contextlib.contextmanager
def decoding(path: Path) -> Iterator[None]:
    """Turn any error of a foreign decoder in the block into a `DamagedError` that names `path`."""
    try:
        yield
    except (InputError, MemoryError):
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno not in (None, errno.EIO):
            raise InputError(f"{path}: cannot be read ({error.strerror})") from error
        raise DamagedError(f"{path}: is damaged ({str(error).strip() or type(error).__name__})") from error


def read_json(data: bytes, path: Path) -> Any:
    """Parse JSON.

    Raises
    ------
    DamagedError
        If `data` is not JSON in UTF-8, is nested more than 50 deep, or has a lone surrogate in a string.
    """
    with decoding(path):
        value = json.loads(data)
        waiting = [(value, 0)]
        while waiting:
            part, depth = waiting.pop()
            if depth > _DEEPEST:
                raise ValueError(f"nested more than {_DEEPEST} deep")
            if isinstance(part, dict):
                waiting += ((inner, depth + 1) for pair in part.items() for inner in pair)
            elif isinstance(part, list):
                waiting += ((inner, depth + 1) for inner in part)
            elif isinstance(part, str):
                part.encode("utf-8", "surrogateescape")  # which stands for bytes of a file name
    return value


def sealed_json(values: dict[str, Any]) -> bytes:
    """Format values as JSON, with a checksum of them as the last value."""
    return (json.dumps({**values, _SEAL: _checksum(values)}, indent=2) + "\n").encode()


def check_seal(values: dict[str, Any], path: Path, remedy: str) -> None:
    """Compare values that `sealed_json` wrote with their checksum; `remedy` is what to do if it differs.

    Raises
    ------
    DamagedError
        If it differs.
    """
    if values.get(_SEAL) != _checksum({key: value for key, value in values.items() if key != _SEAL}):
        raise DamagedError(f"{path}: is damaged (its checksum differs); {remedy}")


def _checksum(values: dict[str, Any]) -> int:
    """CRC-32 of values, however the file that contains them is spaced."""
    return zlib.crc32(json.dumps(values, sort_keys=True).encode())


def check_format(meta: Any, name: str, version: int, path: Path) -> int:
    """The number at the end of the `format` that a file names, `NAME NUMBER`.

    Raises
    ------
    InputError
        If it is of another program, or of a version above `version`.
    """
    found = meta.get("format") if isinstance(meta, dict) else None
    number = re.fullmatch(rf"{name} ([1-9][0-9]{{0,8}})", found) if isinstance(found, str) else None
    if number is None:
        raise InputError(f"{path}: is not of the format '{name} {version}'; was it made by another program?")
    if int(number[1]) > version:
        raise InputError(f"{path}: was written by a newer version of this program ('{found}'); update it")
    return int(number[1])


def is_number(value: Any, least: float = -math.inf, most: float = math.inf) -> bool:
    """Whether a value out of JSON is a number in a range."""
    return isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most


def is_whole(value: Any, least: int, most: int = (1 << 63) - 1) -> bool:
    """Whether a value out of JSON is a whole number in a range."""
    return isinstance(value, int) and is_number(value, least, most)


#: Whether a value out of JSON is of the type that a dataclass names for a field.
_OF_TYPE: dict[str, Callable[[Any], bool]] = {
    "bool": lambda value: isinstance(value, bool),
    "int": lambda value: is_whole(value, -(1 << 63)),
    "float": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "str": lambda value: isinstance(value, str),
    "None": lambda value: value is None,
}

_Built = TypeVar("_Built")


def build(cls: type[_Built], values: Any, path: Path, **others: Any) -> _Built:
    """A dataclass out of plain values that a file holds, each of the type that its field names.

    Parameters
    ----------
    others : optional
        Fields that are given and not read.

    Raises
    ------
    DamagedError
        If a value is missing, of another type or impossible.
    InputError
        If there is a field that this version does not know.
    """
    kinds = {field.name: field for field in fields(cls)}  # type: ignore[arg-type]
    if not isinstance(values, dict):
        raise DamagedError(f"{path}: is damaged ({cls.__name__} is {values!r})")
    if unknown := sorted(values.keys() - kinds.keys()):
        raise InputError(f"{path}: has {unknown[0]!r}, of a newer version of this program; update it")
    for name, value in values.items():
        if not any(_OF_TYPE[kind](value) for kind in str(kinds[name].type).split(" | ")):
            raise DamagedError(f"{path}: is damaged ({name} is {value!r})")
    given = {**values, **others}
    for name, field in kinds.items():
        if name not in given and field.default is MISSING and field.default_factory is MISSING:
            raise DamagedError(f"{path}: is damaged ({name} is missing)")
    try:
        return cls(**given)
    except InputError as error:
        raise DamagedError(f"{path}: is damaged ({error})") from error


def read_array(data: bytes, path: Path) -> np.ndarray:
    """Read the bytes of a .npy file.

    Raises
    ------
    DamagedError
        If they are not one array, or hold Python objects.
    """
    with decoding(path):
        return _array(io.BytesIO(data), len(data))


def read_archive(path: Path) -> dict[str, np.ndarray]:
    """Read all arrays of a .npz file, and compare every member with its CRC-32.

    Raises
    ------
    DamagedError
        If a member is damaged, is not an array, or holds Python objects.
    InputError
        If the file cannot be read.
    """
    arrays = {}
    with decoding(path), zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            name = member.filename.removesuffix(".npy")
            with archive.open(member) as stream:
                arrays[name] = _array(stream, member.file_size)
    return arrays


def _array(file: IO[bytes], size: int) -> np.ndarray:
    """The array that a stream of `size` bytes holds. It must end where the stream ends.

    NumPy's own reader takes the header's word for where the numbers begin and how many there are. If the header is
    damaged it stops before the end of the stream, where a CRC would be compared, or asks for any amount of memory.
    """
    version = npy.read_magic(file)
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f"version {version[0]}.{version[1]} of the .npy format")
    read_header: Any = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, fortran, dtype = read_header(file)
    if dtype.hasobject or any(length < 0 for length in shape):
        raise ValueError(f"an array of {dtype} {shape}")
    begin, wanted = file.tell(), math.prod(shape) * dtype.itemsize
    if size - begin != wanted:
        raise ValueError(f"{size - begin:,} bytes of numbers where {wanted:,} belong")
    raw = np.empty(wanted, np.uint8)
    end = 0
    while piece := file.read(_BLOCK):
        raw[end : end + len(piece)] = np.frombuffer(piece, np.uint8)
        end += len(piece)
    if end != wanted:
        raise ValueError("ends early")
    return raw.view(dtype).reshape(shape, order="F" if fortran else "C")
