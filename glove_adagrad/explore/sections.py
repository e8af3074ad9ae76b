"""The sections of a page that describe a run: counts, settings, scores, time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from glove_adagrad.evaluation import Evaluation
from glove_adagrad.evaluation.questions import SEMANTIC, SYNTACTIC
from glove_adagrad.explore.document import escaped, table
from glove_adagrad.formats import WordVectors

_UNDEFINED = "–"


def counts_section(wv: WordVectors, more: Mapping[str, str] | None = None) -> str:
    """Describe the size of a model, and `more`."""
    counts = {"words": f"{len(wv.words):,}", "components of a vector": f"{wv.vectors.shape[1]:,}"}
    if wv.counts is not None:
        counts["occurrences of these words"] = f"{int(wv.counts.sum()):,}"
    return "<h2>Counts</h2>" + pairs({**counts, **(more or {})})


def history_sections(history: Mapping[str, Any]) -> str:
    """Describe how a run was made: everything in its `history.json` but the epochs."""
    named = {"settings": "Settings", "stages": "Time by stage", "versions": "Versions"}
    parts = []
    for key, values in history.items():
        if key == "epochs" or not values:
            continue
        if not isinstance(values, dict):
            values = {key: values}
        if key == "stages":
            values = {stage: f"{seconds:,.1f} s" for stage, seconds in values.items()}
        if key == "settings":
            values = _used(values)
        parts.append(f"<h2>{escaped(named.get(key, key.replace('_', ' ').capitalize()))}</h2>{pairs(values)}")
    return "\n".join(parts)


def _used(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out settings that have no effect: those of unobserved pairs where none are drawn."""
    off = not settings.get("unobserved", True)
    return {key: value for key, value in settings.items() if not (off and key.startswith("unobserved_"))}


def scores_section(result: Evaluation) -> str:
    """Show the scores of every test set; sets of which nothing can be answered are named in one line."""
    parts = [f"<h2>Evaluation</h2><p>Rules: {escaped(result.rules.describe())}.</p>"]
    unanswered = [a.name for a in result.analogies if not a.total().answered]
    unanswered += [p.name for p in result.similarity if not p.answered]
    if any(a.total().answered for a in result.analogies):
        parts.append(_analogies(result))
    if any(p.answered for p in result.similarity):
        parts.append(_similarity(result))
    if unanswered:
        parts.append(
            f"<p>Not scored, as no item has all its words in the vocabulary: {escaped(', '.join(unanswered))}.</p>"
        )
    return "\n".join(parts)


def pairs(values: Mapping[str, Any]) -> str:
    """Return a table of names and values."""
    return table(["", ""], [[key.replace("_", " "), _plain(value)] for key, value in values.items()], "text")


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key.replace('_', ' ')} {_plain(part)}" for key, part in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_plain, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return "none" if value is None else str(value)


def _analogies(result: Evaluation) -> str:
    rows = []
    for analogies in result.analogies:
        if not analogies.total().answered:
            continue
        scores = [(section.name, analogies.score(section)) for section in analogies.sections]
        scores += [
            (kind or f"{analogies.name}: total (micro)", analogies.total(kind)) for kind in (SEMANTIC, SYNTACTIC, "")
        ]
        for name, score in scores:
            counts = [f"{count:,}" for count in (score.asked, score.answered, score.correct)]
            rows.append([name, *counts, _percent(score.accuracy)])
        rows.append([f"{analogies.name}: mean of sections (macro)", "", "", "", _percent(analogies.macro_accuracy())])
    return table(["analogies", "asked", "answered", "correct", "%"], rows)


def _percent(share: float | None) -> str:
    return _UNDEFINED if share is None else f"{100 * share:.2f}"


def _similarity(result: Evaluation) -> str:
    rows = []
    for scores in result.similarity:
        row = [scores.name, f"{scores.asked:,}", f"{scores.answered:,}"]
        for value, ends in ((scores.spearman, scores.spearman_interval), (scores.pearson, scores.pearson_interval)):
            row.append(_UNDEFINED if value is None else f"{value:.3f}")
            row.append(_UNDEFINED if ends is None else f"{ends[0]:.3f} to {ends[1]:.3f}")
        rows.append(row)
    return table(["similarity", "asked", "answered", "Spearman", "95 %", "Pearson", "95 %"], rows)
