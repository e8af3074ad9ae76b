"""Co-occurrences: golden files, a brute-force twin, and the same bytes however they are counted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from glove_adagrad.cooccurrence.count import count_cooccurrences
from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
from glove_adagrad.cooccurrence.windows import Windows
from glove_adagrad.corpus import TextFiles
from glove_adagrad.vocabulary import Vocabulary

GOLDEN = Path(__file__).parent / "golden"
RECORD = np.dtype([("word", "<i4"), ("context", "<i4"), ("x", "<f8")])


def records(matrix: CooccurrenceMatrix) -> np.ndarray:
    """All cells as Stanford's records, in the order of Stanford's files."""
    pieces = [np.rec.fromarrays([i + 1, j + 1, x], dtype=RECORD) for i, j, x in matrix.cells()]
    return np.sort(np.concatenate(pieces), order=["word", "context"])


@pytest.mark.parametrize(
    ("name", "text", "vocab", "windows"),
    [
        ("tiny.cooc.w1.sym.bin", "tiny.txt", "tiny.vocab.min5.txt", Windows(window=1)),
        ("tiny.cooc.w2.sym.bin", "tiny.txt", "tiny.vocab.min5.txt", Windows(window=2)),
        ("tiny.cooc.w5.sym.bin", "tiny.txt", "tiny.vocab.min5.txt", Windows(window=5)),
        ("tiny.cooc.w15.sym.bin", "tiny.txt", "tiny.vocab.min5.txt", Windows(window=15)),
        ("tiny.cooc.w10.left.bin", "tiny.txt", "tiny.vocab.min5.txt", Windows(window=10, symmetric=False)),
        ("tiny.cooc.w10.sym.flat.bin", "tiny.txt", "tiny.vocab.min5.txt", Windows(10, distance_weighting=False)),
        ("edge.cooc.w15.sym.bin", "edge.txt", "edge.vocab.txt", Windows(window=15)),
    ],
)
def test_equals_stanford(tmp_path: Path, name: str, text: str, vocab: str, windows: Windows) -> None:
    vocabulary = Vocabulary.read(GOLDEN / vocab)
    matrix = count_cooccurrences(TextFiles([GOLDEN / text]), vocabulary, tmp_path / "m", windows=windows)
    expected = np.fromfile(GOLDEN / name, RECORD)
    found = records(matrix)
    assert matrix.records == len(found) == len(expected)
    assert (found["word"] == expected["word"]).all()
    assert (found["context"] == expected["context"]).all()
    np.testing.assert_allclose(found["x"], expected["x"], rtol=1e-9)


@pytest.mark.parametrize("symmetric", [True, False])
def test_bytes_do_not_depend_on_workers_or_memory(tmp_path: Path, symmetric: bool) -> None:
    rng = np.random.default_rng(1)
    text = b" ".join(b"w%d" % word for word in rng.zipf(1.5, 30_000) % 500)
    (tmp_path / "corpus.txt").write_bytes(text)
    corpus = TextFiles([tmp_path / "corpus.txt"])
    vocabulary = Vocabulary.count(corpus, min_count=1)
    windows = Windows(window=4, symmetric=symmetric)

    def folder(workers: int, memory: int) -> dict[str, bytes]:
        output = tmp_path / f"{workers}-{memory}"
        count_cooccurrences(corpus, vocabulary, output, windows=windows, workers=workers, memory=memory)
        return {path.name: path.read_bytes() for path in output.iterdir()}

    reference = folder(1, 1 << 30)
    assert folder(2, 1 << 30) == reference
    assert folder(3, 1) == reference, "seven segments of the smallest size, merged"
