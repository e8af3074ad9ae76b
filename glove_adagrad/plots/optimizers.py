"""Pictures of update rules: a line or a dot for each, the mean of its seeds, labelled where it ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from glove_adagrad.comparison_record import Summary, nanoseconds_per_record, seeds_note, summaries
from glove_adagrad.plots.figures import COLOURS, GREY, head, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_BLUE, _ORANGE, _GREEN = COLOURS[:3]
#: Kinds of rules, one colour each: what they do with squared gradients.
KINDS = {"sums of squares": _BLUE, "moving averages": _ORANGE, "neither": _GREEN}
_AVERAGES = ("rmsprop", "adadelta", "adam", "adamw", "adamax", "amsgrad")

#: Losses above this multiple of the least are outside the picture.
_WORST = 2.0


@styled
def plot_optimizers(record: Mapping[str, Any]) -> dict[str, Figure]:
    """Draw a comparison of update rules: of several seeds means, and half the range between seeds as error bars.

    Parameters
    ----------
    record : mapping
        A comparison's `results.json`, see `comparison_record`.

    Returns
    -------
    dict of str to Figure
        loss-by-epoch, loss-by-second, scores, cost, rates.
    """
    results = [rule for rule in summaries(record) if rule.losses]
    if not results:  # every rule diverged in its first epoch
        return {}
    epochs = [np.arange(1, len(result.losses) + 1) for result in results]
    seconds = [np.cumsum(result.processor_seconds) for result in results]
    figures = {
        "loss-by-epoch": _losses(results, epochs, "epoch", "Loss by epoch"),
        "loss-by-second": _losses(results, seconds, "processor seconds, of all threads", "Loss by time"),
        "cost": _cost(results),
        "rates": _rates(results, record["frequencies"]),
    }
    if tests := list(dict.fromkeys(name for result in results for name in result.scores)):
        figures["scores"] = _scores(results, tests)
    return figures


def _kind(result: Summary) -> str:
    name = result.optimizer
    return "moving averages" if name in _AVERAGES else "neither" if name == "sgd" else "sums of squares"


def _style(result: Summary) -> dict[str, Any]:
    default = result.label == "adagrad"
    return {"color": KINDS[_kind(result)], "linewidth": 3 if default else 1.3, "alpha": 1 if default else 0.75}


def _losses(results: Sequence[Summary], times: Sequence[Any], what: str, title: str) -> Figure:
    figure, axes = new_figure(9, 6)
    ends = []
    for result, at in zip(results, times, strict=True):
        style = _style(result)
        axes.plot(at, result.losses, marker=".", markersize=4, **style)
        if result.seeds > 1:
            losses, half = np.array(result.losses), np.array(result.losses_half_range)
            axes.fill_between(at, losses - half, losses + half, color=style["color"], alpha=0.2, linewidth=0)
        ends.append((at[-1], result.losses[-1]))
    least = min(min(result.losses) for result in results)
    most = max(max(result.losses) for result in results)
    axes.set_yscale("log")
    axes.set_ylim(least * 0.94, min(most * 1.03, least * _WORST))
    _plain_ticks(axes)
    axes.set_xlim(left=0)
    axes.set_xlabel(what)
    axes.set_ylabel("loss (weighted squared error per record / 2)")
    _label_ends(axes, results, ends)
    note = seeds_note(results)
    head(axes, title + (f": {note}" if note else ""), _subtitle(results) + "; every rule at its own best rate")
    return figure


def _rates(results: Sequence[Summary], frequencies: Sequence[float]) -> Figure:
    figure, axes = new_figure(9, 6)
    ends = []
    for result in results:
        rates = result.rates[-1]
        axes.plot(frequencies, rates, marker=".", markersize=4, **_style(result))
        ends.append((frequencies[-1], rates[-1]))
    axes.set_xscale("log")
    axes.set_yscale("log")
    for axis in (axes.xaxis, axes.yaxis):
        _plain_decades(axis)
    axes.set_xlabel("occurrences of a word in the corpus")
    axes.set_ylabel("effective rate at the end")
    axes.grid(axis="y")
    _label_ends(axes, results, ends)
    head(
        axes,
        "What a gradient is multiplied by, for rare and for frequent words",
        _subtitle(results) + _means(results, "; geometric "),
    )
    return figure


def _scores(results: Sequence[Summary], tests: Sequence[str]) -> Figure:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 1.5 + 0.3 * len(results)), layout="constrained")
    ordered = sorted(results, key=lambda result: result.scores.get(tests[0], -1.0))
    panels = figure.subplots(1, len(tests), sharey=True, squeeze=False)[0]
    for axes, test in zip(panels, tests, strict=True):
        known = [(row, result) for row, result in enumerate(ordered) if test in result.scores]
        for row, result in known:
            score, half = result.scores[test], result.scores_half_range[test]
            error = {"xerr": half, "capsize": 3} if result.seeds > 1 else {}
            axes.errorbar(score, row, fmt="o", color=KINDS[_kind(result)], **error)
            place = {"textcoords": "offset points", "va": "center", "fontsize": 8}
            axes.annotate(f"{score:.1f}", (score + half, row), (6, 0), **place)
        axes.set_title(test, fontsize=10)
        axes.margins(x=0.25)
        axes.set_ylim(-0.6, len(ordered) - 0.4)
        axes.grid(axis="y")
    _name_rows(panels[0], ordered)
    note = seeds_note(results)
    title = "Percent of analogies solved, and Spearman's correlation x 100 for word similarity"
    _title(figure, title + (f"\n{note}" if note else ""))
    return figure


def _cost(results: Sequence[Summary]) -> Figure:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 1.5 + 0.3 * len(results)), layout="constrained")
    times = [nanoseconds_per_record(result) for result in results]
    order = np.argsort(times, kind="stable")[::-1].tolist()
    ordered = [results[k] for k in order]
    panels = figure.subplots(1, 2, sharey=True)
    columns = [
        ("bytes of memory per parameter", [result.bytes_per_parameter for result in ordered]),
        ("processor time per record, ns", [times[k] for k in order]),
    ]
    for axes, (title, values) in zip(panels, columns, strict=True):
        axes.barh(range(len(values)), values, color=[KINDS[_kind(result)] for result in ordered], height=0.65)
        for row, value in enumerate(values):
            shown = f"{value:,.0f}" if value >= 20 else f"{value:.1f}"
            axes.annotate(shown, (value, row), (4, 0), textcoords="offset points", va="center", fontsize=8)
        axes.set_title(title, fontsize=10)
        axes.margins(x=0.12)
        axes.tick_params(axis="y", length=0)
    _name_rows(panels[0], ordered)
    _title(figure, "Memory (parameters and state of the rule) and time per record" + _means(results, ", "))
    return figure


def _title(figure: Figure, text: str) -> None:
    figure.suptitle(text, x=0.01, horizontalalignment="left", fontsize=12)


def _name_rows(axes: Any, results: Sequence[Summary]) -> None:
    axes.set_yticks(range(len(results)), [result.label for result in results])
    for text, result in zip(axes.get_yticklabels(), results, strict=True):
        text.set_color(KINDS[_kind(result)])
        text.set_fontweight("bold" if result.label == "adagrad" else "normal")


def _subtitle(results: Sequence[Summary]) -> str:
    names = {_BLUE: "blue", _ORANGE: "orange", _GREEN: "green"}
    kinds = [kind for kind in KINDS if any(_kind(result) == kind for result in results)]
    return ", ".join(f"{names[KINDS[kind]]}: {kind}" for kind in kinds)


def _means(results: Sequence[Summary], before: str) -> str:
    seeds = max(result.seeds for result in results)
    return f"{before}means of {seeds} seeds" if seeds > 1 else ""


def _plain_decades(axis: Any) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    low, high = axis.get_view_interval()
    axis.set_major_locator(LogLocator(subs=(1.0,) if high > 1000 * low else (1.0, 2.0, 5.0)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}" if value >= 1000 else f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def _plain_ticks(axes: Any) -> None:
    from matplotlib.ticker import MaxNLocator, NullFormatter, ScalarFormatter

    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.yaxis.set_major_locator(MaxNLocator(6))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_formatter(ScalarFormatter())
    axes.grid(axis="y")


def _label_ends(axes: Any, results: Sequence[Summary], ends: Sequence[tuple[float, float]]) -> None:
    """Write each line's name to the right of the picture, near the height of its end, without overlap."""
    bottom, top = np.log(axes.get_ylim())
    span = top - bottom or 1.0  # older matplotlib leaves no room around values that are all equal
    heights = [min(1.0, max(0.0, (np.log(y) - bottom) / span)) if y > 0 else 0.0 for _, y in ends]
    for k, place in _spread(heights, 0.042).items():
        x, y = ends[k]
        inside = axes.get_ylim()[0] <= y <= axes.get_ylim()[1]
        style = _style(results[k])
        axes.annotate(
            _ending(results[k], y, inside),
            (x, y) if inside else (x, axes.get_ylim()[0 if y < axes.get_ylim()[0] else 1]),
            (1.06, place),
            textcoords="axes fraction",
            va="center",
            fontsize=9,
            color=style["color"],
            fontweight="bold" if results[k].label == "adagrad" else "normal",
            arrowprops={"arrowstyle": "-", "color": GREY, "linewidth": 0.5, "shrinkA": 2, "shrinkB": 2},
            annotation_clip=False,
        )


def _ending(result: Summary, value: float, inside: bool) -> str:
    if result.diverged:
        return f"{result.label}: {result.diverged}"
    return result.label if inside else f"{result.label}: {value:.2g}, outside"


def _spread(heights: Sequence[float], least: float) -> dict[int, float]:
    """Places for texts near `heights`, at least `least` apart, by index."""
    order = np.argsort(heights, kind="stable").tolist()
    places = [heights[k] for k in order]
    for _ in range(200):
        places = [max(place, 0.0) for place in places]
        for k in range(len(places) - 1):
            if (short := least - (places[k + 1] - places[k])) > 0:
                places[k] -= short / 2
                places[k + 1] += short / 2
    return dict(zip(order, places, strict=True))
