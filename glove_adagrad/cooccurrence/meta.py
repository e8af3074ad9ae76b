"""`meta.json` of a folder of co-occurrences: what a matrix is, with checksums of the other files and of itself.

| key | value |
|---|---|
| `format` | `FORMAT` |
| `words`, `tokens`, `records` | sizes |
| `denominator` | what sums are divided by to give X |
| `windows` | settings of `Windows` (its `to_json`), or null where they are not known |
| `min_cooccurrence` | cells with a smaller X have been left out |
| `checksums` | CRC-32 of `lower.bin`, and of `upper.bin` if there is one |
| `files` | CRC-32 of `vocab.txt` and of the tables |
| `checksum` | CRC-32 of all of the above |

Format 2 had other tiles and tables (see `cooccurrence.tiles`), and at most 256 parts. Format 1 had no `files` and no
`checksum`, and its tables no CRC-32 of tiles.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from glove_adagrad.cooccurrence.distance_weights import LARGEST_DENOMINATOR
from glove_adagrad.cooccurrence.windows import Windows
from glove_adagrad.decoding import (
    DamagedError,
    check_format,
    check_seal,
    is_number,
    is_whole,
    read_json,
    sealed_json,
)
from glove_adagrad.errors import InputError

_NAME, _VERSION = "glove-adagrad co-occurrences", 3
FORMAT = f"{_NAME} {_VERSION}"


def _are_checksums(value: Any) -> bool:
    return isinstance(value, dict) and all(is_whole(number, 0, 0xFFFFFFFF) for number in value.values())


#: What each value must be.
_KEYS: dict[str, Callable[[Any], bool]] = {
    "format": lambda value: isinstance(value, str),
    "words": lambda value: is_whole(value, 1, (1 << 32) - 2),
    "tokens": lambda value: is_whole(value, 0),
    "records": lambda value: is_whole(value, 1),
    "denominator": lambda value: is_whole(value, 1, LARGEST_DENOMINATOR),
    "windows": lambda value: value is None or isinstance(value, dict),
    "min_cooccurrence": lambda value: is_number(value, 0),
    "checksums": lambda value: _are_checksums(value) and value.keys() in ({"lower"}, {"lower", "upper"}),
}

#: Entries that format 1 does not have.
_KEYS_OF_2: dict[str, Callable[[Any], bool]] = {
    "files": _are_checksums,
    "checksum": lambda value: is_whole(value, 0, 0xFFFFFFFF),
}


def format_meta(values: dict[str, Any]) -> bytes:
    """The content of `meta.json` with the given values; its format and its checksum are added."""
    return sealed_json({"format": FORMAT, **values})


def is_old(meta: dict[str, Any]) -> bool:
    """Whether a folder with this checked `meta.json` has tiles and tables of formats 1 and 2."""
    return bool(meta["format"] != FORMAT)


def parse_meta(data: bytes, path: Path) -> dict[str, Any]:
    """The values of `meta.json`, checked.

    Raises
    ------
    DamagedError
        If it is not as it was written.
    InputError
        If another program or a newer version wrote it.
    """
    meta = read_json(data, path)
    version = check_format(meta, _NAME, _VERSION, path)
    keys = {**_KEYS, **_KEYS_OF_2} if version >= 2 else _KEYS
    if version >= 2:
        check_seal(meta, path, "count again")
    for key, holds in keys.items():
        if key not in meta or not holds(meta[key]):
            raise DamagedError(f"{path}: is damaged ({key} is {meta.get(key, 'missing')!r}); count again")
    if unknown := sorted(meta.keys() - keys.keys()):
        raise InputError(f"{path}: has {unknown[0]!r}, of a newer version of this program; update it")
    if version >= 2 and meta["files"].keys() != {"vocab.txt", *(f"{half}.npy" for half in meta["checksums"])}:
        raise DamagedError(f"{path}: is damaged (files are {sorted(meta['files'])}); count again")
    if meta["windows"]:
        Windows.from_json(meta["windows"], path)
    return dict(meta)
