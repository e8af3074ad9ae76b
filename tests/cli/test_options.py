"""What an option does if it is left out is the same on the command line, in Python and in the library's settings."""

from __future__ import annotations

import dataclasses
import inspect
from typing import Any

import click
import pytest

from glove_adagrad import GloVe
from glove_adagrad.cli.compare_optimizers import compare_optimizers
from glove_adagrad.cli.train import train
from glove_adagrad.cooccurrence import Windows
from glove_adagrad.presets import with_preset
from glove_adagrad.trainer import TrainingSettings
from glove_adagrad.vocabulary import Vocabulary

#: Options that say the opposite of the parameter.
OPPOSITES = {"left_only": "symmetric", "no_distance_weighting": "distance_weighting"}


def defaults_of_options(command: click.Command) -> dict[str, Any]:
    values = {param.name: param.get_default(click.Context(command)) for param in command.params if param.name}
    # newer versions of click have an object of their own for "no default"
    values = {name: value if isinstance(value, (int, float, str)) else None for name, value in values.items()}
    return {OPPOSITES.get(name, name): not value if name in OPPOSITES else value for name, value in values.items()}


def defaults_of_library() -> dict[str, Any]:
    found = {
        field.name: field.default
        for settings in (TrainingSettings, Windows)
        for field in dataclasses.fields(settings)
        if field.default is not dataclasses.MISSING
    }
    for name, parameter in inspect.signature(Vocabulary.count).parameters.items():
        if name in ("min_count", "max_vocab"):
            found[name] = parameter.default
    return found


@pytest.mark.parametrize(
    ("command", "others"),
    [(train, {}), (compare_optimizers, {"vector_size": 50, "epochs": 15})],
    ids=["train", "compare"],
)
def test_defaults_of_options_are_those_of_the_library(command: click.Command, others: dict[str, Any]) -> None:
    options, library = defaults_of_options(command), {**defaults_of_library(), **others}
    common = options.keys() & library.keys()
    assert len(common) > 8
    assert {name: options[name] for name in common} == {name: library[name] for name in common}


def test_defaults_of_glove_are_those_of_the_library() -> None:
    signature = inspect.signature(GloVe).parameters
    model = {name: parameter.default for name, parameter in signature.items()} | with_preset("stanford", "adagrad")
    library = defaults_of_library()
    assert library.keys() <= model.keys()
    assert {name: model[name] for name in library} == library
