"""`glove-adagrad subwords`: fit character n-grams to the vectors of a run."""

from __future__ import annotations

from pathlib import Path

import click

from glove_adagrad.cli import option_types, options, sections

_SETTINGS = "subwords:SubwordSettings"


@click.command()
@click.argument("run", type=option_types.FilePath())
@sections.setting(
    sections.OPTIONS, _SETTINGS, "--min-n", type=option_types.Whole(1), help="Length of the shortest n-grams."
)
@sections.setting(
    sections.OPTIONS, _SETTINGS, "--max-n", type=option_types.Whole(1), help="Length of the longest n-grams."
)
@sections.setting(
    sections.OPTIONS,
    _SETTINGS,
    "--ridge",
    type=option_types.Number(0, min_open=True),
    help="Weight of the penalty on the length of n-gram vectors.",
)
@sections.setting(
    sections.OPTIONS,
    _SETTINGS,
    "--mix",
    type=option_types.Number(0, min_open=True),
    help="A word of N occurrences keeps N / (N + X) of its own vector.",
)
@sections.setting(
    sections.OPTIONS,
    _SETTINGS,
    "--max-ngrams",
    type=option_types.Whole(1),
    help="Keep at most N n-grams, those in most words.",
)
@sections.setting(
    sections.OPTIONS,
    _SETTINGS,
    "--buckets",
    type=option_types.Whole(1),
    help="N-grams with equal hashes modulo N share a vector; `export --format fasttext-bin` writes N rows.",
)
@options.force_option
@options.quiet_option
def subwords(
    run: Path,
    min_n: int,
    max_n: int,
    ridge: float,
    mix: float,
    max_ngrams: int,
    buckets: int,
    force: bool,
    quiet: bool,
) -> None:
    """Fit character n-grams to the vectors of RUN, a trained run.

    The vectors of rare words are mixed with what their n-grams say, into vectors.txt and model.npz, and unknown words
    have vectors: similar --oov and evaluate --oov use them. Word and context vectors stay as they are, so
    --vectors sum still gives the vectors from before, and lengths stay. Training RUN further removes its n-grams,
    unless it was started with train --subwords.
    """
    from glove_adagrad.run_subwords import add_subwords
    from glove_adagrad.subwords import SubwordSettings

    try:
        settings = SubwordSettings(min_n, max_n, ridge, mix, max_ngrams, buckets)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    words, ngrams = add_subwords(run, settings, replace=force)
    if not quiet:
        click.echo(f"{run}: {ngrams:,} n-grams of {words:,} words; vectors.txt")
