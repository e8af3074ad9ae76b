"""The report: one page that parses, says what the run says, and needs no other file."""

from __future__ import annotations

import base64
import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from runs import Command, make_run

from glove_adagrad.report import sample_words


class Page(HTMLParser):
    """Checks that tags close in order, and keeps pictures and text."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.sources: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self.sources.append(dict(attrs)["src"] or "")
        elif tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data + "\n"


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    return Command(capsys, monkeypatch)


def test_report(command: Command, tmp_path: Path) -> None:
    words = ["athens", "greece", "baghdad", "iraq", "<b>&", "tiger", "cat", "zero"]
    vectors = np.random.default_rng(1).normal(size=(8, 6))
    vectors[7] = 0
    run = make_run(tmp_path / "run", words, vectors)
    command.ok("report", run, "--output", tmp_path / "report.html", "--quiet")
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    page = Page()
    page.feed(text)
    assert page.open == []
    assert len(page.sources) == 3
    for source in page.sources:
        kind, data = source.split(",")
        assert kind == "data:image/svg+xml;base64"
        ElementTree.fromstring(base64.b64decode(data))
    assert not re.search(r"(src|href)=\"(?!data:)", text)
    for shown in ("vector_size", "window 15, symmetric yes", "360", "12.0 s"):
        assert shown in page.text
    for shown in ("capital-common-countries", "19,544", "wordsim353", "<b>&"):
        assert shown in page.text
    assert "is no trained run" in command.refused(1, "report", tmp_path, "--output", tmp_path / "x.html")
    assert "does not exist" in command.refused(1, "report", run, "--output", tmp_path / "no" / "x.html")


def test_samples_are_spread_and_the_same_each_time() -> None:
    words = [f"w{n}" for n in range(30_000)]
    found = sample_words(words)
    assert found == sample_words(words)
    assert (found[0], found[-1], len(found)) == ("w50", "w20000", 12)
    assert sample_words(["a", "b"]) == ["b"]
