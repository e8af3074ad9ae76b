"""What a page is about: the vectors of a model and all that is known of their training."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from glove_adagrad.evaluation import Evaluation
from glove_adagrad.formats import WordVectors


@dataclass(frozen=True)
class Subject:
    """A model to look at.

    Attributes
    ----------
    name : str
    wv : WordVectors
        Most frequent words first.
    history : dict
        As in a run's `history.json`; empty if unknown.
    rates : float64 [n] or None
        The learned rate of each word, see `Parameters.effective_rates`.
    scores : Evaluation or None
    """

    name: str
    wv: WordVectors
    history: dict[str, Any] = field(default_factory=dict)
    rates: np.ndarray | None = None
    scores: Evaluation | None = None


def learned_rates(run: Path) -> np.ndarray | None:
    """Return the learned rate of each word of a run from its newest checkpoint; None if it has none.

    A rate is the factor of a steady gradient in the next update: AdaGrad lowers it with each gradient it has seen.
    """
    from glove_adagrad.checkpoint import Checkpoints

    checkpoints = Checkpoints(run / "checkpoints")
    if not checkpoints.paths():
        return None
    checkpoint = checkpoints.load()
    return checkpoint.parameters(len(checkpoint.arrays["words"])).effective_rates()
