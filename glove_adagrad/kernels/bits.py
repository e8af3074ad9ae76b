"""`trailing_zeros`: where the lowest bit of a number is."""

from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.extending import intrinsic


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
