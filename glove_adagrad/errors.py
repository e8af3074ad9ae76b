"""Errors that a user can cause and mend. Everything else is a bug and keeps its traceback."""

from __future__ import annotations


class GloveError(Exception):
    """Base of this package's errors: one line that names the thing, the value found and what to do.

    The command line prints the line and exits with 1.
    """


class InputError(GloveError, ValueError):
    """A corpus, file, folder or value that cannot be used."""


class Interrupted(GloveError):
    """Training was stopped by a signal; what was done is saved.

    Attributes
    ----------
    signal : int
    """

    def __init__(self, message: str, signal: int) -> None:
        super().__init__(message)
        self.signal = signal


class TrainingError(GloveError, RuntimeError):
    """Training that cannot go on, for example because the loss is no longer finite."""
