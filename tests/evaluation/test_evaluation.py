"""Evaluation: the same answers as gensim, question by question, on real vectors and on awkward ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from data import SHARED
from gensim.models import KeyedVectors, Word2Vec
from gensim.models.word2vec import LineSentence
from gensim.test.utils import datapath
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from glove_adagrad.errors import InputError
from glove_adagrad.evaluation import (
    Question,
    QuestionSet,
    Rules,
    Section,
    compare_analogies,
    compare_similarity,
    default_suite,
    evaluate,
    evaluate_analogies,
    evaluate_classes,
    evaluate_pairs,
    read_classes,
    read_pairs,
    read_questions,
)
from glove_adagrad.evaluation.analogies import RIGHT, UNKNOWN, WRONG, AnalogyResult
from glove_adagrad.evaluation.neighbours import Neighbourhood
from glove_adagrad.evaluation.pairs import ClassList, PairList
from glove_adagrad.evaluation.statistics import bootstrap_weights, holm, mcnemar, pearson, spearman
from glove_adagrad.formats import WordVectors, from_keyed_vectors, read_vectors, to_keyed_vectors

GLOVE = SHARED / "vectors" / "glove.6B.50d.head10k.txt.xz"

#: gensim's most_similar_cosmul calls a function of its own that it calls old
pytestmark = pytest.mark.filterwarnings("ignore:Call to deprecated `init_sims`:DeprecationWarning")

GOOGLE, WORDSIM = Path(datapath("questions-words.txt")), Path(datapath("wordsim353.tsv"))


@pytest.fixture(scope="module")
def trained() -> WordVectors:
    """Vectors of gensim's own training on the 300 articles that it carries, with spellings in both cases."""
    sentences = [[w.strip(".,") for w in line] for line in LineSentence(datapath("lee_background.cor"))]
    model = Word2Vec(sentences, vector_size=24, window=8, min_count=2, epochs=8, seed=1, workers=1)
    return from_keyed_vectors(model.wv)


@pytest.fixture(scope="module")
def stanford() -> WordVectors:
    if not GLOVE.is_file():
        pytest.skip(f"{GLOVE} is not there; name the folder that has vectors/ in GLOVE_SHARED")
    return read_vectors(GLOVE)


def questions_of(wv: WordVectors, number: int) -> QuestionSet:
    """Google's questions, each `number`-th of those that the vectors can answer."""
    known = {word.upper() for word in wv.words}
    sections = []
    for section in read_questions(GOOGLE).sections:
        questions = [q for q in section.questions if {q.a.upper(), q.b.upper(), q.c.upper()} <= known]
        sections.append(Section(section.name, section.kind, questions[::number]))
    return QuestionSet("some", [section for section in sections if section.questions])


def write_questions(questions: QuestionSet, path: Path) -> Path:
    lines = []
    for section in questions.sections:
        lines.append(f": {section.name}")
        lines += [f"{q.a} {q.b} {q.c} {q.answers[0]}" for q in section.questions]
    path.write_text("\n".join(lines) + "\n")
    return path


def in_gensims_terms(result: AnalogyResult, questions: QuestionSet) -> dict[str, dict[str, list[tuple[str, ...]]]]:
    """Our answers as gensim lists them."""
    listed = {}
    for section, answered in zip(questions.sections, result.sections, strict=True):
        lists: dict[str, list[tuple[str, ...]]] = {"correct": [], "incorrect": []}
        for q, outcome in zip(section.questions, answered.outcomes.tolist(), strict=True):
            words = (q.a, q.b, q.c, q.answers[0])
            if result.rules.case_insensitive:
                words = tuple(word.upper() for word in words)
            if outcome == RIGHT:
                lists["correct"].append(words)
            elif outcome == WRONG or result.rules.oov_as_zero:
                lists["incorrect"].append(words)
        listed[section.name] = lists
    return listed


def assert_equals_gensim(wv: WordVectors, questions: QuestionSet, rules: Rules, path: Path) -> AnalogyResult:
    keyed = to_keyed_vectors(wv)
    with np.errstate(all="ignore"):
        score, sections = keyed.evaluate_word_analogies(
            str(write_questions(questions, path)),
            restrict_vocab=rules.restrict_vocab,
            case_insensitive=rules.case_insensitive,
            dummy4unknown=rules.oov_as_zero,
        )
    result = evaluate_analogies(wv, questions, rules)
    theirs = {s["section"]: {k: s[k] for k in ("correct", "incorrect")} for s in sections[:-1]}
    assert in_gensims_terms(result, questions) == theirs
    assert result.total().accuracy == (score if sections[-1]["correct"] or sections[-1]["incorrect"] else None)
    return result


