"""Benchmarks and studies in eval/: where results come from, and tables of the documentation made from them."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from glove_adagrad import __version__
from glove_adagrad.cooccurrence.count import count_cooccurrences
from glove_adagrad.provenance import measured_by
from glove_adagrad.sentences import Sentences
from glove_adagrad.trainer import Trainer, TrainingSettings
from glove_adagrad.vocabulary import Vocabulary

ROOT = Path(__file__).parents[1]
EVAL = ROOT / "eval"
pytestmark = pytest.mark.skipif(not EVAL.exists(), reason="eval/ is not here")
MODULES = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in sorted(EVAL.rglob("[a-z]*.py"))]


@pytest.fixture(autouse=True)
def repository_in_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))


def module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if str(error.name).startswith(("eval", "glove_adagrad", "tests")):
            raise
        pytest.skip(f"{error.name} is not installed")


@pytest.mark.parametrize("name", MODULES)
def test_modules_can_be_imported_and_name_their_own_command(name: str) -> None:
    text = str(module(name).__doc__)
    assert "python eval/" not in text
    for command in re.findall(r"python -m (eval\S*)", text):
        assert command == name


def test_every_file_of_results_has_its_provenance() -> None:
    stored = sorted(EVAL.rglob("*.json"))
    assert len(stored) >= 7
    for path in stored:
        found = json.loads(path.read_text())
        for record in found if isinstance(found, list) else [found]:
            origins = record["provenance"]
            for origin in [origins] if isinstance(origins, dict) else origins:
                assert {"command", "started", "revision"} <= origin.keys(), path
    pages = sorted(set(EVAL.rglob("*.md")) - {EVAL / "optimizers" / "reading.md"})
    assert len(pages) >= 10
    for path in pages:
        assert re.search(
            r"^Measured by `[^`]+`( and `[^`]+`)?, \d{4}-\d\d-\d\d, revision \w+", path.read_text(), re.M
        ), path


def test_tables_of_the_documentation_are_those_of_the_recorded_results() -> None:
    figures = module("eval.figures")
    for page in figures.PAGES:
        assert (ROOT / page).read_text() == figures.updated(page), f"{page}: run python -m eval.figures"


def test_figures_in_sentences_are_those_of_the_recorded_results() -> None:
    statements = module("eval.statements")
    for page in statements.PAGES:
        assert not statements.missing(page), f"docs/{page}"


def test_provenance_names_command_revision_and_versions(tmp_path: Path) -> None:
    script = "import json; from eval.measure import provenance; print(json.dumps(provenance()))"
    (tmp_path / "tried.py").write_text(script)
    command = [sys.executable, "-m", "tried", "--size", "two words"]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}
    )
    origin = json.loads(done.stdout)
    assert origin["command"] == "python -m tried --size 'two words'"
    assert origin["versions"]["glove_adagrad"] == __version__
    described = measured_by([origin, {"command": "older", "started": "2026-01-02"}])
    assert described[0].startswith(f"Measured by `{origin['command']}`, {origin['started'][:10]}, revision ")
    assert described[0].endswith(f"numba {origin['versions']['numba']}.")
    assert described[1:] == ["And by `older`, 2026-01-02.", ""]
    assert measured_by([]) == []


def test_commands_are_measured_and_must_succeed(tmp_path: Path) -> None:
    measure = module("eval.measure")
    code = "import sys, time; time.sleep(0.1); print('out'); print('said', file=sys.stderr)"
    said, seconds, peak = measure.run([sys.executable, "-c", code], stdout=tmp_path / "out")
    assert (said, (tmp_path / "out").read_text()) == ("said\n", "out\n")
    assert seconds >= 0.1
    assert 1 << 20 < peak < 1 << 30
    with pytest.raises(SystemExit, match=r"failed:\nTraceback(.|\n)*ZeroDivisionError"):
        measure.run([sys.executable, "-c", "1 / 0"])


def test_results_of_studies_are_stored_with_the_command_that_measured_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    quality = module("eval.quality")
    path = tmp_path / "results.json"
    run = {"corpus": "c", "size": 2, "name": "a", "seed": 1, "seconds": 1.0, "scores": {"MEN": 0.5}}
    first = quality.Results(path)
    first.add(**run)
    first.add(**{**run, "seed": 2})
    second = quality.Results(path)
    second.here = {"command": "another", "started": "2026-01-02"}
    assert second.has(name="a", seed=2)
    second.add(**{**run, "seed": 3})
    stored = json.loads(path.read_text())
    assert stored["provenance"] == [first.here, second.here]
    assert [(run["seed"], run["provenance"]) for run in stored["runs"]] == [(1, 0), (2, 0), (3, 1)]
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_the_study_of_unobserved_pairs_changes_their_targets(tmp_path: Path) -> None:
    study = module("eval.unobserved.study")
    text = Sentences([["a", "b", "c", "a", "d", "b"], ["c", "d", "a"]])
    matrix = count_cooccurrences(text, Vocabulary.count(text, min_count=1), tmp_path / "counts")
    trainer = Trainer(matrix, TrainingSettings(vector_size=2, unobserved=1.0))
    study.change_targets(trainer, study.Variant("one target", constant=0.1, most=0.2, shift=1.0))
    pairs = trainer.blocks._unobserved_pairs(0)
    assert pairs is not None
    names = study.unobserved_pairs(trainer.stream, trainer.parameters, trainer.settings)._fields
    found = dict(zip(names, pairs, strict=False))
    targets = found["word_logs"][:, None] + found["context_logs"]
    assert targets == pytest.approx(targets[0, 0])
    assert targets[0, 0] == pytest.approx(-1 + float(study.np.log(0.1)))
    assert found["log_cap"] == pytest.approx(float(study.np.log(0.2)))
