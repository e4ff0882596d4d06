"""The pages: complete, the same every time, short where they must be, and fit for MkDocs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import markdown
import pytest
import yaml

from hcreport.analyze import analyze
from hcreport.facts import facts
from hcreport.model import Assessment, Snapshot
from hcreport.names import slug
from hcreport.render.assets import LOGO, assets
from hcreport.render.escape import plain
from hcreport.render.images import image_path
from hcreport.render.marker import is_generated
from hcreport.render.pages import downloads, render_pages
from hcreport.render.services import service_path
from hcreport.render.sources import fact_anchor, fact_link, source_topics
from hcreport.render.view import View
from hcreport.rules import load_rules
from tests.pages_case import (
    SNAPSHOTS,
    Structure,
    assessed,
    files,
    markdown_settings,
    pages,
    proofs,
    site_config,
    structure,
)

FIXED = (
    "assessment.md",
    "changes.md",
    "checklist.md",
    "glossary.md",
    "images.md",
    "index.md",
    "limits.md",
    "local-or-api.md",
    "method.md",
    "models.md",
    "requirements.md",
    "rules/index.md",
    "services/index.md",
    "sleep.md",
    "sources.md",
)

every_snapshot = pytest.mark.parametrize("name", sorted(SNAPSHOTS))


def _html(page: str) -> str:
    body = page.split("\n---\n", maxsplit=1)[1]
    return markdown.markdown(body, **markdown_settings())


def _main_text(html: str) -> list[str]:
    """Return the sentences of the paragraphs, without what a table or a block of code holds."""
    html = re.sub(r"<(table|pre|figure|ul|ol)\b.*?</\1>", "", html, flags=re.DOTALL)
    paragraphs = re.findall(r"<p\b.*?</p>", html, flags=re.DOTALL)
    texts = (structure(each).joined for each in paragraphs)
    return [part for text in texts for part in re.split(r"(?<=[.:;·])\s", text) if part]


@every_snapshot
def test_every_page_is_there(name: str) -> None:
    snapshot, _ = assessed(name)
    services = {service_path(each.name) for each in snapshot.services}
    images = {image_path(each.name) for each in snapshot.images}
    rules = {f"rules/{rule}.md" for rule in load_rules()}
    sources = {each.path for each in source_topics()}
    assert set(pages(name)) == {*FIXED, *services, *images, *rules, *sources}
    assert len(images) == len(snapshot.images)
    assert len(services) == len(snapshot.services)
    assert list(pages(name)) == sorted(pages(name))


@every_snapshot
def test_every_page_has_its_head(name: str) -> None:
    snapshot, _ = assessed(name)
    for path, page in pages(name).items():
        head = yaml.safe_load(page.split("---\n")[1])
        assert head["title"], path
        assert head["description"], path
        assert is_generated(page), path
        html = structure(_html(page))
        assert [tag for tag, _ in html.elements].count("h1") == 1, path
        assert plain(snapshot.title or snapshot.project.name) in plain(html.joined), path
        assert "1 March 2026" in html.joined or "6 February 2026" in html.joined, path


@every_snapshot
def test_the_same_input_gives_the_same_bytes(name: str) -> None:
    assert render_pages(*assessed(name), proofs=proofs(name)) == pages(name)
    assert downloads(*assessed(name), proofs=proofs(name)) == files(name)


def test_a_page_named_index_does_not_replace_the_list() -> None:
    assert service_path("index") != "services/index.md"
    assert service_path("core") == "services/core.md"
    assert len({service_path(name) for name in ("index", "Index", "index ", "index.")}) == 4


@every_snapshot
def test_html_is_accessible(name: str) -> None:
    for path, page in pages(name).items():
        found = structure(_html(page))
        identifiers = Counter(each["id"] for _, each in found.elements if "id" in each)
        assert not [each for each, count in identifiers.items() if count > 1], path
        labelled = {each.get("for") for tag, each in found.elements if tag == "label"}
        for tag, attributes in found.elements:
            if tag == "input":
                assert attributes["id"] in labelled, path
                assert attributes["type"] == "radio" or "checked" not in attributes, path
            if tag == "svg":
                assert attributes["role"] == "img", path
                assert set(attributes["aria-labelledby"].split()) <= set(identifiers), path
        tables = [tag for tag, _ in found.elements].count("table")
        assert tables <= [tag for tag, _ in found.elements].count("th"), path


@pytest.mark.parametrize("name", ["empty", "hypercode", "tiny", "watched"])
@pytest.mark.parametrize(
    "page", [each for each in FIXED if each not in ("assessment.md", "images.md", "sources.md")]
)
def test_sentences_are_short(name: str, page: str) -> None:
    # "a Compose file:12" and the like count as one word more; rules write their own sentences.
    long = [each for each in _main_text(_html(pages(name)[page])) if len(each.split()) > 20]
    assert long == []


@pytest.mark.parametrize("name", ["empty", "hypercode", "tiny", "watched"])
def test_nothing_is_escaped_twice(name: str) -> None:
    for path, page in pages(name).items():
        assert "&#" not in structure(_html(page)).joined, path


@pytest.mark.parametrize("name", ["empty", "hypercode", "tiny", "watched"])
def test_pages_do_not_shout(name: str) -> None:
    for path, page in pages(name).items():
        text = structure(_html(page)).joined
        assert "!" not in text, path
        assert not re.search(r"[\U0001f300-\U0001faff\u2705\u274c\u26a0]", text), path
        for heading in re.findall(r"^#+ (.*)", page.split("-->")[1], flags=re.MULTILINE):
            assert not heading.endswith("."), (path, heading)


def test_what_is_unknown_is_said() -> None:
    found = pages("empty")
    assert len(re.findall(r"\| (?:\*\*)?not measured(?:\*\*)? \|", found["index.md"])) == 4
    assert "## Nothing was measured" in found["index.md"]
    assert "Neither what nothing needs nor what Docker has was measured" in found["index.md"]
    assert "The snapshot holds no service." in found["services/index.md"]
    assert "the snapshot was taken without an engine" in found["images.md"]
    assert "<svg" not in found["index.md"]
    assert "| Docker engine | not measured |" in found["method.md"]


def test_the_parts_of_a_requirement_stand_beside_their_sum() -> None:
    page = pages("tiny")["requirements.md"]
    size = r'<span class="hc-size" title="[^"]+ bytes">1\.46 GiB</span>'
    assert re.search(rf"\| small&#58;1b \|  \| .*{size} \|", page)
    assert re.search(r"\| web \| \| .*not measured \|", page)
    assert "**Sum of the known parts**" in page


def test_every_fact_stands_on_the_page_of_its_topic_and_every_topic_is_listed() -> None:
    found = pages("tiny")
    anchors = [fact_anchor(key) for key in facts()]
    assert len(set(anchors)) == len(anchors)
    for key in facts():
        path, anchor = fact_link(key).split("#")
        assert f"{{: #{anchor} }}" in found[path]
        assert f"]({path})" in found["sources.md"]


def _many_services(count: int) -> tuple[Snapshot, Assessment]:
    snapshot, _ = assessed("tiny")
    copies = [
        snapshot.services[0].model_copy(update={"name": f"service-{number:04}"})
        for number in range(count)
    ]
    larger = snapshot.model_copy(update={"services": tuple(copies), "containers": ()})
    return larger, analyze(larger)


def test_a_long_list_of_names_is_cut_with_a_count() -> None:
    found = render_pages(*_many_services(60))
    assert "and 40 more" in found["assessment.md"]
    assert len([each for each in found if each.startswith("services/")]) == 61


def test_a_template_of_the_user_replaces_one_block(tmp_path: Path) -> None:
    (tmp_path / "index.md.j2").write_text(
        '{% extends "!base/index.md.j2" %}\n'
        "{% block checks %}## Ours\n\n{{ snapshot.tool }}\n{% endblock %}\n",
        encoding="utf-8",
    )
    snapshot, assessment = assessed("hostile")
    found = render_pages(snapshot, assessment, template_folders=[tmp_path])
    assert "## Ours\n\n&#60;script" in found["index.md"]
    assert "What else was checked" not in found["index.md"]
    assert "## Memory" in found["index.md"]
    del found["index.md"]
    assert found.items() <= pages("hostile").items()


def test_assets_are_the_packaged_ones() -> None:
    assert "assets/hcreport.css" in assets()
    assert b"@media print" in assets()["assets/hcreport.css"]


def test_alternatives_are_one_box() -> None:
    snapshot, assessment = assessed("hypercode")
    view = View(snapshot, assessment)
    groups = {each.group for each in assessment.plan if each.group}
    assert groups
    assert len(view.steps) == len(groups) + sum(1 for each in assessment.plan if not each.group)
    assert pages("hypercode")["checklist.md"].count("Do one of these</label>") == len(groups)


def _build(name: str, folder: Path) -> Path:
    """Build the site of a snapshot in a process of its own; every warning is an error."""
    docs = folder / "docs"
    everything = {path: text.encode() for path, text in pages(name).items()}
    everything |= assets() | files(name)
    for path, content in everything.items():
        (docs / path).parent.mkdir(parents=True, exist_ok=True)
        (docs / path).write_bytes(content)
    config = site_config()
    # The pages are on disk already.
    config["plugins"] = [each for each in config["plugins"] if each != "hcreport"]
    (folder / "mkdocs.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "mkdocs", "build", "--strict"],
        cwd=folder,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return folder / "site"


def _dangerous(html: Structure) -> list[str]:
    """Return elements that a report never has, or has only from the theme's own files."""
    return [
        f"{tag} {attributes}"
        for tag, attributes in html.elements
        if tag in ("img", "iframe", "object", "embed", "base", "form")
        or (tag == "script" and attributes.get("src", "").startswith(("http", "//")))
        or any(each.startswith("on") for each in attributes)
        or any(
            attributes.get(each, "").strip().lower().startswith(("javascript:", "data:"))
            for each in ("href", "src", "action")
        )
    ]


