"""Wikipedia dumps as text: one article a line, in gensim's reading of the markup.

The pages are those of gensim's `WikiCorpus` under its default rules: articles of 50 words and more, of words of 2 to
15 letters. Its own iterator is not used because it hangs on a damaged dump and swallows Ctrl-C.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from xml.etree.ElementTree import ParseError

from glove_adagrad.errors import InputError

#: Pages that each process is given at a time.
_PAGES = 10


def articles(path: Path, *, lowercase: bool, workers: int = 1) -> Iterator[bytes]:
    """Read a dump (`...-pages-articles.xml.bz2`).

    Parameters
    ----------
    workers : int
        Processes that take the markup apart; none besides this one if 1.

    Yields
    ------
    bytes
        Each article's words, separated by spaces, and a line end.

    Raises
    ------
    InputError
        If the file is no such dump, or damaged.
    """
    from gensim.corpora import wikicorpus

    settings = (wikicorpus.tokenize, wikicorpus.TOKEN_MIN_LEN, wikicorpus.TOKEN_MAX_LEN, lowercase)
    ignored = tuple(f"{namespace}:" for namespace in wikicorpus.IGNORED_NAMESPACES)
    pages = ((text, title, number, settings) for title, text, number in _pages(path) if not title.startswith(ignored))
    pool = multiprocessing.Pool(workers, wikicorpus.init_to_ignore_interrupt) if workers > 1 else None
    try:
        while group := list(islice(pages, _PAGES * workers)):
            run = pool.imap if pool else map
            for tokens, _, _ in run(wikicorpus._process_article, group):
                if len(tokens) >= wikicorpus.ARTICLE_MIN_WORDS:
                    yield " ".join(tokens).encode() + b"\n"
    finally:
        if pool:
            pool.terminate()


def _pages(path: Path) -> Iterator[tuple[str, str, str]]:
    import bz2

    from gensim.corpora.wikicorpus import extract_pages

    try:
        with bz2.open(path, "rb") as file:
            yield from extract_pages(file)
    except (ParseError, EOFError, AttributeError, StopIteration, RuntimeError) as error:
        raise InputError(f"{path}: is no Wikipedia dump, or an incomplete one ({error})") from error
    except OSError as error:
        if error.errno is not None:
            raise
        raise InputError(f"{path}: is no Wikipedia dump compressed with bzip2 ({error})") from error
