"""Plain twins of the kernels: slow, short and obviously right."""

from __future__ import annotations

from collections import Counter


def tokens(line: bytes) -> list[bytes]:
    """The tokens of a line, by Stanford's rules."""
    words = line.replace(b"\r", b"").replace(b"\t", b" ").split(b" ")
    return [cut(word) for word in words if word]


def cut(word: bytes) -> bytes:
    """At most 999 bytes, without half a UTF-8 character at the end."""
    if len(word) <= 999:
        return word
    word = word[:999]
    for back in (1, 2, 3):
        lead = word[-back]
        if lead < 0x80:
            return word
        if lead >= 0xC0:
            size = 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
            return word[:-back] if size > back else word
    return word


def count_words(text: bytes) -> Counter[bytes]:
    return Counter(word for line in text.split(b"\n") for word in tokens(line))


def c_order(word: bytes) -> list[int]:
    """Zero-terminated strings of signed characters, as strcmp in C would see them on most machines."""
    return [byte - 256 if byte > 127 else byte for byte in word] + [0]


def vocabulary(text: bytes, min_count: int = 1, max_vocab: int | None = None) -> list[tuple[bytes, int]]:
    ranked = sorted(count_words(text).items(), key=lambda item: (-item[1], c_order(item[0])))[:max_vocab]
    return [(word, count) for word, count in ranked if count >= min_count]
