"""A health check runs a program that the image does not hold.

What it checks:
Whether probes of a container could not find their program, and whether the Compose file has
Ollama's image tested with curl or wget.

Why it matters:
Such a check can never pass. The container turns unhealthy although the service is well, and
services that wait for it do not start.

How to fix it:
Test with a program that the image holds, or install the program where the image is built. In
Ollama's image that is ollama itself: ollama list asks the server and fails where it does not
answer. In an image without a shell, write the test as CMD with the program and its words.

Limits:
What other images hold is not known before their probes ran. An image built upon Ollama's may have
curl added; it then has a name of its own, and nothing is said about it. A shell that hides the
exit code and the message of a missing program hides the cause too. Of a script with several
programs the first is named.
"""

from __future__ import annotations

import shlex

from hcreport.estimate.served import is_ollama_image
from hcreport.model import Action, Confidence, Container, HealthCheck, Service, Severity
from hcreport.rules import steps
from hcreport.rules.causes import health_cause
from hcreport.rules.check_times import health_check_of
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
    points_at="health check",
)

_SHELL_WORDS = frozenset({"[", "bash", "echo", "exit", "sh", "test", "true"})

_NOT_STARTED = -1
"""Exit code of a probe of which not even the first program was there."""


def check(service: Service, case: Case) -> Verdict:
    """Compare the program of the health check with what is known of the image and of probes."""
    containers = case.snapshot.containers_by_service.get(service.name, ())
    running = [each for each in containers if each.health and each.state == "running"]
    for container in running:
        confidence = _missing(container, case)
        if confidence is not None:
            return _problem(service, health_check_of(container, case), container, confidence)
    test = service.health_check
    if any(each.health and each.health.probes for each in running):
        return None
    if test is None or test.kind == "NONE":
        return NotApplicable("the Compose file gives it no health check")
    if any(each.health and each.health.status == "healthy" for each in running):
        return None
    if not is_ollama_image(service.image):
        return NotApplicable("what its image holds is not known, and no probe has shown it")
    if test.probe in FETCHERS:
        return _problem(service, test, None, "likely")
    if test.probe is None:
        return NotMeasured("the program of its health check is not one of the well-known probes")
    return None


def _missing(container: Container, case: Case) -> Confidence | None:
    """Return how sure it is that the program is missing; None where nothing says so."""
    health = container.health
    if health is not None and health.status == "starting":
        last = [each.outcome for each in health.probes[-1:]]
        return "certain" if last == ["program not found"] else None
    cause = health_cause(container, case)
    return cause.confidence if cause and cause.kind == "program missing" else None


def _problem(
    service: Service,
    test: HealthCheck | None,
    container: Container | None,
    confidence: Confidence,
) -> Problem:
    """``container`` is one whose probes showed it; None where only the files are known."""
    what = missing_program(test)
    if container is not None and _lacks_shell(test, container):
        what = "a shell"
    state = ""
    if container is not None and container.health and container.health.status == "unhealthy":
        state = f", and {container.name} is unhealthy"
    return Problem(
        message=(
            f"The health check of {service.name} runs {what}, which its image does not hold: "
            f"it cannot pass{state}."
        ),
        remedies=tuple(remedies(service.name, service.image, what, service)),
        confidence=confidence,
        location=service.location,
    )


def missing_program(test: HealthCheck | None) -> str:
    """Return the program that is missing, for a sentence.

    A script that begins with a word of the shell's own does not tell which it is.
    """
    if test is None or test.probe is None:
        return "its program"
    of_shell = test.kind == "CMD-SHELL" and test.probe in _SHELL_WORDS
    return "a program" if of_shell else test.probe


def _lacks_shell(test: HealthCheck | None, container: Container) -> bool:
    probes = container.health.probes if container.health else ()
    missing = [each for each in probes if each.outcome == "program not found"]
    shell = test is not None and test.kind == "CMD-SHELL"
    return shell and bool(missing) and all(each.exit_code == _NOT_STARTED for each in missing)


def remedies(name: str, image: str | None, what: str, service: Service | None) -> list[Action]:
    """Return what to do about a program that the image of a service lacks, the best first."""
    found = [steps.other_probe(name, image or "")]
    program = "the program" if what in ("a program", "its program") else what
    if service is not None and service.build is not None:
        quoted = shlex.quote(name)
        found.append(
            Action(
                what=f"Install {program} in the Dockerfile of {name}",
                why="The image grows by the program and what it needs.",
                command=f"docker compose up -d --build {quoted}",
                effort="an hour",
                gain="the check can run",
                verify=f"docker compose ps shows {name} as healthy after its next probes.",
                undo=f"Take it out of the Dockerfile, then docker compose up -d --build {quoted}",
            )
        )
    return found
