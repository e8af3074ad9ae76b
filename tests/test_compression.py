"""Compressed files: what is written is read back in any pieces, and damage is refused in one line."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import lzma
import random
from pathlib import Path

import pytest
import zstandard

from glove_adagrad.compression import SUFFIXES, compressed, decompressed, detect
from glove_adagrad.errors import InputError

TEXT = b"".join(b"line %d of some text\n" % (n * n) for n in range(3000))


def packed(suffix: str, data: bytes = TEXT) -> bytes:
    raw = io.BytesIO()
    with compressed(raw, suffix) as file:
        file.write(data)
    return raw.getvalue()


def unpacked(suffix: str, data: bytes) -> bytes:
    return decompressed(io.BytesIO(data), Path(f"f{suffix}"), suffix).read()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_read_back(suffix: str) -> None:
    data = packed(suffix)
    assert detect(data) == suffix
    assert packed(suffix) == data
    # several streams, one of them empty, are one text
    assert unpacked(suffix, data + packed(suffix, b"") + packed(suffix, b"more")) == TEXT + b"more"
    file = decompressed(io.BytesIO(data), Path("f"), suffix)
    assert file.readline() == b"line 0 of some text\n"
    assert file.read(7) + file.read() == TEXT[20:]


def test_other_programs_streams_are_read() -> None:
    for suffix, data in {
        ".gz": gzip.compress(TEXT) + b"\0" * 20,
        ".bz2": bz2.compress(TEXT),
        ".xz": lzma.compress(TEXT) + b"\0" * 8 + lzma.compress(b""),
        ".zst": zstandard.compress(TEXT) + b"\x50\x2a\x4d\x18\4\0\0\0skip",
    }.items():
        assert unpacked(suffix, data) == TEXT


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_cut_at_any_byte(suffix: str) -> None:
    data = packed(suffix, TEXT[:500])
    for size in range(1, len(data)):
        with pytest.raises(InputError, match=r"^f\.\w+: the compressed data are damaged or cut short"):
            unpacked(suffix, data[:size])


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_flipped_bits_and_trailing_data(suffix: str) -> None:
    data = packed(suffix, TEXT[:5000]) + packed(suffix, TEXT[5000:])
    draw = random.Random(1)
    for _ in range(200):
        damaged = bytearray(data)
        damaged[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
        # a flip in a field that nothing depends on, such as a time stamp, changes nothing
        with contextlib.suppress(InputError):
            assert unpacked(suffix, bytes(damaged)) == TEXT
    with pytest.raises(InputError, match="damaged"):
        unpacked(suffix, data + b"something else")


def test_zstd_bomb_is_read_in_pieces() -> None:
    import resource

    file = decompressed(io.BytesIO(zstandard.compress(bytes(1 << 30))), Path("f"), ".zst")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert not any(file.read(1 << 20))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # KiB


def test_errors_of_the_system_and_of_memory() -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise self.error  # type: ignore[attr-defined]

    for error, expected in ((OSError(5, "I/O error"), OSError), (MemoryError(), InputError)):
        raw = Broken()
        raw.error = error  # type: ignore[attr-defined]
        with pytest.raises(expected, match=r"I/O error|^f: not enough memory"):
            decompressed(raw, Path("f"), ".xz").read()
