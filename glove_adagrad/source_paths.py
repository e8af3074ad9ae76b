"""Which files the sources of a corpus stand for: folders and glob patterns resolved, outputs kept out of them."""

from __future__ import annotations

import fnmatch
import glob
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from glove_adagrad.compression import SUFFIXES as COMPRESSIONS
from glove_adagrad.errors import InputError


def files_of(
    source: str, suffixes: tuple[str, ...] = (), note: Callable[[str], None] = lambda line: None
) -> list[Path]:
    """List the files that a file, folder or glob pattern stands for, in the order of their names.

    Parameters
    ----------
    source : str
    suffixes : tuple of str
        Suffixes, apart from those of compression, of the files to take from a folder, if any file has one. Of a
        folder as the Dolma toolkit writes it, with `documents` next to `attributes`, only the documents are taken.
    note : callable
        Called with a line about files of a folder that are left out by `suffixes`.

    Raises
    ------
    InputError
        If there are none.
    """
    path = Path(source)
    if path.is_dir():
        found = _below(path)
        if not found:
            raise InputError(f"{source}: the folder holds no files")
        if len(taken := _of_format(found, suffixes)) < len(found):
            note(f"{source}: {len(taken):,} of its {len(found):,} files are read, as their names or folders suggest")
        return taken
    if path.exists():
        return [path]
    matches = [Path(name) for name in glob.glob(source, recursive=True)]
    # a folder stands for its files here too; `**` finds those apart from it
    found = sorted({file for match in matches for file in ([match] if match.is_file() else _below(match))})
    if not found:
        raise InputError(f"{source}: no such file, folder or pattern")
    return found


def check_apart(sources: Sequence[str | Path], output: Path) -> None:
    """Refuse an output that is a source of the corpus, or would be one the next time.

    Raises
    ------
    InputError
        If a source is the output, or is a folder or pattern that includes it.
    """
    target = output.resolve()
    for source in sources:
        path = Path(source).resolve()
        if path == target:
            raise InputError(f"{output}: is the corpus itself; choose another output")
        if path.is_dir():
            inside = path in target.parents and not _hidden(target, path)
        else:
            inside = glob.has_magic(str(source)) and not path.exists() and _matches(target, path)
        if inside:
            raise InputError(f"{output}: lies within the corpus {source} and would be read as text; name another")


def _matches(target: Path, pattern: Path) -> bool:
    """Whether a glob pattern of files or folders includes a path."""
    if "**" in pattern.parts:
        return fnmatch.fnmatchcase(str(target), str(pattern).replace("**/", "*"))
    pairs = zip(target.parts, pattern.parts, strict=False)
    return len(target.parts) >= len(pattern.parts) and all(fnmatch.fnmatchcase(*pair) for pair in pairs)


def _of_format(files: list[Path], suffixes: tuple[str, ...]) -> list[Path]:
    """The files whose names have one of the suffixes, without attributes of documents; all files if none has."""
    if not suffixes:
        return files
    documents = {folder.parent for file in files for folder in file.parents if folder.name == "documents"}
    taken = [
        file
        for file in files
        if _suffix(file) in suffixes
        and not any(folder.name == "attributes" and folder.parent in documents for folder in file.parents)
    ]
    return taken or files


def _suffix(file: Path) -> str:
    """The last suffix of a name that is not one of a compression, in lower case."""
    found = [suffix.lower() for suffix in file.suffixes]
    return next((suffix for suffix in reversed(found) if suffix not in COMPRESSIONS), "")


def _below(path: Path) -> list[Path]:
    """All files of a folder and the folders in it, but for hidden ones, in the order of names."""
    return sorted(
        Path(folder, name)
        for folder, _, names in os.walk(path)
        for name in names
        if not _hidden(Path(folder, name), path)
    )


def _hidden(path: Path, folder: Path) -> bool:
    """Whether a part of the path below the folder starts with a dot."""
    return any(part.startswith(".") for part in path.relative_to(folder).parts)
