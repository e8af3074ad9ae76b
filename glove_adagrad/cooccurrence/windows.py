"""How co-occurrences are weighted: the settings of a count and its whole-number weights."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from glove_adagrad.errors import InputError
from glove_adagrad.vocabulary import BOUNDARIES

#: Weights 1/d are whole numbers over lcm(1..window) up to this denominator; beyond it they are rounded to it.
_LARGEST_EXACT = 1 << 24

#: A tile's rows and columns are counted in 16 bits, and distances are summed in 64.
LARGEST_WINDOW = 1000


@dataclass(frozen=True)
class Windows:
    """What counts as a co-occurrence.

    Parameters
    ----------
    window : int
        Words up to this distance co-occur.
    symmetric : bool
        Count a pair in both directions. Otherwise only with the left word as the word and the right one as its
        context.
    distance_weighting : bool
        Weigh a pair at distance d by 1/d instead of 1.
    boundary : {"line", "blank-line", "none"}
        Where a context ends.
    keep_positions : bool
        Let words outside the vocabulary, and those that `sample` leaves out, take a position in the window.
    sample : float
        Subsampling threshold: occurrences of words with a larger share of the text are dropped at random; 0 drops
        none. See `kept`.

    Raises
    ------
    InputError
        If a value is impossible.

    Examples
    --------
    >>> Windows(window=4).weights.tolist(), Windows(window=4).denominator
    ([0, 12, 6, 4, 3], 12)
    """

    window: int = 15
    symmetric: bool = True
    distance_weighting: bool = True
    boundary: str = "line"
    keep_positions: bool = False
    sample: float = 0.0

    def __post_init__(self) -> None:
        if not 1 <= self.window <= LARGEST_WINDOW:
            raise InputError(f"window {self.window}: must lie between 1 and {LARGEST_WINDOW}")
        if self.boundary not in BOUNDARIES:
            raise InputError(f"boundary {self.boundary!r}: must be one of {', '.join(BOUNDARIES)}")
        if not 0 <= self.sample < 1:
            raise InputError(
                f"sample {self.sample}: must be a share of the text from 0 (nothing is left out) to 1; try 1e-4"
            )

    def kept(self, counts: np.ndarray) -> np.ndarray:
        """float64 [V]: with which probability an occurrence of each word counts.

        For a share s of all of `counts` it is min(1, sqrt(sample / s) + sample / s), as in the word2vec program.
        """
        if self.sample == 0:
            return np.ones(len(counts))
        ratio = self.sample * counts.sum() / np.maximum(counts, 1)
        return np.minimum(1.0, np.sqrt(ratio) + ratio)

    def counted(self, counts: np.ndarray) -> np.ndarray:
        """float64 [V]: how many occurrences of each word count, on average."""
        return counts * self.kept(counts)

    @property
    def denominator(self) -> int:
        """What sums are divided by to give X."""
        if not self.distance_weighting:
            return 1
        return min(math.lcm(*range(1, self.window + 1)), _LARGEST_EXACT)

    @property
    def exact(self) -> bool:
        """Whether each weight is 1/d exactly, and not rounded to the denominator."""
        return not self.distance_weighting or math.lcm(*range(1, self.window + 1)) <= _LARGEST_EXACT

    @property
    def weights(self) -> np.ndarray:
        """uint64 [window + 1]: the whole-number weight by distance, that of 0 being 0."""
        if not self.distance_weighting:
            return np.array([0] + [1] * self.window, np.uint64)
        denominator = self.denominator
        # the nearest whole number; exact where the denominator is the least common multiple
        return np.array([0] + [(2 * denominator + d) // (2 * d) for d in range(1, self.window + 1)], np.uint64)
