"""Blends: against a plain twin, and the command."""

from __future__ import annotations

import json
from pathlib import Path

import naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from runs import Command, make_run

from glove_adagrad.blending import blend
from glove_adagrad.errors import InputError
from glove_adagrad.formats import WordVectors, keyedvectors, read_vectors, word2vec


@st.composite
def models(draw: st.DrawFn) -> WordVectors:
    words = draw(st.lists(st.sampled_from("abcdefg"), min_size=1, unique=True))
    size = draw(st.integers(1, 4))
    numbers = st.lists(st.sampled_from([-2.0, 0.0, 0.5, 3.0]), min_size=size, max_size=size)
    vectors = np.array(draw(st.lists(numbers, min_size=len(words), max_size=len(words))), np.float32)
    counts = st.none() | st.lists(st.integers(1, 9), min_size=len(words), max_size=len(words)).map(np.array)
    return WordVectors(words, vectors, draw(counts))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(models(), st.sampled_from([0.5, 1.0, 3.0])), min_size=1, max_size=3), st.booleans())
def test_unit_vectors_are_joined_side_by_side(given_models: list[tuple[WordVectors, float]], union: bool) -> None:
    parts, weights = zip(*given_models, strict=True)
    plain = [dict(zip(model.words, model.vectors.astype(np.float64), strict=True)) for model in parts]
    expected = naive.blended(plain, list(weights), union)
    words = "union" if union else "intersection"
    if not expected:
        with pytest.raises(InputError, match="no word in common"):
            blend(parts, weights=weights, words=words)
        return
    found = blend(parts, weights=weights, words=words)
    assert set(found.words) == set(expected)
    assert np.allclose(found.vectors, [expected[word] for word in found.words], atol=1e-6)
    assert found.counts is not None
    for word, count in zip(found.words, found.counts.tolist(), strict=True):
        known = [int(m.counts[m.words.index(word)]) for m in parts if m.counts is not None and word in m.words]
        assert count == max(known, default=1)
    assert (np.diff(found.counts) <= 0).all()
    width = found.vectors.shape[1]
    reduced = blend(parts, size=width, weights=weights, words=words, workers=1).vectors
    assert np.allclose(reduced @ reduced.T, found.vectors @ found.vectors.T, atol=1e-5)
    assert reduced.tobytes() == blend(parts, size=width, weights=weights, words=words, workers=3).vectors.tobytes()


def test_what_is_impossible_is_named() -> None:
    one = WordVectors(["a"], np.ones((1, 2), np.float32))
    for message, given_models, wrong in (
        ("name at least one", [], {}),
        ("size 5: must be between 1 and 4", [one, one], {"size": 5}),
        ("1 of them do not fit 2 models", [one, one], {"weights": [1.0]}),
        ("must be above 0", [one, one], {"weights": [1.0, -1.0]}),
        ("must be intersection or union", [one], {"words": "all"}),
    ):
        with pytest.raises(InputError, match=message):
            blend(given_models, **wrong)  # type: ignore[arg-type]


def test_the_command_blends_runs_and_files(tmp_path: Path, command: Command) -> None:
    rng = np.random.default_rng(1)
    words = [f"w{n}" for n in range(30)]
    run = make_run(tmp_path / "run", words, rng.standard_normal((30, 4)).astype(np.float32))
    other = WordVectors(["neu", *words[:20]], rng.standard_normal((21, 3)).astype(np.float32))
    word2vec.write(tmp_path / "other.txt", other)
    out = tmp_path / "blend"
    assert "20 words, 5 dimensions" in command.ok("blend", run, tmp_path / "other.txt", "--size", 5, "-o", out)
    expected = blend([read_vectors(run), read_vectors(tmp_path / "other.txt")], size=5)
    found = read_vectors(out)
    assert found.words == expected.words == words[:20]
    assert found.vectors.tobytes() == expected.vectors.tobytes()
    assert found.counts is not None
    assert found.counts.tolist() == list(range(300, 100, -10))
    assert json.loads((out / "history.json").read_text())["settings"]["words"] == "intersection"
    assert "gone" not in command.ok("info", out)

    more = ["--words", "union", "--weight", 1, "--weight", 2]
    assert "31 words, 7 dimensions" in command.ok("blend", run, tmp_path / "other.txt", *more, "-o", out, "--force")
    before = (out / "model.npz").read_bytes()
    assert "with --force" in command.refused(1, "blend", run, "-o", out)
    assert "is an input" in command.refused(1, "blend", out, run, "-o", out, "--force")
    assert "choose another" in command.refused(1, "blend", out, "-o", run, "--force")
    assert "give one for each" in command.refused(2, "blend", run, out, "-o", tmp_path / "x", "--weight", 1)
    assert "no such run or file" in command.refused(1, "blend", tmp_path / "none", "-o", tmp_path / "x")
    assert (out / "model.npz").read_bytes() == before
    phrases = WordVectors(["new york"], np.ones((1, 2), np.float32))
    keyedvectors.write(tmp_path / "phrases", phrases)
    assert "'new york' has white space" in command.refused(1, "blend", tmp_path / "phrases", "-o", tmp_path / "x")
