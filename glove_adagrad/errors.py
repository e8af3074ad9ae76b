"""Errors caused by user input. Anything else is a bug and raises with a traceback."""

from __future__ import annotations

from glove_adagrad.text import printable


class GloveError(Exception):
    """Base of this package's errors: one line that names the thing, the value found and what to do.

    Control characters in the message, from words or file names of strangers, are escaped. The command line prints
    the line and exits with 1.
    """

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))


class InputError(GloveError, ValueError):
    """A corpus, file, folder or value that cannot be used."""


class TrainingError(GloveError, RuntimeError):
    """Training that cannot continue, for example because the loss is no longer finite."""
