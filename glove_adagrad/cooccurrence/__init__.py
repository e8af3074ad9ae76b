"""Co-occurrences: windows over text, exact sums, the blocked matrix on disk. Vectors are not known here."""

from glove_adagrad.cooccurrence.count import count_cooccurrences
from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
from glove_adagrad.cooccurrence.merge import merge_matrices, remap
from glove_adagrad.cooccurrence.records import read_records, write_records
from glove_adagrad.cooccurrence.scipy_sparse import from_scipy
from glove_adagrad.cooccurrence.windows import Windows

__all__ = [
    "CooccurrenceMatrix",
    "Windows",
    "count_cooccurrences",
    "from_scipy",
    "merge_matrices",
    "read_records",
    "remap",
    "write_records",
]
