"""The co-occurrence matrix on disk: a folder, checked when opened, memory-mapped when used.

A folder holds `meta.json` (settings, sizes, checksums), `vocab.txt`, and for each half of the matrix the tiles and
their table, `lower.bin` and `lower.npy`. The lower half holds X[a, b] for words a at least as rare as b. The upper
half holds X[b, a] under the row of a, a rarer than b; a symmetric matrix does without it.
"""

from __future__ import annotations

import io
import json
import shutil
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from glove_adagrad.cooccurrence.tiles import Tiles, Views
from glove_adagrad.cooccurrence.windows import Windows
from glove_adagrad.errors import InputError
from glove_adagrad.files import check_output_folder
from glove_adagrad.vocabulary import Vocabulary

FORMAT = "glove-adagrad co-occurrences 1"


@dataclass(frozen=True, repr=False)
class CooccurrenceMatrix:
    """An opened folder of co-occurrences.

    Attributes
    ----------
    folder : Path
    meta : dict
        What `meta.json` says: `words`, `tokens`, `records`, `denominator`, `windows`, `min_cooccurrence`,
        `checksums`.
    lower, upper : Tiles
        The halves; for a symmetric matrix the upper is the lower.
    """

    folder: Path
    meta: dict[str, Any]
    lower: Tiles
    upper: Tiles

    @classmethod
    def open(cls, folder: Path) -> CooccurrenceMatrix:
        """Open a folder.

        Raises
        ------
        InputError
            If it is missing, from another program, or damaged.
        """
        meta = cls.read_meta(folder)
        halves = {}
        for half, checksum in meta["checksums"].items():
            try:
                table = np.load(folder / f"{half}.npy")
                tiles = Tiles(folder / f"{half}.bin", table, meta["words"], checksum)
                size = tiles.path.stat().st_size
            except (OSError, ValueError) as error:
                raise InputError(f"{folder}: {half} half cannot be read ({error}); count again") from error
            if len(table) != tiles.parts**2 or size != tiles.ends()[-1]:
                raise InputError(
                    f"{tiles.path}: has {size:,} bytes where {tiles.ends()[-1]:,} were written; count again"
                )
            halves[half] = tiles
        return cls(folder, meta, halves["lower"], halves.get("upper", halves["lower"]))

    @staticmethod
    def read_meta(folder: Path) -> dict[str, Any]:
        """What `meta.json` says, once it is seen to be ours; errors as of `open`."""
        path = folder / "meta.json"
        try:
            meta = json.loads(path.read_bytes())
        except FileNotFoundError:
            raise InputError(f"{folder}: holds no co-occurrences (no meta.json); make them with cooccur") from None
        except (OSError, ValueError) as error:
            raise InputError(f"{path}: cannot be read ({error})") from error
        if not isinstance(meta, dict) or meta.get("format") != FORMAT:
            raise InputError(f"{path}: is not of the format '{FORMAT}'; was it made by another program?")
        return meta

    def check(self) -> None:
        """Compare the files with their checksums.

        Raises
        ------
        InputError
            If one differs.
        """
        for tiles in self.halves.values():
            checksum = 0
            with open(tiles.path, "rb") as file:
                while block := file.read(1 << 22):
                    checksum = zlib.crc32(block, checksum)
            if checksum != tiles.checksum:
                raise InputError(f"{tiles.path}: is damaged (its checksum differs); count again")

    def __repr__(self) -> str:
        return f"CooccurrenceMatrix({self.words:,} words, {self.records:,} records, {str(self.folder)!r})"

    @cached_property
    def vocabulary(self) -> Vocabulary:
        return Vocabulary.read(self.folder / "vocab.txt")

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
        return Windows(**self.meta["windows"]) if self.meta["windows"] else None

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
        from glove_adagrad.kernels import cooccurrence as kernels

        for half, tiles in self.halves.items():
            with open(tiles.path, "rb") as file:
                for tile, cells in enumerate(tiles.table[:, 1].tolist()):
                    p, q = divmod(tile, tiles.parts)
                    row, column, sums = (
                        np.empty(cells, np.int64),
                        np.empty(cells, np.int64),
                        np.empty(cells, np.uint64),
                    )
                    views = Views(tiles.read(file, tile))
                    kernels.read_tile(
                        tiles.base_in_tile(tile), tiles.sizes[p], p, q, tiles.parts, *views.all, row, column, sums
                    )
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
            x = sums / self.denominator
            yield word, context, x
            if self.symmetric:
                apart = word != context
                yield context[apart], word[apart], x[apart]

    @classmethod
    def from_scipy(
        cls, matrix: Any, vocabulary: Vocabulary, output: Path, *, workers: int = 1, memory: int = 4 << 30
    ) -> CooccurrenceMatrix:
        """Write a matrix of SciPy's as a folder of co-occurrences.

        Parameters
        ----------
        matrix : scipy.sparse matrix or array [V, V], or array [V, V]
            X, of any format and numeric dtype; zeros that are stored count as not stored. Each X is kept to a
            relative 1e-9, and whole numbers exactly.
        vocabulary : Vocabulary
            The words of rows and columns.
        output : Path
            The folder to write; it replaces one of that name, and appears only when complete.
        workers, memory
            Threads and bytes to use besides the matrix.

        Raises
        ------
        InputError
            If the shape is not that of the vocabulary, an X is negative or not finite, or there is none.
        """
        from glove_adagrad.cooccurrence import sparse

        return sparse.from_scipy(matrix, vocabulary, output, workers=workers, memory=memory)

    def to_scipy(self) -> Any:
        """All of X as a scipy.sparse CSR array of float64 [V, V], in memory: 12 bytes a record, and as much again
        while it is made."""
        from glove_adagrad.cooccurrence import sparse

        return sparse.to_scipy(self)