RULES = [Rules(), Rules(case_insensitive=False), Rules(oov_as_zero=True), Rules(restrict_vocab=3000)]


@pytest.mark.parametrize("rules", RULES, ids=Rules.describe)
def test_analogies_equal_gensim(trained: WordVectors, rules: Rules, tmp_path: Path) -> None:
    questions = questions_of(trained, 2)
    result = assert_equals_gensim(trained, questions, rules, tmp_path / "q.txt")
    assert result.total().answered > 50


def test_analogies_equal_gensim_on_stanfords_vectors(stanford: WordVectors, tmp_path: Path) -> None:
    questions = questions_of(stanford, 4)
    result = assert_equals_gensim(stanford, questions, Rules(), tmp_path / "q.txt")
    assert result.total().answered > 1000
    assert 0.4 < (result.total().accuracy or 0) < 0.8


def answer_by_cosmul(keyed: KeyedVectors, question: Question, rules: Rules) -> str | None:
    """What gensim's `evaluate_word_analogies` would predict with `most_similar_cosmul`, which it cannot call."""
    fold = str.upper if rules.case_insensitive else str
    first: dict[str, str] = {}
    for word in keyed.index_to_key[: rules.restrict_vocab]:
        first.setdefault(fold(word), word)
    asked = [fold(word) for word in (question.a, question.b, question.c)]
    if not {*asked, fold(question.answers[0])} <= first.keys():
        return None
    a, b, c = (first[word] for word in asked)
    predicted = ""
    for word, _ in keyed.most_similar_cosmul(positive=[b, c], negative=[a], topn=5):
        predicted = fold(word)
        if predicted not in asked:
            break
    return predicted


def assert_multiplied_equals_gensim(wv: WordVectors, questions: QuestionSet, rules: Rules) -> None:
    keyed = to_keyed_vectors(wv)
    fold = str.upper if rules.case_insensitive else str
    result = evaluate_analogies(wv, questions, rules, "mul")
    asked = [q for section in questions.sections for q in section.questions]
    for question, outcome in zip(asked, result.outcomes.tolist(), strict=True):
        with np.errstate(all="ignore"):
            predicted = answer_by_cosmul(keyed, question, rules)
        expected = UNKNOWN if predicted is None else int(predicted == fold(question.answers[0]))
        assert outcome == expected, question


@pytest.mark.parametrize("rules", RULES[:2], ids=Rules.describe)
def test_multiplied_analogies_equal_gensim(trained: WordVectors, rules: Rules) -> None:
    assert_multiplied_equals_gensim(trained, questions_of(trained, 5), rules)


def test_multiplied_analogies_equal_gensim_on_stanfords_vectors(stanford: WordVectors) -> None:
    assert_multiplied_equals_gensim(stanford, questions_of(stanford, 60), Rules())


WORDS = ["a", "A", "b", "B", "c", "d", "D", "e", "f", "g", "h", "i"]


