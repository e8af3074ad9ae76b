"""Errors caused by user input, and interruption. Anything else is a bug and raises with a traceback."""

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


def require(name: str, value: object, holds: bool, expected: str) -> None:
    """Raise InputError, naming a parameter and its value, unless the condition holds."""
    if not holds:
        raise InputError(f"{name} {value}: must be {expected}")


class OutputError(InputError):
    """A file that could not be written, for example because the disk is full."""


def described(error: Exception) -> str:
    """Return an error's one line; of an error of the system, the file and what is wrong with it."""
    if not isinstance(error, OSError) or error.strerror is None:
        return str(error)
    return f"{error.filename}: {error.strerror}" if error.filename else error.strerror


class TrainingError(GloveError, RuntimeError):
    """Training that cannot continue, for example because the loss is no longer finite."""


class Interrupted(BaseException):
    """A signal asked the program to stop. It is not an `Exception`, so that no code takes it for an error.

    Attributes
    ----------
    signal : int
    remedy : str
        How to continue, if possible.
    """

    def __init__(self, signal: int, remedy: str = "") -> None:
        super().__init__(signal, remedy)
        self.signal, self.remedy = signal, remedy
