"""Short vectors of numbers as a Numba type, so that kernels say how they use the processor's vector unit.

When it auto-vectorises a loop over rows of parameters, the compiler adds run-time overlap checks and a scalar
remainder loop, which take half of the time. With explicit lanes neither is needed: `load` and `store` move 8 (or 4)
neighbours, arithmetic and the NumPy functions below work on all of them at once, and a function of `+ - * /`,
`np.sqrt`, `np.abs`, `np.sign`, `np.minimum` and `np.maximum` runs unchanged on numbers, arrays and lanes. A sum over
lanes has the same order on every machine. A scalar operand is cast to the lanes' type and spread over them.
"""

from __future__ import annotations

import operator

import numpy as np
from llvmlite import binding, ir
from numba import config, types
from numba.core.typing.builtins import infer_global
from numba.core.typing.templates import AbstractTemplate, signature
from numba.extending import intrinsic, lower_builtin, models, register_model

WIDE, HALF, SINGLE = 8, 4, 1


class Lanes(types.Type):
    """`count` neighbouring numbers of a floating-point type."""

    def __init__(self, element: types.Float, count: int) -> None:
        self.element = element
        self.count = count
        super().__init__(name=f"Lanes({element}, {count})")


@register_model(Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, dmm, fe_type):
        super().__init__(dmm, fe_type, ir.VectorType(dmm.lookup(fe_type.element).get_value_type(), fe_type.count))


def _spread(context, builder, value, from_type, lanes):
    """The operand as lanes: itself, or a number cast and copied to each."""
    if isinstance(from_type, Lanes):
        return value
    number = context.cast(builder, value, from_type, lanes.element)
    vector = ir.VectorType(number.type, lanes.count)
    first = builder.insert_element(ir.Constant(vector, ir.Undefined), number, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), lanes.count), [0] * lanes.count)
    return builder.shuffle_vector(first, ir.Constant(vector, ir.Undefined), zeros)


def _call(builder, name, *arguments):
    vector = arguments[0].type
    suffix = f"v{vector.count}{'f32' if isinstance(vector.element, ir.FloatType) else 'f64'}"
    function = builder.module.declare_intrinsic(
        f"llvm.{name}.{suffix}", (), ir.FunctionType(vector, [vector] * len(arguments))
    )
    return builder.call(function, arguments)


def _sign(builder, x):
    zero = ir.Constant(x.type, [0.0] * x.type.count)
    one = ir.Constant(x.type, [1.0] * x.type.count)
    return builder.select(builder.fcmp_ordered("==", x, zero), zero, _call(builder, "copysign", one, x))


# a comparison and a choice, not llvm.minnum: the processor's own min and max, in one instruction each
_OPERATIONS = {
    operator.add: lambda b, x, y: b.fadd(x, y),
    operator.sub: lambda b, x, y: b.fsub(x, y),
    operator.mul: lambda b, x, y: b.fmul(x, y),
    operator.truediv: lambda b, x, y: b.fdiv(x, y),
    np.minimum: lambda b, x, y: b.select(b.fcmp_ordered("<", x, y), x, y),
    np.maximum: lambda b, x, y: b.select(b.fcmp_ordered(">", x, y), x, y),
    operator.neg: lambda b, x: b.fneg(x),
    np.sqrt: lambda b, x: _call(b, "sqrt", x),
    np.abs: lambda b, x: _call(b, "fabs", x),
    np.sign: _sign,
}


def _register(function, emit):
    class Template(AbstractTemplate):
        key = function

        def generic(self, args, kws):
            lanes = next((arg for arg in args if isinstance(arg, Lanes)), None)
            if lanes is None or any(isinstance(arg, Lanes) and arg != lanes for arg in args):
                return None
            if not all(isinstance(arg, (Lanes, types.Number, types.Boolean)) for arg in args):
                return None
            return signature(lanes, *args)

    infer_global(function, types.Function(Template))

    def lower(context, builder, sig, args):
        operands = [_spread(context, builder, a, t, sig.return_type) for a, t in zip(args, sig.args, strict=True)]
        return emit(builder, *operands)

    number = types.Number
    unary = function in (operator.neg, np.sqrt, np.abs, np.sign)
    for kinds in [(Lanes,)] if unary else [(Lanes, Lanes), (Lanes, number), (number, Lanes)]:
        lower_builtin(function, *kinds)(lower)


