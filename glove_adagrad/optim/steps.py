"""The formulas of the AdaGrad family: one pure step per rule, for NumPy arrays and for compiled kernels alike.

A step is a `typing.NamedTuple` of plain numbers with these methods:

`step(scalars, w, g, state) -> (w, state)`
    The update of a parameter `w` by its gradient `g`; `state` is a tuple of the rule's values per parameter.
`begin(row, now, squared_norm) -> (row, scalars)`, only where a row has a state of its own
    The per-row scalars of the update, computed once for all its parameters. `row` is the row's state, a tuple of
    float64 values; `now` the number of this update among all updates, from 1; `squared_norm` the sum of g * g over
    the row. The result's `scalars` are passed to `step`.
`rest(elapsed, w, state) -> w`, only for rules that move a row while it has no gradients
    The parameters after `elapsed` updates in which their gradient was zero.

A class states the traits of its formula by `_with_traits`, as attributes that are True:

`uses_norm`
    `begin` uses `squared_norm`; for other steps it is not computed.
`begin_spares_biases`
    The scalars of `begin` are for vectors only: biases have a step, and scalars, of their own.
`shared`
    All rows have one state together.
`has_matrix`
    Not element-wise: there is an `update` of a whole row in place, with a matrix for each row.

The class of the tuple selects the formula when a kernel is compiled, and Numba compiles these very methods. So they
hold arithmetic and NumPy's element-wise functions only, branch on no value, and combine no float32 with a Python
literal (Numba would continue in float64): every constant is a field. Moving averages use the complement of their
decay, m += (1 - beta) (g - m), for the same reason. `begin` runs once per row and may use float64.

A kernel waits for roots and divisions: the next record of a word needs the outcome of this one. The functions below
are exact on NumPy arrays, and in float32 kernels the processor's estimates of 12 bits. A step may use those for its
scale, but not where their error would stay in the parameters or add up.

Notation of the comments: g gradient, s accumulator, eta learning rate. What the settings mean, their defaults and
checks are in `adagrad` and `relatives`; nothing here knows of files, options or GloVe.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import numpy as np

Values = tuple[Any, ...]
Step = TypeVar("Step")


def larger(a: Any, b: Any) -> Any:
    """The larger of two. Kernels have their own, which need not look for NaN and takes half the time."""
    return np.maximum(a, b)


def smaller(a: Any, b: Any) -> Any:
    """The smaller of two."""
    return np.minimum(a, b)


def soft_threshold(z: Any, threshold: Any) -> Any:
    """sign(z) * max(abs(z) - threshold, 0), computed as z minus z clipped to [-threshold, threshold]."""
    return z - smaller(larger(z, -threshold), threshold)


def reciprocal_root(s: Any) -> Any:
    """1 / sqrt(s). Kernels in float32 take the processor's estimate, which is off by less than 0.04 per cent.

    Only for the scale of a step: there it acts like a rate that is off by as much, and no error adds up.
    """
    return 1 / np.sqrt(s)


def reciprocal(x: Any) -> Any:
    """1 / x; in float32 kernels the processor's estimate, like `reciprocal_root` and for the same use."""
    return 1 / x


def damped_reciprocal_root(s: Any, epsilon: Any) -> Any:
    """1 / (sqrt(s) + epsilon), s or epsilon being above 0; an estimate in float32 kernels.

    Where epsilon is None, known when a kernel is compiled, it is `reciprocal_root`, at half the work.
    """
    return reciprocal_root(s) if epsilon is None else 1 / (np.sqrt(s) + epsilon)


def fraction(x: Any) -> Any:
    """x / (1 + x); an estimate in float32 kernels, exact at 0."""
    return x / (1 + x)


def reciprocal_factor(x: Any, y: Any) -> Any:
    """2 - x y: what a y near 1 / x is multiplied by to be nearer (Newton's step)."""
    return 2 - x * y


def inverse_root(matrix: Any, delta: Any) -> Any:
    """(delta I + matrix^(1/2))^(-1) of a symmetric, positive semi-definite float64 matrix."""
    values, vectors = np.linalg.eigh(matrix)
    return vectors / (delta + np.sqrt(np.maximum(values, 0.0))) @ vectors.T


def _with_traits(*names: str) -> Callable[[type[Step]], type[Step]]:
    """State traits of a step class; a NamedTuple's body would take annotated attributes for fields."""

    def state(cls: type[Step]) -> type[Step]:
        for name in names:
            setattr(cls, name, True)
        return cls

    return state


class SGDStep(NamedTuple):
    """w -= eta g."""

    learning_rate: float

    def step(self, scalars: Values, w: Any, g: Any, state: Values) -> tuple[Any, Values]:
        return w - self.learning_rate * g, state


class MomentumStep(NamedTuple):
    """v = momentum v + g; w -= eta v."""

    learning_rate: float
    momentum: float

    def step(self, scalars: Values, w: Any, g: Any, state: Values) -> tuple[Any, Values]:
        (v,) = state
        v = self.momentum * v + g
        return w - self.learning_rate * v, (v,)


