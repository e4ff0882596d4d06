"""The engine enforces another memory limit than the Compose file has.

What it checks:
Whether the memory limit of a running container equals the one in the Compose file.

Why it matters:
The limit that counts is the engine's. If the file says less, a service may use more than planned;
if it says more, the service is killed earlier than anybody expects.

How to fix it:
Let Compose make the container anew, or write the limit that is in force into the file.

Limits:
Only running containers are compared. A limit may have been changed on purpose, with docker
update, and be right.
"""

from __future__ import annotations

import shlex

from hcreport.estimate.held import held
from hcreport.estimate.memory import RUNNING, knows_limits
from hcreport.estimate.missing import gaps_about
from hcreport.model import Action, Container, Number, Service, Severity
from hcreport.rules.contract import (
    Case,
    NotApplicable,
    NotMeasured,
    Problem,
    Rule,
    Verdict,
)
from hcreport.rules.more_memory import raise_in_file
from hcreport.units import Bytes, gib

RULE = Rule(
    id="limit-differs-from-file",
    severity=Severity.MEDIUM,
    each="container",
    needs=("services", "containers"),
    points_at="memory",
)


def check(container: Container, case: Case) -> Verdict:
    """Compare the enforced limit with the declared one, in bytes."""
    service = case.service(container.service)
    if service is None:
        return NotApplicable("the Compose files do not name its service")
    if container.state not in RUNNING:
        return NotApplicable("it does not run")
    for gap in gaps_about("container", case.snapshot, container.name):
        return NotMeasured(gap.reason)
    if not knows_limits(container, case.snapshot):
        return NotMeasured("the limit that the engine enforces was not read")
    enforced, declared = container.limits.memory, service.limits.memory
    if enforced == declared:
        return None
    paths = (
        ("in force", enforced, f"containers/{container.name}/limits", None),
        ("in the file", declared, f"services/{service.name}/limits", service.location),
    )
    numbers: tuple[Number, ...] = tuple(
        case.number(f"memory limit {where}", size, path, location=place)
        for where, size, path, place in paths
        if size is not None
    )
    return Problem(
        message=(
            f"The engine allows {container.name} {_words(enforced, none='all memory')}, "
            f"but the Compose file says {_words(declared)}."
        ),
        numbers=numbers,
        remedies=(_remedy(container, service, case),),
        location=service.location,
    )


def _remedy(container: Container, service: Service, case: Case) -> Action:
    """Return the step that makes both equal; never a limit below what the container holds."""
    declared, use = service.limits.memory, container.memory
    holds = (held(use) if use else None) or Bytes(0)
    if declared is not None and holds > declared:
        return raise_in_file(service.name, holds, case)
    return Action(
        what=f"Let Compose make the container of {service.name} anew",
        command=f"docker compose up -d {shlex.quote(service.name)}",
        gain=f"a limit of {_words(declared)}",
        verify=f"docker stats --no-stream shows {_words(declared)} for {container.name}.",
        undo="Put the old limit back into the file, then the same command.",
    )


def _words(limit: Bytes | None, *, none: str = "no limit") -> str:
    return none if limit is None else gib(limit)
