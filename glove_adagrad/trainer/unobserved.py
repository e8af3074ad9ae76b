"""Unobserved pairs to train on: how often each is drawn, and its target."""

from __future__ import annotations

import math

import numpy as np

from glove_adagrad.kernels.arguments import UnobservedPairs
from glove_adagrad.trainer.parameters import Parameters
from glove_adagrad.trainer.settings import TrainingSettings
from glove_adagrad.trainer.stream import MatrixStream

#: Towards this count targets are drawn from the one that chance gives, and this is the most that any is.
COUNT, MOST = 0.03, 0.3


def of_epoch(pairs: UnobservedPairs, seed: int, number: int) -> UnobservedPairs:
    """Return what an epoch draws by: its draws are fresh, and follow from seed and epoch alone."""
    return pairs._replace(stream=np.random.default_rng([seed, number, 1]).integers(1 << 63, dtype=np.uint64))


def unobserved_pairs(stream: MatrixStream, parameters: Parameters, settings: TrainingSettings) -> UnobservedPairs:
    """Prepare the drawing of unobserved pairs.

    A word i and a context j are drawn with probability proportional to (n_i n_j)^power, n being how often they
    were counted: `settings.unobserved` draws an epoch for each record of the matrix, of which those that hit a cell
    are left out. The others are trained like records. With E = X_i. X_.j / X_.., the expected count when independent,
    and c for `settings.unobserved_chance`, the target is ln min(E^c COUNT^(1 - c), MOST).
    """
    from glove_adagrad.kernels.training import GUIDE

    matrix = stream.matrix
    words = parameters.words
    word_sums, context_sums = stream.marginals
    total = word_sums.sum()
    chance = settings.unobserved_chance
    rest = (1 - chance) * math.log(COUNT) / 2
    # a word without cells on a side, as the last of its line has without a right neighbour, is as rare as any there
    word_logs, context_logs = (
        (chance * np.log(np.maximum(sums, sums[sums > 0].min()) / math.sqrt(total)) + rest).astype(np.float32)
        for sums in (word_sums, context_sums)
    )
    frequencies = np.empty(words)
    # words that the text lacks, which were kept from given vectors, are not drawn
    drawn = matrix.vocabulary.counts > 0
    frequencies[parameters.rows] = drawn * np.maximum(1, matrix.counted) ** settings.unobserved_power
    rates = settings.unobserved * matrix.records / frequencies.sum() ** 2 * frequencies
    sums = np.empty(words)
    guide = np.zeros(GUIDE * words + 1, np.uint16)  # the last is for draws that rounding puts behind the end
    for start, size in zip(parameters.starts.tolist(), parameters.sizes.tolist(), strict=True):
        part_sums = np.cumsum(frequencies[start : start + size])
        sums[start : start + size] = part_sums
        # rounding must not begin a search too late: a step back costs nothing
        entries = np.arange(GUIDE * size) / (GUIDE * size)
        begins = np.searchsorted(part_sums, part_sums[-1] * entries * (1 - 1e-12), side="right")
        guide[GUIDE * start : GUIDE * (start + size)] = np.minimum(begins, size - 1)
    return UnobservedPairs(
        rates,
        sums,
        guide,
        word_logs,
        context_logs,
        np.float32(math.log(MOST)),
        np.float32(settings.unobserved_weight),
    )
