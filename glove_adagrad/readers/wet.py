"""WET files of Common Crawl: the text of web pages, taken out of the archive by warcio."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from glove_adagrad.decoding import decoding
from glove_adagrad.errors import InputError
from glove_adagrad.readers.source import BLOCK_BYTES, LARGEST_RECORD, Source, encoded_records

if TYPE_CHECKING:
    from glove_adagrad.text_options import TextOptions


def reader(options: TextOptions) -> Callable[[Source], Iterator[bytes]]:
    """Return the reader of records of the type `conversion`, which hold the text of a page.

    Raises
    ------
    InputError
        If warcio is not installed.
    """
    try:
        import warcio  # noqa: F401
    except ImportError as error:
        raise InputError(
            "text_format wet: needs warcio; install it with pip install 'glove-adagrad[warc]'"
        ) from error
    return _read


def _read(source: Source) -> Iterator[bytes]:
    from warcio.archiveiterator import ArchiveIterator

    texts: list[str] = []
    size = found = 0
    with decoding(Path(source.name)):
        for number, record in enumerate(ArchiveIterator(source.content, no_record_parse=True), start=1):
            if record.rec_type != "conversion":
                continue
            found += 1
            data = record.content_stream().read(LARGEST_RECORD)
            if len(data) == LARGEST_RECORD:
                raise source.too_large(number, "is it a WET file?")
            texts.append(data.decode("utf-8", "surrogateescape"))
            size += len(data)
            if size >= BLOCK_BYTES:
                source.used(len(texts))
                yield encoded_records(texts)
                texts, size = [], 0
    if not found:
        raise InputError(
            f"{source.name}: holds no record of the type conversion, which is the text of a page; download the WET "
            "files instead of WARC or WAT"
        )
    source.used(len(texts))
    yield encoded_records(texts)
