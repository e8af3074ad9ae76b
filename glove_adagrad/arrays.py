"""NumPy files, read as if they were damaged: whatever is wrong with one is a single line.

This is the only place that catches every error of a foreign decoder. NumPy, zipfile and the decompressors behind them
raise a dozen types of exceptions for damaged bytes, and the list differs by version.
"""

from __future__ import annotations

import contextlib
import io
import json
import math
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy

from glove_adagrad.errors import InputError

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
        if isinstance(error, OSError) and error.errno is not None:
            raise InputError(f"{path}: cannot be read ({error.strerror})") from error
        raise DamagedError(f"{path}: is damaged ({str(error).strip() or type(error).__name__})") from error


def read_json(data: bytes, path: Path) -> Any:
    """Parse JSON.

    Raises
    ------
    DamagedError
        If `data` is not JSON in UTF-8.
    """
    with decoding(path):
        return json.loads(data)


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
        If a member is damaged, is no array, or holds Python objects.
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