@settings(max_examples=150)
@given(data=st.data())
def test_ties_and_exclusions_equal_gensim(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    words = data.draw(st.permutations(WORDS).flatmap(lambda p: st.integers(1, len(p)).map(lambda n: p[:n])))
    small = st.lists(st.integers(-1, 1), min_size=2, max_size=2)  # so that zeros and equal cosines abound
    vectors = np.array([data.draw(small) for _ in words], dtype=np.float32)
    word = st.sampled_from([*WORDS, "unknown"])
    questions = data.draw(st.lists(st.builds(Question, word, word, word, st.tuples(word)), min_size=1, max_size=4))
    rules = Rules(data.draw(st.sampled_from([3, 300_000])), data.draw(st.booleans()), data.draw(st.booleans()))
    path = tmp_path_factory.getbasetemp() / "questions.txt"
    wv, asked = WordVectors(list(words), vectors), QuestionSet("q", [Section("s", "", questions)])
    assert_equals_gensim(wv, asked, rules, path)
    if rules.restrict_vocab > len(words):  # gensim's most_similar_cosmul cannot restrict it
        assert_multiplied_equals_gensim(wv, asked, rules)


def test_other_spellings_fill_the_places_that_gensim_looks_at(tmp_path: Path) -> None:
    # the best five candidates are spellings of the words asked about; the answer would be the sixth
    vectors = np.array([[0, 1], [1, 1], [1, 0], *[[2, 0.1 + n / 100] for n in range(6)], [2, 0.5]], dtype=np.float32)
    wv = WordVectors(["ab", "ba", "c", "aB", "Ab", "AB", "bA", "Ba", "BA", "d"], vectors)
    questions = QuestionSet("q", [Section("s", "", [Question("ab", "ba", "c", ("d",))])])
    assert assert_equals_gensim(wv, questions, Rules(), tmp_path / "q.txt").outcomes.tolist() == [WRONG]
    kept = Rules(case_insensitive=False)
    wv = WordVectors(["ab", "ba", "c", "d"], vectors[[0, 1, 2, 9]])
    assert assert_equals_gensim(wv, questions, kept, tmp_path / "q.txt").outcomes.tolist() == [RIGHT]


@pytest.mark.parametrize("rules", RULES, ids=Rules.describe)
@pytest.mark.parametrize("name", ["wordsim353.tsv", "simlex999.txt"])
def test_similarity_equals_gensim(trained: WordVectors, name: str, rules: Rules) -> None:
    path = Path(datapath(name))
    (r, _), (rho, _), oov = to_keyed_vectors(trained).evaluate_word_pairs(
        str(path),
        restrict_vocab=rules.restrict_vocab,
        case_insensitive=rules.case_insensitive,
        dummy4unknown=rules.oov_as_zero,
    )
    result = evaluate_pairs(trained, read_pairs(path), rules)
    assert result.pearson == pytest.approx(r, abs=1e-12)
    assert result.spearman == pytest.approx(rho, abs=1e-12)
    assert 100 * (1 - result.coverage) == pytest.approx(oov)
    assert result.spearman is not None
    assert result.spearman_interval is not None
    low, high = result.spearman_interval
    assert low < result.spearman < high


def test_similarity_equals_gensim_on_stanfords_vectors(stanford: WordVectors) -> None:
    (r, _), (rho, _), _ = to_keyed_vectors(stanford).evaluate_word_pairs(str(WORDSIM))
    result = evaluate_pairs(stanford, read_pairs(WORDSIM))
    assert (result.pearson, result.spearman) == (pytest.approx(r, abs=1e-12), pytest.approx(rho, abs=1e-12))


def test_real_sets_of_others(stanford: WordVectors) -> None:
    msr, men = SHARED / "evalsets" / "msr.questions-words.txt", SHARED / "evalsets" / "men.tsv"
    questions = read_questions(msr)
    assert len(questions) == 8000
    assert [len(section.questions) for section in questions.sections] == [500] * 16
    assert {section.kind for section in questions.sections} == {"syntactic"}
    result = evaluate_analogies(stanford, questions)
    assert result.total("syntactic") == result.total()
    pairs = read_pairs(men)
    assert len(pairs.pairs) == 3000
    assert pairs.scores[0] == 50
    (_, _), (rho, _), _ = to_keyed_vectors(stanford).evaluate_word_pairs(str(men))
    assert evaluate_pairs(stanford, pairs).spearman == pytest.approx(rho, abs=1e-12)


def test_default_suite_and_json_counts(trained: WordVectors) -> None:
    found = evaluate(trained, default_suite(), methods=["add", "mul"], name="lee").as_dict()
    add, mul = found["analogies"]
    assert (add["method"], mul["method"]) == ("add", "mul")
    assert add["total"]["asked"] == 19544
    assert len(add["sections"]) == 14
    for count in ("asked", "answered", "correct"):
        assert sum(section[count] for section in add["sections"]) == add["total"][count]
        assert add["semantic"][count] + add["syntactic"][count] == add["total"][count]
    known = [s["correct"] / s["answered"] for s in add["sections"] if s["answered"]]
    assert add["macro_accuracy"] == pytest.approx(sum(known) / len(known))
    assert [s["asked"] for s in found["similarity"]] == [353, 999]


scores = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 3)), min_size=2, max_size=12)


