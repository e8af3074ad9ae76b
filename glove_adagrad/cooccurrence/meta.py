"""`meta.json` of a folder of co-occurrences: what a matrix is, with checksums of the other files and of itself.

| key | value |
|---|---|
| `format` | `FORMAT` |
| `words`, `tokens`, `records` | sizes |
| `denominator` | what sums are divided by to give X |
| `windows` | settings of `Windows`, or null where they are not known |
| `min_cooccurrence` | cells with a smaller X have been left out |
| `checksums` | CRC-32 of `lower.bin`, and of `upper.bin` if there is one |
| `files` | CRC-32 of `vocab.txt` and of the tables |
| `checksum` | CRC-32 of all of the above |

Format 1 had no `files` and no `checksum`, and its tables no CRC-32 of tiles.
"""

from __future__ import annotations

import json
import math
import re
import zlib
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

from glove_adagrad.arrays import DamagedError, read_json
from glove_adagrad.cooccurrence.windows import Windows
from glove_adagrad.errors import InputError

_FORMAT_NAME, _VERSION = "glove-adagrad co-occurrences", 2
FORMAT = f"{_FORMAT_NAME} {_VERSION}"

_HALVES = ({"lower"}, {"lower", "upper"})


def _whole(least: int, most: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _checksums(value: Any) -> bool:
    return isinstance(value, dict) and all(map(_whole(0, 0xFFFFFFFF), value.values()))


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < math.inf


#: What each value must be.
_KEYS: dict[str, Callable[[Any], bool]] = {
    "format": lambda value: isinstance(value, str),
    "words": _whole(1, (1 << 32) - 2),
    "tokens": _whole(0, (1 << 63) - 1),
    "records": _whole(1, (1 << 63) - 1),
    "denominator": _whole(1, 1 << 100),
    "windows": lambda value: value is None or isinstance(value, dict),
    "min_cooccurrence": _number,
    "checksums": lambda value: _checksums(value) and value.keys() in _HALVES,
}

#: What format 2 has besides.
_KEYS_OF_2: dict[str, Callable[[Any], bool]] = {"files": _checksums, "checksum": _whole(0, 0xFFFFFFFF)}


def format_meta(values: dict[str, Any]) -> bytes:
    """The content of `meta.json` with the given values; its format and its checksum are added."""
    meta = {"format": FORMAT, **values}
    return (json.dumps({**meta, "checksum": _checksum(meta)}, indent=2) + "\n").encode()


def parse_meta(data: bytes, path: Path) -> dict[str, Any]:
    """The values of `meta.json`, checked.

    Raises
    ------
    DamagedError
        If it is not as it was written.
    InputError
        If another program or a newer version wrote it.
    """
    try:
        meta = read_json(data, path)
    except DamagedError as error:
        raise DamagedError(f"{error}; count again") from error
    name = meta.get("format") if isinstance(meta, dict) else None
    version = re.fullmatch(rf"{_FORMAT_NAME} ([1-9][0-9]{{0,8}})", name) if isinstance(name, str) else None
    if version is None:
        raise InputError(f"{path}: is not of the format '{FORMAT}'; was it made by another program?")
    number = int(version[1])
    keys = {**_KEYS, **_KEYS_OF_2} if number >= 2 else _KEYS
    if number >= 2 and meta.get("checksum") != _checksum({k: v for k, v in meta.items() if k != "checksum"}):
        raise DamagedError(f"{path}: is damaged (its checksum differs); count again")
    if number > _VERSION:
        raise InputError(f"{path}: was written by a newer version of this program ('{name}'); update it")
    for key, holds in keys.items():
        if key not in meta or not holds(meta[key]):
            raise DamagedError(f"{path}: is damaged ({key} is {meta.get(key, 'missing')!r}); count again")
    more = sorted((meta.keys() - keys.keys()) | _unknown_windows(meta["windows"]))
    if more:
        raise InputError(f"{path}: has {more[0]!r}, which this version does not know; update it, or count again")
    if number >= 2 and meta["files"].keys() != {"vocab.txt", *(f"{half}.npy" for half in meta["checksums"])}:
        raise DamagedError(f"{path}: is damaged (files are {sorted(meta['files'])}); count again")
    _check_windows(meta["windows"], path)
    return dict(meta)


def _checksum(values: dict[str, Any]) -> int:
    """CRC-32 of values, however the file that they stand in is spaced."""
    return zlib.crc32(json.dumps(values, sort_keys=True).encode())


def _unknown_windows(windows: dict[str, Any] | None) -> set[str]:
    return set(windows or ()) - {field.name for field in fields(Windows)}


def _check_windows(windows: dict[str, Any] | None, path: Path) -> None:
    if windows is None:
        return
    types = {field.name: type(field.default) for field in fields(Windows)}
    for name, value in windows.items():
        if type(value) is not types[name] and not (types[name] is float and type(value) is int):
            raise DamagedError(f"{path}: is damaged ({name} is {value!r}); count again")
    try:
        Windows(**windows)
    except InputError as error:
        raise DamagedError(f"{path}: is damaged ({error}); count again") from error
