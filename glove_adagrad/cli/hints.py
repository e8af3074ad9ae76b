"""What to type instead: options and programs of Stanford's GloVe, misspelt commands."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

#: option of Stanford's programs -> what to use here.
_STANFORD_OPTIONS = {
    "alpha": "--alpha",
    "array-size": "nothing: the shuffle is not needed",
    "binary": "export --format stanford-binary",
    "checkpoint-every": "--checkpoint-minutes",
    "distance-weighting": "--distance-weights flat for -distance-weighting 0",
    "eta": "--learning-rate",
    "grad-clip": "--clip",
    "gradsq-file": "nothing: checkpoints keep the accumulators",
    "init-gradsq-file": "--resume RUN",
    "init-param-file": "--init FILE",
    "input-file": "train --cooccurrence DIR (import records with import-records)",
    "iter": "--epochs",
    "load-init-gradsq": "--resume RUN",
    "load-init-param": "--init FILE",
    "max-product": "nothing: --memory bounds the memory",
    "max-vocab": "--max-vocab",
    "memory": "--memory with a unit, for example --memory 4G",
    "min-count": "--min-count",
    "model": "export --vectors sum (model 2), word (1), or --format stanford-binary (0)",
    "overflow-file": "--tmp DIR",
    "overflow-length": "nothing: --memory bounds the memory",
    "save-file": "--output RUN",
    "save-gradsq": "nothing: checkpoints keep the accumulators",
    "save-init-param": "nothing: --seed gives the starting point",
    "seed": "--seed",
    "symmetric": "--left-only for -symmetric 0",
    "temp-file": "--tmp DIR",
    "threads": "--workers",
    "vector-size": "--vector-size",
    "verbose": "--quiet for -verbose 0",
    "vocab-file": "--vocab FILE",
    "window-size": "--window",
    "write-header": "export --format word2vec (with header) or glove (without)",
    "x-max": "--x-max",
}

#: Those that people also write with two dashes and that are not options here.
_UNKNOWN_HERE = {"--iter", "--threads", "--eta", "--window-size", "--grad-clip", "--save-file", "--vocab-file"}

#: program or word -> what to use here.
_COMMANDS = {
    "vocab_count": "use vocab",
    "vocab-count": "use vocab",
    "glove": "use train",
    "shuffle": "a shuffle is not needed: training visits the matrix in a random order",
    "help": "use --help",
    "version": "use --version",
}


def stanford_option(arguments: Sequence[str]) -> str | None:
    """Return a hint for the first option of Stanford's programs among the arguments."""
    for argument in arguments:
        if argument == "--":
            break
        name = argument.removeprefix("-").removeprefix("-")
        if name in _STANFORD_OPTIONS and (argument == f"-{name}" or argument in _UNKNOWN_HERE):
            return f"{argument} is an option of Stanford's programs; here: {_STANFORD_OPTIONS[name]}"
    return None


def unknown_command(name: str, commands: Sequence[str]) -> str:
    """Return the message for a command that does not exist, with a suggestion where there is one."""
    message = f"no command {name!r}"
    if name in _COMMANDS:
        return f"{message}; {_COMMANDS[name]}"
    near = difflib.get_close_matches(name, commands, n=1)
    return f"{message}; did you mean {near[0]}?" if near else f"{message}; --help lists the commands"
