"""Write the tables of README.md and docs/ from the recorded results, so that no figure in them is copied by hand.

    python -m eval.figures

In each page, a table is between two comments. `tests/test_eval.py` checks that it is up to date.
"""

from __future__ import annotations

import json
import re
import statistics
from typing import Any

from eval.measure import ROOT
from eval.quality import SETS, SHARES, cell

EVAL = ROOT / "eval"
START, END = "<!-- by eval/figures.py -->", "<!-- end -->"

#: Rows of the table in docs/unobserved.md: corpus, variant in `results.json`, label.
LARGE, SMALL = "enwiki17m.txt", "text8.head.txt"
UNOBSERVED = (
    (LARGE, "plain GloVe", "17 million words, plain GloVe"),
    (LARGE, "ratio 1, left only", "**ratio 1, left only**"),
    (LARGE, "ratio 1, left only, 8 epochs", "the same in 8 epochs"),
    (LARGE, "ratio 1, left only, rate 0.1, clip 10, 5 epochs", "in 5 epochs, `--learning-rate 0.1 --clip 10`"),
    (LARGE, "ratio 1, left only, sampled, window 10", "ratio 1, left only, `--sample 1e-4`, window 10"),
    (LARGE, "ratio 1", "ratio 1"),
    (LARGE, "ratio 1, AdaGrad-Norm", "ratio 1, AdaGrad-Norm"),
    (LARGE, "ratio 1, AdaGrad-Norm, 5 epochs", "the same in 5 epochs"),
    (LARGE, "CBOW", "gensim's CBOW"),
    (LARGE, "skip-gram", "gensim's skip-gram"),
    (SMALL, "plain GloVe", "2 million words, plain GloVe"),
    (SMALL, "ratio 1, left only", "**ratio 1, left only**"),
    (SMALL, "ratio 1, left only, sampled, window 10", "ratio 1, left only, `--sample 1e-4`, window 10"),
    (SMALL, "ratio 1", "ratio 1"),
    (SMALL, "ratio 1, AdaGrad-Norm", "ratio 1, AdaGrad-Norm"),
    (SMALL, "CBOW", "gensim's CBOW"),
    (SMALL, "skip-gram", "gensim's skip-gram"),
)
#: Corpora of the tables in docs/quality.md, and titles.
CORPORA = {
    "enwiki17m": "encyclopedia, 17 million words",
    "imdb8m": "film reviews, 8 million words",
    "books3m": "novels, 3 million words",
    "text8.head": "encyclopedia, 2 million words",
}
#: Rows of them: recipes in `results.json`, and labels.
QUALITY = {
    "plain GloVe": "plain GloVe",
    "left only, unobserved 1": "AdaGrad, 15 epochs, unobserved pairs",
    "left only, unobserved 1, PCA + SVD": "the same, PCA and SVD joined",
    "left only, unobserved 1, PCA + SVD, n-grams": "and n-grams",
    "the preset recommended": "**`--preset recommended`**",
    "the same, mix 50": "the same with `subwords --mix 50`",
    "the same, initial accumulator 1": "recommended, initial accumulator 1",
    "the same, only biases from the counts, 8 epochs, SVD joined at weight 0.5": "recommended, `--init-biases` alone",
    "the same, drawn start, 8 epochs, SVD joined at weight 0.5": "recommended, random start",
    "the preset fast": "`--preset fast`",
    "PPMI-SVD, window 5, flat": "PPMI-SVD, window 5, flat",
    "PPMI-SVD, left only": "PPMI-SVD of our counts",
}
#: Rows of the table in docs/adagrad.md: rules, as labelled in `results.json`.
RULES = ("adagrad", "adagrad-textbook", "adagrad-norm", "amsgrad", "adam", "sgd")
#: Its columns of scores: title, and name in `results.json`.
RULE_SCORES = {"analogies": "questions-words", "WordSim-353": "wordsim353", "SimLex-999": "simlex999"}
#: Rows of the first table in eval/optimizers/reading.md.
TWO_SEEDS = ("adagrad", "adagrad-textbook", "adagrad-norm", "amsgrad", "adam", "rmsprop")


def benchmark(name: str = "benchmark") -> list[str]:
    from eval.benchmark import Turn, table

    recorded = json.loads((EVAL / "results" / f"{name}.json").read_text())
    return table({name: [Turn(**turn) for turn in turns] for name, turns in recorded["turns"].items()})


def presets() -> list[str]:
    return benchmark("presets")


def unobserved() -> list[str]:
    """Means over seeds at 100 components; median CPU seconds per thread."""
    runs = json.loads((EVAL / "unobserved" / "results.json").read_text())["runs"]
    lines = [f"| | {' | '.join(SETS)} | seconds |", "|---|" + "---:|" * (len(SETS) + 1)]
    for corpus, name, label in UNOBSERVED:
        rows = [run for run in runs if (run["corpus"], run["name"], run["size"]) == (corpus, name, 100)]
        means = {test: statistics.mean(row["scores"][test] for row in rows) for test in SETS}
        scores = [f"{100 * mean:.1f} %" if test in SHARES else f"{mean:.3f}" for test, mean in means.items()]
        seconds = statistics.median(row["seconds"] for row in rows)
        lines.append(f"| {label} | {' | '.join(scores)} | {seconds:.0f} |")
    return lines


