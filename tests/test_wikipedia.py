"""Dumps of Wikipedia: the articles of gensim, damaged dumps, markup that takes long."""

from __future__ import annotations

import bz2
import re
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import pytest
from dumps import articles_of, dump, page

from glove_adagrad import wikipedia
from glove_adagrad.corpus import open_corpus
from glove_adagrad.errors import GloveError, InputError
from glove_adagrad.text_options import TextOptions
from glove_adagrad.wikipedia import ARTICLE_MIN_WORDS

pytestmark = pytest.mark.usefixtures("no_warnings")


def _words(name: str, number: int = 60) -> str:
    letters = "abcdefghijklmnopqrstuvwxyz"
    return " ".join(f"{name} {name}{letters[n % 26]}{letters[n // 26]}" for n in range(number))


def _german() -> bytes:
    names = ["Spezial", "Diskussion", "Benutzer", "Wikipedia", "Datei", "MediaWiki", "Vorlage", "Hilfe", "Kategorie"]
    pages = [page(f"{name}:Etwas", _words(name.lower()), f"<ns>{n}</ns>") for n, name in enumerate(names, 1)]
    return dump(
        *pages,
        page("Berlin", "'''[[Stadt|Groß]]stadt''' {{Infobox}} " + _words("straße")),
        page("Help: ein Film", _words("film")),
        page("Kurz", _words("kurz", 20)),
        page("Ohne: Raum", _words("raum")),
        "<page><title>Leer</title><ns>0</ns><id>9</id><revision><text/></revision></page>",
        page("Alt", _words("erste") + "</text></revision><revision><text>" + _words("zweite")),
    )


@pytest.mark.parametrize("lowercase", [True, False])
@pytest.mark.parametrize("workers", [1, 2])
def test_dumps_give_the_articles_of_gensim(tmp_path: Path, lowercase: bool, workers: int) -> None:
    from gensim.corpora import WikiCorpus
    from gensim.corpora.wikicorpus import ARTICLE_MIN_WORDS as GENSIMS
    from gensim.test.utils import datapath

    warnings.simplefilter("default")  # of gensim
    assert ARTICLE_MIN_WORDS == GENSIMS
    (tmp_path / "de.xml.bz2").write_bytes(bz2.compress(_german()))
    for path, number in (
        (tmp_path / "de.xml.bz2", 3),
        (Path(datapath("bgwiki-latest-pages-articles-shortened.xml.bz2")), 1),
    ):
        corpus = open_corpus(
            [path], TextOptions(text_format="wikipedia", lowercase=lowercase), tmp=tmp_path, workers=workers
        )
        found = b"".join(chunk.text.tobytes() for chunk in corpus.chunks()).decode().splitlines()
        expected = WikiCorpus(str(path), dictionary={}, processes=1, lower=lowercase)
        assert found == [" ".join(tokens) for tokens in expected.get_texts()]
        assert len(found) == number


def test_english_articles_are_those_of_gensim(tmp_path: Path) -> None:
    from gensim.corpora import WikiCorpus
    from gensim.test.utils import datapath

    warnings.simplefilter("default")  # of gensim
    whole = datapath("enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2")
    with bz2.open(whole) as file:
        start = file.read(1_000_000)
    path = tmp_path / "pages.xml.bz2"
    pages = start[: start.rindex(b"</page>")] + b"</page></mediawiki>"
    path.write_bytes(bz2.compress(pages))
    corpus = open_corpus([path], TextOptions(text_format="wikipedia", lowercase=True), tmp=tmp_path, workers=2)
    found = b"".join(chunk.text.tobytes() for chunk in corpus.chunks())
    expected = WikiCorpus(str(path), dictionary={}, processes=2)
    assert len(found.splitlines()) > 5
    assert found.decode().splitlines() == [" ".join(tokens) for tokens in expected.get_texts()]


def test_old_dumps_without_ns_go_by_their_list_of_namespaces(tmp_path: Path) -> None:
    head = (
        '<siteinfo><namespaces><namespace key="10">Vorlage</namespace><namespace key="0" /></namespaces></siteinfo>'
    )
    pages = [page("Vorlage:Etwas", _words("vorlage"), ""), page("Berlin: Stadt", _words("stadt"), "")]
    (tmp_path / "a.xml").write_bytes(dump(*pages, head=head))
    assert set(articles_of(tmp_path / "a.xml")) == set(_words("stadt").encode().split())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a Wikipedia dump"),
        (b"hello", "not a Wikipedia dump"),
        (b"<html></html>", "not a Wikipedia dump: it begins with <html>"),
        (_german()[:-5], "damaged or incomplete after page 'Alt'"),
        (_german().replace(b"<title>Kurz</title>", b"<title>\x01</title>"), "damaged or incomplete after page 'Help"),
        (b"<?xml version='1.0' encoding='shift_jis'?><a/>", "not a Wikipedia dump"),
        (dump(page("A", "short")), f"no article in the main namespace has {ARTICLE_MIN_WORDS} words"),
        (dump(page("A", "x" * (1 << 25))), "no page ends within 16 MB"),
        (dump(page("A", "<x/>" * 100_000)), "no page ends within 16 MB or 10,000 elements"),
    ],
)
@pytest.mark.parametrize("workers", [1, 2])
def test_damaged_dumps_are_named_in_one_line(tmp_path: Path, content: bytes, message: str, workers: int) -> None:
    for suffix, data in ((".xml", content), (".xml.bz2", bz2.compress(content))):
        path = tmp_path / f"a{suffix}"
        path.write_bytes(data)
        with pytest.raises(GloveError, match=re.escape(f"{path}: {message}")) as raised:
            open_corpus([path], TextOptions(text_format="wikipedia"), tmp=tmp_path, workers=workers)
        assert "\n" not in str(raised.value)
        path.unlink()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("title", ["<title/>", ""])
def test_pages_without_a_title_are_articles(tmp_path: Path, title: str) -> None:
    (tmp_path / "a.xml").write_bytes(dump(page("A", _words("wort")).replace("<title>A</title>", title)))
    assert len(articles_of(tmp_path / "a.xml")) == 61


def test_sigterm_ends_a_command_that_parses_markup(tmp_path: Path) -> None:
    # gensim's regular expressions take minutes for this page
    hostile = page("A", "&lt;" * 300_000)
    (tmp_path / "a.xml").write_bytes(dump(*[hostile] * 4))
    command = ["vocab", "a.xml", "--format", "wikipedia", "--workers", "2", "--output", "v.txt"]
    process = subprocess.Popen([sys.executable, "-m", "glove_adagrad", *command], cwd=tmp_path)
    deadline = time.monotonic() + 60
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    if not children.exists():
        process.kill()
        pytest.skip("this system does not list the children of a process")
    while len(children.read_text().split()) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(1)
    started = [int(number) for number in children.read_text().split()]
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 128 + signal.SIGTERM
    while any(Path(f"/proc/{number}").exists() for number in started) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not [number for number in started if Path(f"/proc/{number}").exists()]
    assert [path.name for path in tmp_path.iterdir()] == ["a.xml"]


def test_a_page_whose_markup_takes_too_long_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wikipedia, "_PAGE_SECONDS", 0.3)
    hostile = "&lt;!--" * 100_000  # gensim looks for the end of each comment in all that follows
    (tmp_path / "a.xml").write_bytes(dump(page("A", "these words " * 30), page("B", hostile)))
    with pytest.raises(InputError, match=r"a\.xml: page 'B': parsing its markup takes more than 0.3 s"):
        articles_of(tmp_path / "a.xml")
