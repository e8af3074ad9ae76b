"""Words as bytes and as text, and text made safe to print."""

from __future__ import annotations

import unicodedata

#: Control and format characters, surrogates, and line and paragraph separators. They can drive a terminal, reorder or
#: hide text, end a line, or make XML invalid.
_ESCAPED = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def to_text(word: bytes) -> str:
    """Decode a word from UTF-8; bytes that are not UTF-8 become lone surrogates, which `to_bytes` restores."""
    return word.decode("utf-8", "surrogateescape")


def to_bytes(word: str) -> bytes:
    """Encode a word as `to_text` decoded it."""
    return word.encode("utf-8", "surrogateescape")


def printable(text: str) -> str:
    """Return `text` with every character escaped that is not safe in a terminal, an error message or a picture.

    Escapes are Python's (`\\x1b`, `\\u202e`); a byte that was not UTF-8 is shown as that byte. Applied twice, the
    result is the same.
    """
    if text.isprintable():
        return text
    return "".join(map(_escaped, text))


def _escaped(character: str) -> str:
    code = ord(character)
    # the last two code points of a plane are not characters, and not valid in XML
    if unicodedata.category(character) not in _ESCAPED and code & 0xFFFE != 0xFFFE:
        return character
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
