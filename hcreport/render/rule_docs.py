"""The documentation of the rules as plain Markdown text, for ``hcreport explain`` and ``rules``.

It comes from the same docstrings and declarations as the rules' pages.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from hcreport.errors import UsageError
from hcreport.facts import facts
from hcreport.render.words import plain_number, severity_shape, severity_word
from hcreport.rules import LoadedRule, load_rules
from hcreport.rules.severities import given


def rule_text(rule: str) -> str:
    """Return the Markdown text of one rule. Raises UsageError where there is no such rule."""
    rules = load_rules()
    if rule not in rules:
        near = get_close_matches(rule, rules, n=1)
        hint = f"Did you mean {near[0]}? " if near else ""
        raise UsageError(f"There is no rule {rule}.", hint=f"{hint}See `hcreport rules`.")
    return "\n".join(_lines(rules[rule])).rstrip() + "\n"


def rule_list() -> str:
    """Return one line a rule: severity, id and title, in the order of their ids."""
    rules = load_rules()
    longest = max(map(len, rules), default=0)
    return "\n".join(
        f"{severity_shape(each.rule.severity)} {severity_word(each.rule.severity):<8}  "
        f"{rule:<{longest}}  {each.title}"
        for rule, each in rules.items()
    )


def _lines(loaded: LoadedRule) -> Iterator[str]:
    rule = loaded.rule
    yield from (f"# {loaded.title}", "")
    severity = f"{severity_shape(rule.severity)} {severity_word(rule.severity)}"
    yield from (f"{severity} · asked about each {rule.each} · `{rule.id}`", "")
    for heading, text in loaded.sections.items():
        yield from (f"## {heading}", "", text, "")
    if given(rule.id):
        yield from ("## Severity", "")
        for each in given(rule.id):
            when = f", {each.when}" if each.when else ""
            when += f" (see {each.threshold})" if each.threshold else ""
            yield f"- {severity_word(each.criterion.severity)}{when}: {each.criterion.text}"
        yield ""
    if rule.thresholds:
        yield from ("## Thresholds", "")
        for name, threshold in rule.thresholds.items():
            because = f"cited: {threshold.cites}" if threshold.cites else threshold.because
            yield f"- `{name}` = {plain_number(threshold.value)}: {because}"
        yield ""
    if rule.cites:
        yield from ("## Sources", "")
        known = facts()
        for key in rule.cites:
            if key in known:
                source = known[key].source
                place = f" <{source.url}>" if source.url else ""
                yield f"- {known[key].claim} {source.title}, read on {source.read_on}.{place}"
