"""What one may do where Docker has too little memory: the same options for every rule about it.

Not a rule. The options are alternatives, so the plan shows them once, as "Do one of these".
"""

from __future__ import annotations

from collections.abc import Iterator

from hcreport.estimate.model_room import need_alone
from hcreport.estimate.models import model_size, service_limit
from hcreport.estimate.scenarios import everything
from hcreport.estimate.shortage import Shortage, shortage
from hcreport.model import EFFORTS, Action, LocalModel
from hcreport.platforms import candidates, host_memory_when_set
from hcreport.rules import steps
from hcreport.rules.contract import Case, counted, known
from hcreport.rules.memory_option_model import (
    make_model_smaller,
    model_on_host,
    raise_and_make_smaller,
    run_without_model,
)
from hcreport.rules.raise_memory import Refused, raise_engine_memory
from hcreport.units import Bytes, gib

CITES = (
    "compose/dependency-may-be-absent",
    "docker/pause-frees-nothing",
    "docker/start-seconds-high",
    "docker/start-seconds-low",
    "ollama/cache-types",
    "ollama/no-gpu-in-containers-on-mac",
)
"""Keys of the facts that the options rest on, for the rules that offer them."""

_NAMED = 3
"""How many services a step names before it says how many more there are."""


def memory_options(case: Case, *, model: LocalModel | None = None) -> tuple[Action, ...]:
    """Return the alternatives, those that are enough by themselves first, then by effort.

    There is always one.

    ``model`` is the model that the finding is about. Where only the limit of its service is too
    low the options are about that limit; else they are the same whatever the finding is about.
    The first says how much is missing, and why others are not offered; the ``gain`` of each says
    what is still missing after it, see :class:`~hcreport.estimate.shortage.Shortage`. Where the
    engine's memory is not known, nothing of that is.
    """
    short = shortage(case.snapshot)
    if model is not None and _only_the_limit(model, short, case):
        return _limit_options(model, case)
    asked = _model_in_question(short, case)
    offered = [*_offered(short, asked, case)]
    actions = [_with_rest(each, short) for each in offered if isinstance(each, Action)]
    if not actions or short is None or not _is_too_large(asked, case):
        actions.append(_with_rest(steps.start_fewer(case), short))
    actions.sort(key=lambda each: _place(each, short))
    return _explained(actions, offered, _missing(short))


def _offered(
    short: Shortage | None, asked: LocalModel | None, case: Case
) -> Iterator[Action | Refused]:
    """Yield the options, the one that changes least first; stopping services comes on top."""
    raised = None if short is None else _raised(short, case)
    for each in (raised, run_without_model(case), model_on_host(case)):
        if each is not None:
            yield each
    if asked is not None:
        if isinstance(raised, Refused):
            yield from raise_and_make_smaller(asked, case)
        yield from make_model_smaller(asked, case)


def _raised(short: Shortage, case: Case) -> Action | Refused:
    raised = raise_engine_memory(case, also=_limits_to_raise(case))
    if isinstance(raised, Refused):
        return Refused(f"More memory for Docker is no option. {raised.reason}")
    return _with_machine(raised, short, case)


def _with_machine(raised: Action, short: Shortage, case: Case) -> Action:
    """Return the step with the machine that it takes, where nobody knows which machine it is."""
    engine = known(case.snapshot.engine)
    platforms = [each for each in candidates(engine) if each.virtual_machine]
    if engine.host_memory is not None or not platforms:
        return raised.model_copy(update={"why": ""})
    machine = max(host_memory_when_set(short.wanted, each) for each in platforms)
    why = f"Only for a machine with {gib(machine)} or more."
    return raised.model_copy(update={"why": why})


def _missing(short: Shortage | None) -> str:
    """Return how much is missing in one sentence; nothing where all that is known fits."""
    if short is None or not short.short:
        return ""
    parts = f", with {counted(short.unmeasured, 'part')} not measured" if short.unmeasured else ""
    return (
        f"All that starts, {counted(short.services, 'service')}, needs at least "
        f"{gib(short.wanted)}{parts}; Docker has {gib(short.has)}."
    )


