"""Several local models of one server do not fit together.

What it checks:
Whether the models of one Ollama server need more memory together than the engine or the server's
limit has. As many of them count as the server keeps loaded at the same time.

Why it matters:
Ollama keeps a model for some minutes after its last request. A request for the second model then
loads it beside the first, and memory runs out although each of them fits.

How to fix it:
Let the server keep one model at a time, or give it memory for all of them.

Limits:
Ollama unloads an idle model where it sees that memory is short; under a limit of cgroup version 1
it does not see that. Models that a request asks for and that nobody named are not counted.
"""

from __future__ import annotations

import re

from hcreport.estimate.model_room import room_for
from hcreport.estimate.models import model_size, service_limit
from hcreport.facts import fact_bytes, fact_value
from hcreport.model import LocalModel, Service, Severity
from hcreport.rules import steps
from hcreport.rules.contract import (
    Case,
    NotApplicable,
    NotMeasured,
    Problem,
    Rule,
    Verdict,
    known,
)
from hcreport.units import Bytes, gib, total

RULE = Rule(
    id="models-stay-loaded",
    severity=Severity.MEDIUM,
    each="service",
    needs=("services", "engine.memory_total"),
    cites=("ollama/stay-loaded", "ollama/serve-idle", "ollama/sees-cgroup-v2-only"),
)

_AT_ONCE = "OLLAMA_MAX_LOADED_MODELS"
_NOT_KEPT = re.compile(r"0(\.0+)?(ms|s|m|h)?")
"""Forms of a keep-alive after which a model is unloaded at once."""


def check(service: Service, case: Case) -> Verdict:
    """Add up the largest models that are loaded at once, in bytes, and compare with what is there.

    Each model has a process of its own; the server that starts them is counted once.
    """
    models = [each for each in case.snapshot.models if each.service == service.name]
    if len(models) < 2:
        return NotApplicable("it serves fewer than two models")
    given = service.settings.get(_AT_ONCE, "")
    most = int(given) if given.isdecimal() else 0
    most = most or round(fact_value("ollama/stay-loaded"))
    if most == 1:
        return None
    if _NOT_KEPT.fullmatch(service.settings.get("OLLAMA_KEEP_ALIVE", "")):
        return NotApplicable("it unloads each model at once: OLLAMA_KEEP_ALIVE is 0")
    unknown = [each.name for each in models if model_size(each) is None]
    if unknown:
        return NotMeasured(f"the need of {', '.join(sorted(unknown))} is not known")
    loaded = sorted(models, key=lambda each: (-known(model_size(each)), each.name))[:most]
    return _together(service, loaded, case)


def _together(service: Service, loaded: list[LocalModel], case: Case) -> Verdict:
    largest = known(model_size(loaded[0]))
    server = fact_bytes("ollama/serve-idle")
    more = total(
        known(model_size(each)) - (server if each.memory is None else 0) for each in loaded[1:]
    )
    room = known(room_for(loaded[0], case.snapshot))
    if largest > room:
        return NotApplicable("not even the largest fits: see model-does-not-fit")
    both = largest + more
    if both <= room:
        return None
    names = " and ".join(each.name for each in loaded)
    limit = service_limit(service.name, case.snapshot)
    has = limit if limit is not None and limit.value <= room else None
    place = "the limit of its service allows" if has else "the engine leaves"
    kept = Bytes(max(0, both - largest))
    return Problem(
        message=f"{service.name} may hold {names} at once: {gib(both)}, {place} {gib(room)}.",
        numbers=(
            case.computed("models loaded at once", both, "sum of their needs, the server once"),
            case.computed("room for them", room, "the engine less all else, or the limit"),
        ),
        remedies=(
            steps.set_variable(service.name, _AT_ONCE, "1", gain=f"{gib(kept)} less at most"),
        ),
        confidence="likely",
        location=service.location,
    )
