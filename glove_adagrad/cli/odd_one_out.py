"""`glove-adagrad odd-one-out`: which word does not belong?"""

from __future__ import annotations

import json
from pathlib import Path

import click

from glove_adagrad.cli import option_types, sources
from glove_adagrad.cli.tables import table


@click.command("odd-one-out")
@click.argument("vectors", type=option_types.FilePath())
@click.argument("words", nargs=-1, required=True, metavar="WORD WORD WORD...")
@sources.vectors_option
@sources.reading_options
@sources.json_option
def odd_one_out(vectors: Path, words: tuple[str, ...], which: str | None, as_json: bool, **reading: bool) -> None:
    """Show which WORD is the farthest from the mean of all.

    VECTORS: a run, or a file of vectors of any kind.
    """
    if len(set(words)) < 3:
        raise click.UsageError(f"{len(set(words))} different words given; at least three are needed")
    from glove_adagrad.evaluation.neighbours import Neighbourhood

    words = sources.query_words(vectors, words)
    wv = sources.load(vectors, which, words=words, **reading)
    ranked = Neighbourhood(wv, str(vectors)).odd_one_out(words)
    if as_json:
        entries = [{"word": word, "cosine": cosine} for word, cosine in ranked]
        layout = sources.layout_json(wv)
        result = {"vectors": str(vectors), "layout": layout, "odd": ranked[0][0], "words": entries}
        click.echo(json.dumps(result, indent=2))
        return
    rows = [["odd one out", "cosine to the mean"]]
    rows += [[f"  {word}", f"{cosine:.4f}"] for word, cosine in ranked]
    click.echo("\n".join(table(rows)))
    sources.echo_layout(vectors, wv)
