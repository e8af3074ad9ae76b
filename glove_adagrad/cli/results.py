"""Results of evaluation as tables: text for a terminal, Markdown, or CSV."""

from __future__ import annotations

import csv
import io
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from glove_adagrad.cli.tables import table
from glove_adagrad.evaluation.analogies import AnalogyResult, Score
from glove_adagrad.evaluation.columns import Layout
from glove_adagrad.evaluation.questions import SEMANTIC, SYNTACTIC, QuestionLayout
from glove_adagrad.evaluation.statistics import LEAST_P_VALUE, RESAMPLES, Interval
from glove_adagrad.evaluation.suite import Evaluation
from glove_adagrad.formats.layout import VectorLayout
from glove_adagrad.text import printable

METHOD_NAMES = {"add": "3CosAdd", "mul": "3CosMul"}

_UNDEFINED = "-"
_COLUMNS = 80


class Block(NamedTuple):
    """A table: its title, rows of which the first has the headings, and notes. An empty row separates groups."""

    title: str
    rows: list[list[str]]
    notes: list[str]


def evaluation_blocks(
    models: Sequence[Evaluation],
    comparisons: Sequence[dict[str, Any]] = (),
    layouts: Sequence[tuple[str, Layout | QuestionLayout | VectorLayout]] = (),
    *,
    sections: bool = False,
) -> list[Block]:
    """Tables of all results, the models side by side.

    Parameters
    ----------
    comparisons : sequence of dict
        Of the first model with each other one, see `evaluation.compare_models`.
    layouts : sequence of (str, layout)
        How files of vectors and test sets were read, by name.
    sections : bool
        Show the sections of analogies; they are always shown for one or two models.
    """
    marks = [f"[{n}] " for n in range(1, len(models) + 1)] if len(models) > 1 else [""]
    rows = [["model", "words", "dimensions"]] + [
        [f"{mark}{model.name}", f"{model.words:,}", f"{model.vector_size}"]
        for mark, model in zip(marks, models, strict=True)
    ]
    blocks = [Block("", rows, [f"Rules: {models[0].rules.describe()}."])]
    for index in range(len(models[0].analogies)):
        results = [model.analogies[index] for model in models]
        if len(models) > 2:
            blocks.append(_analogy_totals(results, [model.name for model in models], marks))
        if len(models) <= 2 or sections:
            blocks.append(_analogy_sections(results, marks))
    if models[0].similarity:
        blocks.append(_similarity_block(models, marks))
    if models[0].categories:
        blocks.append(_category_block(models, marks))
    if layouts:
        blocks.append(Block("", [], [f"{name}: {layout.describe()}." for name, layout in layouts]))
    if comparisons:
        blocks += _comparison_blocks(comparisons, marks)
    return blocks


def as_text(blocks: Sequence[Block]) -> str:
    """Aligned columns for a terminal."""
    shown = []
    for block in blocks:
        rows = [
            [f"  {cell}" if column == 0 and cell else cell for column, cell in enumerate(row)] for row in block.rows
        ]
        notes = [textwrap.fill(printable(note), _COLUMNS) for note in block.notes]
        shown.append("\n".join([*([printable(block.title)] if block.title else []), *table(rows), *notes]))
    return "\n\n".join(shown)


def as_markdown(blocks: Sequence[Block]) -> str:
    """Tables of Markdown."""
    shown = []
    for block in blocks:
        lines = [f"**{printable(block.title)}**", ""] if block.title else []
        rows = [[printable(cell).replace("|", "\\|") for cell in row] for row in block.rows if row]
        for number, row in enumerate(rows):
            lines.append(f"| {' | '.join(row + [''] * (len(rows[0]) - len(row)))} |")
            if number == 0:
                lines.append("|---|" + "---:|" * (len(row) - 1))
        lines += [line for note in block.notes for line in ("", printable(note))]
        shown.append("\n".join(lines).strip())
    return "\n\n".join(shown)


