"""What a trainer reports: statistics of epochs, and the position within one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Epoch:
    """Statistics of one pass over the matrix.

    Attributes
    ----------
    epoch : int
        From 1.
    loss : float
        Mean over records of 0.5 f(X) (w . c + b + b~ - ln X)^2, each taken before its record's update; the Stanford
        program prints the same as cost.
    holdout_loss : float or None
        The same over the held-out records, at the end of the epoch.
    seconds : float
    records : int
    unobserved_loss : float or None
        The mean over the unobserved pairs drawn.
    unobserved_records : int
    """

    epoch: int
    loss: float
    holdout_loss: float | None
    seconds: float
    records: int
    unobserved_loss: float | None = None
    unobserved_records: int = 0

    @property
    def records_per_second(self) -> float:
        """Of the matrix and of unobserved pairs together."""
        return (self.records + self.unobserved_records) / self.seconds if self.seconds else 0.0

    def figures(self) -> dict[str, Any]:
        """What `history.json` says of the epoch; losses that do not exist are left out."""
        losses = {"loss": self.loss, "holdout_loss": self.holdout_loss, "unobserved_loss": self.unobserved_loss}
        return {
            "epoch": self.epoch,
            **{name: loss for name, loss in losses.items() if loss is not None},
            "seconds": self.seconds,
            "records_per_second": self.records_per_second,
        }


@dataclass(frozen=True)
class Position:
    """How far an epoch has come: strata done, and the sums of loss, records and seconds so far."""

    stratum: int = 0
    loss: float = 0.0
    records: int = 0
    seconds: float = 0.0
    unobserved_loss: float = 0.0
    unobserved_records: int = 0