def _with_rest(action: Action, short: Shortage | None) -> Action:
    """Return the step with what is still missing after it; as it is where nobody knows."""
    if action.effect is None or short is None or not short.short:
        return action
    left = short.left_after(action.effect)
    enough = "enough for what is known" if short.unmeasured else "enough"
    rest = f"{gib(left)} are still missing" if left else enough
    return action.model_copy(update={"gain": f"{action.gain}; {rest}"})


def _place(action: Action, short: Shortage | None) -> tuple[int, int]:
    """Sort by whether it is enough, is not, or nobody knows; then the least effort first."""
    enough = 2 if action.effect is None else 0
    if action.effect is not None and short is not None and short.left_after(action.effect):
        enough = 1
    return enough, EFFORTS.index(action.effort)


def _explained(
    actions: list[Action], offered: list[Action | Refused], missing: str = ""
) -> tuple[Action, ...]:
    """Return the options; the first says what is missing and why others are not offered."""
    reasons = [each.reason for each in offered if isinstance(each, Refused)]
    first, *rest = actions
    why = " ".join(filter(None, (missing, *reasons, first.why)))
    return (first.model_copy(update={"why": why}), *rest)


def _limits_to_raise(case: Case) -> str:
    """Return the second half of raising the engine's memory: limits that are too low for models.

    It names a few of them; the finding of each model says what its service needs.
    """
    found = sorted(dict(_short_limits(case)).items())
    if not found:
        return ""
    parts = [f"{name} to {steps.compose_size(limit)}" for name, limit in found[:_NAMED]]
    if len(found) > _NAMED:
        parts.append(f"{len(found) - _NAMED} more as their models need")
    *first, last = parts
    listing = f"{', '.join(first)} and {last}" if first else last
    return f". Then set the memory limit of {listing} in the Compose file"


def _short_limits(case: Case) -> Iterator[tuple[str, Bytes]]:
    """Yield services whose limit is below the need of their model, with one that is enough."""
    for model in case.snapshot.models:
        need, limit = model_size(model), service_limit(model.service, case.snapshot)
        if need is not None and model.service and limit is not None and limit.value < need:
            yield model.service, steps.limit_for(need, case)


def _model_in_question(short: Shortage | None, case: Case) -> LocalModel | None:
    """Return the largest model of known need among those that start.

    One that starts later counts where it alone is the reason for what is wanted.
    """
    sizes = {each.name: model_size(each) or Bytes(0) for each in case.snapshot.models}
    started = {each.name for each in everything(case.snapshot).loaded}
    found = [
        each
        for each in case.snapshot.models
        if sizes[each.name]
        and (
            each.name in started
            or not started
            or (short is not None and need_alone(sizes[each.name]) >= short.wanted)
        )
    ]
    return max(found, key=lambda each: (sizes[each.name], each.name), default=None)


def _is_too_large(model: LocalModel | None, case: Case) -> bool:
    """Tell whether a model would not fit even if nothing else ran: stopping others is no help."""
    size = model_size(model) if model else None
    return size is not None and need_alone(size) > case.engine_memory


def _only_the_limit(model: LocalModel, short: Shortage | None, case: Case) -> bool:
    """Tell whether all there is is a limit below the model's need: the engine has enough."""
    need, limit = model_size(model), service_limit(model.service, case.snapshot)
    too_low = need is not None and limit is not None and limit.value < need
    return too_low and (short is None or not short.short)


def _limit_options(model: LocalModel, case: Case) -> tuple[Action, ...]:
    limit = steps.limit_for(known(model_size(model)), case)
    raised = steps.raise_limit(known(model.service), limit)
    without = run_without_model(case)
    offered = [raised, *([without] if without else []), *make_model_smaller(model, case)]
    return _explained([each for each in offered if isinstance(each, Action)], offered)
