"""`glove-adagrad export`: write vectors or co-occurrences in formats of other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from glove_adagrad.cli import option_types, options, sources
from glove_adagrad.errors import InputError
from glove_adagrad.files import check_not_input, check_output_file
from glove_adagrad.parallel import available_cores
from glove_adagrad.progress import progress_bar

#: What each format can be asked for, besides the vectors.
_TYPES = {
    "keyedvectors": ("float32", "float16"),
    "npy": ("float32", "float16", "int8"),
    "parquet": ("float32", "float16", "int8"),
    "static-model": ("float32", "float16", "int8"),
}
_FORMATS = (
    "word2vec", "word2vec-binary", "fasttext-vec", "fasttext-bin", "glove", "keyedvectors", "npy", "parquet",
    "static-model", "projector", "stanford-binary", "stanford-records",
)  # fmt: skip


@click.command()
@click.argument("source", type=option_types.FilePath())
@click.argument("file", type=option_types.FilePath())
@click.option("--format", "target", type=click.Choice(_FORMATS), required=True, help="What to write; see above.")
@sources.vectors_option
@click.option(
    "--size", type=option_types.Whole(1), help="Reduce vectors to N components, by principal component analysis."
)
@click.option("--top", type=option_types.Whole(1), help="Write only the N most frequent words.")
@click.option("--unk", is_flag=True, help="Add a word <unk>: the mean of the 100 rarest words.")
@click.option(
    "--dtype",
    type=click.Choice(["float32", "float16", "int8"]),
    help="Type of numbers, for keyedvectors, npy, parquet and static-model.  [default: float32]",
)
@click.option(
    "--weights",
    type=click.Choice(["sif"]),
    help="Weight words by frequency, for static-model: those of a share p of the text by 0.001 / (0.001 + p).",
)
@sources.reading_options
@options.memory_option("Memory that sorting stanford-records may use.")
@options.force_option
@options.quiet_option
def export(
    source: Path, file: Path, target: str, memory: int, force: bool, quiet: bool, **asked: Any
) -> None:  # fmt: skip
    """Write SOURCE to FILE in another format.

    SOURCE: a run or a file of vectors; for stanford-records a folder of co-occurrences, or a run that has one.

    \b
    word2vec          text with a header line; gensim, spaCy and many others read it
    word2vec-binary   the same in binary
    fasttext-vec      the same as word2vec: a .vec file of fastText
    fasttext-bin      a model of fastText, of a run with n-grams: unknown words
                      have vectors too
    glove             text without a header, as the Stanford programs publish
    keyedvectors      gensim's own; KeyedVectors.load(FILE, mmap="r") maps it.
                      The matrix goes to FILE.vectors.npy
    npy               a folder with vectors.npy, vocab.txt and scale.json
    parquet           a table with the columns word, count and vector
    static-model      a folder that model2vec and sentence-transformers load
    projector         a folder with vectors.tsv and metadata.tsv for TensorBoard
    stanford-binary   all parameters of a run, biases too, as the program glove
                      saves them
    stanford-records  co-occurrences as the program cooccur writes them

    A text or binary FILE is compressed if it is named *.gz, *.bz2, *.xz or *.zst.
    """
    _check_usage(target, asked)
    _check_output(source, file, target, force)
    if target == "stanford-records":
        written = _export_records(source, file, memory, quiet)
    elif target == "stanford-binary":
        written = _export_parameters(source, file)
    elif target == "fasttext-bin":
        written = _export_ngrams(source, file, asked["top"])
    else:
        written = _export_vectors(source, file, target, quiet, **asked)
    if not quiet:
        click.echo(f"{file}: {written}")


def _check_usage(target: str, asked: dict[str, Any]) -> None:
    """Refuse options that do not apply to a format."""
    if target.startswith("stanford-") and any(asked[name] for name in ("unk", "which", "size", "top")):
        raise click.UsageError(f"--vectors, --size, --top and --unk cannot be used with --format {target}")
    if target == "fasttext-bin" and any(asked[name] for name in ("unk", "which", "size")):
        raise click.UsageError(
            "--vectors, --size and --unk cannot be used with --format fasttext-bin; n-grams fit the run's own vectors"
        )
    if asked["dtype"] and asked["dtype"] not in _TYPES.get(target, ()):
        raise click.UsageError(f"--dtype {asked['dtype']} cannot be used with --format {target}")
    if asked["weights"] and target != "static-model":
        raise click.UsageError(f"--weights cannot be used with --format {target}; only static-model has weights")
    if asked["unk"] and target == "static-model":
        raise click.UsageError("--unk cannot be used with --format static-model, which leaves unknown words out")


def _check_output(source: Path, file: Path, target: str, force: bool) -> None:
    """Refuse, before any work is done, an output that must not be replaced."""
    from glove_adagrad.formats import fasttext_bin, npy, projector, static_model
    from glove_adagrad.formats.reading import begins_as_vectors

    folders = {"npy": npy.FILES, "projector": projector.FILES, "static-model": static_model.FILES}
    if target in folders:
        names = folders[target]
        if file.exists() and not file.is_dir():
            raise InputError(f"{file}: is a file; name a folder for {' and '.join(names[:2])}")
        present = [name for name in names if (file / name).exists()]
        if 0 < len(present) < len(names) and not force:
            raise InputError(
                f"{file / present[0]}: would be replaced; choose another folder, or replace it with --force"
            )
        for name in present:
            check_not_input(file / name, sources.files(source))
        return
    check_output_file(file)
    check_not_input(file, sources.files(source))
    magic = {"parquet": b"PAR1", "fasttext-bin": fasttext_bin.MAGIC}.get(target)
    replaceable = magic is not None and file.is_file() and file.open("rb").read(4) == magic
    if file.is_file() and not force and not replaceable and not begins_as_vectors(file):
        raise InputError(
            f"{file}: exists and is not a file of vectors; choose another name, or replace it with --force"
        )


def _export_vectors(
    source: Path,
    file: Path,
    target: str,
    quiet: bool,
    which: str | None,
    size: int | None,
    top: int | None,
    unk: bool,
    dtype: str | None,
    weights: str | None,
    **reading: Any,
) -> str:
    from glove_adagrad.formats import (
        glove_text,
        is_run,
        keyedvectors,
        npy,
        parquet,
        projector,
        read_history,
        reduced,
        static_model,
        word2vec,
    )

    wv = read = sources.load(source, which, **reading)
    if weights:
        wv = static_model.sif_weighted(wv)
    wv = reduced(wv, size=size, top=top, unk=unk)
    dtype = dtype or "float32"
    match target:
        case "word2vec" | "fasttext-vec":
            word2vec.write(file, wv)
        case "word2vec-binary":
            word2vec.write(file, wv, binary=True)
        case "glove":
            glove_text.write(file, wv)
        case "keyedvectors":
            keyedvectors.write(file, wv, dtype)
        case "npy":
            npy.write(file, wv, dtype)
        case "parquet":
            parquet.write(file, wv, dtype)
        case "projector":
            projector.write(file, wv)
        case "static-model":
            history = read_history(source) if is_run(source) and (source / "history.json").exists() else None
            notes = {"weights of words": f"SIF, a = {static_model.SIF_A}"} if weights else {}
            static_model.write(file, wv, dtype, history=history, notes=notes)
    if not quiet:
        sources.echo_layout(source, read)
    return f"{len(wv.words):,} words, {wv.vectors.shape[1]} dimensions"


def _export_ngrams(source: Path, file: Path, top: int | None) -> str:
    from glove_adagrad.formats import fasttext_bin, is_run, read_run, reduced

    run = read_run(source) if is_run(source) else None
    if run is None or run.ngrams is None:
        what = "is not a run with n-grams" if run is None else "has no n-grams"
        raise InputError(f"{source}: {what}, which fasttext-bin is made of; see glove-adagrad subwords")
    wv = reduced(run.select(), top=top)
    fasttext_bin.write(file, wv, run.ngrams)
    return f"{len(wv.words):,} words, {len(run.ngrams):,} n-grams, {wv.vectors.shape[1]} dimensions"


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
