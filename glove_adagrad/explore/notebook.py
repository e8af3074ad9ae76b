"""`GloVe` objects in notebooks: a card that describes one, and its explorer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from glove_adagrad.evaluation import default_suite, evaluate
from glove_adagrad.evaluation.neighbours import Neighbourhood
from glove_adagrad.explore.document import escaped
from glove_adagrad.explore.page import Page, explore_page
from glove_adagrad.explore.subject import Subject
from glove_adagrad.maps import content_words

if TYPE_CHECKING:
    from glove_adagrad.model import GloVe

_NEIGHBOURS = 5


def explore_model(model: GloVe, top: int, projection: str | None) -> Page:
    """Make the explorer of a trained model, see `explore_page`.

    Raises
    ------
    InputError
        If the model has not been trained, and as `explore_page` does.
    """
    wv = model.word_vectors()
    history = {
        "settings": {**model.settings.to_json(), "windows": model.windows.to_json()},
        "epochs": [{"epoch": epoch, "loss": loss} for epoch, loss in enumerate(model.loss_history, start=1)],
    }
    rates = model.learned_rates()
    scores = evaluate(wv, default_suite(), name="model")
    return explore_page([Subject("model", wv, history, rates, scores)], top, projection)


def card(model: GloVe) -> str:
    """Return HTML that describes a model in a few lines: size, settings, loss, five neighbours of a word."""
    rows = [("settings", _settings(model))]
    if model.loss_history:
        wv = model.word_vectors()
        word = wv.words[int(np.flatnonzero(content_words(wv.vectors))[0])]
        near = ", ".join(other for other, _ in Neighbourhood(wv).similar(word, _NEIGHBOURS))
        rows = [
            ("size", f"{len(wv.words):,} words, {wv.vectors.shape[1]:,} components"),
            *rows,
            ("loss", f"{model.loss_history[-1]:.5f} after {len(model.loss_history):,} epochs"),
            (f"near {word}", near),
        ]
    else:
        rows.append(("state", "not trained"))
    left = 'style="text-align: left"'
    lines = "".join(
        f"<tr><th {left}>{escaped(name)}</th><td {left}>{escaped(value)}</td></tr>" for name, value in rows
    )
    return f"<table><caption>GloVe</caption>{lines}</table>"


def _settings(model: GloVe) -> str:
    settings = model.settings
    parts = [
        f"window {model.windows.window}{'' if model.windows.symmetric else ', left only'}",
        f"x_max {settings.x_max:g}",
        f"alpha {settings.alpha:g}",
        f"optimizer {settings.rule.name}",
        f"epochs {settings.epochs}",
        f"seed {settings.seed}",
    ]
    if settings.unobserved:
        parts.append(f"unobserved {settings.unobserved:g}")
    return ", ".join(parts)
