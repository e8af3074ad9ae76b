"""`glove-adagrad cooccur`: count the co-occurrences of a corpus."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from glove_adagrad.cli import option_types, options, sections, sources
from glove_adagrad.errors import InputError
from glove_adagrad.progress import progress_bar
from glove_adagrad.text_options import TextOptions

if TYPE_CHECKING:
    from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
    from glove_adagrad.corpus import TextFiles
    from glove_adagrad.counting import Counting
    from glove_adagrad.vocabulary import Vocabulary


@click.command(cls=sections.SectionedCommand)
@options.corpus_argument
@sections.option(
    sections.INPUT,
    "--vocab",
    type=option_types.FilePath(),
    help="vocab.txt of the words to count; by default the words of CORPUS are counted first.",
)
@options.output_option("Folder to write.")
@options.force_option
@options.vocabulary_options
@options.window_options
@options.min_cooccurrence_option
@options.corpus_options
@sources.strict_option
@options.workers_option
@options.memory_options
@sections.option(
    sections.RESOURCES,
    "--resume",
    is_flag=True,
    help="Keep what was counted in OUTPUT.segments if the command is stopped, and continue from there next time.",
)
@options.scheduler_option
@options.quiet_option
@click.pass_context
def cooccur(
    context: click.Context,
    corpus: tuple[str, ...],
    vocab: Path | None,
    output: Path,
    force: bool,
    min_count: int,
    max_vocab: int | None,
    min_cooccurrence: float,
    text: TextOptions,
    strict: bool,
    workers: int,
    memory: int,
    tmp: Path | None,
    resume: bool,
    scheduler: str | None,
    quiet: bool,
    **window_settings: Any,
) -> None:
    """Count the co-occurrences of words in CORPUS, into a folder for `train --cooccurrence`.

    CORPUS: files (plain or .gz, .bz2, .xz, .zst), folders, patterns, or - for standard input.
    """
    if scheduler is not None and context.get_parameter_source("workers") is ParameterSource.COMMANDLINE:
        raise click.UsageError("--workers cannot be combined with --scheduler: the cluster has its own threads")
    for name, option in (("min_count", "--min-count"), ("max_vocab", "--max-vocab")):
        if vocab is not None and context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{option} cannot be combined with --vocab, which has the words")
    from glove_adagrad.cooccurrence.matrix import check_output
    from glove_adagrad.corpus import open_corpus
    from glove_adagrad.counting import Counting
    from glove_adagrad.files import check_not_input
    from glove_adagrad.source_paths import check_apart
    from glove_adagrad.vocabulary import Vocabulary

    windows = options.windows_of(**window_settings)
    check_apart(corpus, output)
    check_not_input(output, [vocab] if vocab else [])
    check_output(output)
    if (output / "meta.json").exists() and not force:
        raise InputError(f"{output}: holds co-occurrences; choose another folder, or replace them with --force")
    vocabulary = Vocabulary.read(vocab, warn_unordered=True) if vocab else None
    counting = Counting(min_count, max_vocab, windows=windows, min_cooccurrence=min_cooccurrence)
    if scheduler is not None:
        if resume:
            raise click.UsageError("--resume cannot be combined with --scheduler: Dask repeats what a worker lost")
        matrix = _on_cluster(
            scheduler,
            corpus,
            output,
            vocabulary=vocabulary,
            min_count=min_count,
            max_vocab=max_vocab,
            windows=windows,
            min_cooccurrence=min_cooccurrence,
            text=replace(text, strict=strict),
            memory=memory if context.get_parameter_source("memory") is ParameterSource.COMMANDLINE else None,
            tmp=tmp,
            show_progress=not quiet,
        )
        if not quiet:
            click.echo(f"{output}: {matrix.words:,} words, {matrix.records:,} records")
        return
    files = open_corpus(corpus, replace(text, strict=strict), tmp=tmp or output.absolute().parent, workers=workers)
    resources = {"workers": workers, "memory": memory}
    matrix = _count(files, vocabulary, output, counting, resources, tmp=tmp, resume=resume, quiet=quiet)
    if not quiet:
        sources.echo_notes(files)
        click.echo(f"{output}: {matrix.words:,} words, {matrix.records:,} records")


def _count(
    files: TextFiles,
    vocabulary: Vocabulary | None,
    output: Path,
    counting: Counting,
    resources: dict[str, Any],
    *,
    tmp: Path | None,
    resume: bool,
    quiet: bool,
) -> CooccurrenceMatrix:
    """Count the words first if there is no vocabulary, then their co-occurrences."""
    from glove_adagrad.cooccurrence.count import compile_counting, count_cooccurrences
    from glove_adagrad.kept_ids import KeptIds
    from glove_adagrad.vocabulary import compile_word_counting

    kept_ids = None
    if vocabulary is None:
        kept_ids = KeptIds(counting.windows.boundary, resources["memory"])
        with progress_bar("vocabulary", files.total_bytes, "B", quiet) as bar:
            compile_word_counting()
            vocabulary = counting.count_words(files, kept_ids=kept_ids, progress=bar.to, **resources)
    with progress_bar("co-occurrences", files.total_bytes, "B", quiet) as bar:
        compile_counting(counting.windows, tmp or output.absolute().parent)
        return count_cooccurrences(
            files,
            vocabulary,
            output,
            windows=counting.windows,
            min_cooccurrence=counting.min_cooccurrence,
            same_text=kept_ids is not None,
            kept_ids=kept_ids,
            tmp=tmp,
            resume=resume,
            progress=bar.to,
            **resources,
        )


def _on_cluster(address: str, corpus: tuple[str, ...], output: Path, **settings: Any) -> CooccurrenceMatrix:
    """Count on a Dask cluster."""
    from glove_adagrad.dask import count
    from glove_adagrad.dask.cluster import scheduler

    with scheduler(address) as client:
        return count(corpus, output, client=client, **settings)