for _function, _emit in _OPERATIONS.items():
    _register(_function, _emit)


def _pointer(context, builder, array_type, array, index, count):
    """Address of array[index] as one of `count` neighbours; the array is contiguous, nothing is checked."""
    data = array
    if not isinstance(array_type, types.CPointer):
        data = context.make_array(array_type)(context, builder, array).data
    at = builder.gep(data, [index], inbounds=True)
    return builder.bitcast(at, ir.VectorType(data.type.pointee, count).as_pointer())


@intrinsic
def address(typingctx, array, index):
    """Return where array[index] and what follows are, of a contiguous array: loads and stores take it like an array.

    A function that is given an array counts a reference to it, which in a loop over records takes as long as a
    record. An address is a mere number: the caller keeps the array.
    """

    def codegen(context, builder, sig, args):
        data = context.make_array(sig.args[0])(context, builder, args[0]).data
        return builder.gep(data, [context.cast(builder, args[1], sig.args[1], types.intp)], inbounds=True)

    return types.CPointer(array.dtype)(array, index), codegen


@intrinsic
def number_at(typingctx, address, index):
    """Return the number at address[index]."""

    def codegen(context, builder, sig, args):
        at = context.cast(builder, args[1], sig.args[1], types.intp)
        return builder.load(builder.gep(args[0], [at], inbounds=True))

    return address.dtype(address, index), codegen


@intrinsic
def put_number(typingctx, address, index, number):
    """Write a number of the same type to address[index]."""

    def codegen(context, builder, sig, args):
        at = context.cast(builder, args[1], sig.args[1], types.intp)
        builder.store(args[2], builder.gep(args[0], [at], inbounds=True))
        return context.get_dummy_value()

    return types.void(address, index, address.dtype), codegen


def _load(count):
    @intrinsic
    def load(typingctx, array, index):
        lanes = Lanes(array.dtype, count)

        def codegen(context, builder, sig, args):
            at = context.cast(builder, args[1], sig.args[1], types.intp)
            value = builder.load(_pointer(context, builder, sig.args[0], args[0], at, count))
            value.align = array.dtype.bitwidth // 8
            return value

        return lanes(array, index), codegen

    return load


#: load8(array, index), load4, load1: as Lanes, the 8, 4 or 1 neighbours that begin at array[index], of a contiguous
#: float32 or float64 array.
load8, load4, load1 = _load(WIDE), _load(HALF), _load(SINGLE)


