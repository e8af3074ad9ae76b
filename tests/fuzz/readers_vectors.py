"""Readers of vectors: files of all formats, runs, saved models, and vectors that training starts from."""

from __future__ import annotations

import functools
import json
import pickle
import pickletools
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from fuzz import plain, samples
from fuzz.cases import Case, Files, Reader, Refused, Wrong, command, noted, read_files, same
from fuzz.mutators import BINARY, JSON, NPY, TEXT, ZIP, compress
from fuzz.readers_text import compressed, one_of


def _read(path: str) -> dict[str, Any]:
    """Words and vectors of a file, and the warnings; it is also asked for neighbours and exported."""
    from glove_adagrad.formats import read_vectors

    found, warnings = noted(read_vectors, Path(path))
    try:
        command(f"similar {path} --top 3 --", found.words[0])
    except Refused as error:
        if "zero" not in str(error):  # the vector of that word
            raise
    try:
        command(f"export {path} out/vectors.txt.gz --format word2vec")
    except Refused as error:
        if "blank" not in str(error) and "white space" not in str(error):
            raise
    return {"words": list(found.words), "vectors": np.array(found.vectors), "warnings": warnings}


def _check(path: str, kind: str, case: Case, result: Any) -> None:
    data = plain.unpack(kind, case.files[path])
    if data.startswith(b"\x80"):
        Path("plain.kv").write_bytes(data)
        _check_keyed("plain.kv", case, result)
        return
    plain.check_vectors(result["words"], result["vectors"], result["warnings"], data)


def _file(name: str, make: Any, kind: str = "", weight: float = 1.0, mutators: Any = TEXT) -> Reader:
    """A file of vectors, compressed if `kind` says so; its name means nothing, the content decides."""
    path = "vectors"
    mutator = compressed(path, kind, mutators, (b"x", b" ", b"\n", b"1 ")) if kind else one_of((path, mutators))

    def made(random: Random) -> Files:
        return {path: compress(kind, make(random), random) if kind else make(random)}

    return Reader(
        name, made, mutator, functools.partial(_read, path), functools.partial(_check, path, kind), weight=weight
    )


def _compressed(kind: str) -> Reader:
    """Vectors of any format, compressed."""

    def make(random: Random) -> bytes:
        match random.randrange(5):
            case 0:
                return samples.word2vec_binary(random)
            case 1:
                return samples.keyed_vectors(random, together=True)["vectors.kv"]
            case number:
                return samples.word2vec_text(random, header=number < 4)

    return _file(f"vectors {kind}", make, kind, 0.7)


def _check_keyed(path: str, case: Case, result: Any) -> None:
    """Compare words and vectors that were accepted with what gensim reads."""
    from gensim.models import KeyedVectors

    try:
        keyed = KeyedVectors.load(path)
    except Exception as error:  # gensim needs more of the file than the words and the matrix
        if not all(same(case.reference[key], result[key]) for key in ("words", "vectors")):
            raise Wrong(f"gensim cannot read the file: {error}") from error
        return
    expected = np.asarray(keyed.vectors, np.float32)
    finite = np.isfinite(expected).all(axis=1)  # other rows are passed over
    words = [str(word) for word in keyed.index_to_key]
    first = sorted({word: row for row, word in reversed(list(enumerate(words))) if finite[row]}.values())
    if [words[row] for row in first] != result["words"] or not same(expected[first], result["vectors"]):
        raise Wrong("other words or vectors than gensim reads")
    if not finite.all() and not result["warnings"]:
        raise Wrong("rows passed over without a warning")


def _keyed() -> Reader:
    check = functools.partial(_check_keyed, "vectors.kv")
    mutator = one_of(("vectors.kv", BINARY), ("vectors.kv*", NPY))
    return Reader("keyedvectors", samples.keyed_vectors, mutator, functools.partial(_read, "vectors.kv"), check)


def _stanford_binary() -> Reader:
    """What Stanford's `glove` saves, which needs its vocabulary."""

    def make(random: Random) -> Files:
        values = np.random.default_rng(random.randrange(1000)).normal(size=(2, 12, 5))
        return {"vectors": values.astype("<f8").tobytes(), "vocab.txt": samples.vocabulary(random, 12)}

    def check(case: Case, result: Any) -> None:
        words = [word.decode("utf-8", "surrogateescape") for word, _ in plain.vocabulary(case.files["vocab.txt"])]
        data = np.frombuffer(case.files["vectors"], "<f8")
        with np.errstate(all="ignore"):
            word, context = data.reshape(2, len(words), -1).astype(np.float32)
            if words != result["words"] or not same(word[:, :-1] + context[:, :-1], result["vectors"]):
                raise Wrong("other words or numbers")
        if not np.isfinite(data.astype(np.float32)).all():
            raise Wrong("numbers that are not finite")

    mutator = one_of(*[("vectors", BINARY)] * 3, ("vocab.txt", TEXT))
    return Reader("stanford binary", make, mutator, functools.partial(_read, "vectors"), check, weight=0.4)


