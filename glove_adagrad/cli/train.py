"""`glove-adagrad train`: from a corpus, or from co-occurrences, to vectors, in one folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from glove_adagrad.cli import options
from glove_adagrad.cli.progress import progress_bar


@click.command()
@click.argument("corpus", nargs=-1)
@click.option(
    "--cooccurrence", type=options.FilePath(), help="Train on this folder of co-occurrences; no CORPUS then."
)
@click.option("--output", type=options.FilePath(), required=True, help="The folder of the run.")
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
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Equal seeds give equal bits.")
@options.vocabulary_options
@options.window_options
@options.min_cooccurrence_option
@options.corpus_options
@options.workers_option
@options.memory_options
@options.quiet_option
def train(
    corpus: tuple[str, ...],
    cooccurrence: Path | None,
    output: Path,
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
    if bool(corpus) == (cooccurrence is not None):
        raise click.UsageError("name either a CORPUS or --cooccurrence DIR")
    rule_options: dict[str, Any] = {} if learning_rate is None else {"learning_rate": learning_rate}
    for setting in optimizer_option:
        key, equals, value = setting.partition("=")
        if not key or not equals:
            raise click.UsageError(f"--optimizer-option {setting}: write KEY=VALUE")
        rule_options[key] = value
    from glove_adagrad import optim
    from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
    from glove_adagrad.corpus import open_corpus
    from glove_adagrad.run import Run
    from glove_adagrad.trainer import Trainer, TrainingSettings

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
    )
    windows = options.windows_of(**window_settings)
    run = Run(output)
    if cooccurrence is not None:
        matrix = CooccurrenceMatrix.open(cooccurrence)
        run.begin(matrix)
    else:
        text = open_corpus(corpus, lowercase=lowercase, text_format=text_format, tmp=tmp or output.parent)
        run.begin()
        with progress_bar("vocabulary", text.total_bytes, "B", quiet) as bar:
            vocabulary = run.count_words(
                text, min_count=min_count, max_vocab=max_vocab, workers=workers, memory=memory, progress=bar.to
            )
        with progress_bar("co-occurrences", text.total_bytes, "B", quiet) as bar:
            matrix = run.count_cooccurrences(
                text,
                vocabulary,
                windows=windows,
                min_cooccurrence=min_cooccurrence,
                workers=workers,
                memory=memory,
                tmp=tmp,
                progress=bar.to,
            )
    trainer = Trainer(matrix, settings, workers=workers, memory=memory)
    plan = trainer.plan()
    if not quiet:
        click.echo(
            f"{matrix.words:,} words, {matrix.records:,} records; parameters {plan.parameter_bytes / 1e6:,.0f} MB, "
            f"matrix {plan.matrix_bytes / 1e6:,.0f} MB; about {plan.epoch_seconds:.1f} s an epoch"
        )
    with progress_bar("training", epochs * trainer.strata, "strata", quiet) as bar:

        def shown(trainer: Trainer) -> None:
            done = len(trainer.history)
            bar.to(done * trainer.strata + trainer.position.stratum)
            if done:
                last = trainer.history[-1]
                bar.note(f"epoch {done}, loss {last.loss:.6f}, {last.records_per_second / 1e6:.1f} M records/s")

        run.train(trainer, after_stratum=shown)
    if not quiet:
        click.echo(f"{output}: loss {trainer.history[-1].loss:.6f} after {len(trainer.history)} epochs; vectors.txt")
