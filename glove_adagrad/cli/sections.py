"""Options that belong to a section of a command's help."""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

import click

from glove_adagrad.cli.option_types import Size

Command = TypeVar("Command", bound=Callable[..., Any])
Decorator = Callable[[Command], Command]

INPUT, COUNTING, TRAINING = "Input and output", "Counting", "Training"
UNOBSERVED, START, RESOURCES = "Unobserved pairs", "Starting point", "Resources"
#: Of commands whose help has no sections.
OPTIONS = "Options"


class _Option(click.Option):
    """An option that belongs to a section of the help page, and may have the default of a parameter of `owner`."""

    def __init__(self, *names: Any, section: str = OPTIONS, owner: str = "", **settings: Any) -> None:
        self.section = section
        super().__init__(*names, **settings)
        if owner and "default" not in settings:
            self.default = functools.partial(_default_of, owner, str(self.name), self.type)

    def get_default(self, ctx: click.Context, call: bool = True) -> Any:
        """Return the default also where click would return what makes it, as for the help."""
        return super().get_default(ctx, call=True)


def _default_of(owner: str, name: str, kind: click.ParamType) -> Any:
    module, _, path = owner.partition(":")
    found: Any = importlib.import_module(f"glove_adagrad.{module}")
    for part in path.split("."):
        found = getattr(found, part)
    default = inspect.signature(found).parameters[name].default
    return kind.written(default) if isinstance(kind, Size) else default


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


def setting(section: str, owner: str, *names: str, show_default: bool = True, **settings: Any) -> Decorator[Any]:
    """Like `option`, for a parameter of a function or class of the library, whose default the option has.

    Parameters
    ----------
    owner : str
        The function or class, as `trainer:TrainingSettings` in this package. It is imported when the default is
        needed, so that commands can be listed and completed without it.
    """
    return option(section, *names, owner=owner, show_default=show_default, **settings)


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
