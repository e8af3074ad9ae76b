"""Bits of numbers and bytes of text: the lowest bit, eight bytes as a number, where white space is."""

from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

_BLANKS = b" \t\n"

#: Bytes of text that `white_space` looks at.
BLOCK = 64


@intrinsic
def trailing_zeros(typing_context, number):
    """Count the zeros below the lowest 1 of a number.

    Parameters
    ----------
    number : uint64
        Not 0.

    Returns
    -------
    uint64
    """

    def generate(context, builder, signature, arguments):
        word, flag = ir.IntType(64), ir.IntType(1)
        function = builder.module.declare_intrinsic("llvm.cttz", (word,), ir.FunctionType(word, [word, flag]))
        return builder.call(function, [arguments[0], ir.Constant(flag, 1)])

    return types.uint64(types.uint64), generate


def _load(context, builder, signature, arguments, loaded):
    """Load a value of LLVM's type `loaded` from index arguments[1] of the array arguments[0], aligned or not."""
    data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
    value = builder.load(builder.bitcast(builder.gep(data, [arguments[1]]), loaded.as_pointer()))
    value.align = 1
    return value


@intrinsic
def eight_bytes(typing_context, text, at):
    """Return eight bytes of text as one number, the first of them lowest.

    Parameters
    ----------
    text : uint8 array
        Contiguous, of at least `at` + 8 bytes.
    at : int

    Returns
    -------
    uint64
    """

    def generate(context, builder, signature, arguments):
        return _load(context, builder, signature, arguments, ir.IntType(64))

    return types.uint64(text, at), generate


@intrinsic
def white_space(typing_context, text, at):
    """Find spaces, tabs and newlines among `BLOCK` bytes of text.

    Parameters
    ----------
    text : uint8 array
        Contiguous, of at least `at` + `BLOCK` bytes.
    at : int

    Returns
    -------
    uint64
        Bit k is set if text[at + k] is one of them.
    """

    def generate(context, builder, signature, arguments):
        vector = ir.VectorType(ir.IntType(8), BLOCK)
        block = _load(context, builder, signature, arguments, vector)
        found = [builder.icmp_unsigned("==", block, ir.Constant(vector, [blank] * BLOCK)) for blank in _BLANKS]
        return builder.bitcast(builder.or_(builder.or_(found[0], found[1]), found[2]), ir.IntType(64))

    return types.uint64(text, at), generate
