"""The cited facts: each loads, says where it was read, and is found by whoever cites it."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from hcreport.errors import FactError
from hcreport.facts import fact, fact_bytes, fact_value, facts
from hcreport.rules import load_rules

ROOT = Path(__file__).parent.parent
FACT_FILES = sorted((ROOT / "hcreport" / "facts").glob("*.yaml"))
STEMS = {path.stem for path in FACT_FILES}
_KEY = re.compile(rf"({'|'.join(sorted(STEMS))})/[a-z0-9.-]+")


def cited_in_code(source: str) -> Iterator[tuple[str, bool]]:
    """Yield each text of a source that looks like a fact's key, and whether it is the whole key."""
    tree = ast.parse(source)
    parts = {
        id(each)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for each in node.values
    }
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)) if _KEY.fullmatch(text):
                yield text, id(node) not in parts


def cited_in_data(data: Any) -> Iterator[str]:
    """Yield each value of a key ``fact`` or ``cites`` anywhere in a JSON document."""
    if isinstance(data, dict):
        if isinstance(data.get("fact"), str):
            yield data["fact"]
        for each in data.values():
            yield from cited_in_data(each)
    elif isinstance(data, list):
        for each in data:
            yield from cited_in_data(each)


@pytest.mark.parametrize("path", FACT_FILES, ids=lambda path: path.stem)
def test_every_fact_of_a_file_is_loaded(path: Path) -> None:
    names = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert names, "an empty file of facts"
    assert {key for key in facts() if key.startswith(f"{path.stem}/")} == {
        f"{path.stem}/{name}" for name in names
    }


@pytest.mark.parametrize("path", FACT_FILES, ids=lambda path: path.stem)
def test_no_fact_stands_twice_in_a_file(path: Path) -> None:
    """YAML keeps the last of two equal keys without a word."""
    node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    assert isinstance(node, yaml.MappingNode)
    names = [key.value for key, _ in node.value]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("key", facts())
def test_every_fact_says_where_it_comes_from(key: str) -> None:
    known = fact(key)
    assert re.fullmatch(r"[a-z0-9-]+/[a-z0-9.-]+", key)
    assert known.claim.strip().endswith(".")
    assert known.checked.strip()
    assert known.source.title.strip()
    if known.source.url is not None:
        parts = urlsplit(known.source.url)
        assert parts.scheme == "https"
        assert "." in parts.netloc
        assert "@" not in parts.netloc
    assert (known.value is None) == (known.unit is None), "a value has a unit, and only a value"


def test_the_page_can_show_where_a_number_comes_from() -> None:
    origin = fact("platforms/wsl-default-share").origin("platforms/wsl-default-share")
    assert (origin.kind, origin.fact) == ("cited", "platforms/wsl-default-share")
    assert origin.evidence.endswith(", read 2026-11-23")


@pytest.mark.parametrize(
    "path", sorted((ROOT / "hcreport").rglob("*.py")), ids=lambda path: path.stem
)
def test_every_key_that_the_code_cites_resolves(path: Path) -> None:
    for key, whole in cited_in_code(path.read_text(encoding="utf-8")):
        matching = [
            known for known in facts() if (known == key if whole else known.startswith(key))
        ]
        assert matching, f"there is no fact {key}"


def test_every_key_that_a_rule_cites_resolves() -> None:
    for loaded in load_rules().values():
        thresholds = [each.cites for each in loaded.rule.thresholds.values() if each.cites]
        for key in (*loaded.rule.cites, *thresholds):
            assert fact(key)


@pytest.mark.parametrize(
    "path", sorted((ROOT / "docs" / "snapshots").glob("*.json")), ids=lambda path: path.stem
)
def test_every_key_that_a_published_snapshot_cites_resolves(path: Path) -> None:
    for key in cited_in_data(json.loads(path.read_text(encoding="utf-8"))):
        assert fact(key)


def test_a_cited_key_is_found_in_code_and_data() -> None:
    code = "a = fact_value('docker/one')\nb = f'docker/two{which}'\nc = 'text/plain'"
    assert list(cited_in_code(code)) == [("docker/one", True), ("docker/two", False)]
    assert list(cited_in_data({"a": [{"fact": "docker/one"}], "fact": None})) == ["docker/one"]


def test_a_fact_that_is_not_there_is_our_fault() -> None:
    with pytest.raises(FactError, match="there is no fact docker/moon"):
        fact("docker/moon")
    with pytest.raises(FactError, match="is not a size"):
        fact_bytes("platforms/wsl-default-share")
    assert fact_value("platforms/wsl-default-share") == 0.5
    assert FactError.exit_code == 5
