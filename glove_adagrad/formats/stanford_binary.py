"""The binary file of the Stanford program `glove`: all parameters as raw float64, and nothing else.

V rows of d + 1 numbers, a word's vector and its bias, then V rows of the same for contexts. Accumulators
(`gradsq`) are laid out likewise. The file says neither V nor d: V comes from the vocabulary, which the programs write
as `vocab.txt` to the same folder.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np

from glove_adagrad.errors import InputError
from glove_adagrad.files import atomic_file
from glove_adagrad.formats.run_folder import RunVectors
from glove_adagrad.formats.word2vec import HEADER
from glove_adagrad.formats.word_vectors import checked
from glove_adagrad.vocabulary import Vocabulary

_FLOAT = np.dtype("<f8")

#: Bytes that text does not have.
NOT_TEXT = frozenset(range(9)) | frozenset(range(14, 27))


def write(
    path: Path,
    word_vectors: np.ndarray,
    word_biases: np.ndarray,
    context_vectors: np.ndarray,
    context_biases: np.ndarray,
) -> None:
    """Write vectors [V, d] and biases [V] of any float type."""
    with atomic_file(path) as file:
        for vectors, biases in ((word_vectors, word_biases), (context_vectors, context_biases)):
            file.write(np.column_stack([vectors, biases]).astype(_FLOAT).tobytes())


def read(path: Path, words: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Read the parameters of a vocabulary of `words` words.

    Returns
    -------
    word_vectors : float64 [V, d]
    word_biases : float64 [V]
    context_vectors : float64 [V, d]
    context_biases : float64 [V]

    Raises
    ------
    InputError
        If the file's size fits no d.
    """
    if words < 1:
        raise InputError(f"{path}: the vocabulary is empty, so no vectors can be read")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    row, rest = divmod(len(data), 2 * words * _FLOAT.itemsize)
    if rest or row < 2:
        raise InputError(
            f"{path}: {len(data)} bytes are not 2 x {words} rows of float64; is it of another vocabulary?"
        )
    word, context = np.frombuffer(data, dtype=_FLOAT).reshape(2, words, row)
    return word[:, :-1].copy(), word[:, -1].copy(), context[:, :-1].copy(), context[:, -1].copy()


def read_with_vocabulary(path: Path) -> RunVectors | None:
    """Read all parameters together with the `vocab.txt` next to the file.

    Returns
    -------
    RunVectors or None
        None if there is no such vocabulary, or the file is text or of a size that does not fit it.

    Raises
    ------
    InputError
        If a number is not finite in float32.
    """
    vocab = path.with_name("vocab.txt")
    if not (path.is_file() and vocab.is_file()) or path.samefile(vocab):
        return None
    with open(path, "rb") as file:
        head = file.read(4096)
    if NOT_TEXT.isdisjoint(head) or HEADER.match(head):
        return None
    try:
        vocabulary = Vocabulary.read(vocab, zeros=True)
        parameters = read(path, len(vocabulary))
    except InputError:
        return None
    words = vocabulary.decoded()
    with np.errstate(over="ignore"):  # infinity is refused below
        word, word_biases, context, context_biases = (array.astype(np.float32) for array in parameters)
    for array in (word, context, word_biases[:, np.newaxis], context_biases[:, np.newaxis]):
        checked(path, words, array)
    warnings.warn(
        f"{path}: read as a binary file of Stanford's glove, {len(words):,} words x {word.shape[1]}, with {vocab}",
        stacklevel=2,
    )
    return RunVectors(words, vocabulary.counts, word, context, word_biases, context_biases)
