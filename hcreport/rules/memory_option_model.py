"""Options about the local model where memory is short: without it, on the machine, or a smaller.

Not rules: :mod:`hcreport.rules.memory_options` puts them beside the others.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from hcreport.compose_files import MODEL_ON_HOST_FILE, WITHOUT_MODEL_FILE, compose_with
from hcreport.estimate.llm_choices import longest_context, savings
from hcreport.estimate.llm_memory import llm_memory
from hcreport.estimate.model_room import room_for
from hcreport.estimate.models import model_size, runner_settings
from hcreport.estimate.shortage import saved_without, with_engine_memory
from hcreport.estimate.without_model import WithoutModel, without_model
from hcreport.facts import fact_value
from hcreport.model import Action, Engine, LocalModel, RunnerSettings, Snapshot
from hcreport.platforms import candidates, machine_memory
from hcreport.rules import steps
from hcreport.rules.contract import Case, known
from hcreport.rules.raise_memory import Refused
from hcreport.units import Bytes, gib, gibibytes, total

_ALWAYS_MAC = {"docker-desktop-mac", "orbstack"}
_PERHAPS_MAC = {"colima", "lima", "rancher-desktop", "podman"}
"""Platforms that run on a Mac and elsewhere: the client's system tells which."""


_UNKNOWN_NEED = "as much less is needed as its model needs, which is not known"


def run_without_model(case: Case) -> Action | Refused | None:
    """Return the step that leaves out the local model; None where none has a service that starts.

    It uses the Compose file that the site offers. Refused where no such file can exist.
    """
    rest = without_model(case.snapshot)
    if rest is None:
        return None
    if rest.obstacle:
        return Refused(f"Running without the local model is no option: {rest.obstacle}.")
    served = any(each.service in rest.services for each in case.snapshot.models)
    effect = saved_without(rest.services, case.snapshot) if served else None
    return Action(
        what=f"Run without the local model: leave out {_listed(rest.services)}",
        why="Nothing answers requests for the model then, unless an outside service does.",
        command=_start_without(rest, WITHOUT_MODEL_FILE, case.snapshot),
        files=(WITHOUT_MODEL_FILE,),
        gain=f"{gib(effect)} less is needed" if effect is not None else _UNKNOWN_NEED,
        effect=effect,
        verify=f"docker compose ps does not list {_listed(rest.services)}.",
        undo=steps.compose_up(case),
    )


def model_on_host(case: Case) -> Action | Refused | None:
    """Return the step that runs Ollama on the machine itself, where containers get no GPU.

    That is on a Mac (fact ``ollama/no-gpu-in-containers-on-mac``); None elsewhere, and where no
    model is served by Ollama's own image. Refused where no file can send the others to it, and
    where the machine is known to have no room for the model.
    """
    engine, rest = case.snapshot.engine, without_model(case.snapshot)
    if engine is None or rest is None or not _on_a_mac(engine):
        return None
    models = [each for each in case.snapshot.models if each.service in rest.services]
    if not models or not all(steps.is_ollama(each.service, case) for each in models):
        return None
    if rest.host_obstacle:
        return Refused(f"Ollama on the machine itself is no option: {rest.host_obstacle}.")
    need = total(filter(None, map(model_size, models)))
    if engine.host_memory is not None and engine.host_memory - case.engine_memory < need:
        return Refused(
            f"Ollama on the machine itself is no option: Docker has {gib(case.engine_memory)} of "
            f"its {gib(engine.host_memory)}, so there is no room for a model of {gib(need)}."
        )
    effect = saved_without(rest.services, case.snapshot)
    pulls = [f"ollama pull {shlex.quote(each.name)}" for each in models]
    names = _listed([each.name for each in models])
    return Action(
        what="Run Ollama on the machine itself: install it, and have the services ask it",
        why=f"Containers get no GPU here. The machine itself then needs {gib(need)} for the model.",
        command="\n".join(
            (*pulls, _start_without(rest, MODEL_ON_HOST_FILE, case.snapshot)),
        ),
        files=(MODEL_ON_HOST_FILE,),
        effort="an hour",
        gain=f"{gib(effect)} less is needed in Docker",
        effect=effect,
        verify=f"ollama list prints {names}; docker compose ps does not list "
        f"{_listed(rest.services)}.",
        undo=steps.compose_up(case),
    )


