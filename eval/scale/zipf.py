"""Write a text of random words whose frequencies follow Zipf's law, for measurements that no corpus serves.

    python -m eval.scale.zipf OUTPUT --tokens 1000000000 --words 2000000

Words are drawn independently, so more different pairs co-occur than in a real text of that length. The same arguments
give the same bytes. `vocabulary` gives the words with their expected counts.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from glove_adagrad.vocabulary import Vocabulary

LINE = 1000
_CHUNK = 1 << 20
_LETTERS = 26


def shares(words: int, exponent: float = 1.0) -> np.ndarray:
    """float64 [words]: probability of the word of each rank, nearly proportional to rank^-exponent."""
    edges = np.arange(1, words + 2, dtype=float)
    sums = np.log(edges) if exponent == 1 else (1 - edges ** (1 - exponent)) / (exponent - 1)
    return np.diff(sums) / sums[-1]


def ranks(tokens: int, words: int, exponent: float = 1.0, seed: int = 1) -> Iterator[np.ndarray]:
    """Draw ranks from 0, by inverting the sum of `shares`, in pieces of a million."""
    rng = np.random.default_rng(seed)
    for first in range(0, tokens, _CHUNK):
        drawn = rng.random(min(_CHUNK, tokens - first))
        if exponent == 1:
            edge = np.exp(drawn * np.log(words + 1))
        else:
            edge = (1 - drawn * (1 - (words + 1) ** (1 - exponent))) ** (1 / (1 - exponent))
        yield np.minimum(edge.astype(np.int64), words) - 1


def names(words: int) -> np.ndarray:
    """Byte strings [words] of letters, the shortest first."""
    number = np.arange(words)
    found = np.full(words, b"", "S8")
    while (number >= 0).any():
        letter = np.where(number >= 0, number % _LETTERS + ord("a"), 0).astype(np.uint8).view("S1")
        found = np.char.add(letter, found)
        number = number // _LETTERS - 1
    return found


def vocabulary(words: int, tokens: int, exponent: float = 1.0) -> Vocabulary:
    """The words with their expected counts, at least 1."""
    counts = np.maximum(1, np.rint(shares(words, exponent) * tokens)).astype(np.int64)
    return Vocabulary(names(words).tolist(), counts)


def write(path: Path, tokens: int, words: int, exponent: float = 1.0, seed: int = 1) -> None:
    """Write lines of `LINE` words."""
    table = np.char.add(names(words), b" ")
    width = table.itemsize
    place = 0
    with open(path, "wb") as file:
        for piece in ranks(tokens, words, exponent, seed):
            text = table[piece].view(np.uint8).reshape(-1, width)
            ends = text[(-place - 1) % LINE :: LINE]
            ends[ends == ord(" ")] = ord("\n")
            file.write(text[text != 0].tobytes())
            place += len(piece)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=Path)
    parser.add_argument("--tokens", type=int, required=True)
    parser.add_argument("--words", type=int, required=True)
    parser.add_argument("--exponent", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    write(arguments.output, arguments.tokens, arguments.words, arguments.exponent, arguments.seed)


if __name__ == "__main__":
    main()
