"""`glove-adagrad explore`: an interactive page about one model or two."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from glove_adagrad.cli import option_types, options, sections, sources
from glove_adagrad.errors import InputError
from glove_adagrad.files import check_not_input, check_output_file


@click.command()
@click.argument("vectors", nargs=-1, required=True, type=option_types.FilePath(), metavar="VECTORS [SECOND]")
@options.output_option("HTML file to write.")
@sections.setting(
    sections.OPTIONS,
    "explore.page:explore_page",
    "--top",
    type=option_types.Whole(2),
    help="How many of the first words to include.",
)
@sources.projection_option
@sources.analogies_option
@sources.similarity_option
@sources.vectors_option
@sources.reading_options
@options.quiet_option
def explore(
    vectors: tuple[Path, ...],
    output: Path,
    top: int,
    projection: str | None,
    analogies: Sequence[Path],
    similarity: Sequence[Path],
    which: str | None,
    quiet: bool,
    **reading: Any,
) -> None:
    """Write one HTML file that shows the vectors and answers questions about them.

    \b
    - a map of words: zoom, search, colour by cluster, frequency or learned rate
    - neighbours, analogies, the odd one out, two words compared
    - with SECOND, two models side by side and the words whose neighbours changed most
    - settings, loss and scores

    The file needs no server and no network. A link to it, such as explore.html#word=king, opens what it showed.

    VECTORS, SECOND: runs, or files of vectors of any kind.

    \b
    glove-adagrad explore run --output explore.html
    glove-adagrad explore run glove.6B.100d.txt --output compared.html --top 10000
    """
    from glove_adagrad.evaluation import evaluate, read_suite
    from glove_adagrad.explore import Subject, explore_page, learned_rates
    from glove_adagrad.formats import is_run, read_history

    if len(vectors) > 2:
        raise click.UsageError(f"at most two models can be compared, found {len(vectors)}")
    check_output_file(output)
    check_not_input(output, [file for path in vectors for file in sources.files(path)])
    suite = read_suite(analogies, similarity)
    subjects = []
    for path, name in zip(vectors, sources.labels([path.resolve() for path in vectors]), strict=True):
        wv = sources.load(path, which, **reading)
        if len(wv.words) < 2:
            raise InputError(f"{path}: has {len(wv.words)} word; at least two are needed")
        history, rates = (read_history(path), learned_rates(path)) if is_run(path) else ({}, None)
        subjects.append(Subject(name, wv, history, rates, evaluate(wv, suite, name=name)))
    if not quiet and sys.stderr.isatty():
        shown = max(min(top, len(subject.wv.words)) for subject in subjects)
        click.echo(f"placing {shown:,} words on the map", err=True)
    explore_page(subjects, top, projection).save(output)
    if not quiet:
        for path, subject in zip(vectors, subjects, strict=True):
            sources.echo_layout(path, subject.wv)
        sources.echo_layouts(suite)
        click.echo(f"{output}  {output.stat().st_size / 1e6:.1f} MB")
