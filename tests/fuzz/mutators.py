"""Mutations of valid files: damage to bytes, and hostile edits that keep the container intact."""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import json
import lzma
import math
import pickle
import re
import struct
import zipfile
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, NamedTuple

import zstandard

Mutator = Callable[[Random, bytes, bytes], bytes]


class Mutation(NamedTuple):
    """A mutated file, the names of the mutations, and whether it may be a well-formed file of other content."""

    data: bytes
    names: tuple[str, ...]
    edited: bool


_INTEGERS = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 1 << 62, (1 << 64) - 1)
_FLOATS = (0.0, -0.0, 5e-324, 1e-45, 1e-300, 1e18, 1e19, 3.4e38, 1e300, math.inf, -math.inf, math.nan, -1.0)
_NUMBERS = (
    *b"0 -0 -1 1 2 65535 4000000000 2147483648 100000000000000 9223372036854775807 99999999999999999999".split(),
    *b"1e400 1e-400 1e38 3.5e38 -1e30 1e-30 5e-324 nan inf -inf 1.0000000000000000000000000001".split(),
    *b"1_000 0x1p-3 1,5 +1 .5 5. . - e5 1e True \xd9\xa3 \xc2\xb2".split(),
    b"",
    b"9" * 5000,
    b"0" * 400 + b"1",
)
_TOKENS = (
    *(b"<unk>", b"</s>", b"<script>", b"#", b":", b",", b";", b"|", b'"', b"'", b"/", b"\\", b"$x^2$"),
    b": ",
    b"\t",
    b"\t\t",
    b"a b c d e f",
    b"x" * 1001,
    b"\xc3\xa4" * 500,
    b"x" * 70_000,
    # what a terminal acts upon
    *(b"\x1b[31mred\x1b[0m", b"\x1b]0;title\x07", b"\xc2\x9b2J", b"\xe2\x80\xae", b"\r", b"\0"),
    # white space and marks of Unicode
    *(b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"\xe3\x80\x80", b"\xc2\xa0", b"\xc2\x85", b"\x0b", b"\x0c"),
    # not UTF-8
    *(b"\xff\xfe", b"\x80", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf4\x90\x80\x80"),
)

# Damage: what disks, networks and programs do to bytes ------------------------------------------------------------


def flip_bit(random: Random, data: bytes, other: bytes) -> bytes:
    return _at(data, at := random.randrange(len(data)), bytes([data[at] ^ 1 << random.randrange(8)]))


def set_byte(random: Random, data: bytes, other: bytes) -> bytes:
    return _at(data, random.randrange(len(data)), random.randbytes(1))


def random_block(random: Random, data: bytes, other: bytes) -> bytes:
    begin, end = _span(random, data, 64)
    return data[:begin] + random.randbytes(end - begin) + data[end:]


def insert_bytes(random: Random, data: bytes, other: bytes) -> bytes:
    at = random.randrange(len(data) + 1)
    return data[:at] + random.randbytes(random.randint(1, 16)) + data[at:]


def delete_bytes(random: Random, data: bytes, other: bytes) -> bytes:
    begin, end = _span(random, data, 64)
    return data[:begin] + data[end:]


def cut_end(random: Random, data: bytes, other: bytes) -> bytes:
    return data[: random.randrange(len(data))] if random.random() < 0.7 else data[: -random.randint(1, 9)]


def cut_begin(random: Random, data: bytes, other: bytes) -> bytes:
    return data[random.randrange(len(data)) :]


def zero_block(random: Random, data: bytes, other: bytes) -> bytes:
    begin, end = _span(random, data, 4096)
    return data[:begin] + bytes(end - begin) + data[end:]


def ones_block(random: Random, data: bytes, other: bytes) -> bytes:
    begin, end = _span(random, data, 64)
    return data[:begin] + b"\xff" * (end - begin) + data[end:]


def repeat_block(random: Random, data: bytes, other: bytes) -> bytes:
    begin, end = _span(random, data, 512)
    return data[:end] + data[begin:end] * random.randint(1, 3) + data[end:]


def swap_blocks(random: Random, data: bytes, other: bytes) -> bytes:
    a, b, c, d = sorted(random.randrange(len(data) + 1) for _ in range(4))
    return data[:a] + data[c:d] + data[b:c] + data[a:b] + data[d:]


def splice(random: Random, data: bytes, other: bytes) -> bytes:
    """The beginning of one valid file and the end of another."""
    at = random.randrange(len(data) + 1)
    spliced = data[:at] + other[at if random.random() < 0.5 else random.randrange(len(other) + 1) :]
    # the whole other file, as where both begin alike, is valid
    return spliced if spliced != other else flip_bit(random, other, data)


def append(random: Random, data: bytes, other: bytes) -> bytes:
    return data + random.choice([b"\0", b"\n", bytes(512), random.randbytes(random.randint(1, 40)), data, other])


def empty(random: Random, data: bytes, other: bytes) -> bytes:
    return b""


def another_kind(random: Random, data: bytes, other: bytes) -> bytes:
    """The first bytes of a file of another kind, or a small such file."""
    heads = (
        *(
            b"\x1f\x8b\x08",
            b"BZh9",
            b"\xfd7zXZ\0",
            b"\x28\xb5\x2f\xfd",
            b"PK\x03\x04",
            b"\x93NUMPY\x01\0",
            b"\x80\x04",
        ),
        *(
            b"SQLite format 3\0",
            b"version https://git-lfs.github.com/spec/v1\n",
            b"<!DOCTYPE html>\n",
            b"%PDF-1.4\n",
            b"{}",
        ),
    )
    return random.choice(heads) + random.choice([data, b"", bytes(100)])


class _Touch:
    """What creates the file `TOUCHED` when its pickle is loaded."""

    def __reduce__(self) -> tuple[Any, ...]:
        return open, (TOUCHED, "w")


TOUCHED = "TOUCHED"
_HOSTILE_PICKLES = [pickle.dumps(_Touch(), protocol) for protocol in (0, 2, 4, 5)]


def hostile_pickle(random: Random, data: bytes, other: bytes) -> bytes:
    """Code in the place of data."""
    return random.choice(_HOSTILE_PICKLES)


def extreme_integer(random: Random, data: bytes, other: bytes) -> bytes:
    width = random.choice([1, 2, 4, 8])
    return _at(
        data,
        _aligned(random, data, width),
        (random.choice(_INTEGERS) & (1 << 8 * width) - 1).to_bytes(width, "little"),
    )


def extreme_float(random: Random, data: bytes, other: bytes) -> bytes:
    code, width = random.choice([("<f", 4), ("<d", 8)])
    value = random.choice(_FLOATS)
    raw = struct.pack(code, value if code == "<d" or not 3.4e38 < abs(value) < 1e308 else 3.4e38)
    return _at(data, _aligned(random, data, width), raw)


DAMAGE: tuple[Mutator, ...] = (
    flip_bit, flip_bit, flip_bit, set_byte, random_block, insert_bytes, delete_bytes, cut_end, cut_begin, zero_block,
    ones_block, repeat_block, swap_blocks, splice, append, empty, another_kind, hostile_pickle,
)  # fmt: skip
BINARY: tuple[Mutator, ...] = (
    *DAMAGE,
    extreme_integer,
    extreme_integer,
    extreme_integer,
    extreme_float,
    extreme_float,
)

# Text -------------------------------------------------------------------------------------------------------------


def extreme_number(random: Random, data: bytes, other: bytes) -> bytes:
    found = list(re.finditer(rb"[-+]?\d[\d.eE+-]*", data[:200_000]))
    if not found:
        return insert_token(random, data, other)
    begin, end = random.choice(found).span()
    return data[:begin] + random.choice(_NUMBERS) + data[end:]


def header_lie(random: Random, data: bytes, other: bytes) -> bytes:
    head, newline, rest = data.partition(b"\n")
    numbers = list(re.finditer(rb"\d+", head))
    if not numbers:
        return extreme_number(random, data, other)
    begin, end = random.choice(numbers).span()
    value = int(head[begin:end][:18])
    lies = (b"%d" % (value + 1), b"%d" % max(value - 1, 0), b"%d0" % value, *_NUMBERS)
    return head[:begin] + random.choice(lies) + head[end:] + newline + rest


def insert_token(random: Random, data: bytes, other: bytes) -> bytes:
    token = random.choice(_TOKENS)
    places = [match.start() for match in re.finditer(rb"[\s,;]", data[:200_000])] or [0]
    at = random.choice([0, len(data), random.choice(places), random.randrange(len(data) + 1)])
    return data[:at] + token + data[at:]


def replace_field(random: Random, data: bytes, other: bytes) -> bytes:
    begin, end = random.choice(list(re.finditer(rb"[^\s,;]+", data[:200_000])) or [re.match(b"", b"")]).span()  # type: ignore[union-attr]
    return data[:begin] + random.choice([*_TOKENS, b""]) + data[end:]


def change_lines(random: Random, data: bytes, other: bytes) -> bytes:
    lines = data.split(b"\n")
    at, to = random.randrange(len(lines)), random.randrange(len(lines))
    match random.randrange(6):
        case 0:
            del lines[at]
        case 1:
            lines.insert(to, lines[at])
        case 2:
            lines[at], lines[to] = lines[to], lines[at]
        case 3:
            lines.insert(at, b"")
        case 4:
            lines[at : at + 2] = [b"".join(lines[at : at + 2])]
        case 5:
            fields = lines[at].split(b" ")
            lines[at] = b" ".join(random.sample(fields, len(fields)))
    return b"\n".join(lines)


def line_ends(random: Random, data: bytes, other: bytes) -> bytes:
    return data.replace(b"\n", random.choice([b"\r\n", b"\r", b"\n\r", b"\n\n", b" \n", b"\xe2\x80\xa8", b"\0"]))


def separators(random: Random, data: bytes, other: bytes) -> bytes:
    found = random.choice([b" ", b"\t", b","])
    return data.replace(
        found,
        random.choice([b" ", b"\t", b",", b";", b"  ", b"\xc2\xa0", b"\xe3\x80\x80", b"", b" \t "]),
        random.choice([1, 7, -1]),
    )


def encoding(random: Random, data: bytes, other: bytes) -> bytes:
    text = data.decode("utf-8", "replace")
    match random.choice(["bom", "bom", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "cp037"]):
        case "bom":
            return codecs.BOM_UTF8 + data
        case name:
            return text.encode(name, "replace")


def decimal_commas(random: Random, data: bytes, other: bytes) -> bytes:
    return re.sub(rb"(\d)\.(\d)", rb"\1,\2", data)


TEXT: tuple[Mutator, ...] = (
    *DAMAGE, *[extreme_number] * 3, header_lie, header_lie, insert_token, insert_token, replace_field, replace_field,
    change_lines, change_lines, line_ends, separators, encoding, decimal_commas,
)  # fmt: skip

# JSON -------------------------------------------------------------------------------------------------------------

_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2, 1.5, -0.0, 1e308, math.nan, math.inf, 10**30, -(10**30), 2**31, 2**63, 2**64),
    *("", "x", "0", "nan", "\ud800", "../../..", "\x1b[2J", "\0", "x" * 10_000, "none", "line"),
    *([], [[]], [None], {}, {"a": 1}, [1, 2, 3]),
)


