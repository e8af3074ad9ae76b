"""The commands that look at vectors and turn them into other formats."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from data import GOLDEN
from gensim.models import KeyedVectors
from runs import Command, make_run

from glove_adagrad.cli.sources import labels
from glove_adagrad.cli.tables import table
from glove_adagrad.formats import read_run, read_vectors, stanford_binary, to_keyed_vectors

#: gensim's most_similar_cosmul calls a function of its own that it calls old
pytestmark = pytest.mark.filterwarnings("ignore:Call to deprecated `init_sims`:DeprecationWarning")

WORDS = ["king", "queen", "man", "woman", "naïve", "tree", "bush", "King"]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    random = np.random.default_rng(1)
    royal, male, female, plant = random.normal(size=(4, 8))
    vectors = [royal + male, royal + female, male, female, royal + plant, plant, plant * 1.1, male * 2 + plant]
    noise = 0.05 * random.normal(size=(2, 8, 8))
    return make_run(tmp_path / "run", WORDS, np.array(vectors) + noise[0], noise[1])


def test_similar(command: Command, run: Path) -> None:
    found = command.json("similar", run, "tree", "king", "--top", 3)
    assert [entry["word"] for entry in found["similar"]] == ["tree", "king"]
    keyed = to_keyed_vectors(read_vectors(run))
    for entry in found["similar"]:
        neighbours = [(near["word"], near["cosine"]) for near in entry["neighbours"]]
        assert neighbours == keyed.most_similar(entry["word"], topn=3)
    text = command.ok("similar", run, "tree", "--top", 2)
    assert text.split()[:3] == ["tree", "cosine", "bush"]
    assert len(text.splitlines()) == 3


def test_analogy(command: Command, run: Path) -> None:
    assert command.ok("analogy", run, "man", "king", "woman").splitlines()[1].split()[0] == "queen"
    found = command.json("analogy", run, "man", "king", "woman", "woman", "queen", "man", "--mul", "--top", 1)
    assert found["method"] == "mul"
    keyed = to_keyed_vectors(read_vectors(run))
    for entry in found["analogies"]:
        (word, score), *_ = keyed.most_similar_cosmul([entry["b"], entry["c"]], [entry["a"]])
        assert entry["answers"] == [{"word": word, "score": score}]


def test_odd_one_out(command: Command, run: Path) -> None:
    found = command.json("odd-one-out", run, "king", "queen", "tree", "man")
    assert found["odd"] == "tree"
    cosines = [entry["cosine"] for entry in found["words"]]
    assert cosines == sorted(cosines)
    assert command.ok("odd-one-out", run, "king", "queen", "tree").splitlines()[1].split()[0] == "tree"


def test_unknown_words_and_near_spellings(command: Command, run: Path) -> None:
    line = command.refused(1, "similar", run, "quene", "KING", "xyzzy")
    assert "'quene' (near spellings: queen)" in line
    assert "'KING' (near spellings: king, King" in line
    assert "'Quene' (near spellings: queen)" in command.refused(1, "similar", run, "Quene")
    assert "'xyzzy' (no near spelling)" in line
    assert "8 words of" in line


def test_wrong_usage(command: Command, run: Path) -> None:
    assert "takes three" in command.refused(2, "analogy", run, "man", "king")
    assert "at least three" in command.refused(2, "odd-one-out", run, "man", "king", "man")
    assert "Missing argument" in command.refused(2, "similar", run)
    assert "--top" in command.refused(2, "similar", run, "king", "--top", 0)
    assert "no such run" in command.refused(1, "similar", run / "none", "king")


def test_zero_vectors_have_no_neighbours(command: Command, tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", ["zero", "a", "b"], np.array([[0, 0], [1, 0], [1, 1]]))
    assert "vector of 'zero'" in command.refused(1, "similar", run, "zero")
    assert [near["word"] for near in command.json("similar", run, "a")["similar"][0]["neighbours"]] == ["b"]


def test_undecodable_bytes_are_shown_as_escapes(command: Command, tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", ["a", "\udcff"], np.eye(2) + 0.1)
    assert "\\xff" in command.ok("similar", run, "a")
    assert "\\xff" in command.ok("similar", run, "\udcff")


@pytest.mark.parametrize("target", ["word2vec", "word2vec-binary", "glove", "keyedvectors"])
@pytest.mark.parametrize("which", ["sum", "concat"])
def test_export(command: Command, run: Path, tmp_path: Path, target: str, which: str) -> None:
    file = tmp_path / "vectors"
    said = command.ok("export", run, file, "--format", target, "--vectors", which, "--unk")
    assert said == f"{file}: 9 words, {16 if which == 'concat' else 8} dimensions\n"
    found = read_vectors(file)
    assert found.words == [*WORDS, "<unk>"]
    expected = read_vectors(run).vectors
    actual = found.vectors[:-1] if which == "sum" else found.vectors[:-1, :8] + found.vectors[:-1, 8:]
    np.testing.assert_allclose(actual, expected, atol=1.1e-6)
    np.testing.assert_allclose(found.vectors[-1], found.vectors[:-1].mean(axis=0), atol=1.1e-6)
    if target == "keyedvectors":
        assert KeyedVectors.load(str(file), mmap="r").vectors.shape == found.vectors.shape
    else:
        options = {"binary": target == "word2vec-binary", "no_header": target == "glove"}
        assert KeyedVectors.load_word2vec_format(str(file), **options).index_to_key == found.words


def test_export_for_other_programs(command: Command, run: Path, tmp_path: Path) -> None:
    assert "8 words" in command.ok("export", run, tmp_path / "projector", "--format", "projector")
    assert (tmp_path / "projector" / "metadata.tsv").read_text().splitlines()[:2] == ["word\tcount", "king\t80"]
    command.ok("export", run, tmp_path / "model.bin", "--format", "stanford-binary", "--quiet")
    word, _, context, _ = stanford_binary.read(tmp_path / "model.bin", 8)
    np.testing.assert_allclose(word + context, read_vectors(run).vectors, atol=1e-6)


def test_a_binary_file_of_stanfords_is_read_with_its_vocabulary(command: Command, tmp_path: Path) -> None:
    binary = tmp_path / "vectors.bin"
    shutil.copy(GOLDEN / "train.vectors.bin", binary)
    assert "if its vocab.txt is in the same folder" in command.refused(1, "similar", binary, "the")
    shutil.copy(GOLDEN / "train.vocab.txt", tmp_path / "vocab.txt")
    found = command("similar", binary, "the", "--top", 3)
    assert found.code == 0
    assert "read as a binary file of Stanford's glove, 43 words x " in found.err
    text = command.ok("similar", GOLDEN / "train.vectors.txt", "the", "--top", 3)
    assert found.out.splitlines()[-1] == f"{binary}: binary file of Stanford's glove"
    words = [[line.split()[0] for line in out.splitlines()[:-1]] for out in (found.out, text)]
    assert words[0] == words[1]
    size = read_vectors(binary).vectors.shape[1]
    options = ["--vector-size", size, "--epochs", 1, "--learning-rate", 1e-9, "--quiet"]
    run = tmp_path / "run"
    assert command("train", GOLDEN / "tiny.txt", "--output", run, "--init", binary, *options).code == 0
    run_vectors, (word, _, context, _) = read_run(run), stanford_binary.read(binary, 43)
    np.testing.assert_allclose(run_vectors.word_vectors, word, atol=1e-6)
    np.testing.assert_allclose(run_vectors.context_vectors, context, atol=1e-6)
    # the same file with one number more is of another vocabulary
    binary.write_bytes(binary.read_bytes() + bytes(8))
    assert "not in a known format" in command.refused(1, "similar", binary, "the")


def test_export_refuses_before_it_works(command: Command, run: Path, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("kept")
    assert "does not exist" in command.refused(1, "export", run, tmp_path / "no" / "x", "--format", "glove")
    assert "is a folder" in command.refused(1, "export", run, tmp_path, "--format", "glove")
    assert "name a folder" in command.refused(1, "export", run, file, "--format", "projector")
    refused = command.refused(2, "export", run, file, "--format", "stanford-binary", "--unk")
    assert "cannot be used with --format" in refused
    assert "--format" in command.refused(2, "export", run, file)
    assert "not a trained run" in command.refused(1, "export", file, tmp_path / "out", "--format", "stanford-binary")
    assert "no co-occurrences" in command.refused(1, "export", run, tmp_path / "out", "--format", "stanford-records")
    plain = tmp_path / "plain.txt"
    plain.write_text("a 1 2\nb 3 4\n")
    assert "leave out --vectors" in command.refused(
        1, "export", plain, tmp_path / "out", "--format", "glove", "--vectors", "word"
    )
    assert file.read_text() == "kept"
    assert not list(tmp_path.glob(".*.glove-tmp"))


def test_export_of_a_co_occurrence_folder(command: Command, tmp_path: Path) -> None:
    command.ok("vocab", GOLDEN / "tiny.txt", "--output", tmp_path / "vocab.txt", "--quiet")
    words = tmp_path / "vocab.txt"
    command.ok("cooccur", GOLDEN / "tiny.txt", "--vocab", words, "--window", 5, "--output", tmp_path / "c", "--quiet")
    command.ok("export", tmp_path / "c", tmp_path / "records.bin", "--format", "stanford-records", "--quiet")
    records = np.fromfile(tmp_path / "records.bin", dtype="<i4,<i4,<f8")
    expected = np.fromfile(GOLDEN / "tiny.cooc.w5.sym.bin", dtype="<i4,<i4,<f8")
    np.testing.assert_array_equal(records["f0"], expected["f0"])
    np.testing.assert_array_equal(records["f1"], expected["f1"])
    np.testing.assert_allclose(records["f2"], expected["f2"], rtol=1e-9)
    run = make_run(tmp_path / "run", ["a", "b"], np.ones((2, 3)))
    history = json.loads((run / "history.json").read_text())
    history["settings"]["cooccurrence"] = str(tmp_path / "c")
    (run / "history.json").write_text(json.dumps(history))
    command.ok("export", run, tmp_path / "same.bin", "--format", "stanford-records", "--quiet")
    assert (tmp_path / "same.bin").read_bytes() == (tmp_path / "records.bin").read_bytes()


def test_labels_of_paths_are_distinct() -> None:
    paths = [Path("a/run"), Path("b/run"), Path("b/other")]
    assert labels(paths) == ["a/run", "b/run", "b/other"]
    assert labels(paths[1:]) == ["run", "other"]
    assert labels([Path("x/run")] * 2) == ["run", "run"]


def test_tables_align_wide_characters() -> None:
    assert table([["a", "1"], ["東京", "22"], [], ["e\u0301x", "333"]]) == [
        "a       1",
        "東京   22",
        "",
        "e\u0301x    333",
    ]
