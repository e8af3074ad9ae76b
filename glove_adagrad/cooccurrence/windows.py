"""How co-occurrences are weighted: the settings of a count and its whole-number weights."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from glove_adagrad.cooccurrence.distance_weights import LARGEST_DENOMINATOR, canonical, is_exact, whole_weights
from glove_adagrad.decoding import DamagedError, build
from glove_adagrad.errors import InputError
from glove_adagrad.word_table import BOUNDARIES

#: A sum must be below this, so that it fits 64 bits and others can be added to it.
MOST = 1 << 63

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
    distance_weights : str
        What a pair at distance d weighs: "harmonic" 1/d, "flat" 1, "linear" (window + 1 - d) / window; or numbers for
        distances 1 to `window` with commas between them, as "1,3/4,0.5". Numbers that have a name are kept as that.
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
    distance_weights: str = "harmonic"
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
        object.__setattr__(self, "distance_weights", canonical(self.distance_weights, self.window))
        if self.denominator > LARGEST_DENOMINATOR:
            raise InputError(
                f"distance_weights: the common denominator is {self.denominator:.3g}, more than "
                f"{LARGEST_DENOMINATOR:.3g}; use fewer digits"
            )
        self.check_sums(1)

    @classmethod
    def from_json(cls, values: Any, path: Path) -> Windows:
        """Settings out of what `to_json` gives, read from `path`.

        Raises
        ------
        DamagedError
            If a value is of another type or impossible.
        InputError
            If there is a setting that this version does not know.
        """
        if isinstance(values, dict) and "distance_weighting" in values:
            values = dict(values)
            if not isinstance(harmonic := values.pop("distance_weighting"), bool) or "distance_weights" in values:
                raise DamagedError(f"{path}: is damaged (distance_weighting is {harmonic!r})")
            values["distance_weights"] = "harmonic" if harmonic else "flat"
        return build(cls, values, path)

    def to_json(self) -> dict[str, Any]:
        """Plain values. Harmonic and flat weights have the key `distance_weighting`, as they had in version 0.1."""
        values = asdict(self)
        if self.distance_weights not in ("harmonic", "flat"):
            return values
        keys = {"distance_weights": "distance_weighting"}
        return {keys.get(name, name): value for name, value in values.items()} | {
            "distance_weighting": self.distance_weights == "harmonic"
        }

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

    @cached_property
    def _whole_weights(self) -> tuple[int, list[int]]:
        return whole_weights(self.distance_weights, self.window)

    @property
    def denominator(self) -> int:
        """What sums are divided by to give X."""
        return self._whole_weights[0]

    @property
    def exact(self) -> bool:
        """Whether each weight is a whole number over the denominator, and not rounded to one."""
        return is_exact(self.distance_weights, self.window)

    @property
    def weights(self) -> np.ndarray:
        """uint64 [window + 1]: the whole-number weight by distance, that of 0 being 0."""
        return np.array(self._whole_weights[1], np.uint64)

    def check_sums(self, occurrences: int) -> None:
        """Refuse what 64 bits may not hold: the sums of a word that occurs so often.

        Raises
        ------
        InputError
            If the sum of a cell could reach 2^63.
        """
        if 2 * sum(self._whole_weights[1]) * occurrences >= MOST:
            raise InputError(
                f"distance_weights: with the denominator {self.denominator:,}, sums of a word that occurs "
                f"{occurrences:,} times may not fit in 64 bits; use weights with fewer digits, or smaller ones"
            )
