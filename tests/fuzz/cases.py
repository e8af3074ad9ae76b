"""What a reader under test is, and using the product as its users do: through the command line, in this process."""

from __future__ import annotations

import io
import json
import os
import signal
import sys
import warnings
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from fuzz.mutators import Mutation
from glove_adagrad.cli import main

#: The files of a case: path in its folder -> content.
Files = dict[str, bytes]


class Refused(Exception):
    """The command line ended with exit code 1 and one line on stderr."""


class Unclean(Exception):
    """A command ended in something that is neither success nor one clean line."""


class Wrong(Exception):
    """An accepted result is not what the input says."""


@dataclass(frozen=True)
class Case:
    """A mutated input.

    Attributes
    ----------
    valid : files of the undamaged input
    files : those after mutation
    reference : what `use` returned for the undamaged input
    mutation : names of the mutations, and whether a well-formed file of other content is possible
    """

    valid: Files
    files: Files
    reference: Any
    mutation: Mutation


@dataclass(frozen=True)
class Reader:
    """One way in which the product reads files.

    Attributes
    ----------
    name : str
    make : called as make(random); returns the files of a valid input
    mutate : called as mutate(random, files, other), the files of two valid inputs; returns the path of the file that
        was mutated and its mutation
    use : called with no arguments in a folder that has the files; returns what the product made of them
    check : called as check(case, result); raises Wrong if an accepted result is wrong
    refusals : exceptions other than GloveError and OSError that are documented answers
    atomic : whether nothing may be under `out` after a refusal
    weight : share of the trials, relative to the others
    own : the pattern of the reader's files that this package writes, for `--flips`; empty if others write them
    """

    name: str
    make: Callable[[Random], Files]
    mutate: Callable[[Random, Files, Files], tuple[str, Mutation]]
    use: Callable[[], Any]
    check: Callable[[Case, Any], None]
    refusals: tuple[type[Exception], ...] = ()
    atomic: bool = False
    weight: float = 1.0
    own: tuple[str, ...] = ()


@dataclass(frozen=True)
class Printed:
    """What a command printed."""

    out: str
    err: str


#: Commands that show progress unless they are quiet.
_WITH_QUIET = {"vocab", "cooccur", "merge", "import-records", "train", "export", "evaluate", "plot", "report"}

#: Signals whose handlers the command line changes.
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def command(line: str, *more: str, stdin: Path | None = None) -> Printed:
    """Run a command of the product.

    Parameters
    ----------
    line : str
        Its name and arguments, between blanks.
    more : str
        Arguments that may have blanks.
    stdin : Path, optional

    Raises
    ------
    Refused
        If it ends with exit code 1 and one line.
    Unclean
        If it ends in any other way but success.
    """
    out, err = io.BytesIO(), io.BytesIO()
    names = "argv", "stdin", "stdout", "stderr"
    before = [getattr(sys, name) for name in names]
    showwarning, handlers = warnings.showwarning, {number: signal.getsignal(number) for number in _SIGNALS}
    arguments = [*line.split(), *more]
    sys.argv = ["glove-adagrad", *arguments, *(["-q"] if arguments[0] in _WITH_QUIET else [])]
    if stdin is not None:
        sys.stdin = open(stdin, encoding="utf-8", errors="surrogateescape")  # noqa: SIM115
    # named here, since a wrapper closes its buffer when it is collected
    streams = (
        io.TextIOWrapper(out, "utf-8", errors="strict", write_through=True),
        io.TextIOWrapper(err, "utf-8", errors="backslashreplace", write_through=True),
    )
    sys.stdout, sys.stderr = streams
    code = 0
    try:
        main()
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 1
    finally:
        for name, value in zip(names, before, strict=True):
            setattr(sys, name, value)
        warnings.showwarning = showwarning
        for number, handler in handlers.items():
            signal.signal(number, handler)
    return _judged(code, Printed(out.getvalue().decode(), err.getvalue().decode()))


def _judged(code: int, printed: Printed) -> Printed:
    *lines, rest = printed.err.split("\n")
    errors = [line for line in lines if not line.startswith("glove-adagrad: warning: ")]
    if rest or code not in (0, 1) or len(errors) != code or "encountered in" in printed.err:  # NumPy's warnings
        raise Unclean(f"exit {code}: {printed.err[-2000:]}")
    for line in lines:
        check_line(line)
    if errors:
        if not errors[0].startswith("glove-adagrad: error: "):
            raise Unclean(f"exit {code}: {printed.err[-2000:]}")
        raise Refused(errors[0])
    check_line(printed.out.replace("\n", ""))
    return printed


def check_line(line: str) -> None:
    """Refuse text with characters that a terminal would act upon."""
    for character in line:
        if (
            ord(character) < 32
            or 0x7F <= ord(character) < 0xA0
            or character in "\u2028\u2029\u202a\u202b\u202c\u202d\u202e\ufeff"
        ):
            raise Unclean(f"unescaped {character!r} in {line[:500]!r}")


def noted(function: Callable[..., Any], *arguments: Any, **keywords: Any) -> tuple[Any, list[str]]:
    """The result of a function of the library, and its warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = function(*arguments, **keywords)
    return result, [
        str(warning.message) for warning in caught if not issubclass(warning.category, DeprecationWarning)
    ]


def same(one: Any, other: Any) -> bool:
    """Whether two results are equal, arrays in every bit."""
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def write_files(files: Files, folder: Path) -> None:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def read_files(folder: Path, *patterns: str) -> Files:
    """The files under a folder, all or those that match a pattern."""
    found = {path for pattern in patterns or ("**/*",) for path in folder.glob(pattern) if path.is_file()}
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(found)}


def save_finding(path: Path, reader: str, case: Case, about: dict[str, Any]) -> None:
    """Keep a case as a zip archive that `load_finding` reads."""
    path.parent.mkdir(parents=True, exist_ok=True)
    about = {"reader": reader, "mutations": case.mutation.names, "edited": case.mutation.edited, **about}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("about.json", json.dumps(about, indent=1))
        for part, files in (("valid", case.valid), ("files", case.files)):
            for name, data in files.items():
                archive.writestr(f"{part}/{name}", data)


def load_finding(path: Path) -> tuple[dict[str, Any], Files, Files]:
    """What is known about a finding, the files of the undamaged input, and those of the damaged one."""
    with zipfile.ZipFile(path) as archive:
        about = json.loads(archive.read("about.json"))
        parts: dict[str, Files] = {"valid": {}, "files": {}}
        for entry in archive.namelist()[1:]:
            part, _, name = entry.partition("/")
            parts[part][os.fspath(name)] = archive.read(entry)
    return about, parts["valid"], parts["files"]
