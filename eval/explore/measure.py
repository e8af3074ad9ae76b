"""The explorer: time to make a page, its size, agreement of its answers with gensim's, time of a query in a browser.

    python -m eval.explore.measure RUN [RUN...] [--projection tsne]

Prints the provenance and rows for results.md. Queries are timed in Chromium through Playwright, where both are
installed.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from eval.measure import provenance
from glove_adagrad.explore import Subject, explore_page
from glove_adagrad.formats import WordVectors, read_vectors, to_keyed_vectors
from glove_adagrad.maps import content_words
from tests.pages import PageModel, Parsed

_ASKED = 1_000


def agreement(wv: WordVectors, html: str) -> tuple[float, float]:
    """Share of 1,000 random words, and of 1,000 random analogies, with the same first answer as gensim's."""
    keyed, page = to_keyed_vectors(wv), PageModel(Parsed(html).data["models"][0])
    random = np.random.default_rng(1)
    rows = np.array([random.choice(len(wv.words), 3, replace=False) for _ in range(_ASKED)])
    near, _ = page.nearest([1], rows[:, :1])
    found, _ = page.nearest([-1, 1, 1], rows)
    same = np.zeros(2)
    for n, (a, b, c) in enumerate(rows):
        same[0] += keyed.most_similar(wv.words[a], topn=1)[0][0] == wv.words[near[n]]
        words = [wv.words[b], wv.words[c]]
        same[1] += keyed.most_similar(positive=words, negative=[wv.words[a]], topn=1)[0][0] == wv.words[found[n]]
    return same[0] / _ASKED, same[1] / _ASKED


def query_milliseconds(html: str) -> dict[str, float] | None:
    """Median time of each action of the page in Chromium; None without a browser."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return None
    executable = shutil.which("chromium") or shutil.which("google-chrome")
    if executable is None:
        return None
    timed = {
        "neighbours": "models[0].neighbours(n * 97 % models[0].n)",
        "analogy": "models[0].analogy(n, n + 50, n + 99)",
        "completion": "models[0].complete(models[0].words[n * 89 % models[0].n].slice(0, 2), 8)",
        "whole view": "(go({ view: 'near', word: models[0].words[n * 83 % models[0].n] }), maps[0].paintNow())",
    }
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = Path(folder, "page.html")
        path.write_text(html, encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox", "--disable-gpu"])
        tab = browser.new_page(viewport={"width": 1440, "height": 900})
        begin = time.perf_counter()
        tab.goto(path.as_uri())
        result = {"load": 1e3 * (time.perf_counter() - begin)}
        for name, call in timed.items():
            spans: list[float] = tab.evaluate(
                "Array.from({length: 60}, (_, n) => { const begin = performance.now(); "
                f"{call}; return performance.now() - begin; }})"
            )
            result[name] = statistics.median(spans)
        browser.close()
    return result


def function_words(wv: WordVectors, shown: int = 150) -> tuple[float, float]:
    """Share of English stop words (scikit-learn's list) among the first words, and among the first content words."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    stop = np.array([word in ENGLISH_STOP_WORDS for word in wv.words])
    content = np.flatnonzero(content_words(wv.vectors))[:shown]
    return float(stop[:shown].mean()), float(stop[content].mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN")
    parser.add_argument("--projection", choices=["pca", "tsne", "umap"], default="pca")
    parser.add_argument("--top", type=int, default=20_000)
    options = parser.parse_args()
    print(json.dumps(provenance(), indent=2))
    for path in options.runs:
        wv = read_vectors(path)
        first = WordVectors(wv.words[: options.top], wv.vectors[: options.top])
        begin = time.perf_counter()
        html = explore_page([Subject(path.name, wv)], options.top, options.projection).html
        seconds = time.perf_counter() - begin
        neighbours, analogies = agreement(first, html)
        row: dict[str, Any] = {
            "model": path.name,
            "words": len(first.words),
            "components": wv.vectors.shape[1],
            "projection": options.projection,
            "seconds": round(seconds, 1),
            "megabytes": round(len(html.encode()) / 1e6, 2),
            "first neighbour as gensim": neighbours,
            "first analogy as gensim": analogies,
            "stop words of 150, before and after": function_words(wv),
            "milliseconds": query_milliseconds(html),
        }
        print(json.dumps(row, indent=2))


if __name__ == "__main__":
    main()
