"""One flipped bit anywhere in a file of our own: always one line, or the same result.

    python tests/fuzz/flips.py --trials 3000 --seed 1

Files of every kind are made once. Each trial flips one bit of one of them and uses it in a child process, so that a
crash or a hang is an outcome like others. `history.json` is left out: it is read for display only.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from glove_adagrad.checkpoint import Checkpoints
from glove_adagrad.cooccurrence.combine import merge_matrices
from glove_adagrad.cooccurrence.count import count_cooccurrences
from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
from glove_adagrad.cooccurrence.merge import merge_runs
from glove_adagrad.cooccurrence.records import write_records
from glove_adagrad.cooccurrence.summary import summarize
from glove_adagrad.cooccurrence.tiles import Tiles
from glove_adagrad.cooccurrence.windows import Windows
from glove_adagrad.corpus import Sentences
from glove_adagrad.errors import GloveError
from glove_adagrad.formats import read_run
from glove_adagrad.run import Run
from glove_adagrad.trainer import Trainer, TrainingSettings
from glove_adagrad.vocabulary import Vocabulary

#: A trial's use of files in a folder, in which one bit may be wrong; gives bytes that say what came of it.
Use = Callable[[Path], bytes]

_SETTINGS = TrainingSettings(vector_size=6, epochs=2, seed=3)
_SECONDS = 60


def _sentences(seed: int = 5, number: int = 150) -> Sentences:
    """Text of 70 words, by Zipf's law."""
    rng = np.random.default_rng(seed)
    words = [f"w{rank}" for rank in range(70)]
    weights = 1 / np.arange(1, 71)
    return Sentences([rng.choice(words, 12, p=weights / weights.sum()).tolist() for _ in range(number)])


def make_files(folder: Path) -> None:
    """Make a symmetric matrix and another with sums of over 32 bits, a spill run of it, and a trained run."""
    text = _sentences()
    vocabulary = Vocabulary.count(text, min_count=1)
    count_cooccurrences(text, vocabulary, folder / "matrix")
    windows = Windows(30, symmetric=False)  # whose denominator is 2^24: some sums need more than 32 bits
    many = count_cooccurrences(_sentences(number=4000), vocabulary, folder / "one-sided", windows=windows)
    assert many.lower.table[:, 2].sum() > 0
    (folder / "spill").mkdir()
    shutil.copy(folder / "one-sided" / "lower.bin", folder / "spill" / "run")
    run = Run(folder / "run")
    matrix = CooccurrenceMatrix.open(folder / "matrix")
    run.begin(matrix)
    trainer = Trainer(matrix, TrainingSettings(vector_size=6, epochs=1, seed=3))
    run.train(trainer)


def use_matrix(name: str) -> Use:
    """Train, describe, export and merge."""

    def use(folder: Path) -> bytes:
        matrix = CooccurrenceMatrix.open(folder / name)
        found = repr(summarize(matrix, workers=2)).encode()
        trainer = Trainer(matrix, _SETTINGS, workers=2, memory=None if name == "matrix" else 1)
        trainer.fit()
        found += b"".join(array.tobytes() for array in trainer.parameters.arrays().values())
        write_records(matrix, folder / "records")
        merged = merge_matrices([matrix, matrix], folder / "merged")
        found += b"\n".join(merged.vocabulary.words) + merged.vocabulary.counts.tobytes()
        return found + (folder / "records").read_bytes() + (folder / "merged" / "lower.bin").read_bytes()

    return use


def use_spill(folder: Path) -> bytes:
    """Add up a run, whose table is in memory, and a matrix."""
    matrix = _sound(folder / "one-sided")
    run = Tiles(folder / "spill" / "run", matrix.lower.table, matrix.words, matrix.lower.checksum)
    return merge_runs([run, matrix.lower], folder / "spill", 1, 2).path.read_bytes()


