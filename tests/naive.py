"""Plain twins of the kernels: slow, short and obviously right."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

import numpy as np

from glove_adagrad.formats import WordVectors


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


def ids(text: bytes, words: list[bytes], boundary: str, keep_positions: bool) -> list[list[int | None]]:
    """Contexts of word ids; None for a word outside the vocabulary that keeps its position."""
    rank = {word: number for number, word in enumerate(words)}
    contexts: list[list[int | None]] = [[]]
    lines = text.replace(b"\r", b"").split(b"\n")
    for line in lines:
        found = [rank.get(word) for word in tokens(line)]
        if boundary == "blank-line" and not tokens(line):
            contexts.append([])
        contexts[-1] += found if keep_positions else [number for number in found if number is not None]
        if boundary == "line":
            contexts.append([])
    return contexts


#: What SplitMix64 adds to its state before each output.
GAMMA = 0x9E3779B97F4A7C15


def mixed(z: int) -> int:
    """The output of SplitMix64 for a state."""
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB % 2**64
    return z ^ (z >> 31)


def sampled(
    contexts: list[list[int | None]], counts: list[int], sample: float, keep_positions: bool
) -> list[list[int | None]]:
    """Contexts in which a word of a share s of all is left with probability sqrt(sample / s) + sample / s."""
    result: list[list[int | None]] = []
    number = 0
    for context in contexts:
        result.append([])
        for word in context:
            if word is not None:
                number += 1
                ratio = sample * sum(counts) / counts[word]
                if sample and mixed(number * GAMMA % 2**64) / 2**64 >= ratio**0.5 + ratio:
                    word = None
            if word is not None or keep_positions:
                result[-1].append(word)
    return result


def cooccurrences(
    contexts: list[list[int | None]], window: int, symmetric: bool, distance_weighting: bool
) -> dict[tuple[int, int], Fraction]:
    """X by word and context: the left word is the word, the right one its context, and, if symmetric, vice versa."""
    found: dict[tuple[int, int], Fraction] = {}
    for context in contexts:
        for at, right in enumerate(context):
            for distance in range(1, min(window, at) + 1):
                left = context[at - distance]
                if left is None or right is None:
                    continue
                weight = Fraction(1, distance) if distance_weighting else Fraction(1)
                for cell in [(left, right), (right, left)] if symmetric else [(left, right)]:
                    found[cell] = found.get(cell, Fraction(0)) + weight
    return found


def train_records(word, context, squares, i, j, log_x, weight, *, clip):  # type: ignore[no-untyped-def]
    """Stanford's rule in float64, record by record, on rows [V, d + 1] with the bias last, which are changed.

    So are the accumulators of both sides, those of this package: sums of squared gradients from 1 / eta^2, from 1 for
    biases; the clip applies to biases too. Returns the sum of losses.
    """
    loss = 0.0
    for a, b, target, w in zip(i, j, log_x, weight, strict=True):
        difference = word[a, :-1] @ context[b, :-1] + word[a, -1] + context[b, -1] - target
        loss += 0.5 * w * difference**2
        gradients = [
            np.clip(w * difference * np.append(other[:-1], 1.0), -clip, clip) for other in (context[b], word[a])
        ]
        for rows, row, accumulated, g in zip((word, context), (a, b), squares, gradients, strict=True):
            rows[row] -= g / np.sqrt(accumulated[row])
            accumulated[row] += g**2
    return loss


def neighbourhood_distances(first: WordVectors, second: WordVectors, neighbours: int) -> np.ndarray:
    """Hamilton, Leskovec and Jurafsky (2016), section 3.2: for each common word of two models, word by word."""
    common = [word for word in first.words if word in second.words]

    def cosine(model: WordVectors, one: str, other: str) -> float:
        a, b = (model.vectors[model.words.index(word)].astype(np.float64) for word in (one, other))
        lengths = np.linalg.norm(a) * np.linalg.norm(b)
        return float(a @ b / lengths) if lengths else 0.0

    distances = []
    for word in common:
        near: set[str] = set()
        for model in (first, second):
            others = sorted((w for w in common if w != word), key=lambda other: -cosine(model, word, other))
            near.update(others[:neighbours])
        one, other = ([cosine(model, word, n) for n in sorted(near)] for model in (first, second))
        lengths = np.linalg.norm(one) * np.linalg.norm(other)
        distances.append(1 - float(np.dot(one, other) / lengths) if lengths else 1.0)
    return np.array(distances)


def is_tile(
    ends: list[int], columns: list[int], sums: list[int], large: list[int], p: int, q: int, size: int
) -> bool:
    """Whether sections make a tile of parts p and q of `size` words each, in a half of a matrix."""
    if sorted(ends) != ends or ends[-1] != len(columns):
        return False
    for row, (first, last) in enumerate(zip([0, *ends], ends, strict=False)):
        some = columns[first:last]
        # a column's word is not rarer than the row's: of equal row numbers, the lower part has the more frequent word
        if some != sorted(set(some)) or any(c >= size or (c, q) > (row, p) for c in some):
            return False
    return sums.count(0) == len(large) and all(number >> 32 for number in large)


def principal_components(vectors: np.ndarray, size: int) -> np.ndarray:
    """Components along the directions of the largest singular values; the largest entry of each is positive."""
    axes = np.linalg.svd(vectors.astype(np.float64), full_matrices=False)[2]
    axes = np.vstack([axes, np.zeros((size, vectors.shape[1]))])[:size]
    signs = [1.0 if axis[np.abs(axis).argmax()] >= 0 else -1.0 for axis in axes]
    return np.array([[float(row @ axis) * sign for axis, sign in zip(axes, signs, strict=True)] for row in vectors])
