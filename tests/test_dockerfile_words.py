"""Values are written so that a line stays one line, and a builder reads back what was meant."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hcreport.render import dockerfile_words as words


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", '""'),
        ("a b", '"a b"'),
        ('say "a"', '"say \\"a\\""'),
        ("$HOME", '"\\$HOME"'),
        ("it's $5", '"it\'s \\$5"'),
        ("C:\\x $y", "'C:\\x $y'"),
        ("it's C:\\x", '"it\'s C:\\\\x"'),
        ("ends\\", '"ends\\\\"'),
        ("größer – ✓", '"größer – ✓"'),
        ("a\nb", None),
        ("a\rb", None),
        ("a\x00b", None),
        ("a\x7fb", None),
        ("a\x85b", None),
        ("a\ud800b", None),
    ],
)
def test_values_are_quoted(value: str, expected: str | None) -> None:
    assert words.quoted(value) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A=b", 'A="b"'),
        ("A=b=c", 'A="b=c"'),
        ("A=", 'A=""'),
        ("A.b-c_1=d", 'A.b-c_1="d"'),
        ("1A=b", None),
        ("A b=c", None),
        ("=b", None),
        ("A\nRUN x=b", None),
        ("A=b\nRUN x", None),
    ],
)
def test_variables_are_written(text: str, expected: str | None) -> None:
    assert words.assignment(text) == expected


@pytest.mark.parametrize(
    ("write", "value", "expected"),
    [
        (words.folder, "/srv/a-b", "/srv/a-b"),
        (words.folder, "/a b", '"/a b"'),
        (words.folder, "/a$b", '"/a\\$b"'),
        (words.folder, "/a\nUSER root", None),
        (words.volume, "/a b", '["/a b"]'),
        (words.volume, "/a$b", None),
        (words.port, "80/tcp", "80/tcp"),
        (words.port, "80", "80"),
        (words.port, "80\nRUN x", None),
        (words.port, "", None),
        (words.user, "1000:1000", "1000:1000"),
        (words.user, "app", "app"),
        (words.user, "a b", None),
        (words.user, "$x", None),
        (words.shell_word, "/a b", "'/a b'"),
        (words.shell_word, "/a;rm -rf x", "'/a;rm -rf x'"),
        (words.shell_word, "/a\nb", None),
    ],
)
def test_each_value_fits_its_instruction(write: object, value: str, expected: str | None) -> None:
    assert callable(write)
    assert write(value) == expected


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), max_size=4))
def test_a_command_is_one_line_and_itself_again(command: list[str]) -> None:
    written = words.exec_form(command)
    assert json.loads(written) == command
    assert "\n" not in written
    assert "\r" not in written


@pytest.mark.parametrize(
    ("nanoseconds", "expected"),
    [
        (0, "0s"),
        (30 * 10**9, "30s"),
        (90 * 10**9, "1m30s"),
        (3600 * 10**9, "1h"),
        (1_500_000_000, "1500000000ns"),
    ],
)
def test_times_are_exact(nanoseconds: int, expected: str) -> None:
    assert words.duration(nanoseconds) == expected


@pytest.mark.parametrize(
    ("name", "reference", "package"),
    [
        ("debian:12-slim", True, True),
        ("host.example:5000/a/b@sha256:0f", True, False),
        ("libstdc++6", True, True),
        ("a b", False, False),
        ("a\nb", False, False),
        ("-y", False, False),
        ("$x", False, False),
        ("", False, False),
    ],
)
def test_names_that_are_none_are_refused(name: str, reference: bool, package: bool) -> None:
    assert (words.is_reference(name), words.is_package(name)) == (reference, package)
