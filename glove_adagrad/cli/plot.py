"""`glove-adagrad plot`: pictures of runs."""

from __future__ import annotations

from pathlib import Path

import click

from glove_adagrad.cli import options, sources
from glove_adagrad.errors import InputError
from glove_adagrad.files import check_output_folder


@click.command()
@click.argument("runs", nargs=-1, required=True, type=options.FilePath(), metavar="RUN...")
@options.output_option("Folder for the pictures.")
@click.option("--format", "kind", type=click.Choice(["png", "svg"]), default="png", show_default=True)
@click.option("--words", "listed", type=options.FilePath(), help="Words to map: a word, or word<TAB>class, a line.")
@click.option(
    "--top", type=options.Whole(2), default=150, show_default=True, help="Without --words, map so many first words."
)
@click.option(
    "--projection",
    type=click.Choice(["pca", "tsne"]),
    help="How the map is made.  [default: tsne where scikit-learn is installed, else pca]",
)
@options.quiet_option
def plot(
    runs: tuple[Path, ...],
    output: Path,
    kind: str,
    listed: Path | None,
    top: int,
    projection: str | None,
    quiet: bool,
) -> None:
    """Draw the loss and the analogy accuracy of all RUNs together, and a map of words of each.

    The files are loss, analogies (Google's) and words, or words-1, words-2... for several RUNs. Files of vectors may
    stand among the runs; they have no loss.
    """
    from glove_adagrad.evaluation import default_suite, evaluate_analogies
    from glove_adagrad.formats import is_run, read_history
    from glove_adagrad.plots import plot_accuracy, plot_loss, plot_words, project, save
    from glove_adagrad.plots.figures import check_matplotlib
    from glove_adagrad.plots.projection import default_projection

    check_matplotlib()
    check_output_folder(output)
    names = sources.labels(runs)
    models = {name: sources.load(path) for name, path in zip(names, runs, strict=True)}
    histories = {name: read_history(path)["epochs"] for name, path in zip(names, runs, strict=True) if is_run(path)}
    chosen, classes = _read_words(listed) if listed else ([], None)
    (questions,) = default_suite().analogies
    answers = {name: evaluate_analogies(wv, questions) for name, wv in models.items()}
    pictures = {}
    if histories:
        pictures[f"loss.{kind}"] = plot_loss(histories)
    pictures[f"analogies.{kind}"] = plot_accuracy(answers)
    for number, (name, wv) in enumerate(models.items(), start=1):
        rows = {word: row for row, word in enumerate(wv.words)}
        shown = [n for n, word in enumerate(chosen) if word in rows] if listed else list(range(min(top, len(rows))))
        words = [chosen[n] for n in shown] if listed else wv.words[: len(shown)]
        if len(words) < 2:
            raise InputError(f"{name}: knows {len(words)} of the words to map; at least two are needed")
        points = project(wv.vectors[[rows[word] for word in words]], projection or default_projection())
        figure = plot_words(words, points, name, [classes[n] for n in shown] if classes else None)
        pictures[f"words.{kind}" if len(models) == 1 else f"words-{number}.{kind}"] = figure
    for file, figure in pictures.items():
        save(figure, output / file)
        if not quiet:
            click.echo(str(output / file))


def _read_words(path: Path) -> tuple[list[str], list[str] | None]:
    """Words, each once, and their classes if every one has one."""
    from glove_adagrad.evaluation.reading import read_lines

    entries: dict[str, list[str]] = {}
    for number, line in enumerate(read_lines(path), start=1):
        parts = line.strip().split("\t")
        if len(parts) > 2:
            raise InputError(f"{path}:{number}: expected a word, or word<TAB>class, found {len(parts)} columns")
        if parts[0]:
            entries.setdefault(parts[0], parts[1:])
    classes = [parts[0] for parts in entries.values() if parts]
    return list(entries), classes if len(classes) == len(entries) else None
