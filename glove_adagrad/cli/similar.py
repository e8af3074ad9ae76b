"""`glove-adagrad similar`: the nearest words."""

from __future__ import annotations

import json
from pathlib import Path

import click

from glove_adagrad.cli import option_types, sources
from glove_adagrad.cli.tables import table


@click.command()
@click.argument("vectors", type=option_types.FilePath())
@click.argument("words", nargs=-1, required=True, metavar="WORD...")
@sources.top_option
@sources.restrict_vocab_option
@sources.vectors_option
@sources.oov_option
@sources.reading_options
@sources.json_option
def similar(
    vectors: Path,
    words: tuple[str, ...],
    top: int,
    restrict_vocab: int | None,
    which: str | None,
    oov: bool,
    as_json: bool,
    **reading: bool,
) -> None:
    """Show the words nearest to each WORD, with their cosines.

    VECTORS: a run, or a file of vectors of any kind.
    """
    from glove_adagrad.evaluation.neighbours import Neighbourhood

    words = sources.query_words(vectors, words)
    wv, known = sources.load_with_unknown(vectors, words, which, oov, **reading)
    neighbourhood = Neighbourhood(wv, str(vectors), min(restrict_vocab or known, known))
    neighbourhood.check(words)
    found = [(word, neighbourhood.similar(word, top)) for word in words]
    if as_json:
        entries = [
            {"word": word, "neighbours": [{"word": near, "cosine": cosine} for near, cosine in neighbours]}
            for word, neighbours in found
        ]
        result = {"vectors": str(vectors), "layout": sources.layout_json(wv), "similar": entries}
        click.echo(json.dumps(result, indent=2))
        return
    rows: list[list[str]] = []
    for word, neighbours in found:
        rows += [[]] if rows else []
        rows.append([word, "cosine"])
        rows += [[f"  {near}", f"{cosine:.4f}"] for near, cosine in neighbours]
    click.echo("\n".join(table(rows)))
    sources.echo_layout(vectors, wv)
