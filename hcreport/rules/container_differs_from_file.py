"""A container runs with other settings than the Compose file has.

What it checks:
Whether Compose's hash of a service differs from the one that its container was made with.

Why it matters:
A change in the file has no effect until the container is made anew. Who reads the file believes
something that is not so.

How to fix it:
Let Compose make the container anew, or put the file back to what runs.

Limits:
The hash says that something differs, not what. It leaves out the build, the number of replicas,
dependencies and profiles. Hashes of two versions of Compose cannot be compared.
"""

from __future__ import annotations

import shlex

from hcreport.estimate.missing import why_missing
from hcreport.model import Action, Container, Severity
from hcreport.rules.contract import (
    Case,
    NotApplicable,
    NotMeasured,
    Problem,
    Rule,
    Verdict,
)

RULE = Rule(
    id="container-differs-from-file",
    severity=Severity.LOW,
    each="container",
    needs=("services", "containers"),
    cites=("docker/compose-hash-by-version",),
)


def check(container: Container, case: Case) -> Verdict:
    """Compare two hashes where the same version of Compose made both."""
    service = case.service(container.service)
    if service is None:
        return NotApplicable("the Compose files do not name its service")
    if container.config_hash is None:
        return NotMeasured("its Compose hash is not known")
    if service.config_hash is None:
        return NotMeasured(why_missing("service.config_hash", case.snapshot, service.name))
    read, made = case.snapshot.project.compose_version, container.compose_version
    if read is None or made is None:
        return NotMeasured("it is not known which versions of Compose made the two hashes")
    if read != made:
        return NotMeasured(
            f"Compose {made} made it and {read} read the files: their hashes cannot be compared"
        )
    if container.config_hash == service.config_hash:
        return None
    return Problem(
        message=f"{container.name} runs with other settings than the Compose file has now.",
        remedies=(
            Action(
                what=f"Let Compose make the container of {service.name} anew",
                command=f"docker compose up -d {shlex.quote(service.name)}",
                gain="what runs is what the file says",
                verify="The same command a second time changes nothing.",
                undo="Put the file back to its old state, then the same command.",
            ),
        ),
        location=service.location,
    )