# Runs -------------------------------------------------------------------------------------------------------------


def _run() -> Reader:
    """The model of a run, with its biases."""

    def use() -> Any:
        command("export run out/all --format stanford-binary")
        command("export run out/sums --format word2vec-binary")
        return {"all": Path("out/all").read_bytes(), "sums": Path("out/sums").read_bytes()}

    def check(case: Case, result: Any) -> None:
        words = [word for word, _ in plain.vocabulary(case.files["run/vocab.txt"])]
        found, sums = plain.binary_vectors(result["sums"])
        if found != words:
            raise Wrong("other words than vocab.txt has")
        if case.files["run/vocab.txt"] == case.valid["run/vocab.txt"] and not case.mutation.edited:
            if not same(result, case.reference):
                raise Wrong("a damaged model was read as another")
            return
        arrays = plain.npz(case.files["run/model.npz"])
        word, context = (np.asarray(arrays[f"{side}_vectors"], np.float32) for side in ("word", "context"))
        rows = [
            np.column_stack([vectors, np.asarray(arrays[f"{side}_biases"], np.float32)])
            for side, vectors in (("word", word), ("context", context))
        ]
        if not same(np.concatenate(rows).astype("<f8").tobytes(), result["all"]) or not same(word + context, sums):
            raise Wrong("other numbers than model.npz has")
        if not np.isfinite(np.concatenate(rows).astype(float)).all():
            raise Wrong("numbers that are not finite")

    mutator = one_of(*[("run/model.npz", ZIP)] * 4, ("run/vocab.txt", TEXT))
    return Reader("model.npz", samples.run, mutator, use, check, own=("run/model.npz", "run/vocab.txt"))


def _history(name: str, weight: float) -> Reader:
    """What looks at history.json: `info`, `plot`, `report`."""

    def use() -> Any:
        if name == "info":
            return command("info run").out
        if name == "plot":
            command("plot run --output out/pictures --format svg --projection pca")
            return [Path(f"out/pictures/{picture}.svg").read_bytes() for picture in ("loss", "words")]
        command("report run --output out/report.html")
        return Path("out/report.html").read_bytes()

    def check(case: Case, result: Any) -> None:
        epochs = json.loads(case.files["run/history.json"])["epochs"]
        if name == "info":
            if epochs and (f"{len(epochs)}, median" not in result or f"loss {epochs[-1]['loss']:.6f}" not in result):
                raise Wrong(f"not said: {len(epochs)} epochs, the last {epochs[-1]}")
            return
        if name == "plot":
            for picture in result:
                plain.check_picture(picture)
            expected, found = [f"after epoch {epoch['epoch']}" for epoch in epochs[-1:]], result[0].decode()
        else:
            plain.check_page(result, case.reference)
            stages = json.loads(case.files["run/history.json"]).get("stages", {})
            expected, found = [f"{seconds:,.1f} s" for seconds in stages.values()], result.decode()
        if missing := [text for text in expected if text not in found]:
            raise Wrong(f"nowhere said: {missing[:3]}")

    return Reader(
        f"history.json {name}",
        samples.history,
        one_of(*[("run/history.json", JSON)] * 4, ("run/cooccurrence/meta.json", JSON)),
        use,
        check,
        weight=weight,
        atomic=name == "report",
    )


# Saved models -----------------------------------------------------------------------------------------------------


def _load() -> Any:
    from glove_adagrad import GloVe

    model, _ = noted(GloVe.load, "saved", workers=1, memory=64 << 20)
    return {
        "words": list(model.wv.index_to_key), "wv": np.array(model.wv.vectors),
        "biases": list(map(np.array, model.biases)), "losses": list(model.loss_history),
        "counts": np.array(model.vocabulary.counts),
    }  # fmt: skip


def _check_sound(result: Any) -> None:
    if not np.isfinite(result["wv"]).all() or len(result["wv"]) != len(result["words"]) != len(result["counts"]):
        raise Wrong("numbers that are not finite, or too few of them")


#: What a saved model has, and what of it may be damaged.
_SAVED: dict[str, tuple[tuple[str, Any], ...]] = {
    "counts": (("saved/cooccurrence/*", BINARY), ("saved/checkpoints/*", ZIP)),
    "checkpoint": (("saved/checkpoints/*", ZIP),),
    "vectors": (("saved/model.npz", ZIP),),
}


