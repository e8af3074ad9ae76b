"""The report: one page that parses, says what the run says, and needs no other file."""

from __future__ import annotations

import base64
import warnings
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from pages import HOSTILE, Parsed, digest
from runs import Command, make_run

from glove_adagrad.formats import WordVectors
from glove_adagrad.maps import content_words
from glove_adagrad.report import sample_words


def pictures(page: Parsed) -> list[ElementTree.Element]:
    """The pictures of a page, which must be well-formed SVG."""
    found = []
    for image in page.all("img"):
        kind, data = (image["src"] or "").split(",")
        assert kind == "data:image/svg+xml;base64"
        found.append(ElementTree.fromstring(base64.b64decode(data)))
    return found


def test_report(command: Command, tmp_path: Path) -> None:
    words = ["athens", "greece", "baghdad", "iraq", "<b>&", "tiger", "cat", "zero"]
    vectors = np.random.default_rng(1).normal(size=(8, 6))
    vectors[7] = 0
    run = make_run(tmp_path / "run", words, vectors)
    command.ok("report", run, "--output", tmp_path / "report.html", "--quiet")
    page = Parsed((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert len(pictures(page)) == 3
    for shown in ("vector size", "window 15, symmetric yes", "360", "12.0 s"):
        assert shown in page.text
    for shown in ("capital-common-countries", "19,544", "wordsim353", "<b>&"):
        assert shown in page.text
    assert "not a trained run" in command.refused(1, "report", tmp_path, "--output", tmp_path / "x.html")
    assert "does not exist" in command.refused(1, "report", run, "--output", tmp_path / "no" / "x.html")


def test_the_frame_is_that_of_the_explorer(command: Command, tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", [f"w{n}" for n in range(9)], np.random.default_rng(1).normal(size=(9, 6)))
    command.ok("report", run, "--output", tmp_path / "report.html", "--quiet")
    page = Parsed((tmp_path / "report.html").read_text(encoding="utf-8"))
    (style,) = page.content["style"]
    assert page.policy["script-src"] == ["'none'"]
    assert page.policy["style-src"] == [digest(style)]
    assert any(meta.get("name") == "viewport" for meta in page.all("meta"))
    scrolling = [attributes for attributes in page.all("div") if attributes.get("class") == "scroll"]
    assert len(scrolling) == len(page.all("table")) + len(page.all("img"))


def test_no_picture_or_table_of_questions_that_cannot_be_answered(command: Command, tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", [f"w{n}" for n in range(9)], np.random.default_rng(1).normal(size=(9, 6)))
    command.ok("report", run, "--output", tmp_path / "report.html", "--quiet")
    page = Parsed((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert len(pictures(page)) == 2
    assert "capital-world" not in page.text
    assert "Not scored" in page.text
    assert "questions-words, wordsim353, simlex999" in page.text
    said = command.ok("plot", run, "--output", tmp_path / "pictures", "--projection", "pca")
    assert [Path(line).name for line in said.split()] == ["loss.png", "words.png"]


def test_pictures_are_well_formed_for_any_word(command: Command, tmp_path: Path) -> None:
    # make_run writes words as they are; a vocabulary cannot hold blanks
    words = [word for word in HOSTILE if not set(word) & set(" \t\n\r\x00")]
    words += ["\x01\x1b[31m", "\ufffe\uffff", "$\\frac$", "]]>", "a\x85b"]
    run = make_run(tmp_path / "\x1b<run>&", words, np.random.default_rng(1).normal(size=(len(words), 6)))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph", UserWarning)  # the font has no Chinese
        command.ok("report", run, "--output", tmp_path / "r.html", "--projection", "pca", "--quiet")
        command.ok("plot", run, "--output", tmp_path / "p", "--projection", "pca", "--format", "svg", "--quiet")
    assert len(pictures(Parsed((tmp_path / "r.html").read_text(encoding="utf-8")))) == 2
    for path in (tmp_path / "p").iterdir():
        ElementTree.parse(path)


def test_words_and_test_sets_can_be_chosen(command: Command, tmp_path: Path) -> None:
    words = ["king", "queen", "man", "woman", "tree"]
    run = make_run(tmp_path / "run", words, np.random.default_rng(1).normal(size=(5, 6)))
    (tmp_path / "mine.txt").write_text("king queen man woman\n")
    (tmp_path / "pairs.tsv").write_text("king\tqueen\t9\nman\ttree\t1\nman\twoman\t8\n")
    sets = ["--analogies", tmp_path / "mine.txt", "--similarity", tmp_path / "pairs.tsv"]
    found = command("report", run, "--output", tmp_path / "r.html", "--quiet", "--words", "king,tree,elf", *sets)
    assert (found.code, found.err) == (0, "glove-adagrad: warning: run: unknown words left out: elf\n")
    text = Parsed((tmp_path / "r.html").read_text(encoding="utf-8")).text
    for shown in ("mine: total (micro)", "pairs", "Map of the chosen words"):
        assert shown in text
    assert "wordsim353" not in text
    line = command.refused(1, "report", run, "--output", tmp_path / "r.html", "--words", "elf.txt")
    assert "knows 0 of the words to show" in line
    assert "there is no file of this name" in line


def test_samples_are_spread_and_the_same_each_time() -> None:
    vectors = np.random.default_rng(1).normal(size=(8_000, 5)).astype(np.float32)
    wv = WordVectors([f"w{n}" for n in range(8_000)], vectors)
    found = sample_words(wv)
    assert found == sample_words(wv)
    content = [f"w{n}" for n in np.flatnonzero(content_words(vectors))]
    assert [content.index(word) for word in found] == sorted(content.index(word) for word in found)
    assert (found[0], found[-1], len(found)) == (content[50], content[5_000], 12)
    assert sample_words(WordVectors(["a", "b"], vectors[:2])) == ["b"]
