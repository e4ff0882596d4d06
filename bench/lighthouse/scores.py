"""Reads what matters from a report of Lighthouse: the scores, and what lowered them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

REQUIRED = ("accessibility", "best-practices", "seo")
_SHOWN = ("performance", *REQUIRED)


@dataclass(frozen=True, kw_only=True)
class Scores:
    """What Lighthouse says of one page."""

    of: Mapping[str, int]
    """Of 100, by category."""
    faults: tuple[str, ...]
    """What lowered a score that has to be 100, each with its elements."""

    @property
    def met(self) -> bool:
        """All scores that have to be 100 are."""
        return all(self.of[name] == 100 for name in REQUIRED)


def read_scores(report: Mapping[str, Any]) -> Scores:
    """Return the scores of a report; a category that could not be measured has 0."""
    categories = report["categories"]
    return Scores(
        of={name: round((categories[name]["score"] or 0) * 100) for name in _SHOWN},
        faults=tuple(_faults(report)),
    )


def _faults(report: Mapping[str, Any]) -> Iterator[str]:
    for name in REQUIRED:
        for reference in report["categories"][name]["auditRefs"]:
            audit = report["audits"][reference["id"]]
            if reference["weight"] and audit["score"] is not None and audit["score"] < 1:
                yield f"{name}: {audit['title']} ({audit['id']}) {', '.join(_elements(audit))}"


def _elements(audit: Mapping[str, Any]) -> Iterator[str]:
    for item in (audit.get("details") or {}).get("items", []):
        node = item.get("node") or {}
        yield str(node.get("selector") or item.get("description") or item.get("url") or "")