def _saved(kind: str) -> Reader:
    """A model with its counts, without them, or without the means to continue at all."""

    def make(random: Random) -> Files:
        from glove_adagrad import GloVe

        sentences = [line.split() for line in samples.text(random, 200).decode().splitlines()]
        with samples.workshop():
            model = GloVe(sentences, vector_size=4, epochs=1, min_count=1, workers=1, memory=64 << 20)
            if kind == "vectors":
                model = pickle.loads(pickle.dumps(model))
            model.save(Path("saved"))
            files = read_files(Path())
        return files if kind == "counts" else {n: data for n, data in files.items() if "cooccurrence" not in n}

    def check(case: Case, result: Any) -> None:
        _check_sound(result)
        changed = {name for name in case.files if case.files[name] != case.valid[name]}
        # the history has no checksum
        if not case.mutation.edited and changed != {"saved/history.json"} and not same(result, case.reference):
            raise Wrong("a damaged model was read as another")

    mutator = one_of(("saved/history.json", JSON), ("saved/vocab.txt", TEXT), *_SAVED[kind])
    own = ("saved/vocab.txt", *(pattern for pattern, _ in _SAVED[kind]))
    return Reader(f"GloVe.load, {kind}", make, mutator, _load, check, weight=0.4, own=own)


def _pickled() -> Reader:
    """A model as version 0.1 saved it."""
    golden = Path(__file__).parents[1] / "golden" / "glove-0.1-adam.pickle"

    def make(random: Random) -> Files:
        data = golden.read_bytes()
        for word in (b"mountain", b"harbour", b"remembers", b"germany", b"winter"):
            data = data.replace(word, bytes(random.sample(word, len(word))))
        return {"saved": data}

    def check(case: Case, result: Any) -> None:
        _check_sound(result)
        texts = [item for _, item, _ in pickletools.genops(case.files["saved"]) if isinstance(item, bytes)]
        if missing := [word for word in result["words"] if word.encode("utf-8", "surrogateescape") not in texts]:
            raise Wrong(f"words that are not in the file: {missing[:3]}")

    return Reader("GloVe.load, pickle", make, one_of(("saved", BINARY)), _load, check, weight=0.5)


# Starting from vectors --------------------------------------------------------------------------------------------


def _start(option: str) -> Reader:
    """Training from vectors, or near them: the same as from what our own reader says they are."""

    def make(random: Random) -> Files:
        matrix = samples.matrix(random)
        words = [word for word, _ in plain.vocabulary(matrix["matrix/vocab.txt"])][::2]
        rows = [b" ".join([word, *(b"%.5f" % random.gauss(0, 1) for _ in range(4))]) for word in words]
        return {**matrix, "vectors.txt": b"%d 4\n" % len(rows) + b"\n".join(rows) + b"\n"}

    def use(path: str = "vectors.txt", output: str = "out/run") -> Any:
        from glove_adagrad.formats import read_vectors

        command(
            f"train --cooccurrence matrix --vector-size 4 --epochs 1 {option} {path} --output {output} --workers 1"
        )
        found, warnings = noted(read_vectors, Path(path))
        model = Path(output, "model.npz").read_bytes()
        return {
            "model": plain.npz(model),
            "words": list(found.words),
            "vectors": np.array(found.vectors),
            "warnings": warnings,
        }

    def check(case: Case, result: Any) -> None:
        plain.check_vectors(result["words"], result["vectors"], result["warnings"], case.files["vectors.txt"])
        encoded = [word.encode("utf-8", "surrogateescape") for word in result["words"]]
        # a word with a space cannot be written, nor one of 64 kB; neither is in the vocabulary
        rows = [
            word + b" " + row.tobytes()
            for word, row in zip(encoded, result["vectors"].astype("<f4"), strict=True)
            if b" " not in word and len(word) < 1 << 16
        ]
        Path("plain.bin").write_bytes(b"%d %d\n" % (len(rows), result["vectors"].shape[1]) + b"".join(rows))
        if not same(use("plain.bin", "out/plain")["model"], result["model"]):
            raise Wrong("another model than from the vectors that the file holds")

    return Reader(f"train {option}", make, one_of(("vectors.txt", TEXT)), use, check, weight=0.6)


def _wide(random: Random) -> bytes:
    """GloVe text with words that have spaces, as some published files do."""
    text = samples.word2vec_text(random, header=False)
    return text + b"New York" + text[text.index(b" ") : text.index(b"\n") + 1] if random.random() < 0.3 else text


READERS = [
    _file("vectors word2vec text", samples.word2vec_text, weight=2),
    _file("vectors GloVe text", _wide, weight=2),
    _file("vectors word2vec binary", samples.word2vec_binary, weight=2, mutators=(*BINARY, *TEXT)),
    *map(_compressed, ("gz", "bz2", "xz", "zst")),
    _keyed(),
    _stanford_binary(),
    _run(),
    _history("info", 1.0),
    _history("plot", 0.1),
    _history("report", 0.1),
    *map(_saved, _SAVED),
    _pickled(),
    _start("--init"),
    _start("--anchor"),
]
