"""The explorer's page without a browser: what is in it, that nothing of a word is interpreted, how exact it is."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import numpy as np
import pytest
from data import SHARED
from hypothesis import given, settings
from hypothesis import strategies as st
from naive import neighbourhood_distances
from pages import HOSTILE, PageModel, Parsed, digest
from runs import Command, make_run

from glove_adagrad import GloVe
from glove_adagrad.errors import InputError
from glove_adagrad.explore import Subject, explore_page, learned_rates
from glove_adagrad.explore.changes import compare_neighbours
from glove_adagrad.explore.document import page_text, script_json
from glove_adagrad.explore.page import quantize
from glove_adagrad.formats import WordVectors, read_vectors, to_keyed_vectors
from glove_adagrad.maps import cluster_words, content_words

#: What could interpret text, reach the network or keep something.
SINKS = (
    *("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "createContextualFragment", "DOMParser"),
    *("eval(", "Function(", "import(", 'setTimeout("', "fetch(", "XMLHttpRequest", "WebSocket", "sendBeacon"),
    *("localStorage", "sessionStorage", "cookie"),
)
CORPUS = [["the", "cat", "of", "the", "dog"], ["a", "bird", "sees", "the", "cat"], ["the", "dog", "a", "bird"]] * 8


def vectors_like_trained(words: int, size: int, seed: int = 1) -> WordVectors:
    """Correlated components of unequal scale, groups of similar words, and an outlying component, as GloVe has."""
    random = np.random.default_rng(seed)
    groups = random.normal(size=(words // 10 + 1, size))
    vectors = groups[random.integers(len(groups), size=words)] + 0.7 * random.normal(size=(words, size))
    vectors = vectors @ (random.normal(size=(size, size)) * np.geomspace(1, 0.2, size))
    vectors[:, 3] += 2 * vectors.std()
    counts = (1e6 / np.arange(1, words + 1)).astype(np.int64) + 5
    return WordVectors([f"w{n}" for n in range(words)], vectors.astype(np.float32), counts)


def test_the_policy_allows_this_script_and_style_and_nothing_else() -> None:
    page = Parsed(explore_page([Subject("a", vectors_like_trained(40, 6))], projection="pca").html)
    (style,) = page.content["style"]
    _, script = page.content["script"]
    assert page.policy == {
        "default-src": ["'none'"],
        "script-src": [digest(script)],
        "style-src": [digest(style)],
        "img-src": ["data:"],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
    }
    assert [attributes.get("type") for attributes in page.all("script")] == ["application/json", None]
    for tag, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on") or name == "style"], tag
        for name in ("src", "href", "srcset", "action"):
            assert (attributes.get(name) or "data:").startswith("data:")
    (viewport,) = [meta["content"] for meta in page.all("meta") if meta.get("name") == "viewport"]
    assert viewport == "width=device-width, initial-scale=1"


def test_the_script_never_parses_text_as_html_or_code() -> None:
    _, script = Parsed(explore_page([Subject("a", vectors_like_trained(20, 4))], projection="pca").html).content[
        "script"
    ]
    for sink in SINKS:
        assert sink not in script


def test_hostile_words_and_names_stay_text() -> None:
    words = HOSTILE + [f"w{n}" for n in range(20)]
    wv = WordVectors(words, np.random.default_rng(2).normal(size=(len(words), 5)).astype(np.float32))
    history = {"settings": {"</td><script>": HOSTILE[0]}, "epochs": [], HOSTILE[1]: HOSTILE[2]}
    plain = Parsed(explore_page([Subject("a", WordVectors([f"w{n}" for n in range(len(words))], wv.vectors))]).html)
    page = Parsed(explore_page([Subject(HOSTILE[0], wv, history)], projection="pca").html)
    assert {tag for tag, _ in page.tags} == {tag for tag, _ in plain.tags} | {"table", "tr", "td"}
    assert len(page.all("script")) == 2
    assert page.data["models"][0]["words"] == [page_text(word) for word in words]
    assert page_text(HOSTILE[0]) in page.text
    for character in page_text("".join(HOSTILE)):
        assert character.isprintable() or character in "\u200c\u200d"


@given(st.text())
def test_data_cannot_leave_its_element(text: str) -> None:
    written = script_json([text])
    assert written.isascii()
    assert not set("<>&") & set(written)
    assert json.loads(written) == [text]


def test_20_000_words_of_100_components_take_less_than_12_megabytes() -> None:
    wv = vectors_like_trained(20_500, 100)
    page = explore_page([Subject("a", wv)], projection="pca").html
    assert len(page.encode()) < 12e6
    model = Parsed(page).data["models"][0]
    assert len(model["words"]) == 20_000
    assert len(base64.b64decode(model["vectors"])) == 2_000_000


def test_the_same_models_give_the_same_bytes() -> None:
    pages = [
        explore_page([Subject("a", vectors_like_trained(300, 10)), Subject("b", vectors_like_trained(290, 8, 2))])
        for _ in range(2)
    ]
    assert pages[0].html == pages[1].html


def agreement(wv: WordVectors) -> tuple[int, int]:
    """Of 1,000 random words, and of 1,000 random analogies, how many have gensim's first answer in the page."""
    keyed = to_keyed_vectors(wv)
    page = PageModel(Parsed(explore_page([Subject("a", wv)], projection="pca").html).data["models"][0])
    random = np.random.default_rng(3)
    rows = np.array([random.choice(len(wv.words), 3, replace=False) for _ in range(1_000)])
    near, cosines = page.nearest([1], rows[:, :1])
    found, _ = page.nearest([-1, 1, 1], rows)
    neighbours = analogies = 0
    for n, (a, b, c) in enumerate(rows):
        expected, cosine = keyed.most_similar(wv.words[a], topn=1)[0]
        neighbours += wv.words[near[n]] == expected
        assert abs(cosines[n] - cosine) < 0.01
        words = [wv.words[b], wv.words[c]]
        analogies += wv.words[found[n]] == keyed.most_similar(positive=words, negative=[wv.words[a]], topn=1)[0][0]
    return neighbours, analogies


