"""Readers of matrices and of what training needs: matrix folders, records, SciPy, checkpoints, spill files."""

from __future__ import annotations

import builtins
import contextlib
import io
import json
import math
import os
import pathlib
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from fuzz import plain, samples
from fuzz.cases import Case, Files, Reader, Wrong, command, same, write_files
from fuzz.mutators import BINARY, JSON, NPY, TEXT, ZIP, Mutation, mutate
from fuzz.readers_text import one_of
from glove_adagrad import locks

_TRAINING = "--vector-size 4 --epochs 1 --workers 1"

#: The files of a matrix, by how they are damaged.
_MATRIX = (
    *[("matrix/*.bin", BINARY)] * 3,
    *[("matrix/*.npy", NPY)] * 2,
    *[("matrix/meta.json", JSON)] * 2,
    ("matrix/vocab.txt", TEXT),
)


def equal(case: Case, result: Any) -> None:
    """A damaged file of our own gives the same result as the whole one, if it gives any."""
    if not same(result, case.reference):
        raise Wrong(f"another result without a word: {_difference(result, case.reference)}")


def _difference(one: Any, other: Any) -> str:
    if isinstance(one, dict) and isinstance(other, dict):
        keys = [key for key in one.keys() | other.keys() if not same(one.get(key), other.get(key))]
        return ", ".join(f"{key}: {_difference(one.get(key), other.get(key))}" for key in keys)[:600]
    return f"{str(one)[:150]!r} instead of {str(other)[:150]!r}"


# Matrix folders ---------------------------------------------------------------------------------------------------


def _train() -> Any:
    command(f"train --cooccurrence matrix --output out/run {_TRAINING}")
    return {**plain.npz(Path("out/run/model.npz").read_bytes()), "vocab": Path("out/run/vocab.txt").read_bytes()}


def _train_unobserved() -> Any:
    command(f"train --cooccurrence matrix --output out/run {_TRAINING} --unobserved 0.5 --holdout 0.1 --memory 1K")
    return {**plain.npz(Path("out/run/model.npz").read_bytes()), "vocab": Path("out/run/vocab.txt").read_bytes()}


def _merge() -> Any:
    command("merge matrix matrix --output out/merged --workers 1 --memory 64M")
    return {path.name: path.read_bytes() for path in Path("out/merged").iterdir()}


def _remap() -> Any:
    command("merge matrix --vocab words.txt --output out/merged --workers 1 --memory 64M")
    return {path.name: path.read_bytes() for path in Path("out/merged").iterdir()}


def _records() -> Any:
    command("export matrix out/records --format stanford-records")
    return Path("out/records").read_bytes()


def _info() -> Any:
    # the sizes of the files do not count as content
    lines = command("info matrix --workers 1").out.splitlines()
    return [line for line in lines if not line.startswith(("size", "training memory"))]


def _matrix(name: str, use: Callable[[], Any], weight: float, atomic: bool = True) -> Reader:
    def make(random: Random) -> Files:
        files = samples.matrix(random, random.choice(list(samples.MATRICES)))
        if name == "remap":
            files["words.txt"] = b"".join(
                b"%b %d\n" % entry for entry in plain.vocabulary(files["matrix/vocab.txt"])[::-2]
            )
        return files

    return Reader(
        f"matrix {name}", make, one_of(*_MATRIX), use, equal, atomic=atomic, weight=weight, own=("matrix/*",)
    )


