"""Anchor vectors that training regularises towards."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Anchors:
    """Vectors that word plus context vectors are drawn to: mu |w + c - r|^2 for each (Dingwall, Potts 2018).

    words : int64 [A], ranks.
    vectors : float32 [A, d]
    weight : float, mu.
    """

    words: np.ndarray
    vectors: np.ndarray
    weight: float
