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
        "unobserved": 1.0, "symmetric": False, "epochs": 5, "init_svd": 0.25, "vectors": "pca", "svd_weight": 0.25,
        "subwords": True,
    },
    "fast": {
        "unobserved": 1.0, "symmetric": False, "epochs": 2, "init_svd": 0.5, "vectors": "pca", "svd_weight": 0.25,
        "subwords": True,
    },
}  # fmt: skip

#: preset -> name and options of its update rule, if it is not the default.
#: A large initial accumulator lets rare words take small steps, as AdaGrad's small rate does.
RULES: dict[str, tuple[str, dict[str, float]]] = dict.fromkeys(
    ("recommended", "fast"), ("adagrad-norm", {"learning_rate": 2.0, "initial_accumulator": 100.0})
)

#: Defaults of the parameters that presets may change.
_DEFAULTS: dict[str, Any] = {
    "unobserved": 0.0, "symmetric": True, "epochs": 25, "init_biases": False, "init_svd": 0.0, "vectors": "sum",
    "svd_weight": 0.0, "subwords": False,
}  # fmt: skip

#: preset -> one line of help.
SUMMARIES = {
    "stanford": "plain GloVe with the rule of Stanford's programs",
    "recommended": "starts from PPMI-SVD of the counts, also learns from unobserved pairs, fits character n-grams; "
    "scores higher than plain GloVe",
    "fast": "the same with 2 epochs instead of 5, with slightly lower scores",
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


def with_preset(preset: str, **given: Any) -> dict[str, Any]:
    """Return the parameters that presets may change: as given, else the preset's, else the default."""
    given = {name: value for name, value in given.items() if value is not None}
    return {**_DEFAULTS, **preset_parameters(preset), **given}


def rule_of(preset: str, optimizer: str | Rule | None = None, **options: Any) -> Rule:
    """Return the update rule of a preset, with options in place of its own; or the one that `optimizer` names or is.

    Options whose value is None do not count.

    Raises
    ------
    InputError
        As `optim.make` does, and for options next to a rule, which has its own.
    """
    from glove_adagrad import optim

    options = {name: value for name, value in options.items() if value is not None}
    if optimizer is None:
        name, own = RULES.get(preset, (optim.StanfordAdaGrad.name, {}))
        return optim.make(name, **{**own, **options})
    if isinstance(optimizer, str):
        return optim.make(optimizer, **options)
    for option, value in options.items():
        raise InputError(f"{option} {value}: is a setting of the rule that optimizer names; give it there")
    return optimizer
