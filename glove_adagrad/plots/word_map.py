"""Words as points in the plane, with labels that do not overlap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from glove_adagrad.maps import Projection, cluster_words, content_words, default_projection, project
from glove_adagrad.plots.figures import COLOURS, GREY, colour, head, new_figure, plain_text, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from glove_adagrad.formats import WordVectors

_FEW = 60  # words that larger type has room for
_FONT_SIZES = (10.0, 8.0)  # points, for few words and for many
_WIDTHS = (8.0, 10.0)  # inches, likewise
_HEIGHTS = (4.5, 10.0)  # inches, the least and the most
_MARKER = 4.0  # points across
_PAD = 1.0  # points kept free around a label
#: Where a label is tried, in points from its word's dot: next to it first, then farther off, with a line to it.
_DISTANCES = (4.0, 9.0, 15.0, 22.0, 30.0)
_DIRECTIONS = 16
_LINE_FROM = 8.0
_ALONG = np.linspace(0.15, 0.75, 7)[:, np.newaxis]  # points of a line from the dot to the label's middle


def plot_content_words(wv: WordVectors, method: str | None = None, name: str = "", top: int = 150) -> Figure:
    """Draw a map of the most frequent content words, coloured by cluster.

    Parameters
    ----------
    wv : WordVectors
        Most frequent words first.
    method : {'pca', 'tsne', 'umap'}, optional
        By default the best that is installed, see `maps.default_projection`.
    name : str
        The model, for the title.
    top : int
        How many words.
    """
    content = content_words(wv.vectors)
    rows = np.flatnonzero(content)[:top]
    vectors = wv.vectors[rows]
    words = [wv.words[row] for row in rows]
    clusters = cluster_words(vectors, content[rows], max(1, min(len(COLOURS), len(rows) // 5)))
    names = [", ".join(words[row] for row in central) for central in clusters.central]
    classes = [names[label] for label in clusters.labels] if len(names) > 1 else None
    return plot_words(words, project(vectors, method or default_projection()), name, classes, "clusters")


@styled
def plot_words(
    words: Sequence[str],
    projection: Projection,
    name: str = "",
    classes: Sequence[str] | None = None,
    legend: str = "class",
) -> Figure:
    """Draw a map of words.

    Labels are placed word by word without overlap; where there is no room, the dot stays without one, and the
    subtitle says how many do.

    Parameters
    ----------
    words : sequence of str
        The most important first: they are labelled first.
    projection : Projection
        A point for each word.
    name : str
        The model, for the title.
    classes : sequence of str, optional
        A class for each word, shown as its colour.
    legend : str
        The title of the legend of classes.
    """
    many = len(words) > _FEW
    x, y = projection.points.T
    figure, axes = new_figure(_WIDTHS[many], _height(projection.points, _WIDTHS[many]))
    if classes is None:
        shades = ["black"] * len(words)
        axes.scatter(x, y, s=_MARKER**2, color=colour(0), linewidths=0)
    else:
        kinds = list(dict.fromkeys(classes))
        shades = [colour(kinds.index(kind)) for kind in classes]
        handles = []
        for number, kind in enumerate(kinds):
            chosen = [n for n, other in enumerate(classes) if other == kind]
            handles.append(axes.scatter(x[chosen], y[chosen], s=_MARKER**2, color=colour(number), linewidths=0))
        figure.legend(
            handles, list(map(plain_text, kinds)), loc="outside lower left", title=legend, ncols=3, alignment="left"
        )
    head(axes, f"{plain_text(name) + ': ' if name else ''}map of {len(words)} words", "")
    axes.margins(0.06)
    axes.set_aspect("equal", adjustable="datalim")
    if any(projection.axes):
        axes.set_xlabel(projection.axes[0])
        axes.set_ylabel(projection.axes[1])
        axes.grid(True)
        axes.tick_params(length=0, labelcolor=GREY)
    else:  # only distances have a meaning
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
    placed = _place_labels(figure, axes, words, projection.points, shades, _FONT_SIZES[many])
    unnamed = f"; {len(words) - placed:,} without room for a label" if placed < len(words) else ""
    axes.texts[0].set_text(f"{projection.title}{unnamed}")
    return figure


def _height(points: np.ndarray, width: float) -> float:
    """Inches that leave little of the picture empty, with one scale for both axes."""
    spans = np.ptp(points, axis=0)
    if not spans.all():
        return _HEIGHTS[0]
    inner = width - 1.0  # the rest is for the axis' labels, and 1.2 for the title and those below
    return float(np.clip(1.2 + inner * spans[1] / spans[0], *_HEIGHTS))


def _place_labels(
    figure: Figure, axes: Any, words: Sequence[str], points: np.ndarray, shades: Sequence[str], font_size: float
) -> int:
    """Label as many points as fit without overlap; return their number."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # the layout decides where points and the frame are
    renderer = canvas.get_renderer()
    scale = figure.dpi / 72.0
    dots = axes.transData.transform(points)
    to_data = axes.transData.inverted().transform
    frame = axes.get_window_extent(renderer)
    angles = 2 * np.pi * np.arange(_DIRECTIONS) / _DIRECTIONS
    away = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    boxes = np.empty((0, 4))
    taken = dots  # points that no label may cover: all dots, and those along the lines drawn
    placed = 0
    for word, dot, shade in zip(words, dots, shades, strict=True):
        half = _text_size(axes, renderer, plain_text(word), font_size) / 2
        for distance in _DISTANCES:
            # the label's edge, not its middle, is that far from the dot
            centres = dot + away * (distance * scale + half * np.abs(away))
            lows, highs = centres - half - _PAD * scale, centres + half + _PAD * scale
            inside = np.all((lows >= (frame.x0, frame.y0)) & (highs <= (frame.x1, frame.y1)), axis=1)
            free = inside & ~_meets(lows, highs, boxes) & ~_covers(lows, highs, taken, _MARKER / 2 * scale)
            lines = dot + _ALONG * (centres - dot)[:, np.newaxis]
            if distance >= _LINE_FROM:
                free &= ~np.array([_covers(boxes[:, :2], boxes[:, 2:], line, 0).any() for line in lines])
            if not free.any():
                continue
            best = int(np.flatnonzero(free)[0])
            style = None
            if distance >= _LINE_FROM:
                style = {"arrowstyle": "-", "color": GREY, "linewidth": 0.5, "shrinkA": 0, "shrinkB": 1}
                taken = np.vstack([taken, lines[best]])
            axes.annotate(
                plain_text(word),
                to_data(dot),
                xytext=to_data(centres[best]),
                ha="center",
                va="center",
                fontsize=font_size,
                color=shade,
                arrowprops=style,
            )
            boxes = np.vstack([boxes, [*lows[best], *highs[best]]])
            placed += 1
            break
    return placed


def _text_size(axes: Any, renderer: Any, text: str, font_size: float) -> np.ndarray:
    """Width and height in pixels, float64 [2]."""
    label = axes.annotate(text, (0, 0), xycoords="figure pixels", fontsize=font_size)
    extent = label.get_window_extent(renderer)
    label.remove()
    return np.array([extent.width, extent.height])


def _meets(lows: np.ndarray, highs: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Which rectangles [k, 2] share an area with any of the boxes [m, 4]."""
    apart = (highs[:, np.newaxis] <= boxes[:, :2]) | (lows[:, np.newaxis] >= boxes[:, 2:])
    return np.any(~np.any(apart, axis=2), axis=1)


def _covers(lows: np.ndarray, highs: np.ndarray, dots: np.ndarray, radius: float) -> np.ndarray:
    """Which rectangles [k, 2] touch any of the dots [n, 2]."""
    within = (lows[:, np.newaxis] - radius < dots) & (dots < highs[:, np.newaxis] + radius)
    return np.any(np.all(within, axis=2), axis=1)
