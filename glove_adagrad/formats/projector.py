"""Two tables for TensorBoard's embedding projector: `vectors.tsv` and `metadata.tsv` in a folder."""

from __future__ import annotations

from pathlib import Path

from glove_adagrad.files import atomic_files, check_output_folder
from glove_adagrad.formats.text_rows import encode_words, write_rows
from glove_adagrad.formats.word_vectors import WordVectors
from glove_adagrad.locks import output_lock

FILES = ("vectors.tsv", "metadata.tsv")


def write(folder: Path, wv: WordVectors) -> None:
    """Write both tables; a header line `word, count` heads the metadata where counts are known.

    The projector takes the first line of a table of one column for data, and of two for a header.

    Raises
    ------
    InputError
        If the folder cannot be written or a word has a blank in it.
    """
    check_output_folder(folder)
    words = encode_words(wv.words, folder)
    lines = words
    if wv.counts is not None:
        pairs = zip(words, wv.counts.tolist(), strict=True)
        lines = [b"word\tcount", *(b"%s\t%d" % pair for pair in pairs)]
    with output_lock(folder), atomic_files(folder, "tables") as new:
        with open(new / "vectors.tsv", "wb") as file:
            write_rows(file, [b""] * len(words), wv.vectors, separator=b"\t")
        (new / "metadata.tsv").write_bytes(b"\n".join(lines) + b"\n")
