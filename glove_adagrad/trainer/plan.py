"""What a training will need: memory, disk and time, and the refusal of what does not fit in memory."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from glove_adagrad.errors import InputError
from glove_adagrad.trainer.parameters import Parameters
from glove_adagrad.trainer.settings import TrainingSettings
from glove_adagrad.trainer.stream import MatrixStream

#: Records that a trial trains on, and bytes of parameters that it copies, at most.
_TRIAL_RECORDS, _TRIAL_BYTES = 2_000_000, 256 << 20

#: Bytes that the interpreter, compiled code and buffers take besides parameters and matrix.
_REST = 300 << 20

#: Bytes of a number in a text file of vectors.
_TEXT_BYTES = 10


@dataclass(frozen=True)
class Plan:
    """What a training will need.

    Attributes
    ----------
    parameter_bytes : int
        Parameters and the update rule's state, in memory.
    matrix_bytes : int
        What of the matrix is in memory at a time.
    checkpoint_bytes : int
        A checkpoint.
    copy_bytes : int
        The copy of the parameters that is in memory while a checkpoint is written; 0 if it would not fit, and
        training waits instead.
    disk_bytes : int
        The folder of a run, without the matrix: three checkpoints (two are kept), the model, and its vectors as text.
    epoch_seconds : float
        An epoch, reading the matrix aside.
    """

    parameter_bytes: int
    matrix_bytes: int
    checkpoint_bytes: int
    copy_bytes: int
    disk_bytes: int
    epoch_seconds: float


def parameter_bytes(words: int, settings: TrainingSettings) -> int:
    """Bytes of parameters and the rule's state, which are those of a checkpoint."""
    layout = Parameters.layout(words, settings.vector_size, settings.rule)
    return sum(int(np.prod(shape)) * dtype.itemsize for shape, dtype in layout.values())


def disk_bytes(words: int, settings: TrainingSettings) -> int:
    """Bytes of the folder of a run, without its matrix; see `Plan`."""
    return 3 * parameter_bytes(words, settings) + (2 * 4 + _TEXT_BYTES) * words * settings.vector_size


def check_memory(words: int, settings: TrainingSettings, matrix_bytes: int) -> None:
    """Refuse, before any of it is reserved, a training that would not fit in memory.

    Parameters
    ----------
    matrix_bytes : int
        What of the matrix will be in memory at a time.

    Raises
    ------
    InputError
        If parameters and matrix need more than all of the machine's memory, or than the limit of its container.
    """
    parameters, limit = parameter_bytes(words, settings), memory_limit()
    if limit is not None and parameters + matrix_bytes + _REST > limit:
        raise InputError(
            f"vector_size {settings.vector_size}: parameters of {words:,} words need {parameters / 1e6:,.0f} MB "
            f"and the matrix {matrix_bytes / 1e6:,.0f} MB, and this machine has {limit / 1e6:,.0f} MB of memory; use "
            "a smaller vector_size, less `memory` for the matrix, or fewer words"
        )


def copy_fits(words: int, settings: TrainingSettings, matrix_bytes: int) -> bool:
    """Whether a copy of the parameters fits in memory next to what `check_memory` counts."""
    limit = memory_limit()
    return limit is None or 2 * parameter_bytes(words, settings) + matrix_bytes + _REST <= limit


def memory_limit() -> int | None:
    """Bytes of memory of this machine, or of the container that this process is in; None if unknown."""
    limits = []
    if hasattr(os, "sysconf") and {"SC_PHYS_PAGES", "SC_PAGE_SIZE"} <= os.sysconf_names.keys():
        limits.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            limits.append(int(Path(path).read_text()))
        except (OSError, ValueError):  # there is none, or it is "max"
            continue
    return min(limits, default=None)


class Trial(NamedTuple):
    """Blocks of some parts, with copies of these parts' parameters to train.

    Attributes
    ----------
    strata : list of int64 arrays [n, 2]
        Blocks that share no rows, one stratum after the other.
    sides, row_states
        As those of `Parameters`, of these parts only.
    starts : int64 array [P]
        Where each of these parts begins.
    share : float
        Of the records of an epoch.
    """

    strata: list[np.ndarray]
    sides: tuple[np.ndarray, ...]
    row_states: tuple[tuple[np.ndarray, ...], ...]
    starts: np.ndarray
    share: float


def trial(stream: MatrixStream, parameters: Parameters, workers: int) -> Trial:
    """Prepare a trial of as many parts as may be copied, so that their rows come from memory as in an epoch."""
    affordable = max(workers, _TRIAL_BYTES * stream.parts // parameters.nbytes)
    parts = np.random.default_rng(0).permutation(stream.parts)[:affordable]
    strata: list[np.ndarray] = []
    records = 0
    while len(strata) < len(parts) and records < _TRIAL_RECORDS:
        strata.append(np.stack([parts, np.roll(parts, -len(strata))], axis=1))
        records += int(stream.visits[strata[-1][:, 0], strata[-1][:, 1]].sum())
    starts = np.zeros_like(parameters.starts)
    # in order, so that each takes the place of a part of at least its size, as the tables of draws require
    parts = np.sort(parts)
    starts[parts] = parameters.starts[: len(parts)]
    rows = np.concatenate(
        [
            np.minimum(parameters.starts[part] + np.arange(size), parameters.words - 1)
            for part, size in zip(parts.tolist(), parameters.sizes.tolist(), strict=False)
        ]
    )
    return Trial(
        strata,
        tuple(side[rows] for side in parameters.sides),
        tuple(
            tuple(array.copy() if parameters.rule.shared else array[rows] for array in arrays)
            for arrays in parameters.row_states
        ),
        starts,
        records / max(1, int(stream.visits.sum())),
    )
