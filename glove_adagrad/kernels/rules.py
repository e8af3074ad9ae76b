"""Update rules inside kernels: the methods of `optim.steps`, chosen by the type of the settings when compiling.

Every function here is for use inside other kernels only. Rows' states are two tuples, for words and for contexts, of
as many arrays as the rule has, often none; they are read and written by `get` and `put`. Fast-math flags are those of
the caller.
"""

from __future__ import annotations

import numpy as np
from numba import types
from numba.extending import intrinsic, overload

from glove_adagrad.kernels.lanes import (
    Lanes,
    estimated_reciprocal,
    estimated_reciprocal_root,
)
from glove_adagrad.optim import steps

# strict=False: the methods have type hints, which Numba would compare with those of the functions declared here

_narrow = (
    lambda values: (),
    lambda values: (np.float32(values[0]),),
    lambda values: (np.float32(values[0]), np.float32(values[1])),
)


def _has(settings, trait):
    """Whether the step class of settings states a trait; see `optim.steps`."""
    return getattr(settings.instance_class, trait, False)


@intrinsic
def get(typingctx, row_states, side, row):
    """Return the values of a row's state.

    Parameters
    ----------
    row_states : two tuples of float64 arrays [V]
    side : int
        A literal: 0 for words, 1 for contexts.
    row : int

    Returns
    -------
    tuple of float64
        As many as the rule has values of state for each row.
    """
    # Not arrays taken out of tuples: they would be counted, atomically, for every record
    if not isinstance(side, types.IntegerLiteral):
        return None
    arrays = row_states[side.literal_value]

    def codegen(context, builder, sig, args):
        values = [builder.load(at) for at in _places(context, builder, sig.args, args)]
        return context.make_tuple(builder, sig.return_type, values)

    return types.Tuple([array.dtype for array in arrays])(row_states, side, row), codegen


@intrinsic
def put(typingctx, row_states, side, row, values):
    """Set the values of a row's state.

    Parameters
    ----------
    row_states, side, row
        As for `get`.
    values : tuple of float64
    """
    if not isinstance(side, types.IntegerLiteral):
        return None

    def codegen(context, builder, sig, args):
        for slot, at in enumerate(_places(context, builder, sig.args, args)):
            builder.store(builder.extract_value(args[3], slot), at)
        return context.get_dummy_value()

    return types.void(row_states, side, row, values), codegen


def _places(context, builder, kinds, args):
    """Addresses of the values of a row's state."""
    side = kinds[1].literal_value
    row = context.cast(builder, args[2], kinds[2], types.intp)
    arrays = builder.extract_value(args[0], side)
    for slot, kind in enumerate(kinds[0][side]):
        array = context.make_array(kind)(context, builder, builder.extract_value(arrays, slot))
        yield builder.gep(array.data, [row], inbounds=True)


def step(self, scalars, w, g, state):
    """`Step.step` of the settings `self`, for numbers and for Lanes; see `optim.steps`.

    Parameters
    ----------
    self : step
    scalars : tuple of float32 or float64
        What `begin` returned.
    w, g : Lanes or float
        Parameters and their gradient.
    state : tuple of the same type
        The rule's state for each parameter.

    Returns
    -------
    w, state
        The new ones.
    """


@overload(step, strict=False)
def _compile_step(self, scalars, w, g, state):
    return self.instance_class.step


def begin(self, row, now, squared_norm):
    """`Step.begin` of the settings `self`; nothing for rules without state per row.

    Parameters
    ----------
    self : step
    row : tuple of float64
        The state of a row.
    now : float64
        Number of this update, from 1.
    squared_norm : float
        Of the row's gradient, for rules that use it.

    Returns
    -------
    row : tuple of float64
        The new state.
    scalars : tuple of numbers of the settings' type
        What `step` needs for every component of the row.
    """


@overload(begin)
def _compile_begin(self, row, now, squared_norm):
    if not hasattr(self.instance_class, "begin"):
        return lambda self, row, now, squared_norm: ((), ())
    if self.types[0] == types.float64:
        return lambda self, row, now, squared_norm: _begin(self, row, now, squared_norm)

    if _has(self, "uses_norm"):

        def begin_with_norm(self, row, now, squared_norm):
            # states grow in float64, but the rate that all the rest waits for is made in float32 from the start
            scalars = _begin(self, (np.float32(row[0]),), now, np.float32(squared_norm))[1]
            return _begin(self, row, now, squared_norm)[0], scalars

        return begin_with_norm

    def begin_narrow(self, row, now, squared_norm):
        row, scalars = _begin(self, row, now, squared_norm)
        return row, _narrow_all(scalars)

    return begin_narrow


