"""Compares what is found in fixed snapshots today with what the newest release found in them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from hcreport.analyze import analyze
from hcreport.snapshot import read_snapshot

ROOT = Path(__file__).parent.parent.parent
FINDINGS = Path(__file__).parent / "findings.json"
CHANGELOG = ROOT / "CHANGELOG.md"

HEADING = "### Changed findings"
NO_RELEASE = "none yet"

Found = Mapping[str, Mapping[str, Mapping[str, str]]]
"""Severity by snapshot, rule and subject."""

_SECTION = re.compile(r"^## \[(.+?)\].*?\n(.*?)(?=^## \[|\Z)", re.MULTILINE | re.DOTALL)


def fixed_snapshots() -> list[Path]:
    """Return the snapshots whose findings are recorded; the files never change."""
    return sorted(Path(__file__).parent.glob("schema-*/*.json"))


def findings_today() -> dict[str, dict[str, dict[str, str]]]:
    """Return what is found in the fixed snapshots."""
    found: dict[str, dict[str, dict[str, str]]] = {}
    for path in fixed_snapshots():
        rules = found.setdefault(f"{path.parent.name}/{path.name}", {})
        for each in analyze(read_snapshot(path)).findings:
            rules.setdefault(each.rule, {})[each.anchor] = each.severity.value
    return found


def findings_text(release: str, found: Found) -> str:
    """Return the text of the recorded list."""
    content = {"release": release, "findings": found}
    return json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def changed_rules(before: Found, now: Found) -> dict[str, str]:
    """Return what changed, by rule, in words for the person who writes the changelog."""
    changes: dict[str, list[str]] = {}
    for name in sorted(before.keys() | now.keys()):
        old, new = before.get(name, {}), now.get(name, {})
        for rule in sorted(old.keys() | new.keys()):
            was, is_now = old.get(rule, {}), new.get(rule, {})
            parts = [f"also {each}" for each in sorted(is_now.keys() - was.keys())]
            parts += [f"no longer {each}" for each in sorted(was.keys() - is_now.keys())]
            parts += [
                f"{each} is {is_now[each]} instead of {was[each]}"
                for each in sorted(was.keys() & is_now.keys())
                if was[each] != is_now[each]
            ]
            if parts:
                changes.setdefault(rule, []).append(f"{name}: {', '.join(parts)}")
    return {rule: "; ".join(parts) for rule, parts in sorted(changes.items())}


def sections(changelog: str) -> list[tuple[str, str]]:
    """Return the changelog's versions with what it says about each, the newest first."""
    return [(match[1], match[2]) for match in _SECTION.finditer(changelog)]


def changed_findings(section: str) -> str | None:
    """Return what a version's section says under *Changed findings*; None without the heading."""
    _, heading, after = section.partition(f"{HEADING}\n")
    return re.split(r"^### ", after, flags=re.MULTILINE)[0].strip() if heading else None


def newest_release(changelog: str) -> str:
    """Return the newest version that is not just being made."""
    names = [name for name, _ in sections(changelog) if name != "Unreleased"]
    return names[0] if names else NO_RELEASE
