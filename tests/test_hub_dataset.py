"""Data sets of the library `datasets`, or objects with the few attributes of them that are used."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from glove_adagrad import GloVe
from glove_adagrad.corpus import Corpus, open_corpus
from glove_adagrad.errors import InputError
from glove_adagrad.hub_dataset import DatasetText
from glove_adagrad.sentences import Sentences
from glove_adagrad.text_options import TextOptions

SETTINGS: dict[str, Any] = {"vector_size": 5, "epochs": 2, "min_count": 1}
TEXTS = [f"The cat sat {number % 7}\non the mat {number % 5}" for number in range(600)]


class Rows:
    """A data set by its interface: columns are chosen, and rows are read in batches from the start each time."""

    def __init__(self, columns: dict[str, list[Any]], known: bool = True) -> None:
        self._columns = columns
        self.column_names = list(columns) if known else None
        self.readings = 0

    def select_columns(self, names: list[str]) -> Rows:
        return Rows({name: self._columns[name] for name in names})

    def iter(self, batch_size: int) -> Iterator[dict[str, list[Any]]]:
        length = len(next(iter(self._columns.values())))
        for begin in range(0, length, batch_size):
            yield {name: values[begin : begin + batch_size] for name, values in self._columns.items()}


def kinds(tmp_path: Path, columns: dict[str, list[Any]]) -> list[Any]:
    found: list[Any] = [Rows(columns), Rows(columns, known=False)]
    try:
        import datasets
    except ImportError:
        return found
    datasets.disable_progress_bars()
    whole = datasets.Dataset.from_dict(columns)
    return [*found, whole, whole.to_iterable_dataset()]


def joined(text: Corpus) -> bytes:
    return b"".join(chunk.text.tobytes() for chunk in text.chunks())


def vectors(*arguments: Any, **settings: Any) -> np.ndarray:
    model = GloVe(*arguments, **{**SETTINGS, **settings})
    return np.asarray(model.wv.vectors)


def test_data_sets_give_the_vectors_of_their_text(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("".join(json.dumps({"body": text}) + "\n" for text in TEXTS))
    expected = joined(open_corpus([tmp_path / "a.jsonl"], TextOptions("jsonl", field="body")))
    for rows in kinds(tmp_path, {"id": list(range(len(TEXTS))), "body": TEXTS}):
        text = DatasetText(rows, "body")
        assert joined(text) == joined(text) == expected
        assert joined(DatasetText(rows, "body", lowercase=True)) == expected.lower()
    file = {"corpus_file": tmp_path / "a.jsonl", "text_format": "jsonl", "field": "body"}
    for tokenizer in ("whitespace", "gensim"):
        one, other = (
            vectors(**source, tokenizer=tokenizer, workers=1, lowercase=True)
            for source in ({"sentences": rows, "field": "body"}, file)
        )
        np.testing.assert_array_equal(one, other)


def test_columns_of_tokens_are_sentences(tmp_path: Path) -> None:
    sentences = [text.split() for text in TEXTS]
    expected = joined(Sentences(sentences)).replace(b"\n", b"\n\n")
    for rows in kinds(tmp_path, {"tokens": sentences}):
        assert joined(DatasetText(rows, "tokens")) == expected


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"body": ["x"]}, r"no column 'text' \(its columns: body\)"),
        ({"text": [1]}, "row 0: 'text' is a number, not a string or a list"),
        ({"text": [["a"], ["b c"]]}, "row 1: the token 'b c' is empty or has white space"),
    ],
)
def test_columns_without_text(columns: dict[str, list[Any]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        list(DatasetText(Rows(columns)).chunks())


def test_what_is_not_one_data_set(tmp_path: Path) -> None:
    class Splits(dict[str, Any]):
        select_columns = column_names = None

    with pytest.raises(TypeError, match=r"a Splits was given; choose one of its splits, as dataset\['train'\]"):
        GloVe(Splits(train=[]))
    with pytest.raises(TypeError, match=r"a string; .* with the name of its column as `field`"):
        GloVe(["a text"])
    (tmp_path / "a.txt").write_text("words\n")
    with pytest.raises(InputError, match="field 'body': is an option of the formats"):
        GloVe(corpus_file=tmp_path / "a.txt", field="body")
