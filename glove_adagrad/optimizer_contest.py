"""Update rules on one matrix, each at its own best rate: what `glove-adagrad compare-optimizers` does.

A rule's rate is found by trials of a few epochs, along a grid in steps of a factor from its default, downhill in the
loss until it rises. Then every rule trains from the same start. Pictures of the outcome are in `plots.optimizers`;
how training and scoring work is not known here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from glove_adagrad import optim
from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
from glove_adagrad.errors import InputError, TrainingError
from glove_adagrad.evaluation import Suite, evaluate
from glove_adagrad.formats import WordVectors
from glove_adagrad.trainer import Trainer, TrainingSettings
from glove_adagrad.trainer.parameters import row_length

#: The most steps of the grid away from a rule's default rate.
_FARTHEST = 12

#: Trials that a search for a rate usually takes; for the time left.
_EXPECTED_TRIALS = 4

#: Bins of word frequency for a decade of it.
_BINS_A_DECADE = 3


@dataclass(frozen=True)
class Entrant:
    """A rule that takes part, as it was asked for.

    Attributes
    ----------
    label : str
    rule : Rule
    rate_given : bool
        Whether its rate is not to be searched for.
    """

    label: str
    rule: optim.Rule
    rate_given: bool

    @classmethod
    def parse(cls, text: str) -> Entrant:
        """Read `NAME` or `NAME:KEY=VALUE,KEY=VALUE`.

        Raises
        ------
        InputError
            If it is neither, or no such rule.
        """
        name, _, listed = text.partition(":")
        options = {}
        for setting in filter(None, listed.split(",")):
            key, equals, value = setting.partition("=")
            if not key or not equals:
                raise InputError(f"optimizer {text!r}: expected NAME or NAME:KEY=VALUE,KEY=VALUE")
            options[key] = value
        shown = " ".join([name, *(f"{key}={value}" for key, value in options.items() if key != "learning_rate")])
        return cls(shown, optim.make(name, **options), "learning_rate" in options)


@dataclass(frozen=True)
class Trial:
    """A rate and the loss it came to; infinite where training diverged."""

    rate: float
    loss: float


@dataclass(frozen=True)
class Result:
    """Results of one rule.

    Attributes
    ----------
    label : str
    optimizer, options
        As `optim.make` takes them, with the rate that was used.
    trials : list of Trial
        In the order of rates.
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
        Why training stopped early; empty if it completed.
    """

    label: str
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


@dataclass(frozen=True)
class Contest:
    """A matrix and all that rules have in common on it.

    Attributes
    ----------
    matrix : CooccurrenceMatrix
    settings : TrainingSettings
        Its rule is ignored.
    suite : Suite
        What vectors are scored by.
    trial_share : float
        Share of the cells that rates are tried on.
    trial_epochs : int
    factor : float
        Between neighbouring rates of the grid.
    workers : int
    """

    matrix: CooccurrenceMatrix
    settings: TrainingSettings
    suite: Suite
    trial_share: float = 1.0
    trial_epochs: int = 2
    factor: float = 2.0
    workers: int = 1

    def check(self, entrants: Sequence[Entrant]) -> None:
        """Refuse what could not train, before anything is trained.

        Raises
        ------
        InputError
        """
        labels = [entrant.label for entrant in entrants]
        for entrant in entrants:
            if labels.count(entrant.label) > 1:
                raise InputError(f"optimizer {entrant.label!r}: is named twice; name each once")
            entrant.rule.check_size(self.matrix.words, row_length(self.settings.vector_size), 4)

    def frequencies(self) -> list[float]:
        """The typical number of occurrences of words in each bin: of the words' counts the geometric mean."""
        counts, bins = self._bins()
        return [float(np.exp(np.log(counts[bins == k]).mean())) for k in np.unique(bins)]

    def expected_epochs(self, entrant: Entrant) -> float:
        """About how many epochs `run` trains for, trials included."""
        trials = 0 if entrant.rate_given else _EXPECTED_TRIALS
        return self.settings.epochs + trials * self.trial_epochs * self.trial_share

    def run(self, entrant: Entrant, tell: Callable[[str, float], None]) -> Result:
        """Find a rule's rate, train and score it.

        `tell` is called with a line about the trial or the epoch just done, and the number of epochs it took.
        """
        trials = [] if entrant.rate_given else self._search(entrant.rule, tell)
        finite = [trial for trial in trials if np.isfinite(trial.loss)]
        best = min(finite, key=lambda trial: trial.loss).rate if finite else entrant.rule.learning_rate
        rule = replace(entrant.rule, learning_rate=best)
        trainer = Trainer(self.matrix, replace(self.settings, rule=rule), workers=self.workers)
        _, bins = self._bins()
        rates: list[list[float]] = []
        processor: list[float] = []
        trainer.plan()  # compiles
        begin = time.process_time()

        def watch(trainer: Trainer, epoch: int, loss: float) -> None:
            nonlocal begin
            processor.append(time.process_time() - begin)
            with np.errstate(divide="ignore"):
                logs = np.log(trainer.parameters.effective_rates())
            rates.append([float(np.exp(logs[bins == k].mean())) for k in np.unique(bins)])
            tell(f"rate {best:.3g}, epoch {epoch}, loss {loss:.4f}", 1)
            begin = time.process_time()

        diverged = ""
        try:
            trainer.fit([watch])
        except TrainingError as error:
            diverged = str(error)
        vectors = trainer.parameters.vectors()
        sums = vectors.word_vectors + vectors.context_vectors
        numbers = sum(side[:, 0].size for side in trainer.parameters.sides)
        return Result(
            entrant.label, rule.name, rule.options(), trials,
            [epoch.loss for epoch in trainer.history], [epoch.seconds for epoch in trainer.history], processor, rates,
            self.matrix.records, trainer.parameters.nbytes / numbers, float((sums == 0).mean()),
            {} if diverged else self._scores(sums), diverged,
        )  # fmt: skip

    def _search(self, rule: optim.Rule, tell: Callable[[str, float], None]) -> list[Trial]:
        """Rates tried, in their order: the best is neither the first nor the last, if there is an end to it."""
        settings = replace(self.settings, epochs=self.trial_epochs, holdout=1 - self.trial_share)
        losses: dict[int, float] = {}

        def loss(step: int) -> float:
            if step not in losses:
                rate = rule.learning_rate * self.factor**step
                trainer = Trainer(
                    self.matrix, replace(settings, rule=replace(rule, learning_rate=rate)), workers=self.workers
                )
                try:
                    trainer.fit()
                    losses[step] = trainer.history[-1].loss
                except TrainingError:
                    losses[step] = float("inf")
                tell(f"trial of rate {rate:.3g}, loss {losses[step]:.4f}", self.trial_epochs * self.trial_share)
            return losses[step]

        best = 0
        while not np.isfinite(loss(best)) and best > -_FARTHEST:  # diverged: the rate is too high
            best -= 1
        for direction in (1, -1):
            while abs(best) < _FARTHEST and loss(best + direction) < loss(best):
                best += direction
        return [Trial(rule.learning_rate * self.factor**step, losses[step]) for step in sorted(losses)]

    def _bins(self) -> tuple[np.ndarray, np.ndarray]:
        counts = np.maximum(self.matrix.vocabulary.counts, 1).astype(np.float64)
        return counts, np.floor(np.log10(counts) * _BINS_A_DECADE).astype(np.int64)

    def _scores(self, sums: np.ndarray) -> dict[str, float]:
        vocabulary = self.matrix.vocabulary
        found = evaluate(WordVectors(vocabulary.decoded(), sums, vocabulary.counts), self.suite)
        scores = {result.name: result.total().accuracy for result in found.analogies}
        scores.update({result.name: result.spearman for result in found.similarity})
        return {name: 100 * score for name, score in scores.items() if score is not None}


