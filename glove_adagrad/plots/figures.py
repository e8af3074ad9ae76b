"""What all pictures have in common: size, type, colours, and how they are saved."""

from __future__ import annotations

import functools
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from glove_adagrad.errors import InputError
from glove_adagrad.files import atomic_file
from glove_adagrad.text import printable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Parameters = ParamSpec("Parameters")
Drawn = TypeVar("Drawn")

FORMATS = ("png", "svg")

#: Distinguishable with any colour vision (Okabe and Ito 2008), the pale yellow left out.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
GREY = "#666666"

_DPI = 160
_LONGEST = 60  # characters of a word or name
_SETTINGS: Any = {
    "font.size": 10,
    "axes.titlesize": 12,
    "axes.titlelocation": "left",
    "axes.titlepad": 12,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.axisbelow": True,
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.8,
    "legend.frameon": False,
    "font.family": ["DejaVu Sans", "sans-serif"],
    # identical pictures give identical files
    "svg.hashsalt": "glove_adagrad",
}


def styled(plot: Callable[Parameters, Drawn]) -> Callable[Parameters, Drawn]:
    """Run a function that draws under the settings of this module, and refuse in one line without matplotlib."""

    @functools.wraps(plot)
    def run(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Drawn:
        check_matplotlib()
        import matplotlib

        with matplotlib.rc_context(_SETTINGS):
            return plot(*args, **kwargs)

    return run


def check_matplotlib() -> None:
    """Refuse if there is no matplotlib.

    Raises
    ------
    InputError
        With the command that installs it.
    """
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise InputError("pictures need matplotlib; install it with: pip install 'glove-adagrad[plots]'") from error


def new_figure(width: float, height: float) -> tuple[Figure, Any]:
    """Return a figure of a size in inches with one pair of axes, without a window or global state."""
    figure, (axes,) = new_figures(width, height, 1)
    return figure, axes


def new_figures(width: float, height: float, count: int) -> tuple[Figure, Sequence[Any]]:
    """Return a figure of a size in inches with pairs of axes one below the other."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, list(figure.subplots(count, squeeze=False)[:, 0])


def head(axes: Any, title: str, subtitle: str, lines: int = 0) -> None:
    """Write a title above the axes and, under it in grey, a subtitle; `lines` lines of a legend fit below.

    Only the title counts for the layout, so the subtitle may be written when the layout is settled.
    """
    up = 6 + 17 * lines
    axes.set_title(title, pad=up + 19)
    line = axes.annotate(
        subtitle, (0, 1), xycoords="axes fraction", xytext=(0, up), textcoords="offset points", fontsize=9, color=GREY
    )
    line.set_in_layout(False)


def colour(number: int) -> str:
    """The colour of the n-th thing shown; they repeat after seven."""
    return COLOURS[number % len(COLOURS)]


def plain_text(text: str) -> str:
    """Return a word or name as matplotlib can draw it: printable, without formulas, of at most 60 characters."""
    text = printable(text)
    return (text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…").replace("$", r"\$")


def save(figure: Figure, path: Path) -> None:
    """Write a figure as what the suffix of `path` says, `.png` or `.svg`."""
    kind = path.suffix.lstrip(".").lower()
    if kind not in FORMATS:
        raise InputError(f"{path}: pictures are written as {' or '.join(FORMATS)}; name the file so")
    with atomic_file(path) as file:
        file.write(_drawn(figure, kind))


def svg_bytes(figure: Figure) -> bytes:
    """A figure as the text of an SVG file."""
    return _drawn(figure, "svg")


def _drawn(figure: Figure, kind: str) -> bytes:
    import matplotlib

    buffer = io.BytesIO()
    with matplotlib.rc_context(_SETTINGS):
        figure.savefig(buffer, format=kind, dpi=_DPI, metadata={"Date": None} if kind == "svg" else None)
    return buffer.getvalue()
