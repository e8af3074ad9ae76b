"""Pictures: valid files, the same each time, labels that do not overlap."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.image import imread
from runs import Command, make_run

from glove_adagrad.errors import InputError
from glove_adagrad.maps import Projection
from glove_adagrad.plots import plot_loss, plot_words, project, save, svg_bytes

WORDS = ["athens", "greece", "baghdad", "iraq", "berlin", "germany", "a$b", "_x", "naïve", "y"]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return make_run(tmp_path / "run", WORDS, np.random.default_rng(1).normal(size=(10, 6)))


def test_png_and_svg_are_valid_and_labelled(command: Command, run: Path, tmp_path: Path) -> None:
    said = command.ok("plot", run, "--output", tmp_path / "png", "--projection", "pca")
    names = ["loss.png", "analogies.png", "words.png"]
    assert said.split() == [str(tmp_path / "png" / name) for name in names]
    for name in names:
        picture = imread(tmp_path / "png" / name)
        assert min(picture.shape[:2]) > 500
        assert picture.std() > 0.01
    command.ok("plot", run, "--output", tmp_path / "svg", "--format", "svg", "--projection", "pca", "--quiet")
    for path in (tmp_path / "svg").iterdir():
        assert ElementTree.parse(path).getroot().tag == "{http://www.w3.org/2000/svg}svg"
    assert "epoch" in (tmp_path / "svg" / "loss.svg").read_text()


def test_several_runs_and_a_list_of_words(command: Command, run: Path, tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("athens\tcapital\ngreece\tcountry\nunknown\tcapital\nberlin\tcapital\n")
    options = ["--words", tmp_path / "words.txt", "--output", tmp_path / "out", "--projection", "tsne"]
    other = make_run(tmp_path / "other", WORDS, np.random.default_rng(2).normal(size=(10, 4)))
    found = command("plot", run, other, *options)
    assert found.err.splitlines() == [
        f"glove-adagrad: warning: {name}: unknown words left out: unknown" for name in ("run", "other")
    ]
    assert [Path(line).name for line in found.out.split()] == [
        "loss.png",
        "analogies.png",
        "words-1.png",
        "words-2.png",
    ]
    (tmp_path / "words.txt").write_text("unknown\nathens\n")
    line = command.refused(1, "plot", run, *options)
    assert "run: knows 1 of the words to show; at least 2 must be known (unknown: unknown)" in line
    (tmp_path / "words.txt").write_text("athens\n\ngreece\ta\tb\n")
    assert "words.txt:3: expected a word" in command.refused(1, "plot", run, *options)


def test_labels_do_not_overlap() -> None:
    random = np.random.default_rng(3)
    words = [f"word{n}" for n in range(120)]
    figure = plot_words(words, project(random.normal(size=(120, 8)), "pca"))
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    labels = [text for text in figure.axes[0].texts if text.get_text()]
    boxes: list[Any] = [super(type(t), t).get_window_extent(canvas.get_renderer()) for t in labels]
    assert len(boxes) > 60
    for n, box in enumerate(boxes):
        for other in boxes[:n]:
            assert not (box.x0 < other.x1 and other.x0 < box.x1 and box.y0 < other.y1 and other.y0 < box.y1)


def test_wide_maps_make_wide_pictures_and_say_what_has_no_name() -> None:
    random = np.random.default_rng(6)
    points = random.normal(size=(100, 2)) * [10.0, 1.0]
    wide = plot_words([f"word{n}" for n in range(100)], Projection(points, ("x", "y"), "a title"))
    width, height = wide.get_size_inches()
    assert height < width / 2
    crowded = plot_words([f"word{n}" for n in range(500)], Projection(np.zeros((500, 2)), ("x", "y"), "a title"))
    named = len(crowded.axes[0].texts) - 1
    assert crowded.axes[0].texts[0].get_text() == f"a title; {500 - named} without room for a label"


def test_held_out_loss_is_drawn() -> None:
    epochs = [{"epoch": n, "loss": 1 / n, "holdout_loss": 2 / n} for n in (1, 2)]
    lines = plot_loss({"one": {"epochs": epochs}, "none": {"epochs": []}}).axes[0].lines
    assert [list(line.get_ydata()) for line in lines] == [[1, 0.5], [2, 1]]


def test_the_same_each_time() -> None:
    vectors = np.random.default_rng(4).normal(size=(20, 5)).astype(np.float32)
    words = [f"w{n}" for n in range(20)]
    first, second = (svg_bytes(plot_words(words, project(vectors, "tsne"))) for _ in range(2))
    assert first == second


def test_pca_equals_scikit_learn() -> None:
    from sklearn.decomposition import PCA

    vectors = np.random.default_rng(5).normal(size=(30, 7))
    found = project(vectors, "pca").points
    expected = PCA(2).fit_transform(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
    np.testing.assert_allclose(np.abs(found), np.abs(expected), atol=1e-10)
    assert np.isfinite(project(np.ones((3, 4)), "pca").points).all()


def test_without_matplotlib(command: Command, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def refuse(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", refuse)
    line = command.refused(1, "plot", run, "--output", tmp_path / "out")
    assert "pip install 'glove-adagrad[plots]'" in line


def test_other_suffixes_are_refused(tmp_path: Path) -> None:
    figure = plot_words(["a", "b"], project(np.eye(2), "pca"))
    with pytest.raises(InputError, match="png or svg"):
        save(figure, tmp_path / "picture.jpg")
