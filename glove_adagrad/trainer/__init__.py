"""Training: GloVe's objective, strata of blocks, epochs, history, stopping.

Text and file formats are not known here.
"""

from glove_adagrad.trainer.anchors import Anchors
from glove_adagrad.trainer.history import Epoch, Position
from glove_adagrad.trainer.parameters import Parameters
from glove_adagrad.trainer.plan import Plan
from glove_adagrad.trainer.settings import TrainingSettings
from glove_adagrad.trainer.trainer import Trainer

__all__ = ["Anchors", "Epoch", "Parameters", "Plan", "Position", "Trainer", "TrainingSettings"]
