"""The formulas of the AdaGrad family: one pure step per rule, for NumPy arrays and for compiled kernels alike.

A step is a `typing.NamedTuple` of plain numbers with these methods:

`step(scalars, w, g, state) -> (w, state)`
    The update of a parameter `w` by its gradient `g`; `state` is a tuple of the rule's values per parameter.
`begin(row, now, squared_norm) -> (row, scalars)`, only where a row has a state of its own
    What a row's update needs besides, computed once for all its parameters. `row` is the row's state, a tuple of
    float64 values; `now` the number of this update among all updates, from 1; `squared_norm` the sum of g * g over
    the row. The result's `scalars` are passed to `step`.
`rest(elapsed, w, state) -> w`, only for rules that move a row while it has no gradients
    The parameters after `elapsed` updates in which their gradient was zero.

`FullMatrixStep` alone is not element-wise: it has an `update` of a whole row in place.

The class of the tuple selects the formula when a kernel is compiled, and Numba compiles these very methods. So they
hold arithmetic and NumPy's element-wise functions only, branch on no value, and combine no float32 with a Python
literal (Numba would go on in float64): every constant is a field. Moving averages are written with the complement of
their decay, m += (1 - beta) (g - m), for the same reason. `begin` runs once per row and may use float64. A kernel's
time goes into roots and divisions: a step has one of each.

Notation of the comments: g gradient, s accumulator, eta learning rate. What the settings mean, their defaults and
checks are in `adagrad` and `relatives`; nothing here knows of files, options or GloVe.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

Values = tuple[Any, ...]


def larger(a: Any, b: Any) -> Any:
    """The larger of two. Kernels have their own, which need not look for NaN and takes half the time."""
    return np.maximum(a, b)


def smaller(a: Any, b: Any) -> Any:
    """The smaller of two."""
    return np.minimum(a, b)


def soft_threshold(z: Any, threshold: Any) -> Any:
    """sign(z) * max(abs(z) - threshold, 0), by taking from z what of it lies within the threshold."""
    return z - smaller(larger(z, -threshold), threshold)


def reciprocal_root(s: Any) -> Any:
    """1 / sqrt(s). Kernels in float32 take the processor's estimate, which is off by less than 0.04 per cent.

    Only for the scale of a step: there it acts like a rate that is off by as much, and no error adds up.
    """
    return 1 / np.sqrt(s)


def inverse_root(matrix: Any, delta: Any) -> Any:
    """(delta I + matrix^(1/2))^(-1) of a symmetric, positive semi-definite float64 matrix."""
    values, vectors = np.linalg.eigh(matrix)
    scale = 1.0 / (delta + np.sqrt(np.maximum(values, 0.0)))
    return np.ascontiguousarray(vectors * scale) @ np.ascontiguousarray(vectors.T)


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
        return w - rate * g / (np.sqrt(s + self.inside) + self.outside), (s,)


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


class MirrorDescentStep(NamedTuple):
    """s += g^2; H = delta + sqrt(s); w = soft_threshold(w - eta g / H, eta l1 / H).

    An update without a gradient only shrinks, by eta l1 / H with the same H: k of them are one of k times the size.
    So a row that was left alone catches up when it is next touched, and the result is that of shrinking every time.
    The state is sqrt(s), and there is one division for the two values of H: a root and a division are what costs.
    """

    learning_rate: float
    l1: float
    delta: float

    def begin(self, row: Values, now: Any, squared_norm: Any) -> tuple[Values, Values]:
        (last,) = row
        return (now,), ((now - last - 1) * self.l1,)

    def rest(self, elapsed: Any, w: Any, state: Values) -> Any:
        (root,) = state
        return soft_threshold(w, elapsed * (self.learning_rate * self.l1) / (self.delta + root))

    def step(self, scalars: Values, w: Any, g: Any, state: Values) -> tuple[Any, Values]:
        (root,) = state
        (idle_l1,) = scalars
        old = self.delta + root
        root = np.sqrt(root * root + g * g)
        new = self.delta + root
        rate = self.learning_rate / (old * new)
        w = soft_threshold(w, idle_l1 * (new * rate))
        rate = old * rate
        return soft_threshold(w - rate * g, self.l1 * rate), (root,)


class ProximalStep(NamedTuple):
    """s += g^2; e = eta / sqrt(s); w = soft_threshold(w - e g, e l1) / (1 + e l2), all multiplied by sqrt(s)."""

    learning_rate: float
    l1: float
    l2: float

    def step(self, scalars: Values, w: Any, g: Any, state: Values) -> tuple[Any, Values]:
        (s,) = state
        s = s + g * g
        root = np.sqrt(s)
        shrunk = soft_threshold(root * w - self.learning_rate * g, self.learning_rate * self.l1)
        return shrunk / (root + self.learning_rate * self.l2), (s,)


class DualAveragingStep(NamedTuple):
    """G += g; S += g^2; w = -eta soft_threshold(G, l1 t) / (l2 t eta + sqrt(S))."""

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
        return w - self.learning_rate * g / (np.sqrt(s) + self.epsilon), (s,)


class AdaDeltaStep(NamedTuple):
    """s += (1 - rho) (g^2 - s); u = g sqrt(x + eps) / sqrt(s + eps); x += (1 - rho) (u^2 - x); w -= eta u."""

    learning_rate: float
    rho_complement: float
    epsilon: float

    def step(self, scalars: Values, w: Any, g: Any, state: Values) -> tuple[Any, Values]:
        s, x = state
        s = s + self.rho_complement * (g * g - s)
        u = g * np.sqrt((x + self.epsilon) / (s + self.epsilon))
        x = x + self.rho_complement * (u * u - x)
        return w - self.learning_rate * u, (s, x)


class AdamStep(NamedTuple):
    """m, v averages of g, g^2; w -= eta lambda w + eta / (1 - beta1^t) m / (sqrt(v / (1 - beta2^t)) + eps)."""

    learning_rate: float
    beta1_complement: float
    beta2_complement: float
    epsilon: float
    shrinkage: float

    def begin(self, row: Values, now: Any, squared_norm: Any) -> tuple[Values, Values]:
        first, second = row
        first = first + self.beta1_complement * (1.0 - first)
        second = second + self.beta2_complement * (1.0 - second)
        return (first, second), (self.learning_rate / first, 1.0 / second)

    def step(self, scalars: Values, w: Any, g: Any, state: Values) -> tuple[Any, Values]:
        m, v = state
        rate, scale = scalars
        m = m + self.beta1_complement * (g - m)
        v = v + self.beta2_complement * (g * g - v)
        return w - self.shrinkage * w - rate * m / (np.sqrt(v * scale) + self.epsilon), (m, v)


class AMSGradStep(NamedTuple):
    """Adam, with the largest v so far in place of v."""

    learning_rate: float
    beta1_complement: float
    beta2_complement: float
    epsilon: float

    def begin(self, row: Values, now: Any, squared_norm: Any) -> tuple[Values, Values]:
        first, second = row
        first = first + self.beta1_complement * (1.0 - first)
        second = second + self.beta2_complement * (1.0 - second)
        return (first, second), (self.learning_rate / first, 1.0 / second)

    def step(self, scalars: Values, w: Any, g: Any, state: Values) -> tuple[Any, Values]:
        m, v, largest = state
        rate, scale = scalars
        m = m + self.beta1_complement * (g - m)
        v = v + self.beta2_complement * (g * g - v)
        largest = larger(largest, v)
        return w - rate * m / (np.sqrt(largest * scale) + self.epsilon), (m, v, largest)


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
        return w - rate * m / u, (m, u)


class FullMatrixStep(NamedTuple):
    """S += g g^T; w -= eta (delta I + S^(1/2))^(-1) g, the inverse root taken anew every few updates of a row."""

    learning_rate: float
    delta: float
    refresh: int

    def update(self, before: int, w: Any, g: Any, matrix: Any, root: Any) -> None:
        """One row's update in place, `before` being the number of those it has had."""
        matrix += np.outer(g, g)
        if before % self.refresh == 0:
            root[:] = inverse_root(matrix.astype(np.float64), self.delta)
        w -= self.learning_rate * (root @ g)
