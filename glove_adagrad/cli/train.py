"""`glove-adagrad train`: from a corpus, or from co-occurrences, to vectors, in one folder."""

from __future__ import annotations

import contextlib
import os
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from glove_adagrad.cli import option_types, options, sections, sources, training_options
from glove_adagrad.errors import Interrupted, OutputError, described
from glove_adagrad.progress import compilation_shown, training_progress
from glove_adagrad.text_options import TextOptions

if TYPE_CHECKING:
    from glove_adagrad.corpus import TextFiles
    from glove_adagrad.counting import Counting
    from glove_adagrad.phrases import Phrases
    from glove_adagrad.run import Run
    from glove_adagrad.run_record import RunRecord
    from glove_adagrad.trainer import Trainer, TrainingSettings
    from glove_adagrad.warm_start import Start


def _counting_of(
    min_count: int, max_vocab: int | None, phrases: int, min_cooccurrence: float, **windows: Any
) -> Counting:
    from glove_adagrad.counting import Counting

    return Counting(min_count, max_vocab, phrases, options.windows_of(**windows), min_cooccurrence)


#: Keyword `counting`, the `Counting`.
_counting_options = sections.ValueOptions(
    "counting",
    _counting_of,
    options.vocabulary_options,
    sections.setting(
        sections.COUNTING,
        "counting:Counting",
        "--phrases",
        show_default=False,
        type=option_types.Whole(0),
        metavar="N",
        help="Join words that often occur together (new_york), by N passes of gensim's Phrases; 1 joins pairs.  "
        "[default: off]",
    ),
    options.window_options,
    options.min_cooccurrence_option,
)


@click.command(cls=sections.SectionedCommand)
@click.argument("corpus", nargs=-1)
@options.output_option("Folder of the run.", required=False)
@sections.option(
    sections.INPUT,
    "--cooccurrence",
    type=option_types.FilePath(),
    metavar="DIR",
    help="Train on an existing co-occurrence folder instead of CORPUS; with --resume, where it was moved.",
)
@sections.option(
    sections.INPUT,
    "--resume",
    type=option_types.FilePath(),
    metavar="RUN",
    help="Resume an interrupted run; the result is identical to an uninterrupted one.",
)
@sections.option(
    sections.INPUT,
    "--extend",
    type=option_types.FilePath(),
    metavar="RUN",
    help="Add CORPUS to the counts of RUN and continue training from its parameters, into --output.",
)
@options.corpus_options
@_counting_options
@training_options.preset_option
@training_options.training_options
@training_options.start_options
@options.workers_option
@options.memory_options
@sections.setting(
    sections.RESOURCES,
    "run:Run",
    "--checkpoint-minutes",
    type=option_types.Number(0),
    help="Minutes between checkpoints.",
)
@options.scheduler_option
@options.quiet_option
@click.pass_context
def train(
    context: click.Context,
    corpus: tuple[str, ...],
    output: Path | None,
    cooccurrence: Path | None,
    resume: Path | None,
    extend: Path | None,
    text: TextOptions,
    counting: Counting,
    preset: str,
    training: TrainingSettings,
    start: Start,
    scheduler: str | None,
    quiet: bool,
    **running: Any,
) -> None:
    """Build vectors from CORPUS: count its words and their co-occurrences, train, write the vectors.

    CORPUS: files (plain or .gz, .bz2, .xz, .zst), folders, patterns, or - for standard input.

    \b
    glove-adagrad train corpus.txt --output run --preset recommended
    glove-adagrad train --cooccurrence counts --output run2 --vector-size 300
    """
    running["show_progress"] = not quiet
    if resume is not None:
        _resume(context, resume, cooccurrence, training.epochs, scheduler, running)
        return
    if bool(corpus) == (cooccurrence is not None):
        raise click.UsageError("name either a CORPUS or --cooccurrence DIR")
    if start.keep_words and start.init is None and extend is None:
        raise click.UsageError("--keep-words: name the vectors to start from, with --init FILE or --extend RUN")
    if output is None:
        raise click.UsageError("name the folder of the run: --output RUN")
    if extend is not None:
        _refuse(context, _FIXED_BY_EXTEND, "--extend: RUN fixes it")
    if cooccurrence is not None:
        _refuse(context, _FIXED_BY_COOCCURRENCE, "--cooccurrence: DIR fixes it")
    if scheduler is not None:
        if training.groups == 1:
            raise click.UsageError("--scheduler: choose --groups, about 4 for each worker; the result depends on it")
        if not cooccurrence:
            raise click.UsageError(
                "--scheduler: count CORPUS with cooccur --scheduler, and name it as --cooccurrence"
            )
    from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
    from glove_adagrad.formats import WordVectors
    from glove_adagrad.provenance import provenance
    from glove_adagrad.run import Run
    from glove_adagrad.run_record import RunRecord
    from glove_adagrad.source_paths import check_apart

    record = RunRecord(training, start=start, extend=extend, provenance={**provenance(), "preset": preset})
    if extend is None:
        for path, vectors in start.check(training.vector_size):  # before hours of counting
            if not quiet and isinstance(vectors, WordVectors):
                sources.echo_layout(path, vectors)
    check_apart(corpus, output)
    if cooccurrence is not None:
        matrix = CooccurrenceMatrix.open(cooccurrence)
        run = context.with_resource(Run(output, **running))
        run.use(record, matrix)
    else:
        tmp = running["tmp"] or output.parent
        files, phrases, record = _read(context, corpus, text, counting, record, tmp=tmp, workers=running["workers"])
        run = context.with_resource(Run(output, **running))
        if extend is not None:
            matrix = run.extend(record, files, min_count=counting.min_count, phrases=phrases)
        else:
            matrix = run.count(record, files, counting, phrases)
        if not quiet:
            sources.echo_notes(files)
    with _resumable(run):
        _train(run, run.new_trainer(matrix), scheduler, quiet)


