"""AdaGrad in all its forms: settings, defaults, and where each comes from.

A class is a row of the table in docs/adagrad.md; its formula is the step in `steps` that it makes. Defaults are those
of the source named: the paper, PyTorch or TensorFlow. What suits GloVe is in docs/adagrad.md.
"""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from glove_adagrad.errors import InputError
from glove_adagrad.optim import steps
from glove_adagrad.optim.rule import Array, Rule, State, per_row

_SCOPES = ("row", "model")


@dataclasses.dataclass(frozen=True, kw_only=True)
class StanfordAdaGrad(Rule):
    """AdaGrad as Stanford's GloVe program has it, the default of this package.

    The learning rate scales the gradients inside the accumulator, which starts at 1, and a step uses the accumulator
    from before its gradient. It is computed as the equivalent textbook AdaGrad with learning rate 1 and initial
    accumulator 1 / learning_rate^2, one step late. Biases have a rate of 1 and an initial accumulator of 1.
    Source: the behaviour of the `glove` program since 2020; rsparse and glove-python step in the same way.
    """

    name: ClassVar[str] = "adagrad"
    learning_rate: float = 0.05

    def vector_settings(self) -> Any:
        return steps.StanfordStep()

    def start(self) -> dict[str, float]:
        return {"sum_of_squares": self.learning_rate**-2}

    def bias_start(self) -> dict[str, float]:
        return {"sum_of_squares": 1.0}

    def effective_rate(self, state: State) -> Array:
        return 1 / np.sqrt(state["sum_of_squares"])


@dataclasses.dataclass(frozen=True, kw_only=True)
class AdaGrad(Rule):
    """Diagonal AdaGrad. Duchi, Hazan, Singer 2011, section 1.1; `torch.optim.Adagrad`, from which the defaults are.

    `epsilon` is added to the root of the accumulator, or with `epsilon_inside` to the accumulator, as Keras and Optax
    do. `lr_decay` divides the rate by 1 + (t - 1) lr_decay, t counting the updates of the row.
    """

    name: ClassVar[str] = "adagrad-textbook"
    learning_rate: float = 0.01
    initial_accumulator: float = 0.0
    epsilon: float = 1e-10
    epsilon_inside: bool = False
    lr_decay: float = 0.0
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_divisor("epsilon", self.initial_accumulator, self.epsilon)

    def _settings(self, weight_decay: float) -> Any:
        inside, outside = (self.epsilon, 0.0) if self.epsilon_inside else (0.0, self.epsilon)
        return steps.AdaGradStep(self.learning_rate, self.lr_decay, weight_decay, inside, outside)

    def vector_settings(self) -> Any:
        return self._settings(self.weight_decay)

    def bias_settings(self) -> Any:
        return self._settings(0.0)

    def start(self) -> dict[str, float]:
        return {"sum_of_squares": self.initial_accumulator}

    def row_start(self) -> dict[str, float]:
        return {"row_updates": 0.0}

    def effective_rate(self, state: State) -> Array:
        s = state["sum_of_squares"]
        rate = self.learning_rate / (1 + per_row(state["row_updates"], s) * self.lr_decay)
        divisor = np.sqrt(s + self.epsilon) if self.epsilon_inside else np.sqrt(s) + self.epsilon
        return rate / divisor


