"""The machines that the program runs on: little-endian ones of 64 bits, most of them with fused multiply-adds."""

from __future__ import annotations

import platform
import struct
import sys

from glove_adagrad.errors import InputError


def check_machine() -> None:
    """Refuse a machine whose numbers are not laid out as files and compiled code take them.

    Raises
    ------
    InputError
        If it is big-endian, or Python is a program of 32 bits.
    """
    bits = 8 * struct.calcsize("P")
    if sys.byteorder != "little" or bits != 64:
        raise InputError(
            f"glove-adagrad does not run on {sys.byteorder}-endian machines of {bits} bits; use a little-endian one "
            "of 64 bits, such as x86-64 or arm64"
        )


def has_fused_multiply_add() -> bool:
    """Return whether this processor can round a product and a sum once, as all of arm64 can."""
    from llvmlite import binding

    return platform.machine().lower() in ("aarch64", "arm64") or bool(binding.get_host_cpu_features().get("fma"))
