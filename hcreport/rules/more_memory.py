"""What to do where one container has too little memory: the same steps for every rule about it.

Not a rule. A limit that was not enough is raised to what was needed at least and some room; where
the engine has no room for that, the options are those of the whole engine.
"""

from __future__ import annotations

import math
import shlex

from hcreport.estimate.held import held
from hcreport.estimate.models import model_size
from hcreport.estimate.shortage import shortage
from hcreport.facts import fact_value
from hcreport.model import Action, Container, LocalModel, Series
from hcreport.rules import steps
from hcreport.rules.contract import Case
from hcreport.rules.memory_options import memory_options
from hcreport.rules.raise_memory import raise_engine_memory
from hcreport.units import Bytes, gib

_HELD_RATIO = 0.93
"""Share of a limit that is held, from which hardly any page cache is left: our choice."""

_FULL_RATIO = 0.95
"""The same where the rest was not used up: any growth ends at the limit. Our choice."""


def limit_of(container: Container) -> Bytes | None:
    """Return the memory limit in force, in bytes; None where there is none."""
    return container.limits.memory or (container.memory.limit if container.memory else None) or None


def highest_use(container: Container, case: Case) -> Bytes:
    """Return the most that is known to have been in use, in bytes, as ``docker stats`` shows it.

    That is the sample of the snapshot and, where the stack was watched, all that was seen.
    """
    seen = [each.shown for each in _lives(container, case)]
    if container.memory is not None:
        seen += [container.memory.shown, held(container.memory) or Bytes(0)]
    return max(seen, default=Bytes(0))


def outgrown(container: Container, case: Case) -> Bytes | None:
    """Return what a running container holds, in bytes, where its limit is too small for it.

    Nearly all of the limit is memory that the kernel cannot take back without it being missed, and
    the rest was used up too (fact ``sizing/limit-reached``), or is less than a twentieth of it.
    None where it fits, where it has no limit, and where that is not known.
    """
    limit, use = limit_of(container), container.memory
    if limit is None:
        return None
    lives = [each for each in _lives(container, case) if each.limit == limit]
    holds = [each.held for each in lives if each.held is not None]
    reached = [each.peak or each.usage for each in lives]
    if use is not None:
        holds += [each for each in (held(use),) if each is not None]
        reached.append(max(use.usage, use.peak or use.usage))
    most = max(holds, default=Bytes(0))
    if most < limit * _HELD_RATIO:
        return None
    at_limit = max(reached) >= limit * fact_value("sizing/limit-reached")
    hit = use is not None and bool(use.limit_hits)
    return most if at_limit or hit or most > limit * _FULL_RATIO else None


def more_memory(container: Container, case: Case, *, reached: bool) -> tuple[Action, ...]:
    """Return the alternatives where a container has too little memory, the best first.

    ``reached`` says that its limit itself was not enough. Where it serves a model of known need,
    the options are those about the model.
    """
    limit = limit_of(container)
    model = _model(container, case)
    if model is not None and (limit is not None or case.budget.engine_total is not None):
        return memory_options(case, model=model)
    if limit is None:
        return _without_limit(case)
    used = highest_use(container, case)
    higher = steps.limit_for(max(used, limit) if reached else used, case)
    name = container.service or container.name
    if higher > limit and _has_room(higher, case):
        raised = steps.raise_limit(name, higher)
        return (raised, _need_less(name, limit)) if reached else (raised,)
    return (_need_less(name, limit), steps.start_fewer(case))


def raise_in_file(name: str, used: Bytes, case: Case) -> Action:
    """Return the step that puts a limit into the file that is enough for a use, in bytes.

    It comes before anything by which Compose makes the container anew.
    """
    higher = steps.limit_for(used, case)
    quoted = shlex.quote(name)
    return Action(
        what=f"Set the memory limit of {name} to {steps.compose_size(higher)} in the Compose file "
        "before its container is made anew",
        why=f"It holds {gib(used)} now, and would be killed with less.",
        command=f"docker compose up -d {quoted}",
        gain=f"{name} may use {gib(higher)}",
        verify=f"docker stats --no-stream shows {gib(higher)} as the limit of {name}.",
        undo=f"Put the old limit back, then docker compose up -d {quoted}",
    )


def _lives(container: Container, case: Case) -> list[Series]:
    window = case.snapshot.window
    return [each for each in (window.series if window else ()) if each.container == container.name]


def _has_room(limit: Bytes, case: Case) -> bool:
    return case.budget.engine_total is None or limit <= case.engine_memory


def _without_limit(case: Case) -> tuple[Action, ...]:
    """Return what to do where the engine itself ran out, of whatever is known to be needed."""
    if case.budget.engine_total is None:
        return (steps.start_fewer(case),)
    short = shortage(case.snapshot)
    if short is not None and short.short:
        return memory_options(case)
    share = fact_value("docker/container-memory-alert-ratio")
    wanted = Bytes(math.ceil(int(case.engine_memory) / share))
    raised = raise_engine_memory(case, least=wanted)
    if not isinstance(raised, Action):
        return (steps.start_fewer(case),)
    why = f"All of its {gib(case.engine_memory)} were in use when the kernel killed something."
    return (raised.model_copy(update={"why": why}), steps.start_fewer(case))


def _model(container: Container, case: Case) -> LocalModel | None:
    """Return the largest model of known need that its service serves and that does not fit."""
    limit, engine = limit_of(container), case.budget.engine_total
    room = min([each for each in (limit, engine and engine.value) if each], default=None)
    found = [
        (size, each)
        for each in case.snapshot.models
        if each.service is not None
        and each.service == container.service
        and (size := model_size(each)) is not None
        and room is not None
        and size > room
    ]
    return max(found, key=lambda entry: entry[0])[1] if found else None


def _need_less(name: str, limit: Bytes) -> Action:
    return Action(
        what=f"Make {name} need less memory, for example with fewer workers or a smaller cache",
        why="No limit has to change then, and no other service gets less.",
        effort="a day",
        gain=f"{name} stays below its limit of {gib(limit)}",
        verify=f"docker stats --no-stream shows less than {gib(limit)} for {name} under load.",
        undo="Put the old settings back.",
    )
