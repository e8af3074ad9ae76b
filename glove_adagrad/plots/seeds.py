"""Runs that differ only in their seeds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

#: Parts of `history.json` that are results of a run, not settings.
_RESULTS = ("epochs", "stages", "versions", "date", "command")


def group_seeds(histories: Mapping[str, Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return a label for each group of runs whose histories differ only in `seed` and in results.

    Parameters
    ----------
    histories : mapping
        From the name of a run to its `history.json`. Without a seed in its settings a run is a group of its own.
    """
    groups: dict[str, list[str]] = {}
    for name, history in histories.items():
        settings = dict(history.get("settings", {}))
        seeded = settings.pop("seed", None) is not None
        rest = {key: value for key, value in history.items() if key not in _RESULTS}
        key = json.dumps({**rest, "settings": settings}, sort_keys=True) if seeded else name
        groups.setdefault(key, []).append(name)
    return {
        names[0] if len(names) == 1 else f"{names[0]} (mean and range of {len(names)} seeds)": names
        for names in groups.values()
    }
