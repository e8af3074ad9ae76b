"""Figures in sentences of docs/, made from the recorded results: the pages must have exactly these words.

    python -m eval.statements

prints the statements that a page lacks; `tests/test_eval.py` checks that there are none. Tables are those of
`eval.figures`.
"""

from __future__ import annotations

import json
import re
import statistics
from collections.abc import Iterator
from typing import Any

from eval.measure import ROOT
from eval.quality import SHARES

EVAL = ROOT / "eval"
#: Names of recipes in eval/quality/results.json: what AdaGrad trained, and gensim's models.
ADAGRAD, GENSIM = "left only, unobserved 1", ("CBOW", "skip-gram", "fastText skip-gram")


def records(name: str) -> Any:
    return json.loads((EVAL / name).read_text(encoding="utf-8"))


def column(page: str, title: str) -> list[float]:
    """The numbers at the start of the cells in a column of a page's first table that has it."""
    lines = iter((EVAL / page).read_text(encoding="utf-8").splitlines())
    header = next(line for line in lines if title in [cell.strip() for cell in line.split("|")])
    at = [cell.strip() for cell in header.split("|")].index(title)
    next(lines)
    cells = []
    for line in lines:
        if not line.startswith("|"):
            break
        cells.append(line.split("|")[at].strip())
    return [float(found[0]) for cell in cells if (found := re.match(r"[\d.]+", cell))]


def listed(values: list[float], form: str = "{:.0f}") -> str:
    """Values as a list in words, such as "1, 2 and 3"."""
    shown = [form.format(value) for value in values]
    return f"{', '.join(shown[:-1])} and {shown[-1]}"


def decimal(value: float, digits: int) -> str:
    """A number below 1 without its leading zero."""
    return f"{value:.{digits}f}".removeprefix("0")


def settings() -> Iterator[str]:
    runs = {(run["name"], f"{run['value']}"): run for run in records("settings/results.json")["runs"]}
    # what all have in common was run once
    usual = runs["epochs", "15"]
    runs |= {("window", "15"): usual, ("x_max", "10.0"): usual, ("vector_size", "100"): usual}

    def score(name: str, value: str, test: str = "Google") -> float:
        return float(runs[name, value]["scores"][test])

    def shares(name: str, *values: str) -> list[float]:
        return [100 * score(name, value) for value in values]

    windows = ("5", "10", "15", "25")
    sampled = ("window", "15, sample 0.0001")
    gains = {test: score(*sampled, test) - usual["scores"][test] for test in ("Google", "MSR", "MEN", "SimLex-999")}
    yield f"{listed(shares('window', *windows))} per cent of Google's analogies at 5, 10, 15 and 25"
    yield f"{listed([runs['window', value]['records'] / 1e6 for value in windows])} million"
    left, plain = score("window", "15, left only", "MSR"), usual["scores"]["MSR"]
    yield f"MSR {100 * left:.0f} per cent instead of {100 * plain:.0f}"
    yield f"the other way round ({100 * score('window', '15, no distance weighting', 'MSR'):.0f})"
    yield (
        f"brings {100 * gains['Google']:.1f} points of Google's analogies ({100 * score(*sampled):.0f} per cent), "
        f"{decimal(gains['MEN'], 2)} of MEN and {decimal(gains['SimLex-999'], 2)} of SimLex-999"
    )
    yield f"lose {-100 * gains['MSR']:.1f} points"
    three, ten, thirty, hundred = shares("x_max", "3.0", "10.0", "30.0", "100.0")
    yield f"30 costs {ten - thirty:.1f} points of analogies, 100 costs {ten - hundred:.0f}"
    yield f"loses {ten - three:.1f} points of analogies"
    sizes = ("25", "50", "100", "200")
    yield f"{listed(shares('vector_size', *sizes))} per cent at 25, 50, 100 and 200"
    yield f"{runs['vector_size', '300']['seconds'] / runs['vector_size', '100']['seconds']:.1f} times the time of 100"
    five, ten, fifteen, fifty = shares("epochs", "5", "10", "15", "50")
    yield f"after 5 is {five:.0f} per cent, after 10 {ten:.0f}, after 15 {fifteen:.0f}, and 50 bring {fifty:.0f}"


