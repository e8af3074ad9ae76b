"""Helpers of studies of quality: test sets, results that are stored as they come, training and scores."""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from eval.measure import provenance
from glove_adagrad.evaluation.analogies import evaluate_analogies
from glove_adagrad.evaluation.pairs import read_pairs
from glove_adagrad.evaluation.questions import read_questions
from glove_adagrad.evaluation.similarity import evaluate_pairs
from glove_adagrad.files import atomic_file
from glove_adagrad.formats import WordVectors
from glove_adagrad.trainer import Trainer

#: Threads used in training.
WORKERS = 2
#: Words of all vocabularies occur at least this often.
MIN_COUNT = 5
SETS = ("Google", "MSR", "WordSim-353", "SimLex-999", "MEN")
#: Those that are scored by the share of right answers; the others by Spearman's correlation.
SHARES = ("Google", "MSR")


class Scores:
    """The test sets, read once."""

    def __init__(self, msr: Path | None, men: Path | None) -> None:
        from gensim.test.utils import datapath

        self.questions = {"Google": read_questions(Path(datapath("questions-words.txt")))}
        self.pairs = {
            "WordSim-353": read_pairs(Path(datapath("wordsim353.tsv"))),
            "SimLex-999": read_pairs(Path(datapath("simlex999.txt"))),
        }
        if msr:
            self.questions["MSR"] = read_questions(msr)
        if men:
            self.pairs["MEN"] = read_pairs(men)

    def of(self, vectors: WordVectors) -> dict[str, float]:
        found = {name: evaluate_analogies(vectors, q).total().accuracy for name, q in self.questions.items()}
        found.update({name: evaluate_pairs(vectors, pairs).spearman for name, pairs in self.pairs.items()})
        return {name: value for name, value in found.items() if value is not None}


class Results:
    """The results so far of a study, written to disk after each run, each with the index of its provenance.

    The file has one line for each run.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        stored = json.loads(path.read_text()) if path.exists() else {"provenance": [], "runs": []}
        self.runs: list[dict[str, Any]] = stored["runs"]
        self.origins: list[dict[str, Any]] = stored["provenance"]
        self.here = provenance()

    def has(self, **key: Any) -> bool:
        return any(all(run[name] == value for name, value in key.items()) for run in self.runs)

    def add(self, **run: Any) -> None:
        if self.here not in self.origins:
            self.origins.append(self.here)
        self.runs.append({**run, "provenance": self.origins.index(self.here)})
        self.write()
        shown = ", ".join(f"{name} {value:.3f}" for name, value in run["scores"].items())
        print(
            f"{run['corpus']} {run['size']} {run['name']} seed {run['seed']}: {run['seconds']:.0f} s, {shown}",
            flush=True,
        )

    def write(self) -> None:
        origins, runs = (",\n".join(map(json.dumps, rows)) for rows in (self.origins, self.runs))
        with atomic_file(self.path, "w") as file:
            file.write(f'{{"provenance": [\n{origins}\n],\n"runs": [\n{runs}\n]}}\n')


def summed(trainer: Trainer) -> WordVectors:
    """Word and context vectors of a trainer, added, as they are evaluated."""
    vectors = trainer.parameters.vectors()
    return WordVectors(trainer.matrix.vocabulary.decoded(), vectors.word_vectors + vectors.context_vectors)


def fit(trainer: Trainer, **callbacks: Any) -> float:
    """Train; the processor's seconds a thread, without compilation.

    Studies take hours, and a machine is seldom one's own for so long; clocks on the wall are for benchmarks.
    """
    trainer.plan()  # compiles
    begin = time.process_time()
    trainer.fit(**callbacks)
    return (time.process_time() - begin) / WORKERS


def by_gensim(kind: Any, corpus: Path, **settings: Any) -> tuple[WordVectors, float]:
    """Train a model of gensim, of the class `kind`; return its vectors and the processor's seconds."""
    from gensim.models.word2vec import LineSentence

    with tempfile.NamedTemporaryFile("w", encoding="utf-8") as cut:
        for words in LineSentence(str(corpus)):  # which cuts lines that are longer than what word2vec reads
            cut.write(" ".join(words) + "\n")
        cut.flush()
        begin = time.process_time()
        model = kind(corpus_file=cut.name, min_count=MIN_COUNT, **settings)
        seconds = time.process_time() - begin
    return WordVectors(list(model.wv.index_to_key), model.wv.vectors), seconds


def cell(test: str, runs: list[dict[str, Any]]) -> str:
    """Mean of a test over runs of several seeds, and half the range."""
    values = [run["scores"][test] for run in runs if test in run["scores"]]
    if not values:
        return ""
    scale, digits, unit = (100, 1, " %") if test in SHARES else (1, 3, "")
    text = f"{scale * statistics.mean(values):.{digits}f}{unit}"
    if len(values) > 1:
        text += f" ± {scale * (max(values) - min(values)) / 2:.{digits}f}"
    return text
