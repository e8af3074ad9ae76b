"""HTML documents of one file: the frame, tables, data for scripts, and the content security policy."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from glove_adagrad.text import printable

_JOINERS = re.compile("[^\u200c\u200d]+|.", re.DOTALL)


def resource(name: str) -> str:
    """Return the text of a file of this package."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def page_text(text: str) -> str:
    """Return text as `printable` does, but keep the joiners that Persian, Indic scripts and emoji need in words."""
    return _JOINERS.sub(lambda match: match[0] if match[0] in "\u200c\u200d" else printable(match[0]), text)


def escaped(text: str) -> str:
    """Return text for HTML content and attributes: nothing in it is interpreted."""
    return html.escape(page_text(text))


def document(title: str, body: str, style: str, script: str = "", data: Any = None) -> str:
    """Put a page together.

    The content security policy allows this style sheet and this script, by their hashes, and pictures as data URLs.
    Everything else is forbidden: other scripts, styles, connections, frames and forms.

    Parameters
    ----------
    title : str
    body : str
        HTML in which all text is `escaped`.
    style, script : str
    data : optional
        A value that the script finds as JSON in the element `data`.
    """
    scripts = f"'{_digest(script)}'" if script else "'none'"
    policy = (
        f"default-src 'none'; script-src {scripts}; style-src '{_digest(style)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    parts = [
        "<!DOCTYPE html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="referrer" content="no-referrer">',
        '<link rel="icon" href="data:,">',
        f"<title>{escaped(title)}</title>",
        f"<style>{style}</style>",
        "</head>",
        f"<body>\n{body}",
    ]
    if data is not None:
        parts.append(f'<script type="application/json" id="data">{script_json(data)}</script>')
    if script:
        parts.append(f"<script>{script}</script>")
    return "\n".join([*parts, "</body>", "</html>", ""])


def script_json(value: Any) -> str:
    """Return JSON in ASCII without `<`, `>` and `&`, so that no text in it can end the element around it."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def table(head: Sequence[str], rows: Sequence[Sequence[str]], kind: str = "") -> str:
    """Return a table that scrolls by itself where it is wider than the page; `kind` "text" aligns all cells left."""
    lines = ["".join(f"<th>{escaped(cell)}</th>" for cell in head)] if any(head) else []
    lines += ["".join(f"<td>{escaped(cell)}</td>" for cell in row) for row in rows]
    inner = "".join(f"<tr>{line}</tr>\n" for line in lines)
    return f'<div class="scroll" tabindex="0"><table class="{kind}">{inner}</table></div>'


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
