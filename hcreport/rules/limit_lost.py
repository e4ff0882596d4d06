"""A memory limit stands in the file but is dropped without a warning.

What it checks:
Whether a size in the Compose file is written as a decimal number, such as `1e9` or `1.5`.

Why it matters:
Compose reads such a value as a decimal number, not as a size, and drops it. The service then has
no limit, and nothing says so.

How to fix it:
Write the size with a unit, for example `mem_limit: 512m`, or in quotes.

Limits:
The value itself is not in the snapshot, so the rule cannot say how large the limit was meant to
be. Compose may treat such values in another way in a later version.
"""

from __future__ import annotations

import shlex

from hcreport.model import Action, Service, Severity
from hcreport.rules.contract import Case, Problem, Rule, Verdict

RULE = Rule(
    id="limit-lost",
    severity=Severity.MEDIUM,
    each="service",
    needs=("services",),
    cites=("docker/compose-float-loses-limit",),
)


def check(service: Service, _case: Case) -> Verdict:
    """Report the sizes that Compose dropped."""
    if not service.lost_limits:
        return None
    first = service.lost_limits[0]
    keys = ", ".join(each.key for each in service.lost_limits)
    return Problem(
        message=f"Compose drops {keys} of {service.name} without a warning, so it is not in force.",
        remedies=(
            Action(
                what=f"Write {keys} of {service.name} with a unit, for example 512m",
                command=f"docker compose config {shlex.quote(service.name)}",
                gain=f"{service.name} gets the limit that the file means",
                verify=f"docker compose config prints {keys} for {service.name}.",
                undo="Put the old value back.",
            ),
        ),
        location=first.location,
    )
