"""Other libraries load what `glove-adagrad export` writes: the vectors that they return against those of the run.

    python -m eval.interchange.load RUN

RUN is a run with n-grams, as of `train --preset recommended`. Each library that is installed loads its format. The
vectors of the 1,000 most frequent words, and of 1,000 unknown ones where the format has n-grams, are compared. The
largest difference of a component is kept with the version of the library in `results.json`, next to this file, and
`results.md` is written from it. Libraries that cannot be installed together are measured by several calls.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

import numpy as np

from eval.measure import provenance
from glove_adagrad.formats import RunVectors, read_run
from glove_adagrad.provenance import measured_by

HERE = Path(__file__).parent
WORDS = 1000

#: Called with the file or folder of an export and with words; returns their vectors.
Load = Callable[[Path, list[str]], Any]


def gensim_text(path: Path, words: list[str]) -> Any:
    from gensim.models import KeyedVectors

    return KeyedVectors.load_word2vec_format(str(path))[words]


def gensim_binary(path: Path, words: list[str]) -> Any:
    from gensim.models import KeyedVectors

    return KeyedVectors.load_word2vec_format(str(path), binary=True)[words]


def gensim_glove(path: Path, words: list[str]) -> Any:
    from gensim.models import KeyedVectors

    return KeyedVectors.load_word2vec_format(str(path), no_header=True)[words]


def gensim_keyed(path: Path, words: list[str]) -> Any:
    from gensim.models import KeyedVectors

    return KeyedVectors.load(str(path), mmap="r")[words]


def gensim_facebook(path: Path, words: list[str]) -> Any:
    from gensim.models.fasttext import load_facebook_vectors

    return load_facebook_vectors(str(path))[words]


def fasttext_binary(path: Path, words: list[str]) -> Any:
    import fasttext

    model = fasttext.load_model(str(path))
    return [model.get_word_vector(word) for word in words]


def pretrained(library: str) -> Load:
    """fastText and floret take text vectors as the start of a classifier; it is trained at a rate of almost zero."""

    def load(path: Path, words: list[str]) -> Any:
        texts = path.with_name("train.txt")
        texts.write_text("".join(f"__label__{number % 2} {word}\n" for number, word in enumerate(words)))
        size = int(path.open(encoding="utf-8").readline().split()[1])
        settings = {"dim": size, "epoch": 1, "lr": 1e-9, "thread": 1, "minCount": 1, "verbose": 0}
        train = import_module(library).train_supervised
        model = train(input=str(texts), pretrainedVectors=str(path), **settings)
        return [model.get_word_vector(word) for word in words]

    return load


def spacy_vectors(path: Path, words: list[str]) -> Any:
    import spacy

    folder = path.with_name("pipeline")
    command = [sys.executable, "-m", "spacy", "init", "vectors", "en", str(path), str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    vocabulary = spacy.load(folder).vocab
    return [vocabulary[word].vector for word in words]


def model2vec_model(path: Path, words: list[str]) -> Any:
    from model2vec import StaticModel

    return StaticModel.from_pretrained(str(path)).encode(words)


def sentence_transformers_model(path: Path, words: list[str]) -> Any:
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(path), device="cpu").encode(words)


def finalfusion_vectors(path: Path, words: list[str]) -> Any:
    import finalfusion

    vectors = finalfusion.load_word2vec(str(path))
    return [vectors[word] for word in words]


def flair_vectors(path: Path, words: list[str]) -> Any:
    from flair.data import Sentence
    from flair.embeddings import WordEmbeddings

    sentence = Sentence(words)
    WordEmbeddings(str(path)).embed(sentence)
    return [token.embedding.numpy() for token in sentence]


def pyarrow_table(path: Path, words: list[str]) -> Any:
    from pyarrow import parquet

    table = parquet.read_table(path)
    return np.array(table["vector"].to_pylist()[: len(words)])


def torch_layer(path: Path, words: list[str]) -> Any:
    import torch

    layer = torch.nn.Embedding.from_pretrained(torch.from_numpy(np.load(path / "vectors.npy")))
    return layer(torch.arange(len(words))).numpy()


#: The package, the format, how it is loaded, and what is loaded: vectors, those of length 1, or unknown words too.
CHECKS: list[tuple[str, str, Load, str]] = [
    ("gensim", "word2vec", gensim_text, ""),
    ("gensim", "word2vec-binary", gensim_binary, ""),
    ("gensim", "glove", gensim_glove, ""),
    ("gensim", "keyedvectors", gensim_keyed, ""),
    ("gensim", "fasttext-bin", gensim_facebook, "unknown"),
    ("fasttext-wheel", "fasttext-bin", fasttext_binary, "unknown"),
    ("fasttext-wheel", "fasttext-vec", pretrained("fasttext"), ""),
    ("floret", "fasttext-vec", pretrained("floret"), ""),
    ("spacy", "word2vec", spacy_vectors, ""),
    ("model2vec", "static-model", model2vec_model, "unit"),
    ("sentence-transformers", "static-model", sentence_transformers_model, "unit"),
    ("finalfusion", "word2vec-binary", finalfusion_vectors, "unit"),
    ("flair", "word2vec-binary", flair_vectors, ""),
    ("pyarrow", "parquet", pyarrow_table, ""),
    ("torch", "npy", torch_layer, ""),
]


def expected(run: RunVectors, kind: str) -> tuple[list[str], np.ndarray]:
    """Words of letters alone, which no library takes apart, and what their vectors must be."""
    wv = run.select()
    words, vectors = wv.words[:WORDS], wv.vectors[:WORDS]
    if kind == "unit":
        kept = [row for row, word in enumerate(words) if word.isalpha()]
        units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return [words[row] for row in kept], units[kept]
    if kind == "unknown":
        assert run.ngrams is not None
        known = set(wv.words)
        composed = {f"{word}ish": run.ngrams.vector(f"{word}ish") for word in words if f"{word}ish" not in known}
        found = {word: vector for word, vector in composed.items() if vector is not None}
        return [*words, *found], np.vstack([vectors, *found.values()])
    return words, vectors


def write(results: dict[str, Any]) -> None:
    lines = [
        "# Libraries that load exported vectors",
        "",
        *measured_by(results["provenance"]),
        "The largest difference of a component from the vectors of the run. Text formats have six decimals.",
        "Libraries that take texts or normalise are compared with vectors of length 1.",
        "",
        "| library | version | `--format` | words | unknown words | largest difference |",
        "|---|---|---|---:|---:|---:|",
    ]
    for run in results["runs"]:
        lines.append(
            f"| {run['library']} | {run['version']} | `{run['format']}` | {run['words']:,} | {run['unknown']:,} | "
            f"{run['difference']:.1e} |"
        )
    lines += ["", "floret reads no model of fastText, only text vectors, to start a classifier from."]
    (HERE / "results.md").write_text("\n".join(lines) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, metavar="RUN")
    arguments = parser.parse_args()
    path = HERE / "results.json"
    results = json.loads(path.read_text()) if path.exists() else {"provenance": [], "runs": []}
    run, here = read_run(arguments.run), provenance()
    for library, target, load, kind in CHECKS:
        try:
            version = metadata.version(library)
        except metadata.PackageNotFoundError:
            print(f"{library} is not installed")
            continue
        if any((done["library"], done["format"]) == (library, target) for done in results["runs"]):
            continue
        words, vectors = expected(run, kind)
        with tempfile.TemporaryDirectory() as folder:
            # flair judges by the name
            file = Path(folder, "vectors.bin" if target.endswith("-binary") else "vectors")
            export = [sys.executable, "-m", "glove_adagrad", "export", str(arguments.run), str(file)]
            subprocess.run([*export, "--format", target, "--quiet"], check=True)
            found = np.asarray(load(file, words), np.float64)
        difference = float(np.abs(found - vectors).max())
        print(f"{library} {version}, {target}: {difference:.1e}", flush=True)
        if here not in results["provenance"]:
            results["provenance"].append(here)
        unknown = max(len(words) - WORDS, 0)
        results["runs"].append(
            {"library": library, "version": version, "format": target, "words": len(words) - unknown,
             "unknown": unknown, "difference": difference, "provenance": results["provenance"].index(here)}
        )  # fmt: skip
        path.write_text(json.dumps(results, indent=1) + "\n")
    write(results)


if __name__ == "__main__":
    main()
