"""`glove-adagrad import-records`: import records that Stanford's `cooccur` or `shuffle` wrote."""

from __future__ import annotations

from pathlib import Path

import click

from glove_adagrad.cli import option_types, options
from glove_adagrad.progress import progress_bar


@click.command()
@click.argument("file", type=option_types.FilePath())
@click.option("--vocab", type=option_types.FilePath(), required=True, help="The vocab.txt that its ranks refer to.")
@options.output_option("Folder to write.")
@click.option(
    "--window",
    type=option_types.Whole(1, 1000),
    help="The window it was counted with. Name it where the folder is to be merged with others.",
)
@options.distance_weights_options
@options.workers_option
@options.memory_options
@options.quiet_option
def import_records(
    file: Path,
    vocab: Path,
    output: Path,
    window: int | None,
    distance_weights: str,
    no_distance_weighting: bool,
    workers: int,
    memory: int,
    tmp: Path | None,
    quiet: bool,
) -> None:
    """Turn FILE, co-occurrence records as Stanford's programs write them, into a folder of co-occurrences.

    The records may be in any order. Every one is checked.
    """
    from glove_adagrad.cooccurrence.matrix import check_output
    from glove_adagrad.cooccurrence.records import RECORD, read_records
    from glove_adagrad.cooccurrence.windows import Windows
    from glove_adagrad.vocabulary import Vocabulary

    weights = options.distance_weights_of(distance_weights, no_distance_weighting)
    if weights != "harmonic" and window is None:
        raise click.UsageError("--distance-weights needs --window")
    check_output(output)
    windows = Windows(window, distance_weights=weights) if window else None
    number = file.stat().st_size // RECORD.itemsize if file.exists() else None
    with progress_bar("records", number and 2 * number, "", quiet) as bar:
        matrix = read_records(
            file,
            Vocabulary.read(vocab),
            output,
            windows=windows,
            workers=workers,
            memory=memory,
            tmp=tmp,
            progress=bar.to,
        )
    if not quiet:
        click.echo(f"{output}: {matrix.words:,} words, {matrix.records:,} records")
