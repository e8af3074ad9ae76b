"""`glove-adagrad vocab`: count the words of a corpus."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from glove_adagrad.cli import options, sources
from glove_adagrad.progress import progress_bar
from glove_adagrad.text_options import TextOptions


@click.command()
@options.corpus_argument
@options.output_option("vocab.txt to write.")
@options.vocabulary_options
@options.corpus_options
@sources.strict_option
@options.workers_option
@options.memory_options
@options.quiet_option
def vocab(
    corpus: tuple[str, ...],
    output: Path,
    min_count: int,
    max_vocab: int | None,
    text: TextOptions,
    strict: bool,
    workers: int,
    memory: int,
    tmp: Path | None,
    quiet: bool,
) -> None:
    """Count the words of CORPUS and write a vocabulary, most frequent first.

    CORPUS: files (plain or .gz, .bz2, .xz, .zst), folders, patterns, or - for standard input.
    """
    from glove_adagrad.corpus import open_corpus
    from glove_adagrad.files import check_output_file
    from glove_adagrad.source_paths import check_apart
    from glove_adagrad.vocabulary import Vocabulary, compile_word_counting

    check_apart(corpus, output)
    check_output_file(output)
    files = open_corpus(corpus, replace(text, strict=strict), tmp=tmp or output.absolute().parent, workers=workers)
    with progress_bar("vocabulary", files.total_bytes, "B", quiet) as bar:
        compile_word_counting()
        vocabulary = Vocabulary.count(
            files, min_count=min_count, max_vocab=max_vocab, workers=workers, memory=memory, progress=bar.to
        )
    vocabulary.write(output)
    if not quiet:
        sources.echo_notes(files)
        click.echo(f"{output}: {len(vocabulary):,} words, {int(vocabulary.counts.sum()):,} tokens")