def unobserved() -> Iterator[str]:
    runs = [run for run in records("unobserved/results.json")["runs"] if run["corpus"] == "enwiki17m.txt"]

    def mean(name: str, test: str = "Google", size: int = 100) -> float:
        return statistics.mean(run["scores"][test] for run in runs if (run["name"], run["size"]) == (name, size))

    def seconds(name: str, size: int = 100) -> float:
        return statistics.median(run["seconds"] for run in runs if (run["name"], run["size"]) == (name, size))

    plain, both, left, chance = "plain GloVe", "ratio 1", "ratio 1, left only", "ratio 1, left only, by chance"
    lost = {test: mean(both, test) - mean(left, test) for test in ("Google", "MEN")}
    yield f"Google's analogies lose {100 * lost['Google']:.0f} points and MEN {decimal(lost['MEN'], 3)}"
    with_pairs, without = ([f"{100 * mean(name, size=size):.1f} %" for size in (50, 300)] for name in (left, plain))
    yield f"At 50, ratio 1 with one side gives {with_pairs[0]} of Google's analogies instead of {without[0]}"
    yield f"at 300, {with_pairs[1]} instead of {without[1]}"
    rises = [decimal(mean(name, "SimLex-999", 300), 3) for name in (plain, left)]
    yield f"SimLex-999 rises from {rises[0]} to {rises[1]}"
    more, less = mean("ratio 2, left only") - mean(left), mean(left) - mean("ratio 0.5, left only")
    factor = seconds("ratio 2, left only") / seconds(left)
    yield (
        f"2 gives {100 * more:.0f} points more on Google's analogies for {factor:.1f} times the time; "
        f"0.5 gives {100 * less:.0f} points less"
    )
    worse = {test: 100 * (mean(left, test) - mean(chance, test)) for test in ("Google", "MSR")}
    yield f"by {worse['Google']:.0f} points on Google's and {worse['MSR']:.0f} on MSR's"
    yield f"An x_max of 3 loses {100 * (mean(both) - mean('ratio 1, x_max 3')):.0f} points on Google's analogies"
    shorter = ("ratio 1, left only, 8 epochs", "ratio 1, left only, rate 0.1, clip 10, 5 epochs")
    eight, five = (100 * (mean(name) - mean(plain)) / (mean(left) - mean(plain)) for name in shorter)
    yield f"only {eight:.0f} per cent of the gain in Google's analogies"
    yield f"`--learning-rate 0.1 --clip 10` give {five:.0f} per cent of it"
    pairs = ((both, plain), (left, "plain GloVe, left only"))
    ratios = [seconds(one, size) / seconds(two, size) for one, two in pairs for size in (50, 100, 300)]
    yield f"Training takes {min(ratios):.2f} to {max(ratios):.2f} times as long as without"


