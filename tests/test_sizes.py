"""No module over 400 lines, no function over 60, docstrings aside: what is larger has more than one subject."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import glove_adagrad

PACKAGE = Path(glove_adagrad.__file__).parent

DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def docstrings(tree: ast.AST) -> int:
    """Lines of docstrings in a syntax tree."""
    documented = (node for node in ast.walk(tree) if isinstance(node, DOCUMENTED) and ast.get_docstring(node))
    texts = (node.body[0] for node in documented)
    return sum(text.end_lineno - text.lineno + 1 for text in texts)  # type: ignore[operator]


def sizes() -> Iterator[tuple[str, int, int]]:
    """Name, size and limit of each module and function."""
    for path in sorted(PACKAGE.rglob("*.py")):
        name, text = path.relative_to(PACKAGE).as_posix(), path.read_text()
        tree = ast.parse(text)
        yield name, text.count("\n") - docstrings(tree), 400
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
                yield f"{name}:{node.name}", node.end_lineno - first.lineno + 1, 60  # type: ignore[operator]


def test_modules_and_functions_are_small() -> None:
    assert [f"{name}: {size}" for name, size, limit in sizes() if size > limit] == []
