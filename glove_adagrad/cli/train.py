"""`glove-adagrad train`: from a corpus, or from co-occurrences, to vectors, in one folder."""

from __future__ import annotations

import contextlib
import os
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from glove_adagrad.cli import option_types, options, sections, sources
from glove_adagrad.errors import Interrupted, OutputError, described
from glove_adagrad.presets import PRESETS, SUMMARIES, preset_parameters
from glove_adagrad.progress import compilation_shown, progress_bar, training_progress
from glove_adagrad.text_options import TextOptions

if TYPE_CHECKING:
    from glove_adagrad.checkpoint import Checkpoint
    from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
    from glove_adagrad.corpus import TextFiles
    from glove_adagrad.phrases import Phrases
    from glove_adagrad.run import Run
    from glove_adagrad.run_record import RunRecord
    from glove_adagrad.trainer import Trainer
    from glove_adagrad.vocabulary import Vocabulary


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
@options.vocabulary_options
@sections.option(
    sections.COUNTING,
    "--phrases",
    type=option_types.Whole(0),
    default=0,
    metavar="N",
    help="Join words that often occur together (new_york), by N passes of gensim's Phrases; 1 joins pairs.  "
    "[default: off]",
)
@options.window_options
@options.min_cooccurrence_option
@sections.option(
    sections.TRAINING,
    "--preset",
    type=click.Choice(list(PRESETS)),
    default="stanford",
    show_default=True,
    is_eager=True,
    callback=lambda context, param, value: _apply_preset(context, value),
    help="; ".join(f"{name}: {line}" for name, line in SUMMARIES.items()) + ". Other options take precedence.",
)
@options.training_options
@sections.option(
    sections.START,
    "--init",
    type=option_types.FilePath(),
    metavar="FILE",
    help="Start from these vectors: a run or a file.",
)
@sections.option(
    sections.START,
    "--keep-words",
    is_flag=True,
    help="With --init or --extend: keep all of their words, those that CORPUS lacks with the vectors that they have.",
)
@sections.option(
    sections.START,
    "--anchor",
    type=option_types.FilePath(),
    metavar="FILE",
    help="Anchor vectors to regularise towards (retrofitting).",
)
@sections.option(
    sections.START,
    "--anchor-weight",
    type=option_types.Number(0, min_open=True),
    default=0.1,
    show_default=True,
    help="Weight MU of the penalty MU |w + c - r|^2 of each word with an anchor r.",
)
@sources.reading_options
@options.workers_option
@options.memory_options
@sections.option(
    sections.RESOURCES,
    "--checkpoint-minutes",
    type=option_types.Number(0),
    default=10.0,
    show_default=True,
    help="Minutes between checkpoints.",
)
@options.quiet_option
@click.pass_context
def train(
    context: click.Context,
    corpus: tuple[str, ...],
    output: Path | None,
    cooccurrence: Path | None,
    resume: Path | None,
    extend: Path | None,
    preset: str,
    init: Path | None,
    keep_words: bool,
    phrases: int,
    anchor: Path | None,
    anchor_weight: float,
    trust_pickle: bool,
    strict: bool,
    checkpoint_minutes: float,
    workers: int,
    memory: int,
    tmp: Path | None,
    quiet: bool,
    **settings: Any,
) -> None:
    """Build vectors from CORPUS: count its words and their co-occurrences, train, write the vectors.

    CORPUS: files (plain or .gz, .bz2, .xz, .zst), folders, patterns, or - for standard input.

    \b
    glove-adagrad train corpus.txt --output run --preset recommended
    glove-adagrad train --cooccurrence counts --output run2 --vector-size 300
    """
    if resume is not None:
        _resume(context, resume, cooccurrence, settings["epochs"], checkpoint_minutes, workers, memory, quiet)
        return
    if bool(corpus) == (cooccurrence is not None):
        raise click.UsageError("name either a CORPUS or --cooccurrence DIR")
    if keep_words and init is None and extend is None:
        raise click.UsageError("--keep-words: name the vectors to start from, with --init FILE or --extend RUN")
    if output is None:
        raise click.UsageError("name the folder of the run: --output RUN")
    if extend is not None:
        _refuse(context, _FIXED_BY_EXTEND, "--extend: RUN fixes it")
    if cooccurrence is not None:
        _refuse(context, _FIXED_BY_COOCCURRENCE, "--cooccurrence: DIR fixes it")
    from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
    from glove_adagrad.corpus import open_corpus
    from glove_adagrad.provenance import provenance
    from glove_adagrad.run import Run
    from glove_adagrad.run_record import RunRecord, last_state, read_provenance
    from glove_adagrad.source_paths import check_apart

    words = {name: settings.pop(name) for name in ("min_count", "max_vocab")}
    text = replace(settings.pop("text"), strict=strict)
    min_cooccurrence = settings.pop("min_cooccurrence")
    windows = options.windows_of(**{name: settings.pop(name) for name in options.WINDOW_SETTINGS})
    if context.get_parameter_source("optimizer") is ParameterSource.COMMANDLINE:
        _drop_rate_of_preset(context, settings)
    training = options.training_settings(**settings)
    record = RunRecord(
        training, init=init, anchor=anchor, anchor_weight=anchor_weight, extend=extend,
        trust_pickle=trust_pickle, strict=strict, provenance={**provenance(), "preset": preset},
    )  # fmt: skip
    if extend is None:
        record.check()  # before hours of counting
    check_apart(corpus, output)
    resources: dict[str, Any] = {"workers": workers, "memory": memory}
    earlier = None
    if cooccurrence is not None:
        matrix = CooccurrenceMatrix.open(cooccurrence)
        run = context.with_resource(Run(output, checkpoint_minutes))
        run.begin(replace(record, matrix_folder=run.matrix_name(matrix)), matrix)
    else:
        if extend is not None:
            text = _text_of(context, extend, text)
            keep_words = keep_words or read_provenance(extend).get("keep_words") is True
        files = open_corpus(corpus, text, tmp=tmp or output.parent, workers=workers)
        joined = _phrases_of(files, phrases, extend)
        if joined is not None:
            files = joined.applied(files, tmp or output.parent, ", ".join(corpus))
        run = context.with_resource(Run(output, checkpoint_minutes))
        about = {
            **record.provenance,
            "corpus": [os.path.abspath(name) if name != "-" else name for name in corpus],
            "bytes": files.total_bytes,
            **text.to_json(),
            "phrases": 0 if joined is None else len(joined.passes),
            **words,
            "keep_words": keep_words,
            "min_cooccurrence": min_cooccurrence,
        }
        record = replace(record, provenance=about)
        if extend is not None:
            checkpoint, old = last_state(extend)
            earlier = checkpoint, old.vocabulary
            taken = {name: getattr(checkpoint.settings, name) for name in ("vector_size", "rule")}
            record = replace(record, settings=replace(training, **taken))
            record.check()
            run.begin(record, phrases=joined)
            with progress_bar("co-occurrences", files.total_bytes, "B", quiet) as bar:
                matrix = run.extend(
                    old,
                    files,
                    min_count=words["min_count"],
                    keep_words=keep_words,
                    tmp=tmp,
                    progress=bar.to,
                    **resources,
                )
        else:
            run.begin(record, phrases=joined)
            with progress_bar("vocabulary", files.total_bytes, "B", quiet) as bar:
                vocabulary = run.count_words(
                    files, keep=record.words_of_init() if keep_words else (), progress=bar.to, **words, **resources
                )
            with progress_bar("co-occurrences", files.total_bytes, "B", quiet) as bar:
                matrix = run.count_cooccurrences(
                    files,
                    vocabulary,
                    windows=windows,
                    min_cooccurrence=min_cooccurrence,
                    tmp=tmp,
                    progress=bar.to,
                    **resources,
                )
        if not quiet:
            sources.echo_notes(files)
    with _resumable(run):
        _train(run, _new_trainer(record, matrix, earlier, quiet, **resources), quiet)


