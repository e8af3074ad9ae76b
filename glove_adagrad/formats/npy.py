"""A NumPy array, its words and its scale: `vectors.npy`, `vocab.txt` and `scale.json` in a folder."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from glove_adagrad.files import atomic_files, check_output_folder
from glove_adagrad.formats.number_types import as_type
from glove_adagrad.formats.text_rows import encode_words
from glove_adagrad.formats.word_vectors import WordVectors
from glove_adagrad.locks import output_lock

FILES = ("vectors.npy", "vocab.txt", "scale.json")


def write(folder: Path, wv: WordVectors, dtype: str = "float32") -> None:
    """Write the files.

    `vocab.txt` has a line for each row, with the word's count after a space if it is known. `scale.json` has the
    number by which `vectors.npy` is to be multiplied, which is 1 unless `dtype` is 'int8'.

    Raises
    ------
    InputError
        If the folder cannot be written, a word has a blank in it, or a number is too large for the type.
    """
    check_output_folder(folder)
    lines = encode_words(wv.words, folder)
    if wv.counts is not None:
        lines = [b"%s %d" % pair for pair in zip(lines, wv.counts.tolist(), strict=True)]
    vectors, scale = as_type(wv.vectors, dtype)
    with output_lock(folder), atomic_files(folder, "arrays", remove_first=FILES) as new:
        np.save(new / "vectors.npy", vectors)
        (new / "vocab.txt").write_bytes(b"\n".join(lines) + b"\n")
        (new / "scale.json").write_text(json.dumps({"scale": scale}) + "\n")
