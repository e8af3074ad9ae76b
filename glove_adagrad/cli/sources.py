"""The vectors that commands take: a run's folder or a file of anyone's, and how they are called in output."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from glove_adagrad.cli import option_types, sections
from glove_adagrad.errors import InputError
from glove_adagrad.text import printable

if TYPE_CHECKING:
    from glove_adagrad.corpus import TextFiles
    from glove_adagrad.evaluation import Suite
    from glove_adagrad.formats import WordVectors

#: Keyword `which`: None where not given, for `load`.
vectors_option: Any = click.option(
    "--vectors",
    "which",
    type=click.Choice(["sum", "pca", "word", "context", "concat"]),
    help="Which vectors of a run to take: word plus context vectors; both side by side, reduced to as many "
    "components as one of them has; or one kind or both as they are.  [default: those of its vectors.txt]",
)

_trust_pickle_option: Any = sections.option(
    sections.START,
    "--trust-pickle",
    is_flag=True,
    help="Load gensim's files with gensim, which runs any code in them: only for files whose author you trust.",
)
#: Keyword `strict`.
strict_option: Any = sections.option(
    sections.START,
    "--strict",
    is_flag=True,
    help="Refuse files with malformed lines or records; by default a few are skipped with a warning.",
)


def reading_options(command: Any) -> Any:
    """Keywords `trust_pickle` and `strict`, for `load`."""
    return _trust_pickle_option(strict_option(command))


#: Keyword `as_json`.
json_option: Any = click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")

#: Keyword `top`.
top_option: Any = click.option(
    "--top", type=option_types.Whole(1), default=10, show_default=True, help="How many words to show."
)

#: Keyword `restrict_vocab`: None where not given.
restrict_vocab_option: Any = click.option(
    "--restrict-vocab",
    type=option_types.Whole(1),
    metavar="N",
    help="Show only words among the N most frequent.  [default: all]",
)

_files: dict[str, Any] = {"type": option_types.FilePath(), "multiple": True, "metavar": "FILE"}

#: Keyword `analogies`: a sequence of paths.
analogies_option: Any = click.option(
    "--analogies",
    **_files,
    help="Analogies: four words a line, under `: section` lines or none; MSR's .questions next to .answers; or a "
    "folder of BATS.",
)

#: Keyword `similarity`: a sequence of paths.
similarity_option: Any = click.option(
    "--similarity",
    **_files,
    help="Two words and a score a line, between tabs, commas or spaces; a header and more columns do no harm.",
)

#: Keyword `projection`: None where not given.
projection_option: Any = click.option(
    "--projection",
    type=click.Choice(["pca", "tsne", "umap"]),
    help="How the map is made.  [default: tsne or umap if installed, else pca]",
)


#: Keyword `oov`.
oov_option: Any = click.option(
    "--oov", is_flag=True, help="Compose vectors of unknown words of their n-grams; needs a run that has them."
)


def load_with_unknown(
    path: Path, words: Sequence[str], which: str | None, oov: bool, **reading: bool
) -> tuple[WordVectors, int]:
    """Return what `load` does, with `oov` followed by the vectors of unknown words; and the number of known ones.

    Raises
    ------
    InputError
        As `load` does, and with `oov` for anything but a run with n-grams.
    """
    from glove_adagrad.formats import read_run

    if not oov:
        wv = load(path, which, words=words, **reading)
        return wv, len(wv.words)
    check_composable(path, which)
    run = read_run(path)
    return run.with_composed(words, str(path)), len(run.words)


def check_composable(path: Path, which: str | None) -> None:
    """Refuse `--oov` for what cannot have n-grams, or with `--vectors`."""
    from glove_adagrad.formats import is_run

    if which:
        raise click.UsageError("--oov composes vectors like those of vectors.txt; leave out --vectors")
    if not is_run(path):
        raise InputError(f"{path}: is not a run with n-grams, which --oov needs; see glove-adagrad subwords")


def load(
    path: Path,
    which: str | None = None,
    *,
    words: Sequence[str] = (),
    trust_pickle: bool = False,
    strict: bool = False,
) -> WordVectors:
    """Read a run or a file of vectors; see `formats.read_vectors`.

    Parameters
    ----------
    words : sequence of str
        The words that follow on the command line, to recognise swapped arguments.

    Raises
    ------
    InputError
        If it cannot be read, or `which` is given for a file, which has only one kind.
    """
    from glove_adagrad.formats import is_run, read_run, read_vectors

    if is_run(path):
        return read_run(path).select(which)
    if not path.exists():
        order = "; it comes before the words" if any(Path(word).exists() for word in words) else ""
        raise InputError(f"{path}: no such run or file of vectors{order}")
    if which:
        raise InputError(f"{path}: is a file, not a run, and holds one kind of vectors; leave out --vectors")
    return read_vectors(path, trust_pickle=trust_pickle, strict=strict)


def echo_layout(path: Path, wv: WordVectors) -> None:
    """Print how a file of vectors was read; nothing for a run."""
    if wv.layout is not None:
        click.echo(printable(f"{path}: {wv.layout.describe()}"))


def echo_layouts(suite: Suite) -> None:
    """Print how files of test sets were read."""
    for name, layout in suite.layouts():
        click.echo(printable(f"{name}: {layout.describe()}"))


def layout_json(wv: WordVectors) -> dict[str, Any] | None:
    """The same for `--json`; None for a run."""
    return None if wv.layout is None else wv.layout.as_dict()


def echo_notes(text: TextFiles) -> None:
    """Print what was guessed while a corpus was read."""
    for note in text.notes:
        click.echo(printable(note))


def query_words(vectors: Path, words: Sequence[str]) -> tuple[str, ...]:
    """Return words to look up: of a run trained with phrases, words between blanks are joined as its text was."""
    from glove_adagrad.phrases import Phrases

    if not any(" " in word for word in words) or (phrases := Phrases.read(vectors)) is None:
        return tuple(words)
    return tuple(" ".join(phrases.join(word.split(" "))) if " " in word else word for word in words)


#: What a run or a folder of co-occurrences consists of.
_OURS = (
    "run.json", "phrases.json", "vocab.txt", "model.npz", "vectors.txt", "history.json", "cooccurrence",
    "checkpoints", "meta.json", "lower.bin", "lower.npy", "upper.bin", "upper.npy",
)  # fmt: skip


def files(path: Path) -> list[Path]:
    """Return what a source consists of: a file itself, or the files and folders of a run or matrix."""
    return [path / name for name in _OURS if (path / name).exists()] if path.is_dir() else [path]


def labels(paths: Sequence[Path]) -> list[str]:
    """A short name for each path: its last part, with as many of its folders as make it unique."""
    for parts in range(1, max(len(path.parts) for path in paths) + 1):
        names = [str(Path(*path.parts[-parts:])) for path in paths]
        if len(set(names)) == len(set(paths)):
            return names
    return [str(path) for path in paths]
