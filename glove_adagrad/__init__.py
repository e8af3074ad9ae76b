"""GloVe word vectors: exact co-occurrence counts, parallel reproducible AdaGrad, evaluation with gensim.

Names are imported when first used, so that `import glove_adagrad` loads neither numba nor gensim.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_HOME: dict[str, str] = {}

__all__ = ["__version__", *sorted(_HOME)]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(f"glove_adagrad.{_HOME[name]}"), name)
    raise AttributeError(f"module 'glove_adagrad' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *_HOME]
