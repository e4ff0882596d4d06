"""The rules as SARIF describes them, with the text of their own documentation as help."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from hcreport.model import Severity
from hcreport.render.escape import one_line
from hcreport.rules import LoadedRule

LEVELS: Mapping[Severity, str] = MappingProxyType(
    {
        Severity.CRITICAL: "error",
        Severity.HIGH: "error",
        Severity.MEDIUM: "warning",
        Severity.LOW: "note",
    }
)
"""The level of each severity; the standard has three."""

_LONGEST = 900
"""Characters of a text that lists show as one line: our choice, longer ones are hard to read."""


def rule_json(loaded: LoadedRule) -> dict[str, Any]:
    """Return one rule; its level is the usual one, a finding may have another."""
    rule = loaded.rule
    what = loaded.sections.get("What it checks", loaded.title)
    return {
        "id": rule.id,
        "name": "".join(part.capitalize() for part in rule.id.split("-")),
        "shortDescription": {"text": sarif_text(f"{loaded.title}.")},
        "fullDescription": {"text": sarif_text(what.replace("`", ""))},
        "help": {
            "text": "\n\n".join(
                f"{heading}\n{body.replace('`', '')}" for heading, body in loaded.sections.items()
            ),
            "markdown": "\n\n".join(
                f"## {heading}\n\n{body}" for heading, body in loaded.sections.items()
            ),
        },
        "defaultConfiguration": {"level": LEVELS[rule.severity]},
        "properties": {"tags": ["docker", rule.each]},
    }


def sarif_text(text: str) -> str:
    """Return one line of plain text of bounded length.

    The standard reads ``[text](1)`` in a message as a link and ``{0}`` as a place to fill in, so
    a name that has either is shown with a space in the link and its braces doubled.
    """
    line = one_line(text)
    if len(line) > _LONGEST:
        line = f"{line[: _LONGEST - 1]}…"
    return line.replace("](", "] (").replace("{", "{{").replace("}", "}}")
