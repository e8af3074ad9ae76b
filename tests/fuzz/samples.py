"""Valid inputs, drawn from a seed: small texts, matrices, runs and vectors."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import struct
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random
from unittest import mock

import numpy as np

from fuzz.cases import Files, command, read_files
from glove_adagrad.run_record import RunRecord

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_ODD = ("naïve", "Zürich", "日本", "o'clock", "e-mail", "1984", "#tag", "a", "I", "король")


#: In place of the time, the machine and the folder.
_PROVENANCE = {
    "command": "glove-adagrad train text --output run",
    "started": "2026-01-01",
    "cores": 2,
    "max_vocab": None,
}


@contextlib.contextmanager
def workshop() -> Iterator[None]:
    """Work in an empty folder, where clocks always run alike: equal seeds are to give equal files."""
    ticks = itertools.count(step=0.25)
    home = os.getcwd()
    with tempfile.TemporaryDirectory() as folder, mock.patch("time.perf_counter", ticks.__next__):
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(home)


def words(random: Random, number: int = 60) -> list[str]:
    """Distinct words, the same for the same state of `random`."""
    found = dict.fromkeys(random.sample(_ODD, 6))
    while len(found) < number:
        found["".join(random.choices(_LETTERS, k=random.randint(2, 9)))] = None
    return list(found)


def text(random: Random, tokens: int = 300) -> bytes:
    """Lines of words whose frequencies fall off as in a language."""
    vocabulary = words(random)
    weights = [1 / (rank + 2) for rank in range(len(vocabulary))]
    drawn = random.choices(vocabulary, weights, k=tokens)
    lines = []
    while drawn:
        size = random.randint(1, 24)
        lines.append(" ".join(drawn[:size]))
        drawn = drawn[size:]
    return "\n".join(lines).encode() + b"\n"


def vectors(random: Random) -> tuple[list[str], np.ndarray]:
    """Words and float32 vectors of 4 to 7 components."""
    number, size = random.randint(12, 30), random.randint(4, 7)
    values = [[random.gauss(0, 1) * 10 ** random.randint(-2, 1) for _ in range(size)] for _ in range(number)]
    return words(random, number), np.array(values, np.float32)


def word2vec_text(random: Random, *, header: bool = True) -> bytes:
    named, matrix = vectors(random)
    form = random.choice(["%.6f", "%.6f", "%r", "%.3e", "%.9g"])
    lines = [
        " ".join([word, *(form % float(number) for number in row)]) for word, row in zip(named, matrix, strict=True)
    ]
    if header:
        lines.insert(0, f"{len(named)} {matrix.shape[1]}")
    return "\n".join(lines).encode() + b"\n"


def word2vec_binary(random: Random) -> bytes:
    named, matrix = vectors(random)
    end = random.choice([b"", b"\n"])
    rows = [word.encode() + b" " + row.astype("<f4").tobytes() + end for word, row in zip(named, matrix, strict=True)]
    return b"%d %d\n" % matrix.shape + b"".join(rows)


def keyed_vectors(random: Random, together: bool = False) -> Files:
    """What gensim saves, with the matrix in the file or next to it."""
    from gensim.models import KeyedVectors

    named, matrix = vectors(random)
    keyed = KeyedVectors(matrix.shape[1])
    keyed.add_vectors(named, matrix)
    if random.random() < 0.5:
        for rank, word in enumerate(named):
            keyed.set_vecattr(word, "count", 1000 - rank)
    keyed.lifecycle_events = None  # which have the time
    apart = ["vectors"] if not together and random.random() < 0.6 else []
    with workshop():
        keyed.save("vectors.kv", separately=apart)
        return read_files(Path())


#: The kinds of matrices: options of `cooccur`.
MATRICES = {"symmetric": "", "left": "--left-only", "large sums": "--left-only"}


def matrix(random: Random, kind: str = "symmetric") -> Files:
    """The files of a matrix in the folder `matrix`."""
    if kind == "large sums":
        # with a window over 18 the denominator is 2^24: an X of 256 needs more than 32 bits
        return dict(_matrix(text(random, 60) + b"to be " * 300, kind, 19))
    return dict(_matrix(text(random, 300), kind, random.randint(2, 6)))


@cache
def _matrix(corpus: bytes, kind: str, window: int) -> Files:
    with workshop():
        Path("text").write_bytes(corpus)
        command("vocab text --min-count 1 --output vocab --workers 1")
        command(
            f"cooccur text --vocab vocab --window {window} --output matrix --workers 1 --memory 64M {MATRICES[kind]}"
        )
        return read_files(Path(), "matrix/**/*")


def run(random: Random, options: str = "") -> Files:
    """The files of a trained run in the folder `run`, with its matrix in it."""
    settings = f"--min-count 1 --window 4 --vector-size 4 --epochs 2 --seed {random.randint(1, 99)} --workers 1"
    with workshop():
        Path("text").write_bytes(text(random, 300))
        command(f"train text --output run {settings} {options}")
        replace(RunRecord.read(Path("run")), provenance=_PROVENANCE).write(Path("run"))
        history = {**json.loads(Path("run/history.json").read_bytes()), "provenance": _PROVENANCE}
        Path("run/history.json").write_text(json.dumps(history, indent=2))
        return read_files(Path(), "run/**/*")


def records(random: Random, words: int, window: bool, number: int = 150) -> bytes:
    """Stanford's records in any order: sums of 1/d if `window`, else any numbers."""
    pairs = random.sample([(a, b) for a in range(1, words + 1) for b in range(1, words + 1)], number)
    return b"".join(
        struct.pack(
            "<iid",
            a,
            b,
            sum(1 / random.randint(1, 3) for _ in range(random.randint(1, 5)))
            if window
            else random.lognormvariate(0, 2),
        )
        for a, b in pairs
    )


def vocabulary(random: Random, number: int = 40) -> bytes:
    named = words(random, number)
    counts = sorted((random.randint(1, 500) for _ in named), reverse=True)
    return b"".join(b"%b %d\n" % (word.encode(), count) for word, count in zip(named, counts, strict=True))


def dump(random: Random) -> bytes:
    """A Wikipedia dump as plain XML, with pages of several namespaces."""
    pages = []
    for number in range(random.randint(2, 5)):
        title, namespace = (
            ("Paris", 0)
            if number == 0
            else random.choice([("Berlin", 0), ("Talk:Berlin", 1), ("Template:Box", 10), ("O'Neill & Sons", 0)])
        )
        content = " ".join(random.choices(words(random, 70), k=90))
        markup = random.choice(
            ["", "{{Infobox|a=b}} ", "[[Link|shown]] ", "&lt;ref&gt;note&lt;/ref&gt; ", "== Head ==\n"]
        )
        pages.append(
            f"<page><title>{title.replace('&', '&amp;')} {number}</title><ns>{namespace}</ns><id>{number}</id>"
            f"<revision><id>{number}</id><text>{markup}{content}</text></revision></page>\n"
        )
    head = '<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/" version="0.11" xml:lang="en">\n'
    return (head + "".join(pages) + "</mediawiki>\n").encode()


def history(random: Random) -> Files:
    """A run with a longer history."""
    files = run(random)
    found = json.loads(files["run/history.json"])
    number, loss = random.randint(3, 30), random.random()
    found["epochs"] = [
        {**found["epochs"][0], "epoch": n, "loss": loss / n, "holdout_loss": 0.2 / n} for n in range(1, number + 1)
    ]
    found["stages"] = {name: random.uniform(1, 5000) for name in found["stages"]}
    return {**files, "run/history.json": json.dumps(found, indent=2).encode()}