def edit_json(random: Random, data: bytes, other: bytes) -> bytes:
    try:
        root = json.loads(data)
    except (ValueError, RecursionError):
        return flip_bit(random, data, other) if data else b"{}"
    holders: list[Any] = []

    def walk(value: Any) -> None:
        if isinstance(value, (dict, list)) and value:
            holders.append(value)
            for part in value.values() if isinstance(value, dict) else value:
                walk(part)

    walk(root)
    if not holders or random.random() < 0.05:
        return json.dumps(random.choice(_VALUES)).encode()
    holder = random.choice(holders)
    key = random.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
    match random.randrange(9):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, dict):
            holder[random.choice(["", "unknown", "\ud800", f"{key}x", str(key)[:-1]])] = holder.pop(key)
        case 2 if isinstance(holder, dict):
            holder[random.choice(["unknown", "__class__", "self"])] = random.choice(_VALUES)
        case 3:
            holder[key] = [holder[key]]
        case 4 if isinstance(holder[key], (int, float)):
            holder[key] = str(holder[key])
        case 5 if isinstance(holder[key], (int, float)):
            holder[key] = random.choice([-holder[key], holder[key] + 1, float(holder[key]), holder[key] * 1000])
        case _:
            holder[key] = random.choice(_VALUES)
    return json.dumps(root).encode()


