"""Results of evaluation as tables of text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from glove_adagrad.cli.tables import table
from glove_adagrad.evaluation.analogies import AnalogyResult, Score
from glove_adagrad.evaluation.columns import Layout
from glove_adagrad.evaluation.questions import SEMANTIC, SYNTACTIC
from glove_adagrad.evaluation.statistics import RESAMPLES, Interval
from glove_adagrad.evaluation.suite import Evaluation
from glove_adagrad.text import printable

METHOD_NAMES = {"add": "3CosAdd", "mul": "3CosMul"}

_UNDEFINED = "-"


def evaluation_text(
    models: Sequence[Evaluation],
    comparisons: Sequence[dict[str, Any]] = (),
    layouts: Sequence[tuple[str, Layout]] = (),
) -> str:
    """Tables of all results, the models side by side, what the numbers mean, and what was guessed of the files."""
    marks = [f"[{n}] " for n in range(1, len(models) + 1)] if len(models) > 1 else [""]
    rows = [
        [f"{mark}{model.name}", f"{model.words:,} words", f"{model.vector_size} dimensions"]
        for mark, model in zip(marks, models, strict=True)
    ]
    blocks = [[*table(rows), f"Rules: {models[0].rules.describe()}."]]
    for index in range(len(models[0].analogies)):
        blocks.append(_analogy_block([model.analogies[index] for model in models], marks))
    if models[0].similarity:
        blocks.append(_similarity_block(models, marks))
    if models[0].categories:
        blocks.append(_category_block(models, marks))
    guessed = [f"{name} was read with {line}" for name, layout in layouts if (line := layout.describe())]
    if guessed:
        blocks.append(guessed)
    if comparisons:
        blocks.append(_comparison_block(comparisons, marks))
    return "\n\n".join("\n".join(map(printable, block)) for block in blocks)


def percent(share: float | None) -> str:
    """A share in per cent with two decimals."""
    return _UNDEFINED if share is None else f"{100 * share:.2f}"


def decimals(value: float | None) -> str:
    """A correlation with three decimals."""
    return _UNDEFINED if value is None else f"{value:.3f}"


def interval_text(interval: Interval | None) -> str:
    """The ends of an interval with three decimals."""
    return _UNDEFINED if interval is None else f"{interval[0]:.3f} to {interval[1]:.3f}"


def probability(p_value: float | None) -> str:
    """A p-value with two digits."""
    if p_value is None:
        return _UNDEFINED
    return "< 1e-300" if p_value < 1e-300 else f"{p_value:.2g}"


def _analogy_block(results: Sequence[AnalogyResult], marks: Sequence[str]) -> list[str]:
    first = results[0]
    scored = "correct/asked" if first.rules.oov_as_zero else "correct/answered"
    rows = [["  section", "asked"]]
    for mark in marks:
        rows[0] += [mark.strip() or scored, "%"]

    def add(name: str, scores: list[Score]) -> None:
        row = [f"  {name}", f"{scores[0].asked:,}"]
        for score in scores:
            of = score.asked if score.oov_as_zero else score.answered
            row += [f"{score.correct:,}/{of:,}", percent(score.accuracy)]
        rows.append(row)

    for parts in zip(*(result.sections for result in results), strict=True):
        add(parts[0].name, [result.score(part) for result, part in zip(results, parts, strict=True)])
    rows.append([])
    for kind in (SEMANTIC, SYNTACTIC, ""):
        scores = [result.total(kind) for result in results]
        if scores[0].asked:
            add(kind or "total (micro)", scores)
    last = [["  mean of sections (macro)", ""], ["  answered/asked", ""]]
    for result in results:
        last[0] += ["", percent(result.macro_accuracy())]
        total = result.total()
        last[1] += [f"{total.answered:,}/{total.asked:,}", percent(total.coverage)]
    title = f"Analogies: {first.name}, {METHOD_NAMES[first.method]}"
    return [f"{title}; {scored} and per cent of each" if len(marks) > 1 else title, *table(rows + last)]


def _similarity_block(models: Sequence[Evaluation], marks: Sequence[str]) -> list[str]:
    rows = [["Similarity", "answered", "Spearman", "95 % interval", "Pearson", "95 % interval"]]
    for results in zip(*(model.similarity for model in models), strict=True):
        for mark, result in zip(marks, results, strict=True):
            rows.append(
                [
                    f"  {mark}{result.name}",
                    f"{result.answered:,}/{result.asked:,}",
                    decimals(result.spearman),
                    interval_text(result.spearman_interval),
                    decimals(result.pearson),
                    interval_text(result.pearson_interval),
                ]
            )
    return [*table(rows), f"  Intervals: bootstrap over pairs, {RESAMPLES:,} resamples."]


def _category_block(models: Sequence[Evaluation], marks: Sequence[str]) -> list[str]:
    rows = [["Categories", "classes", "answered", "purity %"]]
    for results in zip(*(model.categories for model in models), strict=True):
        for mark, result in zip(marks, results, strict=True):
            answered = f"{result.answered:,}/{result.asked:,}"
            rows.append([f"  {mark}{result.name}", str(result.classes), answered, percent(result.purity)])
    return table(rows)


def _comparison_block(comparisons: Sequence[dict[str, Any]], marks: Sequence[str]) -> list[str]:
    first = marks[0].strip()
    analogies = [["Analogies", "common", f"only {first}", "only the other", "McNemar's p"]]
    similarity = [["Similarity", "common", first, "the other", "difference", "95 % interval", "p"]]
    for mark, compared in zip(marks[1:], comparisons, strict=True):
        for part in compared["analogies"]:
            name = f"  {mark}{part['name']}, {METHOD_NAMES[part['method']]}"
            counts = [f"{part[key]:,}" for key in ("common", "only_first", "only_second")]
            analogies.append([name, *counts, probability(part["p_value"])])
        for part in compared["similarity"]:
            figures = [decimals(part[key]) for key in ("first", "second", "difference")]
            ends = [interval_text(part["interval"]), probability(part["p_value"])]
            similarity.append([f"  {mark}{part['name']}", f"{part['common']:,}", *figures, *ends])
    lines = [f"Compared with {first}, on the questions that both can answer"]
    for rows in (analogies, similarity):
        lines += table(rows) if len(rows) > 1 else []
    return lines