def raise_and_make_smaller(model: LocalModel, case: Case) -> list[Action]:
    """Return the step that gives Docker all that the machine can spare, and a model that fits then.

    The setting is whole GiB and leaves the machine what it needs itself; Docker finds a little less
    (fact ``platforms/virtual-machine-overhead``). None where the machine's memory is not known, or
    where it can spare no more than Docker has.
    """
    engine = known(case.snapshot.engine)
    if engine.host_memory is None or not all(each.virtual_machine for each in candidates(engine)):
        return []
    spare = max(0, engine.host_memory - machine_memory())
    setting = gibibytes(spare // int(gibibytes(1)))
    found = Bytes(int(setting * (1 - fact_value("platforms/virtual-machine-overhead"))))
    before, need = room_for(model, case.snapshot), known(model_size(model))
    room = room_for(model, with_engine_memory(found, case.snapshot))
    if found <= case.engine_memory or room is None or not 0 < room < need or room == before:
        return []
    return [
        Action(
            what=f"Give Docker {gib(setting)}, all that this machine can spare, and choose a model "
            f"that needs at most {gib(room)}",
            why="The requirements page says how to give Docker more.",
            effort="an hour",
            gain=f"{gib(found - case.engine_memory)} more, and {gib(need - room)} less than "
            f"{model.name}",
            effect=found - case.engine_memory + need - room,
            verify=f"hcreport model, with its name, prints at most {gib(room)}.",
            undo=f"Put the old amount back, and go back to {model.name}.",
        )
    ]


def make_model_smaller(model: LocalModel, case: Case) -> list[Action]:
    """Return the steps that each make one model fit beside all else that starts.

    Settings of Ollama are offered where the model's shape is known and one of them is enough by
    itself; a smaller model where there is room for any. Where it should fit as it is, a smaller
    cache is offered for what it saves.
    """
    need, room = known(model_size(model)), room_for(model, case.snapshot)
    if room is None or not room:
        return []
    if room >= need:
        return list(_smaller_cache(model, Bytes(1), case))
    settings = list(_enough_by_itself(model, need - room, case))
    why = "" if settings else _what_settings_save(model, case)
    kind = "a smaller model" if settings or why else "a smaller model or a shorter context"
    smaller = Action(
        what=f"Choose {kind} that needs at most {gib(room)}",
        why=why,
        effort="an hour",
        gain=f"{gib(need - room)} less than {model.name}, or more",
        effect=need - room,
        verify=f"hcreport model, with its name, prints at most {gib(room)}.",
        undo=f"Go back to {model.name}.",
    )
    return [*settings, smaller]


def _enough_by_itself(model: LocalModel, less: Bytes, case: Case) -> Iterator[Action]:
    """Yield settings of Ollama that each save at least ``less`` bytes, the mildest first."""
    if model.shape is None or not steps.is_ollama(model.service, case):
        return
    yield from _smaller_cache(model, less, case)
    now = runner_settings(model)
    room = _total(model, now) - less
    context = longest_context(model.shape, now, room) if room > 0 else None
    if context is not None and context < now.context:
        then = now.model_copy(update={"context": context})
        saved = _total(model, now) - _total(model, then)
        yield _set(model, "OLLAMA_CONTEXT_LENGTH", f"{context}", saved)


def _smaller_cache(model: LocalModel, less: Bytes, case: Case) -> Iterator[Action]:
    """Yield the step to a cache in q8_0 where it saves at least ``less`` bytes."""
    if model.shape is None or not steps.is_ollama(model.service, case):
        return
    saved = _saved_by_q8(model)
    if saved >= less:
        yield _set(model, "OLLAMA_KV_CACHE_TYPE", "q8_0", saved)


def _set(model: LocalModel, name: str, value: str, saved: Bytes) -> Action:
    step = steps.set_variable(
        model.service, name, value, gain=f"{model.name} needs {gib(saved)} less"
    )
    return step.model_copy(update={"effect": saved})


def _what_settings_save(model: LocalModel, case: Case) -> str:
    """Return what settings would save where none is enough; nothing where nobody knows."""
    if model.shape is None or not steps.is_ollama(model.service, case):
        return ""
    saved = _saved_by_q8(model)
    cache = f"; a cache in q8_0 saves only {gib(saved)}" if saved else ""
    return f"No context is short enough for {model.name}{cache}."


def _saved_by_q8(model: LocalModel) -> Bytes:
    """Return the bytes that a cache in q8_0 saves; 0 where it cannot be had, or is in use."""
    for each in savings(known(model.shape), runner_settings(model)):
        if each.kind == "cache type" and each.settings.key_type == "q8_0":
            return each.full
    return Bytes(0)


def _total(model: LocalModel, settings: RunnerSettings) -> Bytes:
    memory = llm_memory(known(model.shape), settings)
    return memory.full + memory.kernel


def _start_without(rest: WithoutModel, file: str, snapshot: Snapshot) -> str:
    stopped = " ".join(map(shlex.quote, rest.services))
    files = snapshot.project.compose_files
    return (
        f"docker compose stop {stopped}\n"
        f"{compose_with(files, file)}{steps.profiles(snapshot)} up -d"
    )


def _on_a_mac(engine: Engine) -> bool:
    found = {each.id for each in candidates(engine)}
    perhaps = engine.client_os == "darwin" and not engine.remote
    return found <= (_ALWAYS_MAC | _PERHAPS_MAC if perhaps else _ALWAYS_MAC)


def _listed(names: tuple[str, ...] | list[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
