"""What a file is that is neither vectors nor a test set: by its first bytes, so that an error can name it."""

from __future__ import annotations

import re

from glove_adagrad import file_kind

_HTML = re.compile(rb"\s*<(!doctype html|html[ >]|\?xml |mediawiki )", re.IGNORECASE)
_JSON = re.compile(rb'\s*(\{\s*"|\[\s*[\[{"])')

SIGNATURE_BYTES = file_kind.SIGNATURE_BYTES


def other_kind(head: bytes) -> str:
    """Name what a file is, and what to do, by its first bytes; an empty string for anything unknown."""
    if kind := file_kind.other_kind(head):
        return str(kind)
    if _HTML.match(head):
        return "a web page or XML; a download may have failed"
    if _JSON.match(head):
        return "JSON, not lines of words"
    return ""
