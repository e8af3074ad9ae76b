"""`glove-adagrad report`: one page about a run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from glove_adagrad.cli import option_types, options, sources
from glove_adagrad.files import atomic_file, check_not_input, check_output_file


@click.command()
@click.argument("run", type=option_types.FilePath())
@options.output_option("HTML file to write.  [default: RUN/report.html]", required=False)
@click.option(
    "--words",
    "listed",
    metavar="WORDS",
    help="Words to list neighbours of and to map: king,queen,... or a file with one a line.  [default: a sample]",
)
@sources.projection_option
@sources.analogies_option
@sources.similarity_option
@options.quiet_option
def report(
    run: Path,
    output: Path | None,
    listed: str | None,
    projection: str | None,
    analogies: Sequence[Path],
    similarity: Sequence[Path],
    quiet: bool,
) -> None:
    """Write one HTML page about RUN: counts, loss, evaluation, pictures, nearest words, settings.

    The page needs no other file and no network. For a page that answers questions see glove-adagrad explore.
    """
    from glove_adagrad.cli.words import known_words, read_words
    from glove_adagrad.evaluation import read_suite
    from glove_adagrad.formats import read_run
    from glove_adagrad.plots.figures import check_matplotlib
    from glove_adagrad.report import report_html

    check_matplotlib()
    output = output or run / "report.html"
    check_output_file(output)
    check_not_input(output, sources.files(run))
    name = sources.labels([run.resolve()])[0]
    words: list[str] = []
    if listed is not None:
        given, _ = read_words(listed)
        words = [given[n] for n in known_words(read_run(run).select(), given, name, needed=1)]
    suite = read_suite(analogies, similarity)
    page = report_html(run, name, words, suite, projection)
    with atomic_file(output, "w") as file:
        file.write(page)
    if not quiet:
        sources.echo_layouts(suite)
        click.echo(str(output))
