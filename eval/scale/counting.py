"""Time and memory of counting a generated text of up to a billion tokens, against one of 17 million.

    python -m eval.scale.counting [--tokens 1000000000] [--words 70000] [--folder SCRATCH]

Both texts are drawn from the same words by `eval.scale.zipf`, and counted by the command with --memory 2G and one
worker. Appends to `counting.json` in this folder; `report.py` writes `results.md`.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
from pathlib import Path
from typing import Any

from eval.measure import provenance, run
from eval.scale import zipf

HERE = Path(__file__).parent
SMALL = 17_000_000


def count(folder: Path, tokens: int, words: int, memory: str) -> dict[str, Any]:
    """Write a text, count it, and remove both."""
    text, vocab, output = folder / "text", folder / "vocab.txt", folder / "matrix"
    zipf.write(text, tokens, words)
    zipf.vocabulary(words, tokens).write(vocab)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    _, seconds, peak = run(
        [
            sys.executable, "-m", "glove_adagrad", "cooccur", str(text), "--vocab", str(vocab), "--output",
            str(output), "--memory", memory, "--workers", "1", "--quiet",
        ]
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    meta = json.loads((output / "meta.json").read_text())
    found = {
        "tokens": tokens,
        "words": words,
        "memory": memory,
        "seconds": seconds,
        "cpu_seconds": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        "peak_bytes": peak,
        "records": meta["records"],
        "text_bytes": text.stat().st_size,
        "folder_bytes": sum(path.stat().st_size for path in output.iterdir()),
    }
    print(json.dumps(found), flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=int, default=1_000_000_000)
    parser.add_argument("--words", type=int, default=70_000)
    parser.add_argument("--memory", default="2G")
    parser.add_argument("--folder", type=Path, help="for about 15 bytes a token")
    arguments = parser.parse_args()
    rows = []
    for tokens in (SMALL, arguments.tokens):
        with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
            rows.append(count(Path(folder), tokens, arguments.words, arguments.memory))
    path = HERE / "counting.json"
    runs = json.loads(path.read_text()) if path.exists() else []
    path.write_text(json.dumps([*runs, {"provenance": provenance(), "rows": rows}], indent=2) + "\n")


if __name__ == "__main__":
    main()
