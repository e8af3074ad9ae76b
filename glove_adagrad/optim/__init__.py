"""Update rules: AdaGrad and its relatives, as values.

A rule holds settings (`adagrad`, `relatives`) and a formula (`steps`); it works on any NumPy arrays, and the training
kernel compiles the same formula. Nothing here knows GloVe, files, or Numba.

Examples
--------
>>> import numpy as np
>>> optimizer = AdaGrad(learning_rate=0.5)
>>> optimizer.minimize(lambda w: 2 * (w - 3), np.zeros(1), steps=200).round(3)
array([3.])
"""

from __future__ import annotations

import dataclasses
from typing import Any

from glove_adagrad.errors import InputError
from glove_adagrad.optim.adagrad import (
    AdaGrad,
    AdaGradNorm,
    DualAveragingAdaGrad,
    FullMatrixAdaGrad,
    MirrorDescentAdaGrad,
    ProximalAdaGrad,
    StanfordAdaGrad,
)
from glove_adagrad.optim.relatives import SGD, AdaDelta, Adam, Adamax, AdamW, AMSGrad, RMSProp
from glove_adagrad.optim.rule import Rule, State, as_float32

__all__ = [
    "PRESETS",
    "SGD",
    "AMSGrad",
    "AdaDelta",
    "AdaGrad",
    "AdaGradNorm",
    "Adam",
    "AdamW",
    "Adamax",
    "DualAveragingAdaGrad",
    "FullMatrixAdaGrad",
    "MirrorDescentAdaGrad",
    "ProximalAdaGrad",
    "RMSProp",
    "Rule",
    "StanfordAdaGrad",
    "State",
    "as_float32",
    "available",
    "make",
]

_RULES: dict[str, type[Rule]] = {
    rule.name: rule
    for rule in (
        StanfordAdaGrad, AdaGrad, FullMatrixAdaGrad, AdaGradNorm, MirrorDescentAdaGrad, ProximalAdaGrad,
        DualAveragingAdaGrad, SGD, RMSProp, AdaDelta, Adam, AdamW, Adamax, AMSGrad,
    )
}  # fmt: skip

#: AdaGrad with the defaults of other libraries: `make("adagrad", preset=...)`.
PRESETS: dict[str, Rule] = {
    "stanford": StanfordAdaGrad(),
    "torch": AdaGrad(learning_rate=0.01, initial_accumulator=0.0, epsilon=1e-10),
    "keras": AdaGrad(learning_rate=0.001, initial_accumulator=0.1, epsilon=1e-7, epsilon_inside=True),
    # Optax has no default rate, and takes no step where the accumulator is 0: nor does this, the gradient being 0 too
    "optax": AdaGrad(learning_rate=0.01, initial_accumulator=0.1, epsilon=1e-7, epsilon_inside=True),
}


def available() -> list[str]:
    """The names that `make` knows."""
    return list(_RULES)


def make(name: str, **options: Any) -> Rule:
    """A rule by its name.

    Parameters
    ----------
    name : str
        One of `available()`.
    **options
        Settings, as values or as the strings that a command line holds. For "adagrad", `preset` is one of `PRESETS`
        and the other options replace settings of it.

    Raises
    ------
    InputError
        If the name, an option or a value cannot be used.
    """
    if name not in _RULES:
        raise InputError(f"optimizer {name!r} is not known; choose one of: {', '.join(_RULES)}")
    rule, base = _RULES[name], {}
    if name == StanfordAdaGrad.name and "preset" in options:
        preset = options.pop("preset")
        if preset not in PRESETS:
            raise InputError(f"optimizer {name}: preset = {preset}: expected one of: {', '.join(PRESETS)}")
        rule, base = type(PRESETS[preset]), PRESETS[preset].options()
    kinds = {field.name: field.type for field in dataclasses.fields(rule)}
    for option in options:
        if option not in kinds:
            hint = "; preset=torch has more" if rule is StanfordAdaGrad else ""
            raise InputError(f"optimizer {name}: option {option!r} is not known; it has: {', '.join(kinds)}{hint}")
    return rule(**{**base, **{key: _value(name, key, str(kinds[key]), text) for key, text in options.items()}})


def _value(name: str, option: str, kind: str, text: Any) -> Any:
    """An option's value of the field's type, from a string or from a value."""
    known = {"float": (float, "a number"), "int": (int, "a whole number"), "str": (str, "a word")}
    try:
        if kind == "bool":
            return {"true": True, "false": False}[str(text).lower()]
        return known[kind][0](text)
    except (KeyError, TypeError, ValueError):
        expected = "true or false" if kind == "bool" else known[kind][1]
        raise InputError(f"optimizer {name}: {option} = {text}: expected {expected}") from None
