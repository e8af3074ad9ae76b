"""No module over 400 lines, no function over 60 without its docstring: what is larger has more than one subject."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import glove_adagrad

PACKAGE = Path(glove_adagrad.__file__).parent

#: The public class, most of it documentation and the signature.
LARGER = {"model.py"}


def sizes() -> Iterator[tuple[str, int, int]]:
    """Name, size and limit of each module and function."""
    for path in sorted(PACKAGE.rglob("*.py")):
        name, text = path.relative_to(PACKAGE).as_posix(), path.read_text()
        yield name, text.count("\n"), 400
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
                yield f"{name}:{node.name}", node.end_lineno - first.lineno + 1, 60  # type: ignore[operator]


def test_modules_and_functions_are_small() -> None:
    assert [f"{name}: {size}" for name, size, limit in sizes() if size > limit and name not in LARGER] == []