@intrinsic
def store(typingctx, array, index, lanes):
    """Write lanes to the places that begin at array[index].

    Parameters
    ----------
    array : contiguous float32 or float64 array
    index : int
    lanes : Lanes of the array's type
    """

    def codegen(context, builder, sig, args):
        at = context.cast(builder, args[1], sig.args[1], types.intp)
        pointer = _pointer(context, builder, sig.args[0], args[0], at, sig.args[2].count)
        builder.store(args[2], pointer, align=sig.args[0].dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(array, index, lanes), codegen


def _load_state(count):
    @intrinsic
    def load_state(typingctx, slots, array, index, n):
        lanes = Lanes(array.dtype, count)
        result = types.UniTuple(lanes, len(slots))

        def codegen(context, builder, sig, args):
            values = []
            at = context.cast(builder, args[2], sig.args[2], types.intp)
            stride = context.cast(builder, args[3], sig.args[3], types.intp)
            for _ in range(len(slots)):
                at = builder.add(at, stride)
                value = builder.load(_pointer(context, builder, sig.args[1], args[1], at, count))
                value.align = array.dtype.bitwidth // 8
                values.append(value)
            return context.make_tuple(builder, sig.return_type, values)

        return result(slots, array, index, n), codegen

    return load_state


#: load_state8(slots, array, index, n): a tuple of lanes, from index + n, index + 2 n..., as many as `slots` is long.
load_state8, load_state4, load_state1 = _load_state(WIDE), _load_state(HALF), _load_state(SINGLE)


@intrinsic
def store_state(typingctx, array, index, n, values):
    """Write a tuple of lanes to index + n, index + 2 n...

    Parameters
    ----------
    array : contiguous float32 or float64 array
    index, n : int
    values : tuple of Lanes of the array's type
    """

    def codegen(context, builder, sig, args):
        at = context.cast(builder, args[1], sig.args[1], types.intp)
        stride = context.cast(builder, args[2], sig.args[2], types.intp)
        for slot, lanes in enumerate(sig.args[3]):
            at = builder.add(at, stride)
            pointer = _pointer(context, builder, sig.args[0], args[0], at, lanes.count)
            builder.store(builder.extract_value(args[3], slot), pointer, align=sig.args[0].dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(array, index, n, values), codegen


@intrinsic
def multiply_add(typingctx, x, y, z):
    """Return x * y + z of lanes or of numbers, rounded once where the processor has an instruction for it.

    Parameters
    ----------
    x : Lanes or float
        A number is spread over the lanes of `y`.
    y, z : Lanes or float, of one type
    """

    def codegen(context, builder, sig, args):
        first = _spread(context, builder, args[0], sig.args[0], y) if isinstance(y, Lanes) else args[0]
        kind = args[1].type
        suffix = f"v{kind.count}f{_bits(kind.element)}" if isinstance(kind, ir.VectorType) else f"f{_bits(kind)}"
        function = builder.module.declare_intrinsic(f"llvm.fmuladd.{suffix}", (), ir.FunctionType(kind, [kind] * 3))
        return builder.call(function, [first, *args[1:]])

    return y(x, y, z), codegen


def _bits(kind):
    return 32 if isinstance(kind, ir.FloatType) else 64


@intrinsic
def zero8(typingctx, array):
    """Return Lanes of eight zeros of the array's type; of the array nothing else is used."""

    def codegen(context, builder, sig, args):
        vector = context.get_value_type(sig.return_type)
        return ir.Constant(vector, [0.0] * WIDE)

    return Lanes(array.dtype, WIDE)(array), codegen


def _pick(builder, value, first, count):
    lanes = ir.Constant(ir.VectorType(ir.IntType(32), count), list(range(first, first + count)))
    return builder.shuffle_vector(value, ir.Constant(value.type, ir.Undefined), lanes)


@intrinsic
def halved(typingctx, lanes):
    """Return the first half of the lanes plus the second: Lanes of half as many numbers."""

    def codegen(context, builder, sig, args):
        count = args[0].type.count // 2
        return builder.fadd(_pick(builder, args[0], 0, count), _pick(builder, args[0], count, count))

    return Lanes(lanes.element, lanes.count // 2)(lanes), codegen


@intrinsic
def total(typingctx, lanes):
    """Return the sum of all lanes, a number of their type, always by adding the second half to the first."""

    def codegen(context, builder, sig, args):
        (value,) = args
        while value.type.count > 1:
            count = value.type.count // 2
            value = builder.fadd(_pick(builder, value, 0, count), _pick(builder, value, count, count))
        return builder.extract_element(value, ir.Constant(ir.IntType(32), 0))

    return lanes.element(lanes), codegen


@intrinsic
def keep(typingctx, lane_from_end, old, new):
    """Return `new`, but `old` in one lane.

    Parameters
    ----------
    lane_from_end : int
        A literal: 1 is the last lane.
    old, new : Lanes of one type

    Returns
    -------
    Lanes
    """
    if not isinstance(lane_from_end, types.IntegerLiteral):
        return None

    def codegen(context, builder, sig, args):
        count = old.count
        pick = list(range(count, 2 * count))
        pick[count - lane_from_end.literal_value] -= count
        mask = ir.Constant(ir.VectorType(ir.IntType(32), count), pick)
        return builder.shuffle_vector(args[1], args[2], mask)

    return old(lane_from_end, old, new), codegen


@intrinsic
def keep_all(typingctx, lane_from_end, old, new):
    """Return `keep` of each pair out of two tuples of lanes, as a tuple."""
    if not isinstance(lane_from_end, types.IntegerLiteral):
        return None

    def codegen(context, builder, sig, args):
        values = []
        for slot, lanes in enumerate(sig.args[1]):
            pick = list(range(lanes.count, 2 * lanes.count))
            pick[lanes.count - lane_from_end.literal_value] -= lanes.count
            mask = ir.Constant(ir.VectorType(ir.IntType(32), lanes.count), pick)
            values.append(builder.shuffle_vector(*(builder.extract_value(a, slot) for a in args[1:]), mask))
        return context.make_tuple(builder, sig.return_type, values)

    return old(lane_from_end, old, new), codegen


@intrinsic
def zeroed(typingctx, first_from_end, second_from_end, lanes):
    """Return lanes with 0 in one or two of them.

    Parameters
    ----------
    first_from_end, second_from_end : int
        Literals: 1 is the last lane, 0 none.
    lanes : Lanes

    Returns
    -------
    Lanes
    """
    if not all(isinstance(kind, types.IntegerLiteral) for kind in (first_from_end, second_from_end)):
        return None

    def codegen(context, builder, sig, args):
        count = lanes.count
        pick = list(range(count))
        for kind in (first_from_end, second_from_end):
            if kind.literal_value:
                pick[count - kind.literal_value] = count
        zeros = ir.Constant(args[2].type, [0.0] * count)
        return builder.shuffle_vector(args[2], zeros, ir.Constant(ir.VectorType(ir.IntType(32), count), pick))

    return lanes(first_from_end, second_from_end, lanes), codegen


def _has_estimates():
    """Whether kernels are compiled for a processor with `vrsqrtps`."""
    return config.CPU_NAME is None and bool(binding.get_host_cpu_features().get("avx"))


def _estimate(lanes, names, exact):
    """Code for a function of lanes: for float32 the processor's estimate; elsewhere the exact one."""
    estimated = lanes.element == types.float32 and lanes.count in names and _has_estimates()

    def codegen(context, builder, sig, args):
        (x,) = args
        if not estimated:
            return exact(builder, x)
        function = ir.FunctionType(x.type, [x.type])
        estimate = builder.module.declare_intrinsic(names[lanes.count], (), function)
        return builder.call(estimate, args)

    return lanes(lanes), codegen


_ROOT = {WIDE: "llvm.x86.avx.rsqrt.ps.256", HALF: "llvm.x86.sse.rsqrt.ps"}
_RECIPROCAL = {WIDE: "llvm.x86.avx.rcp.ps.256", HALF: "llvm.x86.sse.rcp.ps"}


def _constant(x, value):
    return ir.Constant(x.type, [value] * x.type.count)


def _exact_reciprocal(builder, x):
    return builder.fdiv(_constant(x, 1.0), x)


def _exact_reciprocal_root(builder, x):
    return _exact_reciprocal(builder, _call(builder, "sqrt", x))


@intrinsic
def estimated_reciprocal_root(typingctx, lanes):
    """Return 1 / sqrt(x) of lanes.

    For float32 it is the processor's own estimate, where it has one: of a relative error below 1.5 / 2^12 (Intel 64
    and IA-32 Architectures Software Developer's Manual, RSQRTPS).
    """
    return _estimate(lanes, _ROOT, _exact_reciprocal_root)


@intrinsic
def estimated_reciprocal(typingctx, lanes):
    """Return 1 / x of lanes, in the same way (RCPPS)."""
    return _estimate(lanes, _RECIPROCAL, _exact_reciprocal)
