"""Hooks of mkdocs: pages from outside docs/, links as they are in the repository, help of all commands."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

import click
from mkdocs.structure.files import File, Files
from mkdocs.utils import get_relative_url

ROOT = Path(__file__).resolve().parents[1]
#: Files outside docs/ that are part of the site. README.md is its home page.
OUTSIDE = ("CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", "eval/**/*.md", "eval/**/*.png")
#: What the offline plugin of mkdocs-material loads from the network, and what pages use instead.
FROM_NETWORK, INSTEAD = "https://unpkg.com/iframe-worker/shim", "assets/search-from-disk.js"
LINK = re.compile(r"\[([^\]]*)\]\(([^)\s:#]+)(#[^)\s]*)?\)")


def on_files(files: Files, config: Any) -> Files:
    files.append(File.generated(config, "index.md", abs_src_path=str(ROOT / "README.md")))
    for pattern in OUTSIDE:
        for path in sorted(ROOT.glob(pattern)):
            source = path.relative_to(ROOT).as_posix()
            files.append(File(source, str(ROOT), config.site_dir, config.use_directory_urls))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    source = page.file.src_uri
    here = posixpath.dirname(in_repository(source))

    def moved(match: re.Match[str]) -> str:
        text, path, anchor = match.groups()
        target = posixpath.normpath(posixpath.join(here, path))
        on_site = "index.md" if target == "README.md" else target.removeprefix("docs/")
        if not files.get_file_from_path(on_site) and (ROOT / target).exists():
            raise SystemExit(f"{source}: {path} is not on the site; name it as code instead of linking to it")
        if text.endswith(".md") and target.endswith(text):
            text = title(ROOT / target)
        return f"[{text}]({posixpath.relpath(on_site, posixpath.dirname(source) or '.')}{anchor or ''})"

    return LINK.sub(moved, markdown).replace("<!-- help of all commands -->", help_of_all_commands())


def on_post_page(output: str, page: Any, config: Any) -> str:
    return output.replace(FROM_NETWORK, get_relative_url(INSTEAD, page.url))


def on_post_template(output_content: str, template_name: str, config: Any) -> str:
    return output_content.replace(FROM_NETWORK, f"/{INSTEAD}")


def in_repository(source: str) -> str:
    """Return the path in the repository of a page of the site."""
    if source == "index.md":
        return "README.md"
    return f"docs/{source}" if (ROOT / "docs" / source).exists() else source


def title(path: Path) -> str:
    """Return the heading of a page."""
    return path.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")


def help_of_all_commands() -> str:
    from glove_adagrad.cli import cli

    parts = []
    with click.Context(cli, info_name="glove-adagrad", terminal_width=78) as group:
        for name in cli.list_commands(group):
            command = cli.get_command(group, name)
            assert command is not None
            with click.Context(command, parent=group, info_name=name, terminal_width=78) as context:
                parts.append(f"## {name}\n\n```text\n{command.get_help(context)}\n```\n")
    return "\n".join(parts)
