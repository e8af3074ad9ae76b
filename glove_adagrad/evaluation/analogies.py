"""Answering analogies, with gensim's answers at many times its speed.

All questions of a section share few words, so the cosines of those words with a tile of the vocabulary
are one small matrix product, and a question's scores are sums of three of its rows (Levy and Goldberg
2014, equations 3 and 4). A tile stays in the cache; memory does not grow with the vocabulary.

float32 sums differ in their last digits with the order of summation. Where the two best candidates are
closer than that, and in a few odd cases, the question is answered in gensim's own arithmetic (`cosines`).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from threadpoolctl import ThreadpoolController

from glove_adagrad.errors import InputError
from glove_adagrad.evaluation.cosines import EPSILON, Cosines, greatest, of_moderate_length
from glove_adagrad.evaluation.lookup import Lookup, Rules
from glove_adagrad.evaluation.questions import Question, QuestionSet
from glove_adagrad.formats import WordVectors
from glove_adagrad.parallel import available_cores

METHODS = ("add", "mul")

RIGHT, WRONG, UNKNOWN = 1, 0, -1

_TILE_NUMBERS = 1 << 18  # cosines at a time: 1 MiB, which second-level caches hold
_TOP = 5  # number of candidates that gensim examines
_CLOSE = {"add": 1e-5, "mul": 1e-4}  # above the error of a float32 score, see `_solve`
_THIN = 0.005  # 3CosMul divides by this or less where rounding is not bounded by _CLOSE


@dataclass(frozen=True)
class Score:
    """Counts of one section or of several.

    `answered` questions have all their words in the vocabulary; `coverage` is their share.
    """

    asked: int
    answered: int
    correct: int
    oov_as_zero: bool

    @property
    def accuracy(self) -> float | None:
        """Correct answers among those that count; None if no question counts."""
        scored = self.asked if self.oov_as_zero else self.answered
        return self.correct / scored if scored else None

    @property
    def coverage(self) -> float:
        return self.answered / self.asked if self.asked else 0.0


@dataclass(frozen=True)
class SectionResult:
    """The outcome of each question of a section: `RIGHT`, `WRONG` or `UNKNOWN`, int8 [questions]."""

    name: str
    kind: str
    outcomes: np.ndarray


@dataclass(frozen=True)
class AnalogyResult:
    """Results of a set of questions."""

    name: str
    method: str
    rules: Rules
    sections: list[SectionResult]

    @property
    def outcomes(self) -> np.ndarray:
        """int8 [all questions], in the order of the set."""
        return np.concatenate([np.empty(0, dtype=np.int8), *(section.outcomes for section in self.sections)])

    def score(self, section: SectionResult) -> Score:
        return self._count(section.outcomes)

    def total(self, kind: str = "") -> Score:
        """Counts over all sections, or over those of a kind."""
        parts = [section.outcomes for section in self.sections if kind in ("", section.kind)]
        return self._count(np.concatenate([np.empty(0, dtype=np.int8), *parts]))

    def macro_accuracy(self) -> float | None:
        """The mean of the sections' accuracies, whatever their sizes."""
        known = [a for section in self.sections if (a := self.score(section).accuracy) is not None]
        return sum(known) / len(known) if known else None

    def _count(self, outcomes: np.ndarray) -> Score:
        answered = int(np.count_nonzero(outcomes != UNKNOWN))
        return Score(len(outcomes), answered, int(np.count_nonzero(outcomes == RIGHT)), self.rules.oov_as_zero)


def evaluate_analogies(
    wv: WordVectors, questions: QuestionSet, rules: Rules | None = None, method: str = "add"
) -> AnalogyResult:
    """Answer every question as gensim's `evaluate_word_analogies` does.

    Parameters
    ----------
    wv : WordVectors
    questions : QuestionSet
    rules : Rules, optional
        gensim's by default.
    method : {'add', 'mul'}
        3CosAdd, or 3CosMul with gensim's epsilon of 1e-6.

    Raises
    ------
    InputError
        For another method.
    """
    if method not in METHODS:
        raise InputError(f"analogy method {method!r} is unknown; choose one of {', '.join(METHODS)}")
    rules = rules or Rules()
    solver = _Solver(wv, Lookup(wv.words, rules), method)
    results = [
        SectionResult(section.name, section.kind, solver.outcomes(section.questions))
        for section in questions.sections
    ]
    return AnalogyResult(questions.name, method, rules, results)