def quality() -> Iterator[str]:
    from eval.figures import CORPORA

    runs = [run for run in records("quality/results.json")["runs"] if run["size"] == 100]
    chosen, fast, slow = "the preset recommended", "the preset fast", f"{ADAGRAD}, PCA + SVD, n-grams"
    named = {(run["corpus"], run["name"]) for run in runs}
    measured = [text for text in CORPORA if (text, chosen) in named]
    sets = list(runs[0]["scores"])

    def mean(text: str, name: str, test: str) -> float:
        return statistics.mean(run["scores"][test] for run in runs if (run["corpus"], run["name"]) == (text, name))

    def seconds(text: str, name: str) -> float:
        return statistics.median(run["seconds"] for run in runs if (run["corpus"], run["name"]) == (text, name))

    def leads(name: str, other: str, tests: list[str] = sets) -> list[float]:
        both = [text for text in CORPORA if {(text, name), (text, other)} <= named]
        return [mean(text, name, test) - mean(text, other, test) for text in both for test in tests]

    rivals = {(run["corpus"], run["name"]) for run in runs if run["name"].endswith(" epochs")}
    rivals = {(text, name) for text, name in rivals if text in measured and name.split(",")[0] in GENSIM}
    below = {
        (text, test) for text, name in rivals for test in sets if mean(text, chosen, test) < mean(text, name, test)
    }
    number = sum(mean(text, chosen, test) < mean(text, name, test) for text, name in rivals for test in sets)
    yield f"above all but {number} of the {len(rivals) * len(sets)} scores of gensim's models"
    for text in measured:
        if higher := [test for test in sets if (text, test) in below]:
            yield f"{' and '.join(higher)} on {CORPORA[text].split(',')[0]}"
    ratios = [seconds(text, name) / seconds(text, chosen) for text, name in rivals if name == "CBOW, 25 epochs"]
    yield f"CBOW of 25 epochs takes {min(ratios):.0f} to {max(ratios):.0f} times as long"
    lost = [-100 * lead for lead in leads(chosen, slow, ["MSR"])]
    others = leads(chosen, slow, [test for test in sets if test != "MSR"])
    yield f"loses {min(lost):.1f} to {max(lost):.1f} points of MSR's analogies"
    yield f"{sum(lead > 0 for lead in others)} of the other {len(others)} scores are higher"
    lost = [100 * lead for lead in leads(chosen, "the same, initial accumulator 1", list(SHARES))]
    yield f"With 1, analogies are {min(lost):.1f} to {max(lost):.1f} points lower"
    drawn = leads("the same, only biases from the counts, 8 epochs, SVD joined at weight 0.5",
                  "the same, drawn start, 8 epochs, SVD joined at weight 0.5")  # fmt: skip
    yield f"`--init-biases` raises {sum(lead > 0 for lead in drawn)} of {len(drawn)} scores"
    lost = [100 * lead for lead in leads(chosen, fast, list(SHARES))]
    yield f"{min(lost):.1f} to {max(lost):.1f} points of analogies less"


def adagrad() -> Iterator[str]:
    zeros = {result["label"]: result["zeros"] for result in records("optimizers/l1.json")["results"]}
    few, many = (100 * zeros[f"adagrad-l1 l1={l1}"] for l1 in ("1e-8", "1e-7"))
    yield f"`adagrad-l1` made {few:.1f} per cent of them zero at l1 = 1e-8, and {many:.0f} per cent at 1e-7"


def performance() -> Iterator[str]:
    yield f"{listed(column('training/results.md', 'times as fast'))} times as many records a second"
    over, bound = (column("training/limits.md", title) for title in ("corpus over cache", "cache over bound"))
    yield f"The second is {min(bound):.0f} to {max(bound):.0f} per cent of the first"
    yield f"the third {min(over):.0f} to {max(over):.0f} per cent of the second"


def counting() -> Iterator[str]:
    page = (EVAL / "counting" / "results.md").read_text(encoding="utf-8")
    found = re.search(r"\| 1 worker over 2 workers \| ([\d.]+) \|", page)
    assert found is not None
    yield f"makes counting 17 million tokens {found[1]} times as fast"


#: Page of docs/ -> its statements.
PAGES = {
    "settings.md": settings,
    "unobserved.md": unobserved,
    "quality.md": quality,
    "adagrad.md": adagrad,
    "performance.md": performance,
    "counting.md": counting,
}


def missing(page: str) -> list[str]:
    """Return the statements that a page lacks, white space aside."""
    text = " ".join((ROOT / "docs" / page).read_text(encoding="utf-8").split())
    return [statement for statement in PAGES[page]() if statement not in text]


if __name__ == "__main__":
    for page in PAGES:
        for statement in missing(page):
            print(f"docs/{page}: {statement}")
