"""The memory that the stack needs as a badge for a README: an endpoint that Shields reads.

The keys are those of https://shields.io/badges/endpoint-badge; Shields refuses any other key.
"""

from __future__ import annotations

import json

from hcreport.model import Assessment, Snapshot
from hcreport.render.headline import headline
from hcreport.render.marker import BADGE_SCHEMA
from hcreport.render.words import NOT_MEASURED

_KNOWN, _NOT_KNOWN = "informational", "inactive"
"""Colours that Shields has a name for: a need is neither good nor bad."""


def to_badge(snapshot: Snapshot, assessment: Assessment) -> str:
    """Return the badge as one JSON object: ``memory | needs 6 GiB``, for the main scenario."""
    known = headline(snapshot, assessment)
    measured = known.need is not None
    data = {
        "schemaVersion": BADGE_SCHEMA,
        "label": "memory",
        "message": f"needs {known.needs}" if measured else NOT_MEASURED,
        "color": _KNOWN if measured else _NOT_KNOWN,
    }
    return json.dumps(data, indent=2) + "\n"
