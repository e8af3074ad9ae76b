"""Options that several commands share, and the values they parse to.

A command applies a group's decorator and receives the group's options as keyword arguments.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from glove_adagrad.cli.option_types import FilePath, Number, Size, Whole
from glove_adagrad.cli.sections import (
    COUNTING,
    INPUT,
    OPTIONS,
    RESOURCES,
    Decorator,
    ValueOptions,
    group,
    option,
    setting,
)
from glove_adagrad.errors import InputError
from glove_adagrad.parallel import available_cores
from glove_adagrad.text_options import COLUMNS, FORMATS, TextOptions

if TYPE_CHECKING:
    from glove_adagrad.cooccurrence.windows import Windows

#: CORPUS..., at least one: keyword `corpus`, a tuple of str. `train`, which can do without, declares its own.
corpus_argument: Decorator[Any] = click.argument("corpus", nargs=-1, required=True)


def output_option(text: str, *, required: bool = True) -> Decorator[Any]:
    """Keyword `output`, a path."""
    return option(INPUT, "-o", "--output", type=FilePath(), required=required, help=text)


def _text_options_of(**settings: Any) -> TextOptions:
    try:
        return TextOptions(**settings)
    except InputError as error:
        raise click.UsageError(str(error)) from error


#: Keyword `text`, the `TextOptions` of a corpus.
corpus_options = ValueOptions(
    "text",
    _text_options_of,
    setting(
        INPUT,
        "text_options:TextOptions",
        "--format",
        "text_format",
        type=click.Choice(FORMATS),
        help="Plain text; JSON lines; CSV; Parquet; CoNLL-U; WET files of Common Crawl; or a Wikipedia dump "
        "(.xml.bz2), whose articles are extracted with gensim.",
    ),
    option(
        INPUT,
        "--field",
        metavar="NAME",
        help="The field or column of jsonl, csv and parquet that holds the text.  [default: text]",
    ),
    option(INPUT, "--column", type=click.Choice(COLUMNS), help="Words or lemmas of conllu.  [default: form]"),
    option(
        INPUT,
        "--encoding",
        metavar="NAME",
        help="Convert the text from this encoding, for example latin-1.  [default: none, as for UTF-8]",
    ),
    setting(
        INPUT,
        "text_options:TextOptions",
        "--tokenizer",
        metavar="NAME",
        help="whitespace, gensim (simple_preprocess), or module:function, from a line (str) to a list of tokens.",
    ),
    option(INPUT, "--lowercase", is_flag=True, help="Convert the text to lower case."),
)

_VOCABULARY = "vocabulary:Vocabulary.count"

#: Keywords `min_count` and `max_vocab`, as `Vocabulary.count` takes them.
vocabulary_options: Decorator[Any] = group(
    setting(
        COUNTING,
        _VOCABULARY,
        "--min-count",
        type=Whole(1),
        help="Ignore words that occur fewer times than this.",
    ),
    option(COUNTING, "--max-vocab", type=Whole(1), help="Keep only the N most frequent words."),
)

_COUNT, _WINDOWS = "cooccurrence.count:count_cooccurrences", "cooccurrence.windows:Windows"

#: Keywords of `distance_weights_of`.
distance_weights_options: Decorator[Any] = group(
    setting(
        COUNTING,
        _WINDOWS,
        "--distance-weights",
        metavar="NAME|FILE",
        help="Weight of a pair at distance d: harmonic (1/d), flat (1), linear ((window + 1 - d) / window), or a "
        "file with a number for each distance on a line of its own.",
    ),
    option(COUNTING, "--no-distance-weighting", is_flag=True, help="The same as --distance-weights flat."),
)

#: Keywords of `windows_of`.
window_options: Decorator[Any] = group(
    setting(
        COUNTING,
        _WINDOWS,
        "--window",
        type=Whole(1, 1000),
        help="Words up to this distance co-occur.",
    ),
    option(COUNTING, "--left-only", is_flag=True, help="Count only the words to the left of a word."),
    distance_weights_options,
    setting(
        COUNTING,
        _WINDOWS,
        "--boundary",
        type=click.Choice(["line", "blank-line", "none"]),
        help="Where a context ends.",
    ),
    option(COUNTING, "--keep-positions", is_flag=True, help="Words outside the vocabulary occupy a window position."),
    setting(
        COUNTING,
        _WINDOWS,
        "--sample",
        show_default=False,
        type=Number(0, 1, max_open=True),
        metavar="SHARE",
        help="Randomly drop occurrences of words more frequent than this share of the text (word2vec subsampling; "
        "try 1e-4).  [default: off]",
    ),
)

#: Keyword `min_cooccurrence`.
min_cooccurrence_option: Decorator[Any] = setting(
    COUNTING,
    _COUNT,
    "--min-cooccurrence",
    show_default=False,
    type=Number(0),
    help="Drop pairs whose count X is smaller.  [default: keep all]",
)

#: Keyword `workers`.
workers_option: Decorator[Any] = option(
    RESOURCES,
    "--workers",
    type=Whole(-1, 1024),
    default=-1,
    callback=lambda context, param, value: _workers(value),
    show_default="all cores",
    help="Threads. Results do not depend on their number.",
)


def memory_option(text: str, section: str = OPTIONS) -> Decorator[Any]:
    """Keyword `memory`, in bytes."""
    return setting(section, _VOCABULARY, "--memory", type=Size(), help=text)


#: Keywords `memory` (bytes) and `tmp` (Path or None).
memory_options: Decorator[Any] = group(
    memory_option("Memory for counting; the rest goes to temporary files.", RESOURCES),
    option(RESOURCES, "--tmp", type=FilePath(), help="Folder for temporary files.  [default: next to the output]"),
)

#: Keyword `scheduler`: None where not given.
scheduler_option: Decorator[Any] = option(
    RESOURCES,
    "--scheduler",
    metavar="ADDRESS",
    help="Work on the Dask cluster of the scheduler at this address, as tcp://host:8786; local:N starts N processes "
    "on this machine. The result is identical.  [default: work in this process]",
)

#: Keyword `quiet`.
quiet_option: Decorator[Any] = option(
    RESOURCES, "-q", "--quiet", is_flag=True, help="Print no progress and no summary."
)


#: Keyword `force`.
force_option: Decorator[Any] = option(INPUT, "--force", is_flag=True, help="Replace an existing output.")


def _workers(value: int) -> int:
    if value == 0:
        raise click.UsageError("--workers 0: give the number of threads, or -1 for all cores")
    return available_cores() if value < 0 else value


def distance_weights_of(distance_weights: str, no_distance_weighting: bool) -> str:
    """`Windows.distance_weights` out of the keywords of `distance_weights_options`."""
    from glove_adagrad.cooccurrence.distance_weights import NAMED, read_weights

    if no_distance_weighting and distance_weights not in ("harmonic", "flat"):
        raise click.UsageError("--no-distance-weighting cannot be combined with --distance-weights")
    if no_distance_weighting or distance_weights in NAMED:
        return "flat" if no_distance_weighting else distance_weights
    if not Path(distance_weights).exists():
        raise click.UsageError(f"--distance-weights {distance_weights}: neither {', '.join(NAMED)} nor a file")
    return read_weights(Path(distance_weights))


def windows_of(
    *,
    window: int,
    left_only: bool,
    distance_weights: str,
    no_distance_weighting: bool,
    boundary: str,
    keep_positions: bool,
    sample: float,
) -> Windows:
    """The settings of a count out of the keywords of `window_options`."""
    from glove_adagrad.cooccurrence.windows import Windows

    return Windows(
        window=window,
        symmetric=not left_only,
        distance_weights=distance_weights_of(distance_weights, no_distance_weighting),
        boundary=boundary,
        keep_positions=keep_positions,
        sample=sample,
    )
