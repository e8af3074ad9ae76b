"""`glove-adagrad train`: from a corpus, or from co-occurrences, to vectors, in one folder."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from glove_adagrad.cli import options
from glove_adagrad.progress import compilation_shown, progress_bar, training_progress

if TYPE_CHECKING:
    from glove_adagrad.run import Run
    from glove_adagrad.trainer import Trainer


@click.command()
@click.argument("corpus", nargs=-1)
@click.option(
    "--cooccurrence", type=options.FilePath(), help="Train on this folder of co-occurrences; no CORPUS then."
)
@click.option("--output", type=options.FilePath(), help="The folder of the run.")
@click.option(
    "--resume", type=options.FilePath(), metavar="RUN", help="Go on with an interrupted run, to the same bits."
)
@click.option(
    "--extend",
    type=options.FilePath(),
    metavar="RUN",
    help="Add CORPUS to the counts of RUN and train on from its parameters, into --output.",
)
@click.option(
    "--init", type=options.FilePath(), metavar="FILE", help="Start from these vectors: a run or any file of vectors."
)
@click.option("--anchor", type=options.FilePath(), metavar="FILE", help="Vectors that words are to stay near.")
@click.option(
    "--anchor-weight",
    type=click.FloatRange(0, min_open=True),
    default=0.1,
    show_default=True,
    help="Weight MU of MU |w + c - r|^2 for each word with an anchor r.",
)
@click.option(
    "--checkpoint-minutes", type=click.FloatRange(0), default=10.0, show_default=True, help="How often to save."
)
@click.option("--vector-size", type=click.IntRange(1), default=100, show_default=True, help="Components of a vector.")
@click.option("--epochs", type=click.IntRange(1), default=25, show_default=True, help="Passes over the matrix.")
@click.option("--x-max", type=float, default=10.0, show_default=True, help="Counts from here on weigh 1.")
@click.option("--alpha", type=float, default=0.75, show_default=True, help="Exponent of the weighting.")
@click.option("--learning-rate", type=float, help="The update rule's rate.  [default: the rule's own; adagrad: 0.05]")
@click.option("--optimizer", default="adagrad", show_default=True, help="The update rule; see docs/adagrad.md.")
@click.option("--optimizer-option", multiple=True, metavar="KEY=VALUE", help="A setting of the rule; repeatable.")
@click.option("--clip", type=float, default=100.0, show_default=True, help="Largest component of a gradient.")
@click.option("--holdout", type=float, default=0.0, help="Share of the cells to keep out; their loss is reported.")
@click.option(
    "--patience", type=click.IntRange(1), help="Stop if the held-out loss has not fallen for so many epochs."
)
@click.option(
    "--unobserved", type=float, default=0.0, metavar="RATIO", help="Empty cells to learn from, for each record."
)
@click.option("--unobserved-weight", type=float, default=0.1, show_default=True, help="What an empty cell weighs.")
@click.option(
    "--unobserved-power",
    type=float,
    default=0.75,
    show_default=True,
    help="Draw words by their counts to this power.",
)
@click.option(
    "--unobserved-chance",
    type=float,
    default=0.5,
    show_default=True,
    help="1 trains them towards the counts that chance gives, 0 all towards the same.",
)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Equal seeds give equal bits.")
@options.vocabulary_options
@options.window_options
@options.min_cooccurrence_option
@options.corpus_options
@options.workers_option
@options.memory_options
@options.quiet_option
@click.pass_context
def train(
    context: click.Context,
    corpus: tuple[str, ...],
    cooccurrence: Path | None,
    output: Path | None,
    resume: Path | None,
    extend: Path | None,
    init: Path | None,
    anchor: Path | None,
    anchor_weight: float,
    checkpoint_minutes: float,
    vector_size: int,
    epochs: int,
    x_max: float,
    alpha: float,
    learning_rate: float | None,
    optimizer: str,
    optimizer_option: tuple[str, ...],
    clip: float,
    holdout: float,
    patience: int | None,
    unobserved: float,
    unobserved_weight: float,
    unobserved_power: float,
    unobserved_chance: float,
    seed: int,
    min_count: int,
    max_vocab: int | None,
    min_cooccurrence: float,
    lowercase: bool,
    text_format: str,
    workers: int,
    memory: int,
    tmp: Path | None,
    quiet: bool,
    **window_settings: Any,
) -> None:
    """Build vectors from CORPUS: count its words and their co-occurrences, train, write the vectors.

    CORPUS: files (plain or .gz, .bz2, .xz, .zst), folders, patterns, or - for standard input.
    """
    if resume is not None:
        _resume(context, resume, epochs, checkpoint_minutes, workers, memory, quiet)
        return
    if bool(corpus) == (cooccurrence is not None):
        raise click.UsageError("name either a CORPUS or --cooccurrence DIR")
    if output is None:
        raise click.UsageError("name the folder of the run: --output RUN")
    if extend is not None:
        _refuse(context, _SETTLED_BY_EXTEND, "--extend")
    rule_options: dict[str, Any] = {} if learning_rate is None else {"learning_rate": learning_rate}
    for setting in optimizer_option:
        key, equals, value = setting.partition("=")
        if not key or not equals:
            raise click.UsageError(f"--optimizer-option {setting}: write KEY=VALUE")
        rule_options[key] = value
    from glove_adagrad import optim
    from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
    from glove_adagrad.corpus import open_corpus
    from glove_adagrad.errors import InputError
    from glove_adagrad.run import Run
    from glove_adagrad.trainer import Trainer, TrainingSettings
    from glove_adagrad.warm_start import continue_from, read_anchors, start_from

    try:
        settings = TrainingSettings(
            vector_size=vector_size,
            x_max=x_max,
            alpha=alpha,
            epochs=epochs,
            seed=seed,
            rule=optim.make(optimizer, **rule_options),
            clip=clip,
            holdout=holdout,
            patience=patience,
            unobserved=unobserved,
            unobserved_weight=unobserved_weight,
            unobserved_power=unobserved_power,
            unobserved_chance=unobserved_chance,
        )
    except InputError as error:  # an option that cannot be is wrong usage
        raise click.UsageError(str(error)) from error
    windows = options.windows_of(**window_settings)
    run = Run(output, checkpoint_minutes)
    resources: dict[str, Any] = {"workers": workers, "memory": memory}
    earlier = None
    if cooccurrence is not None:
        matrix = CooccurrenceMatrix.open(cooccurrence)
        run.begin(matrix)
    else:
        text = open_corpus(corpus, lowercase=lowercase, text_format=text_format, tmp=tmp or output.parent)
        run.begin()
        if extend is not None:
            with progress_bar("co-occurrences", text.total_bytes, "B", quiet) as bar:
                checkpoint, words, matrix = run.extend(
                    Run(extend), text, min_count=min_count, tmp=tmp, progress=bar.to, **resources
                )
            earlier = checkpoint, words
            settings = replace(settings, vector_size=checkpoint.settings.vector_size, rule=checkpoint.settings.rule)
        else:
            with progress_bar("vocabulary", text.total_bytes, "B", quiet) as bar:
                vocabulary = run.count_words(
                    text, min_count=min_count, max_vocab=max_vocab, progress=bar.to, **resources
                )
            with progress_bar("co-occurrences", text.total_bytes, "B", quiet) as bar:
                matrix = run.count_cooccurrences(
                    text,
                    vocabulary,
                    windows=windows,
                    min_cooccurrence=min_cooccurrence,
                    tmp=tmp,
                    progress=bar.to,
                    **resources,
                )
    anchors = read_anchors(anchor, matrix, settings.vector_size, anchor_weight) if anchor is not None else None
    trainer = Trainer(matrix, settings, anchors=anchors, **resources)
    if earlier is not None:
        continue_from(trainer, *earlier)
    if init is not None:
        number = start_from(trainer, init)
        if not quiet:
            click.echo(f"{number:,} of {matrix.words:,} words start from {init}")
    _train(run, trainer, quiet)


#: What a run to extend has settled.
_SETTLED_BY_EXTEND = {
    "vector_size", "learning_rate", "optimizer", "optimizer_option", "window", "left_only", "no_distance_weighting",
    "boundary", "keep_positions", "sample", "max_vocab", "min_cooccurrence", "init",
}  # fmt: skip

#: What may be given together with --resume; all else is settled by the run.
_WITH_RESUME = {"resume", "epochs", "checkpoint_minutes", "workers", "memory", "quiet"}


def _resume(
    context: click.Context,
    folder: Path,
    epochs: int,
    checkpoint_minutes: float,
    workers: int,
    memory: int,
    quiet: bool,
) -> None:
    _refuse(context, context.params.keys() - _WITH_RESUME, "--resume")
    from glove_adagrad.errors import InputError
    from glove_adagrad.run import Run
    from glove_adagrad.trainer import Trainer

    if not folder.is_dir():
        raise InputError(f"{folder}: no such run")
    run = Run(folder, checkpoint_minutes)
    checkpoint, matrix = run.resume()
    settings = checkpoint.settings
    if context.get_parameter_source("epochs") is ParameterSource.COMMANDLINE:
        settings = replace(settings, epochs=epochs)
    trainer = Trainer(matrix, settings, workers=workers, memory=memory, anchors=checkpoint.anchors)
    checkpoint.restore(trainer)
    _train(run, trainer, quiet)


def _refuse(context: click.Context, names: Iterable[str], beside: str) -> None:
    """Refuse options that have been given although something else settles them."""
    given = [name for name in names if context.get_parameter_source(name) is ParameterSource.COMMANDLINE]
    if given:
        named = ", ".join(sorted(name.replace("_", "-") for name in given))
        raise click.UsageError(f"{named}: cannot be given with {beside}, as the run has settled it")


def _train(run: Run, trainer: Trainer, quiet: bool) -> None:
    matrix = trainer.matrix
    with compilation_shown(quiet):
        plan = trainer.plan()
    if not quiet:
        click.echo(
            f"{matrix.words:,} words, {matrix.records:,} records; parameters {plan.parameter_bytes / 1e6:,.0f} MB, "
            f"matrix {plan.matrix_bytes / 1e6:,.0f} MB; about {plan.epoch_seconds:.1f} s an epoch"
        )
    with training_progress(trainer, quiet) as shown:
        run.train(trainer, after_stratum=shown)
    if not quiet:
        click.echo(
            f"{run.folder}: loss {trainer.history[-1].loss:.6f} after {len(trainer.history)} epochs; vectors.txt"
        )
