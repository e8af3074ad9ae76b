"""The co-occurrence matrix on disk: a folder, checked when opened, read in tiles.

A folder holds `meta.json` (settings, sizes, checksums), `vocab.txt`, and for each half of the matrix the tiles and
their table, `lower.bin` and `lower.npy`. The lower half holds X[a, b] for words a at least as rare as b. The upper
half holds X[b, a] under the row of a, a rarer than b; a symmetric matrix does without it.

Opening checks all but the tiles, which are checked when they are read. The files that were opened stay the matrix,
whatever is done to their names.
"""

from __future__ import annotations

import errno
import io
import os
import shutil
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import IO, Any

import numpy as np

from glove_adagrad.cooccurrence.meta import format_meta, is_old, parse_meta
from glove_adagrad.cooccurrence.tiles import Tiles, read_at
from glove_adagrad.cooccurrence.windows import Windows
from glove_adagrad.decoding import DamagedError, read_array
from glove_adagrad.errors import InputError
from glove_adagrad.files import check_output_folder
from glove_adagrad.vocabulary import Vocabulary


@dataclass(frozen=True, repr=False)
class CooccurrenceMatrix:
    """An opened folder of co-occurrences.

    Attributes
    ----------
    folder : Path
    meta : dict
        What `meta.json` says; see `cooccurrence.meta`.
    lower, upper : Tiles
        The halves; for a symmetric matrix the upper is the lower.
    nbytes : int
        Size of the files.
    """

    folder: Path
    meta: dict[str, Any]
    lower: Tiles
    upper: Tiles
    nbytes: int
    _words: bytes = field(repr=False)

    @classmethod
    def open(cls, folder: Path) -> CooccurrenceMatrix:
        """Open a folder.

        Raises
        ------
        InputError
            If it is missing, from another program or a newer version, or damaged.
        """
        while True:
            with _Folder(folder) as opened:
                try:
                    return cls._open(opened)
                except InputError:
                    if not opened.replaced():
                        raise

    @classmethod
    def _open(cls, opened: _Folder) -> CooccurrenceMatrix:
        folder = opened.path
        meta = parse_meta(opened.read("meta.json"), folder / "meta.json")
        files = meta.get("files", {})
        words = opened.read("vocab.txt", files.get("vocab.txt"))
        lines = words.count(b"\n")
        if lines != meta["words"]:
            raise DamagedError(
                f"{folder / 'vocab.txt'}: has {lines:,} words where the matrix has {meta['words']:,}; count again"
            )
        halves = {}
        for half, checksum in meta["checksums"].items():
            name = f"{half}.npy"
            table = read_array(opened.read(name, files.get(name)), folder / name)
            file = opened.open(f"{half}.bin")
            tiles = Tiles(folder / f"{half}.bin", table, meta["words"], checksum, file, old=is_old(meta))
            tiles.check_table()
            halves[half] = tiles
        matrix = cls(folder, meta, halves["lower"], halves.get("upper", halves["lower"]), opened.nbytes, words)
        matrix.check_size()
        if not all(tiles.has_checksums for tiles in halves.values()):
            matrix.check()
        cells = sum(tiles.cells for tiles in halves.values())
        if not cells <= matrix.records <= cells * (1 + matrix.symmetric):
            raise DamagedError(f"{folder}: has {cells:,} cells and says {matrix.records:,} records; count again")
        return matrix

    @staticmethod
    def read_meta(folder: Path) -> dict[str, Any]:
        """What `meta.json` says, once it is seen to be ours; errors as of `open`."""
        with _Folder(folder) as opened:
            return parse_meta(opened.read("meta.json"), folder / "meta.json")

    def check_size(self) -> None:
        """Compare the files' sizes with what the tables say; costs next to nothing.

        Raises
        ------
        DamagedError
            If one differs.
        """
        for tiles in self.halves.values():
            with tiles.open() as file:
                size = os.fstat(file.fileno()).st_size
            if size != tiles.file_offsets[-1]:
                raise DamagedError(
                    f"{tiles.path}: has {size:,} bytes where {tiles.file_offsets[-1]:,} were written; count again"
                )

    def check(self) -> None:
        """Read the files of tiles from front to back and compare them with their checksums.

        Where each tile has a checksum, readers compare it, and there is no need for this.

        Raises
        ------
        DamagedError
            If one differs.
        """
        for tiles in self.halves.values():
            checksum = position = 0
            block = np.empty(1 << 22, np.uint8)
            with tiles.open() as file:
                while size := read_at(file, position, block):
                    checksum = zlib.crc32(block[:size], checksum)
                    position += size
            if checksum != tiles.checksum:
                raise DamagedError(f"{tiles.path}: is damaged (its checksum differs); count again")

    def __repr__(self) -> str:
        return f"CooccurrenceMatrix({self.words:,} words, {self.records:,} records, {str(self.folder)!r})"

    @cached_property
    def vocabulary(self) -> Vocabulary:
        return Vocabulary.parse(self._words, self.folder / "vocab.txt", zeros=True)

    @property
    def words(self) -> int:
        return self.lower.words

    @property
    def records(self) -> int:
        """Cells that are not zero."""
        return int(self.meta["records"])

    @property
    def symmetric(self) -> bool:
        return self.upper is self.lower

    @property
    def denominator(self) -> int:
        return int(self.meta["denominator"])

    @property
    def tokens(self) -> int:
        """Words of the vocabulary in the corpus."""
        return int(self.meta["tokens"])

    @property
    def min_cooccurrence(self) -> float:
        """Cells with a smaller X have been left out."""
        return float(self.meta["min_cooccurrence"])

    @property
    def windows(self) -> Windows | None:
        """The settings of the count; None where it was made elsewhere and they are not known."""
        return Windows.from_json(self.meta["windows"], self.folder) if self.meta["windows"] else None

    @property
    def counted(self) -> np.ndarray:
        """float64 [V]: how many occurrences of each word were counted, on average where some were left out."""
        counts = self.vocabulary.counts.astype(np.float64)
        return self.windows.counted(counts) if self.windows else counts

    @property
    def halves(self) -> dict[str, Tiles]:
        return {"lower": self.lower} if self.symmetric else {"lower": self.lower, "upper": self.upper}

    def sums(self) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """The cells as stored, tile by tile: of a symmetric matrix, only those with word >= context.

        Yields
        ------
        word, context : int64 arrays
            Ranks from 0.
        sums : uint64 array
            X times the denominator.
        """
        for half, tiles in self.halves.items():
            with tiles.open() as file:
                for tile in range(tiles.parts**2):
                    row, column, sums = tiles.cells_of(file, tile)
                    yield (row, column, sums) if half == "lower" else (column, row, sums)

    def cells(self) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """All cells, tile by tile, each once.

        Yields
        ------
        word, context : int64 arrays
            Ranks from 0.
        x : float64 array
        """
        for word, context, sums in self.sums():
            x = sums / float(self.denominator)  # which may have more than 64 bits
            yield word, context, x
            if self.symmetric:
                apart = word != context
                yield context[apart], word[apart], x[apart]

    def to_scipy(self) -> Any:
        """All of X as a scipy.sparse CSR array of float64 [V, V], in memory: 12 bytes a record, and as much again
        while it is made."""
        from scipy import sparse

        rows, columns = np.empty((2, self.records), np.int32)
        values = np.empty(self.records)
        end = 0
        for word, context, x in self.cells():
            begin, end = end, end + len(x)
            rows[begin:end], columns[begin:end], values[begin:end] = word, context, x
        return sparse.coo_array((values, (rows, columns)), shape=(self.words, self.words)).tocsr()


