"""Exports that other libraries read: the numbers they find there are ours. Recipes of docs/export.md are run."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gensim.models import KeyedVectors
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from runs import Command, make_run

from glove_adagrad.errors import InputError
from glove_adagrad.formats import WordVectors, read_run, read_vectors, reduced
from glove_adagrad.formats.number_types import as_type

WORDS = ["the", "of", "king", "queen", "man", "woman", "naïve", "東京"]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    return Command(capsys, monkeypatch)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    rng = np.random.default_rng(5)
    return make_run(tmp_path / "run", WORDS, rng.normal(size=(8, 6)), rng.normal(size=(8, 6)))


@given(
    hnp.arrays(np.float32, (3, 2), elements=st.floats(-60000, 60000, width=32)), st.sampled_from(["float16", "int8"])
)
def test_smaller_numbers_are_near(vectors: np.ndarray, dtype: str) -> None:
    found, scale = as_type(vectors, dtype)
    assert found.dtype == dtype
    largest = np.abs(vectors).max()
    bound = largest / 254 * 1.001 if dtype == "int8" else np.maximum(np.abs(vectors) * 2.0**-11, 2.0**-25)
    assert (np.abs(found * np.float64(scale) - vectors) <= bound).all()


def test_numbers_that_float16_cannot_hold_are_refused() -> None:
    with pytest.raises(InputError, match="the number 70000 is too large for float16"):
        as_type(np.float32([[1, -70000]]), "float16")


def test_top_keeps_the_first_rows_of_what_is_written_without_it() -> None:
    vectors = np.random.default_rng(1).normal(size=(8, 6)).astype(np.float32)
    wv = WordVectors(WORDS, vectors, np.arange(8, 0, -1))
    whole, top = reduced(wv, size=4, unk=True), reduced(wv, size=4, unk=True, top=3)
    assert top.words == [*WORDS[:3], "<unk>"]
    np.testing.assert_array_equal(top.vectors, whole.vectors[[0, 1, 2, 8]])
    assert top.counts is not None
    assert top.counts.tolist() == [8, 7, 6, 0]
    # the best rank-4 approximation keeps the 4 largest singular values
    sizes = np.linalg.svd(vectors, compute_uv=False)[:4]
    np.testing.assert_allclose(np.linalg.svd(whole.vectors[:-1], compute_uv=False), sizes, rtol=1e-5)
    assert reduced(wv, top=99).words == WORDS


def _npy(folder: Path) -> tuple[list[str], np.ndarray]:
    lines = (folder / "vocab.txt").read_text().splitlines()
    scale = json.loads((folder / "scale.json").read_text())["scale"]
    assert [line.split(" ")[1] for line in lines] == ["80", "70", "60", "50", "40"]
    return [line.split(" ")[0] for line in lines], np.load(folder / "vectors.npy") * np.float64(scale)


def _parquet(path: Path) -> tuple[list[str], np.ndarray]:
    parquet = pytest.importorskip("pyarrow.parquet")
    table = parquet.read_table(path)
    assert table["count"].to_pylist() == [80, 70, 60, 50, 40]
    scale = float((table.schema.metadata or {}).get(b"glove_adagrad.scale", 1))
    return table["word"].to_pylist(), np.array(table["vector"].to_pylist(), np.float64) * scale


def _keyed(path: Path) -> tuple[list[str], np.ndarray]:
    keyed = KeyedVectors.load(str(path), mmap="r")
    assert read_vectors(path).words == keyed.index_to_key
    return keyed.index_to_key, keyed.vectors


READERS = {"npy": _npy, "parquet": _parquet, "keyedvectors": _keyed}


@pytest.mark.parametrize(
    ("target", "dtype"),
    [(target, dtype) for target in READERS for dtype in ("float32", "float16", "int8")
     if (target, dtype) != ("keyedvectors", "int8")],
)  # fmt: skip
def test_arrays_and_tables(command: Command, run: Path, tmp_path: Path, target: str, dtype: str) -> None:
    if target == "parquet":
        pytest.importorskip("pyarrow")
    output = tmp_path / "out"
    for size in (4, 3):  # the second export replaces the first
        options = ["--format", target, "--dtype", dtype, "--size", size, "--top", 5]
        assert command.ok("export", run, output, *options) == f"{output}: 5 words, {size} dimensions\n"
    words, vectors = READERS[target](output)
    assert words == WORDS[:5]
    expected = reduced(read_vectors(run), size=3).vectors[:5]
    tolerance = {"float32": 0, "float16": 2e-3, "int8": np.abs(expected).max() / 250}[dtype]
    np.testing.assert_allclose(vectors, expected, rtol=0, atol=tolerance)


def test_no_scale_of_an_earlier_export_is_left(command: Command, run: Path, tmp_path: Path) -> None:
    scales = []
    for dtype in ("int8", "float32"):
        command.ok("export", run, tmp_path / "out", "--format", "npy", "--dtype", dtype, "--quiet")
        scales.append(json.loads((tmp_path / "out" / "scale.json").read_text())["scale"])
    assert scales == [pytest.approx(np.abs(read_vectors(run).vectors).max() / 127), 1.0]


def test_files_of_fasttext_are_word2vec_text(command: Command, run: Path, tmp_path: Path) -> None:
    command.ok("export", run, tmp_path / "v.vec", "--format", "fasttext-vec", "--quiet")
    assert (tmp_path / "v.vec").read_text().splitlines()[0] == "8 6"
    assert read_vectors(tmp_path / "v.vec").words == WORDS


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["word2vec", "--dtype", "float16"], "--dtype float16 cannot be used with --format word2vec"),
        (["keyedvectors", "--dtype", "int8"], "--dtype int8 cannot be used with --format keyedvectors"),
        (["npy", "--weights", "sif"], "only static-model has weights"),
        (["static-model", "--unk"], "leaves unknown words out"),
        (["stanford-binary", "--top", 3], "cannot be used with --format stanford-binary"),
    ],
)
def test_options_that_do_not_apply(
    command: Command, run: Path, tmp_path: Path, options: list[Any], message: str
) -> None:
    assert message in command.refused(2, "export", run, tmp_path / "out", "--format", *options)


def test_what_cannot_be_written_is_refused(command: Command, run: Path, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    pytest.importorskip("tokenizers")
    assert "size 7: must be between 1 and 6" in command.refused(
        1, "export", run, tmp_path / "out", "--format", "npy", "--size", 7
    )
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "README.md").write_text("mine")
    for target in ("static-model", "npy"):
        (folder / "vectors.npy").write_text("mine")
        refused = command.refused(1, "export", run, folder, "--format", target)
        assert "would be replaced; choose another folder" in refused
    assert (folder / "README.md").read_text() == "mine"
    odd = make_run(tmp_path / "odd", ["a", "\udcff"], np.eye(2))
    for target in ("static-model", "parquet"):
        refused = command.refused(1, "export", odd, tmp_path / "x", "--format", target)
        assert "(row 2) is not UTF-8 text" in refused
    plain = tmp_path / "plain.txt"
    plain.write_text("a 1 2\nb 3 4\n")
    refused = command.refused(1, "export", plain, tmp_path / "x", "--format", "static-model", "--weights", "sif")
    assert "export a run" in refused


def _mean(vectors: dict[str, np.ndarray], words: list[str]) -> np.ndarray:
    mean = np.mean([vectors[word] for word in words], axis=0)
    return mean / np.linalg.norm(mean)


@pytest.mark.parametrize("library", ["tokenizers", "model2vec", "sentence_transformers"])
@pytest.mark.parametrize("dtype", ["float32", "float16", "int8"])
def test_static_models(command: Command, run: Path, tmp_path: Path, library: str, dtype: str) -> None:
    pytest.importorskip("safetensors")
    loaded = pytest.importorskip(library)
    folder = tmp_path / "static"
    command.ok("export", run, folder, "--format", "static-model", "--weights", "sif", "--dtype", dtype, "--quiet")
    texts = ["The king, the unknownword queen!", "of  Naïve 東京"]
    split = [["the", "king", "the", "queen"], ["of", "naïve", "東京"]]
    model = read_run(run)
    share = model.counts / model.counts.sum()
    weighted = model.select().vectors * (1e-3 / (1e-3 + share))[:, None]
    expected = [_mean(dict(zip(WORDS, weighted, strict=True)), words) for words in split]
    if library == "model2vec":
        found = loaded.StaticModel.from_pretrained(str(folder)).encode(texts)
    elif library == "sentence_transformers":
        found = loaded.SentenceTransformer(str(folder), device="cpu").encode(texts)
    else:
        tokenizer = loaded.Tokenizer.from_file(str(folder / "tokenizer.json"))
        rows = __import__("safetensors.numpy", fromlist=["_"]).load_file(folder / "model.safetensors")["embeddings"]
        assert rows.dtype == dtype
        assert not rows[-1].any()
        means = [rows[tokenizer.encode(text).ids].astype(np.float64).mean(axis=0) for text in texts]
        found = [mean / np.linalg.norm(mean) for mean in means]
    np.testing.assert_allclose(found, expected, atol={"float32": 1e-6, "float16": 1e-3, "int8": 0.03}[dtype])


def test_words_with_punctuation_and_capitals_are_kept_whole(command: Command, tmp_path: Path) -> None:
    tokenizers = pytest.importorskip("tokenizers")
    pytest.importorskip("safetensors")
    run = make_run(tmp_path / "run", ["The", "U.S.", "[UNK]"], np.eye(3))
    command.ok("export", run, tmp_path / "static", "--format", "static-model", "--quiet")
    tokenizer = tokenizers.Tokenizer.from_file(str(tmp_path / "static" / "tokenizer.json"))
    assert tokenizer.encode("The U.S. the [UNK]").ids == [0, 1, 3, 2]


def test_the_model_card_is_made_from_the_history(command: Command, run: Path, tmp_path: Path) -> None:
    pytest.importorskip("tokenizers")
    pytest.importorskip("safetensors")
    command.ok("export", run, tmp_path / "static", "--format", "static-model", "--weights", "sif", "--quiet")
    card = (tmp_path / "static" / "README.md").read_text()
    assert card.startswith("---\nlibrary_name: model2vec\n")
    for line in ("| windows.window | 15 |", "| words | 8 |", "| weights of words | SIF, a = 0.001 |"):
        assert line in card
    assert "Epochs: 8. Loss of the last: 0.026250." in card
    assert str(tmp_path) not in card


RECIPES = re.findall(
    r"^### (.*?)\n.*?```(python|sh)\n(.*?)```",
    (Path(__file__).parents[2] / "docs" / "export.md").read_text(),
    re.DOTALL | re.MULTILINE,
)
#: The module that a recipe needs.
NEEDS = {
    "spaCy": "spacy", "PyTorch": "torch", "faiss": "faiss", "hnswlib": "hnswlib", "flair": "flair",
    "finalfusion": "finalfusion", "TensorBoard": "numpy", "pandas and DuckDB": "pyarrow",
}  # fmt: skip


@pytest.mark.parametrize(("name", "language", "code"), RECIPES, ids=[name for name, *_ in RECIPES])
def test_recipes(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, language: str, code: str
) -> None:
    pytest.importorskip(NEEDS[name])
    monkeypatch.chdir(tmp_path)
    _shell(code if language == "sh" else re.search(r"^# (glove-adagrad .*)", code, re.MULTILINE)[1])  # type: ignore
    if language == "python":
        exec(compile(code, name, "exec"), {})
    assert len(list(tmp_path.iterdir())) > 1


def _shell(code: str) -> None:
    import os
    import subprocess
    import sys

    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(["bash", "-euc", code], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