def _read(
    context: click.Context,
    corpus: tuple[str, ...],
    text: TextOptions,
    counting: Counting,
    record: RunRecord,
    *,
    tmp: Path,
    workers: int,
) -> tuple[TextFiles, Phrases | None, RunRecord]:
    """The text to count, the phrases joined in it, and the record completed with what the text is."""
    from glove_adagrad.corpus import open_corpus
    from glove_adagrad.phrases import Phrases
    from glove_adagrad.run_record import read_provenance

    start, extend = record.start, record.extend
    text = replace(text, strict=start.strict)
    if extend is not None:
        text = _text_of(context, extend, text)
        start = replace(start, keep_words=start.keep_words or read_provenance(extend).get("keep_words") is True)
    files = open_corpus(corpus, text, tmp=tmp, workers=workers)
    if extend is not None:
        phrases = Phrases.read(extend)
    else:
        phrases = Phrases.learn(files, counting.phrases) if counting.phrases else None
    if phrases is not None:
        files = phrases.applied(files, tmp, ", ".join(corpus))
    about = {
        "corpus": [os.path.abspath(name) if name != "-" else name for name in corpus],
        "bytes": files.total_bytes,
        **text.to_json(),
        "phrases": 0 if phrases is None else len(phrases.passes),
        "min_count": counting.min_count,
        "max_vocab": counting.max_vocab,
        "keep_words": start.keep_words,
        "min_cooccurrence": counting.min_cooccurrence,
    }
    return files, phrases, replace(record, start=start, provenance={**record.provenance, **about})


def _text_of(context: click.Context, earlier: Path, given: TextOptions) -> TextOptions:
    """How to read a text that extends an earlier run: as the run's own, but for options that are given."""
    from glove_adagrad.run_record import read_provenance

    names = [
        name
        for name in options.corpus_options.names
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    ]
    before = TextOptions.from_json(read_provenance(earlier))
    if "text_format" in names:  # fields and encodings are those of a format
        before = TextOptions(tokenizer=before.tokenizer, lowercase=before.lowercase)
    return replace(before, strict=given.strict, **{name: getattr(given, name) for name in names})


@contextlib.contextmanager
def _resumable(run: Run) -> Iterator[None]:
    """Say how to continue where the block, which begins with complete counts, is left by a signal or a full disk."""
    remedy = f"to continue: glove-adagrad train --resume {run.folder}"
    try:
        yield
    except Interrupted as stop:
        raise Interrupted(stop.signal, remedy) from None
    except BrokenPipeError:
        click.echo(f"glove-adagrad: standard output was closed; {remedy}", err=True)
        raise
    except (OutputError, OSError) as error:
        raise OutputError(f"{described(error)}; {remedy}") from error


