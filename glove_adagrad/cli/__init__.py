"""The command line: parse options, call the library, print results. A command is imported only when it is run."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import warnings

import click

from glove_adagrad import __version__
from glove_adagrad.cli.hints import stanford_option, unknown_command
from glove_adagrad.errors import GloveError

#: command -> (module of this package, one line of help). The help is here so that `--help` imports nothing.
COMMANDS: dict[str, tuple[str, str]] = {
    "train": ("train", "Build vectors from a corpus, or from co-occurrences."),
    "vocab": ("vocab", "Count the words of a corpus."),
    "cooccur": ("cooccur", "Count the co-occurrences of a corpus."),
    "merge": ("merge", "Add up co-occurrences of several corpora."),
    "info": ("info", "Describe a folder of co-occurrences or a run."),
    "import-records": ("import_records", "Take over co-occurrence records of Stanford's programs."),
    "export": ("export", "Write vectors or co-occurrences in formats of other programs."),
    "evaluate": ("evaluate", "Score vectors by analogies and word similarity, several side by side."),
    "similar": ("similar", "Show the nearest words."),
    "analogy": ("analogy", "A is to B as C is to what?"),
    "odd-one-out": ("odd_one_out", "Which word does not belong?"),
    "demo": ("demo", "Train and explore vectors of a small text at hand."),
    "plot": ("plot", "Draw loss, analogy accuracy and maps of words."),
    "compare-optimizers": ("compare_optimizers", "Train by several update rules and compare what comes of it."),
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
    """Entry point: 0 on success, 2 for wrong usage, 1 for anything else the user can mend."""
    warnings.showwarning = _show_warning
    # a polite kill must clean up as Ctrl-C does
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        cli(standalone_mode=False)
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "glove-adagrad"
        message = " ".join(error.format_message().split())  # click lists choices on lines of their own
        click.echo(f"{command}: error: {message}  (see {command} --help)", err=True)
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        click.echo("glove-adagrad: interrupted", err=True)
        sys.exit(130)
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
        _fail(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    except MemoryError:
        _fail("out of memory; give a smaller --memory or close other programs")


def _show_warning(message: Warning | str, *where: object, **more: object) -> None:
    click.echo(f"glove-adagrad: warning: {message}", err=True)


def _fail(message: str) -> None:
    click.echo(f"glove-adagrad: error: {message}", err=True)
    sys.exit(1)
