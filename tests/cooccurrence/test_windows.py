"""Settings of windows and of the weights of distances."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from glove_adagrad.cooccurrence.windows import Windows
from glove_adagrad.errors import InputError


def test_impossible_windows_are_refused() -> None:
    with pytest.raises(InputError, match="window 0: must lie between 1 and 1000"):
        Windows(window=0)
    with pytest.raises(InputError, match="boundary 'page': must be one of"):
        Windows(boundary="page")


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ("square", "distance_weights 'square': must be harmonic, flat, linear or a list of numbers"),
        ("1,2", r"distance_weights: has 2 weights, and the window is 3; .* or a window of 2"),
        ("1,x,2", r"distance_weights\[1\]: 'x' is not a weight"),
        ("1,-1,2", r"distance_weights\[1\]: '-1' is not a weight"),
        ("1,1/00,2", r"distance_weights\[1\]: '1/00' is not a weight"),
        ("1,1e99999999,2", "is not a weight"),
        ("0,0.0,0/7", "all weights are 0"),
        ("1e-31,1,1", "common denominator"),
        ("1e19,1,1", "may not fit in 64 bits"),
    ],
)
def test_impossible_distance_weights_are_refused(weights: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Windows(3, distance_weights=weights)


@pytest.mark.parametrize(
    ("weights", "name"),
    [("1,0.5,1/3", "harmonic"), ("1,1.0,2/2", "flat"), ("3/3,2/3,1/3", "linear"), ("2,1e0,0.750", "2,1,3/4")],
)
def test_equal_distance_weights_are_equal_settings(weights: str, name: str) -> None:
    windows = Windows(3, distance_weights=weights)
    assert windows == Windows(3, distance_weights=name)
    assert windows.distance_weights == name
    assert Windows.from_json(json.loads(json.dumps(windows.to_json())), Path("meta.json")) == windows


def test_harmonic_and_flat_weights_are_stored_as_before() -> None:
    for name, stored in (("harmonic", True), ("flat", False)):
        assert list(Windows(distance_weights=name).to_json().items())[:3] == [
            ("window", 15),
            ("symmetric", True),
            ("distance_weighting", stored),
        ]