# Spill files ------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _bad_disk(seed: int) -> Iterator[None]:
    """Damage one of the temporary files that the block reads back; none if the seed is 0."""
    random, real, seen = Random(seed), open, set()
    victim = random.randrange(_SPILLS)

    def opened(file: Any, mode: str = "r", *more: Any, **others: Any) -> Any:
        path = Path(file) if isinstance(file, (str, Path)) else None
        if path is not None and mode == "rb" and any("spill" in part for part in path.parts) and path not in seen:
            if seed and len(seen) == victim:
                with real(path, "rb") as source:
                    data = source.read()
                with real(path, "wb") as target:
                    target.write(mutate(random, data, data, BINARY).data)
            seen.add(path)
        return real(file, mode, *more, **others)

    accessor: Any = getattr(pathlib, "_NormalAccessor", None)  # what Path.open calls in Python 3.10
    builtins.open = io.open = opened  # type: ignore[assignment]
    if accessor:
        accessor.open = staticmethod(opened)
    try:
        yield
    finally:
        builtins.open = io.open = real
        if accessor:
            accessor.open = staticmethod(real)
    if len(seen) < _SPILLS:  # the product has another way now to read them
        raise AssertionError(f"only {len(seen)} temporary files were read")


_SPILLS = 20  #: temporary files that sorting with little memory reads back, at the least


def _spill() -> Reader:
    """Records that are sorted on a disk that gives back other bytes than it got."""

    def make(random: Random) -> Files:
        return {
            "vocab.txt": samples.vocabulary(random, 110),
            "records": samples.records(random, 110, False, 11_000),
            "seed": b"0",
        }

    def mutated(random: Random, files: Files, other: Files) -> tuple[str, Mutation]:
        return "seed", Mutation(b"%d" % random.randrange(1, 1 << 40), ("bad_disk",), False)

    def use() -> Any:
        with _bad_disk(int(Path("seed").read_bytes())):
            command("import-records records --vocab vocab.txt --output out/matrix --workers 1 --memory 1K")
        return {path.name: path.read_bytes() for path in Path("out/matrix").iterdir()}

    return Reader("spill files", make, mutated, use, equal, atomic=True, weight=0.4)


# Records and SciPy ------------------------------------------------------------------------------------------------


def _stanford_records(window: bool) -> Reader:
    options = "--window 3" if window else ""

    def make(random: Random) -> Files:
        vocabulary = samples.vocabulary(random, 30)
        return {"records": samples.records(random, 30, window), "vocab.txt": vocabulary}

    def use() -> Any:
        command(f"import-records records --vocab vocab.txt --output out/matrix {options} --workers 1")
        command("export out/matrix out/records --format stanford-records")
        return Path("out/records").read_bytes()

    def check(case: Case, result: Any) -> None:
        expected = plain.records(case.files["records"])
        if not all(1 <= a <= 30 and 1 <= b <= 30 and 0 < x < math.inf for (a, b), x in expected.items()):
            raise Wrong("a record with a rank outside the vocabulary, or an X that is not finite and positive")
        plain.check_records(plain.records(result), expected)

    name = "Stanford records, window given" if window else "Stanford records"
    return Reader(name, make, one_of(("records", BINARY)), use, check, weight=0.7)


_CELLS = (0.0, -0.0, -1.0, 5e-324, 1e-300, 1e-9, 1e18, 1e19, 1e300, math.inf, -math.inf, math.nan, 1.5, 2**53 + 1)


def _scipy_mutation(random: Random, files: Files, other: Files) -> tuple[str, Mutation]:
    about = json.loads(files["scipy.json"])
    at = random.randrange(len(about["x"]))
    match random.randrange(9):
        case 0 | 1:
            about["x"][at] = random.choice(_CELLS)
        case 2:
            about["row"][at], about["column"][at] = about["row"][0], about["column"][0]
        case 3:
            about["dtype"] = random.choice(
                ["float32", "int8", "uint64", "bool", "complex128", "object", "longdouble", "int64", "float16"]
            )
        case 4:
            about["format"] = random.choice(
                ["csr", "csc", "coo", "lil", "dok", "dia", "bsr", "numpy", "list", "none"]
            )
        case 5:
            about["size"] = random.choice([[1, 1], [20, 19], [19, 20], [400, 400], [21, 21]])
        case 6:
            about["words"] = random.choice(
                [
                    None,
                    [],
                    ["x"] * 20,
                    about["words"][:-1],
                    [1] * 20,
                    "abcdefghijklmnopqrst",
                    [f"{w}\ud800" for w in about["words"]],
                ]
            )
        case 7:
            about["words"][at % 20] = random.choice(
                ["", " ", "a b", "\ud800", "\n", "<unk>", "x" * 2000, None, 5, about["words"][0]]
            )
        case 8:
            about["spoil"] = random.choice(["indices", "indptr", "negative", "data"])
    return "scipy.json", Mutation(json.dumps(about).encode(), ("scipy",), True)