class StanfordStep(NamedTuple):
    """w -= g / sqrt(s); s += g^2: the accumulator of before this gradient.

    Stanford's program has w -= eta g / sqrt(s), s += (eta g)^2 and starts at s = 1. Divided by eta^2 its accumulator
    is this one, which starts at 1 / eta^2: eta g / sqrt(1 + sum (eta g)^2) = g / sqrt(1 / eta^2 + sum g^2).
    """

    def step(self, scalars: Values, w: Any, g: Any, state: Values) -> tuple[Any, Values]:
        (s,) = state
        return w - g * reciprocal_root(s), (s + g * g,)


class AdaGradStep(NamedTuple):
    """g += lambda w; s += g^2; w -= eta / (1 + (t - 1) decay) g / (sqrt(s + inside) + outside)."""

    learning_rate: float
    lr_decay: float
    weight_decay: float
    inside: float
    outside: float

    def begin(self, row: Values, now: Any, squared_norm: Any) -> tuple[Values, Values]:
        (t,) = row
        return (t + 1,), (self.learning_rate / (1 + t * self.lr_decay),)

    def step(self, scalars: Values, w: Any, g: Any, state: Values) -> tuple[Any, Values]:
        (s,) = state
        (rate,) = scalars
        g = g + self.weight_decay * w
        s = s + g * g
        return w - rate * g * damped_reciprocal_root(s + self.inside, self.outside), (s,)


@_with_traits("uses_norm")
class AdaGradNormStep(NamedTuple):
    """b^2 += norm(g)^2; w -= (eta / b) g."""

    learning_rate: float

    def begin(self, row: Values, now: Any, squared_norm: Any) -> tuple[Values, Values]:
        (s,) = row
        s = s + squared_norm
        return (s,), (self.learning_rate / np.sqrt(s),)

    def step(self, scalars: Values, w: Any, g: Any, state: Values) -> tuple[Any, Values]:
        (rate,) = scalars
        return w - rate * g, state


@_with_traits("uses_norm", "shared")
class ModelNormStep(NamedTuple):
    """`AdaGradNormStep` with one b for all rows: kernels distinguish the two by their type."""

    learning_rate: float

    begin = AdaGradNormStep.begin  # type: ignore[misc]
    step = AdaGradNormStep.step  # type: ignore[misc]


@_with_traits("begin_spares_biases")
class MirrorDescentStep(NamedTuple):
    """s += g^2; H = delta + sqrt(s); w = soft_threshold(w - eta g / H, eta l1 / H).

    An update without a gradient only shrinks, by eta l1 / H with the same H: k of them are one of k times the size.
    So an idle row catches up when it is next updated, with the same result as shrinking every time.
    """

    learning_rate: float
    l1: float
    delta: float | None

    def begin(self, row: Values, now: Any, squared_norm: Any) -> tuple[Values, Values]:
        (last,) = row
        return (now,), ((now - last - 1) * self.l1,)

    def rest(self, elapsed: Any, w: Any, state: Values) -> Any:
        (s,) = state
        return soft_threshold(w, elapsed * (self.learning_rate * self.l1) * damped_reciprocal_root(s, self.delta))

    def step(self, scalars: Values, w: Any, g: Any, state: Values) -> tuple[Any, Values]:
        (s,) = state
        (idle_l1,) = scalars
        w = soft_threshold(w, idle_l1 * (self.learning_rate * damped_reciprocal_root(s, self.delta)))
        s = s + g * g
        rate = self.learning_rate * damped_reciprocal_root(s, self.delta)
        return soft_threshold(w - rate * g, self.l1 * rate), (s,)


class ProximalStep(NamedTuple):
    """s += g^2; e = eta / sqrt(s); w = soft_threshold(w - e g, e l1) / (1 + e l2)."""

    learning_rate: float
    l1: float
    l2: float

    def step(self, scalars: Values, w: Any, g: Any, state: Values) -> tuple[Any, Values]:
        (s,) = state
        s = s + g * g
        rate = self.learning_rate * reciprocal_root(s)
        w = soft_threshold(w - rate * g, rate * self.l1)
        return w - w * fraction(rate * self.l2), (s,)


@_with_traits("begin_spares_biases")
class DualAveragingStep(NamedTuple):
    """G += g; S += g^2; w = -eta soft_threshold(G, l1 t) / (l2 t eta + sqrt(S)).

    An estimate would err in the parameter itself, not in a step: the root and the division are true ones.
    """

    learning_rate: float
    l1: float
    l2: float

    def begin(self, row: Values, now: Any, squared_norm: Any) -> tuple[Values, Values]:
        (t,) = row
        t = t + 1
        return (t,), (t * self.l1, t * self.l2 * self.learning_rate)

    def step(self, scalars: Values, w: Any, g: Any, state: Values) -> tuple[Any, Values]:
        total, s = state
        threshold, ridge = scalars
        total = total + g
        s = s + g * g
        return -self.learning_rate * soft_threshold(total, threshold) / (ridge + np.sqrt(s)), (total, s)


