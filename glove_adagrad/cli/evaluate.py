"""`glove-adagrad evaluate`: score vectors on test sets."""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from glove_adagrad.cli import option_types, options, sections, sources
from glove_adagrad.errors import InputError
from glove_adagrad.progress import progress_bar

if TYPE_CHECKING:
    from glove_adagrad.evaluation import Evaluation
    from glove_adagrad.formats.layout import VectorLayout

_files: dict[str, Any] = {"type": option_types.FilePath(), "multiple": True, "metavar": "FILE"}


class _Columns(click.ParamType):
    """Names or numbers of columns between commas; a tuple of str once parsed."""

    name = "columns"

    def __init__(self, number: int) -> None:
        self._number = number

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        names = tuple(name.strip() for name in str(value).split(","))
        if len(names) != self._number or not all(names):
            self.fail(f"{value!r}: name {self._number} columns between commas", param, ctx)
        return names


@click.command()
@click.argument("vectors", nargs=-1, required=True, type=option_types.FilePath(), metavar="VECTORS...")
@click.option(
    "--analogies",
    **_files,
    help="Analogies: four words a line, under `: section` lines or none; MSR's .questions next to .answers; or a "
    "folder of BATS.",
)
@click.option(
    "--similarity",
    **_files,
    help="Two words and a score per line, in columns between tabs, commas, semicolons or blanks. A header decides "
    "which columns they are.",
)
@click.option(
    "--columns",
    type=_Columns(3),
    metavar="WORD1,WORD2,SCORE",
    help="The columns to take from --similarity files, by their names in the header or numbers from 1.",
)
@click.option("--categories", **_files, help="A word and its class per line: purity of clusters; needs scikit-learn.")
@click.option(
    "--class-columns",
    type=_Columns(2),
    metavar="WORD,CLASS",
    help="The columns to take from --categories files, by their names in the header or numbers from 1.",
)
@sections.setting(
    sections.OPTIONS,
    "evaluation.analogies:evaluate_analogies",
    "--method",
    type=click.Choice(["add", "mul", "both"]),
    help="Answer analogies by 3CosAdd, 3CosMul or both.",
)
@click.option("--case-sensitive", is_flag=True, help="Keep letter case; by default it is ignored, as gensim does.")
@click.option(
    "--oov-as-zero",
    is_flag=True,
    help="Count questions with unknown words as wrong and pairs as of cosine 0; by default they are left out.",
)
@sections.setting(
    sections.OPTIONS,
    "evaluation.lookup:Rules",
    "--restrict-vocab",
    type=option_types.Whole(1),
    help="Use only the N most frequent words.",
)
@sources.vectors_option
@sources.oov_option
@click.option(
    "--format",
    "shape",
    type=click.Choice(["text", "markdown", "csv"]),
    default="text",
    show_default=True,
    help="Print tables as text or Markdown, or one line of CSV for each score.",
)
@click.option("--sections", is_flag=True, help="Show the sections of analogies for more than two models too.")
@sources.reading_options
@sources.json_option
@options.quiet_option
def evaluate(
    vectors: tuple[Path, ...],
    analogies: tuple[Path, ...],
    similarity: tuple[Path, ...],
    columns: tuple[str, ...] | None,
    categories: tuple[Path, ...],
    class_columns: tuple[str, ...] | None,
    method: str,
    case_sensitive: bool,
    oov_as_zero: bool,
    restrict_vocab: int,
    which: str | None,
    oov: bool,
    trust_pickle: bool,
    strict: bool,
    shape: str,
    sections: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Score VECTORS by analogies, word similarity and categories; several are shown side by side.

    VECTORS: runs, or files of vectors of any kind: word2vec text and binary, GloVe text, gensim's own, compressed
    or not. The first is compared with each other one by McNemar's test and a paired bootstrap.

    Without --analogies, --similarity and --categories, each of which may be given several times, the test sets are
    Google's analogies, WordSim-353 and SimLex-999, which gensim carries. The rules for letter case and unknown words
    are gensim's unless options say otherwise.

    \b
    glove-adagrad evaluate run
    glove-adagrad evaluate run glove.6B.100d.txt GoogleNews.bin.gz --method both
    glove-adagrad evaluate run --similarity men.tsv --analogies BATS_3.0 --json
    """
    from glove_adagrad.cli.results import as_csv, as_markdown, as_text, evaluation_blocks
    from glove_adagrad.evaluation import Rules, compare_models, read_suite
    from glove_adagrad.evaluation import evaluate as evaluate_suite

    rules = Rules(restrict_vocab, not case_sensitive, oov_as_zero)
    methods = ["add", "mul"] if method == "both" else [method]
    suite = read_suite(analogies, similarity, categories, strict, columns or (), class_columns or ())
    models: list[Evaluation] = []
    found: list[VectorLayout | None] = []
    with progress_bar("evaluating", len(vectors), "model", quiet) as bar:
        for done, (path, name) in enumerate(zip(vectors, sources.labels(vectors), strict=True), start=1):
            if oov:
                sources.check_composable(path, which)
                models.append(evaluate_suite(path, suite, rules, methods, name, oov=True))
                found.append(None)
            else:
                wv = sources.load(path, which, trust_pickle=trust_pickle, strict=strict)
                models.append(evaluate_suite(wv, suite, rules, methods, name))
                found.append(wv.layout)
            bar.to(done)
    _check_answered(models)
    comparisons = compare_models(models)
    if as_json:
        result = {
            "rules": asdict(rules),
            "layouts": [{"name": name, **layout.as_dict()} for name, layout in suite.layouts()],
            "models": [
                {"path": str(path), "layout": None if layout is None else layout.as_dict(), **model.as_dict()}
                for path, layout, model in zip(vectors, found, models, strict=True)
            ],
            "comparisons": comparisons,
        }
        click.echo(json.dumps(result, indent=2, allow_nan=False))
    elif shape == "csv":
        click.echo(as_csv(models))
    else:
        layouts = [(model.name, layout) for model, layout in zip(models, found, strict=True) if layout is not None]
        blocks = evaluation_blocks(models, comparisons, [*layouts, *suite.layouts()], sections=sections)
        click.echo(as_markdown(blocks) if shape == "markdown" else as_text(blocks))


def _check_answered(models: Sequence[Evaluation]) -> None:
    """Refuse if no model can answer anything; warn of each set that a model knows nothing of."""
    if not any(model.answered for model in models):
        names = ", ".join(model.name for model in models)
        raise InputError(
            f"{names}: cannot answer any question: each has an out-of-vocabulary word; are the vectors of another "
            "language, or does an option (--case-sensitive, --restrict-vocab) exclude the words?"
        )
    for model in models:
        results = {result.name: result.total().answered for result in model.analogies}
        results |= {result.name: result.answered for result in model.similarity}
        results |= {result.name: result.answered for result in model.categories}
        for name, answered in results.items():
            if not answered:
                warnings.warn(
                    f"{model.name}: cannot answer any question of {name}: each has an out-of-vocabulary word",
                    stacklevel=2,
                )