def deep_json(random: Random, data: bytes, other: bytes) -> bytes:
    return random.choice([b"[", b'{"a":', b'{"epochs":[']) * random.choice([1000, 100_000])


JSON: tuple[Mutator, ...] = (*DAMAGE, *[edit_json] * 24, deep_json, encoding)

# NumPy's .npy and .npz --------------------------------------------------------------------------------------------


_DTYPES = (
    *b"'<f8' '<f4' '<f2' '<i4' '>i8' '<u8' '|b1' '|S8' '<U2' '<c8' '|O' '<M8[s]'".split(),
    b"[('a', '<i4'), ('b', '<i4')]",
)
_SHAPES = (
    *b"() (0,) (1,) (-1,) (3,) (0,3) (1024,3,1)".split(),
    *b"(9223372036854775807,) (4294967296,4294967296) (100000000000,1)".split(),
)


def edit_npy(random: Random, data: bytes, other: bytes) -> bytes:
    """Change dtype, shape or order in the header of an array, whose bytes stay."""
    size = int.from_bytes(data[8:10], "little") if data[:6] == b"\x93NUMPY" else 0
    header, body = data[10 : 10 + size], data[10 + size :]
    if not header.strip():
        return flip_bit(random, data, other) if data else b""
    key, new = random.choice(
        [
            (rb"'descr': '[^']*'", random.choice(_DTYPES)),
            (rb"'shape': \([^)]*\)", random.choice(_SHAPES)),
            (rb"'fortran_order': \w+", random.choice([b"True", b"None", b"1"])),
        ]
    )
    if b"|O" in new and random.random() < 0.7:
        body = random.choice(_HOSTILE_PICKLES)
    header = re.sub(key, key.split(b":")[0] + b": " + new, header).rstrip()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    return data[:8] + len(header).to_bytes(2, "little") + header + body