@given(scores)
def test_weighted_correlations_equal_repeated_items(rows: list[tuple[int, int, int]]) -> None:
    x, y, times = (np.array(column) for column in zip(*rows, strict=True))
    repeated_x, repeated_y = np.repeat(x, times), np.repeat(y, times)
    weights = times[np.newaxis].astype(float)
    if len(set(repeated_x.tolist())) < 2 or len(set(repeated_y.tolist())) < 2:
        if times.sum():
            assert np.isnan(pearson(x, y, weights)[0])
            assert np.isnan(spearman(x, y, weights)[0])
        return
    assert pearson(x, y, weights)[0] == pytest.approx(stats.pearsonr(repeated_x, repeated_y)[0], abs=1e-12)
    assert spearman(x, y, weights)[0] == pytest.approx(stats.spearmanr(repeated_x, repeated_y)[0], abs=1e-12)


def test_bootstrap_draws_each_item_once_on_average() -> None:
    weights = np.concatenate(list(bootstrap_weights(700)))
    assert weights.shape == (2000, 700)
    assert (weights.sum(axis=1) == 700).all()
    assert abs(weights.mean(axis=0) - 1).max() < 0.15


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_equals_scipy(first: int, second: int) -> None:
    expected = stats.binomtest(first, first + second).pvalue if first + second else 1.0
    assert mcnemar(first, second) == pytest.approx(expected)
    assert mcnemar(4000 + first, 5000) < 1e-20


def noisy(wv: WordVectors, noise: float) -> WordVectors:
    random = np.random.default_rng(5)
    scale = noise * np.linalg.norm(wv.vectors, axis=1, keepdims=True)
    return WordVectors(wv.words, (wv.vectors + scale * random.normal(size=wv.vectors.shape)).astype(np.float32))


@given(st.lists(st.one_of(st.none(), st.floats(0, 1)), max_size=8))
def test_holm_equals_its_definition(p_values: list[float | None]) -> None:
    known = sorted(p for p in p_values if p is not None)
    for p, adjusted in zip(p_values, holm(p_values), strict=True):
        if p is None:
            assert adjusted is None
        else:
            below = [min(1.0, (len(known) - k) * q) for k, q in enumerate(known) if q <= p]
            assert adjusted == max(below)


def test_comparison_of_two_models(stanford: WordVectors) -> None:
    questions, pairs = questions_of(stanford, 20), read_pairs(WORDSIM)
    worse = noisy(WordVectors(stanford.words[:9000], stanford.vectors[:9000]), 0.3)
    models = (stanford, worse)
    good, bad = (evaluate_analogies(wv, questions) for wv in models)
    compared = compare_analogies(good, bad)
    both = (good.outcomes >= 0) & (bad.outcomes >= 0)
    assert compared.common == both.sum() < (good.outcomes >= 0).sum()
    assert compared.first_correct - compared.only_first == compared.second_correct - compared.only_second
    assert compared.only_first == ((good.outcomes == 1) & (bad.outcomes == 0)).sum()
    assert compared.p_value is not None
    assert compared.p_value < 0.01
    close = compare_similarity(*(evaluate_pairs(wv, pairs) for wv in models))
    assert close.first is not None
    assert close.interval is not None
    assert close.difference is not None
    assert close.interval[0] < close.difference < close.interval[1] < 0
    same = compare_similarity(*[evaluate_pairs(stanford, pairs)] * 2)
    assert (same.difference, same.p_value) == (0, 1)


def test_two_pairs_prove_nothing() -> None:
    one, other = (np.array([[1, 0], [1, second], [0, 1], [1, 1]], dtype=np.float32) for second in (0.1, 9))
    pairs = PairList("two", [("a", "b"), ("c", "d")], np.array([1.0, 2.0]))
    first, second = (evaluate_pairs(WordVectors(list("abcd"), vectors), pairs) for vectors in (one, other))
    assert (first.spearman, second.spearman) == (pytest.approx(-1), pytest.approx(1))
    assert first.spearman_interval is None
    compared = compare_similarity(first, second)
    assert (compared.common, compared.interval, compared.p_value) == (2, None, 1)


