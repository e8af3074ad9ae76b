"""Options that several commands share, and the values they parse to.

A command applies a group's decorator and receives the group's options as keyword arguments.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from glove_adagrad.cli.option_types import FilePath, Number, Size, Whole
from glove_adagrad.cli.sections import (
    COUNTING,
    INPUT,
    RESOURCES,
    TRAINING,
    UNOBSERVED,
    Command,
    Decorator,
    group,
    option,
)
from glove_adagrad.errors import InputError
from glove_adagrad.parallel import available_cores
from glove_adagrad.text_options import COLUMNS, FORMATS, TextOptions

if TYPE_CHECKING:
    from glove_adagrad.cooccurrence.windows import Windows
    from glove_adagrad.trainer import TrainingSettings

#: CORPUS..., at least one: keyword `corpus`, a tuple of str. `train`, which can do without, declares its own.
corpus_argument: Decorator[Any] = click.argument("corpus", nargs=-1, required=True)


def output_option(text: str, *, required: bool = True) -> Decorator[Any]:
    """Keyword `output`, a path."""
    return option(INPUT, "-o", "--output", type=FilePath(), required=required, help=text)


#: What the files of a corpus contain; see `TextOptions`.
TEXT_SETTINGS = ("text_format", "field", "column", "encoding", "tokenizer", "lowercase")

_text_options: Decorator[Any] = group(
    option(
        INPUT,
        "--format",
        "text_format",
        type=click.Choice(FORMATS),
        default="text",
        show_default=True,
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
    option(
        INPUT,
        "--tokenizer",
        default="whitespace",
        show_default=True,
        metavar="NAME",
        help="whitespace, gensim (simple_preprocess), or module:function, from a line (str) to a list of tokens.",
    ),
    option(INPUT, "--lowercase", is_flag=True, help="Convert the text to lower case."),
)


def corpus_options(command: Command) -> Command:
    """Keyword `text`, the `TextOptions` of a corpus."""

    @functools.wraps(command)
    def with_text(*arguments: Any, **settings: Any) -> Any:
        values = {name: settings.pop(name) for name in TEXT_SETTINGS}
        try:
            text = TextOptions(**values)
        except InputError as error:
            raise click.UsageError(str(error)) from error
        return command(*arguments, text=text, **settings)

    return _text_options(with_text)


#: Keywords `min_count` and `max_vocab`, as `Vocabulary.count` takes them.
vocabulary_options: Decorator[Any] = group(
    option(
        COUNTING,
        "--min-count",
        type=Whole(1),
        default=5,
        show_default=True,
        help="Ignore words that occur fewer times than this.",
    ),
    option(COUNTING, "--max-vocab", type=Whole(1), help="Keep only the N most frequent words."),
)

#: Keywords of `distance_weights_of`.
distance_weights_options: Decorator[Any] = group(
    option(
        COUNTING,
        "--distance-weights",
        default="harmonic",
        show_default=True,
        metavar="NAME|FILE",
        help="Weight of a pair at distance d: harmonic (1/d), flat (1), linear ((window + 1 - d) / window), or a "
        "file with a number for each distance on a line of its own.",
    ),
    option(COUNTING, "--no-distance-weighting", is_flag=True, help="The same as --distance-weights flat."),
)

#: Keywords of `windows_of`.
WINDOW_SETTINGS = (
    "window", "left_only", "distance_weights", "no_distance_weighting", "boundary", "keep_positions", "sample",
)  # fmt: skip

window_options: Decorator[Any] = group(
    option(
        COUNTING,
        "--window",
        type=Whole(1, 1000),
        default=15,
        show_default=True,
        help="Words up to this distance co-occur.",
    ),
    option(COUNTING, "--left-only", is_flag=True, help="Count only the words to the left of a word."),
    distance_weights_options,
    option(
        COUNTING,
        "--boundary",
        type=click.Choice(["line", "blank-line", "none"]),
        default="line",
        show_default=True,
        help="Where a context ends.",
    ),
    option(COUNTING, "--keep-positions", is_flag=True, help="Words outside the vocabulary occupy a window position."),
    option(
        COUNTING,
        "--sample",
        type=Number(0, 1, max_open=True),
        default=0.0,
        metavar="SHARE",
        help="Randomly drop occurrences of words more frequent than this share of the text (word2vec subsampling; "
        "try 1e-4).  [default: off]",
    ),
)

#: Keyword `min_cooccurrence`.
min_cooccurrence_option: Decorator[Any] = option(
    COUNTING,
    "--min-cooccurrence",
    type=Number(0),
    default=0.0,
    help="Drop pairs whose count X is smaller.  [default: keep all]",
)

#: Keywords of `training_settings`.
training_options: Decorator[Any] = group(
    option(
        TRAINING, "--vector-size", type=Whole(1), default=100, show_default=True, help="Dimension of the vectors."
    ),
    option(TRAINING, "--epochs", type=Whole(1), default=25, show_default=True, help="Passes over the matrix."),
    option(
        TRAINING,
        "--x-max",
        type=Number(),
        default=10.0,
        show_default=True,
        help="Counts of at least x_max get weight 1.",
    ),
    option(TRAINING, "--alpha", type=Number(), default=0.75, show_default=True, help="Exponent of the weighting."),
    option(
        TRAINING,
        "--optimizer",
        default="adagrad",
        show_default=True,
        metavar="NAME",
        help="The update rule: adagrad (Stanford's), adagrad-norm, adam, ...; an unknown name lists all.",
    ),
    option(
        TRAINING,
        "--learning-rate",
        type=Number(),
        help="Learning rate of the rule.  [default: the rule's own; adagrad: 0.05]",
    ),
    option(
        TRAINING, "--optimizer-option", multiple=True, metavar="KEY=VALUE", help="A setting of the rule; repeatable."
    ),
    option(
        TRAINING,
        "--clip",
        type=Number(),
        default=100.0,
        show_default=True,
        help="Clip gradient components to [-X, X].",
    ),
    option(
        TRAINING,
        "--holdout",
        type=Number(),
        default=0.0,
        metavar="SHARE",
        help="Exclude this share of the cells from training and report their loss.",
    ),
    option(TRAINING, "--patience", type=Whole(1), help="Stop when the held-out loss has not fallen for N epochs."),
    option(
        TRAINING,
        "--vectors",
        type=click.Choice(["sum", "pca"]),
        default="sum",
        show_default=True,
        help="What vectors.txt contains: sums of word and context vectors, or both side by side, reduced to "
        "--vector-size components by principal component analysis.",
    ),
    option(
        TRAINING,
        "--subwords",
        is_flag=True,
        help="Mix vectors of rare words with what their character n-grams say, and let unknown words have vectors; "
        "see the command subwords.",
    ),
    option(
        TRAINING,
        "--seed",
        type=Whole(0),
        default=1,
        show_default=True,
        help="Random seed; equal seeds give identical vectors.",
    ),
    option(
        UNOBSERVED,
        "--unobserved",
        type=Number(),
        default=0.0,
        metavar="RATIO",
        help="Also train on RATIO unobserved pairs per record; 1 is recommended.  [default: off]",
    ),
    option(
        UNOBSERVED,
        "--unobserved-weight",
        type=Number(),
        default=0.1,
        show_default=True,
        help="Weight of an unobserved pair.",
    ),
    option(
        UNOBSERVED,
        "--unobserved-power",
        type=Number(),
        default=0.75,
        show_default=True,
        help="Draw words in proportion to their counts to this power.",
    ),
    option(
        UNOBSERVED,
        "--unobserved-chance",
        type=Number(),
        default=0.5,
        show_default=True,
        help="Target of an unobserved pair: 1 = expected count under independence, 0 = one constant.",
    ),
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

#: Keywords `memory` (bytes) and `tmp` (Path or None).
memory_options: Decorator[Any] = group(
    option(
        RESOURCES,
        "--memory",
        type=Size(),
        default="4G",
        show_default=True,
        help="Memory for counting; the rest goes to temporary files.",
    ),
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


def training_settings(
    *, optimizer: str, optimizer_option: tuple[str, ...], learning_rate: float | None, **settings: Any
) -> TrainingSettings:
    """The settings of a training out of the keywords of `training_options`.

    Raises
    ------
    click.UsageError
        If a value is impossible.
    """
    from glove_adagrad import optim
    from glove_adagrad.trainer import TrainingSettings

    rule: dict[str, Any] = {} if learning_rate is None else {"learning_rate": learning_rate}
    for setting in optimizer_option:
        key, equals, value = setting.partition("=")
        if not key or not equals:
            raise click.UsageError(f"--optimizer-option {setting}: write KEY=VALUE")
        rule[key] = value
    try:
        return TrainingSettings(rule=optim.make(optimizer, **rule), **settings)
    except InputError as error:
        raise click.UsageError(str(error)) from error


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