def _of_the_theme(element: str) -> bool:
    """Tell whether an element is the theme's search or its logo, which stand around every page."""
    return element.startswith("form ") or f"{LOGO}'" in element


@every_snapshot
def test_mkdocs_builds_the_site_without_a_warning(name: str, tmp_path: Path) -> None:
    site = _build(name, tmp_path)
    scripts = set()
    for path in sorted(site.rglob("*.html")):
        html = structure(path.read_text(encoding="utf-8"))
        assert [each for each in _dangerous(html) if not _of_the_theme(each)] == [], path
        assert [tag for tag, _ in html.elements].count("h1") == 1, path
        scripts.add([tag for tag, _ in html.elements].count("script"))
        for tag, attributes in html.elements:
            address = attributes.get("src" if tag in ("script", "img") else "href", "")
            if tag in ("script", "link", "img"):
                assert not address.startswith(("http", "//")), (path, address)
    # A page that holds one script more than another holds one that is not the theme's.
    assert len(scripts) == 1


def test_slugs_of_services_are_their_pages() -> None:
    snapshot, assessment = assessed("tiny")
    view = View(snapshot, assessment)
    assert view.service_pages["web"] == f"services/{slug('web')}.md"
    assert view.service_pages["tiny-web-1"] == view.service_pages["web"]