def use_checkpoint(folder: Path) -> bytes:
    """Go on from the newest checkpoint, or from the one before."""
    trainer = Trainer(_sound(folder / "matrix"), _SETTINGS)
    checkpoint = Checkpoints(folder / "run" / "checkpoints").load()
    checkpoint.restore(trainer)
    trainer.fit()
    return b"".join(array.tobytes() for array in trainer.parameters.arrays().values())


def use_model(folder: Path) -> bytes:
    run = read_run(folder / "run")
    arrays = (run.counts, run.word_vectors, run.context_vectors, run.word_biases, run.context_biases)
    return "\n".join(run.words).encode() + b"".join(array.tobytes() for array in arrays)


def _sound(folder: Path) -> CooccurrenceMatrix:
    return CooccurrenceMatrix.open(folder)


def targets(folder: Path) -> list[tuple[str, Use]]:
    """Files, by their path in `folder`, and how each is used."""
    found: list[tuple[str, Use]] = []
    for name in ("matrix", "one-sided"):
        found += [(f"{name}/{path.name}", use_matrix(name)) for path in sorted((folder / name).iterdir())]
    found.append(("spill/run", use_spill))
    newest = max((folder / "run" / "checkpoints").iterdir())
    found.append((f"run/checkpoints/{newest.name}", use_checkpoint))
    found += [(f"run/{name}", use_model) for name in ("model.npz", "vocab.txt")]
    return found


def outcome(use: Use, folder: Path, expected: bytes) -> str:
    """What comes of a use: "same", "one line", "other result", "traceback: ...", "crash: ..." or "hang"."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            warnings.simplefilter("ignore")
            said = "same" if _digest(use(folder)) == expected else "other result"
        except GloveError as error:
            said = "one line" if "\n" not in str(error) else f"traceback: of several lines: {error}"
        except BaseException:
            said = f"traceback: {traceback.format_exc()}"
        os.write(writing, said.encode()[:60_000])
        os._exit(0)
    os.close(writing)
    said = b""
    limit = time.monotonic() + _SECONDS
    while select.select([reading], [], [], max(0, limit - time.monotonic()))[0]:
        piece = os.read(reading, 1 << 16)
        if not piece:
            break
        said += piece
    else:
        os.kill(child, signal.SIGKILL)
    os.close(reading)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        return "hang" if number == signal.SIGKILL else f"crash: signal {number}"
    return said.decode()


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def flip_trials(trials: int, seed: int) -> Iterator[tuple[str, int, str]]:
    """Flip one bit at a time, in each file in turn.

    Yields
    ------
    path, bit, outcome : str, int, str
        As `outcome` names it; "same" and "one line" are what must be.
    """
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as place:
        sound = Path(place, "sound")
        sound.mkdir()
        make_files(sound)
        files = targets(sound)
        expected: dict[str, bytes] = {}
        for name, use in files:  # in this process, which compiles the kernels for all children
            work = Path(place, "expected")
            shutil.copytree(sound, work)
            expected[name] = _digest(use(work))
            shutil.rmtree(work)
        for trial in range(trials):
            name, use = files[trial % len(files)]
            work = Path(place, "work")
            shutil.copytree(sound, work)
            data = bytearray((work / name).read_bytes())
            bit = chance.randrange(8 * len(data))
            data[bit // 8] ^= 1 << bit % 8
            (work / name).write_bytes(data)
            yield name, bit, outcome(use, work, expected[name])
            shutil.rmtree(work)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    table: dict[str, Counter[str]] = {}
    for name, bit, said in flip_trials(arguments.trials, arguments.seed):
        kind = said.partition(":")[0]
        table.setdefault(name, Counter())[kind] += 1
        if kind not in ("same", "one line"):
            print(f"{name} bit {bit}: {said}", flush=True)
    for name, counts in table.items():
        print(f"{name}: {', '.join(f'{number} {kind}' for kind, number in sorted(counts.items()))}")
    sys.exit(any(counts.keys() - {"same", "one line"} for counts in table.values()))


if __name__ == "__main__":
    main()
