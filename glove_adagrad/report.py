"""One self-contained HTML page about a run: counts, loss, evaluation, pictures, neighbours, settings."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from glove_adagrad.decoding import decoding, read_json
from glove_adagrad.errors import InputError
from glove_adagrad.evaluation import Evaluation, Suite, default_suite, evaluate
from glove_adagrad.evaluation.neighbours import Neighbourhood
from glove_adagrad.explore.document import document, escaped, resource, table
from glove_adagrad.explore.sections import counts_section, history_sections, scores_section
from glove_adagrad.formats import WordVectors, read_history, read_run
from glove_adagrad.formats.run_folder import matrix_folder
from glove_adagrad.maps import content_words

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SAMPLES = 12
_NEIGHBOURS = 8
_STYLE = """
body { max-width: 62rem; margin: 0 auto; padding: 1rem 1rem 4rem; }
img { display: block; width: 100%; min-width: 36rem; height: auto; background: #fff; border-radius: .4rem; }
"""


def report_html(
    folder: Path, name: str, words: Sequence[str] = (), suite: Suite | None = None, projection: str | None = None
) -> str:
    """Return the page about a run's folder.

    Parameters
    ----------
    folder : Path
    name : str
        What the run is called on the page.
    words : sequence of str, optional
        Words of the run to list neighbours of and to map; by default a sample, and the most frequent content words.
    suite : Suite, optional
        Test sets; by default those of `default_suite`.
    projection : {'pca', 'tsne', 'umap'}, optional
        How the map is made, see `maps.default_projection`.

    Raises
    ------
    InputError
        If the folder is not a trained run, or matplotlib is missing.
    """
    from glove_adagrad.plots import plot_loss

    wv, history = read_run(folder).select(), read_history(folder)
    parts = [
        f"<h1>Word vectors: {escaped(name)}</h1>",
        counts_section(wv, _cooccurrence_counts(folder)),
        "<h2>Loss</h2>",
        _picture(plot_loss({name: history}), "Training loss by epoch"),
        *_evaluation(evaluate(wv, suite or default_suite(), name=name), name),
        *_map(wv, name, words, projection),
        "<h2>Nearest words</h2>",
        _neighbours(wv, words or sample_words(wv)),
        history_sections(history),
    ]
    return document(f"Word vectors: {name}", "\n".join(parts), resource("page.css") + _STYLE)


def sample_words(wv: WordVectors) -> list[str]:
    """Return a deterministic sample of a dozen content words, evenly spaced by the logarithm of their ranks."""
    content = np.flatnonzero(content_words(wv.vectors))
    last = len(content) - 1
    places = np.geomspace(min(50, max(last // 10, 1)), max(min(5_000, last), 1), _SAMPLES).astype(int)
    return [wv.words[content[place]] for place in dict.fromkeys(places.tolist()) if place <= last]


def _cooccurrence_counts(folder: Path) -> dict[str, str]:
    try:
        path = matrix_folder(folder) / "meta.json"
        with decoding(path):
            meta = read_json(path.read_bytes(), path)
    except InputError:
        return {}  # those that a run was trained on may be gone
    records = meta.get("records") if isinstance(meta, dict) else None
    return {"co-occurring pairs of words": f"{records:,}"} if isinstance(records, int) else {}


def _evaluation(result: Evaluation, name: str) -> list[str]:
    from glove_adagrad.plots import plot_accuracy

    pictures = [
        _picture(plot_accuracy({name: analogies}), f"Accuracy by section of {analogies.name}")
        for analogies in result.analogies
        if analogies.total().answered
    ]
    return [scores_section(result), *pictures]


def _map(wv: WordVectors, name: str, words: Sequence[str], method: str | None) -> list[str]:
    from glove_adagrad.maps import default_projection, project
    from glove_adagrad.plots import plot_content_words, plot_words

    if words:
        if len(words) < 2:
            return []
        rows = [wv.words.index(word) for word in words]
        figure = plot_words(words, project(wv.vectors[rows], method or default_projection()), name)
        return ["<h2>Map of the chosen words</h2>", _picture(figure, "Map of the chosen words")]
    if len(wv.words) < 3:
        return []
    return [
        "<h2>Map of the most frequent content words</h2>",
        _picture(plot_content_words(wv, method, name), "Map of words, coloured by cluster"),
    ]


def _neighbours(wv: WordVectors, words: Sequence[str]) -> str:
    near = Neighbourhood(wv)
    rows = [
        [word, ", ".join(other for other, _ in near.similar(word, _NEIGHBOURS))]
        for word in words
        if wv.vectors[wv.words.index(word)].any()
    ]
    return table(["word", "nearest by cosine"], rows, "text")


def _picture(figure: Figure, alternative: str) -> str:
    from glove_adagrad.plots import svg_bytes

    data = base64.b64encode(svg_bytes(figure)).decode()
    image = f'<img alt="{escaped(alternative)}" src="data:image/svg+xml;base64,{data}">'
    return f'<div class="scroll" tabindex="0">{image}</div>'
