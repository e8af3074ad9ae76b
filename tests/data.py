"""Where the tests' files are."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).parents[1]

#: Outputs of Stanford's programs; see its README.md.
GOLDEN = Path(__file__).parent / "golden"
TINY = GOLDEN / "tiny.txt"

#: Corpora, vectors and cases that are not in the repository: the folder that the variable GLOVE_SHARED names.
SHARED = Path(os.environ.get("GLOVE_SHARED") or "GLOVE_SHARED is not set")
