"""The reference pages name every key of the types they are made from, and say what it is."""

from __future__ import annotations

import re

import pytest

from hcreport.config import Budgets, Config, Suppression
from hcreport.model import Gap, LocalModel, Snapshot
from hcreport.model.record import Record
from tests import reference_pages

PAGES = reference_pages.files()


def keys_under(page: str, heading: str) -> list[str]:
    """Return the keys that the table under a heading has."""
    section = page.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)


@pytest.mark.parametrize(
    ("heading", "kind"),
    [("Top level", Config), ("Suppression", Suppression), ("Budgets", Budgets)],
)
def test_the_page_about_hcreport_yml_has_every_key(heading: str, kind: type[Record]) -> None:
    assert keys_under(PAGES[reference_pages.CONFIGURATION], heading) == [*kind.model_fields]


@pytest.mark.parametrize(("heading", "kind"), [("Gap", Gap), ("Local model", LocalModel)])
def test_the_page_about_the_snapshot_has_every_key(heading: str, kind: type[Record]) -> None:
    assert keys_under(PAGES[reference_pages.SNAPSHOT], heading) == [*kind.model_fields]


def test_the_first_table_of_the_snapshot_begins_with_the_schema_number() -> None:
    first, *others = keys_under(PAGES[reference_pages.SNAPSHOT], "Top level")
    assert first == "schema"
    assert others == [*Snapshot.model_fields]


def test_the_page_about_the_action_names_what_it_takes_and_gives() -> None:
    page = PAGES[reference_pages.ACTION]
    assert {"snapshot", "fail-on", "stale", "sarif"} < set(inputs_under(page, "Inputs"))
    assert "exit-code" in inputs_under(page, "Outputs")


def inputs_under(page: str, heading: str) -> list[str]:
    """Return the names that a table of the page about the action has."""
    section = page.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return re.findall(r"^\| `([\w-]+)` \|", section, re.MULTILINE)


def test_every_key_of_hcreport_yml_has_a_meaning_and_a_form() -> None:
    rows = [line for line in PAGES[reference_pages.CONFIGURATION].splitlines() if "| `" in line]
    bare = [line for line in rows if re.search(r"\|\s+\|$|^\| `\w+` \|\s+\|", line)]
    assert bare == []


@pytest.mark.parametrize("page", PAGES.values(), ids=[each.stem for each in PAGES])
def test_a_page_of_keys_leads_nowhere_that_is_not_there(page: str) -> None:
    headings = {
        line.removeprefix("## ").lower().replace(" ", "-")
        for line in page.splitlines()
        if line.startswith("## ")
    }
    assert set(re.findall(r"\(#([\w-]+)\)", page)) <= headings
    assert "anything" not in page
    assert ":class:" not in page
