"""`prefetch`: ask the processor for memory that will be read soon."""

from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

_READ, _KEEP, _DATA = (ir.Constant(ir.IntType(32), value) for value in (0, 3, 1))


@intrinsic
def prefetch(typing_context, array, index):
    """Fetch the cache line of array[index] without waiting for it; an index outside the array does no harm.

    Parameters
    ----------
    array : array or address
        One-dimensional and contiguous, or what `lanes.address` returned.
    index : int
    """

    def generate(context, builder, signature, arguments):
        array, index = arguments
        data = array
        if not isinstance(signature.args[0], types.CPointer):
            data = context.make_array(signature.args[0])(context, builder, array).data
        byte = ir.IntType(8).as_pointer()
        number = ir.IntType(32)
        function = builder.module.declare_intrinsic(
            "llvm.prefetch", (byte,), ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        )
        builder.call(function, [builder.bitcast(builder.gep(data, [index]), byte), _READ, _KEEP, _DATA])
        return context.get_dummy_value()

    return types.void(array, index), generate
