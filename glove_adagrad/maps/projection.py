"""Project vectors to the two dimensions of a map."""

from __future__ import annotations

import importlib.util
from typing import NamedTuple

import numpy as np

from glove_adagrad.errors import InputError
from glove_adagrad.formats.word_vectors import unit_rows

#: Method -> the module that computes it; None where NumPy does.
PROJECTIONS = {"pca": None, "tsne": "openTSNE", "umap": "umap"}

_SEED = 1
_PERPLEXITY = 30.0
_NEIGHBOURS = 15
_FEWEST = 8  # words from which t-SNE and UMAP are computed


class Projection(NamedTuple):
    """Points float64 [n, 2], and the names of the two axes (empty where an axis has no meaning)."""

    points: np.ndarray
    axes: tuple[str, str]
    title: str


def default_projection() -> str:
    """Return the name of the best method that is installed: t-SNE, then UMAP, then PCA."""
    return next(method for method in ("tsne", "umap", "pca") if _installed(method))


def project(vectors: np.ndarray, method: str) -> Projection:
    """Place vectors in the plane by their directions; the same vectors always give the same points.

    Parameters
    ----------
    vectors : float32 [n, d], at least two
    method : {'pca', 'tsne', 'umap'}
        t-SNE (van der Maaten and Hinton 2008) and UMAP (McInnes et al. 2018); fewer than 8 words are placed by PCA.

    Raises
    ------
    InputError
        For another method, or if its package is not installed.
    """
    if method not in PROJECTIONS:
        raise InputError(f"projection {method!r} is unknown; choose one of {', '.join(PROJECTIONS)}")
    if not _installed(method):
        raise InputError(
            f"{method} needs {PROJECTIONS[method]}; install it with: pip install 'glove-adagrad[maps]', or choose pca"
        )
    unit = unit_rows(vectors)
    if method == "pca" or len(unit) < _FEWEST:
        return _pca(unit)
    return _tsne(unit) if method == "tsne" else _umap(unit)


def _installed(method: str) -> bool:
    module = PROJECTIONS[method]
    return module is None or importlib.util.find_spec(module) is not None


def _pca(unit: np.ndarray) -> Projection:
    centred = unit - unit.mean(axis=0)
    left, scales, right = np.linalg.svd(centred, full_matrices=False)
    kept = min(2, len(scales))
    # a singular vector has no sign of its own: let its largest entry be positive
    signs = np.sign(right[np.arange(kept), np.abs(right[:kept]).argmax(axis=1)])
    points = np.zeros((len(unit), 2))
    points[:, :kept] = left[:, :kept] * scales[:kept] * signs
    shares = np.zeros(2)
    if scales.any():
        shares[:kept] = scales[:kept] ** 2 / (scales**2).sum()
    axes = [f"principal component {n} ({100 * share:.1f} % of variance)" for n, share in enumerate(shares, 1)]
    return Projection(points, (axes[0], axes[1]), "PCA of unit vectors")


def _tsne(unit: np.ndarray) -> Projection:
    from openTSNE import TSNE

    perplexity = min(_PERPLEXITY, (len(unit) - 1) / 3)
    # one thread: with several the sums, and so the map, would depend on their number
    points = TSNE(perplexity=perplexity, metric="cosine", initialization="pca", random_state=_SEED, n_jobs=1).fit(
        unit
    )
    return _without_axes(np.asarray(points), f"t-SNE of unit vectors, perplexity {perplexity:.3g}")


def _umap(unit: np.ndarray) -> Projection:
    from umap import UMAP

    neighbours = min(_NEIGHBOURS, len(unit) - 1)
    umap = UMAP(n_neighbors=neighbours, metric="cosine", random_state=_SEED, n_jobs=1)
    return _without_axes(umap.fit_transform(unit), f"UMAP of unit vectors, {neighbours} neighbours")


def _without_axes(points: np.ndarray, title: str) -> Projection:
    """Turn points whose direction has no meaning so that their longest side is the width of the picture."""
    return Projection(_pca(points.astype(np.float64)).points, ("", ""), title)