def quality() -> list[str]:
    """Rows of `QUALITY` that were measured, one table for each corpus; means over seeds."""
    runs = json.loads((EVAL / "quality" / "results.json").read_text())["runs"]
    lines: list[str] = []
    for corpus, title in CORPORA.items():
        found = [run for run in runs if (run["corpus"], run["size"]) == (corpus, 100)]
        names = dict.fromkeys(run["name"] for run in found)
        sets = list(dict.fromkeys(test for run in found for test in run["scores"]))
        sets = [test for test in SETS if test in sets] + [test for test in sets if test not in SETS]
        lines += ["", f"| {title} | {' | '.join(sets)} | seconds |", "|---|" + "---:|" * (len(sets) + 1)]
        for name in [*QUALITY, *(name for name in names if name.endswith(" epochs"))]:
            rows = [run for run in found if run["name"] == name]
            if rows:
                seconds = statistics.median(row["seconds"] for row in rows)
                cells = " | ".join(cell(test, rows) for test in sets)
                lines.append(f"| {QUALITY.get(name, f'gensim {name}')} | {cells} | {seconds:.0f} |")
    return lines[1:]


def results_of(*names: str) -> list[dict[str, Any]]:
    """Return the results of comparisons of update rules, in the order of the files."""
    records = [json.loads((EVAL / "optimizers" / name).read_text()) for name in names]
    return [
        {**result, "seed": record["settings"]["seed"], "rate": result["options"]["learning_rate"]}
        for record in records
        for result in record["results"]
    ]


def scores_of(results: list[dict[str, Any]]) -> list[str]:
    return [", ".join(f"{row['scores'][test]:.1f}" for row in results) for test in RULE_SCORES.values()]


def seeds() -> list[str]:
    """Results with seed 2, and with seed 1 if the rate is the same."""
    found = results_of("results.json", "seed2.json")
    lines = [f"| rule | rate | seeds | loss | {' | '.join(RULE_SCORES)} |", "|---|---:|---|---|---|---|---|"]
    for label in TWO_SEEDS:
        rate = next(row["rate"] for row in found if (row["label"], row["seed"]) == (label, 2))
        rows = [row for row in found if (row["label"], row["rate"]) == (label, rate)]
        numbers = ", ".join(str(row["seed"]) for row in rows)
        losses = ", ".join(f"{row['losses'][-1]:.5f}" for row in rows)
        lines.append(f"| `{label}` | {rate:g} | {numbers} | {losses} | {' | '.join(scores_of(rows))} |")
    return lines


def l1() -> list[str]:
    """Zeros that L1 penalties cause, and the scores that remain."""
    lines = [
        f"| rule | rate | loss | zeros in the sum of vectors | {' | '.join(RULE_SCORES)} |",
        "|---|---:|---:|---:|---|---|---|",
    ]
    for row in results_of("l1.json"):
        lines.append(
            f"| `{row['label']}` | {row['rate']:g} | {row['losses'][-1]:.4f} | {row['zeros']:.1%} "
            f"| {' | '.join(scores_of([row]))} |"
        )
    return lines


def rules() -> list[str]:
    """Each rule at its best rate, with the scores of all seeds at that rate; times are from speed.md."""
    found = results_of("results.json", "seed2.json")
    speed = (EVAL / "optimizers" / "speed.md").read_text()
    lines = [
        f"| rule | rate | loss | {' | '.join(RULE_SCORES)} | bytes per parameter | time per record |",
        "|---|---:|---:|" + "---|" * len(RULE_SCORES) + "---:|---:|",
    ]
    for label in RULES:
        best = min((result for result in found if result["label"] == label), key=lambda result: result["losses"][-1])
        rate = best["rate"]
        results = [row for row in found if (row["label"], row["rate"]) == (label, rate)]
        row = re.search(rf"^\| {label} \|[^|]*\| ([\d.]+) \|", speed, re.MULTILINE)
        assert row is not None
        lines.append(
            f"| `{label}` | {rate:g} | {best['losses'][-1]:.4f} | {' | '.join(scores_of(results))} "
            f"| {best['bytes_per_parameter']:.0f} | {1 / float(row[1]):.1f} |"
        )
    return lines


def costs() -> list[str]:
    """Speed of each rule relative to AdaGrad's at 100 components, and of the full-matrix rule at 20."""
    tables = (EVAL / "optimizers" / "speed.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\S[^|]*) \| [\d.]+ \| ([\d.]+) \| ([\d.]+) \|$", tables, re.MULTILINE)
    lines = ["| rule | records per second, relative to `adagrad` | bytes of state per parameter |", "|---|---:|---:|"]
    for rule, relative, state in rows[: [rule for rule, *_ in rows].index("adagrad", 1)] + rows[-1:]:
        lines.append(f"| `{rule}`{', 20 components' if rule == 'adagrad-full' else ''} | {relative} | {state} |")
    return lines


#: Page of the repository -> its tables, in order.
PAGES = {
    "README.md": [benchmark, presets],
    "docs/quality.md": [quality],
    "docs/unobserved.md": [unobserved],
    "docs/adagrad.md": [costs, rules],
    "eval/optimizers/reading.md": [seeds, l1],
}


def updated(page: str) -> str:
    """Return the text of a page with its tables made from the recorded results."""
    text, *parts = (ROOT / page).read_text(encoding="utf-8").split(START)
    for part, table in zip(parts, PAGES[page], strict=True):
        indent = text[text.rindex("\n") + 1 :]
        text += "\n".join([START, "", *(indent + line for line in table()), "", indent + part[part.index(END) :]])
    return text


def main() -> None:
    for page in PAGES:
        (ROOT / page).write_text(updated(page), encoding="utf-8")


if __name__ == "__main__":
    main()
