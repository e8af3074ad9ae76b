"""The tutorial's commands, run unchanged; links between documents; what the documentation site needs."""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from data import ROOT

pytestmark = pytest.mark.slow


def test_the_tutorial_runs(tmp_path: Path) -> None:
    commands = re.findall(r"```sh\n(.*?)```", (ROOT / "docs" / "tutorial.md").read_text(), re.DOTALL)
    assert len(commands) >= 8
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(commands)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    for name in ("vectors.bin", "vectors.txt.gz", "report.html", "pictures", "run/vectors.txt"):
        assert (tmp_path / name).exists()


def test_the_page_about_python_runs(tmp_path: Path) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "python.md").read_text(), re.DOTALL)
    assert len(blocks) >= 10
    done = subprocess.run([sys.executable, "-c", "\n".join(blocks)], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "min_count 0: must be 1 or more" in done.stdout
    for name in ("news-model/model.npz", "news.txt"):
        assert (tmp_path / name).exists()


DOCUMENTS = sorted(
    path.relative_to(ROOT).as_posix()
    for pattern in ("*.md", "docs/**/*.md", "eval/**/*.md")
    for path in ROOT.glob(pattern)
)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document: str) -> None:
    path = ROOT / document
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text()):
        assert (path.parent / target).exists(), target


def test_every_page_is_in_the_navigation() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text().split("\nnav:\n")[1]
    pages = {name.removeprefix("docs/") for name in DOCUMENTS} - {"README.md"} | {"index.md"}
    assert sorted(re.findall(r"[\w/]+\.md", navigation)) == sorted(pages)


def test_the_description_for_a_package_index_has_no_relative_links() -> None:
    pytest.importorskip("setuptools", reason="setuptools, which setup.py needs, is not installed")
    description = runpy.run_path(str(ROOT / "setup.py"))["description"]
    assert description("[a](b.md), [b.md](b.md#c), [d](https://e.org)") == "a (`b.md`), b.md, [d](https://e.org)"
    text = description((ROOT / "README.md").read_text())
    assert "docs/tutorial.md" in text
    assert re.findall(r"\]\((?!https://)", text) == []


def numbers(text: str) -> set[float]:
    return {float(number) for number in re.findall(r"(?<![\w.-])\d*\.?\d+(?!\w)", text)}


@pytest.mark.parametrize(
    ("document", "pages"),
    [
        ("docs/unobserved.md", ["unobserved/results.md"]),
        ("README.md", ["results/benchmark.md", "results/presets.md"]),
    ],
    ids=["unobserved", "README"],
)
def test_figures_in_tables_are_those_of_the_measurements(document: str, pages: list[str]) -> None:
    measured = [numbers(line) for page in pages for line in (ROOT / "eval" / page).read_text().splitlines()]
    rows = re.findall(r"^\|[^|]+\|(.*\d.*)\|$", (ROOT / document).read_text(), re.MULTILINE)
    figures = [numbers(row) for row in rows if " % |" in row]
    assert len(figures) >= 7
    assert min(map(len, figures)) >= 5
    for row in figures:
        assert any(row <= line for line in measured), row
