"""The Markdown summary: short, the verdict first, and harmless on GitHub; and the badge."""

from __future__ import annotations

import html
import json
import re

import click
import pytest

from hcreport.cli.check import check as check_command
from hcreport.cli.snapshot_options import repository_folder
from hcreport.facts import fact_value
from hcreport.gate import Baseline, Checked
from hcreport.model import Severity
from hcreport.render.badge import to_badge
from hcreport.render.formats import FORMATS
from hcreport.render.github import github_name, github_text
from hcreport.render.marker import BADGE_FILE, is_generated_file
from hcreport.render.summary import MOST_LINES, summary_mark, to_summary
from tests.formats_case import beside_baseline, checked, hostile_finding, with_findings
from tests.pages_case import SNAPSHOTS, assessed, files

_SHIELDS_KEYS = {
    "schemaVersion",
    "label",
    "message",
    "color",
    "labelColor",
    "isError",
    "namedLogo",
    "logoSvg",
    "logoColor",
    "logoSize",
    "logoWidth",
    "logoPosition",
    "style",
    "cacheSeconds",
}
"""https://shields.io/badges/endpoint-badge; any other key is refused."""

_SHOWN_SIGN = re.compile(r"@\w|#\d|GH-\d|://|www\.\w|\b[0-9a-f]{7,40}\b")


def assert_fits(text: str) -> None:
    assert text.count("\n") <= MOST_LINES
    assert len(text.encode()) <= fact_value("github/comment-largest")


@pytest.mark.parametrize("name", SNAPSHOTS)
def test_every_summary_fits_and_begins_with_its_mark_and_the_verdict(name: str) -> None:
    check = checked(name)
    text = to_summary(check)
    assert text == to_summary(check)
    assert_fits(text)
    lines = text.splitlines()
    assert lines[0] == summary_mark(check)
    assert html.unescape(lines[3]).replace("\u200b", "") == f"**{check.verdict}**"
    assert text.count("<details>") == text.count("</details>") <= 2


def test_beside_a_baseline_new_and_worse_come_first_and_what_is_known_is_folded() -> None:
    check = beside_baseline()
    text = html.unescape(to_summary(check))
    assert_fits(text)
    order = [
        text.index(each)
        for each in (
            "### New or worse problems",
            "worse than before",
            "### Changes since",
            "| What | Before | Now | Difference |",
            "1 known problem</summary>",
        )
    ]
    assert order == sorted(order)
    known = check.assessment.findings[0]
    assert text.index(known.message) > order[-1]
    assert "1 problem closed" in text


def test_ten_thousand_hostile_findings_fit() -> None:
    check = checked("tiny")
    many = tuple(hostile_finding(number) for number in range(10_000))
    check = with_findings(check, many)
    half = {each.anchor: each.severity for each in many[::2]}
    for baseline in (None, Baseline(name="@all #1 <b>", severities=half)):
        text = to_summary(
            Checked(
                snapshot=check.snapshot,
                assessment=check.assessment,
                fail_on=Severity.LOW,
                baseline=baseline,
            )
        )
        assert_fits(text)
        assert "more" in text
        assert "<b>" not in text


@pytest.mark.parametrize(
    "text",
    [
        "@octocat",
        "a@b.example",
        "#12 owner/name#12",
        "gh-7 GH-7",
        "https://evil.example/x",
        "www.evil.example",
        "0123456 deadbeefdeadbeefdeadbeefdeadbeefdeadbeef",
        "<img src=x onerror=alert(1)> </details> <!-- x -->",
        "| a | `b` | **c** | [d](e) | ![f](g)",
        "line\nbreak\u2028and\x1b[31m \u202e turned",
        ":tada: mailto:a",
    ],
)
def test_github_finds_nothing_to_link_in_a_name(text: str) -> None:
    safe = str(github_text(text))
    assert not _SHOWN_SIGN.search(html.unescape(safe))
    assert not re.search(r"[<>|`*\[\]\n\x1b\u202e]", safe)
    shown = html.unescape(safe).replace("\u200b", "")
    assert shown.split() == re.sub(r"[\x1b\u202e]", "", text).replace("\u2028", " ").split()
    name = str(github_name(text))
    assert re.fullmatch(r"<code>[^<>|`*\[\]\n]*</code>", name)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("watched", "needs 1.02 GiB"),
        ("tiny", "needs at least 1.72 GiB"),
        ("empty", "not measured"),
    ],
)
def test_the_badge_says_what_the_main_scenario_needs(name: str, message: str) -> None:
    text = to_badge(*assessed(name))
    badge = json.loads(text)
    assert badge.keys() <= _SHIELDS_KEYS
    assert badge["schemaVersion"] == 1
    assert (badge["label"], badge["message"]) == ("memory", message)
    assert badge["color"] == ("inactive" if name == "empty" else "informational")
    assert text.isascii()


def test_the_badge_is_published_and_known_as_ours() -> None:
    content = files("tiny")[BADGE_FILE].decode()
    assert content == FORMATS["badge"](checked("tiny"))
    assert is_generated_file(content)
    assert not is_generated_file('{"schemaVersion": 1, "label": "memory", "message": "mine"}')


@pytest.mark.parametrize(
    ("written", "folder"),
    [
        ("", ""),
        (".", ""),
        ("deploy", "deploy"),
        ("./deploy/", "deploy"),
        ("apps\\shop", "apps/shop"),
        ("..", None),
        ("a/../../b", None),
        ("/srv", None),
        ("C:\\srv", None),
    ],
)
def test_the_folder_in_the_repository(written: str, folder: str | None) -> None:
    command = click.Context(check_command)
    (option,) = (each for each in check_command.params if each.name == "path_prefix")
    if folder is None:
        with pytest.raises(click.BadParameter, match="from the root of the repository"):
            repository_folder(command, option, written)
    else:
        assert repository_folder(command, option, written) == folder


def test_the_command_offers_every_format() -> None:
    (option,) = (each for each in check_command.params if each.name == "form")
    assert set(getattr(option.type, "choices", ())) == {"terminal", *FORMATS}
