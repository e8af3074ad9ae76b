"""The description for a package index: README.md, where links to files of the repository would lead nowhere."""

from __future__ import annotations

import re
from pathlib import Path

from setuptools import setup


def description(readme: str) -> str:
    """Return README.md with links to files of the repository replaced by their paths, and other links unchanged."""

    def plain(match: re.Match[str]) -> str:
        text, target = match[1], match[2]
        return text if text == target else f"{text} (`{target}`)"

    return re.sub(r"\[([^\]]+)\]\((?![a-z]+:)([^)#]+)(?:#[^)]*)?\)", plain, readme)


if __name__ == "__main__":
    setup(
        long_description=description(Path(__file__).with_name("README.md").read_text(encoding="utf-8")),
        long_description_content_type="text/markdown",
    )
