"""How much a pair at a distance weighs: named rules and lists of rational numbers, as exact whole-number weights.

With L the least common multiple of the denominators, each weight times L is a whole number, so that sums are exact.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path

from glove_adagrad.errors import InputError

#: Harmonic weights are whole numbers over lcm(1..window) up to this denominator; beyond it they are rounded to it.
_LARGEST_EXACT = 1 << 24

#: Up to here X = 1 / denominator is a normal number in float32, and so is 1 / X.
LARGEST_DENOMINATOR = 1 << 100

#: Weights by name: the weight at distance d in a window.
NAMED: dict[str, Callable[[int, int], Fraction]] = {
    "harmonic": lambda d, window: Fraction(1, d),
    "flat": lambda d, window: Fraction(1),
    "linear": lambda d, window: Fraction(window + 1 - d, window),
}

#: More than the weights of the widest window take.
_MOST_BYTES = 1 << 20

_WEIGHT = re.compile(r"\d{1,150}(/\d{1,150}|(\.\d{1,30})?(e[+-]?\d{1,2})?)", re.ASCII | re.IGNORECASE)


def parse_weight(value: object, where: str) -> Fraction:
    """One weight: `3/4`, `0.75` or `1e-3`. A float is the decimal number that it prints as.

    Raises
    ------
    InputError
        If it is not a number from 0; `where` begins the message.
    """
    text = str(value).strip()
    if not _WEIGHT.fullmatch(text) or re.fullmatch(r".*/0+", text):
        raise InputError(f"{where}: {text[:40]!r} is not a weight; write a number from 0, as 3/4, 0.75 or 1e-3")
    return Fraction(text)


def read_weights(path: Path) -> str:
    """Read a file with a weight on each line, for distances 1, 2, ...; blank lines are ignored.

    Returns
    -------
    str
        As `Windows.distance_weights` takes it.

    Raises
    ------
    InputError
        If the file cannot be read, or a line is not a weight.
    """
    try:
        with open(path, "rb") as file:
            lines = file.read(_MOST_BYTES).decode("utf-8-sig", "replace").splitlines()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    weights = [parse_weight(line, f"{path}:{number}") for number, line in enumerate(lines, 1) if line.strip()]
    if not weights:
        raise InputError(f"{path}: has no weights; write one on each line, for distances 1, 2, ...")
    return ",".join(map(str, weights))


def format_weights(values: str | Iterable[object]) -> str:
    """Weights as `Windows.distance_weights` takes them: a name, or numbers (int, float, Fraction, str) as a list."""
    if isinstance(values, str):
        return values
    return ",".join(str(parse_weight(value, f"distance_weights[{at}]")) for at, value in enumerate(values))


def weights_by_distance(text: str, window: int) -> list[Fraction]:
    """The weights at distances 1 to `window`, of a name or of numbers with commas between them.

    Raises
    ------
    InputError
        If there are not `window` of them, one is not a number, or all are 0.
    """
    if text in NAMED:
        return [NAMED[text](d, window) for d in range(1, window + 1)]
    if not text[:1].isdigit():
        raise InputError(f"distance_weights {text!r}: must be {', '.join(NAMED)} or a list of numbers")
    weights = [parse_weight(part, f"distance_weights[{at}]") for at, part in enumerate(text.split(","))]
    if len(weights) != window:
        raise InputError(
            f"distance_weights: has {len(weights)} weight{'' if len(weights) == 1 else 's'}, and the window is "
            f"{window}; give one for each distance, or a window of {len(weights)}"
        )
    if not any(weights):
        raise InputError("distance_weights: all weights are 0; at least one must be positive")
    return weights


def canonical(text: str, window: int) -> str:
    """The same weights in one spelling: the name if they have one, else fractions in lowest terms.

    Equal weights are then equal settings, and give the same bytes however they were spelled.
    """
    if text in NAMED:
        return text
    weights = weights_by_distance(text, window)
    for name in NAMED:
        if weights == weights_by_distance(name, window) and is_exact(name, window):
            return name
    return ",".join(map(str, weights))


def is_exact(text: str, window: int) -> bool:
    """Whether whole numbers over `whole_weights`'s denominator are the weights exactly."""
    return text != "harmonic" or math.lcm(*range(1, window + 1)) <= _LARGEST_EXACT


def whole_weights(text: str, window: int) -> tuple[int, list[int]]:
    """The denominator, and the whole-number weight at distances 0 (which has none) to `window`.

    The denominator is the least common multiple of those of the weights. Harmonic weights of windows over 18 are
    rounded to the nearest multiple of 2^-24.
    """
    weights = weights_by_distance(text, window)
    denominator = math.lcm(*(weight.denominator for weight in weights))
    if not is_exact(text, window):
        denominator = _LARGEST_EXACT
    # the nearest whole number; exact where the denominator is the least common multiple
    return denominator, [0, *(int(weight * denominator + Fraction(1, 2)) for weight in weights)]