def _text_of(context: click.Context, earlier: Path, given: TextOptions) -> TextOptions:
    """How to read a text that extends an earlier run: as the run's own, but for options that are given."""
    from glove_adagrad.run_record import read_provenance

    names = [
        name for name in options.TEXT_SETTINGS if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    ]
    before = TextOptions.from_json(read_provenance(earlier))
    if "text_format" in names:  # fields and encodings are those of a format
        before = TextOptions(tokenizer=before.tokenizer, lowercase=before.lowercase)
    return replace(before, strict=given.strict, **{name: getattr(given, name) for name in names})


def _phrases_of(files: TextFiles, passes: int, earlier: Path | None) -> Phrases | None:
    """The phrases to join: those of an earlier run, or learned from the text."""
    from glove_adagrad.phrases import Phrases

    if earlier is not None:
        return Phrases.read(earlier)
    return Phrases.learn(files, passes) if passes else None


def _new_trainer(
    record: RunRecord,
    matrix: CooccurrenceMatrix,
    earlier: tuple[Checkpoint, Vocabulary] | None,
    quiet: bool,
    **resources: Any,
) -> Trainer:
    trainer, number = record.new_trainer(matrix, earlier=earlier, **resources)
    if number and not quiet:
        click.echo(f"{number:,} of {matrix.words:,} words start from {record.init}")
    return trainer


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