@dataclasses.dataclass(frozen=True, kw_only=True)
class FullMatrixAdaGrad(Rule):
    """AdaGrad with a full matrix for each row. Duchi, Hazan, Singer 2011, figure 1.

    The inverse root costs d^3 and is recomputed at a row's first update and then at every `refresh`-th. The other
    updates use a stale one, which lacks the directions that are new since: `initial_accumulator` damps them.
    Its default is that of Stanford's rule at its own default, rate 1 and initial accumulator 1 / 0.05^2.
    """

    name: ClassVar[str] = "adagrad-full"
    matrix_slots: ClassVar[tuple[str, ...]] = ("matrix", "inverse_root")
    learning_rate: float = 1.0
    initial_accumulator: float = 400.0
    delta: float = 0.0
    refresh: int = 20

    #: The most components of a row, and the most bytes of matrices of one array of parameters.
    LARGEST: ClassVar[tuple[int, int]] = (128, 4 << 30)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_divisor("delta", self.initial_accumulator, self.delta)
        if self.refresh < 1:
            raise self._refusal("refresh", self.refresh, "a whole number above 0")

    def vector_settings(self) -> Any:
        return steps.FullMatrixStep(self.learning_rate, self.delta, self.refresh)

    def row_start(self) -> dict[str, float]:
        return {"row_updates": 0.0}

    def check_size(self, rows: int, size: int, itemsize: int) -> None:
        components, most = self.LARGEST
        needed = 2 * rows * size * size * itemsize
        if size > components:
            raise InputError(
                f"optimizer {self.name}: rows of {size} components: expected at most {components}, as each has a "
                f"matrix of its own; use smaller vectors or another rule"
            )
        if needed > most:
            raise InputError(
                f"optimizer {self.name}: {rows} rows of {size} components need {needed / 2**30:.1f} GiB of matrices: "
                f"expected at most {most >> 30} GiB; use fewer words, smaller vectors or another rule"
            )

    def matrices(self, rows: int, size: int, dtype: npt.DTypeLike) -> State:
        self.check_size(rows, size, np.dtype(dtype).itemsize)
        matrix = np.zeros((rows, size, size), dtype)
        matrix[:] = self.initial_accumulator * np.eye(size)
        return {"matrix": matrix, "inverse_root": np.zeros_like(matrix)}

    def _update(self, w: Array, g: Array, state: State, index: Any) -> None:
        step = self.vector_settings()
        before = state["row_updates"]
        for gradient, row in zip(g, np.arange(len(w))[index], strict=True):
            values = w[row].ravel()
            step.update(int(before[row]), values, gradient.ravel(), state["matrix"][row], state["inverse_root"][row])
            w[row] = values.reshape(w[row].shape)
            before[row] += 1

    def effective_rate(self, state: State) -> Array:
        return self.learning_rate * np.diagonal(state["inverse_root"], axis1=1, axis2=2)


@dataclasses.dataclass(frozen=True, kw_only=True)
class AdaGradNorm(Rule):
    """AdaGrad with one accumulator for a row, or for the whole model. Ward, Wu, Bottou 2019, algorithm 1.

    `scope` is "row" or "model". The accumulator starts at `initial_accumulator`, b_0^2 in the paper. In parallel
    training, "model" lets each block start from the accumulator at the start of its stratum.
    """

    name: ClassVar[str] = "adagrad-norm"
    learning_rate: float = 1.0
    initial_accumulator: float = 1.0
    scope: str = "row"

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_divisor("initial_accumulator", self.initial_accumulator)
        if self.scope not in _SCOPES:
            raise self._refusal("scope", self.scope, " or ".join(_SCOPES))

    @property
    def shared(self) -> bool:  # type: ignore[override]
        return self.scope == "model"

    def vector_settings(self) -> Any:
        step: Any = steps.ModelNormStep if self.shared else steps.AdaGradNormStep
        return step(self.learning_rate)

    def row_start(self) -> dict[str, float]:
        return {"squared_norms": self.initial_accumulator}

    def effective_rate(self, state: State) -> Array:
        return (self.learning_rate / np.sqrt(state["squared_norms"]))[:, None]


