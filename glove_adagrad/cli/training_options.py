"""Options of the command `train`, and the values they parse to: presets, training, where it starts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from glove_adagrad.cli.option_types import FilePath, Number, Whole
from glove_adagrad.cli.sections import START, TRAINING, UNOBSERVED, Decorator, ValueOptions, option, setting
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
    *, optimizer: str | None, optimizer_option: tuple[str, ...], learning_rate: float | None, **settings: Any
) -> TrainingSettings:
    """The settings of a training; a value that is impossible is wrong usage."""
    from glove_adagrad.presets import rule_of
    from glove_adagrad.trainer import TrainingSettings

    rule: dict[str, Any] = {} if learning_rate is None else {"learning_rate": learning_rate}
    for given in optimizer_option:
        key, equals, value = given.partition("=")
        if not key or not equals:
            raise click.UsageError(f"--optimizer-option {given}: write KEY=VALUE")
        rule[key] = value
    try:
        preset = click.get_current_context().params.get("preset", "stanford")
        return TrainingSettings(rule=rule_of(preset, optimizer, **rule), **settings)
    except InputError as error:
        raise click.UsageError(str(error)) from error


_TRAINING = "trainer:TrainingSettings"


def vector_size_option(**changes: Any) -> Decorator[Any]:
    """Keyword `vector_size`; `changes`, such as another default, are those of `click.option`."""
    return setting(TRAINING, _TRAINING, "--vector-size", type=Whole(1), help="Dimension of the vectors.", **changes)


def epochs_option(**changes: Any) -> Decorator[Any]:
    """Keyword `epochs`; see `vector_size_option`."""
    return setting(TRAINING, _TRAINING, "--epochs", type=Whole(1), help="Passes over the matrix.", **changes)


#: Keyword `x_max`.
x_max_option = setting(TRAINING, _TRAINING, "--x-max", type=Number(), help="Counts of at least x_max get weight 1.")

#: Keyword `seed`.
seed_option = setting(
    TRAINING, _TRAINING, "--seed", type=Whole(0), help="Random seed; equal seeds give identical vectors."
)

#: Keyword `training`, the `TrainingSettings`. `--preset`, which changes defaults of these, is a command's own.
training_options = ValueOptions(
    "training",
    _training_settings,
    vector_size_option(),
    epochs_option(),
    x_max_option,
    setting(TRAINING, _TRAINING, "--alpha", type=Number(), help="Exponent of the weighting."),
    option(
        TRAINING,
        "--optimizer",
        metavar="NAME",
        help="The update rule: adagrad (Stanford's), adagrad-norm, adam, ...; an unknown name lists all.  [default: "
        "the preset's; stanford: adagrad]",
    ),
    option(
        TRAINING,
        "--learning-rate",
        type=Number(),
        help="Learning rate of the rule.  [default: the preset's, or the rule's own; adagrad: 0.05]",
    ),
    option(
        TRAINING, "--optimizer-option", multiple=True, metavar="KEY=VALUE", help="A setting of the rule; repeatable."
    ),
    setting(
        TRAINING,
        _TRAINING,
        "--clip",
        type=Number(),
        help="Clip gradient components to [-X, X].",
    ),
    setting(
        TRAINING,
        _TRAINING,
        "--holdout",
        show_default=False,
        type=Number(),
        metavar="SHARE",
        help="Exclude this share of the cells from training and report their loss.",
    ),
    option(TRAINING, "--patience", type=Whole(1), help="Stop when the held-out loss has not fallen for N epochs."),
    setting(
        TRAINING,
        _TRAINING,
        "--groups",
        type=Whole(1),
        metavar="G",
        help="Order training for a cluster, in G groups of words; 4 per machine keep all busy. The result depends on "
        "G, not on the machines.",
    ),
    setting(
        TRAINING,
        _TRAINING,
        "--vectors",
        type=click.Choice(["sum", "pca"]),
        help="What vectors.txt contains: sums of word and context vectors, or both side by side, reduced to "
        "--vector-size components by principal component analysis.",
    ),
    setting(
        TRAINING,
        _TRAINING,
        "--svd-weight",
        show_default=False,
        type=Number(),
        metavar="WEIGHT",
        help="Join vectors of a decomposition of the same counts (PPMI-SVD) with the trained ones, whose weight is "
        "1.  [default: off]",
    ),
    option(
        TRAINING,
        "--subwords",
        is_flag=True,
        help="Mix vectors of rare words with what their character n-grams say, and let unknown words have vectors; "
        "see the command subwords.",
    ),
    seed_option,
    setting(
        UNOBSERVED,
        _TRAINING,
        "--unobserved",
        show_default=False,
        type=Number(),
        metavar="RATIO",
        help="Also train on RATIO unobserved pairs per record; 1 is recommended.  [default: off]",
    ),
    setting(
        UNOBSERVED,
        _TRAINING,
        "--unobserved-weight",
        type=Number(),
        help="Weight of an unobserved pair.",
    ),
    setting(
        UNOBSERVED,
        _TRAINING,
        "--unobserved-power",
        type=Number(),
        help="Draw words in proportion to their counts to this power.",
    ),
    setting(
        UNOBSERVED,
        _TRAINING,
        "--unobserved-chance",
        type=Number(),
        help="Target of an unobserved pair: 1 = expected count under independence, 0 = one constant.",
    ),
    option(
        START,
        "--init-biases",
        is_flag=True,
        help="Start biases from the sums of the counts, not from random numbers: better vectors in few epochs.",
    ),
    setting(
        START,
        _TRAINING,
        "--init-svd",
        show_default=False,
        type=Number(),
        metavar="SCALE",
        help="Start vectors from a decomposition of the counts (PPMI-SVD) times SCALE, such as 0.5, and biases as "
        "--init-biases does; with --init, only biases.  [default: off]",
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
    setting(
        START,
        "warm_start:Start",
        "--anchor-weight",
        type=Number(0, min_open=True),
        help="Weight MU of the penalty MU |w + c - r|^2 of each word with an anchor r.",
    ),
    reading_options,
)
