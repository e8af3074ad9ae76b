"""Named sets of parameters, by what a user wants. Parameters given next to a preset take precedence.

What each is worth is measured in docs/quality.md and docs/settings.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from glove_adagrad.errors import InputError

if TYPE_CHECKING:
    from glove_adagrad.optim import Rule

#: preset -> the parameters of `GloVe` in which it differs from the defaults.
PRESETS: dict[str, dict[str, Any]] = {
    "stanford": {},
    "recommended": {
        "unobserved": 1.0, "symmetric": False, "epochs": 15, "vectors": "pca", "svd_weight": 0.5, "subwords": True,
    },
    "fast": {
        "unobserved": 1.0, "symmetric": False, "epochs": 5, "learning_rate": 0.1, "clip": 10.0, "vectors": "pca",
        "svd_weight": 0.5, "subwords": True,
    },
}  # fmt: skip

#: Defaults of the parameters that presets may change; None is the update rule's own rate.
_DEFAULTS: dict[str, Any] = {
    "unobserved": 0.0, "symmetric": True, "epochs": 25, "learning_rate": None, "clip": 100.0, "vectors": "sum",
    "svd_weight": 0.0, "subwords": False,
}  # fmt: skip

#: preset -> one line of help.
SUMMARIES = {
    "stanford": "plain GloVe with the rule of Stanford's programs",
    "recommended": "also learns from unobserved pairs, joins PPMI-SVD of the same counts and fits character n-grams; "
    "scores higher than plain GloVe",
    "fast": "the same with 5 epochs instead of 15, with slightly lower scores",
}


def preset_parameters(name: str) -> dict[str, Any]:
    """Return the parameters of a preset.

    Raises
    ------
    InputError
        If there is no preset of that name.
    """
    if name not in PRESETS:
        raise InputError(f"preset {name!r}: must be one of {', '.join(PRESETS)}")
    return dict(PRESETS[name])


def with_preset(preset: str, optimizer: str | Rule, **given: Any) -> dict[str, Any]:
    """Return the parameters that presets may change: as given, else the preset's, else the default."""
    named = preset_parameters(preset)
    if optimizer != "adagrad":  # a preset's learning rate is that of its own update rule
        named.pop("learning_rate", None)
    return {**_DEFAULTS, **named, **{name: value for name, value in given.items() if value is not None}}
