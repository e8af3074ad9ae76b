"""Articles of Wikipedia dumps as text, one a line, with the markup parsed by gensim.

The articles are those of gensim's `WikiCorpus` under its default rules: pages of the main namespace with 50 words or
more, of words of 2 to 15 letters. Its own iterator is not used because it hangs on a damaged dump, swallows Ctrl-C
and keeps an element of every page in memory.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from typing import Any, NamedTuple
from xml.etree.ElementTree import Element, XMLPullParser

from glove_adagrad.errors import InputError
from glove_adagrad.parallel import in_order, processes
from glove_adagrad.text_file import TextFile

#: Shorter articles, most of them redirects and stubs, are left out; as in gensim.
ARTICLE_MIN_WORDS = 50

_NAMESPACE = "http://www.mediawiki.org/xml/export-"

#: Characters of markup that a process is given at a time.
_BATCH = 1 << 18

#: A page that is larger, in bytes or in XML elements, is not one of Wikipedia's, which has 2 MB at most.
_LARGEST_PAGE, _MOST_ELEMENTS = 1 << 24, 10_000

#: Seconds of processor time for a page; the largest articles of Wikipedia need one. Some of gensim's expressions take
#: time that grows with the square of the page's length if what they look for has no end.
_PAGE_SECONDS = 120.0

_BLOCK = 1 << 16


class _Page(NamedTuple):
    title: str
    markup: str


def articles(file: TextFile, *, lowercase: bool, workers: int = 1) -> Iterator[bytes]:
    """Read a dump (`...-pages-articles.xml.bz2`; compressed in any known way, or not).

    Parameters
    ----------
    workers : int
        Processes that parse the markup; if 1, this process does it.

    Yields
    ------
    bytes
        Words of some articles, separated by spaces, one article a line.

    Raises
    ------
    InputError
        If the file is not such a dump, or damaged.
    GloveError
        If a process ends unexpectedly.
    """
    tasks = ((_text, (file.name, batch, lowercase)) for batch in _batches(_Dump(file).pages()))
    with processes(workers) as pool:
        yield from in_order(pool, workers, tasks)


def _text(name: str, pages: list[_Page], lowercase: bool) -> bytes:
    """The words of some pages, in a process of the pool."""
    from gensim.corpora import wikicorpus

    lines = []
    for page in pages:
        try:
            with _time_limit():
                tokens, _, _ = wikicorpus.process_article((page.markup, page.title, 0), lower=lowercase)
        except TimeoutError:
            raise InputError(
                f"{name}: page {page.title[:60]!r}: parsing its markup takes more than {_PAGE_SECONDS:g} s; "
                "remove the page"
            ) from None
        except Exception as error:
            raise InputError(f"{name}: page {page.title[:60]!r}: markup cannot be parsed ({error!r})") from error
        if len(tokens) >= ARTICLE_MIN_WORDS:
            lines.append(" ".join(tokens) + "\n")
    return "".join(lines).encode()


@contextlib.contextmanager
def _time_limit() -> Iterator[None]:
    """Raise TimeoutError in a block that takes too long; in the main thread only, where the pool's processes work."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    def stop(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, _PAGE_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _batches(pages: Iterator[_Page]) -> Iterator[list[_Page]]:
    batch: list[_Page] = []
    size = 0
    for page in pages:
        batch.append(page)
        size += len(page.markup)
        if size >= _BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


class _Dump:
    """Takes the articles out of a dump's XML, a page at a time."""

    def __init__(self, file: TextFile) -> None:
        self._file = file
        self._last = ""

    def pages(self) -> Iterator[_Page]:
        """Yield the pages of the main namespace that gensim does not ignore by their title."""
        from gensim.corpora.wikicorpus import IGNORED_NAMESPACES

        ignored = {f"{name}:" for name in IGNORED_NAMESPACES}
        others: set[str] = set()  # namespaces by the dump's own list; dumps before 2012 have no <ns>
        for page, namespace in self._elements():
            if page.tag == namespace + "namespace":
                if page.get("key") != "0" and page.text:
                    others.add(f"{page.text}:")
                continue
            title = page.findtext(namespace + "title") or ""
            number = page.findtext(namespace + "ns")
            markup = page.findtext(f"{namespace}revision/{namespace}text")
            self._last = title or self._last
            main = number == "0" if number is not None else not title.startswith(tuple(others))
            if main and markup and not title.startswith(tuple(ignored)):
                yield _Page(title, markup)

    def _elements(self) -> Iterator[tuple[Element, str]]:
        """Yield each complete page, and each namespace of the list, with the prefix that tags have."""
        parser: XMLPullParser[Any] = XMLPullParser(["start", "end"])
        root: Element | None = None
        prefix = ""
        size = elements = revisions = 0
        with self._file.opened() as (_, content):
            ended = False
            while not ended:
                block = content.read(_BLOCK)
                ended = not block
                for event, element in self._events(parser, block):
                    if root is None:
                        root, prefix = element, self._prefix(element)
                    if event == "start":
                        elements += 1
                    elif element.tag == prefix + "revision":
                        # of a dump of all revisions the first counts, as in gensim
                        revisions += 1
                        if revisions > 1:
                            element.clear()
                        size = elements = 0
                    elif element.tag in (prefix + "page", prefix + "namespace"):
                        yield element, prefix
                        if element.tag == prefix + "page":
                            root.clear()
                        size = elements = revisions = 0
                size += len(block)
                if size > _LARGEST_PAGE or elements > _MOST_ELEMENTS:
                    raise InputError(
                        f"{self._file.name}: no page ends within {_LARGEST_PAGE >> 20} MB or {_MOST_ELEMENTS:,} "
                        f"elements{self._where()}; not a Wikipedia dump"
                    )

    def _events(self, parser: XMLPullParser[Any], block: bytes) -> Iterator[Any]:
        try:
            if block:
                parser.feed(block)
            else:
                parser.close()
            yield from parser.read_events()
        except Exception as error:  # the parser's own, and those of encodings
            problem = f"damaged or incomplete{self._where()}" if self._last else "not a Wikipedia dump"
            raise InputError(f"{self._file.name}: {problem} ({error})") from error

    def _prefix(self, root: Element) -> str:
        name, _, tag = root.tag.rpartition("}")
        if tag != "mediawiki" or not name.startswith("{" + _NAMESPACE):
            raise InputError(
                f"{self._file.name}: not a Wikipedia dump: it begins with <{root.tag[:80]}>; expected <mediawiki>"
            )
        return name + "}"

    def _where(self) -> str:
        return f" after page {self._last[:60]!r}" if self._last else ""
