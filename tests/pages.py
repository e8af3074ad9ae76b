"""For tests of the explorer's page: what is in it, and its arithmetic in NumPy."""

from __future__ import annotations

import base64
import hashlib
import json
from html.parser import HTMLParser
from typing import Any

import numpy as np

#: Words that break pages which trust them, and words of other scripts.
HOSTILE = [
    "</script><script>window.pwned=1</script>",
    "<img/src=x/onerror=window.pwned=1>",
    "<!--",
    "\"'&amp;",
    "a\x00b\x1b[2J",
    "\u202eevil\u2028",
    "\udcff\udcfe",
    "$title",
    "__proto__",
    "שלום",
    "می\u200cخواهم",
    "東京",
    "👩\u200d🚀",
    "x" * 400,
]


class Parsed(HTMLParser):
    """A page as a browser would divide it; tags must close in order."""

    VOID = ("meta", "link", "input", "img")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.content: dict[str, list[str]] = {}
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.content.setdefault(self.open[-1] if self.open else "", []).append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def text(self) -> str:
        return "\n".join(
            data for tag, parts in self.content.items() if tag not in ("script", "style") for data in parts
        )

    @property
    def policy(self) -> dict[str, list[str]]:
        """The directives of the content security policy, of which there must be exactly one."""
        (found,) = [
            meta["content"] for meta in self.all("meta") if meta.get("http-equiv") == "Content-Security-Policy"
        ]
        assert found is not None
        return {directive.split()[0]: directive.split()[1:] for directive in found.split(";")}

    @property
    def data(self) -> Any:
        return json.loads(self.content["script"][0])


def digest(text: str) -> str:
    """The source expression of a content security policy that allows exactly this text."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


class PageModel:
    """A model as `Model` of explore.js computes with it."""

    def __init__(self, given: dict[str, Any]) -> None:
        self.words: list[str] = given["words"]
        kinds = {"mean": "<f4", "scales": "<f4", "vectors": np.int8}
        mean, scales, steps = (np.frombuffer(base64.b64decode(given[key]), kind) for key, kind in kinds.items())
        unit = mean + scales[:, np.newaxis] * steps.reshape(len(self.words), given["size"])
        self.unit = unit / np.linalg.norm(unit, axis=1, keepdims=True)

    def nearest(self, signs: list[int], rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The best word of each query, and its cosine: sums of the words of `rows` [n, terms] with these signs."""
        queries = np.einsum("t,ntd->nd", np.array(signs, np.float32), self.unit[rows])
        cosines = queries / np.linalg.norm(queries, axis=1, keepdims=True) @ self.unit.T
        np.put_along_axis(cosines, rows, -np.inf, axis=1)
        best = cosines.argmax(axis=1)
        return best, cosines[np.arange(len(rows)), best]
