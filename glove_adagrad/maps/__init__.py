"""Maps of words: which words to show, where, and in which groups. Nothing is drawn here."""

from glove_adagrad.maps.clusters import Clusters, cluster_words
from glove_adagrad.maps.content_words import content_words
from glove_adagrad.maps.projection import PROJECTIONS, Projection, default_projection, project

__all__ = [
    "PROJECTIONS",
    "Clusters",
    "Projection",
    "cluster_words",
    "content_words",
    "default_projection",
    "project",
]
