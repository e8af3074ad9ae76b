"""WET files of Common Crawl: the text of web pages, taken out of the archive by warcio."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

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

    class Records(ArchiveIterator):
        INC_RECORD = ""  # what it would print to stderr about a record of another length than it says

    texts: list[str] = []
    size = found = errors = 0
    with decoding(Path(source.name)):
        records = Records(source.content, no_record_parse=True)
        for number, record in enumerate(records, start=1):
            data = record.content_stream().read(LARGEST_RECORD) if record.rec_type == "conversion" else b""
            if len(data) == LARGEST_RECORD:
                raise source.too_large(number, "is it a WET file?")
            records.read_to_end()
            found += record.rec_type == "conversion"
            if records.err_count > errors or (data and len(data) != _length(record)):
                errors = records.err_count
                source.refuse(number, "the record is not as long as its Content-Length says")
            elif data:
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


def _length(record: Any) -> int:
    length = record.rec_headers.get_header("Content-Length", "")
    return int(length) if length.isdecimal() else -1