@dataclasses.dataclass(frozen=True, kw_only=True)
class MirrorDescentAdaGrad(Rule):
    """AdaGrad with L1 by composite mirror descent. Duchi, Hazan, Singer 2011, equation 4 and section 5.1.

    Components become exactly 0. Every update shrinks all parameters, also those whose gradient is 0. Rows that are
    not touched are shrunk when they next are, or by `settle`: at once, to the same values. Biases are not shrunk.

    Without gradients so far, a parameter shrinks by learning_rate * l1 / (delta + sqrt(initial_accumulator)) in each
    update of any row: from an accumulator near 0 a first epoch would wipe out all that it has not reached yet. The
    defaults are those of `FullMatrixAdaGrad`, for the same reason.
    """

    name: ClassVar[str] = "adagrad-l1"
    timed: ClassVar[bool] = True
    learning_rate: float = 1.0
    l1: float = 0.0
    initial_accumulator: float = 400.0
    delta: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_divisor("delta", self.initial_accumulator, self.delta)

    def vector_settings(self) -> Any:
        return steps.MirrorDescentStep(self.learning_rate, self.l1, self.delta or None)

    def bias_settings(self) -> Any:
        return steps.MirrorDescentStep(self.learning_rate, 0.0, self.delta or None)

    def start(self) -> dict[str, float]:
        return {"sum_of_squares": self.initial_accumulator}

    def row_start(self) -> dict[str, float]:
        return {"last_update": 0.0}

    def settle(self, w: Array, state: State) -> None:
        idle = per_row(state["updates"] - state["last_update"], w)
        w[:] = self.vector_settings().rest(idle, w, (state["sum_of_squares"],))
        state["last_update"][:] = state["updates"]

    def effective_rate(self, state: State) -> Array:
        return self.learning_rate / (self.delta + np.sqrt(state["sum_of_squares"]))


@dataclasses.dataclass(frozen=True, kw_only=True)
class PenalisedAdaGrad(Rule):
    """AdaGrad with the penalties l1 and l2 in its step, of which biases have none.

    Attributes
    ----------
    STEP : step class
        Made with a rate, l1 and l2.
    """

    STEP: ClassVar[type]
    learning_rate: float = 0.05
    l1: float = 0.0
    l2: float = 0.0
    initial_accumulator: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_divisor("initial_accumulator", self.initial_accumulator)

    def vector_settings(self) -> Any:
        return self.STEP(self.learning_rate, self.l1, self.l2)

    def bias_settings(self) -> Any:
        return self.STEP(self.learning_rate, 0.0, 0.0)

    def start(self) -> dict[str, float]:
        return {"sum_of_squares": self.initial_accumulator}

    def effective_rate(self, state: State) -> Array:
        return self.learning_rate / np.sqrt(state["sum_of_squares"])


@dataclasses.dataclass(frozen=True, kw_only=True)
class ProximalAdaGrad(PenalisedAdaGrad):
    """AdaGrad with L1 and L2, a row being shrunk when it is updated. TensorFlow's `ProximalAdagrad`.

    Biases are not shrunk.
    """

    name: ClassVar[str] = "adagrad-proximal"
    STEP: ClassVar[type] = steps.ProximalStep


@dataclasses.dataclass(frozen=True, kw_only=True)
class DualAveragingAdaGrad(PenalisedAdaGrad):
    """AdaGrad with L1 and L2 by dual averaging. Duchi, Hazan, Singer 2011, equation 3; TensorFlow's `AdagradDA`.

    Parameters follow from the sum of their gradients alone, so the starting point would be lost, and for a product of
    two vectors zero is a stationary point. Here the sum starts at the value that yields the starting point. (To
    centre the average on the starting point would keep it for good, and no component could become 0.)
    The number of updates t that multiplies the penalties is that of the row. Biases have none.
    """

    name: ClassVar[str] = "adagrad-da"
    STEP: ClassVar[type] = steps.DualAveragingStep

    def start(self) -> dict[str, float]:
        return {"sum_of_gradients": 0.0, **super().start()}

    def row_start(self) -> dict[str, float]:
        return {"row_updates": 0.0}

    def start_from(self, w: Array) -> State:
        return {"sum_of_gradients": (-w * (self.initial_accumulator**0.5 / self.learning_rate)).astype(w.dtype)}
