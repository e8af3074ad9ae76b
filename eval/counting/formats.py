"""Counting speed of corpora in other formats, side by side with the same text as plain text.

    python -m eval.counting.formats CORPUS [--runs 5] [--documents 100]

The text is written in each format to a temporary folder, `--documents` lines of it to a document. Vocabulary and
co-occurrences are then counted from each file in turn, all formats once before any is counted again. Also compares
the reader of CoNLL-U with the package conllu on 20,000 words. Writes `formats.md` next to this file.
"""

from __future__ import annotations

import argparse
import csv
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import conllu
import pyarrow
from pyarrow import parquet

from eval.measure import provenance
from glove_adagrad.cooccurrence.count import compile_counting, count_cooccurrences
from glove_adagrad.cooccurrence.windows import Windows
from glove_adagrad.corpus import open_corpus
from glove_adagrad.provenance import measured_by
from glove_adagrad.text_options import TextOptions
from glove_adagrad.vocabulary import Vocabulary

HERE = Path(__file__).parent
WORKERS = 2


def write_text(path: Path, texts: list[str]) -> None:
    path.write_text("\n\n".join(texts) + "\n\n", encoding="utf-8")


def write_json_lines(path: Path, texts: list[str]) -> None:
    with open(path, "w", encoding="utf-8") as file:
        for number, text in enumerate(texts):
            record = {"id": f"document-{number}", "text": text, "source": "wiki", "metadata": {"length": len(text)}}
            file.write(json.dumps(record) + "\n")


def write_parquet(path: Path, texts: list[str]) -> None:
    table = pyarrow.table({"id": list(range(len(texts))), "text": texts})
    parquet.write_table(table, path, row_group_size=1000, compression="zstd")


def write_csv(path: Path, texts: list[str]) -> None:
    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("id", "text"), *enumerate(texts)])


def write_conllu(path: Path, texts: list[str]) -> None:
    with open(path, "w", encoding="utf-8") as file:
        for text in texts:
            file.write("# newdoc\n")
            for line in filter(None, text.split("\n")):
                words = enumerate(line.split(" "), start=1)
                file.writelines(f"{n}\t{word}\t{word}\tNOUN\t_\t_\t0\troot\t_\t_\n" for n, word in words if word)
                file.write("\n")


WRITERS: dict[str, Callable[[Path, list[str]], None]] = {
    "text": write_text,
    "jsonl": write_json_lines,
    "parquet": write_parquet,
    "csv": write_csv,
    "conllu": write_conllu,
}


def count(path: Path, text_format: str, folder: Path) -> tuple[float, int]:
    """Seconds to count vocabulary and co-occurrences, and tokens."""
    begin = time.perf_counter()
    text = open_corpus([path], TextOptions(text_format))
    vocabulary = Vocabulary.count(text, workers=WORKERS)
    matrix = count_cooccurrences(text, vocabulary, folder / "matrix", same_text=True, workers=WORKERS)
    return time.perf_counter() - begin, matrix.tokens


def treebank_readers(path: Path) -> tuple[float, float]:
    """Words a second of this package's reader and of conllu, on the same words."""
    lines = path.read_text(encoding="utf-8").split("\n")[:20_000]
    part = path.with_name("part.conllu")
    part.write_text("\n".join(lines) + "\n\n", encoding="utf-8")
    begin = time.perf_counter()
    for _ in range(10):
        words = sum(chunk.text.tobytes().count(b" ") for chunk in open_corpus([part], TextOptions("conllu")).chunks())
    ours = 10 * words / (time.perf_counter() - begin)
    begin = time.perf_counter()
    with open(part, encoding="utf-8") as file:
        words = sum(len(tree) for tree in conllu.parse_incr(file))
    return ours, words / (time.perf_counter() - begin)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--documents", type=int, default=100, help="lines of a document")
    arguments = parser.parse_args()
    lines = arguments.corpus.read_text(encoding="utf-8", errors="replace").split("\n")
    step = arguments.documents
    texts = ["\n".join(lines[at : at + step]) for at in range(0, len(lines), step)]
    seconds: dict[str, list[float]] = {name: [] for name in WRITERS}
    tokens = set()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for text_format, write in WRITERS.items():
            write(folder / text_format, texts)
        compile_counting(Windows(), folder)
        for _ in range(arguments.runs):
            for text_format in WRITERS:
                taken, number = count(folder / text_format, text_format, folder)
                seconds[text_format].append(taken)
                tokens.add(number)
        sizes = {text_format: (folder / text_format).stat().st_size for text_format in WRITERS}
        ours, theirs = treebank_readers(folder / "conllu")
    if len(tokens) != 1:
        sys.exit(f"the formats gave different numbers of tokens: {sorted(tokens)}")
    print(report(seconds, sizes, tokens.pop(), len(texts), ours, theirs))


def report(
    seconds: dict[str, list[float]], sizes: dict[str, int], tokens: int, documents: int, ours: float, theirs: float
) -> str:
    """Write the table."""
    rows = []
    for text_format, times in seconds.items():
        speed = statistics.median(plain / other for plain, other in zip(seconds["text"], times, strict=True))
        rows.append(
            f"| {text_format} | {sizes[text_format] / 1e6:,.0f} MB | {statistics.median(times):.1f} s | "
            f"{tokens / statistics.median(times) / 1e6:.2f} million | {speed:.2f} |"
        )
    text = "\n".join(
        [
            "# Counting other formats",
            "",
            *measured_by([provenance()]),
            f"{tokens:,} tokens in {documents:,} documents; vocabulary and co-occurrences, window 15, {WORKERS} "
            f"workers; medians of {len(seconds['text'])} turns. The speed is the median of the ratios within a turn.",
            "",
            "| format | file | time | tokens a second | speed, plain text = 1 |",
            "|---|---|---|---|---|",
            *rows,
            "",
            f"Words of CoNLL-U a second: {ours / 1e3:,.0f} thousand; "
            f"the package conllu: {theirs / 1e3:,.0f} thousand.",
            "",
        ]
    )
    (HERE / "formats.md").write_text(text, encoding="utf-8")
    return text


if __name__ == "__main__":
    main()