def test_purity(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    centres = np.repeat(np.eye(3), 10, axis=0)
    vectors = (centres + 0.05 * random.normal(size=centres.shape)).astype(np.float32)
    words = [f"w{n}" for n in range(30)]
    path = tmp_path / "classes.txt"
    path.write_text("".join(f"{word}\t{'abc'[n // 10]}\n" for n, word in enumerate(words)) + "unknown\ta\n")
    classes = read_classes(path)
    result = evaluate_classes(WordVectors(words, vectors), classes)
    assert (result.asked, result.answered, result.correct, result.purity) == (31, 30, 30, 1.0)
    assert evaluate_classes(WordVectors(words, vectors), classes, Rules(oov_as_zero=True)).purity == 30 / 31
    mixed = ClassList("mixed", words, ["abc"[n % 3] for n in range(30)])
    assert evaluate_classes(WordVectors(words, vectors), mixed).correct == 12  # 4 of each 10
    assert evaluate_classes(WordVectors(["x"], vectors[:1]), classes).purity is None


def test_nothing_answerable_divides_by_nothing() -> None:
    wv = WordVectors(["x", "y"], np.eye(2, dtype=np.float32))
    for rules in (Rules(), Rules(oov_as_zero=True)):
        found = evaluate(wv, default_suite(), rules, methods=["add", "mul"]).as_dict()
        assert found["analogies"][0]["total"]["accuracy"] == (0 if rules.oov_as_zero else None)
        assert found["similarity"][0]["spearman"] is None
        assert found["similarity"][0]["coverage"] == 0
    pairs = PairList("one", [("x", "y")], np.array([1.0]))
    result = evaluate_pairs(wv, pairs)
    assert (result.answered, result.spearman, result.pearson_interval) == (1, None, None)
    assert compare_similarity(result, result).p_value is None
    with pytest.raises(InputError, match="unknown; choose one of add, mul"):
        evaluate_analogies(wv, default_suite().analogies[0], method="plus")


def test_norms_that_float32_cannot_hold_change_no_answer() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(60, 8)).astype(np.float32)
    # powers of two, so that the directions stay the same to the last bit
    lengths = np.ldexp(1.0, np.array([0, 64, 110, -80, -115, 125]))[np.arange(60) % 6][:, None]
    words = [f"w{row}" for row in range(60)]
    plain = WordVectors(words, vectors)
    extreme = WordVectors(words, (vectors * lengths).astype(np.float32))
    with np.errstate(over="ignore"):
        assert np.isinf(np.linalg.norm(extreme.vectors, axis=1)).any()
    wanted, found = Neighbourhood(plain), Neighbourhood(extreme)
    for a, b, c in zip(words, words[1:], words[2:], strict=False):
        asked = [lambda of, a=a: of.similar(a)]
        asked += [lambda of, m=m, a=a, b=b, c=c: of.analogy(a, b, c, method=m) for m in ("add", "mul")]
        asked += [lambda of, a=a, b=b, c=c: of.odd_one_out([a, b, c, "w50"][: 3 + (c != "w50")])]
        for ask in asked:
            answers = [dict(ask(of)) for of in (wanted, found)]
            assert list(answers[0]) == list(answers[1])
            assert list(answers[0].values()) == pytest.approx(list(answers[1].values()), rel=1e-5, abs=1e-6)
    pairs = PairList("pairs", list(zip(words, words[7:], strict=False)), np.arange(53.0))
    np.testing.assert_allclose(
        evaluate_pairs(plain, pairs).cosines, evaluate_pairs(extreme, pairs).cosines, rtol=1e-5, atol=1e-6
    )
    fours = zip(words, words[1:], words[2:], words[3:], strict=False)
    questions = [Question(a, b, c, (answer,)) for a, b, c, answer in fours]
    asked_set = QuestionSet("set", [Section("section", "", questions)])
    for method in ("add", "mul"):
        outcomes = [evaluate_analogies(wv, asked_set, method=method).outcomes for wv in (plain, extreme)]
        np.testing.assert_array_equal(*outcomes)


@pytest.mark.parametrize("limit", [1, 7, 60, 1000])
def test_answers_are_restricted_to_frequent_words_as_by_gensim(limit: int) -> None:
    words = [f"w{row}" for row in range(60)]
    wv = WordVectors(words, np.random.default_rng(3).normal(size=(60, 8)).astype(np.float32))
    keyed, near = to_keyed_vectors(wv), Neighbourhood(wv, restrict_vocab=limit)
    wanted = [keyed.most_similar("w50", topn=5, restrict_vocab=limit)]
    wanted.append(keyed.most_similar(["w2", "w9"], ["w50"], topn=5, restrict_vocab=limit))
    for expected, found in zip(wanted, [near.similar("w50", 5), near.analogy("w50", "w2", "w9", 5)], strict=True):
        assert [word for word, _ in found] == [word for word, _ in expected]
        assert len(found) == min(5, limit)
