"""Options that several commands share, and the values they parse to.

A command takes a group by its decorator and receives the group's options as keyword arguments.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from glove_adagrad.parallel import available_cores

if TYPE_CHECKING:
    from glove_adagrad.cooccurrence.windows import Windows

Command = TypeVar("Command", bound=Callable[..., Any])
Decorator = Callable[[Command], Command]

_UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


class Size(click.ParamType):
    """An amount of memory with its unit, as 500M or 2.5G; an int of bytes once parsed."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        found = re.fullmatch(r"(\d+(?:\.\d+)?)([KMGT])(?:i?B)?", str(value).strip(), re.IGNORECASE)
        if not found or float(found[1]) == 0:
            self.fail(f"{value!r} is not a size; write a number and a unit, as 500M or 2G", param, ctx)
        return int(float(found[1]) * _UNITS[found[2].upper()])


class FilePath(click.Path):
    """A path, as `pathlib.Path`; whether it can be used is for the rooms to say."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)


def _group(*options: Callable[[Command], Command]) -> Decorator[Command]:
    def decorate(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


#: CORPUS..., at least one: keyword `corpus`, a tuple of str. `train`, which can do without, declares its own.
corpus_argument: Decorator[Any] = click.argument("corpus", nargs=-1, required=True)

#: Keywords `lowercase` and `text_format`, as `corpus.open_corpus` takes them.
corpus_options: Decorator[Any] = _group(
    click.option("--lowercase", is_flag=True, help="Turn letters to lower case."),
    click.option(
        "--format",
        "text_format",
        type=click.Choice(["text", "wikipedia"]),
        default="text",
        show_default=True,
        help="What the files are: plain text, or a Wikipedia dump (.xml.bz2) whose articles are read by gensim's rules.",
    ),
)

#: Keywords `min_count` and `max_vocab`, as `Vocabulary.count` takes them.
vocabulary_options: Decorator[Any] = _group(
    click.option(
        "--min-count", type=click.IntRange(1), default=5, show_default=True, help="Leave out words that are rarer."
    ),
    click.option("--max-vocab", type=click.IntRange(1), help="Keep only so many of the most frequent words."),
)

#: Keywords of `windows_of`: `window`, `left_only`, `no_distance_weighting`, `boundary`, `keep_positions`, `sample`.
window_options: Decorator[Any] = _group(
    click.option(
        "--window",
        type=click.IntRange(1, 1000),
        default=15,
        show_default=True,
        help="Words up to this distance co-occur.",
    ),
    click.option("--left-only", is_flag=True, help="Count only words to the left of a word, not on both sides."),
    click.option("--no-distance-weighting", is_flag=True, help="Let a pair at distance d count 1, not 1/d."),
    click.option(
        "--boundary",
        type=click.Choice(["line", "blank-line", "none"]),
        default="line",
        show_default=True,
        help="Where a context ends.",
    ),
    click.option(
        "--keep-positions", is_flag=True, help="Let words outside the vocabulary take a position in the window."
    ),
    click.option(
        "--sample",
        type=click.FloatRange(0, 1, max_open=True),
        default=0.0,
        metavar="SHARE",
        help="Thin out at random words that are more of the text than this, as word2vec does (there 1e-4).",
    ),
)

#: Keyword `min_cooccurrence`.
min_cooccurrence_option: Decorator[Any] = click.option(
    "--min-cooccurrence",
    type=click.FloatRange(0),
    default=0.0,
    metavar="X",
    help="Leave out pairs of words whose count X is smaller.",
)

#: Keyword `workers`.
workers_option: Decorator[Any] = click.option(
    "--workers",
    type=click.IntRange(1, 1024),
    default=available_cores,
    show_default="all cores",
    help="Threads. Results do not depend on their number.",
)

#: Keywords `memory` (bytes) and `tmp` (Path or None).
memory_options: Decorator[Any] = _group(
    click.option(
        "--memory",
        type=Size(),
        default="4G",
        show_default=True,
        help="Memory that counting may use; what does not fit goes to temporary files.",
    ),
    click.option("--tmp", type=FilePath(), help="Folder for temporary files.  [default: beside the output]"),
)

#: Keyword `quiet`.
quiet_option: Decorator[Any] = click.option(
    "-q", "--quiet", is_flag=True, help="Show no progress bars and no summary."
)


def windows_of(
    *, window: int, left_only: bool, no_distance_weighting: bool, boundary: str, keep_positions: bool, sample: float
) -> Windows:
    """The settings of a count out of the keywords of `window_options`."""
    from glove_adagrad.cooccurrence.windows import Windows

    return Windows(
        window=window,
        symmetric=not left_only,
        distance_weighting=not no_distance_weighting,
        boundary=boundary,
        keep_positions=keep_positions,
        sample=sample,
    )
