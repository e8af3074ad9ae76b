"""Bits: the lowest one of a number, and one for each element of a block of memory, by comparison in vectors."""

from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

#: Bytes that `equal_mask` and `below_mask` look at, those of a cache line.
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


def _mask(comparison, array, at, value):
    """A bit for each element of a block that says how it compares to a value."""
    count = 8 * BLOCK // array.dtype.bitwidth

    def generate(context, builder, signature, arguments):
        element = ir.IntType(array.dtype.bitwidth)
        vector = ir.VectorType(element, count)
        block = _load(context, builder, signature, arguments, vector)
        number = context.cast(builder, arguments[2], value, array.dtype)
        first = builder.insert_element(ir.Constant(vector, ir.Undefined), number, ir.Constant(ir.IntType(32), 0))
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), count), [0] * count)
        values = builder.shuffle_vector(first, ir.Constant(vector, ir.Undefined), zeros)
        bits = builder.bitcast(builder.icmp_unsigned(comparison, block, values), ir.IntType(count))
        return bits if count == 64 else builder.zext(bits, ir.IntType(64))

    return types.uint64(array, at, value), generate


@intrinsic
def equal_mask(typing_context, array, at, value):
    """Compare a block of `BLOCK` bytes of an array with a value.

    Parameters
    ----------
    array : array of unsigned integers
        Contiguous, with the whole block.
    at : int
        Where the block begins.
    value : int

    Returns
    -------
    uint64
        Bit k is set if array[at + k] equals the value.
    """
    return _mask("==", array, at, value)


@intrinsic
def below_mask(typing_context, array, at, value):
    """As `equal_mask`, with bits for elements below the value."""
    return _mask("<", array, at, value)
