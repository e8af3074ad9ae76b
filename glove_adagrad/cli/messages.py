"""Messages of the library as the command line shows them: parameters of Python become options.

The library writes a parameter in backquotes, with a value if it has one to suggest: `memory`, `holdout=0.01`; or a
message begins with the parameter and the value that is impossible.
"""

from __future__ import annotations

import re

#: Parameters whose option is not their name with hyphens.
_OTHER_NAMES = {"text_format": "--format", "vocabulary": "--vocab"}

#: Parameters that messages name; each is an option of some command.
PARAMETERS = frozenset({
    "alpha", "anchor", "anchor_weight", "clip", "column", "encoding", "epochs", "field", "groups", "holdout", "init",
    "keep_words", "learning_rate", "max_vocab", "memory", "min_cooccurrence", "min_count", "optimizer",
    "patience", "phrases", "preset", "restrict_vocab", "sample", "seed", "text_format", "tmp", "tokenizer",
    "trust_pickle", "unobserved", "unobserved_chance", "unobserved_power", "unobserved_weight", "vector_size",
    "vocabulary", "window", "workers", "x_max",
})  # fmt: skip

_QUOTED = re.compile(r"`([a-z_]+)(?:=([^`\s]+))?`")
_IMPOSSIBLE = re.compile(r"^([a-z_]+)(?= (?:-?[\d.][\d.e+-]*|nan|-?inf): )")


def option_name(parameter: str) -> str:
    """Return the option that sets a parameter."""
    return _OTHER_NAMES.get(parameter, f"--{parameter.replace('_', '-')}")


def with_options(message: str) -> str:
    """Return a message of the library with options in the place of parameters."""

    def option(found: re.Match[str]) -> str:
        if found[1] not in PARAMETERS:
            return found[0]
        return " ".join([option_name(found[1]), *filter(None, found.groups()[1:])])

    return _IMPOSSIBLE.sub(option, _QUOTED.sub(option, message))