#: Whether a folder can be opened, and files be opened in it; not on Windows.
_HOLDS_FOLDERS = os.open in os.supports_dir_fd and hasattr(os, "O_DIRECTORY")


class _Folder:
    """A folder that is opened once: all files come from it, even if another takes its name meanwhile.

    Where the system cannot open folders, `replaced` still detects that another took its name.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.nbytes = 0
        self._descriptor: int | None = None
        try:
            self._status = os.stat(path)
            if _HOLDS_FOLDERS:
                self._descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
                self._status = os.fstat(self._descriptor)
            elif not path.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        except OSError as error:
            raise self._error("meta.json", error) from None

    def open(self, name: str) -> IO[bytes]:
        """A file of the folder, open for reading."""
        try:
            file = open(  # noqa: SIM115
                self.path / name if self._descriptor is None else name, "rb", buffering=0, opener=self._opener
            )
        except OSError as error:
            raise self._error(name, error) from error
        self.nbytes += os.fstat(file.fileno()).st_size
        return file

    def _opener(self, name: str, flags: int) -> int:
        return os.open(name, flags, dir_fd=self._descriptor)

    def read(self, name: str, checksum: int | None = None) -> bytes:
        """The content of a file; its CRC-32 must be the given one."""
        with self.open(name) as file:
            data = file.read()
        if checksum is not None and zlib.crc32(data) != checksum:
            raise DamagedError(f"{self.path / name}: is damaged (its checksum differs); count again")
        return data

    def replaced(self) -> bool:
        """Whether the name stands for another folder by now."""
        try:
            return not os.path.samestat(os.stat(self.path), self._status)
        except OSError:
            return False

    def _error(self, name: str, error: OSError) -> InputError:
        if name == "meta.json" and isinstance(error, NotADirectoryError):
            return InputError(
                f"{self.path}: is a file, not a folder of co-occurrences; count a text with cooccur, or import "
                "records of Stanford's programs with import-records"
            )
        if name == "meta.json" and isinstance(error, FileNotFoundError):
            return InputError(f"{self.path}: holds no co-occurrences (no meta.json); make them with cooccur")
        return InputError(f"{self.path / name}: cannot be read ({error.strerror}); count again")

    def __enter__(self) -> _Folder:
        return self

    def __exit__(self, *error: object) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)


#: Everything that a folder of co-occurrences may hold; a folder with other files is never replaced.
_FILES = {"meta.json", "vocab.txt", "lower.bin", "lower.npy", "upper.bin", "upper.npy"}


def check_output(folder: Path) -> None:
    """Refuse, before any work is done, a folder that could not be written or holds something else.

    Raises
    ------
    InputError
        As `check_replaceable`, or if the parent folder cannot be written.
    """
    check_output_folder(folder.absolute().parent)
    check_replaceable(folder)


def check_replaceable(folder: Path) -> None:
    """Refuse to replace anything but an empty folder or a co-occurrence matrix without other files in it.

    Raises
    ------
    InputError
        If `folder` is a file, is not a matrix, or holds other files.
    """
    if not folder.exists():
        return
    if not folder.is_dir():
        raise InputError(f"{folder}: is a file; name a folder")
    names = {path.name for path in folder.iterdir()}
    if names:
        try:
            CooccurrenceMatrix.read_meta(folder)
        except InputError:
            raise InputError(
                f"{folder}: is not a co-occurrence matrix and would be replaced; choose another output"
            ) from None
    if foreign := sorted(names - _FILES):
        raise InputError(f"{folder}: holds {foreign[0]}, which would be lost; move it or choose another output")


def write_matrix(
    folder: Path,
    vocabulary: Vocabulary,
    windows: Windows | None,
    tokens: int,
    halves: dict[str, Tiles],
    *,
    denominator: int,
    min_cooccurrence: float,
) -> None:
    """Make a folder of co-occurrences out of finished tiles, whose files are moved there."""
    records = sum(tiles.cells for tiles in halves.values())
    if records == 0:
        raise InputError("no two words of the vocabulary occur within a window; is the text one word a line?")
    if "upper" not in halves:
        records += records - _diagonal_cells(halves["lower"])
    vocabulary.write(folder / "vocab.txt")
    files = {"vocab.txt": zlib.crc32((folder / "vocab.txt").read_bytes())}
    for half, tiles in halves.items():
        table = io.BytesIO()  # numpy's own writing to a full disk gives an error that does not say so
        np.save(table, tiles.table)
        (folder / f"{half}.npy").write_bytes(table.getvalue())
        files[f"{half}.npy"] = zlib.crc32(table.getvalue())
        shutil.move(tiles.path, folder / f"{half}.bin")
    meta = {
        "words": len(vocabulary),
        "tokens": tokens,
        "records": records,
        "denominator": denominator,
        "windows": windows and windows.to_json(),
        "min_cooccurrence": min_cooccurrence,
        "checksums": {half: tiles.checksum for half, tiles in halves.items()},
        "files": files,
    }
    (folder / "meta.json").write_bytes(format_meta(meta))


def _diagonal_cells(tiles: Tiles) -> int:
    """Words that co-occur with themselves."""
    number = 0
    with tiles.open() as file:
        for part in range(tiles.parts):
            row, column, _ = tiles.cells_of(file, part * tiles.parts + part)
            number += int((row == column).sum())
    return number