def as_csv(models: Sequence[Evaluation]) -> str:
    """One line for each score, after a line that names the columns."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["model", "kind", "test", "section", "metric", "value", "low", "high", "asked", "answered"])
    for model in models:
        writer.writerows([model.name, *line] for line in _csv_lines(model))
    return file.getvalue().rstrip("\n")


def percent(share: float | None) -> str:
    """A share in per cent with two decimals."""
    return _UNDEFINED if share is None else f"{100 * share:.2f}"


def decimals(value: float | None) -> str:
    """A correlation with three decimals."""
    return _UNDEFINED if value is None else f"{value:.3f}"


def interval_text(interval: Interval | None) -> str:
    """The ends of an interval with three decimals."""
    return _UNDEFINED if interval is None else f"{interval[0]:.3f}..{interval[1]:.3f}"


def probability(p_value: float | None, *, at_floor: bool = False) -> str:
    """A p-value with two digits; as an upper bound where it is the smallest that the test can give."""
    if p_value is None:
        return _UNDEFINED
    if at_floor:
        return f"< {p_value:.1g}"
    return "< 1e-300" if p_value < 1e-300 else f"{p_value:.2g}"


def _csv_lines(model: Evaluation) -> Iterator[list[Any]]:
    for analogies in model.analogies:
        scores = [(section.name, analogies.score(section)) for section in analogies.sections]
        scores += [(kind or "total", analogies.total(kind)) for kind in (SEMANTIC, SYNTACTIC, "")]
        for section, score in scores:
            metric = f"accuracy, {METHOD_NAMES[analogies.method]}"
            row = ["analogies", analogies.name, section, metric, score.accuracy, None, None]
            yield [*row, score.asked, score.answered]
    for pairs in model.similarity:
        for metric, value, interval in (
            ("Spearman", pairs.spearman, pairs.spearman_interval), ("Pearson", pairs.pearson, pairs.pearson_interval),
        ):  # fmt: skip
            yield [
                "similarity",
                pairs.name,
                "",
                metric,
                value,
                *(interval or (None, None)),
                pairs.asked,
                pairs.answered,
            ]
    for classes in model.categories:
        yield [
            "categories", classes.name, "", "purity", classes.purity, None, None, classes.asked, classes.answered,
        ]  # fmt: skip


def _title(result: AnalogyResult) -> str:
    return f"Analogies: {result.name}, {METHOD_NAMES[result.method]}"


def _analogy_totals(results: Sequence[AnalogyResult], names: Sequence[str], marks: Sequence[str]) -> Block:
    """A row for each model."""
    kinds = [kind for kind in (SEMANTIC, SYNTACTIC, "") if results[0].total(kind).asked]
    rows = [["model", *(f"{kind or 'total'} %" for kind in kinds), "macro %", "answered"]]
    for result, name, mark in zip(results, names, marks, strict=True):
        scores = [percent(result.total(kind).accuracy) for kind in kinds]
        total = result.total()
        rows.append(
            [f"{mark}{name}", *scores, percent(result.macro_accuracy()), f"{total.answered:,}/{total.asked:,}"]
        )
    return Block(_title(results[0]), rows, [])


def _analogy_sections(results: Sequence[AnalogyResult], marks: Sequence[str]) -> Block:
    """A row for each section; more than two models have only their percentages."""
    scored = "correct/asked" if results[0].rules.oov_as_zero else "correct/answered"
    counts = len(results) <= 2
    head = ["section", "asked"]
    for mark in marks:
        head += [mark.strip() or scored, "%"] if counts else [mark.strip()]

    def row(name: str, scores: list[Score]) -> list[str]:
        cells = [name, f"{scores[0].asked:,}"]
        for score in scores:
            of = score.asked if score.oov_as_zero else score.answered
            cells += [f"{score.correct:,}/{of:,}"] * counts + [percent(score.accuracy)]
        return cells

    rows = [head]
    for parts in zip(*(result.sections for result in results), strict=True):
        rows.append(row(parts[0].name, [result.score(part) for result, part in zip(results, parts, strict=True)]))
    rows.append([])
    for kind in (SEMANTIC, SYNTACTIC, ""):
        scores = [result.total(kind) for result in results]
        if scores[0].asked:
            rows.append(row(kind or "total (micro)", scores))
    last = [["mean of sections (macro)", ""], ["answered/asked", ""]]
    for result in results:
        total = result.total()
        last[0] += [""] * counts + [percent(result.macro_accuracy())]
        last[1] += [f"{total.answered:,}/{total.asked:,}"] * counts + [percent(total.coverage)]
    title = f"{_title(results[0])}; {scored} and per cent of each" if len(results) == 2 else _title(results[0])
    return Block(title, rows + last, [])


def _similarity_block(models: Sequence[Evaluation], marks: Sequence[str]) -> Block:
    rows = [["test set", "answered", "Spearman", "95 % interval", "Pearson", "95 % interval"]]
    for results in zip(*(model.similarity for model in models), strict=True):
        for mark, result in zip(marks, results, strict=True):
            rows.append(
                [
                    f"{mark}{result.name}",
                    f"{result.answered:,}/{result.asked:,}",
                    decimals(result.spearman),
                    interval_text(result.spearman_interval),
                    decimals(result.pearson),
                    interval_text(result.pearson_interval),
                ]
            )
    return Block("Similarity", rows, [f"Intervals: bootstrap over pairs, {RESAMPLES:,} resamples."])


def _category_block(models: Sequence[Evaluation], marks: Sequence[str]) -> Block:
    rows = [["test set", "classes", "answered", "purity %"]]
    for results in zip(*(model.categories for model in models), strict=True):
        for mark, result in zip(marks, results, strict=True):
            answered = f"{result.answered:,}/{result.asked:,}"
            rows.append([f"{mark}{result.name}", str(result.classes), answered, percent(result.purity)])
    return Block("Categories", rows, [])


def _comparison_blocks(comparisons: Sequence[dict[str, Any]], marks: Sequence[str]) -> list[Block]:
    first, several = marks[0].strip(), len(comparisons) > 1
    other = "only other" if several else f"only {marks[1].strip()}"
    value = "p (Holm)" if several else "p"
    analogies = [["test set", "common", f"only {first}", other, value]]
    similarity = [["test set", "common", first, "other" if several else marks[1].strip(), "difference", value]]
    for mark, compared in zip(marks[1:], comparisons, strict=True):
        for part in compared["analogies"]:
            name = f"{mark}{part['name']}, {METHOD_NAMES[part['method']]}"
            counts = [f"{part[key]:,}" for key in ("common", "only_first", "only_second")]
            analogies.append([name, *counts, probability(part["p_adjusted"])])
        for part in compared["similarity"]:
            figures = [decimals(part[key]) for key in ("first", "second")]
            difference = f"{decimals(part['difference'])} [{interval_text(part['interval'])}]"
            shown = probability(part["p_adjusted"], at_floor=part["p_value"] == LEAST_P_VALUE)
            similarity.append([f"{mark}{part['name']}", f"{part['common']:,}", *figures, difference, shown])
    title = f"Compared with {first}, on the questions that both can answer"
    corrected = [f"p values are corrected by Holm's method for {len(comparisons)} comparisons of each test set."]
    notes = [f"p: McNemar's test for analogies, paired bootstrap of {RESAMPLES:,} resamples for similarity."]
    blocks = [
        Block(f"{title}: {kind}", rows, [])
        for kind, rows in (("analogies", analogies), ("similarity", similarity))
        if len(rows) > 1
    ]
    if blocks:
        blocks[-1] = blocks[-1]._replace(notes=notes + corrected * several)
    return blocks