#: Options that may be given with --resume; the run fixes all others.
_WITH_RESUME = {"resume", "cooccurrence", "epochs", "checkpoint_minutes", "workers", "memory", "scheduler", "quiet"}

_FIXED_BY_COOCCURRENCE = {*_counting_options.names, *options.corpus_options.names, "keep_words", "tmp"}

_FIXED_BY_EXTEND = ({*_counting_options.names} - {"min_count"}) | {
    "preset", "vector_size", "learning_rate", "optimizer", "optimizer_option", "init", "init_svd",
}  # fmt: skip


def _resume(
    context: click.Context,
    folder: Path,
    cooccurrence: Path | None,
    epochs: int,
    scheduler: str | None,
    running: Mapping[str, Any],
) -> None:
    _refuse(context, context.params.keys() - _WITH_RESUME, "--resume: RUN fixes it")
    from glove_adagrad.errors import InputError
    from glove_adagrad.run import Run

    if not folder.is_dir():
        raise InputError(f"{folder}: no such run")
    run = context.with_resource(Run(folder, **running))
    raised = context.get_parameter_source("epochs") is ParameterSource.COMMANDLINE
    with _resumable(run):
        prepared = run.resume(cooccurrence, epochs if raised else None)
        _train(run, prepared, scheduler, quiet=not running["show_progress"])


def _refuse(context: click.Context, names: Iterable[str], reason: str) -> None:
    """Refuse options that were given although something else fixes their value."""
    # click before 8.3 says of an absent CORPUS that it came from the command line
    given = [
        name
        for name in names
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE and context.params[name] != ()
    ]
    if given:
        flags = {param.name: max(param.opts, key=len) for param in context.command.params}
        named = ", ".join(sorted("CORPUS" if name == "corpus" else flags[name] for name in given))
        raise click.UsageError(f"{named} cannot be combined with {reason}")


def _train(run: Run, prepared: tuple[Trainer, int], scheduler: str | None, quiet: bool) -> None:
    from glove_adagrad.machine import has_fused_multiply_add
    from glove_adagrad.optim import AdaGradNorm

    trainer, number = prepared
    matrix = trainer.matrix
    if number and not quiet:
        assert run.record is not None
        click.echo(f"{number:,} of {matrix.words:,} words start from {run.record.start.init}")
    with compilation_shown(quiet):
        plan = trainer.plan()
    if not quiet:
        click.echo(
            f"{matrix.words:,} words, {matrix.records:,} records; parameters {plan.parameter_bytes / 1e6:,.0f} MB "
            f"({(plan.parameter_bytes + plan.copy_bytes) / 1e6:,.0f} MB while a checkpoint is written), "
            f"matrix {plan.matrix_bytes / 1e6:,.0f} MB; up to {plan.disk_bytes / 1e6:,.0f} MB of disk, "
            f"{plan.checkpoint_bytes / 1e6:,.0f} MB a checkpoint; about {plan.epoch_seconds:.1f} s an epoch"
        )
        if trainer.settings.rule.name == AdaGradNorm.name and not has_fused_multiply_add():
            click.echo("this processor has no fused multiply-add: vectors differ in their last digits from others'")
    before = len(trainer.history)
    with training_progress(trainer, quiet) as shown, _where(trainer, scheduler, run.folder):
        run.train(trainer, after_stratum=shown)
    if quiet:
        return
    epochs = len(trainer.history)
    if epochs == before:
        click.echo(f"{run.folder}: is trained already; --epochs {epochs + 10} would add 10 epochs")
    click.echo(
        f"wrote {run.folder / 'vectors.txt'}: {matrix.words:,} words x {trainer.settings.vector_size}; "
        f"loss {trainer.history[-1].loss:.6f} after {epochs} epoch{'' if epochs == 1 else 's'}"
    )
    if click.get_current_context().parent is not None:  # the demo ends with its own suggestions
        click.echo(f"next: glove-adagrad similar {shlex.quote(str(run.folder))} WORD")


@contextlib.contextmanager
def _where(trainer: Trainer, scheduler: str | None, folder: Path) -> Iterator[None]:
    """Train in this process or on the cluster of a scheduler."""
    if scheduler is None:
        yield
        return
    from glove_adagrad.dask import cluster
    from glove_adagrad.dask.training import on_cluster

    with cluster.scheduler(scheduler) as client, on_cluster(trainer, client, folder=folder):
        yield
