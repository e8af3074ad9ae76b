"""`glove-adagrad info`: describe a co-occurrence folder or a run."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import numpy as np

from glove_adagrad.cli import option_types, options, sections, sources
from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
from glove_adagrad.text import printable

#: What a record takes in training on one core, in nanoseconds: at all, and for each component of its vectors.
#: Measured on one machine; others differ by a factor of two or so.
_RECORD_NS, _COMPONENT_NS = 32, 0.47

#: Distance weights that are listed.
_SHOWN_WEIGHTS = 10


@click.command()
@click.argument("folder", type=option_types.FilePath(), metavar="DIR")
@sections.setting(
    sections.OPTIONS,
    "trainer:TrainingSettings",
    "--vector-size",
    type=option_types.Whole(1),
    help="For the estimates of training.",
)
@options.workers_option
@sources.json_option
def info(folder: Path, vector_size: int, workers: int, as_json: bool) -> None:
    """Describe DIR, a co-occurrence folder or a run: where it comes from, counts, settings, cost of training."""
    from glove_adagrad.derived import is_derived
    from glove_adagrad.formats.run_folder import matrix_folder

    rows, counted, trained = [], matrix_folder(folder), (folder / "history.json").exists()
    if trained and (counted.exists() or not is_derived(folder)):
        rows.append(("co-occurrences", str(counted) if counted.exists() else f"{counted}, which is gone"))
    matrix = CooccurrenceMatrix.open(counted) if counted.exists() or not trained else None
    if as_json:
        click.echo(json.dumps(_as_json(folder if trained else None, matrix, workers), indent=2))
        return
    if trained:
        rows += _provenance_rows(folder)
    if matrix is not None:
        rows += _matrix_rows(matrix, vector_size, workers)
    if trained:
        rows += _run_rows(folder)
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        click.echo(printable(f"{name:<{width}}  {value}"))


def _as_json(run: Path | None, matrix: CooccurrenceMatrix | None, workers: int) -> dict[str, Any]:
    from glove_adagrad.cooccurrence.summary import summarize
    from glove_adagrad.formats.run_folder import read_history

    described: dict[str, Any] = {}
    if matrix is not None:
        more = {name: matrix.meta[name] for name in ("windows", "min_cooccurrence", "denominator")}
        described["cooccurrence"] = {"folder": str(matrix.folder), **asdict(summarize(matrix, workers)), **more}
    if run is not None:
        described["run"] = read_history(run)
    return described


def _provenance_rows(run: Path) -> list[tuple[str, str]]:
    from glove_adagrad.formats.run_folder import read_history

    history = read_history(run)
    found = dict(history["provenance"])
    corpus = ", ".join(map(str, found.pop("corpus", [])))
    size = found.pop("bytes", None)
    if corpus:
        found["corpus"] = f"{corpus} ({_size(size)})" if isinstance(size, int) else corpus
    found["versions"] = ", ".join(f"{name} {version}" for name, version in history["versions"].items())
    return [(name.replace("_", " "), _plain(value)) for name, value in found.items() if value not in (None, "")]


def _plain(value: Any) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _matrix_rows(matrix: CooccurrenceMatrix, vector_size: int, workers: int) -> list[tuple[str, str]]:
    from glove_adagrad.cooccurrence.summary import summarize

    summary = summarize(matrix, workers)
    parameters = 16 * summary.words * (vector_size + 1)  # two vectors and their accumulators, of 4 bytes each
    seconds = summary.records * (_RECORD_NS + _COMPONENT_NS * vector_size) / workers / 1e9
    quantiles = "  ".join(f"{share:.4g}: {x:.4g}" for share, x in summary.quantiles.items())
    windows = matrix.windows
    return [
        ("words", f"{summary.words:,}"),
        ("tokens", f"{summary.tokens:,}"),
        ("records", f"{summary.records:,}, {summary.records / summary.words**2:.3%} of all pairs"),
        ("sum of X", f"{summary.total:,.0f}"),
        ("quantiles of X", quantiles),
        ("size", f"{_size(summary.bytes)}, {summary.bytes / summary.records:.1f} bytes a record"),
        (
            "window",
            f"{windows.window}, {'both sides' if windows.symmetric else 'left only'}" if windows else "unknown",
        ),
        ("weight of a pair", _weights(windows.distance_weights) if windows else "unknown"),
        ("context ends at", windows.boundary if windows else "unknown"),
        ("sample", (f"{windows.sample:g}" if windows.sample else "off") if windows else "unknown"),
        ("unknown words", _unknown_words(matrix)),
        ("least X", f"{matrix.min_cooccurrence:g}" if matrix.min_cooccurrence else "all are kept"),
        ("stored as", f"whole numbers / {matrix.denominator:,}"),
        (
            "an epoch",
            f"about {_time(seconds)} with {vector_size} components and {workers} "
            f"worker{'s' if workers > 1 else ''}, an estimate",
        ),
        (
            "training memory",
            f"{_size(parameters)} for parameters, {_size(summary.bytes)} for the matrix if there is room",
        ),
    ]


def _weights(distance_weights: str) -> str:
    names = {"harmonic": "1/distance", "flat": "1", "linear": "(window + 1 - distance) / window"}
    if distance_weights in names:
        return names[distance_weights]
    weights = distance_weights.split(",")
    return f"{', '.join(weights[:_SHOWN_WEIGHTS])}{', ...' if len(weights) > _SHOWN_WEIGHTS else ''} by distance"


def _unknown_words(matrix: CooccurrenceMatrix) -> str:
    if matrix.windows is None:
        return "unknown"
    return "occupy a window position" if matrix.windows.keep_positions else "occupy no window position"


def _run_rows(run: Path) -> list[tuple[str, str]]:
    from glove_adagrad.formats.run_folder import is_run, read_history, read_run

    rows = []
    if epochs := read_history(run)["epochs"]:
        seconds = [epoch["seconds"] for epoch in epochs if epoch.get("seconds") is not None]
        median = f" median {_time(float(np.median(seconds)))}," if seconds else ""
        rows.append(("epochs run", f"{len(epochs)},{median} last loss {epochs[-1]['loss']:.6f}"))
    if is_run(run):
        model = read_run(run)
        sums = model.select().vectors
        for name, vectors in (
            ("word vectors", model.word_vectors), ("context vectors", model.context_vectors), ("vectors", sums),
        ):  # fmt: skip
            zeros = 1 - np.count_nonzero(vectors) / vectors.size
            rows.append((name, f"{vectors.shape[0]:,} x {vectors.shape[1]:,}, {zeros:.2%} exact zeros"))
    return rows


def _size(number: float) -> str:
    units = ["KB", "MB", "GB"]
    exponent = min(max(int(np.log2(max(number, 1)) / 10), 1), len(units))
    return f"{number / 1024**exponent:,.4g} {units[exponent - 1]}"


def _time(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.2g} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
