"""`glove-adagrad merge`: add up co-occurrences of several corpora."""

from __future__ import annotations

from pathlib import Path

import click

from glove_adagrad.cli import option_types, options


@click.command()
@click.argument("folders", nargs=-1, required=True, type=option_types.FilePath(), metavar="DIR...")
@options.output_option("Folder to write.")
@click.option(
    "--vocab",
    type=option_types.FilePath(),
    help="A vocab.txt to merge onto: its words, in its order. Needed where the folders' own differ.",
)
@options.min_cooccurrence_option
@options.workers_option
@options.memory_options
@options.quiet_option
def merge(
    folders: tuple[Path, ...],
    output: Path,
    vocab: Path | None,
    min_cooccurrence: float,
    workers: int,
    memory: int,
    tmp: Path | None,
    quiet: bool,
) -> None:
    """Add up the co-occurrences in the folders DIR, counted with the same windows.

    With the same vocabulary, too, the result is what counting all the texts at once gives, byte for byte.
    """
    from glove_adagrad.cooccurrence.matrix import check_output
    from glove_adagrad.cooccurrence.merge import merge_matrices
    from glove_adagrad.files import check_not_input
    from glove_adagrad.vocabulary import Vocabulary

    check_not_input(output, folders)
    check_output(output)
    matrix = merge_matrices(
        folders,
        output,
        vocabulary=Vocabulary.read(vocab) if vocab else None,
        min_cooccurrence=min_cooccurrence,
        workers=workers,
        memory=memory,
        tmp=tmp,
    )
    if not quiet:
        click.echo(f"{output}: {matrix.words:,} words, {matrix.records:,} records")
