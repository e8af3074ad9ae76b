"""Every rule that can train, inside the training kernel, against the same rule on NumPy arrays."""

from __future__ import annotations

import numpy as np
import pytest

from glove_adagrad import optim

WORDS, SIZE, N, RECORDS = 7, 17, 20, 400

RULES = [rule for rule in map(optim.make, optim.available()) if not rule.not_for_training]


def start(rule, rng, one):
    """A side's parameters [V, n] with their fixed 1 in column `one` and the bias in the other of the last two."""
    w = np.zeros((WORDS, N), np.float32)
    w[:, :SIZE] = rng.uniform(-0.5, 0.5, (WORDS, SIZE))
    w[:, one] = 1
    state = rule.init(w)
    bias = 2 * N - 3 - one
    for slot, value in rule.bias_start().items():
        if value != rule.start()[slot]:
            state[slot][:, bias] = value
    return w, state


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_kernel_trains_as_the_rule_says(rule):
    from glove_adagrad.kernels.training import train_records

    rng = np.random.default_rng(1)
    ones = (N - 1, N - 2)
    reference = [start(rule, rng, one) for one in ones]
    flat = tuple(np.stack([w, *(state[s] for s in rule.slots)], axis=1).ravel() for w, state in reference)
    rows = tuple(tuple(state[s].copy() for s in rule.row_slots) for _, state in reference)
    word, context = rng.integers(WORDS, size=(2, RECORDS))
    log_x, weight = rng.normal(size=(2, RECORDS)).astype(np.float32)
    weight = np.abs(weight)
    settings = optim.as_float32(rule.vector_settings())
    slots = tuple(range(len(rule.slots)))
    train_records(settings, None, slots, flat, rows, N, word, context, log_x, weight, np.float32(0.5), 0.0)

    (w, w_state), (c, c_state) = reference
    for i, j, target, f in zip(word, context, log_x, weight, strict=True):
        pull = f * (w[i] @ c[j] - target)
        gradients = np.clip(pull * c[j], -0.5, 0.5), np.clip(pull * w[i], -0.5, 0.5)
        sides = ((w, w_state, i, ones[0]), (c, c_state, j, ones[1]))
        for (side, state, row, one), g in zip(sides, gradients, strict=True):
            g[one] = 0
            rule.update(side, g[None], state, np.array([row]))
            side[:, one] = 1
    for side, (expected, _) in zip(flat, reference, strict=True):
        assert np.allclose(side.reshape(WORDS, -1, N)[:, 0], expected, rtol=2e-3, atol=2e-4)
