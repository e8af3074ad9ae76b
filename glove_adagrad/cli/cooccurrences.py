"""`glove-adagrad cooccurrences`: show the contexts of a word, or one cell."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import numpy as np

from glove_adagrad.cli import option_types, sources
from glove_adagrad.cli.tables import table
from glove_adagrad.errors import InputError


@click.command()
@click.argument("folder", type=option_types.FilePath(), metavar="DIR")
@click.argument("word")
@click.argument("context", required=False)
@sources.top_option
@click.option(
    "--min-x",
    type=click.FloatRange(0),
    default=1.0,
    show_default=True,
    help="By PMI, show only contexts that co-occur at least this often.",
)
@sources.json_option
def cooccurrences(folder: Path, word: str, context: str | None, top: int, min_x: float, as_json: bool) -> None:
    """Show the strongest contexts of WORD, by co-occurrence count X and by PMI, or X of WORD and CONTEXT.

    DIR: a folder of co-occurrences, or a run that has one. PMI is ln(p(context | word) / p(context)): the context's
    share of the word's X, against its share of the text.
    """
    from glove_adagrad.cooccurrence.lookup import contexts_of
    from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
    from glove_adagrad.formats.run_folder import matrix_folder

    matrix = CooccurrenceMatrix.open(matrix_folder(folder))
    words = matrix.vocabulary.decoded()
    rank = _rank(words, word, folder)
    other = None if context is None else _rank(words, context, folder)
    found = contexts_of(matrix, rank)

    def entries(chosen: np.ndarray) -> list[dict[str, Any]]:
        return [
            {"context": words[found.rank[at]], "x": float(found.x[at]), "pmi": float(found.pmi[at])}
            for at in chosen.tolist()
        ]

    answer: dict[str, Any] = {"folder": str(matrix.folder), "word": word}
    if other is not None:
        cell = entries(np.flatnonzero(found.rank == other)) or [{"context": context, "x": 0.0, "pmi": None}]
        answer |= cell[0]
        rows = [["", "X", "PMI"], _row(f"{word} {context}", answer)]
    else:
        frequent = np.flatnonzero(found.x >= min_x)
        by_x = entries(np.argsort(-found.x, kind="stable")[:top])
        by_pmi = entries(frequent[np.argsort(-found.pmi[frequent], kind="stable")[:top]])
        answer |= {"contexts": len(found.x), "sum": float(found.x.sum()), "by_x": by_x, "by_pmi": by_pmi}
        rows = [[f"{word}: {len(found.x):,} contexts, by X", "X", "PMI"]]
        rows += [_row(f"  {entry['context']}", entry) for entry in by_x]
        rows += [[], [f"by PMI, where X is at least {min_x:g}", "X", "PMI"]]
        rows += [_row(f"  {entry['context']}", entry) for entry in by_pmi]
    click.echo(json.dumps(answer, indent=2) if as_json else "\n".join(table(rows)))


def _rank(words: list[str], word: str, folder: Path) -> int:
    try:
        return words.index(word)
    except ValueError:
        raise InputError(f"{folder}: {word!r} is not among the {len(words):,} words of its vocabulary") from None


def _row(name: str, entry: dict[str, Any]) -> list[str]:
    return [name, f"{entry['x']:,.2f}", "-" if entry["pmi"] is None else f"{entry['pmi']:.3f}"]
