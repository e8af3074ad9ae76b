"""`results.json` of `compare-optimizers`: results, identity of a comparison, summary over seeds."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from glove_adagrad.decoding import sealed_json
from glove_adagrad.source_paths import files_of

if TYPE_CHECKING:
    from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix


@dataclass(frozen=True)
class Trial:
    """A rate and the loss it came to; infinite where training diverged."""

    rate: float
    loss: float


@dataclass(frozen=True)
class Result:
    """Results of one rule with one seed.

    Attributes
    ----------
    label : str
    seed : int
    optimizer, options
        As `optim.make` takes them, with the rate that was used.
    trials : list of Trial
        In the order of rates; empty if the rate was given.
    losses, seconds, processor_seconds : lists of float
        By epoch: mean loss, time passed, and the processor's time of all threads together.
    rates : list of lists of float
        By epoch, then by bin of word frequency: what gradients of word vectors are multiplied by, the geometric mean.
    records : int
        Of an epoch.
    bytes_per_parameter : float
        With the rule's state.
    zeros : float
        Share of exact zeros among the components of word plus context vectors.
    scores : dict of str to float
        Percent of analogies solved, and Spearman's correlations times 100, by test set.
    diverged : str
        Why training stopped early, or that its last loss is over twice that of vectors of zeros; otherwise empty.
    """

    label: str
    seed: int
    optimizer: str
    options: dict[str, Any]
    trials: list[Trial]
    losses: list[float]
    seconds: list[float]
    processor_seconds: list[float]
    rates: list[list[float]]
    records: int
    bytes_per_parameter: float
    zeros: float
    scores: dict[str, float]
    diverged: str = ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def matrix_identity(matrix: CooccurrenceMatrix) -> dict[str, Any]:
    """Return sizes and checksums of a matrix; matrices with equal ones give the same results."""
    return {
        "words": matrix.words,
        "tokens": matrix.tokens,
        "records": matrix.records,
        "checksums": {**matrix.meta["checksums"], "vocabulary": zlib.crc32(matrix.vocabulary.to_bytes())},
    }


def corpus_identity(corpus: Sequence[str]) -> list[list[Any]] | None:
    """Return path, size and time of change of each file of a corpus; None if one can be read only once."""
    found: list[list[Any]] = []
    for source in corpus:
        for path in [Path(source)] if source == "-" else files_of(source):
            if source == "-" or not path.is_file():
                return None
            found.append([str(path.resolve()), path.stat().st_size, path.stat().st_mtime_ns])
    return found


def results_bytes(record: Mapping[str, Any], results: Sequence[Result]) -> bytes:
    """Format `results.json`: a record with the results so far and their summary over seeds, and a checksum."""
    whole = {**record, "results": [result.as_dict() for result in results]}
    return sealed_json({**whole, "summary": [asdict(summary) for summary in summaries(whole)]})


def results_of(record: Mapping[str, Any]) -> list[Result]:
    """Return the results in a `results.json` that `results_bytes` wrote."""
    return [
        Result(**{**result, "trials": [Trial(**trial) for trial in result["trials"]]}) for result in record["results"]
    ]


@dataclass(frozen=True)
class Summary:
    """Results of one rule over all seeds: means, and half of the range between seeds.

    Attributes
    ----------
    label, optimizer : str
    learning_rate : float
    seeds : int
    diverged : str
        Empty if training completed with every seed. Otherwise there are no scores, and losses are of the seeds that
        completed, or of all if none did.
    losses, losses_half_range, processor_seconds : lists of float
        By epoch.
    rates : list of lists of float
        By epoch, then by bin of word frequency; geometric means.
    records : int
    bytes_per_parameter, zeros : float
    scores, scores_half_range : dict of str to float
        By test set.
    """

    label: str
    optimizer: str
    learning_rate: float
    seeds: int
    diverged: str
    losses: list[float]
    losses_half_range: list[float]
    processor_seconds: list[float]
    rates: list[list[float]]
    records: int
    bytes_per_parameter: float
    zeros: float
    scores: dict[str, float]
    scores_half_range: dict[str, float]


def summaries(record: Mapping[str, Any]) -> list[Summary]:
    """Summarise the `results` of a `results.json` by rule, in the order of its rules."""
    groups: dict[str, list[Any]] = {}
    for result in record["results"]:
        groups.setdefault(result["label"], []).append(result)
    return [_summary(label, results) for label, results in groups.items()]


def _summary(label: str, results: Sequence[Any]) -> Summary:
    diverged = sum(bool(result["diverged"]) for result in results)
    kept = [result for result in results if not result["diverged"]] or results
    epochs = min(len(result["losses"]) for result in kept)
    losses = np.array([result["losses"][:epochs] for result in kept])
    tests = [] if diverged else [test for test in kept[0]["scores"] if all(test in r["scores"] for r in kept)]
    scores = {test: np.array([result["scores"][test] for result in kept]) for test in tests}
    with np.errstate(divide="ignore", invalid="ignore"):
        rates = np.exp(np.mean([np.log(result["rates"][:epochs]) for result in kept], axis=0))
    return Summary(
        label=label,
        optimizer=results[0]["optimizer"],
        learning_rate=results[0]["options"]["learning_rate"],
        seeds=len(results),
        diverged=("diverged" + (f" ({diverged} of {len(results)})" if len(results) > 1 else "")) if diverged else "",
        losses=losses.mean(axis=0).tolist(),
        losses_half_range=_half_range(losses).tolist(),
        processor_seconds=np.mean([result["processor_seconds"][:epochs] for result in kept], axis=0).tolist(),
        rates=rates.tolist(),
        records=results[0]["records"],
        bytes_per_parameter=results[0]["bytes_per_parameter"],
        zeros=float(np.mean([result["zeros"] for result in kept])),
        scores={test: float(values.mean()) for test, values in scores.items()},
        scores_half_range={test: float(_half_range(values)) for test, values in scores.items()},
    )


def _half_range(values: np.ndarray) -> np.ndarray:
    """Half of the range along the first axis, which is that of seeds."""
    return np.ptp(values, axis=0) / 2


def seeds_note(rules: Sequence[Summary]) -> str:
    """Say what the values and their ranges are, if there are several seeds."""
    seeds = max((rule.seeds for rule in rules), default=1)
    return f"means of {seeds} seeds, ± half the range between them" if seeds > 1 else ""


def nanoseconds_per_record(rule: Summary) -> float:
    """Processor time per record in ns: the median epoch, all threads together."""
    return 1e9 * float(np.median(rule.processor_seconds)) / rule.records
