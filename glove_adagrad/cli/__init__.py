"""The command line: parse options, call the library, print results. A command is imported only when it is run."""

from __future__ import annotations

import importlib
import os
import sys
import warnings

import click

from glove_adagrad import __version__
from glove_adagrad.cli.hints import stanford_option, unknown_command
from glove_adagrad.cli.messages import with_options
from glove_adagrad.errors import GloveError, Interrupted, described
from glove_adagrad.machine import check_machine
from glove_adagrad.progress import say
from glove_adagrad.signals import raise_interrupted
from glove_adagrad.startup import this_is_a_command
from glove_adagrad.text import printable

#: command -> (module of this package, one line of help). The help is here so that `--help` imports nothing.
COMMANDS: dict[str, tuple[str, str]] = {
    "train": ("train", "Build vectors from a corpus, or from co-occurrences."),
    "vocab": ("vocab", "Count the words of a corpus."),
    "cooccur": ("cooccur", "Count the co-occurrences of a corpus."),
    "merge": ("merge", "Add up co-occurrences of several corpora."),
    "svd": ("svd", "Make vectors of co-occurrences by a singular value decomposition, without training."),
    "blend": ("blend", "Join vectors of several models into one."),
    "info": ("info", "Describe a folder of co-occurrences or a run."),
    "cooccurrences": ("cooccurrences", "Show the strongest contexts of a word."),
    "import-records": ("import_records", "Import co-occurrence records written by Stanford's programs."),
    "export": ("export", "Write vectors or co-occurrences in formats of other programs."),
    "subwords": ("subwords", "Fit character n-grams: better rare words, and vectors of unknown ones."),
    "evaluate": ("evaluate", "Score vectors by analogies and word similarity, several side by side."),
    "similar": ("similar", "Show the nearest words."),
    "analogy": ("analogy", "A is to B as C is to what?"),
    "odd-one-out": ("odd_one_out", "Which word does not belong?"),
    "demo": ("demo", "Train and explore vectors of a small text at hand."),
    "explore": ("explore", "Write an interactive page: map, neighbours, analogies, two models compared."),
    "plot": ("plot", "Draw loss, analogy accuracy and maps of words."),
    "compare-optimizers": ("compare_optimizers", "Train with several update rules and compare the results."),
    "report": ("report", "Write one HTML page about a run."),
}


class _Commands(click.Group):
    """A click group that imports a command's module when the command is run."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name, *rest = args
        if ctx.resilient_parsing:  # shell completion
            return super().resolve_command(ctx, args)
        if name not in COMMANDS and not name.startswith("-"):
            ctx.fail(unknown_command(name, list(COMMANDS)))
        if (hint := stanford_option(rest)) is not None:
            raise click.UsageError(hint, click.Context(click.Command(name), parent=ctx, info_name=name))
        return super().resolve_command(ctx, args)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"glove_adagrad.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(cls=_Commands, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="glove-adagrad")
@click.pass_context
def cli(context: click.Context) -> None:
    """Train, export and evaluate GloVe word vectors."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


def main() -> None:
    """Entry point: 0 on success, 2 for wrong usage, 128 and a signal's number, 1 for other errors of the user."""
    for stream in ("stdout", "stderr"):
        if getattr(sys, stream) is None:  # closed by our parent
            setattr(sys, stream, open(os.devnull, "w"))  # noqa: SIM115
    warnings.showwarning = _show_warning
    raise_interrupted()
    this_is_a_command()
    try:
        check_machine()
        cli(standalone_mode=False)
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "glove-adagrad"
        message = with_options(" ".join(error.format_message().split()))  # click lists choices on lines of their own
        click.echo(f"{command}: error: {message}  (see {command} --help)", err=True)
        sys.exit(2)
    except Interrupted as stop:
        click.echo(f"glove-adagrad: interrupted{stop.remedy and '; '}{stop.remedy}", err=True)
        sys.exit(128 + stop.signal)
    except click.Abort as abort:
        # click takes an end of file for an interruption, but it may come from any file that was cut short
        raise abort.__cause__ or abort from None
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.ClickException as error:
        _fail(error.format_message())
    except GloveError as error:
        _fail(str(error))
    except BrokenPipeError:
        # the reader of our output (head, less) has gone: not an error, but Python must not flush again
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        _fail(described(error))
    except MemoryError:
        _fail("out of memory; close other programs, or give a smaller --memory, --vector-size or --max-vocab")
    except RuntimeError as error:
        if "can't start new thread" not in str(error):
            raise
        _fail("the system allows no more threads; give fewer --workers")


def _show_warning(message: Warning | str, *where: object, **more: object) -> None:
    say(f"glove-adagrad: warning: {printable(with_options(str(message)))}")


def _fail(message: str) -> None:
    click.echo(f"glove-adagrad: error: {printable(with_options(message))}", err=True)
    sys.exit(1)
