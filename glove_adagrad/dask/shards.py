"""Shards: parts of a corpus that workers read: files, a range of a large one, or a partition of a bag."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

from glove_adagrad.compression import SUFFIXES, detect
from glove_adagrad.corpus import Corpus, open_corpus
from glove_adagrad.errors import InputError, described
from glove_adagrad.hub_dataset import DatasetText
from glove_adagrad.readers import SUFFIXES as FORMAT_SUFFIXES
from glove_adagrad.sentences import Sentences
from glove_adagrad.source_paths import files_of
from glove_adagrad.text_file import TextFile
from glove_adagrad.text_options import WHITESPACE, TextOptions

#: Bounds of the bytes of a shard, one for each thread unless given: its counts have to fit the memory of a worker.
_LEAST_SHARD, _MOST_SHARD = 1 << 16, 256 << 20


class Piece(NamedTuple):
    """A file or a range of one: its path or URL, the size of the file, and the bytes to start and end at."""

    path: str
    file_size: int
    begin: int = 0
    end: int | None = None

    @property
    def size(self) -> int:
        return (self.file_size if self.end is None else self.end) - self.begin


@dataclass(frozen=True)
class Shards:
    """A corpus in files, divided into shards.

    Attributes
    ----------
    pieces : tuple of tuples of Piece
        What each shard consists of.
    text : TextOptions
        What the files contain.
    storage : dict
        Options of the file systems of URLs, as fsspec takes them.
    """

    pieces: tuple[tuple[Piece, ...], ...]
    text: TextOptions
    storage: dict[str, Any]

    def __len__(self) -> int:
        return len(self.pieces)

    @property
    def sizes(self) -> list[int]:
        """Bytes of each shard, as stored."""
        return [sum(piece.size for piece in shard) for shard in self.pieces]

    @property
    def local_paths(self) -> list[Path]:
        return [Path(piece.path) for shard in self.pieces for piece in shard if not is_url(piece.path)]

    def corpus(self, number: int, tmp: Path) -> Corpus:
        """Open a shard; what a reader or tokenizer keeps on disk goes to `tmp`.

        Raises
        ------
        InputError
            If a file cannot be read, or has another size than when the shards were made.
        """
        files = [self._opened(piece) for piece in self.pieces[number]]
        # a range within a long word is empty
        files = [file for file in files if file.size]
        return open_corpus(files, self.text, tmp=tmp) if files else Sentences([])

    def starts_line(self, number: int) -> bool:
        """Whether a shard starts at the start of a line."""
        return self._opened(self.pieces[number][0]).starts_line

    def _opened(self, piece: Piece) -> TextFile:
        if is_url(piece.path):
            file: TextFile = UrlFile(piece.path, self.storage, piece.begin, piece.end)
        else:
            file = TextFile(Path(piece.path), None, piece.begin, piece.end)
        if file.file_size != piece.file_size:
            raise InputError(f"{piece.path}: has changed since the count started; count again")
        return file


class UrlFile(TextFile):
    """A file, or a range of one, on a file system that fsspec knows."""

    def __init__(self, url: str, storage: dict[str, Any], begin: int = 0, end: int | None = None) -> None:
        self._url, self._storage = url, storage
        super().__init__(Path(url.partition("://")[2]), url, begin, end)

    def _open(self) -> IO[bytes]:
        system, path = file_system(self._url, self._storage)
        return cast("IO[bytes]", system.open(path, "rb"))

    def _state_of(self, file: IO[bytes]) -> tuple[Any, ...]:
        system, path = file_system(self._url, self._storage)
        return (system.ukey(path),)


def is_url(source: str) -> bool:
    return "://" in source


def file_system(url: str, storage: dict[str, Any]) -> tuple[Any, str]:
    """Return the file system of a URL, and the path there.

    Raises
    ------
    InputError
        If there is no such file system, or its package is not installed.
    """
    from fsspec.core import url_to_fs

    try:
        return cast("tuple[Any, str]", url_to_fs(url, **storage))
    except (ImportError, ValueError) as error:
        raise InputError(f"{url}: {error}") from error


def shards_of(
    sources: Sequence[str | Path],
    text: TextOptions,
    *,
    threads: int,
    shard_bytes: int | None = None,
    storage: dict[str, Any] | None = None,
) -> Shards:
    """Divide a corpus into shards.

    Plain text is cut into ranges; files of other formats, compressed and tokenized ones are read whole.

    Parameters
    ----------
    sources : sequence of str or Path
        Files, folders, patterns and URLs; of URLs, too, folders and patterns.
    threads : int
        Threads of the cluster, for the default of `shard_bytes`.
    shard_bytes : int, optional
        About how many bytes a shard has.

    Raises
    ------
    InputError
        If a source does not exist, is empty, cannot be read, or can be read only once.
    """
    storage = storage or {}
    names = ", ".join(map(str, sources))
    found = [piece for source in sources for piece in _files(str(source), text, storage) if piece.file_size]
    if not found:
        raise InputError(f"{names}: the corpus is empty; name a text file with words in it")
    if text.text_format == "wikipedia" and any(is_url(piece.path) for piece in found):
        raise InputError(f"{names}: a Wikipedia dump is read only from a local path; copy it first")
    total = sum(piece.file_size for piece in found)
    if shard_bytes is None:
        shard_bytes = min(max(-(-total // threads), _LEAST_SHARD), _MOST_SHARD)
    plain = text.text_format == "text" and text.encoding is None and text.tokenizer == WHITESPACE
    shards: list[list[Piece]] = []
    room = 0
    for piece in found:
        for part in _ranges(piece, shard_bytes, storage) if plain else [piece]:
            if part.size > room:
                shards.append([])
                room = shard_bytes
            shards[-1].append(part)
            room -= part.size
    return Shards(tuple(map(tuple, shards)), text, storage)


def _files(source: str, text: TextOptions, storage: dict[str, Any]) -> Iterator[Piece]:
    """The files that a source stands for."""
    if source == "-":
        raise InputError("-: workers cannot read standard input; name files that they can read")
    if not is_url(source):
        for path in files_of(source, FORMAT_SUFFIXES.get(text.text_format, ())):
            if path.is_fifo():
                raise InputError(f"{path}: is a pipe, which can be read only once; name files")
            yield Piece(str(path.absolute()), TextFile(path).file_size)
        return
    system, below = file_system(source, storage)
    try:
        names = sorted(system.glob(below) if "*" in below else system.find(below))
        if not names:
            raise InputError(f"{source}: no such file, folder or pattern")
        for name in names:
            yield Piece(str(system.unstrip_protocol(name)), int(system.info(name)["size"] or 0))
    except OSError as error:
        raise InputError(f"{source}: cannot be read ({described(error)})") from error


def _ranges(piece: Piece, shard_bytes: int, storage: dict[str, Any]) -> list[Piece]:
    """Ranges of about equal length of a plain file; compressed ones stay whole."""
    number = -(-piece.file_size // shard_bytes)
    if number == 1 or Path(piece.path).suffix in SUFFIXES or detect(_head(piece.path, storage)):
        return [piece]
    edges = [piece.file_size * k // number for k in range(number)]
    return [piece._replace(begin=begin, end=end) for begin, end in zip(edges, [*edges[1:], None], strict=True)]


def _head(path: str, storage: dict[str, Any]) -> bytes:
    if is_url(path):
        system, name = file_system(path, storage)
        return bytes(system.read_bytes(name, 0, 8))
    with open(path, "rb") as file:
        return file.read(8)


def is_bag(source: object) -> bool:
    """Whether a value is a `dask.bag.Bag`."""
    return hasattr(source, "to_delayed") and hasattr(source, "npartitions")


def bag_text(items: Sequence[Any], lowercase: bool) -> Corpus:
    """Return the text of a partition of a bag: of strings, each a text, or of lists of tokens, each a sentence."""
    return DatasetText(_Rows(items), lowercase=lowercase)


class _Rows:
    """Items as a data set of one column."""

    column_names = None

    def __init__(self, items: Sequence[Any]) -> None:
        self._items = items

    def select_columns(self, names: list[str]) -> _Rows:
        return self

    def iter(self, batch_size: int) -> Iterator[dict[str, Sequence[Any]]]:
        for begin in range(0, len(self._items), batch_size):
            yield {"text": self._items[begin : begin + batch_size]}
