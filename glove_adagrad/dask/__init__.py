"""Counting and training on a cluster, by Dask.

Dask schedules, moves data and recomputes what a lost worker had; nothing of that is here. Results are bit-for-bit
those of one machine.
"""

from glove_adagrad.dask.counting import count
from glove_adagrad.dask.fitting import train

__all__ = ["count", "train"]
