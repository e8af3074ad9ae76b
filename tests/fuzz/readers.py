"""All readers under test."""

from __future__ import annotations

from fuzz import readers_formats, readers_matrix, readers_sets, readers_text, readers_vectors
from fuzz.cases import Reader

GROUPS: dict[str, list[Reader]] = {
    "text": readers_text.READERS,
    "formats": readers_formats.READERS,
    "sets": readers_sets.READERS,
    "vectors": readers_vectors.READERS,
    "matrix": readers_matrix.READERS,
}
READERS = [reader for group in GROUPS.values() for reader in group]
