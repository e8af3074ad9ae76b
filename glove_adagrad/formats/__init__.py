"""Word vectors in files: one module a format, and one function that reads them all.

`read_vectors` finds out what a file is. To write, take the module of the format: `word2vec` (text and
binary), `glove_text` (no header), `keyedvectors` (gensim's own), `npy`, `parquet`, `static_model` (model2vec and
sentence-transformers), `projector` (TensorBoard), `stanford_binary`. How vectors are trained is not known here.
"""

from glove_adagrad.formats.conversion import as_history, as_start, as_word_vectors
from glove_adagrad.formats.reading import read_vectors
from glove_adagrad.formats.run_folder import RunVectors, is_run, read_history, read_run
from glove_adagrad.formats.word_vectors import (
    VECTOR_CHOICES,
    WordVectors,
    from_keyed_vectors,
    reduced,
    select_vectors,
    to_keyed_vectors,
    with_unk,
)

__all__ = [
    "VECTOR_CHOICES",
    "RunVectors",
    "WordVectors",
    "as_history",
    "as_start",
    "as_word_vectors",
    "from_keyed_vectors",
    "is_run",
    "read_history",
    "read_run",
    "read_vectors",
    "reduced",
    "select_vectors",
    "to_keyed_vectors",
    "with_unk",
]
