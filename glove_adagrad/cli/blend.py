"""`glove-adagrad blend`: vectors of several models joined into one."""

from __future__ import annotations

import time
from pathlib import Path

import click

from glove_adagrad.cli import option_types, options, sections, sources


@click.command()
@click.argument("vectors", nargs=-1, required=True, type=option_types.FilePath(), metavar="VECTORS...")
@options.output_option("Folder to write: vocab.txt, model.npz, vectors.txt, history.json.")
@click.option(
    "--size",
    type=option_types.Whole(1),
    help="Reduce the joined vectors to N components by principal component analysis.  [default: keep all]",
)
@click.option(
    "--weight",
    "weights",
    type=option_types.Number(0, min_open=True),
    multiple=True,
    help="Weight of each of VECTORS in the cosines of the blend, in their order.  [default: equal]",
)
@sections.setting(
    sections.OPTIONS,
    "blending:blend",
    "--words",
    type=click.Choice(["intersection", "union"]),
    help="Take the words that all of VECTORS have, or that any has.",
)
@sources.vectors_option
@sources.reading_options
@options.workers_option
@options.force_option
@options.quiet_option
def blend(
    vectors: tuple[Path, ...],
    output: Path,
    size: int | None,
    weights: tuple[float, ...],
    words: str,
    which: str | None,
    workers: int,
    trust_pickle: bool,
    strict: bool,
    force: bool,
    quiet: bool,
) -> None:
    """Join VECTORS of several models: unit vectors side by side, reduced to --size components.

    VECTORS: runs, or files of vectors of any kind. The cosine of two words in the blend is the mean of their cosines
    in the models, as far as --size components can have it. A model that lacks a word has zeros for it.

    \b
    glove-adagrad blend run svd --size 100 -o blend
    """
    from glove_adagrad import blending
    from glove_adagrad.derived import check_output, write_derived
    from glove_adagrad.files import check_not_input
    from glove_adagrad.vocabulary import Vocabulary

    if weights and len(weights) != len(vectors):
        raise click.UsageError(
            f"--weight is given {len(weights)} times for {len(vectors)} VECTORS; give one for each"
        )
    check_not_input(output, vectors)
    check_output(output, force=force)
    models = [
        sources.load(path, which if path.is_dir() else None, trust_pickle=trust_pickle, strict=strict)
        for path in vectors
    ]
    begin = time.perf_counter()
    made = blending.blend(models, size=size, weights=weights or None, words=words, workers=workers)
    assert made.counts is not None
    write_derived(
        output,
        "blend",
        Vocabulary([word.encode("utf-8", "surrogateescape") for word in made.words], made.counts),
        made.vectors,
        settings={
            "models": [str(path.resolve()) for path in vectors],
            "vectors": which,
            "weights": list(weights) or None,
            "words": words,
        },
        seconds=time.perf_counter() - begin,
        force=force,
    )
    if not quiet:
        for path, model in zip(vectors, models, strict=True):
            sources.echo_layout(path, model)
        click.echo(f"{output}: {len(made.words):,} words, {made.vectors.shape[1]} dimensions")
