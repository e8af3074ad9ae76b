"""`glove-adagrad export`: write vectors or co-occurrences in formats of other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from glove_adagrad.cli import options, sources
from glove_adagrad.errors import InputError
from glove_adagrad.files import check_not_input, check_output_file
from glove_adagrad.parallel import available_cores
from glove_adagrad.progress import progress_bar

_FORMATS = [
    "word2vec",
    "word2vec-binary",
    "glove",
    "keyedvectors",
    "projector",
    "stanford-binary",
    "stanford-records",
]


@click.command()
@click.argument("source", type=options.FilePath())
@click.argument("file", type=options.FilePath())
@click.option("--format", "target", type=click.Choice(_FORMATS), required=True, help="What to write; see above.")
@sources.vectors_option
@sources.reading_options
@click.option("--unk", is_flag=True, help="Add a word <unk>: the mean of the 100 rarest words.")
@click.option(
    "--memory",
    type=options.Size(),
    default="4G",
    show_default=True,
    help="Memory that sorting stanford-records may use.",
)
@options.force_option
@options.quiet_option
def export(
    source: Path,
    file: Path,
    target: str,
    which: str | None,
    unk: bool,
    memory: int,
    force: bool,
    quiet: bool,
    **reading: Any,
) -> None:
    """Write SOURCE to FILE in another format.

    SOURCE: a run or a file of vectors; for stanford-records a folder of co-occurrences, or a run that has one.

    \b
    word2vec          text with a header line; gensim and many others read it
    word2vec-binary   the same in binary
    glove             text without a header, as the Stanford programs publish
    keyedvectors      gensim's own; KeyedVectors.load(FILE, mmap="r") maps it.
                      The matrix goes to FILE.vectors.npy
    projector         a folder with vectors.tsv and metadata.tsv for TensorBoard
    stanford-binary   all parameters of a run, biases too, as the program glove
                      saves them
    stanford-records  co-occurrences as the program cooccur writes them

    A text or binary FILE is compressed if it is named *.gz, *.bz2, *.xz or *.zst.
    """
    from glove_adagrad.formats.reading import begins_as_vectors

    parameters_only = target.startswith("stanford-")
    if parameters_only and (unk or which):
        raise click.UsageError(f"--unk and --vectors cannot be used with --format {target}")
    if target != "projector":
        check_output_file(file)
        check_not_input(file, sources.files(source))
        if file.is_file() and not force and not begins_as_vectors(file):
            raise InputError(
                f"{file}: exists and is not a file of vectors; choose another name, or replace it with --force"
            )
    elif file.is_file():
        raise InputError(f"{file}: is a file; name a folder for vectors.tsv and metadata.tsv")
    if target == "stanford-records":
        written = _export_records(source, file, memory, quiet)
    elif target == "stanford-binary":
        written = _export_parameters(source, file)
    else:
        written = _export_vectors(source, file, target, which, unk, reading)
    if not quiet:
        click.echo(f"{file}: {written}")


def _export_vectors(source: Path, file: Path, target: str, which: str | None, unk: bool, reading: Any) -> str:
    from glove_adagrad.formats import glove_text, keyedvectors, projector, with_unk, word2vec

    wv = sources.load(source, which, **reading)
    if unk:
        wv = with_unk(wv)
    match target:
        case "word2vec":
            word2vec.write(file, wv)
        case "word2vec-binary":
            word2vec.write(file, wv, binary=True)
        case "glove":
            glove_text.write(file, wv)
        case "keyedvectors":
            keyedvectors.write(file, wv)
        case "projector":
            projector.write(file, wv)
    return f"{len(wv.words):,} words, {wv.vectors.shape[1]} dimensions"


def _export_parameters(source: Path, file: Path) -> str:
    from glove_adagrad.formats import read_run, stanford_binary

    run = read_run(source)
    stanford_binary.write(file, run.word_vectors, run.word_biases, run.context_vectors, run.context_biases)
    return f"all parameters of {len(run.words):,} words, {run.word_vectors.shape[1]} dimensions"


def _export_records(source: Path, file: Path, memory: int, quiet: bool) -> str:
    from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
    from glove_adagrad.cooccurrence.records import write_records
    from glove_adagrad.formats.run_folder import matrix_folder

    if source.is_file():
        raise InputError(f"{source}: is a file; stanford-records are made of a folder of co-occurrences")
    matrix = CooccurrenceMatrix.open(matrix_folder(source))
    with progress_bar("records", matrix.records, "records", quiet) as bar:
        write_records(matrix, file, workers=available_cores(), memory=memory, progress=bar.to)
    return f"{matrix.records:,} records of {matrix.words:,} words"
