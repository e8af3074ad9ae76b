"""Saving a `GloVe` as the folder of a run; loading it or any run."""

from __future__ import annotations

import json
import reprlib
import shutil
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from glove_adagrad import phrases
from glove_adagrad.checkpoint import Checkpoint, Checkpoints, read_settings
from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
from glove_adagrad.cooccurrence.windows import Windows
from glove_adagrad.derived import ORIGINS as DERIVED
from glove_adagrad.errors import InputError
from glove_adagrad.files import atomic_folder, check_output_folder
from glove_adagrad.model_vectors import ModelVectors
from glove_adagrad.provenance import versions
from glove_adagrad.sentences import encoded
from glove_adagrad.text_options import TextOptions
from glove_adagrad.trainer import Epoch, Trainer, TrainingSettings
from glove_adagrad.trainer.parameters import Vectors
from glove_adagrad.vocabulary import Vocabulary

if TYPE_CHECKING:
    from glove_adagrad.formats import RunVectors
    from glove_adagrad.model import GloVe

#: Parameters of `GloVe` that are neither in its settings nor in its windows, and can be written.
_COUNTING = ("min_count", "max_vocab", "min_cooccurrence", "anchor_weight", "keep_words", "phrases")

_ORIGIN = "GloVe.save"

#: Key of the settings of n-grams in a history whose vectors the command `subwords` has changed.
SUBWORDS = "subwords"
_FILES = {"vocab.txt", "model.npz", "vectors.txt", "cooccurrence", "checkpoints", "history.json", phrases.NAME}


def save(model: GloVe, folder: Path, *, counts: bool) -> None:
    """See `GloVe.save`."""
    from glove_adagrad.formats.run_folder import write_model

    parameters, own, trainer = model._current(), model._own(), model._trainer
    check_output_folder(folder.absolute().parent)
    _check_replaceable(folder)
    if trainer is not None and counts and not trainer.matrix.folder.is_dir():
        raise InputError(f"{trainer.matrix.folder}: its counts are gone; save with counts=False")
    history = history_of(model, "cooccurrence" if counts else None)
    if own.ngrams is not None and not model.settings.subwords:  # which the command `subwords` has fitted
        history[SUBWORDS] = {"ngrams": len(own.ngrams)}
    written = model.vocabulary.writable()
    with atomic_folder(folder, _check_replaceable) as new:
        written.write(new / "vocab.txt")
        write_model(new, parameters, written, *own)
        if model._joined is not None:
            model._joined.write(new)
        if trainer is not None:
            if counts:
                shutil.copytree(trainer.matrix.folder, new / "cooccurrence")
            Checkpoints(new / "checkpoints").save(
                trainer, matrix_folder=history["settings"]["cooccurrence"], stages=history["stages"]
            )
        (new / "history.json").write_text(json.dumps(history, indent=2) + "\n")


def history_of(model: GloVe, matrix_folder: str | None = None) -> dict[str, Any]:
    """See `GloVe.as_history`; `matrix_folder` is where the counts are to be, by default where they are."""
    if model._trainer is None:
        matrix_folder = None
    elif matrix_folder is None:
        matrix_folder = str(model._trainer.matrix.folder.resolve())
    return {
        "origin": _ORIGIN,
        "settings": {
            **model.settings.to_json(),
            "windows": model.windows.to_json(),
            **({} if matrix_folder is None else {"cooccurrence": matrix_folder}),
            **{name: getattr(model, name) for name in _COUNTING},
            **model.text.to_json(),
        },
        # where vocab.txt has numbers instead
        "names": None if model.vocabulary.writable() is model.vocabulary else model.vocabulary.decoded(),
        "versions": versions(),
        "stages": {"training": sum(epoch.seconds for epoch in model._history)},
        "epochs": [epoch.figures() for epoch in model._history],
    }


def _check_replaceable(folder: Path) -> None:
    """Refuse to replace anything but what `save` has written."""
    from glove_adagrad.formats import read_history

    if not folder.exists():
        return
    try:
        saved = read_history(folder).get("origin") == _ORIGIN
    except InputError:
        saved = False
    if not saved or {path.name for path in folder.iterdir()} - _FILES:
        raise InputError(f"{folder}: exists and was not written by GloVe.save alone; choose another name")


