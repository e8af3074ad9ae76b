"""`glove-adagrad compare-optimizers`: which update rule suits a corpus?"""

from __future__ import annotations

import json
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from glove_adagrad.cli import options
from glove_adagrad.errors import InputError
from glove_adagrad.files import atomic_file, check_output_folder
from glove_adagrad.locks import lock_beside
from glove_adagrad.progress import progress_bar

if TYPE_CHECKING:
    from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix


@click.command(cls=options.SectionedCommand)
@click.argument("corpus", nargs=-1, required=True, metavar="CORPUS|DIR")
@options.output_option("Folder for the table and the pictures.")
@options.option(
    options.TRAINING,
    "--optimizer",
    "optimizers",
    multiple=True,
    metavar="NAME[:KEY=VALUE,...]",
    help="A rule to compare, with settings of it; repeatable. A learning_rate given is not searched for.  "
    "[default: all but adagrad-full]",
)
@options.option(
    options.TRAINING,
    "--vector-size",
    type=options.Whole(1),
    default=50,
    show_default=True,
    help="Dimension of the vectors.",
)
@options.option(
    options.TRAINING, "--epochs", type=options.Whole(1), default=15, show_default=True, help="Passes over the matrix."
)
@options.option(
    options.TRAINING,
    "--x-max",
    type=options.Number(),
    default=10.0,
    show_default=True,
    help="Counts of at least x_max get weight 1.",
)
@options.option(
    options.TRAINING,
    "--seed",
    type=options.Whole(0),
    default=1,
    show_default=True,
    help="Random seed; equal seeds give identical vectors.",
)
@options.option(
    options.TRAINING,
    "--trial-share",
    type=options.Number(0, 1, min_open=True),
    default=1.0,
    show_default=True,
    help="Share of the cells used to search for a rate. A small share favours rates that are too high for all cells.",
)
@options.option(
    options.TRAINING,
    "--trial-epochs",
    type=options.Whole(1),
    default=2,
    show_default=True,
    help="Epochs of each trial of a rate.",
)
@options.option(
    options.TRAINING,
    "--factor",
    type=options.Number(1, min_open=True),
    default=2.0,
    show_default=True,
    help="Try the rule's default rate times powers of this factor.",
)
@options.vocabulary_options
@options.window_options
@options.corpus_options
@options.workers_option
@options.memory_options
@options.quiet_option
def compare_optimizers(
    corpus: tuple[str, ...],
    output: Path,
    optimizers: tuple[str, ...],
    vector_size: int,
    epochs: int,
    x_max: float,
    seed: int,
    trial_share: float,
    trial_epochs: int,
    factor: float,
    min_count: int,
    max_vocab: int | None,
    lowercase: bool,
    text_format: str,
    workers: int,
    memory: int,
    tmp: Path | None,
    quiet: bool,
    **window_settings: Any,
) -> None:
    """Train by several update rules on one matrix, each at its own best rate, and compare what comes of it.

    CORPUS: files (plain or .gz, .bz2, .xz, .zst), folders, patterns; or DIR, a folder of co-occurrences or a run.

    Each rule's rate is first searched for in trials of a few epochs. Writes table.md, results.json and pictures: loss
    by epoch and by time, scores, cost, and effective rates by word frequency.
    """
    from glove_adagrad import optim
    from glove_adagrad.cooccurrence.count import count_cooccurrences
    from glove_adagrad.corpus import open_corpus
    from glove_adagrad.evaluation import default_suite
    from glove_adagrad.optimizer_contest import Contest, Entrant, table
    from glove_adagrad.plots import save
    from glove_adagrad.plots.figures import check_matplotlib
    from glove_adagrad.plots.optimizers import plot_optimizers
    from glove_adagrad.source_paths import check_apart
    from glove_adagrad.trainer import TrainingSettings
    from glove_adagrad.vocabulary import Vocabulary

    check_matplotlib()
    try:
        names = optimizers or [name for name in optim.available() if name != optim.FullMatrixAdaGrad.name]
        entrants = [Entrant.parse(name) for name in names]
        settings = TrainingSettings(vector_size=vector_size, epochs=epochs, x_max=x_max, seed=seed)
    except InputError as error:  # an option that cannot be is wrong usage
        raise click.UsageError(str(error)) from error
    check_output_folder(output)
    click.get_current_context().with_resource(lock_beside(output))
    matrix = _given_matrix(corpus)
    _claim(output, counts=matrix is None)
    if matrix is None:
        check_apart(corpus, output)
        text = open_corpus(corpus, lowercase=lowercase, text_format=text_format, tmp=tmp or output, workers=workers)
        resources: dict[str, Any] = {"workers": workers, "memory": memory}
        with progress_bar("vocabulary", text.total_bytes, "B", quiet) as bar:
            vocabulary = Vocabulary.count(
                text, min_count=min_count, max_vocab=max_vocab, progress=bar.to, **resources
            )
        with progress_bar("co-occurrences", text.total_bytes, "B", quiet) as bar:
            windows = options.windows_of(**window_settings)
            matrix = count_cooccurrences(
                text,
                vocabulary,
                output / "cooccurrence",
                windows=windows,
                same_text=True,
                tmp=tmp,
                progress=bar.to,
                **resources,
            )
    contest = Contest(matrix, settings, default_suite(), trial_share, trial_epochs, factor, workers)
    contest.check(entrants)
    results = []
    ends = list(accumulate(map(contest.expected_epochs, entrants)))
    with progress_bar("", ends[-1], "epochs", quiet) as bar:
        bar.start_at(0)
        for number, (entrant, end) in enumerate(zip(entrants, ends, strict=True), start=1):
            done = end - contest.expected_epochs(entrant)

            def tell(
                line: str, epochs: float, label: str = f"rule {number} of {len(entrants)}: {entrant.label}",
                end: float = end,
            ) -> None:  # fmt: skip
                nonlocal done
                done = min(done + epochs, end)
                bar.label(label, line)
                bar.to(done)

            results.append(contest.run(entrant, tell))
            bar.to(end)
            bar.line()
            record = {
                "matrix": {"words": matrix.words, "tokens": matrix.tokens, "records": matrix.records},
                "settings": {
                    "vector_size": vector_size, "epochs": epochs, "x_max": x_max, "seed": seed, "workers": workers,
                    "trial_share": trial_share, "trial_epochs": trial_epochs, "factor": factor,
                },
                "frequencies": contest.frequencies(),
                "results": [result.as_dict() for result in results],
            }  # fmt: skip
            with atomic_file(output / "results.json") as file:  # after each, as there are hours between them
                file.write(json.dumps(record, indent=1).encode())
    with atomic_file(output / "table.md") as file:
        file.write(table(record).encode())
    for name, figure in plot_optimizers(record).items():
        save(figure, output / f"{name}.png")
    if not quiet:
        click.echo(table(record))


def _claim(output: Path, *, counts: bool) -> None:
    """Refuse a folder whose files would be replaced without being those of a comparison; mark it as one."""
    results = output / "results.json"
    try:
        ours = isinstance(json.loads(results.read_bytes())["results"], list)
    except (OSError, ValueError, RecursionError, KeyError, TypeError):
        ours = False
    if not ours:
        for name in ("results.json", "table.md", *(["cooccurrence"] if counts else [])):
            if (output / name).exists():
                raise InputError(f"{output}: holds {name}, which is not of a comparison; choose another folder")
        with atomic_file(results) as file:
            file.write(b'{"results": []}')


def _given_matrix(corpus: tuple[str, ...]) -> CooccurrenceMatrix | None:
    """The co-occurrences that stand where a corpus may stand, in a folder of their own or in a run."""
    from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix

    for folder in (Path(corpus[0]), Path(corpus[0]) / "cooccurrence"):
        if len(corpus) == 1 and (folder / "meta.json").exists():
            return CooccurrenceMatrix.open(folder)
    return None
