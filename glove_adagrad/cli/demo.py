"""`glove-adagrad demo`: train on a small text at hand, and show what comes out."""

from __future__ import annotations

from pathlib import Path

import click

from glove_adagrad.cli import options
from glove_adagrad.cli.train import train
from glove_adagrad.errors import InputError
from glove_adagrad.files import remove

#: Articles of the English Wikipedia that gensim carries for its own tests.
_EXTRACT = "enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2"

#: What Stanford's demo reaches on text8.
_STANFORD = "23.04 %"


@click.command()
@click.option(
    "--corpus",
    type=click.Choice(["wikipedia-extract", "text8"]),
    default="wikipedia-extract",
    show_default=True,
    help="The extract comes with gensim; text8 is fetched by gensim's downloader.",
)
@click.option(
    "-o",
    "--output",
    type=options.FilePath(),
    help="Folder of the run.  [default: demo-run, which is replaced if it is there]",
)
@options.workers_option
@options.quiet_option
def demo(corpus: str, output: Path | None, workers: int, quiet: bool) -> None:
    """Train vectors on a small text, score them, and show neighbours of a few words."""
    from glove_adagrad.formats import is_run

    if output is None:
        output = Path("demo-run")
        if is_run(output):
            remove(output)
    common = ["--output", str(output), "--workers", str(workers), *(["--quiet"] if quiet else [])]
    if corpus == "text8":
        arguments = [str(_text8()), "--vector-size", "50", "--epochs", "15"]
    else:
        from gensim.test.utils import datapath

        arguments = [datapath(_EXTRACT), "--format", "wikipedia", "--vector-size", "50", "--epochs", "25"]
    train.main([*arguments, *common], standalone_mode=False)
    _show(output, corpus)


def _show(output: Path, corpus: str) -> None:
    from gensim.test.utils import datapath

    from glove_adagrad.evaluation.analogies import evaluate_analogies
    from glove_adagrad.evaluation.questions import read_questions
    from glove_adagrad.formats import read_run, to_keyed_vectors

    vectors = read_run(output).select("sum")
    result = evaluate_analogies(vectors, read_questions(Path(datapath("questions-words.txt")))).total()
    accuracy = 0.0 if result.accuracy is None else 100 * result.accuracy
    click.echo(f"Google analogies: {accuracy:.2f} % ({result.correct} of {result.answered} that can be asked)")
    keyed = to_keyed_vectors(vectors)
    for word in ("government", "century", "war", "science"):
        if word in keyed:
            click.echo(f"{word}: {', '.join(near for near, _ in keyed.most_similar(word, topn=6))}")
    if corpus == "text8":
        click.echo(f"Stanford's demo reaches {_STANFORD} on the same text with the same settings.")
    else:
        click.echo("This is a toy corpus of 106 articles; 17 million words give about 20 % at 50 components.")


def _text8() -> Path:
    from gensim import downloader

    try:
        return Path(downloader.load("text8", return_path=True))
    except (OSError, ValueError) as error:
        raise InputError(f"text8 cannot be fetched ({error}); is there a network?") from None
