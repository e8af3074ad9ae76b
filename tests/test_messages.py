"""Messages name parameters in the library and options on the command line."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import glove_adagrad
from glove_adagrad.cli import COMMANDS
from glove_adagrad.cli.messages import PARAMETERS, option_name, with_options

PACKAGE = Path(glove_adagrad.__file__).parent
#: Whole command lines may be named, and those of other programs.
COMMAND_LINES = re.compile(r"(glove-adagrad [a-z-]+|pip install|with|start one with) --[a-z-]+")


def texts_of_errors(path: Path) -> Iterator[tuple[int, str]]:
    """The texts in each `raise` statement of a module, with its line."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Raise):
            parts = [part.value for part in ast.walk(node) if isinstance(part, ast.Constant)]
            yield node.lineno, " ".join(part for part in parts if isinstance(part, str))


def test_the_library_names_no_options() -> None:
    found = []
    for path in PACKAGE.rglob("*.py"):
        if "cli" not in path.relative_to(PACKAGE).parts:
            for line, text in texts_of_errors(path):
                if re.search(r"--[a-z]", COMMAND_LINES.sub("", text)):
                    found.append(f"{path.name}:{line}: {text}")
    assert not found


def test_every_parameter_that_messages_name_is_an_option() -> None:
    options = set()
    for name, (module, _) in COMMANDS.items():
        command = getattr(importlib.import_module(f"glove_adagrad.cli.{module}"), name.replace("-", "_"))
        options |= {option for param in command.params for option in param.opts}
    assert {option_name(parameter) for parameter in PARAMETERS} <= options


def test_every_parameter_in_a_message_is_known() -> None:
    named = set()
    for path in PACKAGE.rglob("*.py"):
        for _, text in texts_of_errors(path):
            named |= set(re.findall(r"`([a-z_]+)(?:=[^`]*)?`", text))
    assert named
    assert named <= PARAMETERS


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("lower `min_count`", "lower --min-count"),
        ("give for example `holdout=0.01`", "give for example --holdout 0.01"),
        ("x_max -1.0: must be above 0", "--x-max -1.0: must be above 0"),
        ("give a `vocabulary` to merge onto", "give a --vocab to merge onto"),
        ("window.txt: no such file", "window.txt: no such file"),
        ("the `word` here, min_count there", "the `word` here, min_count there"),
    ],
)
def test_parameters_become_options(message: str, shown: str) -> None:
    assert with_options(message) == shown
