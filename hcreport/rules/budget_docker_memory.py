"""A scenario needs more memory than the project allows.

What it checks:
Whether a scenario needs more than `budgets: docker_memory` in hcreport.yml gives it. What Docker
itself needs is part of it, as on the page System requirements.

Why it matters:
The project set itself this bound, so that its users can run it on the machines that they have.

How to fix it:
Make the largest part need less, leave it out of the scenario, or raise the budget where the project
agrees.

Limits:
The need is an estimate from what was measured. Where parts are not measured only a lower bound is
known: it can exceed the budget, and it can never show that the budget is kept.
"""

from __future__ import annotations

from hcreport.estimate.requirements import memory_need
from hcreport.model import Action, Location, RequirementPart, Severity
from hcreport.rules import budget_steps
from hcreport.rules.contract import Case, NotMeasured, Problem, Rule, Verdict
from hcreport.units import gib

RULE = Rule(
    id="budget-docker-memory",
    severity=Severity.HIGH,
    each="scenario",
    needs=("services",),
    budget="docker_memory",
)


def check(scenario: str, case: Case) -> Verdict:
    """Compare what a scenario needs with its budget, in bytes."""
    allowed = case.budgets.docker_memory[scenario]
    need = memory_need(case.snapshot, scenario)
    if need is None:
        return NotMeasured("the snapshot has no scenario of this name")
    if need.at_least <= allowed:
        return None if need.exact else NotMeasured("only a lower bound of its need is known")
    words = "needs" if need.exact else "needs at least"
    largest = _largest(need.parts)
    return Problem(
        message=(
            f"{scenario} {words} {gib(need.at_least)} for Docker; "
            f"the project allows {gib(allowed)}."
        ),
        numbers=(
            case.computed("memory that Docker needs", need.at_least, "sum of the parts"),
            case.declared("memory allowed", allowed),
        ),
        remedies=(
            *([_need_less(largest)] if largest else []),
            budget_steps.allow_memory(scenario, need.at_least),
        ),
        location=_place(largest, case),
    )


def _largest(parts: tuple[RequirementPart, ...]) -> RequirementPart | None:
    """Return the part of the stack itself that needs most."""
    own = (each for each in parts if each.kind in ("service", "model") and not each.left_out)
    return max(own, key=lambda each: each.memory.value if each.memory else 0, default=None)


def _need_less(part: RequirementPart) -> Action:
    size = f", which needs {gib(round(part.memory.value))}" if part.memory else ""
    return Action(
        what=f"Make the largest part need less, or leave it out: {part.name}{size}",
        effort="an hour",
        gain="not measured: it depends on what can be left out",
        verify="The next report names less than the budget for this scenario.",
        undo="Put it back.",
    )


def _place(part: RequirementPart | None, case: Case) -> Location | None:
    service = case.service(part.name) if part and part.kind == "service" else None
    return service.location if service else None