class RMSPropStep(NamedTuple):
    """s += (1 - rho) (g^2 - s); w -= eta g / (sqrt(s) + eps)."""

    learning_rate: float
    rho_complement: float
    epsilon: float

    def step(self, scalars: Values, w: Any, g: Any, state: Values) -> tuple[Any, Values]:
        (s,) = state
        s = s + self.rho_complement * (g * g - s)
        return w - self.learning_rate * g * damped_reciprocal_root(s, self.epsilon), (s,)


class AdaDeltaStep(NamedTuple):
    """s += (1 - rho) (g^2 - s); u = g sqrt(x + eps) / sqrt(s + eps); x += (1 - rho) (u^2 - x); w -= eta u.

    Steps feed on steps, by way of x: there an estimate of the root does not do. With product y^2 near 1 the square of
    y becomes precise by `reciprocal_factor`.
    """

    learning_rate: float
    rho_complement: float
    epsilon: float

    def step(self, scalars: Values, w: Any, g: Any, state: Values) -> tuple[Any, Values]:
        s, x = state
        s = s + self.rho_complement * (g * g - s)
        known = x + self.epsilon
        product = known * (s + self.epsilon)
        root = reciprocal_root(product)
        u = g * known * root
        square = u * u
        x = x + self.rho_complement * (square * reciprocal_factor(product, root * root) - x)
        return w - self.learning_rate * u, (s, x)


class AdamStep(NamedTuple):
    """m, v averages of g, g^2; w -= eta lambda w + eta / (1 - beta1^t) m / (sqrt(v / (1 - beta2^t)) + eps).

    The root of 1 - beta2^t is taken once a row, out of the fraction.
    """

    learning_rate: float
    beta1_complement: float
    beta2_complement: float
    epsilon: float
    shrinkage: float

    def begin(self, row: Values, now: Any, squared_norm: Any) -> tuple[Values, Values]:
        first, second = row
        first = first + self.beta1_complement * (1.0 - first)
        second = second + self.beta2_complement * (1.0 - second)
        root = np.sqrt(second)
        return (first, second), (self.learning_rate * root / first, self.epsilon * root)

    def step(self, scalars: Values, w: Any, g: Any, state: Values) -> tuple[Any, Values]:
        m, v = state
        rate, epsilon = scalars
        m = m + self.beta1_complement * (g - m)
        v = v + self.beta2_complement * (g * g - v)
        return w - self.shrinkage * w - rate * m * damped_reciprocal_root(v, epsilon), (m, v)


class AMSGradStep(NamedTuple):
    """Adam, with the largest v so far in place of v."""

    learning_rate: float
    beta1_complement: float
    beta2_complement: float
    epsilon: float

    begin = AdamStep.begin  # type: ignore[misc]

    def step(self, scalars: Values, w: Any, g: Any, state: Values) -> tuple[Any, Values]:
        m, v, largest = state
        rate, epsilon = scalars
        m = m + self.beta1_complement * (g - m)
        v = v + self.beta2_complement * (g * g - v)
        largest = larger(largest, v)
        return w - rate * m * damped_reciprocal_root(largest, epsilon), (m, v, largest)


class AdamaxStep(NamedTuple):
    """m average of g; u = max(beta2 u, abs(g) + eps); w -= eta / (1 - beta1^t) m / u."""

    learning_rate: float
    beta1_complement: float
    beta2: float
    epsilon: float

    def begin(self, row: Values, now: Any, squared_norm: Any) -> tuple[Values, Values]:
        (first,) = row
        first = first + self.beta1_complement * (1.0 - first)
        return (first,), (self.learning_rate / first,)

    def step(self, scalars: Values, w: Any, g: Any, state: Values) -> tuple[Any, Values]:
        m, u = state
        (rate,) = scalars
        m = m + self.beta1_complement * (g - m)
        u = larger(self.beta2 * u, np.abs(g) + self.epsilon)
        return w - rate * m * reciprocal(u), (m, u)


@_with_traits("has_matrix")
class FullMatrixStep(NamedTuple):
    """S += g g^T; w -= eta (delta I + S^(1/2))^(-1) g, the inverse root recomputed every few updates of a row."""

    learning_rate: float
    delta: float
    refresh: int

    def update(self, before: int, w: Any, g: Any, matrix: Any, root: Any) -> None:
        """One row's update in place, `before` being the number of those it has had."""
        matrix += g[:, None] * g
        if before % self.refresh == 0:
            # not `root[:] =`, which takes Numba as long to compile as all the rest of training
            root += inverse_root(matrix.astype(np.float64), self.delta) - root
        w -= self.learning_rate * (root @ g)
