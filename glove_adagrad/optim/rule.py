"""Base class of update rules: validated settings, options by name, and a NumPy implementation.

The rules themselves are in `adagrad` and `relatives`, their formulas in `steps`.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from glove_adagrad.errors import InputError

Array = npt.NDArray[Any]
State = dict[str, Array]
Settings = TypeVar("Settings", bound=NamedTuple)

_SHARES = ("rho", "beta1", "beta2", "momentum")


def as_float32(settings: Settings) -> Settings:
    """The same settings in float32, for a kernel that is to compute in it; whole numbers stay what they are."""
    return settings._make(np.float32(value) if isinstance(value, float) else value for value in settings)


def per_row(values: Array, w: Array) -> Array:
    """A value per row, or one for all, in the type of `w` and in a shape that broadcasts to it."""
    return values.reshape((-1,) + (1,) * (w.ndim - 1)).astype(w.dtype)


def begin(step: Any, row: tuple[Any, ...], now: Any, squared_norm: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """A row's new state and the per-row scalars of its update: `step.begin`; nothing for a rule without row state."""
    if hasattr(step, "begin"):
        result: tuple[tuple[Any, ...], tuple[Any, ...]] = step.begin(row, now, squared_norm)
        return result
    return (), ()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rule:
    """An update rule with its settings.

    A rule holds no state. The state of parameters `w` is a dict of arrays that `init(w)` makes and `update` changes
    in place, so it is saved by `numpy.savez(file, **state)` and loaded by `dict(numpy.load(file))`.

    Rows are the first axis of `w`: a row is a word vector with its bias, say, and an array of one axis has rows of
    one component. Some rules keep a state per row as well; where only some rows have a gradient, only these move.
    """

    name: ClassVar[str]
    #: True where the state per row is one for all rows together.
    shared: ClassVar[bool] = False

    #: True where parameters move without a gradient as well, and have to be brought up to date by `settle`.
    timed: ClassVar[bool] = False

    #: Names of the state arrays that have a matrix per row.
    matrix_slots: ClassVar[tuple[str, ...]] = ()

    learning_rate: float

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            self._check(field.name, getattr(self, field.name))

    def _check(self, option: str, value: Any) -> None:
        if isinstance(value, (bool, str)):
            return
        if option == "learning_rate" and not 0 < value < math.inf:
            raise self._refusal(option, value, "a number above 0")
        if option in _SHARES and not 0 <= value < 1:
            raise self._refusal(option, value, "a number from 0 up to, but not including, 1")
        if not 0 <= value < math.inf:
            raise self._refusal(option, value, "a number not below 0")

    def _check_divisor(self, option: str, *terms: float) -> None:
        """Refuse settings under which a parameter whose gradient is 0 would be divided by 0."""
        if sum(terms) <= 0:
            raise self._refusal(option, getattr(self, option), "a number above 0, as the step may divide by it")

    def _refusal(self, option: str, value: Any, expected: str) -> InputError:
        return InputError(f"optimizer {self.name}: {option} = {value}: expected {expected}")

    def options(self) -> dict[str, float | int | bool | str]:
        """The settings as a plain dict: `make(rule.name, **rule.options()) == rule`."""
        return dataclasses.asdict(self)

    # What a rule is

    def vector_settings(self) -> NamedTuple:
        """The step (see `steps`) of vector components, in Python floats."""
        raise NotImplementedError

    def bias_settings(self) -> NamedTuple:
        """The step of biases: that of vector components, but without any pull towards zero."""
        return self.vector_settings()

    def start(self) -> dict[str, float]:
        """The state per parameter, in the order of the step's tuple, with its first values."""
        return {}

    def bias_start(self) -> dict[str, float]:
        """The same for biases."""
        return self.start()

    def row_start(self) -> dict[str, float]:
        """The state per row, in the order of the step's tuple, with its first values."""
        return {}

    def matrices(self, rows: int, size: int, dtype: npt.DTypeLike) -> State:
        """The first values of `matrix_slots`, for rows of `size` components."""
        return {}

    def check_size(self, rows: int, size: int, itemsize: int) -> None:
        """Refuse parameters that are too large for the rule.

        Raises
        ------
        InputError
            Saying what it can hold.
        """

    def start_from(self, w: Array) -> State:
        """State per parameter that follows from the parameters `w` themselves, where a rule has such."""
        return {}

    @property
    def slots(self) -> tuple[str, ...]:
        """Names of the state arrays that have a value per parameter."""
        return tuple(self.start())

    @property
    def row_slots(self) -> tuple[str, ...]:
        """Names of the state arrays that have a value per row."""
        return tuple(self.row_start())

    # Use on arrays

    def init(self, w: Array) -> State:
        """The state of parameters that have not been updated.

        Parameters
        ----------
        w : ndarray of floats, shape (rows, ...)
            The parameters. They are not kept.

        Returns
        -------
        dict of str to ndarray
            An array like `w` for each of `slots`, a float64 array of shape (rows,), or (1,) for a `shared` rule, for
            each of `row_slots`, and `updates`, the number of updates so far.

        Raises
        ------
        InputError
            If `w` is not an array of floats with at least one axis, or is too large for the rule.
        """
        if w.ndim == 0 or not np.issubdtype(w.dtype, np.floating):
            raise InputError(f"optimizer {self.name}: {w.dtype} parameters of {w.ndim} axes: expected rows of floats")
        state = {slot: np.full_like(w, value) for slot, value in self.start().items()}
        state.update(self.start_from(w))
        rows = 1 if self.shared else len(w)
        state.update({slot: np.full(rows, value) for slot, value in self.row_start().items()})
        state.update(self.matrices(len(w), w[0].size if len(w) else 1, w.dtype))
        state["updates"] = np.zeros((), np.int64)
        return state

    def update(self, w: Array, g: Array, state: State, rows: Array | None = None) -> None:
        """Take one step, in place.

        Parameters
        ----------
        w : ndarray of floats, shape (rows, ...)
            The parameters.
        g : ndarray
            Their gradient: of the shape of `w`, or of `w[rows]`.
        state : dict
            From `init(w)`.
        rows : ndarray of ints, optional
            The rows that have a gradient, each once. All by default.

        Raises
        ------
        InputError
            If the shapes do not match or a row is named twice.
        """
        index: Any = slice(None) if rows is None else np.asarray(rows)
        if rows is not None and len(np.unique(index)) < len(index):
            raise InputError(f"optimizer {self.name}: a row is named twice; add up its gradients first")
        if g.shape != w[index].shape:
            raise InputError(f"optimizer {self.name}: gradient of shape {g.shape}: expected {w[index].shape}")
        state["updates"] += 1
        self._update(w, g, state, index)

    def _update(self, w: Array, g: Array, state: State, index: Any) -> None:
        step: Any = self.vector_settings()
        norm = np.square(g, dtype=np.float64).reshape(len(g), -1).sum(axis=1)
        row_index: Any = slice(None) if self.shared else index
        row, scalars = begin(
            step,
            tuple(state[slot][row_index] for slot in self.row_slots),
            float(state["updates"]),
            norm.sum() if self.shared else norm,
        )
        for slot, value in zip(self.row_slots, row, strict=True):
            state[slot][row_index] = value
        w[index], values = step.step(
            tuple(per_row(scalar, w) for scalar in scalars),
            w[index],
            g,
            tuple(state[slot][index] for slot in self.slots),
        )
        for slot, value in zip(self.slots, values, strict=True):
            state[slot][index] = value

    def effective_rate(self, state: State) -> Array:
        """What gradients of each parameter are multiplied by at this state, a steady gradient being assumed.

        Returns
        -------
        ndarray, of the shape of `w` or one that broadcasts to it
        """
        raise NotImplementedError

    def settle(self, w: Array, state: State) -> None:
        """Bring rows that a rule moves without a gradient up to date, in place: before `w` is read by others."""

    def minimize(self, gradient: Callable[[Array], Array], w: Array, steps: int) -> Array:
        """Take steps from `w` along `gradient(w)` and return where they lead; `w` itself stays as it is."""
        w = w.copy()
        state = self.init(w)
        for _ in range(steps):
            self.update(w, gradient(w), state)
        return w
