"""Types of the values of options."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click

_UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


class Size(click.ParamType):
    """An amount of memory with its unit, as 500M or 2.5G; an int of bytes once parsed."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        found = re.fullmatch(r"(\d+(?:\.\d+)?)([KMGT])(?:i?B)?", str(value).strip(), re.IGNORECASE)
        if re.fullmatch(r"\d+(\.\d+)?", str(value).strip()):
            self.fail(f"{value} has no unit; write {value}G for gigabytes or {value}M for megabytes", param, ctx)
        if not found or float(found[1]) == 0:
            self.fail(f"{value!r} is not a size; write a number and a unit, as 500M or 2G", param, ctx)
        return int(float(found[1]) * _UNITS[found[2].upper()])

    def written(self, size: int) -> str:
        """Return how a number of bytes is given as a value."""
        unit = max((unit for unit in _UNITS if size % _UNITS[unit] == 0), key=lambda unit: _UNITS[unit])
        return f"{size // _UNITS[unit]}{unit}"


class FilePath(click.Path):
    """A path, as `pathlib.Path`; the library checks whether it can be used."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)


class Whole(click.IntRange):
    """A whole number within bounds."""

    name = "N"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            int(value)
        except ValueError:
            self.fail(f"{value!r} is not a whole number", param, ctx)
        return super().convert(value, param, ctx)


class Number(click.FloatRange):
    """A number, within bounds if any are given."""

    name = "X"

    def _describe_range(self) -> str:
        return super()._describe_range() if (self.min, self.max) != (None, None) else ""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            float(value)
        except ValueError:
            self.fail(f"{value!r} is not a number", param, ctx)
        return super().convert(value, param, ctx)
