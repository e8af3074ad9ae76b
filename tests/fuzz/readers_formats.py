"""Readers of corpora in other formats, and exports that are read back by the libraries they are for."""

from __future__ import annotations

import csv
import functools
import io
import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import naive
import numpy as np

from fuzz import plain, samples
from fuzz.cases import Case, Files, Reader, Wrong, command
from fuzz.mutators import BINARY, DAMAGE, JSON, TEXT, ZIP, Mutator, compress
from fuzz.readers_text import compressed, one_of

#: Texts of records, or None if a plain reading of the file cannot say what they are.
Plain = Callable[[bytes], list[str] | None]


def _count(path: str, options: str) -> dict[bytes, int]:
    command(f"vocab {path} {options} --min-count 1 --output out/vocab --workers 1")
    return dict(plain.vocabulary(Path("out/vocab").read_bytes()))


def _words(texts: Sequence[str]) -> Counter[bytes]:
    """Counts of the words of records. A zero byte is a blank, and a lone surrogate the replacement character."""
    found: Counter[bytes] = Counter()
    for text in texts:
        safe = "".join("\ufffd" if 0xD800 <= ord(c) <= 0xDFFF and not 0xDC80 <= ord(c) <= 0xDCFF else c for c in text)
        data = safe.replace("\0", " ").encode("utf-8", "surrogateescape").replace(b"\r", b"\n")
        found.update(naive.count_words(data))
    return found


def _check(path: str, kind: str, read: Plain, case: Case, result: Any) -> None:
    data = plain.unpack(kind, case.files[path])
    if read in (_json_texts, _treebank_texts) and b"\n" not in data:
        data = data.replace(b"\r", b"\n")  # CR alone ends lines where there is no LF
    texts = read(data)
    if texts is None:
        return
    expected = _words(texts)
    if result != dict(expected):
        raise Wrong(f"other words or counts: {list(set(expected.items()) ^ set(result.items()))[:6]}")


def _documents(random: Random) -> list[str]:
    return [line for _ in range(8) for line in (samples.text(random, 30).decode(),)]


# What the formats are, written as plainly as possible -------------------------------------------------------------


def _json_texts(data: bytes) -> list[str]:
    texts = []
    for line in data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape").split("\n"):
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(record, dict) and isinstance(record.get("text"), str):
            texts.append(record["text"])
    return texts


def _csv_texts(data: bytes) -> list[str] | None:
    text = data.decode("utf-8", "surrogateescape").removeprefix("\ufeff").replace("\0", " ")
    first = "".join(io.StringIO(text, newline="").readline().split('"')[::2])
    separator = max(",\t;|", key=first.count)
    quoting = csv.QUOTE_NONE if separator == "\t" else csv.QUOTE_MINIMAL
    rows = [
        row
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator, quoting=quoting, strict=True)
        if row
    ]
    names = [name.strip() for name in rows[0]]
    column = names.index("text")
    return [row[column] for row in rows[1:] if len(row) > column]


def _treebank_texts(data: bytes) -> list[str]:
    words = []
    for line in data.removeprefix(b"\xef\xbb\xbf").split(b"\n"):
        fields = line.split(b"\t")
        if len(fields) == 10 and fields[0].isdigit():
            words.append(fields[1].replace(b" ", b"_").decode("utf-8", "surrogateescape"))
    return [" ".join(words)]


def _parquet_texts(data: bytes) -> list[str] | None:
    from pyarrow import ArrowException, BufferReader, parquet

    try:
        column = parquet.read_table(BufferReader(data), columns=["text"])["text"].to_pylist()
    except (ArrowException, OSError, KeyError, UnicodeDecodeError):
        return None  # read whole; the product reads it by batches and may stop at the damage
    return [text for text in column if text]


def _archive_texts(data: bytes) -> list[str] | None:
    texts = []
    while data:
        head = re.match(rb"WARC/1\.0\r\n((?:[\w-]+: [^\r\n]*\r\n)+)\r\n", data)
        lengths = re.findall(rb"^Content-Length: (\d{1,9})\r$", head[1], re.MULTILINE) if head else []
        if head is None or len(lengths) != 1 or head[1].count(b"WARC-Type: ") != 1:
            return None
        end = head.end() + int(lengths[0])
        if data[end : end + 4] != b"\r\n\r\n":
            return None
        if b"WARC-Type: conversion\r\n" in head[1]:
            texts.append(data[head.end() : end].decode("utf-8", "surrogateescape"))
        data = data[end + 4 :]
    return texts


# Valid files ------------------------------------------------------------------------------------------------------


def _json_lines(random: Random) -> bytes:
    records = [{"id": n, "text": text, "meta": {"n": [n, None]}} for n, text in enumerate(_documents(random))]
    return "".join(json.dumps(record, ensure_ascii=random.random() < 0.5) + "\n" for record in records).encode()


def _table(random: Random) -> bytes:
    file = io.StringIO()
    separator = random.choice(",;|\t")
    texts = _documents(random)
    if separator == "\t":
        texts = [text.replace("\n", " ") for text in texts]
    form = {"quoting": csv.QUOTE_NONE, "quotechar": None} if separator == "\t" else {}
    csv.writer(file, delimiter=separator, **form).writerows([("id", "text"), *enumerate(texts)])  # type: ignore
    return file.getvalue().encode()


