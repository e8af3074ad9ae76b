"""Block order in float32 learns as fast as Stanford's order, one record after the other in float64: on real text."""

from __future__ import annotations

import lzma
from pathlib import Path

import numpy as np
import pytest
from data import SHARED

from glove_adagrad import optim
from glove_adagrad.cooccurrence.count import count_cooccurrences
from glove_adagrad.corpus import TextFiles
from glove_adagrad.kernels.arguments import Rows
from glove_adagrad.trainer import Trainer, TrainingSettings
from glove_adagrad.trainer.parameters import row_length
from glove_adagrad.vocabulary import Vocabulary

TEXT = SHARED / "corpora" / "text8.head.txt.xz"
EPOCHS, SIZE = 5, 50


@pytest.mark.skipif(not TEXT.exists(), reason=f"needs {TEXT.name}, which is not part of the repository")
def test_loss_after_every_epoch_is_at_most_that_of_stanfords_order(tmp_path: Path) -> None:
    from glove_adagrad.kernels.training import train_records

    text = tmp_path / "text.txt"
    with lzma.open(TEXT) as packed:
        text.write_bytes(packed.read())
    vocabulary = Vocabulary.count(TextFiles([text]), min_count=5, workers=2)
    matrix = count_cooccurrences(TextFiles([text]), vocabulary, tmp_path / "m", workers=2)
    trainer = Trainer(matrix, TrainingSettings(vector_size=SIZE, epochs=EPOCHS), workers=2)
    start = trainer.parameters.vectors()
    trainer.fit()

    # Stanford's way: all records in one random order, the same in every epoch
    word, context, x = (np.concatenate(column) for column in zip(*matrix.cells(), strict=True))
    order = np.random.default_rng(0).permutation(len(x))
    word, context, x = word[order], context[order], x[order]
    n = row_length(SIZE)
    sides = []
    for vectors, biases, bias, one in (
        (start.word_vectors, start.word_biases, n - 2, n - 1),
        (start.context_vectors, start.context_biases, n - 1, n - 2),
    ):
        rows = np.zeros((len(vectors), 2, n))
        rows[:, 0, :SIZE], rows[:, 0, bias], rows[:, 0, one] = vectors, biases, 1
        rows[:, 1], rows[:, 1, bias] = 400, 1
        sides.append(rows.reshape(-1))
    rule = optim.make("adagrad").vector_settings()
    weight = np.minimum(1, (x / 10) ** 0.75)
    for epoch in trainer.history:
        rows_of = Rows(rule, None, (0,), tuple(sides), ((), ()), n)
        loss = train_records(rows_of, word, context, np.log(x), weight, 100.0, 0.0) / len(x)
        print(f"epoch {epoch.epoch}: {epoch.loss:.6f} in blocks, {loss:.6f} in order")
        assert epoch.loss <= 1.02 * loss
