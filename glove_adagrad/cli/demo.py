"""`glove-adagrad demo`: train on a small text and show scores and neighbours."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from glove_adagrad.cli import option_types, options
from glove_adagrad.cli.train import train
from glove_adagrad.errors import InputError

#: Articles of the English Wikipedia that gensim carries for its own tests.
_EXTRACT = "enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2"

_OUTPUT = Path("demo-run")

#: What Stanford's demo reaches on text8.
_STANFORD = "23.04 %"


@click.command()
@click.option(
    "--corpus",
    type=click.Choice(["wikipedia-extract", "text8"]),
    default="wikipedia-extract",
    show_default=True,
    help="The extract is part of gensim; text8 is downloaded by gensim.",
)
@click.option(
    "-o",
    "--output",
    type=option_types.FilePath(),
    help="Folder of the run.  [default: demo-run, which is replaced if it is there]",
)
@options.workers_option
@options.quiet_option
def demo(corpus: str, output: Path | None, workers: int, quiet: bool) -> None:
    """Train vectors on a small text, score them, and show neighbours of a few words."""
    if output is None:
        from glove_adagrad.formats import is_run
        from glove_adagrad.run import discard

        output = _OUTPUT
        if is_run(output):
            discard(output)
    common = ["--output", str(output), "--workers", str(workers), *(["--quiet"] if quiet else [])]
    if corpus == "text8":
        arguments = [str(_text8()), "--vector-size", "50", "--epochs", "15"]
    else:
        from gensim.test.utils import datapath

        arguments = [datapath(_EXTRACT), "--format", "wikipedia", "--lowercase"]
        arguments += ["--preset", "recommended", "--vector-size", "50", "--epochs", "30"]
    train.main([*arguments, *common], standalone_mode=False)
    _show(output, corpus)
    click.echo(f"Next:  glove-adagrad similar {shlex.quote(str(output))} war science")
    click.echo("       glove-adagrad train YOUR_TEXT.txt --output run --preset recommended")


def _show(output: Path, corpus: str) -> None:
    from gensim.test.utils import datapath

    from glove_adagrad.evaluation.analogies import evaluate_analogies
    from glove_adagrad.evaluation.questions import read_questions
    from glove_adagrad.formats import read_run, to_keyed_vectors

    vectors = read_run(output).select()
    result = evaluate_analogies(vectors, read_questions(Path(datapath("questions-words.txt")))).total()
    accuracy = 0.0 if result.accuracy is None else 100 * result.accuracy
    click.echo(f"Google analogies: {accuracy:.1f} % of the {result.answered:,} questions whose words are known")
    keyed = to_keyed_vectors(vectors)
    for word in ("war", "city", "government", "science"):
        if word in keyed:
            click.echo(f"{word}: {', '.join(near for near, _ in keyed.most_similar(word, topn=6))}")
    if corpus == "text8":
        click.echo(f"Stanford's demo reaches {_STANFORD} on the same text with the same settings.")
    else:
        click.echo("This corpus has 106 articles. 17 million words give about 40 % with 100 components.")


def _text8() -> Path:
    from gensim import downloader

    try:
        return Path(downloader.load("text8", return_path=True))
    except (OSError, ValueError) as error:
        raise InputError(f"text8 cannot be fetched ({error}); is there a network?") from None
