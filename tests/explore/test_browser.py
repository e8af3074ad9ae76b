"""The explorer in a browser: typing, clicking, links, screens; skipped without Playwright and a Chromium."""

from __future__ import annotations

import itertools
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pages import HOSTILE
from runs import make_run

from glove_adagrad.evaluation.neighbours import Neighbourhood
from glove_adagrad.explore import Subject, explore_page
from glove_adagrad.explore.document import page_text
from glove_adagrad.formats import WordVectors, read_history

pytestmark = pytest.mark.slow

sync_api = pytest.importorskip("playwright.sync_api", reason="tests in a browser need: pip install '.[browser]'")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
NAMES = ["king", "queen", "man", "woman", "prince", "king's", "breakfast", "lunch", "dinner", "car"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    executable = next(filter(None, map(shutil.which, BROWSERS)), None)
    if executable is None:
        pytest.skip("tests in a browser need a Chromium on the PATH")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
        yield browser
        browser.close()


def model(seed: int) -> WordVectors:
    random = np.random.default_rng(seed)
    words = NAMES + HOSTILE + [f"word{n}" for n in range(300)]
    groups = random.normal(size=(12, 16))
    vectors = groups[random.integers(12, size=len(words))] + random.normal(size=(len(words), 16))
    return WordVectors(words, vectors.astype(np.float32), np.arange(len(words), 0, -1) * 10)


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("one")
    history = read_history(make_run(folder / "run", ["a", "b"], np.eye(2)))
    subject = Subject("run", model(1), history, np.linspace(0.01, 0.05, len(model(1).words)))
    explore_page([subject], projection="pca").save(folder / "page.html")
    return folder / "page.html"


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("two") / "page.html"
    explore_page([Subject("first", model(1)), Subject("second", model(2))], projection="pca").save(path)
    return path


class Tab:
    """A page that must stay silent: no request but for its file, nothing on the console, no error."""

    def __init__(self, browser: Any, path: Path, link: str = "", width: int = 1440, scheme: str = "light") -> None:
        self.context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        self.page = self.context.new_page()
        self.noise: list[str] = []
        self.page.on("console", lambda message: self.noise.append(message.text))
        self.page.on("pageerror", lambda error: self.noise.append(str(error)))
        self.page.on("request", lambda request: self.noise.append(request.url))
        self.url = path.as_uri()
        self.page.goto(self.url + link)

    def __enter__(self) -> Any:
        return self.page

    def __exit__(self, *error: object) -> None:
        loaded = [url for url in self.noise if url.split("#")[0] != self.url and url != "data:,"]
        assert loaded == []
        assert self.page.evaluate("window.pwned") is None
        assert self.page.evaluate("document.querySelectorAll('img, iframe').length") == 0
        self.context.close()


def answers(page: Any, column: int = 0) -> list[str]:
    lists = page.locator("#panel .columns > div").nth(column).locator(".list button bdi")
    return [text for text in lists.all_text_contents() if text]


def link(page: Any) -> dict[str, str]:
    found: dict[str, str] = page.evaluate("Object.fromEntries(new URLSearchParams(location.hash.slice(1)))")
    return found


def wait_for(page: Any, condition: str) -> None:
    """Playwright's own wait_for_function compiles its condition in the page, which the policy forbids."""
    for _ in range(100):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(50)
    raise AssertionError(condition)


def check_answers(found: list[str], expected: list[tuple[str, float]], every: list[tuple[str, float]]) -> None:
    """The first answer is the same; in the others words may change places whose scores differ by less than 0.005."""
    scores = {page_text(name): score for name, score in every}
    assert found[0] == page_text(expected[0][0])
    np.testing.assert_allclose([scores[name] for name in found], [score for _, score in expected], atol=0.005)


def test_typing_a_word_shows_its_neighbours(browser: Any, one: Path) -> None:
    near = Neighbourhood(model(1))
    with Tab(browser, one) as page:
        page.keyboard.press("/")
        page.keyboard.type("KIN")
        assert page.locator("#search-list li").all_text_contents() == ["king", "king's"]
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        assert page.locator("#panel h2").text_content() == "king"
        check_answers(answers(page), near.similar("king", 15), near.similar("king", 400))
        cosines = [float(text) for text in page.locator("#panel .number").all_text_contents()]
        np.testing.assert_allclose(cosines, [cosine for _, cosine in near.similar("king", 15)], atol=0.01)
        page.locator("#panel .list button").first.click()
        assert link(page)["word"] == page_text(near.similar("king", 1)[0][0])
        page.go_back()
        assert page.locator("#panel h2").text_content() == "king"
        page.fill("#search", "nonsense")
        page.press("#search", "Enter")
        assert "“nonsense” is not among the words" in page.locator("#status").text_content()


def test_analogies_odd_ones_and_pairs(browser: Any, one: Path) -> None:
    near = Neighbourhood(model(1))
    with Tab(browser, one) as page:
        page.get_by_role("tab", name="Analogy").click()
        page.get_by_role("button", name="Example").click()
        asked = ("man", "king", "woman")
        check_answers(answers(page), near.analogy(*asked, 10), near.analogy(*asked, 400))
        page.fill("#field-c", "car")
        page.press("#field-c", "Enter")
        asked = ("man", "king", "car")
        check_answers(answers(page), near.analogy(*asked, 10), near.analogy(*asked, 400))
        page.get_by_role("tab", name="Odd one out").click()
        page.get_by_role("button", name="Example").click()
        found = near.odd_one_out(["breakfast", "lunch", "dinner", "car"])
        check_answers(answers(page), found, found)
        page.get_by_role("tab", name="Two words").click()
        for field, word in (("word", "king"), ("other", "queen")):
            page.fill(f"#field-{field}", word)
            page.press(f"#field-{field}", "Enter")
        cosine = dict(near.similar("king", 400))["queen"]
        assert float(page.locator("#panel .big").text_content()) == pytest.approx(cosine, abs=0.01)
        rank = [name for name, _ in near.similar("king", 400)].index("queen") + 1
        shown = re.search(r"queen is neighbour (\d+) of king", page.locator("#panel").inner_text())
        assert shown
        assert int(shown[1]) == pytest.approx(rank, abs=5)  # the page's vectors are rounded to 8 bits


def test_clicking_a_dot_chooses_its_word(browser: Any, one: Path) -> None:
    with Tab(browser, one) as page:
        x, y = page.evaluate("maps[0].place(maps[0].model.find('word7'))")
        box = page.locator("canvas").bounding_box()
        chosen = page.evaluate("([x, y]) => maps[0].model.words[maps[0].wordAt(x, y)]", [x, y])
        page.mouse.click(box["x"] + x, box["y"] + y)
        assert link(page)["word"] == chosen == page.locator("#panel h2").text_content()


def test_pan_and_zoom_by_mouse_and_keys(browser: Any, one: Path) -> None:
    view = "[maps[0].x, maps[0].y, maps[0].zoom]"
    with Tab(browser, one) as page:
        start = page.evaluate(view)
        box = page.locator("canvas").bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(x, y)
        page.mouse.wheel(0, -400)
        wait_for(page, "maps[0].zoom > 1.5")
        page.mouse.down()
        page.mouse.move(x + 90, y + 40, steps=4)
        page.mouse.up()
        assert "word" not in link(page)  # a drag is not a click
        moved = page.evaluate(view)
        assert moved[0] < start[0]
        assert moved[1] > start[1]
        page.locator("canvas").focus()
        page.keyboard.press("+")
        page.keyboard.press("ArrowRight")
        keyed = page.evaluate(view)
        assert keyed[2] > moved[2]
        assert keyed[0] > moved[0]
        page.keyboard.press("0")
        assert page.evaluate(view) == start


def test_a_link_restores_all(browser: Any, one: Path) -> None:
    with Tab(browser, one) as page:
        page.fill("#search", "queen")
        page.press("#search", "Enter")
        page.select_option("#colour", "rate")
        page.click("#in")
        wait_for(page, "location.hash.includes('at=')")
        state = page.evaluate("[location.hash, maps[0].zoom, maps[0].x, state.word, state.colour]")
    with Tab(browser, one, state[0]) as page:
        assert page.evaluate("[location.hash, maps[0].zoom, maps[0].x, state.word, state.colour]") == [
            state[0], pytest.approx(state[1], abs=1e-3), pytest.approx(state[2], abs=1e-3), "queen", "rate",
        ]  # fmt: skip
        assert page.locator("#panel h2").text_content() == "queen"
        assert "0.010" in page.locator("#legend").inner_text()
    with Tab(browser, one, "#view=x&at=1,2,nonsense;3&colour=__proto__&word=%3Cb%3E&a=constructor") as page:
        assert "not among the words" in page.locator("#panel").inner_text()


@pytest.mark.parametrize("zoom", [1, 6, 60])
def test_labels_never_overlap(browser: Any, one: Path, zoom: int) -> None:
    with Tab(browser, one, "#word=king") as page:
        boxes = page.evaluate(f"(maps[0].zoom = {zoom}, maps[0].paintNow(), maps[0].labels)")
        assert len(boxes) > 1
        for a, b in itertools.combinations(boxes, 2):
            assert a["x0"] >= b["x1"] or b["x0"] >= a["x1"] or a["y0"] >= b["y1"] or b["y0"] >= a["y1"]


@pytest.mark.parametrize("word", HOSTILE)
def test_any_word_is_shown_as_text(browser: Any, one: Path, word: str) -> None:
    shown = page_text(word)
    with Tab(browser, one) as page:
        page.evaluate("word => go({ word })", shown)
        assert page.locator("#panel h2").text_content() == shown
        assert link(page)["word"] == shown
        assert len(answers(page)) == 15
        assert page.title().startswith(shown[:20])


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("view", ["near", "analogy", "odd", "compare", "changes", "about"])
def test_nothing_is_wider_than_the_screen(
    browser: Any, one: Path, two: Path, view: str, width: int, scheme: str
) -> None:
    for path in (one, two):
        link = f"#view={view}&word=king&other=car&a=man&b=king&c=woman&words=king,man,car"
        with Tab(browser, path, link, width, scheme) as page:
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            for x, right in page.evaluate(
                "[...document.querySelectorAll('button, input, h1, h2, p, canvas')].filter(e => e.offsetParent)"
                ".map(e => e.getBoundingClientRect()).map(b => [b.left, b.right])"
            ):
                assert x >= 0
                assert right <= width
            background = page.evaluate("getComputedStyle(document.body).backgroundColor")
            assert (background == "rgb(255, 255, 255)") == (scheme == "light")


def test_two_models_side_by_side(browser: Any, two: Path) -> None:
    near = [Neighbourhood(model(seed)) for seed in (1, 2)]
    with Tab(browser, two, "#word=king") as page:
        names = [answers(page, column) for column in (0, 1)]
        for found, neighbourhood in zip(names, near, strict=True):
            check_answers(found, neighbourhood.similar("king", 15), neighbourhood.similar("king", 400))
        shared = len(set(names[0]) & set(names[1]))
        assert f"{shared} of 15 neighbours are the same" in page.locator("#panel").inner_text()
        assert page.locator("#panel .shared").count() == 2 * shared
        assert page.locator("canvas").count() == 2
        page.get_by_role("tab", name="What changed").click()
        page.select_option("#among", "all")
        values = [
            float(text) for text in page.locator("#panel .columns > div").first.locator(".number").all_text_contents()
        ]
        assert values == sorted(values, reverse=True)
        page.locator("#panel .list button").first.click()
        assert link(page)["word"] == page.locator("#panel h2").text_content()
