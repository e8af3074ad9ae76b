"""From many dimensions to the two of a map."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass

import numpy as np

from glove_adagrad.errors import InputError

PROJECTIONS = ("pca", "tsne")

_SEED = 1
_PERPLEXITY = 30.0


@dataclass(frozen=True)
class Projection:
    """Points [n, 2] and what their two axes are."""

    points: np.ndarray
    axes: tuple[str, str]
    title: str


def default_projection() -> str:
    """t-SNE where scikit-learn is installed, else PCA."""
    return "tsne" if importlib.util.find_spec("sklearn") else "pca"


def project(vectors: np.ndarray, method: str) -> Projection:
    """Place vectors in the plane by their directions; the same vectors always give the same points.

    Parameters
    ----------
    vectors : float32 [n, d], at least two
    method : {'pca', 'tsne'}
        t-SNE (van der Maaten and Hinton 2008) of fewer than five words falls back on PCA.

    Raises
    ------
    InputError
        For another method, or for t-SNE without scikit-learn.
    """
    vectors = vectors.astype(np.float64)
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 0)
    match method:
        case "pca":
            return _pca(unit)
        case "tsne":
            return _tsne(unit) if len(unit) >= 5 else _pca(unit)
    raise InputError(f"projection {method!r} is unknown; choose one of {', '.join(PROJECTIONS)}")


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
    try:
        from sklearn.manifold import TSNE
    except ImportError as error:
        raise InputError(
            "t-SNE needs scikit-learn; install it with: pip install 'glove-adagrad[cluster]', or choose pca"
        ) from error
    perplexity = min(_PERPLEXITY, (len(unit) - 1) / 3)
    points = TSNE(2, perplexity=perplexity, init="pca", random_state=_SEED).fit_transform(unit)
    # t-SNE keeps no direction: turn the map's longest side into the width of the picture
    points = _pca(np.asarray(points, np.float64)).points
    title = f"t-SNE of unit vectors, perplexity {perplexity:.3g}"
    return Projection(points, ("t-SNE 1 (no unit)", "t-SNE 2 (no unit)"), title)
