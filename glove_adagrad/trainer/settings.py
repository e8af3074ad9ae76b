"""Training settings: everything that determines the result, validated once."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any

from glove_adagrad import optim
from glove_adagrad.errors import InputError, require
from glove_adagrad.trainer.parameters import row_length

#: How word and context vectors may become the vectors of a model; see `formats.select_vectors`.
VECTORS = ("sum", "pca")


@dataclass(frozen=True)
class TrainingSettings:
    """Settings that determine the result: equal settings and an equal matrix give bit-for-bit equal parameters.

    Parameters
    ----------
    vector_size : int
        Dimension of the vectors.
    x_max, alpha : float
        The weight of a cell is min(1, (X / x_max)^alpha) (Pennington et al. 2014, equation 9).
    epochs : int
        Passes over the matrix.
    seed : int
        Random seed, for the initial vectors, the order of strata and the choice of held-out cells.
    rule : optim.Rule
        The update rule; AdaGrad as in the Stanford programs by default.
    clip : float
        Gradient components are clipped to [-clip, clip].
    holdout : float
        Share of the matrix's cells that are excluded from training; their loss is reported.
    patience : int, optional
        Stop when the held-out loss has not fallen for this many epochs.
    unobserved : float
        Unobserved pairs to train on in an epoch, per record of the matrix; 0 is GloVe as published.
    unobserved_weight : float
        Weight of an unobserved pair; a frequent observed one has weight 1.
    unobserved_power : float
        Words are drawn in proportion to their counts to this power.
    unobserved_chance : float
        Target of an unobserved pair: 1 = expected count under independence, 0 = one constant.
    groups : int
        Number of groups of parts in the order of training; see `trainer.order`. Up to a quarter as many workers of a
        cluster share the work well. 1 is the order for one machine.
    init_biases : bool
        Start biases from the sums of the counts, so that training starts from the expected counts under independence
        (`warm_start.start_from_counts`), instead of from drawn numbers.
    init_svd : float
        Start vectors from a decomposition of the same counts (`svd.decompose`), scaled by this number, and biases as
        `init_biases` does; 0 starts from drawn numbers, and so do vectors if others are given to start from.
    vectors : {'sum', 'pca'}
        How word and context vectors become the vectors of the model; training does not depend on it.
    svd_weight : float
        Weight of vectors from a decomposition of the same counts (`svd.decompose`), joined with the trained ones,
        whose weight is 1; 0 leaves them out. Training does not depend on it.
    subwords : bool
        Mix the vectors of rare words with what their character n-grams say; training does not depend on it.

    Raises
    ------
    InputError
        If a value is impossible.
    """

    vector_size: int = 100
    x_max: float = 10.0
    alpha: float = 0.75
    epochs: int = 25
    seed: int = 1
    rule: optim.Rule = field(default_factory=lambda: optim.make("adagrad"))
    clip: float = 100.0
    holdout: float = 0.0
    patience: int | None = None
    unobserved: float = 0.0
    unobserved_weight: float = 0.1
    unobserved_power: float = 0.75
    unobserved_chance: float = 0.5
    groups: int = 1
    init_biases: bool = False
    init_svd: float = 0.0
    vectors: str = "sum"
    svd_weight: float = 0.0
    subwords: bool = False

    def __post_init__(self) -> None:
        require("vector_size", self.vector_size, 1 <= self.vector_size <= 65_536, "between 1 and 65536")
        require("x_max", self.x_max, 0 < self.x_max < math.inf, "above 0")
        require("alpha", self.alpha, 0 <= self.alpha < math.inf, "0 or more")
        require("epochs", self.epochs, self.epochs >= 1, "1 or more")
        require("seed", self.seed, 0 <= self.seed < 1 << 63, "between 0 and 2^63 - 1")
        require("clip", self.clip, self.clip > 0, "above 0")
        require("holdout", self.holdout, 0 <= self.holdout < 1, "0 or more and below 1")
        require("unobserved", self.unobserved, 0 <= self.unobserved <= 1000, "between 0 and 1000")
        require("unobserved_weight", self.unobserved_weight, 0 < self.unobserved_weight <= 1, "above 0 and at most 1")
        require("unobserved_power", self.unobserved_power, 0 <= self.unobserved_power <= 2, "between 0 and 2")
        require("unobserved_chance", self.unobserved_chance, 0 <= self.unobserved_chance <= 1, "between 0 and 1")
        require("groups", self.groups, self.groups >= 1, "1 or more")
        require("vectors", self.vectors, self.vectors in VECTORS, " or ".join(VECTORS))
        require("init_svd", self.init_svd, 0 <= self.init_svd <= 1000, "between 0 and 1000")
        require("svd_weight", self.svd_weight, 0 <= self.svd_weight <= 1000, "between 0 and 1000")
        self.rule.check_size(1, row_length(self.vector_size), 4)
        if self.patience is not None:
            require("patience", self.patience, self.patience >= 1, "1 or more")
            if not self.holdout:
                raise InputError("`patience` watches the loss of held-out cells; give for example `holdout=0.01`")

    def to_json(self) -> dict[str, Any]:
        """Plain values that say all of it, for a checkpoint and for people."""
        values = asdict(self)
        values["rule"] = {"name": self.rule.name, **self.rule.options()}
        return values