def load(cls: type[GloVe], path: Path, **resources: Any) -> GloVe:
    """See `GloVe.load`."""
    from glove_adagrad.formats import is_run, read_history, read_run

    if path.is_file():
        from glove_adagrad.saved_pickle import load_pickle

        return load_pickle(cls, path, resources)
    checkpoints = Checkpoints(path / "checkpoints")
    if not is_run(path) and not checkpoints.paths():
        raise InputError(f"{path}: is not a saved model or a run (no model.npz and no checkpoint in it)")
    history = read_history(path) if (path / "history.json").exists() else {}
    if history.get("origin") in DERIVED:
        raise InputError(
            f"{path}: has vectors of {history['origin']} and is not a trained model; use formats.read_vectors"
        )
    checkpoint = checkpoints.load() if checkpoints.paths() else None
    settings = dict(history.get("settings", {}))
    if checkpoint is not None:
        settings.update(checkpoint.meta["settings"])
        if history.get("origin") == _ORIGIN:  # a checkpoint has the number of epochs of the last `train`
            settings["epochs"] = history["settings"].get("epochs", settings["epochs"])
    model = _new(cls, path, settings, resources)
    model._joined = phrases.Phrases.read(path)
    if checkpoint is not None:
        model._history = [Epoch(**epoch) for epoch in checkpoint.meta["history"]]
        model._trainer = _trainer(model, path, checkpoint)
    # counts and checkpoint say all but what the command `subwords` has changed since
    run = read_run(path) if is_run(path) and (model._trainer is None or SUBWORDS in history) else None
    if run is not None and (model._trainer is None or _is_of(run, model._trainer)):
        model._made = ModelVectors(run.vectors, run.ngrams)
    if model._trainer is not None:
        vocabulary = model._trainer.matrix.vocabulary
    elif run is not None:
        vocabulary = Vocabulary([word.encode("utf-8", "surrogateescape") for word in run.words], run.counts)
        model._vectors = Vectors(run.word_vectors, run.context_vectors, run.word_biases, run.context_biases)
    else:
        vocabulary = Vocabulary.read(path / "vocab.txt", zeros=True)
    if checkpoint is None:
        model._history = [_epoch(figures) for figures in history.get("epochs", [])]
    elif model._trainer is None:
        model._vectors = _vectors(path, vocabulary, checkpoint)
    if (names := history.get("names")) is not None:
        vocabulary = Vocabulary(_encoded(names, len(vocabulary), path / "history.json"), vocabulary.counts)
    model._vocabulary = vocabulary
    return model


def _is_of(run: RunVectors, trainer: Trainer) -> bool:
    """Whether vectors are those of a trainer and not of an earlier epoch."""
    return np.array_equal(run.word_vectors, trainer.parameters.vectors().word_vectors)


def _encoded(names: Any, number: int, path: Path) -> list[bytes]:
    """The names that the words have in place of the numbers in vocab.txt."""
    if isinstance(names, list) and len(names) == number and all(isinstance(name, str) for name in names):
        return [encoded(name, f"{path}: names: name") for name in names]
    raise InputError(f"{path}: names is {reprlib.repr(names)}; expected a list of {number:,} names")


def _new(cls: type[GloVe], path: Path, settings: dict[str, Any], resources: dict[str, Any]) -> GloVe:
    """An untrained model of the settings of a run."""
    names = {field.name for field in fields(TrainingSettings)}
    try:
        training = read_settings({name: value for name, value in settings.items() if name in names}, path)
        windows = Windows.from_json(settings.get("windows") or {}, path)
        counting = {name: settings[name] for name in _COUNTING if name in settings}
        model = cls(**resources, **counting)
        model.text = TextOptions.from_json(settings)
        model.field = model.text.field
    except (TypeError, KeyError, AttributeError) as error:
        raise InputError(f"{path}: its settings cannot be read ({error})") from error
    model.settings, model.windows = training, windows
    return model


def _trainer(model: GloVe, path: Path, checkpoint: Checkpoint) -> Trainer | None:
    """A trainer at the checkpoint; None where the counts are missing."""
    folder = path / checkpoint.meta["matrix_folder"]
    if not folder.exists():
        return None
    matrix = CooccurrenceMatrix.open(folder)
    trainer = Trainer(
        matrix, checkpoint.settings, workers=model.workers, memory=model.memory, anchors=checkpoint.anchors
    )
    checkpoint.restore(trainer)
    return trainer


def _vectors(path: Path, vocabulary: Vocabulary, checkpoint: Checkpoint) -> Vectors:
    try:
        parameters = checkpoint.parameters(len(vocabulary))
    except ValueError as error:
        raise InputError(f"{checkpoint.path}: does not fit {path / 'vocab.txt'} ({error})") from error
    return parameters.vectors()


def _epoch(figures: dict[str, Any]) -> Epoch:
    seconds = float(figures.get("seconds", 0.0))
    return Epoch(
        figures["epoch"],
        figures["loss"],
        figures.get("holdout_loss"),
        seconds,
        round(seconds * float(figures.get("records_per_second", 0.0))),
        figures.get("unobserved_loss"),
    )
