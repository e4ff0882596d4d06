"""Single values of Compose's output: durations, and YAML as go-yaml writes it."""

from __future__ import annotations

import pytest

from hcreport.collect.compose_health import seconds
from hcreport.collect.compose_yaml import parse_config
from hcreport.errors import CollectError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1m30s", 90.0),
        ("1h0m0s", 3600.0),
        ("100ms", 0.1),
        ("1.5µs", 1.5e-6),
        ("2us", 2e-6),
        ("15ns", 1.5e-8),
        ("0s", 0.0),
        ("0", 0.0),
        ("-1s", -1.0),
        ("", None),
        ("s", None),
        ("1", None),
        ("1s x", None),
        (None, None),
        (5, None),
    ],
)
def test_go_durations(text: object, expected: float | None) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on", "on"),
        ("NO", "NO"),
        ("1:30", "1:30"),
        ("=", "="),
        ("1e-07", 1e-7),
        (".5", 0.5),
        ("1_000", "1_000"),
        ("2024-01-01", "2024-01-01"),
        ("12", 12),
        ("true", True),
        ("null", None),
        ("", None),
        ("$$x", "$x"),
        ("$$$$x", "$$x"),
    ],
)
def test_values_are_read_as_go_yaml_writes_them(text: str, value: object) -> None:
    read_value = parse_config(f"key: {text}\n")["key"]
    assert (read_value, type(read_value)) == (value, type(value))


@pytest.mark.parametrize("text", ["", "[]", "text", "{secret", "a: !!python/name:os.system x"])
def test_output_that_is_no_project_is_an_error_without_its_text(text: str) -> None:
    with pytest.raises(CollectError) as caught:
        parse_config(text)
    assert caught.value.__cause__ is None
    assert "secret" not in caught.value.message