@pytest.mark.parametrize("size", [50, 100])
def test_quantized_answers_are_those_of_gensim(size: int) -> None:
    same_neighbour, same_analogy = agreement(vectors_like_trained(4_000, size))
    assert same_neighbour >= 980
    assert same_analogy >= 980


def test_quantized_answers_for_published_vectors() -> None:
    """The first 10,000 vectors of glove.6B.50d, where they are at hand."""
    path = Path(SHARED, "vectors", "glove.6B.50d.head10k.txt.xz")
    if not path.exists():
        pytest.skip(f"{path} is not there")
    same_neighbour, same_analogy = agreement(read_vectors(path))
    assert same_neighbour >= 980
    assert same_analogy >= 980


def test_quantizing_changes_directions_less_than_rounding() -> None:
    vectors = vectors_like_trained(500, 20).vectors
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    found = quantize(vectors)
    assert found.steps.dtype == np.int8
    errors = np.linalg.norm(found.mean + found.scales[:, np.newaxis] * found.steps - unit, axis=1)
    most = np.abs(unit).max(axis=1, keepdims=True)
    rounded = np.linalg.norm(np.rint(127 * unit / most) * most / 127 - unit, axis=1)
    assert errors.mean() < 0.9 * rounded.mean()
    assert errors.max() < 0.02


