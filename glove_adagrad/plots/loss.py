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
        weighted squared error over all records, halved, and where records were held out `holdout_loss`, their mean.
    """
    from matplotlib.ticker import MaxNLocator

    figure, axes = new_figure(7.5, 4.5 + 0.2 * len(histories))
    handles, labels = [], []
    for number, (name, epochs) in enumerate(histories.items()):
        for key, what, style in (("loss", "", "-"), ("holdout_loss", ", held-out records", "--")):
            points = [(epoch["epoch"], epoch[key]) for epoch in epochs if epoch.get(key) is not None]
            if points:
                at, losses = zip(*points, strict=True)
                handles += axes.plot(at, losses, style, marker="o", markersize=4, color=colour(number))
                labels.append(f"{plain_text(name)}{what}: {losses[-1]:.5f} after epoch {at[-1]}")
    axes.set_xlabel("epoch")
    axes.set_ylabel("loss (weighted squared error per record / 2)")
    axes.set_title("Loss by epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.grid(axis="y")
    axes.margins(x=0.03)
    if handles:
        figure.legend(handles, labels, loc="outside lower left")
    return figure
