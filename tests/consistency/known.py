"""What the assessment says of the quantities that stand on the pages: no page is asked for it.

This is the second opinion. Pages that all repeat one wrong number agree with each other, and not
with this.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from hcreport.estimate import limits
from hcreport.estimate.shortage import shortage
from hcreport.facts import fact_value, facts
from hcreport.model import Assessment, Number, Requirement, Snapshot
from hcreport.render.view import View
from hcreport.rules import load_rules
from hcreport.units import GB, GIB
from tests.consistency.numbers import Shown
from tests.consistency.quantities import (
    ENGINE,
    LIMITS,
    LOCAL,
    LOCAL_USED,
    NEED,
    RECOMMENDED,
    SETTING,
    USED,
)

KINDS = {"bytes": "bytes", "ratio": "share", "seconds": "time", "cpus": "CPU", "count": ""}


def known(snapshot: Snapshot, assessment: Assessment) -> dict[str, Shown]:
    """Return the exact value of each quantity that is known, by its name."""
    parts = (
        _memory(assessment),
        _scenarios(assessment),
        _services(snapshot, assessment),
        _images_and_models(assessment),
        _all_that_starts(snapshot),
        _counts(snapshot, assessment),
        _constants(),
    )
    return {name: value for part in parts for name, value in part if value is not None}


def exactly(value: float | None, kind: str = "bytes") -> Shown | None:
    """Return a value as a number that was not rounded; None where there is none."""
    return None if value is None else Shown(f"{float(value):,}", Fraction(value), Fraction(0), kind)


def shown_number(number: Number | None) -> Shown | None:
    """Return a number of the model as one that was not rounded."""
    return None if number is None else exactly(number.value, KINDS[number.unit])


def _memory(assessment: Assessment) -> Iterator[tuple[str, Shown | None]]:
    memory = assessment.memory
    yield ENGINE, shown_number(memory.engine_total)
    yield USED, shown_number(memory.measured)
    yield LIMITS, shown_number(memory.limits)
    if assessment.local_or_api is not None:
        yield LOCAL, shown_number(assessment.local_or_api.memory_needed)
        yield LOCAL_USED, shown_number(assessment.local_or_api.memory_used)
    for main in assessment.requirements[:1]:
        yield "unknown parts of the main scenario", exactly(_unknown(main), "")
        yield "bytes for the main scenario", exactly(main.docker_memory or main.at_least, "")
        settings = {each.setting for each in main.machines if each.setting is not None}
        yield SETTING, exactly(min(settings, default=None))
        if main.docker_memory is not None or any(
            each.memory for each in main.parts if each.kind in ("service", "model")
        ):
            yield NEED, exactly(main.docker_memory or main.at_least)
        if main.docker_memory is not None:
            yield RECOMMENDED, exactly(main.docker_memory_recommended)


def _scenarios(assessment: Assessment) -> Iterator[tuple[str, Shown | None]]:
    for each in assessment.requirements:
        settings = {one.setting for one in each.machines if one.setting is not None}
        yield f"minimum of {each.scenario}", exactly(each.docker_memory or each.at_least)
        yield (
            f"recommended memory of {each.scenario}",
            exactly(each.docker_memory_recommended),
        )
        yield f"setting of {each.scenario}", exactly(min(settings, default=None))
        yield f"unknown parts of {each.scenario}", exactly(_unknown(each), "")
        yield f"CPUs of {each.scenario}", shown_number(each.cpus)
        yield f"disk of {each.scenario}", shown_number(each.disk)
        for cpu in each.cpu_by_service:
            yield f"CPUs of {cpu.service}", shown_number(cpu.average)


def _all_that_starts(snapshot: Snapshot) -> Iterator[tuple[str, Shown | None]]:
    short = shortage(snapshot)
    if short is not None:
        yield "need of all that starts", exactly(short.wanted)
        yield "bytes for all that starts", exactly(short.wanted, "")
        yield "unknown parts of all that starts", exactly(short.unmeasured, "")


def _unknown(requirement: Requirement) -> int:
    return sum(each.memory is None and not each.left_out for each in requirement.parts)


def _services(snapshot: Snapshot, assessment: Assessment) -> Iterator[tuple[str, Shown | None]]:
    view = View(snapshot, assessment)
    for each in view.services:
        yield f"memory limit of {each.name}", shown_number(each.limit)
        yield f"memory in use of {each.name}", shown_number(each.in_use)
    for scenario in view.scenarios:
        for saving in scenario.savings:
            name = f"saving without {saving.service} in {scenario.requirement.scenario}"
            yield name, exactly(saving.saves)
    for row in view.limits.rows:
        one = row.suggested
        yield f"need of a container of {one.service}", exactly(one.needs)
        yield f"suggested limit of {one.service}", exactly(one.limit)


def _images_and_models(assessment: Assessment) -> Iterator[tuple[str, Shown | None]]:
    for each in assessment.images:
        yield f"size of the image {each.image}", shown_number(each.size)
        yield f"target of the image {each.image}", shown_number(each.target)
        yield f"bytes only in the image {each.image}", exactly(each.alone)
        yield f"shared bytes of the image {each.image}", exactly(each.shared)
    for fit in assessment.models:
        yield f"need of the model {fit.model}", shown_number(fit.needs)
        yield f"room of the model {fit.model}", shown_number(fit.has)


def _counts(snapshot: Snapshot, assessment: Assessment) -> Iterator[tuple[str, Shown | None]]:
    memory = assessment.memory
    by_status: Mapping[str, int] = {
        status: sum(each.status == status for each in assessment.outcomes)
        for status in ("ok", "not measured", "not applicable")
    }
    for name, count in (
        ("problems of the report", len(assessment.findings)),
        ("checks that passed", by_status["ok"]),
        ("answers that were not measured", by_status["not measured"]),
        ("questions that did not arise", by_status["not applicable"]),
        ("services with a limit", len(memory.limited)),
        ("services without a limit", len(memory.unlimited)),
        ("services that start", len(memory.limited) + len(memory.unlimited)),
        ("containers that were sampled", memory.measured_containers),
        ("containers that run", memory.running_containers),
        ("services", len({each.name for each in snapshot.services})),
        ("images", len(assessment.images)),
        ("rules", len(load_rules())),
        ("facts", len(facts())),
    ):
        yield name, exactly(count, "")
    for rule, loaded in load_rules().items():
        found = sum(each.rule == rule for each in assessment.findings)
        yield f"problems of {loaded.title}", exactly(found, "")
    engine = snapshot.engine
    yield "CPUs of the engine", exactly(engine.cpus if engine else None, "")


def _constants() -> Iterator[tuple[str, Shown | None]]:
    yield "step of suggested limits", exactly(limits._STEP)
    headroom = fact_value("sizing/recommended-headroom")
    yield "headroom of recommended memory", exactly(headroom, "share")
    system = fact_value("platforms/docker-desktop-system-memory")
    yield "memory that stays with the machine", exactly(system)
    yield "a GiB", exactly(GIB)
    yield "a GB", exactly(GB)
