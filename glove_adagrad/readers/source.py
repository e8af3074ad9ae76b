"""`Source`: an open file of records, where those that cannot be used are reported; and the text of records."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from glove_adagrad.errors import InputError
from glove_adagrad.malformed import Malformed

#: Bytes read at a time.
BLOCK_BYTES = 1 << 20

#: A record that is larger is not a document but a damaged file.
LARGEST_RECORD = 1 << 28

#: Surrogates that do not stand for a byte, as `surrogateescape` has them.
_LONE_SURROGATES = re.compile("[\ud800-\udc7f\udd00-\udfff]")

#: Bad records at the start of a corpus after which it is given up if no good one was found.
_HOPELESS = 10


class Tally(Malformed):
    """Counts the records of all files of a corpus: those used, and those that cannot be.

    Attributes
    ----------
    good : int
        Number of records used so far.
    """

    def __init__(self, strict: bool) -> None:
        super().__init__(Path(), strict, "record")
        self.good = 0

    def finish(self) -> None:
        """Warn of what was skipped, or refuse the corpus if it is more than a few of all records."""
        self.settle(self.good)


@dataclass(frozen=True)
class Source:
    """An open file of records.

    Attributes
    ----------
    name : str
        For messages.
    raw : binary file
        The file as it is stored; for readers that need random access.
    content : binary file
        Decompressed.
    tally : Tally
    note : callable
        Called with a line about what was guessed, for example a separator.
    """

    name: str
    raw: IO[bytes]
    content: io.BufferedReader
    tally: Tally
    note: Callable[[str], None]

    def used(self, records: int) -> None:
        """Report records that were used."""
        self.tally.good += records

    def refuse(self, place: int | str, problem: str) -> None:
        """Report a record that cannot be used; `place` is its line or row.

        Raises
        ------
        InputError
            If records must not be skipped, or hardly any can be used.
        """
        self.tally.add_at(f"{self.name}:{place}", problem)
        if not self.tally.good and self.tally.lines >= _HOPELESS:
            self.tally.refuse()
        self.tally.check_hopeless(self.tally.good)

    def too_large(self, place: int | str, remedy: str) -> InputError:
        return InputError(f"{self.name}:{place}: a record of more than {LARGEST_RECORD >> 20} MB; {remedy}")


def encoded_records(texts: Sequence[str]) -> bytes:
    """Join the texts of records, each ending with a blank line.

    CR and CRLF become LF. A zero byte, which text cannot have, becomes a blank, and a lone surrogate, as `\\ud800` in
    JSON, the replacement character.
    """
    if not texts:
        return b""
    text = "\n\n".join(texts) + "\n\n"
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        text = text.replace("\0", " ")
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return _LONE_SURROGATES.sub("\ufffd", text).encode("utf-8", "surrogateescape")


def described(value: object) -> str:
    """What a value out of a record is, for messages."""
    names = {bool: "true or false", int: "a number", float: "a number", dict: "an object", list: "a list"}
    return names.get(type(value), f"of the type {type(value).__name__}")
