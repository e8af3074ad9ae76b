"""`glove-adagrad plot`: pictures of runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from glove_adagrad.cli import option_types, options, sections, sources
from glove_adagrad.files import check_output_folder
from glove_adagrad.locks import output_lock


@click.command()
@click.argument("runs", nargs=-1, required=True, type=option_types.FilePath(), metavar="RUN...")
@options.output_option("Folder for the pictures.  [default: RUN/plots, for one RUN]", required=False)
@click.option("--format", "kind", type=click.Choice(["png", "svg"]), default="png", show_default=True)
@click.option(
    "--words",
    "listed",
    metavar="WORDS",
    help="Words to map: king,queen,... or a file with a word, or word<TAB>class, a line.",
)
@sections.setting(
    sections.OPTIONS,
    "plots.word_map:plot_content_words",
    "--top",
    type=option_types.Whole(2),
    help="Without --words, map the most frequent content words, this many.",
)
@sources.projection_option
@sources.reading_options
@options.quiet_option
def plot(
    runs: tuple[Path, ...],
    output: Path | None,
    kind: str,
    listed: str | None,
    top: int,
    projection: str | None,
    quiet: bool,
    **reading: Any,
) -> None:
    """Draw the loss and the analogy accuracy of all RUNs together, and a map of words of each.

    The files are loss, analogies (Google's) and words, or words-1, words-2... for several RUNs. Files of vectors may
    be among the runs; they have no loss. Runs that differ only in --seed are drawn as one, with the range of their
    values. Runs of different counts get separate axes, as their losses cannot be compared. There is no picture of
    analogies if no question can be answered.

    \b
    glove-adagrad plot run --output pictures
    glove-adagrad plot run --words king,queen,man,woman --output pictures --format svg
    """
    from glove_adagrad.cli.words import known_words, read_words
    from glove_adagrad.evaluation import default_suite, evaluate_analogies
    from glove_adagrad.formats import is_run, read_history
    from glove_adagrad.maps import default_projection, project
    from glove_adagrad.plots import group_seeds, plot_accuracy, plot_content_words, plot_loss, plot_words, save
    from glove_adagrad.plots.figures import check_matplotlib

    check_matplotlib()
    if output is None:
        if len(runs) > 1 or not is_run(runs[0]):
            raise click.UsageError("--output is required unless the pictures are of one run")
        output = runs[0] / "plots"
    check_output_folder(output)
    click.get_current_context().with_resource(output_lock(output))
    names = sources.labels(runs)
    models = {name: sources.load(path, None, **reading) for name, path in zip(names, runs, strict=True)}
    histories = {name: read_history(path) for name, path in zip(names, runs, strict=True) if is_run(path)}
    (questions,) = default_suite().analogies
    answers = {name: evaluate_analogies(wv, questions) for name, wv in models.items()}
    seeds = group_seeds({name: histories.get(name, {}) for name in models})
    pictures = {}
    if histories:
        pictures[f"loss.{kind}"] = plot_loss(histories)
    if any(result.total().answered for result in answers.values()):
        together = {label: [answers[name] for name in group] for label, group in seeds.items()}
        pictures[f"analogies.{kind}"] = plot_accuracy(together)
    words, classes = read_words(listed) if listed is not None else ([], None)
    for number, (name, wv) in enumerate(models.items(), start=1):
        if listed is None:
            figure = plot_content_words(wv, projection, name, top)
        else:
            shown = known_words(wv, words, name, needed=2)
            rows = {word: row for row, word in enumerate(wv.words)}
            points = project(wv.vectors[[rows[words[n]] for n in shown]], projection or default_projection())
            labels = [classes[n] for n in shown] if classes else None
            figure = plot_words([words[n] for n in shown], points, name, labels)
        pictures[f"words.{kind}" if len(models) == 1 else f"words-{number}.{kind}"] = figure
    for file, figure in pictures.items():
        save(figure, output / file)
        if not quiet:
            click.echo(str(output / file))
    if not quiet:
        for name, path in zip(names, runs, strict=True):
            sources.echo_layout(path, models[name])
