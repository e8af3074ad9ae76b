"""Folders of co-occurrences as earlier versions wrote them, made out of those of today."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import numpy as np

from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
from glove_adagrad.decoding import sealed_json


def as_format(folder: Path, version: int) -> None:
    """Rewrite a folder in format 1 or 2, which have a uint32 for each row of a tile.

    Format 1 has no checksums of tiles, tables and meta.json, and its windows have no `sample`.
    """
    matrix = CooccurrenceMatrix.open(folder)
    meta = json.loads((folder / "meta.json").read_text())
    del meta["checksum"]
    meta["format"] = f"glove-adagrad co-occurrences {version}"
    for half, tiles in matrix.halves.items():
        data, table = b"", []
        with tiles.open() as file:
            for tile in range(tiles.parts**2):
                row, column, sums = tiles.cells_of(file, tile)
                ends = [int((row // tiles.parts <= a).sum()) for a in range(tiles.sizes[tile // tiles.parts])]
                large = sums[sums >> np.uint64(32) > 0]
                sections = [
                    np.array(ends, "<u4"), (column // tiles.parts).astype("<u2"),
                    np.where(sums >> np.uint64(32) > 0, 0, sums).astype("<u4"), large.astype("<u8"),
                ]  # fmt: skip
                raw = b"".join(part.tobytes() + bytes(-part.nbytes % 8) for part in sections)
                table.append([len(data), len(row), len(large), zlib.crc32(raw)])
                data += raw
        (folder / f"{half}.bin").write_bytes(data)
        np.save(folder / f"{half}.npy", np.array(table, np.int64)[:, : 3 if version == 1 else 4])
        meta["checksums"][half] = zlib.crc32(data)
        meta["files"][f"{half}.npy"] = zlib.crc32((folder / f"{half}.npy").read_bytes())
    if version == 1:
        del meta["windows"]["sample"], meta["files"]
    (folder / "meta.json").write_bytes(json.dumps(meta).encode() if version == 1 else sealed_json(meta))
