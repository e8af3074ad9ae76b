"""Plain twins of the kernels: slow, short and obviously right."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

import numpy as np

from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
from glove_adagrad.formats import WordVectors
from glove_adagrad.trainer import TrainingSettings
from glove_adagrad.trainer.parameters import Vectors


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
    contexts: list[list[int | None]], window: int, symmetric: bool, distance_weights: str
) -> dict[tuple[int, int], Fraction]:
    """X by word and context: the left word is the word, the right one its context, and, if symmetric, vice versa."""
    weights = {
        "harmonic": [Fraction(1, d) for d in range(1, window + 1)],
        "flat": [Fraction(1)] * window,
        "linear": [1 - Fraction(d - 1, window) for d in range(1, window + 1)],
    }.get(distance_weights) or [Fraction(weight) for weight in distance_weights.split(",")]
    found: dict[tuple[int, int], Fraction] = {}
    for context in contexts:
        for at, right in enumerate(context):
            for distance in range(1, min(window, at) + 1):
                left = context[at - distance]
                if left is None or right is None:
                    continue
                for cell in [(left, right), (right, left)] if symmetric else [(left, right)]:
                    found[cell] = found.get(cell, Fraction(0)) + weights[distance - 1]
    return {cell: x for cell, x in found.items() if x > 0}


def loss_and_gradients(word, context, target, weight, clip):  # type: ignore[no-untyped-def]
    """The loss of a record, and its clipped gradients by a word's row and by a context's [d + 1], bias last."""
    difference = word[:-1] @ context[:-1] + word[-1] + context[-1] - target
    pulls = [weight * difference * np.append(other[:-1], 1.0) for other in (context, word)]
    return 0.5 * weight * difference**2, [np.clip(pull, -clip, clip) for pull in pulls]


def train_records(word, context, squares, i, j, log_x, weight, *, clip):  # type: ignore[no-untyped-def]
    """Stanford's rule in float64, record by record, on rows [V, d + 1] with the bias last, which are changed.

    So are the accumulators of both sides, those of this package: sums of squared gradients from 1 / eta^2, from 1 for
    biases; the clip applies to biases too. Returns the sum of losses.
    """
    loss = 0.0
    for a, b, target, w in zip(i, j, log_x, weight, strict=True):
        more, gradients = loss_and_gradients(word[a], context[b], target, w, clip)
        loss += more
        for rows, row, accumulated, g in zip((word, context), (a, b), squares, gradients, strict=True):
            rows[row] -= g / np.sqrt(accumulated[row])
            accumulated[row] += g**2
    return loss


def train_norm_records(word, context, sums, i, j, log_x, weight, *, clip, rate):  # type: ignore[no-untyped-def]
    """AdaGrad-Norm in float64, record by record, on rows [V, d + 1] with the bias last, which are changed.

    So are the sums of squared norms [V] of both sides. Returns the sum of losses.
    """
    loss = 0.0
    for a, b, target, w in zip(i, j, log_x, weight, strict=True):
        more, gradients = loss_and_gradients(word[a], context[b], target, w, clip)
        loss += more
        for rows, row, sum_of, g in zip((word, context), (a, b), sums, gradients, strict=True):
            sum_of[row] += g @ g
            rows[row] -= rate * g / np.sqrt(sum_of[row])
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


def elias_fano(rows: int, numbers: list[int]) -> bytes:
    """Row numbers that do not descend, each below `rows`: low bits, then the rest as a string of bits.

    Elias (1974) and Fano (1971); see `kernels.tile_layout`.
    """
    low = 0
    while numbers and len(numbers) << (low + 1) <= rows:
        low += 1
    lows = [number >> bit & 1 for number in numbers for bit in range(low)]
    highs = [0] * (len(numbers) + (rows - 1 >> low) + 1) if numbers else []
    for k, number in enumerate(numbers):
        highs[(number >> low) + k] = 1
    found = b""
    for bits in (lows, highs):
        value = sum(bit << place for place, bit in enumerate(bits))
        found += value.to_bytes(-(-len(bits) // 64) * 8, "little")
    return found


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


def ngrams(word: str, min_n: int, max_n: int) -> Counter[str]:
    """The parts of `<word>`; neither mark alone is one."""
    text = "<" + word + ">"
    marks = (0, 1), (len(text) - 1, len(text))
    spans = [(a, b) for a in range(len(text)) for b in range(a + 1, len(text) + 1)]
    return Counter(text[a:b] for a, b in spans if min_n <= b - a <= max_n and (a, b) not in marks)


def fasttext_hash(ngram: str) -> int:
    """FNV-1a of 32 bits; bytes from 128 on are negative numbers."""
    value = 2166136261
    for byte in ngram.encode():
        value = ((value ^ (byte if byte < 128 else byte + 0xFFFFFF00)) * 16777619) % 2**32
    return value


def subwords(
    words: list[str],
    counts: list[int],
    vectors: np.ndarray,
    min_n: int,
    max_n: int,
    ridge: float,
    mix: float,
    buckets: int = 2_000_000,
) -> tuple[np.ndarray, dict[int, np.ndarray]]:
    """Mixed vectors, as long as the given ones, and n-gram vectors by bucket, by solving the normal equations.

    Means over n-grams of the 100 rarest words are as long as their vectors, on average.
    """
    own = [ngrams(word, min_n, max_n) for word in words]
    shared = [name for name in set().union(*own) if sum(name in grams for grams in own) > 1]
    kept = sorted({fasttext_hash(name) % buckets for name in shared})
    units = np.array([vector / np.linalg.norm(vector) for vector in vectors.astype(np.float64)])
    hashed = [Counter(fasttext_hash(name) % buckets for name in grams.elements()) for grams in own]
    table = np.array([[grams[bucket] for bucket in kept] for grams in hashed], np.float64)
    rarest = [row for row in range(len(words)) if table[row].any()][-100:]
    means = [table[row] / own[row].total() for row in rarest]
    table /= np.sqrt(np.maximum(table.sum(axis=1, keepdims=True), 1))
    weights = np.diag([count / (count + 50) for count in counts])
    fitted = np.linalg.solve(table.T @ weights @ table + ridge * np.eye(len(kept)), table.T @ weights @ units)
    mixed = []
    for vector, unit, composed, count in zip(vectors, units, table @ fitted, counts, strict=True):
        towards = count * unit + mix * composed / max(float(np.linalg.norm(composed)), 1e-30)
        mixed.append(towards / np.linalg.norm(towards) * np.linalg.norm(vector))
    scale = sum(np.linalg.norm(vectors[rarest], axis=1)) / sum(np.linalg.norm(np.array(means) @ fitted, axis=1))
    return np.array(mixed), dict(zip(kept, scale * fitted, strict=True))


class UnobservedPairs:
    """Draws of unobserved pairs, from the definition: by the cumulated distribution, looked up from the front."""

    def __init__(self, matrix: CooccurrenceMatrix, settings: TrainingSettings) -> None:
        self.words, self.parts = matrix.words, matrix.lower.parts
        x = np.zeros((self.words, self.words))
        for i, j, value in matrix.cells():
            x[i, j] = value
        self.x, self.settings = x, settings
        word_sums, context_sums = (np.maximum(sums, sums[sums > 0].min()) for sums in (x.sum(axis=1), x.sum(axis=0)))
        expected = np.outer(word_sums, context_sums) / x.sum()
        chance = settings.unobserved_chance
        self.target = np.log(np.minimum(expected**chance * 0.03 ** (1 - chance), 0.3))
        counts = matrix.vocabulary.counts
        ratio = matrix.windows.sample * counts.sum() / counts if matrix.windows.sample else np.ones(self.words)
        self.draw_weights = (counts * np.minimum(1, ratio + ratio**0.5)) ** settings.unobserved_power
        self.rate = settings.unobserved * matrix.records / self.draw_weights.sum() ** 2
        self.stream = int(np.random.default_rng([settings.seed, 0, 1]).integers(1 << 63, dtype=np.uint64))
        ranks = np.argsort(np.arange(self.words) % self.parts, kind="stable")
        self.row_of = np.argsort(ranks)

    def of_row(self, a: int, part: int, forward: bool) -> list[tuple[int, int]]:
        """Words and contexts drawn for the row of word a in the tile whose columns are in `part`."""
        candidates = [b for b in range(part, self.words, self.parts) if b < a]
        if not candidates:
            return []
        key = ((2 * int(self.row_of[a]) + forward) * 2**32 + int(self.row_of[part])) % 2**64
        state = mixed(key ^ self.stream)
        sums = np.cumsum(self.draw_weights[candidates])

        def uniform() -> float:
            return (mixed(state) >> 11) / 2**53

        drawn = []
        for _ in range(int(self.rate * self.draw_weights[a] * sums[-1] + uniform())):
            state = (state + GAMMA) % 2**64
            b = candidates[int(np.argmax(sums > uniform() * sums[-1]))]
            pair = (a, b) if forward else (b, a)
            if self.x[pair] == 0:
                drawn.append(pair)
        return drawn


def text_rows(words: list[bytes], vectors: np.ndarray, separator: bytes = b" ") -> bytes:
    """Lines of words and numbers with six decimals; no word where it is empty."""
    rows = [[word, *(b"%.6f" % x for x in row)] for word, row in zip(words, vectors.tolist(), strict=True)]
    return b"".join(separator.join(row if row[0] else row[1:]) + b"\n" for row in rows)


def epoch(matrix: CooccurrenceMatrix, settings: TrainingSettings, start: Vectors) -> tuple[float, float, Vectors]:
    """One epoch in float64, in the order of strata, blocks, rows and columns, by Stanford's formulas or AdaGrad-Norm.

    Returns the mean loss of cells, that of unobserved pairs, and what the parameters have become.
    """
    d, parts = settings.vector_size, matrix.lower.parts
    w, c, b, e = (array.astype(np.float64) for array in start)
    options = settings.rule.options()
    squares = [np.ones((len(w), d)), np.ones((len(w), d)), np.ones(len(w)), np.ones(len(w))]
    norms = [np.full(len(w), options.get("initial_accumulator")) for _ in range(2)]
    empty = UnobservedPairs(matrix, settings)
    losses: list[list[float]] = [[], []]
    eta = options["learning_rate"]

    def by_stanford(i: int, j: int, pull: float) -> None:
        step, back = eta * pull * c[j], eta * pull * w[i]
        w[i] -= step / np.sqrt(squares[0][i])
        c[j] -= back / np.sqrt(squares[1][j])
        b[i] -= pull / np.sqrt(squares[2][i])
        e[j] -= pull / np.sqrt(squares[3][j])
        squares[0][i] += step**2
        squares[1][j] += back**2
        squares[2][i] += pull**2
        squares[3][j] += pull**2

    def by_norm(i: int, j: int, pull: float) -> None:
        step, back = pull * c[j], pull * w[i]
        norms[0][i] += step @ step + pull**2
        norms[1][j] += back @ back + pull**2
        w[i] -= eta * step / np.sqrt(norms[0][i])
        c[j] -= eta * back / np.sqrt(norms[1][j])
        b[i] -= eta * pull / np.sqrt(norms[0][i])
        e[j] -= eta * pull / np.sqrt(norms[1][j])

    move = {"adagrad": by_stanford, "adagrad-norm": by_norm}[settings.rule.name]

    def update(i: int, j: int, log_x: float, weight: float, kind: int) -> None:
        difference = w[i] @ c[j] + b[i] + e[j] - log_x
        losses[kind].append(0.5 * weight * difference**2)
        move(i, j, weight * difference)

    for stratum in np.random.default_rng([settings.seed, 0]).permutation(parts).tolist():
        for p in range(parts):
            q = (p + stratum) % parts
            for rows, columns, forward in ((p, q, True), (q, p, False)):
                for a in range(rows, len(w), parts):
                    for other in range(columns, a + forward, parts):
                        i, j = (a, other) if forward else (other, a)
                        x = empty.x[i, j]
                        if x:
                            update(i, j, np.log(x), min(1, (x / settings.x_max) ** settings.alpha), 0)
                    if settings.unobserved:
                        for i, j in empty.of_row(a, columns, forward):
                            update(i, j, empty.target[i, j], settings.unobserved_weight, 1)
    assert len(losses[0]) == matrix.records
    return float(np.mean(losses[0])), float(np.mean(losses[1])) if losses[1] else 0.0, Vectors(w, c, b, e)


def positive_pmi(x: np.ndarray, smoothing: float, shift: float) -> np.ndarray:
    """Levy, Goldberg and Dagan (2015), section 3.1: shifted positive PMI, contexts smoothed; X is [V, V]."""
    found = np.zeros_like(x)
    smoothed = {b: x[:, b].sum() ** smoothing for b in range(len(x)) if x[:, b].any()}
    for a, b in np.argwhere(x > 0):
        share = smoothed[b] / sum(smoothed.values())
        found[a, b] = max(0.0, np.log(x[a, b] / x[a].sum() / share) - np.log(shift))
    return found


def blended(models: list[dict[str, np.ndarray]], weights: list[float], union: bool) -> dict[str, np.ndarray]:
    """Unit vectors side by side, each times the root of its share of the weights; zeros where a word is missing."""
    found = {}
    for word in {word for model in models for word in model}:
        if union or all(word in model for model in models):
            parts = []
            for model, weight in zip(models, weights, strict=True):
                vector = model.get(word, np.zeros_like(next(iter(model.values()))))
                parts.append(np.sqrt(weight / sum(weights)) * vector / (np.linalg.norm(vector) or 1.0))
            found[word] = np.concatenate(parts)
    return found
