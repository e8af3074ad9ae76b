"""AdaGrad's relatives, to compare it with: settings, defaults, and where each comes from.

As in `adagrad`, a class is a row of the table in docs/adagrad.md, and its formula is the step in `steps`.
"""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar

import numpy as np

from glove_adagrad.optim import steps
from glove_adagrad.optim.rule import Array, Rule, State, per_row


@dataclasses.dataclass(frozen=True, kw_only=True)
class SGD(Rule):
    """Stochastic gradient descent, with heavy-ball momentum if asked for. `torch.optim.SGD`."""

    name: ClassVar[str] = "sgd"
    learning_rate: float = 0.01
    momentum: float = 0.0

    def vector_settings(self) -> Any:
        if self.momentum:
            return steps.MomentumStep(self.learning_rate, self.momentum)
        return steps.SGDStep(self.learning_rate)

    def start(self) -> dict[str, float]:
        return {"velocity": 0.0} if self.momentum else {}

    def effective_rate(self, state: State) -> Array:
        return np.array(self.learning_rate / (1 - self.momentum))


@dataclasses.dataclass(frozen=True, kw_only=True)
class RMSProp(Rule):
    """AdaGrad with a moving average for its sum. Hinton 2012, lecture 6e; in `torch.optim.RMSprop` rho is alpha."""

    name: ClassVar[str] = "rmsprop"
    learning_rate: float = 0.001
    rho: float = 0.9
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_divisor("epsilon", self.epsilon)

    def vector_settings(self) -> Any:
        return steps.RMSPropStep(self.learning_rate, 1 - self.rho, self.epsilon)

    def start(self) -> dict[str, float]:
        return {"mean_of_squares": 0.0}

    def effective_rate(self, state: State) -> Array:
        return self.learning_rate / (np.sqrt(state["mean_of_squares"]) + self.epsilon)


@dataclasses.dataclass(frozen=True, kw_only=True)
class AdaDelta(Rule):
    """A moving average for AdaGrad's sum, and steps in the parameters' own units. Zeiler 2012, algorithm 1."""

    name: ClassVar[str] = "adadelta"
    learning_rate: float = 1.0
    rho: float = 0.95
    epsilon: float = 1e-6

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_divisor("epsilon", self.epsilon)

    def vector_settings(self) -> Any:
        return steps.AdaDeltaStep(self.learning_rate, 1 - self.rho, self.epsilon)

    def start(self) -> dict[str, float]:
        return {"mean_of_squares": 0.0, "mean_of_squared_steps": 0.0}

    def effective_rate(self, state: State) -> Array:
        x, s = state["mean_of_squared_steps"], state["mean_of_squares"]
        return self.learning_rate * np.sqrt((x + self.epsilon) / (s + self.epsilon))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Adam(Rule):
    """Averages of gradients and of their squares, corrected for their start. Kingma, Ba 2015, algorithm 1.

    What the corrections count are the updates of the row.
    """

    name: ClassVar[str] = "adam"
    _squares: ClassVar[str] = "mean_of_squares"
    learning_rate: float = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_divisor("epsilon", self.epsilon)

    def vector_settings(self) -> Any:
        return steps.AdamStep(self.learning_rate, 1 - self.beta1, 1 - self.beta2, self.epsilon, 0.0)

    def start(self) -> dict[str, float]:
        return {"mean": 0.0, "mean_of_squares": 0.0}

    def row_start(self) -> dict[str, float]:
        return {"mean_weight": 0.0, "squares_weight": 0.0}

    def effective_rate(self, state: State) -> Array:
        # a row without updates has weights of 0 and averages of 0
        weight = np.maximum(per_row(state["squares_weight"], state["mean"]), 1 - self.beta2)
        return self.learning_rate / (np.sqrt(state[self._squares] / weight) + self.epsilon)


@dataclasses.dataclass(frozen=True, kw_only=True)
class AdamW(Adam):
    """Adam, with weights that decay apart from the gradient. Loshchilov, Hutter 2019, algorithm 2.

    The decay takes place when a row is updated; biases do not decay.
    """

    name: ClassVar[str] = "adamw"
    weight_decay: float = 0.01

    def vector_settings(self) -> Any:
        settings: steps.AdamStep = super().vector_settings()
        return settings._replace(shrinkage=self.learning_rate * self.weight_decay)

    def bias_settings(self) -> Any:
        return super().vector_settings()


@dataclasses.dataclass(frozen=True, kw_only=True)
class AMSGrad(Adam):
    """Adam, with the largest average of squares so far. Reddi, Kale, Kumar 2018, algorithm 2.

    Averages are corrected for their start, as PyTorch does and the paper does not.

    Memory per parameter is three accumulators.
    """

    name: ClassVar[str] = "amsgrad"
    _squares: ClassVar[str] = "largest_mean_of_squares"

    def vector_settings(self) -> Any:
        step: Any = steps.AMSGradStep  # whose `begin`, Adam's, type checkers take for a field
        return step(self.learning_rate, 1 - self.beta1, 1 - self.beta2, self.epsilon)

    def start(self) -> dict[str, float]:
        return {**super().start(), "largest_mean_of_squares": 0.0}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Adamax(Adam):
    """Adam with the largest of decayed gradients for a root. Kingma, Ba 2015, algorithm 2; `torch.optim.Adamax`."""

    name: ClassVar[str] = "adamax"
    learning_rate: float = 0.002

    def vector_settings(self) -> Any:
        return steps.AdamaxStep(self.learning_rate, 1 - self.beta1, self.beta2, self.epsilon)

    def start(self) -> dict[str, float]:
        return {"mean": 0.0, "largest": 0.0}

    def row_start(self) -> dict[str, float]:
        return {"mean_weight": 0.0}

    def effective_rate(self, state: State) -> Array:
        return self.learning_rate / np.maximum(state["largest"], self.epsilon)
