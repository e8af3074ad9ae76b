"""Several test sets at once: which there are by default, and all results of one model together."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from glove_adagrad.errors import InputError
from glove_adagrad.evaluation.analogies import AnalogyResult, Score, evaluate_analogies
from glove_adagrad.evaluation.categories import CategoryResult, evaluate_classes
from glove_adagrad.evaluation.columns import Layout
from glove_adagrad.evaluation.comparison import compare_analogies, compare_similarity
from glove_adagrad.evaluation.lookup import Lookup, Rules
from glove_adagrad.evaluation.pairs import ClassList, PairList, read_classes, read_pairs
from glove_adagrad.evaluation.questions import SEMANTIC, SYNTACTIC, QuestionLayout, QuestionSet, read_questions
from glove_adagrad.evaluation.similarity import SimilarityResult, evaluate_pairs
from glove_adagrad.evaluation.statistics import holm
from glove_adagrad.formats import RunVectors, WordVectors, as_start, as_word_vectors


@dataclass(frozen=True)
class Suite:
    """Test sets of each kind."""

    analogies: list[QuestionSet] = field(default_factory=list)
    similarity: list[PairList] = field(default_factory=list)
    categories: list[ClassList] = field(default_factory=list)

    def words(self) -> list[str]:
        """The words of all sets, each once, in their order."""
        questions = (
            question for test in self.analogies for section in test.sections for question in section.questions
        )
        words = [word for question in questions for word in (question.a, question.b, question.c, *question.answers)]
        words += [word for test in self.similarity for pair in test.pairs for word in pair]
        words += [word for test in self.categories for word in test.words]
        return list(dict.fromkeys(words))

    def layouts(self) -> list[tuple[str, Layout | QuestionLayout]]:
        """Names of the sets that were read from files of the user, and how each was read."""
        sets: list[QuestionSet | PairList | ClassList] = [*self.analogies, *self.similarity, *self.categories]
        return [(each.name, each.layout) for each in sets if each.layout is not None]


@dataclass(frozen=True, repr=False)
class Evaluation:
    """All results of one model, in the order of its suite; analogies by set, then by method.

    `scores` has one number for each test set; `analogies`, `similarity` and `categories` have the details.
    """

    name: str
    words: int
    vector_size: int
    rules: Rules
    analogies: list[AnalogyResult]
    similarity: list[SimilarityResult]
    categories: list[CategoryResult]

    @property
    def answered(self) -> int:
        """Questions, pairs and words of any set that the model knows."""
        return (
            sum(result.total().answered for result in self.analogies)
            + sum(result.answered for result in self.similarity)
            + sum(result.answered for result in self.categories)
        )

    @property
    def scores(self) -> dict[str, float | None]:
        """One number for each set: accuracy of analogies (of 3CosMul under `name (mul)`), Spearman's correlation of
        similarity, purity of categories. None if the model cannot answer anything."""
        return {
            **{
                result.name if result.method == "add" else f"{result.name} (mul)": result.total().accuracy
                for result in self.analogies
            },
            **{result.name: result.spearman for result in self.similarity},
            **{result.name: result.purity for result in self.categories},
        }

    def __repr__(self) -> str:
        scores = ", ".join(f"{name} {'none' if s is None else f'{s:.3f}'}" for name, s in self.scores.items())
        return f"Evaluation({self.name or 'model'}, {self.words:,} words x {self.vector_size}: {scores})"

    def as_dict(self) -> dict[str, Any]:
        """Every count, and every figure at full precision, for JSON; None where a figure is undefined."""
        return {
            "name": self.name,
            "words": self.words,
            "vector_size": self.vector_size,
            "analogies": [_analogy_dict(result) for result in self.analogies],
            "similarity": [_similarity_dict(result) for result in self.similarity],
            "categories": [
                {
                    "name": result.name,
                    "classes": result.classes,
                    "asked": result.asked,
                    "answered": result.answered,
                    "coverage": result.coverage,
                    "correct": result.correct,
                    "purity": result.purity,
                }
                for result in self.categories
            ],
        }


def default_suite() -> Suite:
    """Google's analogies, WordSim-353 and SimLex-999, from the files that gensim carries.

    Raises
    ------
    InputError
        If gensim was installed without them.
    """
    spec = importlib.util.find_spec("gensim")  # finds the folder without the second that importing takes
    if spec is None or not spec.submodule_search_locations:
        raise InputError("gensim is not installed, whose test sets are used; install it or name files of your own")
    folder = Path(spec.submodule_search_locations[0]) / "test" / "test_data"
    return Suite(
        [replace(read_questions(folder / "questions-words.txt"), layout=None)],
        [replace(read_pairs(folder / name), layout=None) for name in ("wordsim353.tsv", "simlex999.txt")],
    )


def read_suite(
    analogies: Sequence[str | Path] = (),
    similarity: Sequence[str | Path] = (),
    categories: Sequence[str | Path] = (),
    strict: bool = False,
    columns: Sequence[str] = (),
    class_columns: Sequence[str] = (),
) -> Suite:
    """Read the files named; the default suite if none is.

    Parameters
    ----------
    analogies, similarity, categories : sequence of Path
    strict : bool
        Refuse malformed lines.
    columns, class_columns : sequence of str
        Columns of the similarity and of the category files, as `read_pairs` and `read_classes` take them.

    Raises
    ------
    InputError
        As the readers of each kind.
    """
    if not (analogies or similarity or categories):
        return default_suite()
    return Suite(
        [replace(read_questions(path, strict), name=name) for path, name in _named(analogies)],
        [replace(read_pairs(path, strict, columns), name=name) for path, name in _named(similarity)],
        [replace(read_classes(path, strict, class_columns), name=name) for path, name in _named(categories)],
    )


def _named(files: Sequence[str | Path]) -> Iterator[tuple[Path, str]]:
    """Each path with the shortest kind of name that is unique."""
    paths = [Path(file) for file in files]
    for name in (lambda path: path.stem if path.is_file() else path.name, lambda path: path.name, str):
        names = [name(path) for path in paths]
        if len(set(names)) == len(paths):
            break
    return zip(paths, names, strict=True)


def evaluate(
    vectors: Any,
    suite: Suite | None = None,
    rules: Rules | None = None,
    methods: Sequence[str] = ("add",),
    name: str = "",
    *,
    oov: bool = False,
) -> Evaluation:
    """Evaluate one model on every test set of a suite.

    Parameters
    ----------
    vectors : GloVe, KeyedVectors, WordVectors, str or Path
        The model, or the path of a run's folder or of a file of vectors; see `formats.as_word_vectors`.
    suite : Suite, optional
        `default_suite()` if left out: Google's analogies, WordSim-353 and SimLex-999.
    rules : Rules, optional
        gensim's by default.
    methods : sequence of {'add', 'mul'}
        How analogies are answered: 3CosAdd, 3CosMul or both.
    name : str
        What the model is called in reports.
    oov : bool
        Compose vectors of unknown words of their n-grams and let these words join the vocabulary. The model must be
        a `GloVe` or a run that has n-grams.

    Raises
    ------
    InputError
        If `oov`, and the model has no n-grams.
    """
    suite, rules = suite or default_suite(), rules or Rules()
    wv = _with_unknown_words(vectors, suite, rules, name) if oov else as_word_vectors(vectors)
    return Evaluation(
        name,
        len(wv.words),
        wv.vectors.shape[1],
        rules,
        [evaluate_analogies(wv, questions, rules, method) for questions in suite.analogies for method in methods],
        [evaluate_pairs(wv, pairs, rules) for pairs in suite.similarity],
        [evaluate_classes(wv, classes, rules) for classes in suite.categories],
    )


def _with_unknown_words(vectors: Any, suite: Suite, rules: Rules, name: str) -> WordVectors:
    """The vectors of a model, at most `rules.restrict_vocab`, with those of the suite's unknown words at the end."""
    model = as_start(vectors)
    if not isinstance(model, RunVectors):
        raise InputError(f"{name or 'the model'}: has no n-grams to compose unknown words of")
    asked = suite.words()
    lookup = Lookup(model.words[: max(1, rules.restrict_vocab - len(asked))], rules)
    unknown = [word for word in asked if lookup.row(word) < 0]
    if rules.case_insensitive and not any(word != word.lower() for word in model.words):
        unknown = [word.lower() for word in unknown]  # n-grams of a lower-case text are in lower case
    wv = model.with_composed(unknown, name or "the model")
    kept = [*range(lookup.size), *range(len(model.words), len(wv.words))]
    return WordVectors([wv.words[row] for row in kept], wv.vectors[kept])


