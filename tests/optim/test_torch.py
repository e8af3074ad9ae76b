"""Rules against PyTorch's, step by step."""

from __future__ import annotations

import numpy as np
import pytest

from glove_adagrad import optim

pytestmark = pytest.mark.slow

torch = pytest.importorskip("torch", reason="PyTorch, which is only needed to compare with, is not installed")

#: Rule, PyTorch's optimizer and its arguments.
PAIRS = [
    ("sgd", {"learning_rate": 0.01}, "SGD", {"lr": 0.01}),
    ("sgd", {"learning_rate": 0.01, "momentum": 0.8}, "SGD", {"lr": 0.01, "momentum": 0.8}),
    ("adagrad", {"preset": "torch"}, "Adagrad", {}),
    (
        "adagrad",
        {"preset": "torch", "learning_rate": 0.2, "initial_accumulator": 0.3, "lr_decay": 0.01, "weight_decay": 0.1},
        "Adagrad",
        {"lr": 0.2, "initial_accumulator_value": 0.3, "lr_decay": 0.01, "weight_decay": 0.1},
    ),
    ("rmsprop", {"rho": 0.99, "learning_rate": 0.01}, "RMSprop", {}),
    ("adadelta", {"rho": 0.9}, "Adadelta", {}),
    ("adadelta", {"learning_rate": 0.5, "epsilon": 1e-4}, "Adadelta", {"lr": 0.5, "rho": 0.95, "eps": 1e-4}),
    ("adam", {}, "Adam", {}),
    ("adam", {"learning_rate": 0.1, "beta1": 0.5, "beta2": 0.9}, "Adam", {"lr": 0.1, "betas": (0.5, 0.9)}),
    ("adamw", {}, "AdamW", {}),
    ("adamax", {}, "Adamax", {}),
    ("amsgrad", {"learning_rate": 0.01}, "Adam", {"lr": 0.01, "amsgrad": True}),
]


@pytest.mark.parametrize(("name", "options", "theirs", "arguments"), PAIRS)
def test_trajectory(name, options, theirs, arguments):
    rng = np.random.default_rng(1)
    w = rng.normal(size=(5, 7))
    parameter = torch.nn.Parameter(torch.tensor(w))
    rule, optimizer = optim.make(name, **options), getattr(torch.optim, theirs)([parameter], **arguments)
    state = rule.init(w)
    for step in range(300):
        g = rng.normal(size=w.shape) * 10 ** rng.uniform(-2, 1)
        rule.update(w, g, state)
        parameter.grad = torch.tensor(g)
        optimizer.step()
        assert np.allclose(w, parameter.detach().numpy(), rtol=1e-9, atol=1e-12), f"step {step}"