def _apply_preset(context: click.Context, name: str) -> str:
    """Make a preset's parameters the defaults of the options, so that options given on the command line win."""
    parameters = preset_parameters(name)
    if "symmetric" in parameters:
        parameters["left_only"] = not parameters.pop("symmetric")
    context.default_map = parameters
    return name


def _drop_rate_of_preset(context: click.Context, settings: dict[str, Any]) -> None:
    """A preset's learning rate is that of its own update rule, and means nothing for another."""
    if context.get_parameter_source("learning_rate") is ParameterSource.DEFAULT_MAP:
        settings["learning_rate"] = None


_COUNTING = {
    "min_count", "max_vocab", "window", "left_only", "distance_weights", "no_distance_weighting", "boundary",
    "keep_positions", "sample", "min_cooccurrence",
}  # fmt: skip

_FIXED_BY_COOCCURRENCE = _COUNTING | {*options.TEXT_SETTINGS, "keep_words", "phrases", "tmp"}

_FIXED_BY_EXTEND = (_COUNTING - {"min_count"}) | {
    "preset", "phrases", "vector_size", "learning_rate", "optimizer", "optimizer_option", "init",
}  # fmt: skip

#: Options that may be given with --resume; the run fixes all others.
_WITH_RESUME = {"resume", "cooccurrence", "epochs", "checkpoint_minutes", "workers", "memory", "quiet"}


def _resume(
    context: click.Context,
    folder: Path,
    cooccurrence: Path | None,
    epochs: int,
    checkpoint_minutes: float,
    workers: int,
    memory: int,
    quiet: bool,
) -> None:
    _refuse(context, context.params.keys() - _WITH_RESUME, "--resume: RUN fixes it")
    from glove_adagrad.errors import InputError
    from glove_adagrad.run import Run
    from glove_adagrad.trainer import Trainer

    if not folder.is_dir():
        raise InputError(f"{folder}: no such run")
    run = context.with_resource(Run(folder, checkpoint_minutes))
    raised = context.get_parameter_source("epochs") is ParameterSource.COMMANDLINE
    longer: dict[str, Any] = {"epochs": epochs} if raised else {}
    with _resumable(run):
        if run.checkpoints.paths():
            checkpoint, matrix = run.resume(cooccurrence)
            settings = replace(checkpoint.settings, **longer)
            trainer = Trainer(matrix, settings, workers=workers, memory=memory, anchors=checkpoint.anchors)
            checkpoint.restore(trainer)
        else:
            record, matrix = run.restart(cooccurrence)
            record = replace(record, settings=replace(record.settings, **longer))
            trainer = _new_trainer(record, matrix, None, quiet, workers=workers, memory=memory)
        _train(run, trainer, quiet)


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


def _train(run: Run, trainer: Trainer, quiet: bool) -> None:
    matrix = trainer.matrix
    with compilation_shown(quiet):
        plan = trainer.plan()
    if not quiet:
        click.echo(
            f"{matrix.words:,} words, {matrix.records:,} records; parameters {plan.parameter_bytes / 1e6:,.0f} MB, "
            f"matrix {plan.matrix_bytes / 1e6:,.0f} MB; about {plan.epoch_seconds:.1f} s an epoch"
        )
    before = len(trainer.history)
    with training_progress(trainer, quiet) as shown:
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
