"""The explorer: one HTML file that answers questions about vectors in a browser, offline."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any, NamedTuple

import numpy as np

from glove_adagrad.errors import InputError
from glove_adagrad.explore.changes import compare_neighbours
from glove_adagrad.explore.document import document, escaped, page_text, resource
from glove_adagrad.explore.sections import counts_section, history_sections, scores_section
from glove_adagrad.explore.subject import Subject
from glove_adagrad.files import atomic_file
from glove_adagrad.formats import WordVectors
from glove_adagrad.formats.word_vectors import unit_rows
from glove_adagrad.maps import cluster_words, content_words, default_projection, project

_GRID = 65_535  # steps of a map's longer side


@dataclass(frozen=True)
class Page:
    """A page; a notebook shows it in a frame."""

    html: str

    def save(self, path: str | Path) -> None:
        """Write the page to a file, which appears whole or not at all."""
        with atomic_file(Path(path), "w") as file:
            file.write(self.html)

    def __repr__(self) -> str:
        return f"<explorer page of {len(self.html):,} bytes; save(path) writes it>"

    def _repr_html_(self) -> str:
        # without allow-same-origin the page cannot reach the notebook around it
        return (
            '<iframe sandbox="allow-scripts" style="width: 100%; height: 700px; border: 1px solid #ccc" '
            f'srcdoc="{html.escape(self.html)}"></iframe>'
        )


def explore_page(subjects: Sequence[Subject], top: int = 20_000, projection: str | None = None) -> Page:
    """Make the explorer of one model, or of two side by side. The same models always give the same bytes.

    Parameters
    ----------
    subjects : sequence of one or two Subject
    top : int
        How many of the first words to include.
    projection : {'pca', 'tsne', 'umap'}, optional
        How the maps are made; by default the best that is installed, see `maps.default_projection`.

    Raises
    ------
    InputError
        If a model has fewer than two words, or the method is unknown or not installed.
    """
    method = projection or default_projection()
    shown = [_first_words(subject, top) for subject in subjects]
    title = " and ".join(page_text(subject.name) for subject in subjects)
    data: dict[str, Any] = {
        "title": title,
        "models": [_model(subject, method) for subject in shown],
        "losses": _losses(subjects),
    }
    if len(shown) == 2:
        changes = compare_neighbours(shown[0].wv, shown[1].wv)
        data["changes"] = {
            "rows": [rows.tolist() for rows in changes.rows],
            "distances": [round(distance, 4) for distance in changes.distances.tolist()],
        }
    about = "\n".join(_about(subject, len(subjects) > 1) for subject in subjects)
    body = Template(resource("explore.html")).substitute(title=escaped(title), about=about)
    style = resource("page.css") + resource("explore.css")
    return Page(document(title, body, style, resource("explore.js"), data))


class Quantized(NamedTuple):
    """Unit vectors in 8 bits a component: row i is `mean + scales[i] * steps[i]`.

    Attributes
    ----------
    mean : float32 [d]
    scales : float32 [n]
    steps : int8 [n, d]
    """

    mean: np.ndarray
    scales: np.ndarray
    steps: np.ndarray


def quantize(vectors: np.ndarray) -> Quantized:
    """Quantize the directions of vectors.

    Taking the mean off first leaves less to quantize. In each row the largest difference from the mean becomes the
    step from 100 to 127 that gives the least squared error.
    """
    unit = unit_rows(vectors)
    mean = unit.mean(axis=0).astype(np.float32)
    rest = (unit - mean).astype(np.float32)
    most = np.maximum(np.abs(rest).max(axis=1), np.float32(1e-12))
    scales = np.zeros(len(rest), np.float32)
    steps = np.zeros(rest.shape, np.int8)
    least = np.full(len(rest), np.inf, np.float32)
    for level in range(127, 99, -1):
        rounded = np.rint(rest * (level / most)[:, np.newaxis])
        fitted = np.einsum("ij,ij->i", rounded, rest) / np.maximum(np.einsum("ij,ij->i", rounded, rounded), 1)
        errors = np.square(fitted[:, np.newaxis] * rounded - rest).sum(axis=1)
        better = errors < least
        scales[better], steps[better], least[better] = fitted[better], rounded[better], errors[better]
    return Quantized(mean, scales, steps)


def _first_words(subject: Subject, top: int) -> Subject:
    wv = subject.wv
    if len(wv.words) < 2:
        raise InputError(f"{subject.name}: has {len(wv.words)} word; at least two are needed")
    counts = None if wv.counts is None else wv.counts[:top]
    rates = None if subject.rates is None else subject.rates[:top]
    return Subject(subject.name, WordVectors(wv.words[:top], wv.vectors[:top], counts), subject.history, rates)


def _model(subject: Subject, method: str) -> dict[str, Any]:
    wv = subject.wv
    content = content_words(wv.vectors)
    clusters = cluster_words(wv.vectors, content)
    projection = project(wv.vectors, method)
    quantized = quantize(wv.vectors)
    words = [page_text(word) for word in wv.words]
    rates = subject.rates
    return {
        "name": page_text(subject.name),
        "words": words,
        "counts": None if wv.counts is None else wv.counts.tolist(),
        "size": wv.vectors.shape[1],
        "mean": _base64(quantized.mean.astype("<f4")),
        "scales": _base64(quantized.scales.astype("<f4")),
        "vectors": _base64(quantized.steps),
        "points": _base64(_on_grid(projection.points)),
        "projection": projection.title,
        "clusters": _base64(clusters.labels.astype(np.uint8)),
        "central": clusters.central,
        "names": [", ".join(words[row] for row in rows) for rows in clusters.central],
        "content": _base64(content.astype(np.uint8)),
        # a rule with one rate for all words teaches nothing about them
        "rates": None if rates is None or np.ptp(rates) == 0 else _base64(rates.astype("<f4")),
    }


def _base64(array: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def _on_grid(points: np.ndarray) -> np.ndarray:
    """Return uint16 [n, 2]: points with the same scale on both axes, the longer from 0 to 65,535."""
    least = points.min(axis=0)
    longest = np.ptp(points, axis=0).max()
    return np.rint((points - least) / (longest or 1.0) * _GRID).astype("<u2")


def _losses(subjects: Sequence[Subject]) -> list[dict[str, Any]]:
    """Charts of the losses; losses that cannot be compared are in different charts."""
    from glove_adagrad.plots.loss import comparable_losses

    histories = {subject.name: subject.history for subject in subjects if subject.history.get("epochs")}
    return [
        {
            "title": page_text(group.title),
            "series": [{"name": page_text(line.label), "losses": line.points} for line in group.lines],
        }
        for group in comparable_losses(histories)
    ]


def _about(subject: Subject, several: bool) -> str:
    parts = [f"<h1>{escaped(subject.name)}</h1>"] if several else []
    parts.append(counts_section(subject.wv))
    if subject.scores is not None:
        parts.append(scores_section(subject.scores))
    if subject.history:
        parts.append(history_sections(subject.history))
    return "\n".join(parts)
