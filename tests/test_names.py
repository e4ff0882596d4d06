"""Slugs: safe everywhere, the same for the same name, and never shared by two names."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hcreport.names import slug

NAMES = st.text(max_size=80)


@pytest.mark.parametrize("name", ["web", "hypercode-core", "a1", "9", "abc-1234567"])
def test_a_safe_name_stays_as_it_is(name: str) -> None:
    assert slug(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "Web",
        "web_",
        "über",
        "a b",
        "../etc/passwd",
        "",
        "con",
        "com1",
        "lpt9",
        "x" * 61,
        "<b>",
        "-a",
        "job-0123abcd",
    ],
)
def test_any_other_name_carries_its_hash(name: str) -> None:
    assert re.fullmatch(r"([a-z0-9-]+-)?[0-9a-f]{8}", slug(name))


@given(NAMES)
@example("\ud800")
@example("nul")
def test_a_slug_is_safe_as_file_and_anchor(name: str) -> None:
    safe = slug(name)
    assert re.fullmatch(r"[a-z0-9]+(-+[a-z0-9]+)*", safe)
    assert not re.fullmatch(r"con|prn|aux|nul|com\d|lpt\d", safe)
    assert len(safe) <= 70
    assert slug(name) == safe


@given(NAMES, NAMES)
@example("web", "Web")
@example("web", "web_")
@example("a b", "a-b")
@example("a/b", "a b")
@example("x" * 70, "x" * 71)
@example("com1", "COM1")
@example("Web", slug("Web"))
@example("", slug(""))
def test_two_names_never_share_a_slug(one: str, other: str) -> None:
    # Slugs are lower case, so they differ on file systems that ignore case too.
    assert (slug(one) == slug(other)) == (one == other)
