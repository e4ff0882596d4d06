"""What the tests of the pages share: snapshots by name, their pages, and HTML taken apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import yaml

from hcreport.analyze import analyze
from hcreport.gate import Checked
from hcreport.model import Assessment, Proofs, Snapshot
from hcreport.proofs import proofs_path, read_proofs
from hcreport.render.pages import downloads, render_pages
from hcreport.render.templating import templates_folder
from hcreport.snapshot import read_snapshot

TESTS = Path(__file__).parent

SNAPSHOTS: Mapping[str, Path] = {
    "empty": TESTS / "snapshots" / "empty.json",
    "hostile": TESTS / "snapshots" / "hostile.json",
    "hypercode": TESTS.parent / "docs" / "snapshots" / "hypercode.json",
    "images": TESTS / "snapshots" / "images.json",
    "models": TESTS / "snapshots" / "models.json",
    "tiny": TESTS / "snapshots" / "tiny.json",
    "watched": TESTS / "snapshots" / "watched.json",
}

SITE_CONFIG = templates_folder() / "site" / "mkdocs.yml"


@cache
def assessed(name: str) -> tuple[Snapshot, Assessment]:
    """Return a snapshot with its assessment."""
    snapshot = read_snapshot(SNAPSHOTS[name])
    return snapshot, analyze(snapshot)


@cache
def checked(name: str) -> Checked:
    """Return one of the snapshots as it is checked without a baseline, failing for nothing."""
    snapshot, assessment = assessed(name)
    return Checked(snapshot=snapshot, assessment=assessment)


@cache
def pages(name: str) -> dict[str, str]:
    """Return all pages of a snapshot; do not change the result."""
    return render_pages(*assessed(name), proofs=proofs(name))


@cache
def proofs(name: str) -> Proofs:
    """Return what was proven of a snapshot; nothing for most."""
    return read_proofs(proofs_path(SNAPSHOTS[name]))


@cache
def files(name: str) -> dict[str, bytes]:
    """Return the files for programs beside the pages; do not change the result."""
    return downloads(*assessed(name), proofs=proofs(name))


def site_config() -> dict[str, Any]:
    """Return the packaged site configuration."""
    loaded = yaml.safe_load(SITE_CONFIG.read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def markdown_settings() -> dict[str, Any]:
    """Return how Python-Markdown is called by a site of ours, for ``markdown.Markdown``."""
    names: list[str] = ["toc", "tables", "fenced_code"]  # MkDocs adds these to every site
    options: dict[str, Any] = {}
    for entry in site_config()["markdown_extensions"]:
        if isinstance(entry, dict):
            options |= entry
        name = next(iter(entry)) if isinstance(entry, dict) else entry
        names.append(name)
    return {"extensions": list(dict.fromkeys(names)), "extension_configs": options}


@dataclass
class Structure:
    """An HTML text taken apart."""

    tags: list[str] = field(default_factory=list)
    """Start tags with their attributes and end tags, in order."""
    elements: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    text: list[str] = field(default_factory=list)

    @property
    def joined(self) -> str:
        """All text."""
        return "".join(self.text)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found = Structure()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.found.elements.append((tag, attributes))
        # A heading without an anchor gets one from its text.
        kept = {k: v for k, v in attributes.items() if k not in ("id", "href", "for")}
        self.found.tags.append(f"<{tag} {sorted(kept.items())}>")

    def handle_endtag(self, tag: str) -> None:
        self.found.tags.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self.found.text.append(data)

    def handle_comment(self, data: str) -> None:
        self.found.tags.append(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        self.found.tags.append(f"<!{decl}>")

    def handle_pi(self, data: str) -> None:
        self.found.tags.append(f"<?{data}>")


def structure(html: str) -> Structure:
    """Take an HTML text apart."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.found
