"""Damage to archives of arrays: those of NumPy in general, checkpoints and models."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rules import RULES, label
from runs import make_run

from glove_adagrad import optim
from glove_adagrad.checkpoint import Checkpoints
from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
from glove_adagrad.decoding import DamagedError, read_archive, read_array
from glove_adagrad.errors import InputError
from glove_adagrad.formats import read_run
from glove_adagrad.trainer import Anchors, Parameters, Trainer, TrainingSettings

SETTINGS = TrainingSettings(vector_size=5, epochs=2)


def npz(**members: bytes) -> bytes:
    """An archive of the given members."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in members.items():
            archive.writestr(f"{name}.npy", data)
    return file.getvalue()


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


NUMBERS = npy(np.arange(40.0))


def with_shape(shape: bytes) -> bytes:
    """`NUMBERS` with another shape in the header."""
    return NUMBERS.replace(b"(40,), }".ljust(40), (shape + b", }").ljust(40))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\3\4",
        NUMBERS,
        npz(a=b"x"),
        npz(a=NUMBERS[:-8]),
        npz(a=NUMBERS + b"12345678"),
        npz(a=with_shape(b"(32,)")),  # the rest of the member would never be read
        npz(a=with_shape(b"(40000000000000000,)")),
        npz(a=with_shape(b"(-5, -8)")),
        npz(a=with_shape(b"(40,")),
        npz(a=npy(np.array([{}], object))),
    ],
)
def test_archives_that_are_damaged_are_one_kind_of_error(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.npz").write_bytes(data)
    with pytest.raises(DamagedError, match=r"x.npz: is damaged"):
        read_archive(tmp_path / "x.npz")
    with pytest.raises(DamagedError, match=r"x.npy: is damaged"):
        read_array(data[:-1], tmp_path / "x.npy")


@pytest.mark.parametrize(
    "array", [np.arange(6.0), np.zeros((0, 3)), np.array(7), np.asfortranarray(np.arange(6).reshape(2, 3))]
)
def test_arrays_are_read_as_by_numpy(tmp_path: Path, array: np.ndarray) -> None:
    np.savez(tmp_path / "plain.npz", a=array)
    np.savez_compressed(tmp_path / "compressed.npz", a=array)
    read = [read_archive(tmp_path / f"{name}.npz")["a"] for name in ("plain", "compressed")]
    for found in (*read, read_array(npy(array), tmp_path)):
        np.testing.assert_array_equal(found, array, strict=True)


@pytest.fixture
def checkpoints(sound: CooccurrenceMatrix, tmp_path: Path) -> Checkpoints:
    """Of two epochs, the last with anchors."""
    anchors = Anchors(np.array([1, 2]), np.ones((2, 5), np.float32), 0.1)
    trainer = Trainer(sound, SETTINGS, anchors=anchors)
    found = Checkpoints(tmp_path / "checkpoints")
    trainer.fit(after_stratum=lambda t: found.save(t, stages={}) if not t.position.stratum else None)
    return found


def rewrite(path: Path, arrays: dict[str, np.ndarray | None] | None = None, **changes: Any) -> None:
    """Change a checkpoint as somebody would who recomputes the archive's checksums; None removes an entry."""
    found = {**read_archive(path), **(arrays or {})}
    meta = {**json.loads(found.pop("meta").tobytes()), **changes}
    kept = {name: array for name, array in found.items() if array is not None}
    text = json.dumps({k: v for k, v in meta.items() if v is not None})
    np.savez(path, meta=np.frombuffer(text.encode(), np.uint8), **kept)


@pytest.mark.parametrize(
    ("arrays", "changes"),
    [
        ({"words": np.zeros((3, 2, 8), np.float32)}, {}),
        ({"words": np.array(1)}, {}),
        ({"contexts": None}, {}),
        ({"other": np.zeros(3)}, {}),
        ({"anchors.words": np.array([1, 1 << 40])}, {}),
        ({"anchors.words": np.array([1.0, 2.0])}, {}),
        ({"anchors.words": None}, {}),
        ({}, {"anchor_weight": None}),
        ({}, {"settings": None}),
        ({}, {"settings": {"rule": {"name": "adagrad"}, "vector_size": "5"}}),
        ({}, {"settings": {"rule": {"name": "adagrad"}, "vector_size": -5}}),
        ({}, {"history": {}}),
        ({}, {"history": [3]}),
        ({}, {"history": [{"epoch": 1}]}),
        ({}, {"position": {"stratum": 10_000}}),
        ({}, {"position": {"stratum": "x"}}),
        ({}, {"matrix": 5}),
        ({}, {"stages": []}),
    ],
)
def test_a_checkpoint_whose_parts_do_not_fit_is_passed_over(
    checkpoints: Checkpoints, arrays: dict[str, Any], changes: dict[str, Any]
) -> None:
    newest, older = checkpoints.paths()
    assert checkpoints.load().path == newest
    rewrite(newest, arrays, **changes)
    with pytest.warns(UserWarning, match=f"{newest.name}: is damaged .*the checkpoint before it is used"):
        assert checkpoints.load().path == older


@pytest.mark.parametrize(
    "changes",
    [
        {"format": "glove-adagrad checkpoint 2"},
        {"settings": {"rule": {"name": "adagrad"}, "shape": 1}},
        {"settings": {"rule": {"name": "adagrad", "shape": 1}}},
        {"settings": {"rule": {"name": "lion"}}},
        {"position": {"hour": 1}},
    ],
)
def test_a_checkpoint_of_a_newer_version_is_not_taken_for_damaged(
    checkpoints: Checkpoints, changes: dict[str, Any]
) -> None:
    rewrite(checkpoints.paths()[0], **changes)
    with pytest.raises(InputError, match="newer version"):
        checkpoints.load()


@pytest.mark.parametrize("rule", RULES, ids=label)
def test_the_layout_of_parameters_is_that_of_their_arrays(rule: optim.Rule) -> None:
    arrays = Parameters(9, 5, rule).arrays()
    assert Parameters.layout(9, 5, rule) == {name: (array.shape, array.dtype) for name, array in arrays.items()}


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("word_biases", np.zeros((3, 2), np.float32), "biases"),
        ("word_biases", np.full(3, np.nan, np.float32), "finite"),
        ("context_biases", np.array([0, np.inf, 0], np.float32), "finite"),
        ("context_biases", np.zeros(2, np.float32), "biases"),
        ("context_biases", np.array(0, np.float32), "biases"),
        ("word_vectors", np.array(["a", "b", "c"]), "word_vectors is missing or holds no numbers"),
        ("word_vectors", np.array(1.0), "do not match"),
        ("word_vectors", None, "word_vectors is missing or holds no numbers"),
    ],
)
def test_models_that_do_not_fit_are_refused(
    tmp_path: Path, name: str, array: np.ndarray | None, message: str
) -> None:
    run = make_run(tmp_path / "run", list("abc"), np.ones((3, 2), np.float32))
    arrays = {**read_archive(run / "model.npz"), name: array}
    np.savez(run / "model.npz", **{key: value for key, value in arrays.items() if value is not None})
    with pytest.raises(InputError, match=message):
        read_run(run)
