"""GloVe word vectors: exact co-occurrence counts, parallel reproducible AdaGrad, evaluation with gensim.

Names are imported when first used, so that `import glove_adagrad` loads neither numba nor gensim.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.2.0"

#: The module of each public name.
_HOME = {
    "CooccurrenceMatrix": "cooccurrence",
    "GloVe": "model",
    "Vocabulary": "vocabulary",
    "count_cooccurrences": "cooccurrence",
    "evaluate": "evaluation",
}

#: Other public modules, also attributes of the package.
_MODULES = ("cooccurrence", "evaluation", "formats", "optim", "plots")

__all__ = ["CooccurrenceMatrix", "GloVe", "Vocabulary", "__version__", "count_cooccurrences", "evaluate"]

if TYPE_CHECKING:
    from glove_adagrad.cooccurrence import CooccurrenceMatrix, count_cooccurrences
    from glove_adagrad.evaluation import evaluate
    from glove_adagrad.model import GloVe
    from glove_adagrad.vocabulary import Vocabulary


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(f"glove_adagrad.{_HOME[name]}"), name)
    if name in _MODULES:
        return importlib.import_module(f"glove_adagrad.{name}")
    raise AttributeError(f"module 'glove_adagrad' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, *_MODULES, "__doc__", "__file__", "__name__", "__path__"])