class _Solver:
    """Vectors made ready for any number of questions."""

    def __init__(self, wv: WordVectors, lookup: Lookup, method: str) -> None:
        self._lookup = lookup
        self._method = method
        self._vectors = of_moderate_length(wv.vectors)
        vectors = self._vectors[: lookup.size]
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        # a vector of zeros points nowhere: NaN makes it lose every comparison, as in gensim
        self._unit = np.divide(vectors, norms, out=np.full_like(vectors, np.nan), where=norms > 0)
        sizes = np.bincount(lookup.groups, minlength=lookup.size)
        self._spellings = sizes - 1  # at a group's first row: how many other spellings there are

    @cached_property
    def _blas(self) -> ThreadpoolController:
        return ThreadpoolController()

    @cached_property
    def _cosines(self) -> Cosines:
        return Cosines(self._vectors)

    def outcomes(self, questions: list[Question]) -> np.ndarray:
        """`RIGHT`, `WRONG` or `UNKNOWN` for each question."""
        row = self._lookup.row
        asked = np.array([(row(q.a), row(q.b), row(q.c)) for q in questions], dtype=np.int64).reshape(-1, 3)
        answers = [{found for answer in q.answers if (found := row(answer)) >= 0} for q in questions]
        known = np.array([bool(rows) for rows in answers]) & (asked >= 0).all(axis=1)
        outcomes = np.full(len(questions), UNKNOWN, dtype=np.int8)
        where = np.flatnonzero(known)
        if len(where):
            predicted = self._predict(asked[where])
            for question, prediction in zip(where.tolist(), predicted.tolist(), strict=True):
                outcomes[question] = RIGHT if prediction in answers[question] else WRONG
        return outcomes

    def _predict(self, asked: np.ndarray) -> np.ndarray:
        """The group of the predicted word for rows (a, b, c), int64 [questions, 3]; -1 for none."""
        best, second, rows, doubtful = self._solve(asked)
        with np.errstate(invalid="ignore"):
            close = ~(best - second > _CLOSE[self._method] * np.maximum(1, np.abs(best)))
        # gensim looks at five candidates: other spellings of a, b and c could be all of them
        crowded = self._spellings[asked].sum(axis=1) >= _TOP
        predicted = self._lookup.groups[rows].astype(np.int64)
        for question in np.flatnonzero(close | crowded | doubtful):
            predicted[question] = self._as_gensim(*asked[question].tolist())
        return predicted

    def _solve(self, asked: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Best and second-best score, the best one's row, and whether rounding may be larger than `_CLOSE`."""
        words, positions = np.unique(asked, return_inverse=True)
        positions = positions.reshape(asked.shape)
        table = np.hstack([positions, self._lookup.groups[asked]]).astype(np.int32)
        queries = self._unit[words]
        workers = available_cores()
        ends = np.linspace(0, self._lookup.size, workers + 1).astype(int).tolist()
        best = np.full(len(asked), -np.inf, dtype=np.float32)
        second, rows, thin = best.copy(), np.zeros(len(asked), dtype=np.int64), np.zeros(len(words), dtype=bool)
        # products of tiles are too small to be shared by threads
        with self._blas.limit(limits=1, user_api="blas"), ThreadPoolExecutor(workers) as pool:
            found = pool.map(lambda first, last: self._best_of(queries, table, first, last), ends[:-1], ends[1:])
            for other_best, other_second, other_rows, other_thin in found:  # by row: the first of equal ones stays
                second = np.maximum(np.minimum(best, other_best), np.maximum(second, other_second))
                rows = np.where(other_best > best, other_rows, rows)
                best = np.maximum(best, other_best)
                thin |= other_thin
        return best, second, rows, thin[positions[:, 0]]

    def _best_of(
        self, queries: np.ndarray, table: np.ndarray, first: int, last: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Best and second-best score of the candidates from `first` to `last`, rows of the best, and thin queries."""
        from glove_adagrad.kernels.evaluation import best_two

        best = np.full(len(table), -np.inf, dtype=np.float32)
        second, rows, thin = best.copy(), np.zeros(len(table), dtype=np.int64), np.zeros(len(queries), dtype=bool)
        multiply = self._method == "mul"
        tile = max(256, _TILE_NUMBERS // len(queries))
        for start in range(first, last, tile):
            end = min(start + tile, last)
            with np.errstate(invalid="ignore"):
                plus = queries @ self._unit[start:end].T
            minus = plus
            if multiply:
                plus = (1 + plus) / 2
                thin |= (plus < _THIN).any(axis=1)
                minus = 1 / (plus + np.float32(EPSILON))
            best_two(plus, minus, multiply, table, self._lookup.groups[start:end], start, best, rows, second)
        return best, second, rows, thin

    def _as_gensim(self, a: int, b: int, c: int) -> int:
        """The group of gensim's prediction, by the rules of its `evaluate_word_analogies`; -1 for none."""
        size, groups = self._lookup.size, self._lookup.groups
        with np.errstate(all="ignore"):
            if self._method == "add":
                scores, given = self._cosines.add([b, c], [a], size), 3
            else:
                scores, given = self._cosines.multiply([b, c], [a])[:size], len({a, b, c})
        rows = [row for row in greatest(scores, _TOP + given).tolist() if row not in (a, b, c)][:_TOP]
        ignored = groups[[a, b, c]]
        prediction = -1
        for row in rows:
            prediction = int(groups[row])
            if prediction not in ignored:
                break
        return prediction
