"""Evaluation of vectors: analogies, word similarity, categories, significance tests, nearest neighbours.

`evaluate` scores a model on a suite of test sets, by default the three that gensim carries, by gensim's rules.
"""

from glove_adagrad.evaluation.analogies import AnalogyResult, Score, evaluate_analogies
from glove_adagrad.evaluation.categories import CategoryResult, evaluate_classes
from glove_adagrad.evaluation.comparison import compare_analogies, compare_similarity
from glove_adagrad.evaluation.lookup import Rules
from glove_adagrad.evaluation.pairs import ClassList, PairList, read_classes, read_pairs
from glove_adagrad.evaluation.questions import Question, QuestionSet, Section, read_questions
from glove_adagrad.evaluation.similarity import SimilarityResult, evaluate_pairs
from glove_adagrad.evaluation.suite import (
    Evaluation,
    Suite,
    compare,
    compare_models,
    default_suite,
    evaluate,
    read_suite,
)

__all__ = [
    "AnalogyResult",
    "CategoryResult",
    "ClassList",
    "Evaluation",
    "PairList",
    "Question",
    "QuestionSet",
    "Rules",
    "Score",
    "Section",
    "SimilarityResult",
    "Suite",
    "compare",
    "compare_analogies",
    "compare_models",
    "compare_similarity",
    "default_suite",
    "evaluate",
    "evaluate_analogies",
    "evaluate_classes",
    "evaluate_pairs",
    "read_classes",
    "read_pairs",
    "read_questions",
    "read_suite",
]
