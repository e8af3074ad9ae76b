"""Write `results.md` from `training.json` and `counting.json`: python -m eval.scale.report"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from glove_adagrad.provenance import measured_by

HERE = Path(__file__).parent

#: What the tables say.
READING = """## Reading

- **Size.** At most 1.15 was asked for. Formats 1 and 2 need 4 bytes for each of the 2 million words in each of 256
  parts, which makes 2.6 times the cells' own bytes.
- **Speed.** 0.7 of the corpus's speed was asked for and is not reached. Each record of this matrix needs about one
  row that is in no cache: 1.7 KB of memory are read and written in 100 ns of one core. Before rows were fetched
  ahead, and with parts of 2,048 words, it had 0.33. Other distances of fetching, from 2 to 16 rows, give the same
  speed, so the memory's bandwidth is probably the limit. Other processes used part of it during the measurement.
- **A billion tokens.** `counting.py` was run with 100 million only.
"""


def runs_of(name: str) -> list[dict[str, Any]]:
    path = HERE / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else []


def training(run: dict[str, Any]) -> list[str]:
    """A table of one run of `training.py`."""
    small, large = run["rows"]
    lines = [
        *measured_by([run["provenance"]]),
        "100 components, one thread, strata of the two matrices in turns; medians. The text of the second matrix is "
        "30 million words drawn independently.",
        "",
        "| | corpus | generated |",
        "|---|---:|---:|",
    ]
    for title, form in (
        ("words", "{words:,}"),
        ("parts", "{parts}"),
        ("cells stored", "{cells:,}"),
        ("cells and table on disk, over the cells' own bytes", "{bytes_over_cells:.3f}"),
        ("records a second of the process's own time", "{0:.2f} M"),
        ("records a second by the clock", "{1:.2f} M"),
        ("planned time of an epoch, over the measured one (process's own time)", "{2:.2f}"),
    ):
        values = [
            form.format(
                row["records_a_cpu_second"] / 1e6,
                row["records_a_second"] / 1e6,
                row["planned_cpu_seconds"] / row["cpu_seconds_of_an_epoch"],
                **row,
            )
            for row in (small, large)
        ]
        lines.append(f"| {title} | {' | '.join(values)} |")
    ratio = large["records_a_cpu_second"] / small["records_a_cpu_second"]
    return [*lines, "", f"The generated matrix has {ratio:.2f} of the corpus's speed, by the process's own time."]


def counting(run: dict[str, Any]) -> list[str]:
    """A table of one run of `counting.py`."""
    lines = [
        *measured_by([run["provenance"]]),
        "| tokens | words | --memory | CPU seconds | microseconds a token | peak memory | records | folder |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for row in run["rows"]:
        lines.append(
            f"| {row['tokens']:,} | {row['words']:,} | {row['memory']} | {row['cpu_seconds']:.1f} | "
            f"{1e6 * row['cpu_seconds'] / row['tokens']:.3f} | {row['peak_bytes'] / 1e6:,.0f} MB | "
            f"{row['records']:,} | {row['folder_bytes'] / 1e6:,.0f} MB |"
        )
    small, large = (row["cpu_seconds"] / row["tokens"] for row in run["rows"])
    return [*lines, "", f"Per token, the long text takes {large / small:.2f} of the time of the short one."]


def main() -> None:
    lines = ["# Large vocabularies and long texts", ""]
    for name, title, table in (("training", "Training", training), ("counting", "Counting", counting)):
        for run in runs_of(name):
            lines += [f"## {title}", "", *table(run), ""]
    (HERE / "results.md").write_text("\n".join(lines) + "\n" + READING)


if __name__ == "__main__":
    main()
