"""What ``hcreport check`` can print, by the name that ``--format`` takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from hcreport.gate import Checked


def _json(checked: Checked) -> str:
    from hcreport.render.json import to_json

    return to_json(checked)


def _sarif(checked: Checked) -> str:
    from hcreport.render.sarif import to_sarif

    return to_sarif(checked)


def _junit(checked: Checked) -> str:
    from hcreport.render.junit import to_junit

    return to_junit(checked)


def _markdown(checked: Checked) -> str:
    from hcreport.render.summary import to_summary

    return to_summary(checked)


def _badge(checked: Checked) -> str:
    from hcreport.render.badge import to_badge

    return to_badge(checked.snapshot, checked.assessment)


FORMATS: Mapping[str, Callable[[Checked], str]] = MappingProxyType(
    {
        "json": _json,
        "sarif": _sarif,
        "junit": _junit,
        "markdown": _markdown,
        "badge": _badge,
    }
)
"""Every form but the one for a terminal, which alone has colours and a width."""