def _begin(self, row, now, squared_norm):
    """`Step.begin` as it is."""


@overload(_begin, strict=False)
def _compile_exact_begin(self, row, now, squared_norm):
    return self.instance_class.begin


def _narrow_all(values):
    """0 to 2 numbers in float32."""


@overload(_narrow_all)
def _compile_narrow_all(values):
    return _narrow[len(values)]


def needs_norm(self):
    """Whether the rule uses the squared norm of a row's gradient: known when compiling."""


@overload(needs_norm)
def _compile_needs_norm(self):
    answer = _has(self, "uses_norm")
    return lambda self: answer


def spares_biases_in_begin(self):
    """Whether `begin` itself gives biases other scalars than vectors: known when compiling."""


@overload(spares_biases_in_begin)
def _compile_spares_biases_in_begin(self):
    answer = _has(self, "begin_spares_biases")
    return lambda self: answer


def is_shared(self):
    """Whether all rows have one state together: known when compiling."""


@overload(is_shared)
def _compile_is_shared(self):
    answer = _has(self, "shared")
    return lambda self: answer


def of_block(self, row_states, block):
    """A block's states of rows: for a shared rule each block has a state of its own."""


@overload(of_block)
def _compile_of_block(self, row_states, block):
    if _has(self, "shared"):
        return lambda self, row_states, block: (
            (row_states[0][0][block : block + 1],),
            (row_states[1][0][block : block + 1],),
        )
    return lambda self, row_states, block: row_states


def has_matrices(settings):
    """Whether a Numba type of settings is that of a rule with a matrix for each row."""
    return _has(settings, "has_matrix")


def update_row(self, before, w, g, matrix, root):
    """`FullMatrixStep.update` of the settings `self`."""


@overload(update_row, strict=False)
def _compile_update_row(self, before, w, g, matrix, root):
    return self.instance_class.update


@overload(steps.larger)
def _compile_larger(a, b):
    # a NaN may get lost here, but not in the step: all that steps compare goes into other terms of theirs as well
    if isinstance(a, types.Float):
        return lambda a, b: a if a > b else b
    return lambda a, b: np.maximum(a, b)


@overload(steps.smaller)
def _compile_smaller(a, b):
    if isinstance(a, types.Float):
        return lambda a, b: a if a < b else b
    return lambda a, b: np.minimum(a, b)


@overload(steps.soft_threshold, strict=False)
def _compile_soft_threshold(z, threshold):
    return steps.soft_threshold


@overload(steps.reciprocal_root, strict=False)
def _compile_reciprocal_root(s):
    if isinstance(s, Lanes):
        return lambda s: estimated_reciprocal_root(s)
    if s == types.float32:
        return lambda s: np.float32(1) / np.sqrt(s)
    return lambda s: 1 / np.sqrt(s)


@overload(steps.reciprocal, strict=False)
def _compile_reciprocal(x):
    if isinstance(x, Lanes):
        return lambda x: estimated_reciprocal(x)
    if x == types.float32:
        return lambda x: np.float32(1) / x
    return lambda x: 1 / x


#: Added to nothing that it could change, but its reciprocal root is finite.
_TINY = np.float32(1.2e-38)


@overload(steps.damped_reciprocal_root, strict=False)
def _compile_damped_reciprocal_root(s, epsilon):
    if epsilon == types.none:
        return lambda s, epsilon: steps.reciprocal_root(s)
    if isinstance(s, Lanes):
        return lambda s, epsilon: estimated_reciprocal(s * estimated_reciprocal_root(np.maximum(s, _TINY)) + epsilon)
    if s == types.float32:
        return lambda s, epsilon: np.float32(1) / (np.sqrt(s) + epsilon)
    return lambda s, epsilon: 1 / (np.sqrt(s) + epsilon)


@overload(steps.fraction, strict=False)
def _compile_fraction(x):
    if isinstance(x, Lanes):
        return lambda x: x * estimated_reciprocal(x + 1)
    if x == types.float32:
        return lambda x: x / (np.float32(1) + x)
    return lambda x: x / (1 + x)


@overload(steps.reciprocal_factor, strict=False)
def _compile_reciprocal_factor(x, y):
    if x == types.float32:
        return lambda x, y: np.float32(2) - x * y
    return lambda x, y: 2 - x * y


@overload(steps.inverse_root, strict=False)
def _compile_inverse_root(matrix, delta):
    return steps.inverse_root
