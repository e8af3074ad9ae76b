"""`glove-adagrad report`: one page about a run."""

from __future__ import annotations

from pathlib import Path

import click

from glove_adagrad.cli import options, sources
from glove_adagrad.files import atomic_file, check_output_file


@click.command()
@click.argument("run", type=options.FilePath())
@options.output_option("HTML file to write.")
@options.quiet_option
def report(run: Path, output: Path, quiet: bool) -> None:
    """Write one HTML page about RUN: settings, counts, loss, evaluation, pictures, nearest words.

    The page needs no other file and no network.
    """
    from glove_adagrad.plots.figures import check_matplotlib
    from glove_adagrad.report import report_html

    check_matplotlib()
    check_output_file(output)
    page = report_html(run, sources.labels([run.resolve()])[0])
    with atomic_file(output, "w") as file:
        file.write(page)
    if not quiet:
        click.echo(str(output))
