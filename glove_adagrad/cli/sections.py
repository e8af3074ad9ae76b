"""Options that belong to a section of a command's help."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])
Decorator = Callable[[Command], Command]

INPUT, COUNTING, TRAINING = "Input and output", "Counting", "Training"
UNOBSERVED, START, RESOURCES = "Unobserved pairs", "Starting point", "Resources"


class _Option(click.Option):
    """An option that belongs to a section of the help page."""

    def __init__(self, *names: Any, section: str = "Options", **settings: Any) -> None:
        self.section = section
        super().__init__(*names, **settings)


class SectionedCommand(click.Command):
    """A command whose help lists options by section, in the order in which sections first appear."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        sections: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None and isinstance(param, click.Option):
                sections.setdefault(getattr(param, "section", "Help"), []).append(record)
        sections["Help"] = sections.pop("Help")
        for section, records in sections.items():
            with formatter.section(section):
                formatter.write_dl(records)


def option(section: str, *names: str, **settings: Any) -> Decorator[Any]:
    """Like `click.option`, for an option that `SectionedCommand` lists under `section`."""
    return click.option(*names, cls=_Option, section=section, **settings)


class ValueOptions:
    """Decorator: options that a command receives as one keyword, whose value is made of theirs.

    Parameters
    ----------
    keyword : str
    make : callable
        Called with the options' values by name.
    *options : decorators

    Attributes
    ----------
    names : tuple of str
        The parameters of the options.
    """

    def __init__(self, keyword: str, make: Callable[..., Any], *options: Decorator[Any]) -> None:
        self._keyword, self._make, self._options = keyword, make, group(*options)
        params: list[click.Parameter] = self._options(lambda: None).__click_params__
        self.names = tuple(str(param.name) for param in reversed(params))

    def __call__(self, command: Command) -> Command:
        @functools.wraps(command)
        def with_value(*arguments: Any, **values: Any) -> Any:
            own = {name: values.pop(name) for name in self.names}
            return command(*arguments, **{self._keyword: self._make(**own)}, **values)

        return self._options(with_value)


def group(*options: Callable[[Command], Command]) -> Decorator[Command]:
    def decorate(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate
