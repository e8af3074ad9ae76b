"""The order of an epoch: groups of parts, their superblocks, and the strata in those.

The P parts are divided into G groups of consecutive parts. Super-stratum r consists of the superblocks of word group
g and context group (g + r) mod G, which share no row of parameters. A superblock has strata of its own, whose blocks
share no row either. An epoch visits super-strata, and the strata in each, in orders drawn from the seed and the
epoch's number.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from glove_adagrad.errors import InputError


class Step(NamedTuple):
    """What is trained between two moments at which a training can be saved.

    shift : int, r of the super-stratum.
    strata : list of int, those to be trained in each of its superblocks, in order.
    """

    shift: int
    strata: list[int]


class Order:
    """Groups, superblocks and strata.

    Parameters
    ----------
    parts : int
        P.
    groups : int
        G. With one group, the order is that of the strata (p, (p + s) mod P).

    Attributes
    ----------
    edges : list of int
        The first part of each group, and P.
    strata : int
        Strata of a superblock.
    steps : int
        Steps of an epoch.

    Raises
    ------
    InputError
        If there are more groups than parts.
    """

    def __init__(self, parts: int, groups: int) -> None:
        if groups > parts:
            raise InputError(f"groups {groups}: must be at most {parts}, the parts of a vocabulary of this size")
        self.groups = groups
        self.edges = [parts * group // groups for group in range(groups + 1)]
        self.strata = -(-parts // groups)
        self.steps = parts if groups == 1 else groups

    def epoch(self, seed: int, number: int) -> list[Step]:
        """Return the steps of an epoch: its super-strata, or with one group its strata."""
        rng = np.random.default_rng([seed, number])
        strata = [rng.permutation(self.strata).tolist() for _ in range(self.groups)]
        if self.groups == 1:
            return [Step(0, [stratum]) for stratum in strata[0]]
        # not in turn, which would move fewer rows on a cluster: the held-out loss is higher then
        return [Step(shift, strata[shift]) for shift in rng.permutation(self.groups).tolist()]

    def context_group(self, shift: int, group: int) -> int:
        return (group + shift) % self.groups

    def blocks(self, shift: int, group: int, stratum: int) -> np.ndarray:
        """int64 [n, 2]: the blocks, parts of words and of contexts, of a stratum of a word group's superblock."""
        other = self.context_group(shift, group)
        place = np.arange(self.edges[group + 1] - self.edges[group])
        # groups may differ by a part: the last word or context part has no partner in one of the strata
        blocks = np.stack([self.edges[group] + place, self.edges[other] + (place + stratum) % self.strata], axis=1)
        return blocks[blocks[:, 1] < self.edges[other + 1]]

    def parts_of(self, group: int) -> slice:
        return slice(self.edges[group], self.edges[group + 1])
