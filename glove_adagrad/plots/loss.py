"""Loss by epoch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from glove_adagrad.plots.figures import GREY, colour, new_figures, plain_text, styled
from glove_adagrad.plots.seeds import group_seeds

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Entries of `history.json`, in its settings or next to them, that decide which records there are and how they weigh.
_COMPARED = ("corpus", "min_count", "max_vocab", "lowercase", "windows", "x_max", "alpha")


class LossLine(NamedTuple):
    """The losses of one run, or of several that differ only in their seeds.

    Attributes
    ----------
    label : str
    points : list of (int, float)
        Epochs, and losses: with several seeds their mean.
    span : list of (float, float)
        With several seeds, the least and the greatest loss of each epoch; else empty.
    held_out : bool
        Whether these are losses of held-out records.
    """

    label: str
    points: list[tuple[int, float]]
    span: list[tuple[float, float]]
    held_out: bool


class LossGroup(NamedTuple):
    """Lines that can be compared with each other, and what to write above them."""

    title: str
    lines: list[LossLine]


def comparable_losses(histories: Mapping[str, Mapping[str, Any]]) -> list[LossGroup]:
    """Group the losses of runs so that each group is of the same records with the same weights.

    Only losses of records are compared, not those of unobserved pairs. Runs that differ only in `seed` become one
    line.

    Parameters
    ----------
    histories : mapping
        From the name of a run to its `history.json`.
    """
    groups: dict[str, list[str]] = {}
    for name, history in histories.items():
        groups.setdefault(json.dumps([_entry(history, key) for key in _COMPARED]), []).append(name)
    differing = [key for key in _COMPARED if len({json.dumps(_entry(h, key)) for h in histories.values()}) > 1]
    result = []
    for names in groups.values():
        title = "Loss by epoch"
        if any(history.get("settings", {}).get("unobserved") for history in (histories[name] for name in names)):
            title += ", of the records alone"
        if len(groups) > 1:
            title += f" ({_described(histories[names[0]], differing)})"
        result.append(LossGroup(title, _lines({name: histories[name] for name in names})))
    return [group for group in result if group.lines]


def _entry(history: Mapping[str, Any], key: str) -> Any:
    return history.get("settings", {}).get(key, history.get(key))


def _described(history: Mapping[str, Any], keys: list[str]) -> str:
    """Name the values by which a group differs from others."""
    words = []
    for key in keys:
        value = _entry(history, key)
        if key == "windows" and isinstance(value, dict):
            words.append(
                f"window {value.get('window')}, {'both sides' if value.get('symmetric', True) else 'left only'}"
            )
        elif key != "corpus":
            words.append(f"{key} {value}")
    return ", ".join(words) or "another text"


def _lines(histories: Mapping[str, Mapping[str, Any]]) -> list[LossLine]:
    lines = []
    for label, names in group_seeds(histories).items():
        for key, what in (("loss", ""), ("holdout_loss", ", held-out records")):
            losses: dict[int, list[float]] = {}
            for name in names:
                for epoch in histories[name]["epochs"]:
                    if epoch.get(key) is not None:
                        losses.setdefault(epoch["epoch"], []).append(epoch[key])
            if losses:
                points = [(epoch, float(np.mean(values))) for epoch, values in losses.items()]
                span = [(min(values), max(values)) for values in losses.values()] if len(names) > 1 else []
                lines.append(LossLine(label + what, points, span, key != "loss"))
    return lines


@styled
def plot_loss(histories: Mapping[str, Mapping[str, Any]]) -> Figure:
    """Draw the loss of one run or of several; losses that cannot be compared have axes of their own.

    Parameters
    ----------
    histories : mapping
        From the name of a run to its `history.json`: mappings with `epochs`, which have `epoch` and `loss`, the mean
        of the weighted squared error over all records, halved, and where records were held out `holdout_loss`, their
        mean. With `settings` runs of different records get separate axes, and runs that differ only in `seed` become
        a line with the range of their losses.
    """
    from matplotlib.ticker import MaxNLocator

    groups = comparable_losses(histories) or [LossGroup("Loss by epoch", [])]
    lines = sum(len(group.lines) for group in groups)
    figure, all_axes = new_figures(7.5, 4.5 * len(groups) ** 0.8 + 0.2 * lines, len(groups))
    handles, labels = [], []
    for group, axes in zip(groups, all_axes, strict=True):
        number = -1
        for line in group.lines:
            number += not line.held_out
            at, losses = zip(*line.points, strict=True)
            style = "--" if line.held_out else "-"
            handles += axes.plot(at, losses, style, marker="o", markersize=4, color=colour(number))
            if line.span:
                axes.fill_between(at, *zip(*line.span, strict=True), color=colour(number), alpha=0.2, linewidth=0)
            labels.append(f"{plain_text(line.label)}: {losses[-1]:.5f} after epoch {at[-1]}")
        axes.set_xlabel("epoch")
        axes.set_ylabel("loss (weighted squared error per record / 2)")
        axes.set_title(plain_text(group.title))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.grid(axis="y")
        axes.margins(x=0.03)
        if len(groups) > 1:
            axes.legend(handles, labels, loc="upper right")
            handles, labels = [], []
    if handles:
        figure.legend(handles, labels, loc="outside lower left")
    if len(groups) > 1:
        figure.supxlabel(
            "Losses of different records cannot be compared: each group has its own axis.", fontsize=9, color=GREY
        )
    return figure