def _treebank(random: Random) -> bytes:
    lines = []
    for text in _documents(random):
        lines.append("# newdoc")
        words = enumerate(text.split(), start=1)
        lines += [f"{n}\t{word}\t{word.lower()}\tNOUN\t_\t_\t0\troot\t_\t_" for n, word in words]
        lines.append("")
    return "\n".join(lines).encode() + b"\n"


def _parquet(random: Random) -> bytes:
    import pyarrow
    from pyarrow import parquet

    file = io.BytesIO()
    table = pyarrow.table({"id": list(range(8)), "text": _documents(random)})
    codec = random.choice(["none", "snappy", "zstd", "gzip"])
    parquet.write_table(table, file, compression=codec, row_group_size=random.choice([3, 100]))
    return file.getvalue()


def _archive(random: Random) -> bytes:
    parts = [b"WARC/1.0\r\nWARC-Type: warcinfo\r\nContent-Length: 0\r\n\r\n\r\n\r\n"]
    for number, text in enumerate(_documents(random)):
        data = text.encode()
        head = (
            f"WARC/1.0\r\nWARC-Type: conversion\r\nWARC-Record-ID: <urn:{number}>\r\nContent-Length: {len(data)}\r\n"
        )
        parts.append(head.encode() + b"\r\n" + data + b"\r\n\r\n")
    return b"".join(parts)


def _corpus(
    name: str, make: Callable[[Random], bytes], mutators: Sequence[Mutator], read: Plain, kind: str = ""
) -> Reader:
    path = f"text.{name}.{kind}" if kind else f"text.{name}"

    def made(random: Random) -> Files:
        data = make(random)
        return {path: compress(kind, data, random) if kind else data}

    mutator = compressed(path, kind, mutators) if kind else one_of((path, mutators))
    use = functools.partial(_count, path, f"--format {name}")
    return Reader(
        f"corpus {name} {kind}".strip(), made, mutator, use, functools.partial(_check, path, kind, read), atomic=True
    )


# Exports that other libraries read --------------------------------------------------------------------------------


def _export(target: str, load: Callable[[Path], tuple[list[str], np.ndarray]], weight: float = 0.3) -> Reader:
    """Export a damaged run: what a library finds in the file is what we find in the run."""

    def make(random: Random) -> Files:
        return samples.run(random, "--subwords")

    def use() -> Any:
        command(f"export run out/vectors --format {target}")
        return load(Path("out/vectors"))

    def check(case: Case, result: Any) -> None:
        words = [word.decode("utf-8", "surrogateescape") for word, _ in plain.vocabulary(case.files["run/vocab.txt"])]
        _, sign, archive = case.files["run/model.npz"].partition(b"PK\3\4")  # an archive may come after other bytes
        arrays = plain.npz(sign + archive)
        with np.errstate(all="ignore"):
            sums = arrays["word_vectors"] + arrays["context_vectors"]
        expected = np.asarray(arrays.get("vectors", sums), np.float32)
        found, vectors = result
        # words that are not UTF-8 are spelt in other ways
        pairs = zip(words, found, strict=True) if len(words) == len(found) else [("", "a")]
        if any(one != other for one, other in pairs if one.isascii()):
            raise Wrong(f"other words: {found[:5]}")
        tolerance = 1e-4 * float(np.abs(expected).max(initial=1))
        if expected.shape != vectors.shape or not np.allclose(expected, vectors, rtol=1e-4, atol=tolerance):
            raise Wrong("other numbers")

    mutator = one_of(("run/vocab.txt", TEXT), *[("run/model.npz", ZIP)] * 3, ("run/history.json", JSON))
    return Reader(f"export {target}", make, mutator, use, check, weight=weight)


def _facebook(path: Path) -> tuple[list[str], np.ndarray]:
    from gensim.models.fasttext import load_facebook_vectors

    keyed = load_facebook_vectors(str(path))
    return list(keyed.index_to_key), np.array(keyed.vectors)


def _npy(path: Path) -> tuple[list[str], np.ndarray]:
    lines = (path / "vocab.txt").read_bytes().decode("utf-8", "surrogateescape").split("\n")[:-1]
    return [line.rsplit(" ", 1)[0] for line in lines], np.load(path / "vectors.npy")


def _arrow(path: Path) -> tuple[list[str], np.ndarray]:
    from pyarrow import parquet

    table = parquet.read_table(path)
    return table["word"].to_pylist(), np.array(table["vector"].to_pylist(), np.float32)


def _static(path: Path) -> tuple[list[str], np.ndarray]:
    from safetensors.numpy import load_file

    vocabulary = json.loads((path / "tokenizer.json").read_text())["model"]["vocab"]
    words = sorted(vocabulary, key=vocabulary.__getitem__)
    return words[:-1], load_file(path / "model.safetensors")["embeddings"][:-1]


READERS = [
    _corpus("jsonl", _json_lines, [*TEXT, *JSON], _json_texts),
    _corpus("jsonl", _json_lines, TEXT, _json_texts, "gz"),
    _corpus("csv", _table, TEXT, _csv_texts),
    _corpus("conllu", _treebank, TEXT, _treebank_texts),
    _corpus("parquet", _parquet, BINARY, _parquet_texts),
    _corpus("wet", _archive, [*TEXT, *DAMAGE], _archive_texts),
    _corpus("wet", _archive, TEXT, _archive_texts, "gz"),
    _export("fasttext-bin", _facebook),
    _export("npy", _npy),
    _export("parquet", _arrow),
    _export("static-model", _static),
]
