"""Update rules on one matrix, each at its own best rate: what `glove-adagrad compare-optimizers` does.

A rule's rate is found by trials of a few epochs, along a grid in steps of a factor from its default, downhill in the
loss until it rises. Then every rule trains from the same start, with one or several seeds. `comparison_record`
summarises the results, `plots.optimizers` draws them; how training and scoring work is not known here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from glove_adagrad import optim
from glove_adagrad.comparison_record import Result, Trial
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

#: Training has diverged if its last loss is this many times that of vectors of zeros.
_DIVERGED = 2.0

#: Bins of word frequency for a decade of it.
_BINS_A_DECADE = 3


@dataclass(frozen=True)
class Candidate:
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
    def parse(cls, text: str) -> Candidate:
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
class Comparison:
    """A matrix and all that rules have in common on it.

    Attributes
    ----------
    matrix : CooccurrenceMatrix
    settings : TrainingSettings
        Its rule is ignored. Its seed is the first one, with which rates are searched for.
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

    def check(self, candidates: Sequence[Candidate]) -> None:
        """Refuse what could not train, before anything is trained.

        Raises
        ------
        InputError
        """
        labels = [candidate.label for candidate in candidates]
        for candidate in candidates:
            if labels.count(candidate.label) > 1:
                raise InputError(f"optimizer {candidate.label!r}: is named twice; name each once")
            candidate.rule.check_size(self.matrix.words, row_length(self.settings.vector_size), 4)

    def frequencies(self) -> list[float]:
        """The typical number of occurrences of words in each bin: of the words' counts the geometric mean."""
        counts, bins = self._bins()
        return [float(np.exp(np.log(counts[bins == k]).mean())) for k in np.unique(bins)]

    def expected_epochs(self, candidate: Candidate, *, search: bool) -> float:
        """Estimate the number of epochs that `run` trains for, including trials if it has to `search` for a rate."""
        trials = _EXPECTED_TRIALS if search and not candidate.rate_given else 0
        return self.settings.epochs + trials * self.trial_epochs * self.trial_share

    def run(
        self,
        candidate: Candidate,
        report: Callable[[str, float], None],
        *,
        first: Result | None = None,
        seed: int = 0,
    ) -> Result:
        """Find a rule's rate, train and score it.

        Parameters
        ----------
        candidate : Candidate
        report : callable
            Called with a line about the trial or the epoch just done, and the number of epochs it took.
        first : Result, optional
            The rule's result with the first seed. Its rate is used, and no other is searched for.
        seed : int
            Used if `first` is given; the settings' own seed otherwise.
        """
        trials: list[Trial] = []
        if first is not None:
            best, settings = first.options["learning_rate"], replace(self.settings, seed=seed)
        else:
            trials = [] if candidate.rate_given else self._search(candidate.rule, report)
            finite = [trial for trial in trials if np.isfinite(trial.loss)]
            best = min(finite, key=lambda trial: trial.loss).rate if finite else candidate.rule.learning_rate
            settings = self.settings
        rule = replace(candidate.rule, learning_rate=best)
        trainer = Trainer(self.matrix, replace(settings, rule=rule), workers=self.workers)
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
            report(f"rate {best:.3g}, epoch {epoch}, {_shown(loss, trainer)}", 1)
            begin = time.process_time()

        diverged = ""
        try:
            trainer.fit([watch])
            if _diverged(trainer.history[-1].loss, trainer):
                diverged = f"training diverged: the loss has reached {trainer.history[-1].loss:g}"
        except TrainingError as error:
            diverged = str(error)
        if diverged:
            report(f"rate {best:.3g}, diverged", 0)
        vectors = trainer.parameters.vectors()
        sums = vectors.word_vectors + vectors.context_vectors
        numbers = sum(side[:, 0].size for side in trainer.parameters.sides)
        return Result(
            candidate.label, settings.seed, rule.name, rule.options(), trials,
            [epoch.loss for epoch in trainer.history], [epoch.seconds for epoch in trainer.history], processor, rates,
            self.matrix.records, trainer.parameters.nbytes / numbers, float((sums == 0).mean()),
            {} if diverged else self._scores(sums), diverged,
        )  # fmt: skip

    def _search(self, rule: optim.Rule, report: Callable[[str, float], None]) -> list[Trial]:
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
                    last = trainer.history[-1].loss
                    losses[step] = float("inf") if _diverged(last, trainer) else last
                except TrainingError:
                    losses[step] = float("inf")
                shown = _shown(losses[step], trainer)
                report(f"trial of rate {rate:.3g}, {shown}", self.trial_epochs * self.trial_share)
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


def _diverged(loss: float, trainer: Trainer) -> bool:
    return not loss <= _DIVERGED * trainer.loss_of_zeros


def _shown(loss: float, trainer: Trainer) -> str:
    return "diverged" if _diverged(loss, trainer) else f"loss {loss:.4f}"
