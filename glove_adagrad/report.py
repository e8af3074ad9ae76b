"""One self-contained HTML page about a run: settings, counts, loss, evaluation, pictures, neighbours."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from glove_adagrad.decoding import decoding, read_json
from glove_adagrad.errors import InputError
from glove_adagrad.evaluation import Evaluation, default_suite, evaluate
from glove_adagrad.evaluation.neighbours import Neighbourhood
from glove_adagrad.evaluation.questions import SEMANTIC, SYNTACTIC
from glove_adagrad.formats import WordVectors, read_history, read_run
from glove_adagrad.text import printable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MAP_WORDS = 150
_SAMPLES = 12
_NEIGHBOURS = 8
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #222; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid #ddd; }
table { border-collapse: collapse; margin: 1rem 0; }
th, td { padding: .2rem .9rem .2rem 0; text-align: right; font-variant-numeric: tabular-nums; vertical-align: top; }
th:first-child, td:first-child, .text td, .text th { text-align: left; }
th { border-bottom: 1px solid #999; } tr:nth-child(even) { background: #f6f6f6; }
img { max-width: 100%; }
"""


def report_html(folder: Path, name: str) -> str:
    """The page about a run's folder.

    Raises
    ------
    InputError
        If the folder is no trained run, or matplotlib is missing.
    """
    from glove_adagrad.plots import plot_accuracy, plot_loss, plot_words, project
    from glove_adagrad.plots.projection import default_projection

    wv, history = read_run(folder).select(), read_history(folder)
    result = evaluate(wv, default_suite(), name=name)
    first = wv.words[:_MAP_WORDS]
    counts: dict[str, Any] = {"words": f"{len(wv.words):,}", "dimensions": wv.vectors.shape[1]}
    if wv.counts is not None:
        counts["occurrences of these words"] = f"{int(wv.counts.sum()):,}"
    parts = [
        "<h2>Counts</h2>",
        _pairs({**counts, **_cooccurrence_counts(folder)}),
        "<h2>Settings</h2>",
        _pairs(history["settings"]),
        "<h2>Loss</h2>",
        _picture(plot_loss({name: history["epochs"]}), "Training loss by epoch"),
        "<h2>Evaluation</h2>",
        f"<p>Rules: {html.escape(result.rules.describe())}.</p>",
        _analogies(result),
        _similarity(result),
        _picture(plot_accuracy({name: result.analogies[0]}), "Analogy accuracy by section"),
    ]
    if len(first) > 1:
        figure = plot_words(first, project(wv.vectors[: len(first)], default_projection()), name)
        parts += ["<h2>Map of the most frequent words</h2>", _picture(figure, "Map of words")]
    parts += ["<h2>Nearest words</h2>", "<p>Words evenly spread over the orders of frequency.</p>", _neighbours(wv)]
    stages = {stage: f"{seconds:,.1f} s" for stage, seconds in history["stages"].items()}
    parts += ["<h2>Time by stage</h2>", _pairs(stages), "<h2>Versions</h2>", _pairs(history["versions"])]
    title = html.escape(printable(name))
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style></head>\n<body><h1>Word vectors: {title}</h1>\n"
        + "\n".join(parts)
        + "\n</body></html>\n"
    )


def sample_words(words: Sequence[str]) -> list[str]:
    """The same dozen of words for the same vocabulary: ranks evenly spaced on a logarithmic scale from 50 on."""
    last = len(words) - 1
    ranks = np.geomspace(min(50, max(last // 10, 1)), max(min(20_000, last), 1), _SAMPLES)
    return [words[rank] for rank in dict.fromkeys(ranks.astype(int).tolist()) if rank <= last]


def _cooccurrence_counts(folder: Path) -> dict[str, str]:
    path = folder / "cooccurrence" / "meta.json"
    try:
        with decoding(path):
            meta = read_json(path.read_bytes(), path)
    except InputError:
        return {}  # a run may have been trained from co-occurrences elsewhere
    records = meta.get("records") if isinstance(meta, dict) else None
    return {"co-occurring pairs of words": f"{records:,}"} if isinstance(records, int) else {}


def _analogies(result: Evaluation) -> str:
    rows = []
    for analogies in result.analogies:
        scores = [(section.name, analogies.score(section)) for section in analogies.sections]
        scores += [(kind or "total (micro)", analogies.total(kind)) for kind in (SEMANTIC, SYNTACTIC, "")]
        for name, score in scores:
            counts = [f"{count:,}" for count in (score.asked, score.answered, score.correct)]
            rows.append([name, *counts, _percent(score.accuracy)])
        rows.append(["mean of sections (macro)", "", "", "", _percent(analogies.macro_accuracy())])
    return _table(["analogies", "asked", "answered", "correct", "%"], rows)


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.2f}"


def _similarity(result: Evaluation) -> str:
    rows = []
    for pairs in result.similarity:
        row = [pairs.name, f"{pairs.asked:,}", f"{pairs.answered:,}"]
        for value, ends in ((pairs.spearman, pairs.spearman_interval), (pairs.pearson, pairs.pearson_interval)):
            row.append("–" if value is None else f"{value:.3f}")
            row.append("–" if ends is None else f"{ends[0]:.3f} to {ends[1]:.3f}")
        rows.append(row)
    return _table(["similarity", "asked", "answered", "Spearman", "95 %", "Pearson", "95 %"], rows)


def _neighbours(wv: WordVectors) -> str:
    near = Neighbourhood(wv)
    rows = [
        [word, ", ".join(other for other, _ in near.similar(word, _NEIGHBOURS))]
        for word in sample_words(wv.words)
        if wv.vectors[wv.words.index(word)].any()
    ]
    return _table(["word", "nearest by cosine"], rows, "text")


def _pairs(values: dict[str, Any]) -> str:
    return _table(["", ""], [[key, _plain(value)] for key, value in values.items()], "text")


def _plain(value: Any) -> str:
    """A value of `history.json` for readers."""
    if isinstance(value, dict):
        return ", ".join(f"{key} {_plain(part)}" for key, part in value.items())
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else str(value)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], kind: str = "") -> str:
    top = "".join(f"<th>{html.escape(cell)}</th>" for cell in head) if any(head) else ""
    lines = [top] if top else []
    lines += ["".join(f"<td>{html.escape(printable(cell))}</td>" for cell in row) for row in rows]
    return f'<table class="{kind}">' + "".join(f"<tr>{line}</tr>\n" for line in lines) + "</table>"


def _picture(figure: Figure, alternative: str) -> str:
    from glove_adagrad.plots import svg_bytes

    data = base64.b64encode(svg_bytes(figure)).decode()
    return f'<img alt="{html.escape(alternative)}" src="data:image/svg+xml;base64,{data}">'
