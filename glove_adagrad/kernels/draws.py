"""Counter-based random numbers: each draw depends only on its key, not on the order of draws.

The generator is SplitMix64 (Steele, Lea and Flood 2014).
"""

from __future__ import annotations

import numpy as np

from glove_adagrad.kernels.jit import exact_inline

#: What the generator adds to its state before each output: 2^64 over the golden ratio.
GAMMA = np.uint64(0x9E3779B97F4A7C15)


@exact_inline
def mixed(z):
    """The generator's output for a state: 64 bits each of which depends on all bits of z.

    Parameters
    ----------
    z : uint64

    Returns
    -------
    uint64
    """
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@exact_inline
def uniform(state):
    """A number of [0, 1), of 53 bits.

    Parameters
    ----------
    state : uint64

    Returns
    -------
    float64
    """
    return np.float64(mixed(state) >> np.uint64(11)) * (1.0 / (1 << 53))
