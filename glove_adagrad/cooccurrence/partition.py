"""The division of a vocabulary into parts: the word of rank r is row r // P of part r mod P.

Dealing ranks out in turn balances Zipf's law: each part has words of all frequencies.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

#: Words of a part: its vectors, accumulators included, should stay in a core's cache.
_PART_WORDS = 2048

#: The number of parts if there are words enough, so that many threads find work.
_LEAST_PARTS = 32

#: From this number of parts on, parts grow to `_LARGE_PART_WORDS` before there are more of them.
MANY_PARTS = 256

#: In tiles of large vocabularies cells are few, and the smaller the parts, the more often rows come from memory; with
#: more words than this, on the other hand, those of a part would not stay in a share of the outermost cache.
_LARGE_PART_WORDS = 4096

#: The most parts, because tables of parts x parts are kept; a part never has more than 65,536 words.
_MOST_PARTS = 2048


class Partition:
    """Parts of a vocabulary, and the rows of each part.

    Parameters
    ----------
    words : int
        Size of the vocabulary, V. The number of parts P follows from it alone, never from the machine.
    most : int
        The most parts; files of formats 1 and 2 have at most `MANY_PARTS`.

    Attributes
    ----------
    words, parts : int
        V and P.
    sizes : int64 array [P]
        Words of each part.
    starts : int64 array [P + 1]
        Position of each part's first row when rows are in the order of parts; the last entry is V.

    Examples
    --------
    >>> partition = Partition(100)
    >>> partition.parts
    32
    >>> [int(part) for part in partition.part_of[[0, 1, 32, 33]]]
    [0, 1, 0, 1]
    """

    def __init__(self, words: int, most: int = _MOST_PARTS) -> None:
        self.words = words
        parts = min(max(-(-words // _PART_WORDS), _LEAST_PARTS), MANY_PARTS)
        parts = min(max(parts, -(-words // _LARGE_PART_WORDS)), most)
        self.parts = min(max(parts, -(-words // 65536)), words)
        self.sizes = (words - np.arange(self.parts) + self.parts - 1) // self.parts
        self.starts = np.concatenate([[0], np.cumsum(self.sizes)])

    @cached_property
    def part_of(self) -> np.ndarray:
        """uint16 [V]: the part of the word of each rank."""
        return (np.arange(self.words) % self.parts).astype(np.uint16)

    @cached_property
    def row_of(self) -> np.ndarray:
        """uint16 [V]: the row, within its part, of the word of each rank."""
        return (np.arange(self.words) // self.parts).astype(np.uint16)

    @property
    def positions(self) -> np.ndarray:
        """int64 [V]: the row of the word of each rank when rows are in the order of parts."""
        return self.starts[self.part_of] + self.row_of

    def rank_of(self, part: int, position: np.ndarray) -> np.ndarray:
        """Return the ranks (int64) of the words of a part at positions in the order of parts."""
        rank = position.astype(np.int64)
        rank -= self.starts[part]  # in place: there are as many of them as cells
        rank *= self.parts
        rank += part
        return rank