def _scipy_matrix(about: dict[str, Any]) -> Any:
    """The matrix that a case describes.

    Raises
    ------
    OSError
        If SciPy does not make one, so that no input comes about.
    """
    from scipy import sparse

    try:
        x = np.array(about["x"]).astype(about["dtype"])
        matrix = sparse.coo_array((x, (about["row"], about["column"])), shape=about["size"])
        match about["format"]:
            case "numpy":
                return matrix.toarray()
            case "list":
                return matrix.toarray().tolist()
            case "none":
                return None
            case name:
                matrix = matrix.asformat(name)
    except Exception as error:
        raise OSError(f"SciPy makes no such matrix: {error!r}") from error
    if about["spoil"] and about["format"] == "csr":
        match about["spoil"]:
            case "indices":
                matrix.indices[3] = 1_000_000
            case "negative":
                matrix.indices[3] = -5
            case "indptr":
                matrix.indptr[4] = 1_000_000
            case "data":
                matrix.data = matrix.data[:-3]
    return matrix


def _scipy() -> Reader:
    def make(random: Random) -> Files:
        cells = random.sample([(a, b) for a in range(20) for b in range(20)], 60)
        about = {
            "row": [a for a, _ in cells], "column": [b for _, b in cells],
            "x": [random.randint(1, 40) / 4 for _ in cells], "size": [20, 20],
            "words": samples.words(random, 20), "dtype": "float64", "format": "csr", "spoil": "",
        }  # fmt: skip
        return {"scipy.json": json.dumps(about).encode()}

    def use() -> Any:
        from glove_adagrad import GloVe

        about = json.loads(Path("scipy.json").read_bytes())
        matrix = _scipy_matrix(about)
        model = GloVe.from_cooccurrence(
            matrix, words=about["words"], vector_size=3, epochs=1, workers=1, memory=64 << 20
        )
        trained = model._trainer.matrix.to_scipy().toarray()  # type: ignore[union-attr]
        return {"cells": trained, "words": list(model.wv.index_to_key), "vectors": np.array(model.wv.vectors)}

    def check(case: Case, result: Any) -> None:
        about = json.loads(case.files["scipy.json"])
        if about["spoil"] and about["format"] == "csr":
            raise Wrong("a matrix that SciPy itself calls inconsistent")
        matrix = _scipy_matrix(about)
        dense = np.asarray(matrix if isinstance(matrix, (list, np.ndarray)) else matrix.toarray(), float)
        if result["words"] != list(about["words"]) or not np.isfinite(result["vectors"]).all():
            raise Wrong("other words, or vectors that are not finite")
        if not np.isfinite(dense).all() or (dense < 0).any():
            raise Wrong("a cell that is negative or not finite")
        if not np.allclose(result["cells"], dense, rtol=2e-9, atol=0):
            raise Wrong("other cells")

    return Reader("SciPy matrix (Python)", make, _scipy_mutation, use, check, refusals=(TypeError,), weight=0.7)


# Checkpoints ------------------------------------------------------------------------------------------------------


def _finite(case: Case, result: Any) -> None:
    """An edited checkpoint is another one; a damaged one is not to be used."""
    if not case.mutation.edited:
        equal(case, result)
    elif not all(np.isfinite(array).all() for array in result.values() if isinstance(array, np.ndarray)):
        raise Wrong("numbers that are not finite")


