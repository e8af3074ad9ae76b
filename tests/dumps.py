"""Small dumps of Wikipedia, and reading them."""

from __future__ import annotations

from pathlib import Path

from glove_adagrad.corpus import open_corpus
from glove_adagrad.text_options import TextOptions
from glove_adagrad.vocabulary import Vocabulary


def articles_of(path: Path) -> dict[bytes, int]:
    corpus = open_corpus([path], TextOptions(text_format="wikipedia", lowercase=True), tmp=path.parent)
    vocabulary = Vocabulary.count(corpus, min_count=1)
    return dict(zip(vocabulary.words, vocabulary.counts.tolist(), strict=True))


def page(title: str, words: str, namespace: str = "<ns>0</ns>") -> str:
    text = f"<revision><id>1</id>\n<text>{words}</text></revision>"
    return f"<page><title>{title}</title>\n{namespace}<id>1</id>{text}</page>\n"


def dump(*pages: str, head: str = "") -> bytes:
    space = "http://www.mediawiki.org/xml/export-0.11/"
    return f'<mediawiki xmlns="{space}" xml:lang="de">{head}\n{"".join(pages)}</mediawiki>\n'.encode()
