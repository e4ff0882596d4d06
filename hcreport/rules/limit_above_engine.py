"""A memory limit is larger than the whole engine.

What it checks:
Whether one service may use more memory than the Docker engine has in all. The limit that the
engine enforces counts; without a container it is the one in the Compose file.

Why it matters:
Such a limit protects nothing. The service can take all there is, and the kernel then kills
whichever process it finds, often in another container.

How to fix it:
Lower the limit to what the service is known to need, or give Docker more memory. Measure first:
a limit below the need gets the service killed.

Limits:
The rule compares two declared or reported sizes. It does not know what the service needs.
"""

from __future__ import annotations

import shlex

from hcreport.estimate.models import model_size, service_limit
from hcreport.model import Action, Service, Severity
from hcreport.rules.contract import Case, NotApplicable, Problem, Rule, Verdict, known
from hcreport.rules.memory_options import memory_options
from hcreport.units import gib

RULE = Rule(
    id="limit-above-engine",
    severity=Severity.HIGH,
    each="service",
    needs=("services", "engine.memory_total"),
    points_at="memory",
)


def check(service: Service, case: Case) -> Verdict:
    """Compare the service's limit, in bytes, with the engine's whole memory."""
    limit = service_limit(service.name, case.snapshot)
    if limit is None:
        return NotApplicable("the service has no memory limit")
    if limit.value <= case.engine_memory:
        return None
    allowed, has = gib(round(limit.value)), gib(case.engine_memory)
    return Problem(
        message=f"{service.name} may use {allowed}, but the engine has {has} in all.",
        numbers=(limit, known(case.budget.engine_total)),
        remedies=tuple(_remedies(service, allowed, case)),
        location=service.location,
    )


def _remedies(service: Service, allowed: str, case: Case) -> list[Action]:
    """Advise a lower limit, except where a model of the service needs more than the engine has."""
    for model in case.snapshot.models:
        if model.service == service.name and (model_size(model) or 0) > case.engine_memory:
            return list(memory_options(case, model=model))
    lower = Action(
        what=f"Lower the memory limit of {service.name} to what it is measured to need",
        command=f"docker stats --no-stream {shlex.quote(_container(service, case))}",
        gain=f"a limit of at most {gib(case.engine_memory)}",
        verify="docker inspect shows the new value as HostConfig.Memory.",
        undo=f"Put the limit of {allowed} back.",
    )
    return [lower]


def _container(service: Service, case: Case) -> str:
    names = (each.name for each in case.snapshot.containers_by_service.get(service.name, ()))
    return next(names, service.container_name or service.name)
