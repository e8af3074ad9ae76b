"""`glove-adagrad svd`: vectors from a decomposition of the counts."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path

import click

from glove_adagrad.cli import option_types, options, sections

_SETTINGS = "svd:SVDSettings"


@click.command()
@click.argument("folder", type=option_types.FilePath(), metavar="DIR")
@options.output_option("Folder to write: vocab.txt, model.npz, vectors.txt, history.json.")
@sections.setting(
    sections.OPTIONS, _SETTINGS, "--vector-size", type=option_types.Whole(1), help="Dimension of the vectors."
)
@sections.setting(
    sections.OPTIONS,
    _SETTINGS,
    "--smoothing",
    type=option_types.Number(0, 1),
    help="Contexts are as probable as their counts to this power; 1 is plain PMI.",
)
@sections.setting(
    sections.OPTIONS,
    _SETTINGS,
    "--shift",
    type=option_types.Number(0, min_open=True),
    help="Subtract ln X from every PMI; word2vec's number of negative samples.",
)
@sections.setting(
    sections.OPTIONS,
    _SETTINGS,
    "--power",
    type=option_types.Number(0, 1),
    help="Scale components by their singular values to this power; try 0.5, too.",
)
@click.option(
    "--vectors",
    "which",
    type=click.Choice(["sum", "word"]),
    default="sum",
    show_default=True,
    help="What vectors.txt contains: sums of word and context vectors, or word vectors alone.",
)
@sections.setting(sections.OPTIONS, _SETTINGS, "--seed", type=option_types.Whole(0), help="Of the random start.")
@options.workers_option
@options.memory_option("Memory for the counts; if they need more, they are read again for each of ten passes.")
@options.force_option
@options.quiet_option
def svd(
    folder: Path,
    output: Path,
    vector_size: int,
    smoothing: float,
    shift: float,
    power: float,
    which: str,
    seed: int,
    workers: int,
    memory: int,
    force: bool,
    quiet: bool,
) -> None:
    """Make vectors of the co-occurrences DIR by a truncated SVD of their positive PMI matrix.

    DIR: a folder of co-occurrences, or a run that has one. Levy, Goldberg and Dagan (2015) advise small windows:

    \b
    glove-adagrad vocab corpus.txt -o vocab.txt
    glove-adagrad cooccur corpus.txt --vocab vocab.txt --window 5 --no-distance-weighting -o counts
    glove-adagrad svd counts -o svd
    """
    from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
    from glove_adagrad.derived import check_output, write_derived
    from glove_adagrad.files import check_not_input
    from glove_adagrad.formats.run_folder import matrix_folder
    from glove_adagrad.progress import progress_bar
    from glove_adagrad.svd import PASSES, SVDSettings, decompose

    settings = SVDSettings(vector_size, smoothing, shift, power, seed)
    check_not_input(output, [folder])
    check_output(output, force=force)
    matrix = CooccurrenceMatrix.open(matrix_folder(folder))
    begin = time.perf_counter()
    with progress_bar("SVD", PASSES, "passes", quiet) as bar:
        words, contexts = decompose(matrix, settings, workers=workers, memory=memory, progress=bar.to)
    write_derived(
        output,
        "svd",
        matrix.vocabulary,
        words,
        contexts,
        words if which == "word" else None,
        settings={
            **asdict(settings),
            "vectors": which,
            "cooccurrence": str(matrix.folder.resolve()),
            "windows": matrix.meta["windows"],
        },
        seconds=time.perf_counter() - begin,
        force=force,
    )
    if not quiet:
        click.echo(f"{output}: {matrix.words:,} words, {vector_size} dimensions")
