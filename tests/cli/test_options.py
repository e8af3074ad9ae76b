"""What an option does if it is left out is the same on the command line, in Python and in the library's settings."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Iterable
from typing import Any

import click
import pytest

from glove_adagrad import GloVe
from glove_adagrad.blending import WORDS, blend
from glove_adagrad.cli import COMMANDS, cli
from glove_adagrad.cooccurrence import Windows, count_cooccurrences
from glove_adagrad.cooccurrence.windows import LARGEST_WINDOW
from glove_adagrad.counting import Counting
from glove_adagrad.evaluation.analogies import evaluate_analogies
from glove_adagrad.evaluation.lookup import Rules
from glove_adagrad.explore.page import explore_page
from glove_adagrad.optimizer_comparison import Comparison
from glove_adagrad.parallel import MOST_WORKERS
from glove_adagrad.plots.word_map import plot_content_words
from glove_adagrad.presets import rule_of, with_preset
from glove_adagrad.run import Run
from glove_adagrad.subwords import SubwordSettings
from glove_adagrad.svd import SVDSettings
from glove_adagrad.text_options import TextOptions
from glove_adagrad.trainer import TrainingSettings
from glove_adagrad.trainer.settings import VECTORS
from glove_adagrad.vocabulary import Vocabulary
from glove_adagrad.warm_start import Start
from glove_adagrad.word_table import BOUNDARIES

#: Options that say the opposite of the parameter.
OPPOSITES = {"left_only": "symmetric"}

#: What a corpus is counted with.
COUNT = (Vocabulary.count, Windows, TextOptions, count_cooccurrences)

#: What the options of a command are for: functions and classes of the library.
FED: dict[str, tuple[Callable[..., Any], ...]] = {
    "train": (TrainingSettings, *COUNT, Counting, Start, Run),
    "compare-optimizers": (Comparison, TrainingSettings, *COUNT),
    "vocab": (Vocabulary.count, TextOptions),
    "cooccur": COUNT,
    "merge": (count_cooccurrences,),
    "import-records": (Windows, count_cooccurrences),
    "svd": (SVDSettings, count_cooccurrences),
    "subwords": (SubwordSettings,),
    "export": (count_cooccurrences,),
    "info": (TrainingSettings,),
    "evaluate": (Rules, evaluate_analogies),
    "explore": (explore_page,),
    "plot": (plot_content_words,),
    "blend": (blend,),
}

#: Defaults that a command has of its own, not from what it feeds.
OWN: dict[str, dict[str, Any]] = {
    "train": {"preset": "stanford"},
    "compare-optimizers": {"vector_size": 50, "epochs": 15, "seeds": 1},
    "svd": {"which": "sum"},
    "cooccurrences": {"top": 10, "min_x": 1.0},
    "evaluate": {"shape": "text"},
    "similar": {"top": 10},
    "analogy": {"top": 10},
    "plot": {"kind": "png"},
    "demo": {"corpus": "wikipedia-extract"},
}


def command(name: str) -> click.Command:
    found = cli.get_command(click.Context(cli), name)
    assert found is not None
    return found


def defaults_of_options(name: str) -> dict[str, Any]:
    context = click.Context(command(name))
    values = {
        param.name: param.type_cast_value(context, param.get_default(context))
        for param in command(name).params
        # flags have none, in newer versions of click an object of their own
        if isinstance(param.get_default(context), (int, float, str))
    }
    return {OPPOSITES.get(name, name): not value if name in OPPOSITES else value for name, value in values.items()}


def defaults_of(functions: Iterable[Callable[..., Any]]) -> dict[str, Any]:
    return {
        name: parameter.default
        for function in functions
        for name, parameter in reversed(inspect.signature(function).parameters.items())
        if isinstance(parameter.default, (int, float, str))
    }


@pytest.mark.parametrize("name", COMMANDS)
def test_defaults_of_options_are_those_of_the_library(name: str) -> None:
    options, own = defaults_of_options(name), OWN.get(name, {})
    options.pop("workers", None)  # all cores on the command line, one in Python
    library = {**defaults_of(FED.get(name, ())), **own}
    flags = {option for option, value in options.items() if value is False and option not in library}
    assert {option: value for option, value in options.items() if option not in flags} == {
        option: library.get(option) for option in options.keys() - flags
    }


@pytest.mark.parametrize("name", COMMANDS)
def test_defaults_of_the_library_are_not_repeated(name: str) -> None:
    written = {
        param.name: param.default
        for param in command(name).params
        if isinstance(param.default, (int, float, str)) and not isinstance(param.default, bool)
    }
    written.pop("workers", None)
    assert written == OWN.get(name, {})


def test_choices_and_limits_are_those_of_the_library() -> None:
    options = {
        (name, param.name): param.type for name in ("train", "blend") for param in command(name).params if param.name
    }

    def choices(*of: str) -> tuple[str, ...]:
        kind = options[of]  # type: ignore[index]
        assert isinstance(kind, click.Choice)
        return tuple(kind.choices)

    assert set(choices("train", "boundary")) == set(BOUNDARIES)
    assert choices("train", "vectors") == VECTORS
    assert choices("blend", "words") == WORDS
    window, workers = options["train", "window"], options["train", "workers"]
    assert isinstance(window, click.IntRange)
    assert window.max == LARGEST_WINDOW
    assert isinstance(workers, click.IntRange)
    assert workers.max == MOST_WORKERS


def test_the_default_rule_is_the_librarys() -> None:
    assert rule_of("stanford") == TrainingSettings().rule


def test_defaults_of_glove_are_those_of_the_library() -> None:
    signature = inspect.signature(GloVe).parameters
    model = {name: parameter.default for name, parameter in signature.items()} | with_preset("stanford")
    library = {
        field.name: field.default
        for settings in (TrainingSettings, Windows, Counting, TextOptions)
        for field in dataclasses.fields(settings)
        if field.default is not dataclasses.MISSING and field.name != "strict"
    }
    library |= {"anchor_weight": Start.anchor_weight, "keep_words": Start.keep_words}
    assert library.keys() <= model.keys()
    assert {name: model[name] for name in library} == library