def compare_models(models: Sequence[Evaluation]) -> list[dict[str, Any]]:
    """Compare the first model with each other one.

    Returns
    -------
    list of dict
        As of `compare`. Each test also has `p_adjusted`: its p-value corrected by Holm's method for the number of
        comparisons of the same test set.
    """
    comparisons = [compare(models[0], other) for other in models[1:]]
    for kind in ("analogies", "similarity"):
        for tests in zip(*(compared[kind] for compared in comparisons), strict=True):
            for test, adjusted in zip(tests, holm([test["p_value"] for test in tests]), strict=True):
                test["p_adjusted"] = adjusted
    return comparisons


def compare(first: Evaluation, second: Evaluation) -> dict[str, Any]:
    """Compare two models set by set: McNemar's test for analogies, a paired bootstrap for similarity.

    Returns
    -------
    dict
        For JSON: the names of `first` and `second`, lists `analogies` and `similarity`.
    """
    return {
        "first": first.name,
        "second": second.name,
        "analogies": [
            {"name": one.name, "method": one.method, **vars(compare_analogies(one, two))}
            for one, two in zip(first.analogies, second.analogies, strict=True)
        ],
        "similarity": [
            {"name": one.name, **vars(compare_similarity(one, two))}
            for one, two in zip(first.similarity, second.similarity, strict=True)
        ],
    }


def _score_dict(score: Score) -> dict[str, Any]:
    return {
        "asked": score.asked,
        "answered": score.answered,
        "correct": score.correct,
        "coverage": score.coverage,
        "accuracy": score.accuracy,
    }


def _analogy_dict(result: AnalogyResult) -> dict[str, Any]:
    return {
        "name": result.name,
        "method": result.method,
        "sections": [
            {"name": section.name, "kind": section.kind or None, **_score_dict(result.score(section))}
            for section in result.sections
        ],
        "semantic": _score_dict(result.total(SEMANTIC)),
        "syntactic": _score_dict(result.total(SYNTACTIC)),
        "total": _score_dict(result.total()),
        "macro_accuracy": result.macro_accuracy(),
    }


def _similarity_dict(result: SimilarityResult) -> dict[str, Any]:
    return {
        "name": result.name,
        "asked": result.asked,
        "answered": result.answered,
        "coverage": result.coverage,
        "spearman": result.spearman,
        "spearman_interval": result.spearman_interval,
        "pearson": result.pearson,
        "pearson_interval": result.pearson_interval,
    }
