"""Options of the command `train`, and the values they parse to: presets, training, where it starts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from glove_adagrad.cli.option_types import FilePath, Number, Whole
from glove_adagrad.cli.sections import START, TRAINING, UNOBSERVED, Decorator, ValueOptions, option
from glove_adagrad.cli.sources import reading_options
from glove_adagrad.errors import InputError
from glove_adagrad.presets import PRESETS, SUMMARIES, preset_parameters

if TYPE_CHECKING:
    from glove_adagrad.trainer import TrainingSettings
    from glove_adagrad.warm_start import Start


def _apply_preset(context: click.Context, param: click.Parameter, name: str) -> str:
    """Make a preset's parameters the defaults of the options, so that options given on the command line win."""
    parameters = preset_parameters(name)
    if "symmetric" in parameters:
        parameters["left_only"] = not parameters.pop("symmetric")
    context.default_map = parameters
    return name


#: Keyword `preset`, a name; other options have its defaults.
preset_option: Decorator[Any] = option(
    TRAINING,
    "--preset",
    type=click.Choice(list(PRESETS)),
    default="stanford",
    show_default=True,
    is_eager=True,
    callback=_apply_preset,
    help="; ".join(f"{name}: {line}" for name, line in SUMMARIES.items()) + ". Other options take precedence.",
)


def _training_settings(
    *, optimizer: str, optimizer_option: tuple[str, ...], learning_rate: float | None, **settings: Any
) -> TrainingSettings:
    """The settings of a training; a value that is impossible is wrong usage."""
    from glove_adagrad import optim
    from glove_adagrad.trainer import TrainingSettings

    source = click.get_current_context().get_parameter_source
    if source("optimizer") is ParameterSource.COMMANDLINE and source("learning_rate") is ParameterSource.DEFAULT_MAP:
        learning_rate = None  # a preset's rate is that of its own update rule, and means nothing for another
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


#: Keyword `training`, the `TrainingSettings`. `--preset`, which changes defaults of these, is a command's own.
training_options = ValueOptions(
    "training",
    _training_settings,
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


def _start(**values: Any) -> Start:
    from glove_adagrad.warm_start import Start

    return Start(**values)


#: Keyword `start`, the `Start`.
start_options = ValueOptions(
    "start",
    _start,
    option(START, "--init", type=FilePath(), metavar="FILE", help="Start from these vectors: a run or a file."),
    option(
        START,
        "--keep-words",
        is_flag=True,
        help="With --init or --extend: keep all of their words, those that CORPUS lacks with the vectors that they "
        "have.",
    ),
    option(
        START,
        "--anchor",
        type=FilePath(),
        metavar="FILE",
        help="Anchor vectors to regularise towards (retrofitting).",
    ),
    option(
        START,
        "--anchor-weight",
        type=Number(0, min_open=True),
        default=0.1,
        show_default=True,
        help="Weight MU of the penalty MU |w + c - r|^2 of each word with an anchor r.",
    ),
    reading_options,
)
