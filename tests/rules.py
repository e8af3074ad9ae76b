"""Update rules to test, and what to call them."""

from __future__ import annotations

from glove_adagrad import optim

#: Every rule, with settings under which all of its formula has an effect.
RULES = [
    optim.make("sgd", learning_rate=0.1),
    optim.make("sgd", learning_rate=0.05, momentum=0.9),
    optim.make("adagrad", learning_rate=0.3),
    optim.make("adagrad", preset="torch", learning_rate=0.3),
    optim.make("adagrad", preset="keras", learning_rate=0.3),
    optim.make("adagrad-textbook", learning_rate=0.3, lr_decay=0.02, weight_decay=0.1),
    optim.make("adagrad-full", learning_rate=0.3, initial_accumulator=0.5, delta=0.1, refresh=3),
    optim.make("adagrad-norm", learning_rate=0.5),
    optim.make("adagrad-norm", learning_rate=0.9, scope="model"),
    optim.make("adagrad-l1", learning_rate=0.3, l1=0.01),
    optim.make("adagrad-proximal", learning_rate=0.3, l1=0.02, l2=0.05),
    optim.make("adagrad-da", learning_rate=0.3, l1=0.02, l2=0.01),
    optim.make("rmsprop", learning_rate=0.01),
    optim.make("adadelta", learning_rate=0.7),
    optim.make("adam", learning_rate=0.02),
    optim.make("adamw", learning_rate=0.02, weight_decay=0.1),
    optim.make("adamax", learning_rate=0.02),
    optim.make("amsgrad", learning_rate=0.02),
]


def label(rule):
    changed = [f"{k}={v}" for k, v in rule.options().items() if v != getattr(type(rule), k)]
    return " ".join([rule.name, *changed])


def penalised(rule):
    return any(rule.options().get(option) for option in ("l1", "l2", "weight_decay"))
