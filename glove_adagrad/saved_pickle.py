"""Reading the pickles that `GloVe.save` wrote before it wrote folders, without running code."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from glove_adagrad import optim
from glove_adagrad.cooccurrence.partition import MANY_PARTS, Partition
from glove_adagrad.cooccurrence.windows import Windows
from glove_adagrad.errors import InputError
from glove_adagrad.formats.unpickling import ForbiddenName, RestrictedUnpickler, Stored, stored_array
from glove_adagrad.trainer import Epoch, Parameters, TrainingSettings
from glove_adagrad.vocabulary import Vocabulary

if TYPE_CHECKING:
    from glove_adagrad.model import GloVe


class _Model(Stored):
    """Stands for a `GloVe`."""


#: For each class of an update rule an inert one, which says which it was.
_RULES = {kind: type(kind.__name__, (Stored,), {}) for kind in (type(optim.make(n)) for n in optim.available())}

_PARTS: dict[tuple[str, str], type] = {
    ("glove_adagrad.model", "GloVe"): _Model,
    ("glove_adagrad.trainer.settings", "TrainingSettings"): Stored,
    ("glove_adagrad.cooccurrence.windows", "Windows"): Stored,
    ("glove_adagrad.vocabulary", "Vocabulary"): Stored,
    ("glove_adagrad.trainer.parameters", "Parameters"): Stored,
    ("glove_adagrad.trainer.trainer", "Epoch"): Stored,
    **{(kind.__module__, kind.__name__): stored for kind, stored in _RULES.items()},
}


class _Unpickler(RestrictedUnpickler):
    def find_class(self, module_name: str, global_name: str, /) -> Any:
        return _PARTS.get((module_name, global_name)) or super().find_class(module_name, global_name)


def load_pickle(cls: type[GloVe], path: Path, resources: dict[str, Any]) -> GloVe:
    """Read a model from a pickle of version 0.1, with a DeprecationWarning.

    Raises
    ------
    InputError
        If the file is damaged or contains something other than a model.
    """
    try:
        with open(path, "rb") as file:
            stored = _Unpickler(file).load()
        if type(stored) is not _Model:
            raise InputError("no GloVe in it")
        model = _rebuilt(cls, path, vars(stored), resources)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    except ForbiddenName as error:
        raise InputError(f"{path}: is not a saved model (it names {error})") from error
    except Exception as error:  # a damaged pickle can raise anything
        raise InputError(f"{path}: is damaged or not a saved model ({error})") from error
    warnings.warn(
        f"{path}: is a pickle of an earlier version; save the model again, which writes a folder",
        DeprecationWarning,
        stacklevel=4,
    )
    return model


def _rebuilt(cls: type[GloVe], path: Path, state: dict[str, Any], resources: dict[str, Any]) -> GloVe:
    settings = dict(vars(state["settings"]))
    rule = settings["rule"]
    (kind,) = [kind for kind, stored in _RULES.items() if type(rule) is stored]
    settings["rule"] = kind(**vars(rule))
    model = cls(**resources, min_count=state["min_count"], max_vocab=state["max_vocab"])
    model.settings, model.windows = TrainingSettings(**settings), Windows.from_json(vars(state["windows"]), path)
    words = vars(state["_vocabulary"])
    model._vocabulary = Vocabulary([bytes(word) for word in words["words"]], _array(words["counts"]))
    model._history = [Epoch(**vars(epoch)) for epoch in state["_history"]]
    parameters = Parameters(
        len(model._vocabulary),
        model.settings.vector_size,
        model.settings.rule,
        Partition(len(model._vocabulary), most=MANY_PARTS),
    )
    before = vars(state["_parameters"])
    for here, there in zip(
        (parameters.sides, *parameters.row_states, (parameters.clock,)),
        (before["sides"], *before["row_states"], (before["clock"],)),
        strict=True,
    ):
        for array, old in zip(here, there, strict=True):
            if (values := _array(old)).shape != array.shape:
                raise InputError(f"an array of shape {values.shape} where {array.shape} is expected")
            array[...] = values
    model._vectors = parameters.vectors()
    if not all(np.isfinite(array).all() for array in model._vectors):
        raise InputError("a number that is not finite")
    return model


def _array(value: Any) -> np.ndarray:
    array = stored_array(value)
    if array is None:
        raise InputError("something other than numbers where an array is expected")
    return array
