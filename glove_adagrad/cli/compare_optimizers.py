"""`glove-adagrad compare-optimizers`: which update rule suits a corpus?"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from glove_adagrad.cli import option_types, options, sections, training_options
from glove_adagrad.errors import InputError, Interrupted
from glove_adagrad.files import atomic_file, check_output_folder
from glove_adagrad.locks import output_lock
from glove_adagrad.progress import progress_bar
from glove_adagrad.text_options import TextOptions

if TYPE_CHECKING:
    from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
    from glove_adagrad.corpus import TextFiles
    from glove_adagrad.counting import Counting
    from glove_adagrad.optimizer_comparison import Candidate, Comparison

#: Pictures that `plots.optimizers` draws.
_PICTURES = ("loss-by-epoch", "loss-by-second", "scores", "cost", "rates")

_REMEDY = "choose another folder, or replace it with --force"

_COMPARISON = "optimizer_comparison:Comparison"

#: Keyword `training`: these parameters of `TrainingSettings`.
_training_options = sections.ValueOptions(
    "training",
    dict,
    training_options.vector_size_option(default=50),
    training_options.epochs_option(default=15),
    training_options.x_max_option,
    training_options.seed_option,
)

#: Keyword `search`: these parameters of `Comparison`.
_search_options = sections.ValueOptions(
    "search",
    dict,
    sections.setting(
        sections.TRAINING,
        _COMPARISON,
        "--trial-share",
        type=option_types.Number(0, 1, min_open=True),
        help="Share of the cells used to search for a rate. A small share favours rates that are too high for all "
        "cells.",
    ),
    sections.setting(
        sections.TRAINING,
        _COMPARISON,
        "--trial-epochs",
        type=option_types.Whole(1),
        help="Epochs of each trial of a rate.",
    ),
    sections.setting(
        sections.TRAINING,
        _COMPARISON,
        "--factor",
        type=option_types.Number(1, min_open=True),
        help="Try the rule's default rate times powers of this factor.",
    ),
)

#: Keyword `counting`: the options' values as they are given, for the record.
_counting_options = sections.ValueOptions("counting", dict, options.vocabulary_options, options.window_options)


@click.command(cls=sections.SectionedCommand)
@click.argument("corpus", nargs=-1, required=True, metavar="CORPUS|DIR")
@options.output_option("Folder for the table and the pictures; an interrupted comparison in it is continued.")
@options.force_option
@sections.option(
    sections.TRAINING,
    "--optimizer",
    "optimizers",
    multiple=True,
    metavar="NAME[:KEY=VALUE,...]",
    help="A rule to compare, with settings of it; repeatable. A learning_rate given is not searched for.  "
    "[default: all but adagrad-full]",
)
@_training_options
@sections.option(
    sections.TRAINING,
    "--seeds",
    type=option_types.Whole(1),
    default=1,
    show_default=True,
    help="Train each rule with N seeds, from --seed on, at the rate found with the first; show means and half the "
    "range between seeds.",
)
@_search_options
@_counting_options
@options.corpus_options
@options.workers_option
@options.memory_options
@options.quiet_option
def compare_optimizers(
    corpus: tuple[str, ...],
    output: Path,
    force: bool,
    optimizers: tuple[str, ...],
    training: dict[str, Any],
    seeds: int,
    search: dict[str, Any],
    counting: dict[str, Any],
    text: TextOptions,
    workers: int,
    memory: int,
    tmp: Path | None,
    quiet: bool,
) -> None:
    """Train with several update rules on one matrix, each at its own best rate, and compare the results.

    CORPUS: files (plain or .gz, .bz2, .xz, .zst), folders, patterns; or DIR, a folder of co-occurrences or a run.

    Each rule's rate is first searched for in trials of a few epochs. Writes table.md, results.json and pictures: loss
    by epoch and by time, scores, cost, and effective rates by word frequency.

    results.json is written after each rule and seed. If the comparison is interrupted, the same command continues it.
    """
    from glove_adagrad import optim
    from glove_adagrad.comparison_record import corpus_identity, matrix_identity
    from glove_adagrad.corpus import open_corpus
    from glove_adagrad.evaluation import default_suite
    from glove_adagrad.optimizer_comparison import Candidate, Comparison
    from glove_adagrad.plots.figures import check_matplotlib
    from glove_adagrad.provenance import provenance, versions
    from glove_adagrad.source_paths import check_apart
    from glove_adagrad.trainer import TrainingSettings

    check_matplotlib()
    try:
        names = optimizers or [name for name in optim.available() if name != optim.FullMatrixAdaGrad.name]
        candidates = [Candidate.parse(name) for name in names]
        first = TrainingSettings(**training)
        replace(first, seed=first.seed + seeds - 1)  # the last one is checked too
    except InputError as error:  # an option that cannot be is wrong usage
        raise click.UsageError(str(error)) from error
    check_output_folder(output)
    click.get_current_context().with_resource(output_lock(output))
    rules = [[candidate.label, candidate.rule.options(), candidate.rate_given] for candidate in candidates]
    matrix = _given_matrix(corpus)
    record: dict[str, Any] = {"settings": {**training, "seeds": seeds, **search, "rules": rules}}
    if matrix is not None:
        record["matrix"] = matrix_identity(matrix)
    else:
        check_apart(corpus, output)
        record["source"] = {"corpus": corpus_identity(corpus), **text.to_json(), **counting}
    earlier = _claim(output, record, counts=matrix is None, force=force)
    if matrix is None:
        matrix = _counted_before(output, earlier)
    if matrix is None:
        files = open_corpus(corpus, text, tmp=tmp or output, workers=workers)
        resources: dict[str, Any] = {"workers": workers, "memory": memory}
        matrix = _counted(files, _counting_of(**counting), output, tmp, quiet, resources)
    record["matrix"] = matrix_identity(matrix)
    if earlier.get("matrix", record["matrix"]) != record["matrix"]:
        raise InputError(f"{output}: holds a comparison on other counts than the corpus gives now; {_REMEDY}")
    comparison = Comparison(matrix, first, default_suite(), **search, workers=workers)
    comparison.check(candidates)
    record["frequencies"] = comparison.frequencies()
    # one entry for each command that has trained rules of this comparison
    record["provenance"] = [*earlier.get("provenance", []), {**provenance(), "versions": versions()}]
    if force:  # only now, when the new comparison begins
        _clear(output)
    try:
        _train(comparison, candidates, record, earlier, output, quiet)
    except Interrupted as stop:
        remedy = f"to continue, give the same command again{' without --force' if force else ''}"
        raise Interrupted(stop.signal, remedy) from None


def _claim(output: Path, record: Mapping[str, Any], *, counts: bool, force: bool) -> Mapping[str, Any]:
    """Refuse a folder with another or a finished comparison, or with files that are not a comparison's.

    Returns
    -------
    mapping
        The `results.json` of a comparison to continue; one without results if there is none.
    """
    from glove_adagrad.decoding import DamagedError, check_seal, read_json

    path = output / "results.json"
    try:
        earlier = read_json(path.read_bytes(), path)
        ours = isinstance(earlier["results"], list)
    except (OSError, DamagedError, KeyError, TypeError):
        ours = False
    if not ours:
        for name in ("results.json", "table.md", *(["cooccurrence"] if counts else [])):
            if (output / name).exists():
                raise InputError(f"{output}: holds {name}, which is not of a comparison; choose another folder")
    elif earlier["results"] and not force:
        if not _same(earlier, record):
            raise InputError(f"{output}: holds another comparison (other rules, settings or counts); {_REMEDY}")
        check_seal(earlier, path, _REMEDY)
        if (output / "table.md").exists():  # written last
            raise InputError(f"{output}: holds this comparison, which is finished; {_REMEDY}")
        return dict(earlier)
    if not ours:
        _mark(output)
    return {"results": []}


def _mark(output: Path) -> None:
    """Mark a folder as one of a comparison, without results so far."""
    with atomic_file(output / "results.json") as file:
        file.write(b'{"results": []}')


def _clear(output: Path) -> None:
    """Remove the results of an earlier comparison."""
    _mark(output)
    for name in ("table.md", *(f"{picture}.png" for picture in _PICTURES)):
        (output / name).unlink(missing_ok=True)


def _same(earlier: Mapping[str, Any], record: Mapping[str, Any]) -> bool:
    """Whether an earlier comparison has the same settings and the same matrix, or the same corpus and counting."""
    if "source" in record and record["source"]["corpus"] is None:  # a pipe, which says nothing about its content
        return False
    return all(earlier.get(key) == value for key, value in json.loads(json.dumps(record)).items())


def _train(
    comparison: Comparison,
    candidates: Sequence[Candidate],
    record: Mapping[str, Any],
    earlier: Mapping[str, Any],
    output: Path,
    quiet: bool,
) -> None:
    """Train every rule with every seed, but for those that an `earlier` record has, and write the results."""
    from glove_adagrad.cli.comparison_table import table
    from glove_adagrad.comparison_record import results_bytes, results_of
    from glove_adagrad.plots import save
    from glove_adagrad.plots.optimizers import plot_optimizers

    path = output / "results.json"
    results = results_of(earlier)
    seeds = range(comparison.settings.seed, comparison.settings.seed + record["settings"]["seeds"])
    jobs = [(number, candidate, seed) for number, candidate in enumerate(candidates, start=1) for seed in seeds]
    expected = (comparison.expected_epochs(candidate, search=seed == seeds[0]) for _, candidate, seed in jobs)
    ends = [0.0, *accumulate(expected)]
    with progress_bar("", ends[-1], "epochs", quiet) as bar:
        done = ends[len(results)]
        bar.start_at(done)
        for (number, candidate, seed), end in list(zip(jobs, ends[1:], strict=True))[len(results) :]:
            of_seeds = f", seed {seed - seeds[0] + 1} of {len(seeds)}" if len(seeds) > 1 else ""

            def report(
                line: str, epochs: float, end: float = end,
                label: str = f"rule {number} of {len(candidates)}{of_seeds}: {candidate.label}",
            ) -> None:  # fmt: skip
                nonlocal done
                done = min(done + epochs, end)
                bar.label(label, line)
                bar.to(done)

            first = next((result for result in results if result.label == candidate.label), None)
            results.append(comparison.run(candidate, report, first=first, seed=seed))
            done = end
            bar.to(end)
            bar.line()
            with atomic_file(path) as file:
                file.write(results_bytes(record, results))
    whole = {**record, "results": [result.as_dict() for result in results]}
    for name, figure in plot_optimizers(whole).items():
        save(figure, output / f"{name}.png")
    with atomic_file(output / "table.md") as file:  # last: with it the comparison is finished
        file.write(table(whole).encode())
    if not quiet:
        click.echo(table(whole))


def _counted_before(output: Path, earlier: Mapping[str, Any]) -> CooccurrenceMatrix | None:
    """Open the counts of a comparison to continue; None if there are none, or they are not the ones it began with."""
    from glove_adagrad.comparison_record import matrix_identity
    from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix

    if not earlier["results"]:
        return None
    try:
        matrix = CooccurrenceMatrix.open(output / "cooccurrence")
    except InputError:
        return None
    return matrix if matrix_identity(matrix) == earlier["matrix"] else None


def _counting_of(min_count: int, max_vocab: int | None, **windows: Any) -> Counting:
    from glove_adagrad.counting import Counting

    return Counting(min_count, max_vocab, windows=options.windows_of(**windows))


def _counted(
    files: TextFiles, counting: Counting, output: Path, tmp: Path | None, quiet: bool, resources: Mapping[str, Any]
) -> CooccurrenceMatrix:
    """Count a corpus into a folder of the comparison's."""
    with progress_bar("vocabulary", files.total_bytes, "B", quiet) as bar:
        vocabulary = counting.count_words(files, progress=bar.to, **resources)
    with progress_bar("co-occurrences", files.total_bytes, "B", quiet) as bar:
        return counting.count_cooccurrences(
            files, vocabulary, output / "cooccurrence", tmp=tmp, progress=bar.to, **resources
        )


def _given_matrix(corpus: tuple[str, ...]) -> CooccurrenceMatrix | None:
    """Open the co-occurrences that are given in place of a corpus, as a folder of their own or as a run."""
    from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
    from glove_adagrad.formats.run_folder import matrix_folder

    folder = matrix_folder(Path(corpus[0]))
    if len(corpus) == 1 and (folder / "meta.json").exists():
        return CooccurrenceMatrix.open(folder)
    return None