def check_output(folder: Path) -> None:
    """Refuse, before any work is done, a folder that could not be written or holds something else.

    Raises
    ------
    InputError
        If `folder` is a file or a folder of other things, or the folder it is to stand in cannot be written.
    """
    check_output_folder(folder.absolute().parent)
    if not folder.exists():
        return
    if not folder.is_dir():
        raise InputError(f"{folder}: is a file; name a folder")
    if any(folder.iterdir()):
        try:
            CooccurrenceMatrix.read_meta(folder)
        except InputError:
            raise InputError(f"{folder}: is a folder of other things and would be replaced; name a new one") from None


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
        raise InputError("no two words of the vocabulary stand within a window; is the text one word a line?")
    if "upper" not in halves:
        records += records - _diagonal_cells(halves["lower"])
    vocabulary.write(folder / "vocab.txt")
    for half, tiles in halves.items():
        table = io.BytesIO()  # numpy's own writing to a full disk gives an error that does not say so
        np.save(table, tiles.table)
        (folder / f"{half}.npy").write_bytes(table.getvalue())
        shutil.move(tiles.path, folder / f"{half}.bin")
    meta = {
        "format": FORMAT,
        "words": len(vocabulary),
        "tokens": tokens,
        "records": records,
        "denominator": denominator,
        "windows": windows and asdict(windows),
        "min_cooccurrence": min_cooccurrence,
        "checksums": {half: tiles.checksum for half, tiles in halves.items()},
    }
    (folder / "meta.json").write_text(json.dumps(meta, indent=2) + "\n")


def _diagonal_cells(tiles: Tiles) -> int:
    """Words that co-occur with themselves: the cell is the last of its row, in a tile on the diagonal."""
    number = 0
    with open(tiles.path, "rb") as file:
        for part in range(tiles.parts):
            tile = part * tiles.parts + part
            raw, base = Views(tiles.read(file, tile)), tiles.base_in_tile(tile)
            ends = raw.u32[: tiles.sizes[part]].astype(np.int64)
            rows = np.flatnonzero(np.diff(ends, prepend=0))
            number += int((raw.u16[base[1] + ends[rows] - 1] == rows).sum())
    return number
