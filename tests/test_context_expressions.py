"""Expressions match the same whether Python tries them or they are matched step by step."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hcreport.collect.context import go_expressions
from hcreport.collect.context.go_expressions import Expression
from hcreport.collect.context.patterns import Pattern, as_text

PIECES = st.sampled_from(
    ["(.*/)?", "[^/]*", "[^/]", ".*", "a", "b", "/", "[a-b]", r"\d", "|", "^", r"\b", "5", "\n"]
)


@given(st.lists(PIECES, max_size=8).map("".join), st.text("ab/5\n-", max_size=12))
def test_both_ways_agree(text: str, path: str) -> None:
    choices = Expression(text)._choices  # stepwise is taken only where there are many wildcards
    stepwise = any(go_expressions._matches_stepwise(choice, path) for choice in choices)
    assert (go_expressions._in_python(choices).fullmatch(path) is not None) == stepwise


def test_a_pattern_made_to_take_long_ends() -> None:
    """Tried in every way there is, this would take longer than anybody waits."""
    pattern = Pattern("**/" + "*a" * 40 + "**/" * 20 + "b")
    path = b"a" * 200 + b"/" + b"a/" * 200
    assert not pattern.matches(path, as_text(path))
    assert pattern.matches(path + b"b", as_text(path + b"b"))
