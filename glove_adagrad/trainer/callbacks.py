"""Callbacks of a training: checks before hours of counting."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from glove_adagrad.trainer.trainer import Callback


def checked_callbacks(callbacks: Any) -> tuple[Callback, ...]:
    """Return one callback, or a sequence of them, as a tuple.

    Raises
    ------
    TypeError
        If one cannot be called, such as a callback object of gensim's Word2Vec.
    """
    given = (callbacks,) if callable(callbacks) or not isinstance(callbacks, Iterable) else tuple(callbacks)
    for callback in given:
        if not callable(callback):
            name = type(callback).__name__
            if hasattr(callback, "on_epoch_end"):
                raise TypeError(
                    f"callbacks: {name} is a callback of gensim's Word2Vec; give a function instead, as "
                    "lambda trainer, epoch, loss: ..."
                )
            raise TypeError(f"callbacks: {name} cannot be called; give functions of (trainer, epoch, loss)")
    return given
