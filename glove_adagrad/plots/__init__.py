"""Pictures: loss by epoch, analogy accuracy by section, maps of words.

Each function returns a matplotlib figure, which `save` writes as PNG or SVG. matplotlib is an optional extra and is
loaded only here, when a picture is drawn.
"""

from glove_adagrad.maps import PROJECTIONS, project
from glove_adagrad.plots.accuracy import plot_accuracy
from glove_adagrad.plots.figures import FORMATS, save, svg_bytes
from glove_adagrad.plots.loss import plot_loss
from glove_adagrad.plots.seeds import group_seeds
from glove_adagrad.plots.word_map import plot_content_words, plot_words

__all__ = [
    "FORMATS",
    "PROJECTIONS",
    "group_seeds",
    "plot_accuracy",
    "plot_content_words",
    "plot_loss",
    "plot_words",
    "project",
    "save",
    "svg_bytes",
]
