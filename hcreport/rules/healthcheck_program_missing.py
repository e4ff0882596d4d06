"""A health check runs a program that the image does not hold.

What it checks:
Whether the Compose file has Ollama's image tested with curl or wget, and whether the last probes
of a container that starts could not find their program.

Why it matters:
Such a check can never pass. The container turns unhealthy although the service is well, and
services that wait for it do not start.

How to fix it:
Test with a program that the image holds. In Ollama's image that is ollama itself: ollama list
asks the server and fails where it does not answer.

Limits:
What other images hold is not known before their probes ran. An image built upon Ollama's may have
curl added; it then has a name of its own, and nothing is said about it. A container that is
unhealthy already is reported by container-unhealthy, and only there.
"""

from __future__ import annotations

from hcreport.estimate.served import is_ollama_image
from hcreport.model import Container, Service, Severity
from hcreport.rules import steps
from hcreport.rules.contract import (
    FETCHERS,
    Case,
    NotApplicable,
    NotMeasured,
    Problem,
    Rule,
    Verdict,
)

RULE = Rule(
    id="healthcheck-program-missing",
    severity=Severity.HIGH,
    each="service",
    needs=("services",),
    cites=("docker/ollama-image-has-no-curl", "docker/missing-probe-program"),
)


def check(service: Service, case: Case) -> Verdict:
    """Compare the program of the health check with what is known of the image and of probes."""
    test = service.health_check
    if test is None or test.kind == "NONE":
        return NotApplicable("the Compose file gives it no health check")
    containers = case.snapshot.containers_by_service.get(service.name, ())
    states = {each.health.status for each in containers if each.health and each.state == "running"}
    if "unhealthy" in states:
        return NotApplicable("it is unhealthy: see container-unhealthy")
    if "healthy" in states:
        return None
    program = test.probe or "its program"
    lacks = program in FETCHERS and is_ollama_image(service.image)
    if lacks or any(_not_found(each) for each in containers):
        return Problem(
            message=(
                f"The health check of {service.name} runs {program}, "
                "which its image does not hold: it cannot pass."
            ),
            remedies=(steps.other_probe(service.name, service.image or ""),),
            confidence="likely" if lacks else "certain",
            location=service.location,
        )
    if not is_ollama_image(service.image):
        return NotApplicable("what its image holds is not known, and no probe has shown it")
    if test.probe is None:
        return NotMeasured("the program of its health check is not one of the well-known probes")
    return None


def _not_found(container: Container) -> bool:
    probes = container.health.probes if container.health else ()
    return any(each.outcome == "program not found" for each in probes)
