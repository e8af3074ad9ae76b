"""Numbers as text: rows of float32 written as C's `printf("%.6f")` does, and read as `float` does.

Both are exact or say that they are not: the parser marks what it cannot read with certainty, and the
caller hands that line to Python.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from glove_adagrad.kernels.jit import inline, kernel

#: Values of this size and more do not fit the 64-bit arithmetic of `format_rows`.
FORMAT_LIMIT = 2.0**39
#: The most bytes that one formatted number takes: separator, sign, 12 digits, point, 6 digits.
NUMBER_BYTES = 21

#: What `parse_rows` says of a line.
ROW_READ, ROW_ODD = 0, 1

_SPACE, _TAB, _NEWLINE, _RETURN = 32, 9, 10, 13
_ZERO, _POINT, _MINUS, _PLUS = 48, 46, 45, 43
_POWERS = 10.0 ** np.arange(23)  # the powers of ten that a float64 holds exactly


@inline
def _write_digits(value: Any, digits: int, out: Any, at: int) -> int:
    """Write a uint64 with this number of digits at `out[at]`; return where it ends."""
    for place in range(at + digits - 1, at - 1, -1):
        out[place] = np.uint8(_ZERO + value % np.uint64(10))
        value //= np.uint64(10)
    return at + digits


@inline
def _write_number(value: float, out: Any, at: int) -> int:
    """Write `value` with six decimals at `out[at]`; return where it ends.

    A float32 has 24 binary digits and 10**6 = 2**6 * 5**6 needs 14 more, so that their product as a float64 is exact,
    and rounding half to even on it is what a correct printf does.
    """
    out[at] = _MINUS  # without a branch, as signs are unpredictable
    at += math.copysign(1.0, value) < 0.0
    millionths = np.uint64(np.rint(abs(np.float64(value)) * 1e6))
    whole = millionths // np.uint64(1000000)
    decimals = millionths - whole * np.uint64(1000000)
    digits = 1
    bound = np.uint64(10)
    while whole >= bound:
        digits += 1
        bound *= np.uint64(10)
    at = _write_digits(whole, digits, out, at)
    out[at] = _POINT
    thousandths = decimals // np.uint64(1000)
    at = _write_digits(thousandths, 3, out, at + 1)
    return _write_digits(decimals - thousandths * np.uint64(1000), 3, out, at)


@kernel
def format_rows(words: Any, ends: Any, vectors: Any, separator: int, out: Any) -> int:
    """Write one line a row: its word (none if empty), then its numbers, each after a separator.

    Parameters
    ----------
    words : uint8 [bytes]
        The words' bytes, one after the other.
    ends : int64 [rows + 1]
        Word i is `words[ends[i]:ends[i + 1]]`.
    vectors : float32 [rows, d]
        Finite and below `FORMAT_LIMIT` in size.
    separator : int
        The byte between fields.
    out : uint8 [at least words + rows * (d * NUMBER_BYTES + 1)]

    Returns
    -------
    int
        How many bytes of `out` were written.
    """
    at = 0
    rows, size = vectors.shape
    for row in range(rows):
        for byte in range(ends[row], ends[row + 1]):
            out[at] = words[byte]
            at += 1
        first = ends[row] == ends[row + 1]
        for column in range(size):
            if not first:
                out[at] = separator
                at += 1
            first = False
            at = _write_number(vectors[row, column], out, at)
        out[at] = _NEWLINE
        at += 1
    return at


@inline
def _is_blank(byte: int) -> bool:
    return byte in (_SPACE, _TAB, _RETURN)


@inline
def _read_exponent(text: Any, at: int) -> tuple[int, int, bool]:
    """Read the exponent after an `e`: where it ends, its value, and whether it has digits."""
    down = text[at] == _MINUS
    if down or text[at] == _PLUS:
        at += 1
    exponent = 0
    digits = 0
    while _ZERO <= text[at] <= _ZERO + 9 and digits < 4:
        exponent = exponent * 10 + (text[at] - _ZERO)
        digits += 1
        at += 1
    return at, -exponent if down else exponent, digits > 0


@kernel
def parse_rows(text: Any, vectors: Any, word_ends: Any, line_ends: Any, status: Any) -> int:
    """Read lines of a word and `d` numbers separated by spaces or tabs.

    A number is read here if its digits fit an integer below 2**53 and its power of ten a float64: then one
    multiplication or division gives the nearest float64 (Clinger 1990, the "fast path"), which is cut to
    float32 as NumPy does. Any line with something else, or with more or fewer fields, is marked.

    Parameters
    ----------
    text : uint8 [bytes]
        Whole lines, each ended by a newline.
    vectors : float32 [lines, d], written
    word_ends, line_ends : int64 [lines], written
        Where the first field and the line (its newline) end.
    status : uint8 [lines], written
        `ROW_READ`, or `ROW_ODD` for a line to be read by other means.

    Returns
    -------
    int
        The number of lines.
    """
    size = vectors.shape[1]
    at = 0
    line = 0
    while at < text.size:
        while text[at] != _SPACE and text[at] != _TAB and text[at] != _NEWLINE:
            at += 1
        word_ends[line] = at
        column = 0
        good = True
        while True:
            while _is_blank(text[at]):
                at += 1
            if text[at] == _NEWLINE:
                break
            if column == size:
                good = False
                break
            negative = text[at] == _MINUS
            if negative or text[at] == _PLUS:
                at += 1
            mantissa = np.uint64(0)
            digits = 0
            power = 0
            point = False
            while True:
                byte = text[at]
                if _ZERO <= byte <= _ZERO + 9:
                    mantissa = mantissa * np.uint64(10) + np.uint64(byte - _ZERO)
                    digits += 1
                    if point:
                        power -= 1
                elif byte == _POINT and not point:
                    point = True
                else:
                    break
                at += 1
            good = bool(0 < digits <= 19 and mantissa < np.uint64(1 << 53))
            if good and (text[at] == 101 or text[at] == 69):  # e, E
                at, exponent, good = _read_exponent(text, at + 1)
                power += exponent
            if not good or power < -22 or power > 22 or not (_is_blank(text[at]) or text[at] == _NEWLINE):
                good = False
                break
            number = float(mantissa)
            number = number / _POWERS[-power] if power < 0 else number * _POWERS[power]
            vectors[line, column] = -number if negative else number
            column += 1
        status[line] = ROW_READ if good and column == size else ROW_ODD
        while text[at] != _NEWLINE:
            at += 1
        line_ends[line] = at
        at += 1
        line += 1
    return line