def edit_zip(random: Random, data: bytes, other: bytes) -> bytes:
    """Change a member of an archive and pack it again, so that every checksum is right."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
    except Exception:
        return flip_bit(random, data, other) if data else b""
    method = zipfile.ZIP_STORED
    name = random.choice(list(members))
    match random.randrange(8):
        case 0:
            del members[name]
        case 1:
            members[random.choice(["x.npy", f"{name}x", name.removesuffix(".npy"), "../x.npy"])] = members.pop(name)
        case 2:
            method = random.choice([zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
        case 3:
            other_name = random.choice(list(members))
            members[name], members[other_name] = members[other_name], members[name]
        case 4 if "meta.npy" in members:
            raw = io.BytesIO()
            import numpy as np

            meta = np.load(io.BytesIO(members["meta.npy"])).tobytes()
            edit = random.choice([edit_json, edit_json, edit_json, deep_json])
            np.save(raw, np.frombuffer(edit(random, meta, meta), np.uint8))
            members["meta.npy"] = raw.getvalue()
        case 5:
            members[name] = random.choice([cut_end, append, empty, delete_bytes])(
                random, members[name], members[name]
            )
        case _:
            members[name] = edit_npy(random, members[name], members[name])
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        for name, member in members.items():
            archive.writestr(name, member)
    return packed.getvalue()


NPY: tuple[Mutator, ...] = (*BINARY, *[edit_npy] * 8)
ZIP: tuple[Mutator, ...] = (*BINARY, *[edit_zip] * 12)

#: Mutators after which a file of our own may be sound and of other content.
_EDITS = {edit_json, edit_npy, edit_zip, deep_json}

# Compressed files -------------------------------------------------------------------------------------------------

_BLOCK = 1 << 22  #: what a member of a bomb unpacks to


def compress(kind: str, data: bytes, random: Random) -> bytes:
    """Compress `data` as one member or as two."""
    if len(data) > 1 and random.random() < 0.3:
        half = len(data) // 2
        return _packed(kind, data[:half]) + _packed(kind, data[half:])
    return _packed(kind, data)


def _packed(kind: str, data: bytes) -> bytes:
    match kind:
        case "gz":
            return gzip.compress(data, mtime=0)
        case "bz2":
            return bz2.compress(data)
        case "xz":
            return lzma.compress(data)
        case "zst":
            return zstandard.ZstdCompressor(write_checksum=True).compress(data)
    raise ValueError(kind)


def bomb(kind: str, piece: bytes) -> bytes:
    """A few kilobytes that unpack to more memory than a trial has."""
    return _packed(kind, piece * (_BLOCK // len(piece))) * 160


def mutate(random: Random, data: bytes, other: bytes, mutators: Sequence[Mutator]) -> Mutation:
    """Apply one to three mutations, mostly one."""
    names, edited = [], False
    for _ in range(random.choice([1, 1, 1, 1, 2, 3])):
        mutator = random.choice(mutators)
        if not data:
            break
        try:
            data = mutator(random, data, other)
        except Exception:
            if not names:
                raise
            continue  # it does not apply to what the one before has left
        names.append(mutator.__name__)
        edited = edited or mutator in _EDITS
    return Mutation(data, tuple(names), edited)


def mutate_compressed(
    random: Random,
    data: bytes,
    plain: bytes,
    other: bytes,
    kind: str,
    mutators: Sequence[Mutator],
    bombs: Sequence[bytes],
) -> Mutation:
    """Damage a compressed file, or its content before it is compressed; now and then it is a bomb."""
    if random.random() < 0.01:
        return Mutation(bomb(kind, random.choice(bombs)), ("bomb",), True)
    if random.random() < 0.5:
        inner = mutate(random, plain, other, mutators)
        return Mutation(compress(kind, inner.data, random), (*inner.names, "compressed"), True)
    return mutate(random, data, compress(kind, other, random), DAMAGE)


def _at(data: bytes, at: int, piece: bytes) -> bytes:
    return data[:at] + piece + data[at + len(piece) :]


def _aligned(random: Random, data: bytes, width: int) -> int:
    return random.randrange(max(len(data) // width, 1)) * width


def _span(random: Random, data: bytes, longest: int) -> tuple[int, int]:
    begin = random.randrange(len(data) + 1)
    return begin, min(len(data), begin + random.randint(1, longest))