def table(record: Mapping[str, Any]) -> str:
    """A contest's `results.json` as a page of Markdown, rules in the order of their last loss."""
    matrix, settings = record["matrix"], record["settings"]
    tests = list(dict.fromkeys(name for result in record["results"] for name in result["scores"]))
    head = ["rule", "rate", "loss", "after 1", *tests, "zeros", "bytes a parameter", "processor ns a record"]
    lines = [
        "# Update rules, each at its own best rate",
        "",
        f"{matrix['words']:,} words, {matrix['records']:,} records; {settings['vector_size']} components, "
        f"{settings['epochs']} epochs, x_max {settings['x_max']:g}, seed {settings['seed']}. Rates are from a grid "
        f"in steps of a factor of {settings['factor']:g}, by the loss after {settings['trial_epochs']} epochs on "
        f"{settings['trial_share']:.0%} of the cells.",
        "",
        f"| {' | '.join(head)} |",
        "|---" * len(head) + "|",
    ]
    for result in sorted(record["results"], key=lambda result: (bool(result["diverged"]), result["losses"][-1:])):
        losses = result["losses"]
        cells = [
            result["label"],
            f"{result['options']['learning_rate']:.3g}",
            "diverged" if result["diverged"] else f"{losses[-1]:.5f}",
            f"{losses[0]:.5f}" if losses else "",
            *(f"{result['scores'][test]:.1f}" if test in result["scores"] else "" for test in tests),
            f"{result['zeros']:.1%}" if result["zeros"] else "0",
            f"{result['bytes_per_parameter']:.1f}",
            f"{1e9 * float(np.median(result['processor_seconds'])) / result['records']:.0f}" if losses else "",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", "Scores: percent of analogies solved; Spearman's correlation times 100 for word similarity."]
    return "\n".join(lines) + "\n"