def test_quantizing_extreme_vectors() -> None:
    vectors = np.array([[0, 0], [1e-30, 0], [-3e38, 3e38]], np.float32)
    mean, scales, steps = quantize(vectors)
    half = np.sqrt(0.5)
    np.testing.assert_allclose(mean + scales[:, np.newaxis] * steps, [[0, 0], [1, 0], [-half, half]], atol=5e-3)


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 40), st.integers(3, 6), st.integers(0, 2**32 - 1))
def test_neighbourhood_distances_equal_their_twin(words: int, size: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    first = WordVectors([f"w{n}" for n in range(words)], random.normal(size=(words, size)).astype(np.float32))
    order = random.permutation(words + 5)[:words]
    second = WordVectors([f"w{n}" for n in order], random.normal(size=(words, size + 1)).astype(np.float32))
    found = compare_neighbours(first, second)
    common = [word for word in first.words if word in second.words]
    assert [first.words[row] for row in found.rows[0]] == [second.words[row] for row in found.rows[1]] == common
    np.testing.assert_allclose(found.distances, neighbourhood_distances(first, second, 25), atol=1e-5)


def test_models_that_are_turned_have_not_changed() -> None:
    wv = vectors_like_trained(200, 8)
    turn = np.linalg.qr(np.random.default_rng(5).normal(size=(8, 8)))[0]
    found = compare_neighbours(wv, WordVectors(wv.words, (3 * wv.vectors @ turn).astype(np.float32)))
    assert found.distances.max() < 1e-5


def test_function_words_are_recognised_by_their_frequent_neighbours() -> None:
    random = np.random.default_rng(6)
    common, vectors = random.normal(size=20), random.normal(size=(1_200, 20))
    function = np.zeros(1_200, bool)
    function[:120:2] = True  # every other frequent word is near the other function words
    vectors[function] = common + 0.3 * random.normal(size=(function.sum(), 20))
    content = content_words(vectors.astype(np.float32))
    assert content[function].mean() < 0.1
    assert content[function].mean() < content[:120][~function[:120]].mean() - 0.4
    assert content[600:].all()
    assert content_words(np.ones((1, 3), np.float32)).tolist() == [True]


def test_clusters_are_found_and_named_by_their_words() -> None:
    random = np.random.default_rng(7)
    kinds = np.arange(90) % 3
    vectors = 5 * np.eye(3)[kinds] + 0.1 * random.normal(size=(90, 3))
    found = cluster_words(vectors.astype(np.float32), np.ones(90, bool), 3)
    assert [len(set(kinds[found.labels == label])) for label in range(3)] == [1, 1, 1]
    for label, central in enumerate(found.central):
        assert len(central) == 3
        assert (found.labels[central] == label).all()
    alike = cluster_words(np.ones((50, 3), np.float32), np.ones(50, bool), 3)
    assert alike.labels.tolist() == [0] * 50


def test_the_learned_rate_is_that_of_the_newest_checkpoint(command: Command, tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("\n".join(map(" ".join, CORPUS)))
    options = ["--vector-size", 5, "--epochs", 3, "--min-count", 1, "--quiet"]
    assert command("train", tmp_path / "text.txt", "--output", tmp_path / "run", *options).code == 0
    command.ok("explore", tmp_path / "run", "-o", tmp_path / "x.html", "--projection", "pca", "--quiet")
    model = Parsed((tmp_path / "x.html").read_text()).data["models"][0]
    rates = np.frombuffer(base64.b64decode(model["rates"]), "<f4")
    np.testing.assert_allclose(rates, learned_rates(tmp_path / "run"), rtol=1e-6)
    assert rates[model["words"].index("the")] == rates.min()  # it has had the most updates
    for file in (tmp_path / "run" / "checkpoints").iterdir():
        file.unlink()
    assert learned_rates(tmp_path / "run") is None
    command.ok("explore", tmp_path / "run", "-o", tmp_path / "y.html", "--projection", "pca", "--quiet")
    assert Parsed((tmp_path / "y.html").read_text()).data["models"][0]["rates"] is None


def test_the_command(command: Command, tmp_path: Path) -> None:
    words = ["athens", "greece", "baghdad", "iraq", "tiger", "cat", "<b>&"]
    run = make_run(tmp_path / "run", words, np.random.default_rng(1).normal(size=(7, 6)))
    other = make_run(tmp_path / "other", words[::-1], np.random.default_rng(2).normal(size=(7, 4)))
    output = tmp_path / "out.html"
    assert command.ok("explore", run, "--output", output, "--projection", "pca").startswith(str(output))
    page = Parsed(output.read_text())
    for shown in ("vector size", "window 15, symmetric yes", "12.0 s", "capital-common-countries", "wordsim353"):
        assert shown in page.text
    assert page.data["losses"][0]["series"][0]["losses"][-1] == [8, pytest.approx(0.02625)]
    command.ok("explore", run, other, "--output", output, "--top", 5, "--projection", "pca", "--quiet")
    data = Parsed(output.read_text()).data
    assert [len(model["words"]) for model in data["models"]] == [5, 5]
    assert sorted(words[row] for row in data["changes"]["rows"][0]) == ["baghdad", "iraq", "tiger"]
    before = output.read_bytes()
    assert "at most two" in command.refused(2, "explore", run, run, run, "--output", output)
    assert "one of 'pca', 'tsne', 'umap'" in command.refused(2, "explore", run, "-o", output, "--projection", "x")
    assert "does not exist" in command.refused(1, "explore", run, "--output", tmp_path / "no" / "x.html")
    (tmp_path / "one.txt").write_text("1 2\nword 0.5 1\n")
    assert "at least two are needed" in command.refused(1, "explore", tmp_path / "one.txt", "--output", output)
    assert output.read_bytes() == before


def test_missing_map_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    subject = Subject("a", vectors_like_trained(20, 4))
    with pytest.raises(InputError, match=r"umap needs umap; install it with: pip install 'glove-adagrad\[maps\]'"):
        explore_page([subject], projection="umap")
    assert "PCA of unit vectors" in explore_page([subject]).html


def test_a_model_shows_itself_in_a_notebook(tmp_path: Path) -> None:
    model = GloVe(vector_size=4, epochs=2, min_count=1)
    assert "not trained" in model._repr_html_()
    model.fit([["<i>", "b", "c"], ["b", "c", "d"], ["<i>", "d", "e", "f"]] * 4)
    card = model._repr_html_()
    assert "6 words, 4 components" in card
    assert f"{model.loss_history[-1]:.5f} after 2 epochs" in card
    assert "window 15" in card
    assert "&lt;i&gt;" in card
    assert "<i>" not in card
    near = re.findall(r"near .*?<td[^>]*>(.*?)</td>", card)
    assert len(near[0].split(", ")) == 5
    page = model.explore(tmp_path / "x.html", projection="pca")
    assert (tmp_path / "x.html").read_text() == page.html
    data = Parsed(page.html).data
    assert data["losses"][0]["series"][0]["losses"] == [[1, model.loss_history[0]], [2, model.loss_history[1]]]
    assert data["models"][0]["rates"]
    (frame,) = Parsed(page._repr_html_()).all("iframe")
    assert frame["sandbox"] == "allow-scripts"
    assert frame["srcdoc"] == page.html
