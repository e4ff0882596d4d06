"""The report in one sentence: what the stack needs, what it has, and whether that is enough."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hcreport.model import Assessment, Requirement, Snapshot
from hcreport.render.words import NOT_MEASURED
from hcreport.units import Bytes, gib

Answer = Literal["short", "enough", "unknown"]


@dataclass(frozen=True, kw_only=True)
class Headline:
    """The verdict, and the two figures that every page repeats."""

    answer: Answer
    sentence: str
    """The verdict with its two numbers."""
    needs: str
    """``at least 5.42 GiB``, ``5.42 GiB`` or ``not measured``."""
    has: str
    """``1.86 GiB`` or ``not measured``."""
    figures: str
    """Both in one clause, for the line that stands on every page."""
    need: Bytes | None
    """Memory that Docker needs, or at least needs, in bytes."""
    exact: bool
    """``need`` is all of it, not only a lower bound."""
    recommended: Bytes | None
    """Memory that is recommended for Docker, in bytes; None where only a lower bound is known."""


def headline(snapshot: Snapshot, assessment: Assessment) -> Headline:
    """Return the verdict about the main scenario, see :func:`main_requirement`."""
    name = snapshot.title or snapshot.project.name
    requirement = main_requirement(assessment)
    need, exact = known_need(requirement)
    recommended = requirement.docker_memory_recommended if requirement and exact else None
    total = assessment.memory.engine_total
    has = Bytes(round(total.value)) if total else None
    needs_text = NOT_MEASURED if need is None else gib(need) if exact else f"at least {gib(need)}"
    return Headline(
        answer=_answer(need, has, exact=exact),
        sentence=_sentence(name, need, has, exact=exact, recommended=recommended),
        needs=needs_text,
        has=NOT_MEASURED if has is None else gib(has),
        figures=_figures(needs_text, None if has is None else gib(has)),
        need=need,
        exact=exact,
        recommended=recommended,
    )


def main_requirement(assessment: Assessment) -> Requirement | None:
    """Return the requirement that the report leads with.

    It is the first scenario: the first of ``hcreport.yml``, else what a plain start starts.
    """
    return assessment.requirements[0] if assessment.requirements else None


def known_need(requirement: Requirement | None) -> tuple[Bytes | None, bool]:
    """Return memory for Docker in bytes, and whether that is all or only a lower bound."""
    if requirement is None:
        return None, False
    if requirement.docker_memory is not None:
        return requirement.docker_memory, True
    # What Docker itself needs is known without knowing anything of the stack.
    if any(part.memory for part in requirement.parts if part.kind in ("service", "model")):
        return requirement.at_least, False
    return None, False


def _figures(needs: str, has: str | None) -> str:
    first = "what it needs was not measured" if needs == NOT_MEASURED else f"needs {needs}"
    second = "what Docker has was not measured" if has is None else f"Docker has {has}"
    return f"{first}, {second}"


def _answer(need: Bytes | None, has: Bytes | None, *, exact: bool) -> Answer:
    if need is None or has is None:
        return "unknown"
    if need > has:
        return "short"
    return "enough" if exact else "unknown"


def _sentence(
    name: str,
    need: Bytes | None,
    has: Bytes | None,
    *,
    exact: bool,
    recommended: Bytes | None,
) -> str:
    if need is None and has is None:
        return f"Neither what {name} needs nor what Docker has was measured."
    if need is None and has is not None:
        return f"Docker has {gib(has)} of memory; what {name} needs was not measured."
    assert need is not None  # noqa: S101  (both None and only need None are answered above)
    bound = "" if exact else "at least "
    more = f" ({gib(recommended)} recommended)" if recommended else ""
    start = f"{name} needs {bound}{gib(need)} of memory in Docker{more}"
    if has is None:
        return f"{start}; what Docker has was not measured."
    if need > has:
        return f"{start}, but Docker has {gib(has)}."
    if exact and recommended and has < recommended:
        return f"{start}, and Docker has {gib(has)}: enough, but less than recommended."
    if exact:
        return f"{start}, and Docker has {gib(has)}: that is enough."
    return f"{start}, and Docker has {gib(has)}; the need is a lower bound."
