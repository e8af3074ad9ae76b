"""Analogy accuracy by section."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from glove_adagrad.evaluation import AnalogyResult
from glove_adagrad.evaluation.questions import SEMANTIC, SYNTACTIC
from glove_adagrad.plots.figures import GREY, colour, head, new_figure, plain_text, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_BAR = 0.18  # inches
_GAP = 0.13  # inches between sections
_METHODS = {"add": "3CosAdd", "mul": "3CosMul"}


@styled
def plot_accuracy(results: Mapping[str, AnalogyResult | Sequence[AnalogyResult]]) -> Figure:
    """Draw the accuracy of one model or of several in each section of a set of analogies, and in total.

    Parameters
    ----------
    results : mapping
        From the name of a model to its answers, or to those of several trainings: their mean is drawn, with a line
        from the lowest to the highest. All answers are to the same questions.
    """
    from matplotlib.patches import Patch

    columns = 3
    names = list(map(plain_text, results))
    lines = -(-len(names) // columns) if len(names) > 1 else 0
    models = [[result] if isinstance(result, AnalogyResult) else list(result) for result in results.values()]
    first = models[0][0]
    rows: list[tuple[str, list[list[tuple[int, int]]]]] = []
    for index, section in enumerate(first.sections):
        rows.append((section.name, [[_counts(result, index) for result in model] for model in models]))
    kinds = [kind for kind in (SEMANTIC, SYNTACTIC) if first.total(kind).asked]
    for kind in [*kinds, ""]:
        rows.append((kind or "total", [[_counts(result, kind) for result in model] for model in models]))
    summaries = len(kinds) + 1

    step = len(results) * _BAR + _GAP
    figure, axes = new_figure(8.5, 1.5 + step * (len(rows) + 0.5) + 0.24 * lines)
    positions = []
    for index, (_, counts) in enumerate(rows):
        top = step * (index + (0.5 if index >= len(rows) - summaries else 0))
        positions.append(top + len(results) * _BAR / 2)
        for number, trainings in enumerate(counts):
            _draw_bar(axes, top + (number + 0.5) * _BAR, trainings, colour(number))
    axes.set_yticks(positions, [plain_text(name) for name, _ in rows])
    axes.tick_params(axis="y", length=0)
    for label in axes.get_yticklabels()[-summaries:]:
        label.set_fontweight("bold")
    axes.set_xlim(0, 100)
    axes.set_ylim(step * (len(rows) + 0.5), -_GAP)
    axes.grid(axis="x")
    share_of = "all questions" if first.rules.oov_as_zero else "questions whose words are all known"
    axes.set_xlabel(f"accuracy, {_METHODS[first.method]} (% of {share_of})")
    head(
        axes,
        "Analogy accuracy by section" if lines else f"{names[0]}: analogy accuracy by section",
        f"test set {plain_text(first.name)}, {first.total().asked:,} questions",
        lines,
    )
    if lines:
        handles = [Patch(color=colour(number)) for number in range(len(names))]
        axes.legend(handles, names, loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0, ncols=columns)
    return figure


def _draw_bar(axes: Axes, middle: float, trainings: Sequence[tuple[int, int]], color: str) -> None:
    """Draw the mean accuracy of a model's trainings as a bar, with its figures."""
    shares = [100 * correct / scored if scored else 0.0 for correct, scored in trainings]
    share, end = sum(shares) / len(shares), max(shares)
    correct, scored = trainings[0]
    axes.barh(middle, share, 0.88 * _BAR, color=color)
    text = f"{share:.1f} %  ({correct:,} of {scored:,})" if scored else "no question answered"
    if len(shares) > 1:
        axes.plot([min(shares), end], [middle, middle], color="black", linewidth=1, marker="|", markersize=5)
        text = f"{share:.1f} %  ({min(shares):.1f} to {end:.1f})"
    inside = share > 70
    axes.annotate(
        text,
        (share if inside else end, middle),
        xytext=(-4 if inside else 4, 0),
        textcoords="offset points",
        ha="right" if inside else "left",
        va="center",
        fontsize=7.5,
        color="white" if inside else GREY if not scored else "black",
    )


def _counts(result: AnalogyResult, part: int | str) -> tuple[int, int]:
    """Questions answered rightly and questions that count, in the section of an index or in all of a kind."""
    score = result.score(result.sections[part]) if isinstance(part, int) else result.total(part)
    return score.correct, score.asked if score.oov_as_zero else score.answered
