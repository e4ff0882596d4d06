"""The navigation: few entries, in groups, with every page of the report in it once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from hcreport.render.templating import templates_folder
from tests.pages_case import pages, site_config

ROOT = Path(__file__).parent.parent

MOST_SHOWN = 24
"""Entries that a reader sees beside a page: the example's own guide is the longest."""


def entries(nav: list[Any]) -> Iterator[tuple[str, str]]:
    """Yield title and page of every entry, also of groups in groups."""
    for each in nav:
        for title, value in each.items():
            if isinstance(value, list):
                yield from entries(value)
            else:
                yield title, value


def shown(nav: list[Any]) -> int:
    """Return how many entries show: groups are open, and a group in a group is closed."""
    return sum(
        len(value) if isinstance(value, list) else 1 for each in nav for value in each.values()
    )


@pytest.mark.parametrize("path", ["mkdocs.yml", "templates/site/mkdocs.yml"])
def test_the_navigation_is_short_and_grouped(path: str) -> None:
    config = yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))
    assert "navigation.sections" in config["theme"]["features"]
    alone = [value for each in config["nav"] for value in each.values() if isinstance(value, str)]
    assert alone == ["index.md", "checklist.md", "assessment.md", "requirements.md"]
    assert shown(config["nav"]) <= MOST_SHOWN


def test_every_page_but_those_of_one_subject_is_in_it_once() -> None:
    config = site_config()
    left_out = tuple(line.strip("/ ") + "/" for line in config["not_in_nav"].split())
    listed = [page for _, page in entries(config["nav"])]
    assert len(listed) == len(set(listed))
    expected = {
        path
        for path in pages("tiny")
        if not path.startswith(left_out) or path.endswith("/index.md")
    }
    assert set(listed) == expected
    titles = [title for title, _ in entries(config["nav"])]
    assert len(titles) == len(set(titles))


def test_the_configuration_is_the_packaged_one() -> None:
    assert (templates_folder() / "site/mkdocs.yml").is_file()
