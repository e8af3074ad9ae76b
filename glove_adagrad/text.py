"""Text for people: words and names in which nothing is left that a terminal or a file format would interpret."""

from __future__ import annotations

import unicodedata

#: Controls, invisible format characters (bidirectional overrides among them), surrogates, line and paragraph ends.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
#: Format characters that Persian, Indic scripts and emoji need inside words.
_JOINERS = frozenset("\u200c\u200d")


def printable(text: str) -> str:
    """Replace undecodable bytes, control characters and invisible format characters by escapes such as `\\x1b`."""
    if text.isprintable():
        return text
    text = text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(
        char.encode("ascii", "backslashreplace").decode()
        if unicodedata.category(char) in _HIDDEN and char not in _JOINERS and ord(char) > 126
        else f"\\x{ord(char):02x}"
        if unicodedata.category(char) in _HIDDEN and char not in _JOINERS
        else char
        for char in text
    )
