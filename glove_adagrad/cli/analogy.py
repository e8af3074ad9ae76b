"""`glove-adagrad analogy`: a is to b as c is to what?"""

from __future__ import annotations

import json
from pathlib import Path

import click

from glove_adagrad.cli import option_types, sources
from glove_adagrad.cli.tables import table


@click.command()
@click.argument("vectors", type=option_types.FilePath())
@click.argument("words", nargs=-1, required=True, metavar="A B C...")
@click.option("--mul", is_flag=True, help="Answer by 3CosMul instead of 3CosAdd.")
@sources.top_option
@sources.restrict_vocab_option
@sources.vectors_option
@sources.reading_options
@sources.json_option
def analogy(
    vectors: Path,
    words: tuple[str, ...],
    mul: bool,
    top: int,
    restrict_vocab: int | None,
    which: str | None,
    as_json: bool,
    **reading: bool,
) -> None:
    """Show the words that are to C as B is to A: `man king woman` should give queen.

    Three more words ask one more question. VECTORS: a run, or a file of vectors of any kind.
    """
    if len(words) % 3:
        raise click.UsageError(f"{len(words)} words given; each question takes three: A B C")
    from glove_adagrad.evaluation.neighbours import Neighbourhood

    words = sources.query_words(vectors, words)
    wv = sources.load(vectors, which, words=words, **reading)
    neighbourhood = Neighbourhood(wv, str(vectors), restrict_vocab)
    neighbourhood.check(words)
    method = "mul" if mul else "add"
    questions = zip(words[::3], words[1::3], words[2::3], strict=True)
    found = [((a, b, c), neighbourhood.analogy(a, b, c, top, method)) for a, b, c in questions]
    if as_json:
        entries = [
            {"a": a, "b": b, "c": c, "answers": [{"word": word, "score": score} for word, score in answers]}
            for (a, b, c), answers in found
        ]
        result = {"vectors": str(vectors), "layout": sources.layout_json(wv), "method": method, "analogies": entries}
        click.echo(json.dumps(result, indent=2))
        return
    rows: list[list[str]] = []
    for question, answers in found:
        a, b, c = question
        rows += [[]] if rows else []
        rows.append([f"{a} is to {b} as {c} is to", "3CosMul" if mul else "cosine"])
        rows += [[f"  {word}", f"{score:.4f}"] for word, score in answers]
    click.echo("\n".join(table(rows)))
    sources.echo_layout(vectors, wv)