def _resume() -> Reader:
    def make(random: Random) -> Files:
        files = samples.run(random, "--optimizer adam" if random.random() < 0.3 else "")
        if random.random() < 0.5:
            del files[min(name for name in files if name.startswith("run/checkpoints/"))]  # nothing to fall back on
        return files

    def use() -> Any:
        command("train --resume run --epochs 3 --workers 1")
        return {**plain.npz(Path("run/model.npz").read_bytes()), "vocab": Path("run/vocab.txt").read_bytes()}

    mutator = one_of(("run/checkpoints/*.npz", ZIP))
    return Reader("checkpoint", make, mutator, use, _finite, own=("run/checkpoints/*", "run/cooccurrence/*"))


def _record() -> Reader:
    """A run that ended before its first checkpoint: its record says how to train."""

    def make(random: Random) -> Files:
        options = f"--learning-rate 0.0{random.randint(2, 9)} --x-max {random.randint(3, 9)} --holdout 0.1"
        files = samples.run(random, options)
        kept = ("run/run.json", "run/vocab.txt", "run/cooccurrence/")
        return {name: data for name, data in files.items() if name.startswith(kept)}

    def use() -> Any:
        command("info run")
        command("train --resume run --workers 1")
        return plain.npz(Path("run/model.npz").read_bytes())

    return Reader("run.json", make, one_of(("run/run.json", JSON)), use, _finite, own=("run/run.json",))


def _lock() -> Reader:
    """A lock file that a killed process has left."""

    def make(random: Random) -> Files:
        holder = {
            "process": 99_999_999,
            "host": "here",
            "command": "glove-adagrad train",
            "started": 1,
            "namespace": 1,
        }
        holder |= {"boot": locks.boot(), "host_id": locks.host()}
        return {**samples.matrix(random), "place/.merged.glove-lock": json.dumps(holder).encode()}

    def use() -> Any:
        command("merge matrix matrix --output place/merged --workers 1 --memory 64M")
        return {path.name: path.read_bytes() for path in Path("place/merged").iterdir()}

    return Reader("lock file", make, one_of(("place/.merged.glove-lock", JSON)), use, equal, weight=0.3)


def _extend() -> Reader:
    """The run may be damaged, or the text that it is extended by."""

    def make(random: Random) -> Files:
        return {**samples.run(random), "more.txt": samples.text(random, 100)}

    def use() -> Any:
        printed = command(
            "train more.txt --extend run --output out/run --epochs 1 --min-count 1 --workers 1 --memory 64M"
        )
        model = plain.npz(Path("out/run/model.npz").read_bytes())
        return {**model, "vocab": Path("out/run/vocab.txt").read_bytes(), "warned": "checkpoint" in printed.err}

    def check(case: Case, result: Any) -> None:
        if not result["warned"]:
            return _finite(case, result)
        # the checkpoint before is used: the result is that of the run without the damaged one
        whole = {name: data for name, data in case.valid.items() if case.files[name] == data}
        write_files(whole, Path("before"))
        os.chdir("before")
        os.mkdir("out")
        if not same({**use(), "warned": True}, result):
            raise Wrong("not what the checkpoint before gives")

    targets = [(f"run/cooccurrence/{name.removeprefix('matrix/')}", mutators) for name, mutators in _MATRIX]
    mutator = one_of(*[("run/checkpoints/*.npz", ZIP)] * 4, *targets)
    return Reader(
        "train --extend", make, mutator, use, check, weight=0.6, own=("run/checkpoints/*", "run/cooccurrence/*")
    )


READERS = [
    _matrix("train", _train, 1.5, atomic=False),
    _matrix("train --unobserved", _train_unobserved, 0.5, atomic=False),
    _matrix("merge", _merge, 1.0),
    _matrix("remap", _remap, 0.5),
    _matrix("export records", _records, 1.0),
    _matrix("info", _info, 1.0),
    _spill(),
    _stanford_records(False),
    _stanford_records(True),
    _scipy(),
    _resume(),
    _record(),
    _lock(),
    _extend(),
]
