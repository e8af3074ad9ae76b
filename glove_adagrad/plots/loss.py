"""Loss by epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from glove_adagrad.plots.figures import colour, new_figure, plain_text, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@styled
def plot_loss(histories: Mapping[str, Sequence[Mapping[str, Any]]]) -> Figure:
    """Draw the loss of one run or of several.

    Parameters
    ----------
    histories : mapping
        From the name of a run to its `epochs` as in `history.json`: mappings with `epoch` and `loss`, the mean of the
        weighted squared error over all records, halved.
    """
    from matplotlib.ticker import MaxNLocator

    figure, axes = new_figure(7.5, 4.5)
    handles, labels = [], []
    for number, (name, epochs) in enumerate(histories.items()):
        at, losses = [epoch["epoch"] for epoch in epochs], [epoch["loss"] for epoch in epochs]
        last = f"{losses[-1]:.5f} after epoch {at[-1]}" if losses else "no epoch"
        handles += axes.plot(at, losses, marker="o", markersize=4, color=colour(number))
        labels.append(f"{plain_text(name)}: {last}")
    axes.set_xlabel("epoch")
    axes.set_ylabel("loss (weighted squared error per record / 2)")
    axes.set_title("Training loss")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.grid(axis="y")
    axes.margins(x=0.03)
    # loss falls from the upper left, so the upper right is free
    axes.legend(handles, labels, loc="upper right")
    return figure
