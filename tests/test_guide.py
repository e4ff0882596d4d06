"""The guide: its examples name every key, its tables are true, and its sentences are short.

``test_docs_blocks.py`` runs and validates every block of code.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from hcreport.config import Config
from hcreport.model import Gap, OriginNote, Scenario
from hcreport.rules import load_rules
from hcreport.snapshot import parse_snapshot
from hcreport.units import (
    parse_compose_memory,
    parse_docker_image_size,
    parse_docker_stats_memory,
    parse_ollama_size,
)

ROOT = Path(__file__).parent.parent
GUIDE = sorted((ROOT / "docs" / "guide").glob("*.md"))
PAGES = [
    *GUIDE,
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "docs/compared-with-the-review.md",
]

LONGEST_SENTENCE = 20

FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")


def fences(path: Path, language: str) -> list[str]:
    """Return the fenced blocks of one language in a page."""
    text = path.read_text(encoding="utf-8")
    return [body for name, body in FENCE.findall(text) if name == language]


def sentences(path: Path) -> Iterator[str]:
    """Yield the sentences of a page outside of code, tables and front matter."""
    text = re.sub(r"\A---\n.*?\n---\n", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    text = CODE.sub("code", FENCE.sub("\n", text))
    for line in text.splitlines():
        if not line.startswith(("|", "!")):
            plain = re.sub(r"\[([^]]+)]\([^)]*\)", r"\1", line)
            yield from re.split(r"(?<=[.?!:;])\s+", re.sub(r"^[-#*\d. ]+", "", plain))


def test_the_configuration_example_is_valid_and_has_every_key() -> None:
    page = ROOT / "docs/guide/configuration.md"
    (example,) = fences(page, "yaml")
    data = yaml.safe_load(example)
    config = Config.model_validate(data)
    assert data.keys() == Config.model_fields.keys()
    rows = re.findall(r"^\| `(\w+)` \|", page.read_text("utf-8"), re.MULTILINE)
    assert set(rows) == Config.model_fields.keys()
    rules = load_rules()
    assert {each.rule for each in config.suppress} <= rules.keys()
    for rule, thresholds in config.rules.items():
        assert thresholds.keys() <= rules[rule].rule.thresholds.keys()


def test_the_examples_of_scenarios_are_valid_and_the_table_names_every_key() -> None:
    page = ROOT / "docs/guide/scenarios.md"
    examples = [Config.model_validate(yaml.safe_load(text)) for text in fences(page, "yaml")]
    used = {key for each in examples for one in each.scenarios for key in one.model_fields_set}
    assert used == Scenario.model_fields.keys()
    table = "".join(re.findall(r"^\| (`\w+`.*?) \|", page.read_text("utf-8"), re.MULTILINE))
    assert set(CODE.findall(table)) == Scenario.model_fields.keys()


def test_the_examples_of_the_snapshot_format_are_valid() -> None:
    snapshot, gap, note = fences(ROOT / "docs/guide/snapshot-format.md", "json")
    assert parse_snapshot(snapshot).project.name == "shop"
    assert Gap.model_validate(json.loads(gap))
    assert OriginNote.model_validate(json.loads(note))


def test_the_table_of_units_is_what_the_parsers_do() -> None:
    parsers = (
        parse_compose_memory,
        parse_docker_stats_memory,
        parse_docker_image_size,
        parse_ollama_size,
    )
    page = (ROOT / "docs/guide/units.md").read_text("utf-8")
    lines = [line for line in page.splitlines() if re.match(r"\|.*`.*\| [\d,]+ \|", line)]
    for parse, line in zip(parsers, lines, strict=True):
        _, _, texts, expected, *_ = line.split("|")
        for text in CODE.findall(texts):
            assert parse(text) == int(expected.replace(",", ""))


def test_the_exit_codes_of_the_readme_agree_with_the_errors() -> None:
    codes = {"0", "1", "2", "3", "4", "5"}
    rows = re.findall(r"^\| (\d+) \|", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
    assert set(rows) >= codes


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_sentences_are_short(path: Path) -> None:
    long = [each for each in sentences(path) if len(each.split()) > LONGEST_SENTENCE]
    assert long == []


@pytest.mark.parametrize("path", GUIDE, ids=lambda path: path.stem)
def test_a_page_is_in_the_navigation_with_a_description(path: Path) -> None:
    assert f"guide/{path.name}\n" in (ROOT / "mkdocs.yml").read_text("utf-8")
    assert path.read_text("utf-8").startswith("---\ndescription: ")


def test_our_own_site_has_the_settings_of_everybodys() -> None:
    ours, packaged = (
        yaml.safe_load((ROOT / name).read_text("utf-8"))
        for name in ("mkdocs.yml", "templates/site/mkdocs.yml")
    )
    different = {"site_name", "site_description", "docs_dir", "plugins", "nav"}
    # The guide has blocks of code with colours, generated pages have none.
    colours = ["pymdownx.superfences", "pymdownx.highlight"]
    extensions = ours["markdown_extensions"]
    ours["markdown_extensions"] = [each for each in extensions if each not in colours]
    assert {
        key for key in ours.keys() | packaged if ours.get(key) != packaged.get(key)
    } <= different
    assert ours["nav"][: len(packaged["nav"])] == packaged["nav"]
