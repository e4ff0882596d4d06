"""The tables about one local model: where it runs, what would save memory, which are smaller."""

from __future__ import annotations

from dataclasses import dataclass

from hcreport.estimate.llm_choices import FEWEST_STATES, savings
from hcreport.estimate.machines import MACHINES, machine_needs, verdict
from hcreport.estimate.memory import engine_memory
from hcreport.estimate.model_room import need_alone
from hcreport.estimate.models import model_size
from hcreport.facts import catalogue, fact
from hcreport.model import (
    LocalModel,
    ModelShape,
    Requirement,
    RequirementPart,
    RunnerSettings,
    Snapshot,
)
from hcreport.names import slug
from hcreport.platforms import PLATFORMS
from hcreport.units import Bytes

SMALLER_MODELS = 6
"""How many smaller models of our list the page names."""

_WORDS = {
    "cache type": ("Store the cache in {}", "OLLAMA_KV_CACHE_TYPE={}"),
    "slots": ("Answer one request at a time", "OLLAMA_NUM_PARALLEL=1"),
    "prompt cache": ("Keep no finished prompts", "LLAMA_ARG_CACHE_RAM=0"),
    "states": ("Keep the states of one prompt only", f"LLAMA_ARG_CTX_CHECKPOINTS={FEWEST_STATES}"),
}


@dataclass(frozen=True, kw_only=True)
class ScenarioRow:
    """Whether the engine has what a scenario needs; sizes are in bytes."""

    name: str
    anchor: str
    """Of the scenario on the requirements page."""
    part: str
    """How the model stands in it."""
    need: Bytes
    exact: bool
    """False where Docker needs at least that much."""
    runs: bool | None
    """None is not measured."""
    short: Bytes


@dataclass(frozen=True, kw_only=True)
class MachineRow:
    """What fits on machines of one size; None is not measured."""

    size: Bytes
    cells: tuple[bool | None, ...]
    """The model alone on Linux and in a virtual machine, then the scenario on both."""


@dataclass(frozen=True, kw_only=True)
class MachineTable:
    """Machine sizes, and the scenario that the model is looked at in."""

    scenario: str
    rows: tuple[MachineRow, ...]


@dataclass(frozen=True, kw_only=True)
class SavingRow:
    """One setting that saves memory; sizes are in bytes."""

    what: str
    setting: str
    full: Bytes
    ceiling: Bytes


@dataclass(frozen=True, kw_only=True)
class SmallerModel:
    """A model of our cited list that needs less with the same settings; sizes are in bytes."""

    tag: str
    fact: str
    need: Bytes
    saves: Bytes
    fits: bool | None
    """Beside all that starts; None is not measured."""


def scenario_rows(
    model: LocalModel, requirements: tuple[Requirement, ...], snapshot: Snapshot
) -> tuple[ScenarioRow, ...]:
    """Return one row for each scenario of the requirements page that runs the model."""
    engine = engine_memory(snapshot)
    rows = []
    for each in requirements:
        part = _part_of(model, each)
        if part is None:
            continue
        answer = verdict(each, Bytes(round(engine.value))) if engine else None
        rows.append(
            ScenarioRow(
                name=each.scenario,
                anchor=f"scenario-{slug(each.scenario)}",
                part="a larger model of its server is counted" if part.left_out else "counted",
                need=each.at_least,
                exact=each.docker_memory is not None,
                runs=answer.runs if answer else None,
                short=answer.short if answer else Bytes(0),
            )
        )
    return tuple(rows)


def machine_table(
    model: LocalModel, need: Bytes, requirements: tuple[Requirement, ...]
) -> MachineTable:
    """Return what fits on which machine, up to the first size on which all of it is known to.

    The sizes and the formulas are those of the requirements page; ``need`` is in bytes.
    """
    stack = next((each for each in requirements if _part_of(model, each)), None)
    alone = _smallest_machines(need_alone(need))
    whole = _smallest_machines(stack.at_least) if stack else (None, None)
    exact = stack is not None and stack.docker_memory is not None
    rows: list[MachineRow] = []
    for size in MACHINES:
        cells: list[bool | None] = [_at_least(size, each) for each in alone]
        cells += [_known(_at_least(size, each), exact=exact) if stack else None for each in whole]
        rows.append(MachineRow(size=size, cells=tuple(cells)))
        if all(_at_least(size, each) for each in (*alone, *(whole if stack else ()))):
            break
    return MachineTable(scenario=stack.scenario if stack else "", rows=tuple(rows))


def saving_rows(shape: ModelShape, settings: RunnerSettings) -> tuple[SavingRow, ...]:
    """Return the settings that save memory, each with what it saves in bytes."""
    rows = []
    for each in savings(shape, settings):
        what, setting = _WORDS[each.kind]
        value = each.settings.key_type
        rows.append(
            SavingRow(
                what=what.format(value),
                setting=setting.format(value),
                full=each.full,
                ceiling=each.ceiling,
            )
        )
    return tuple(rows)


def smaller_models(
    model: LocalModel, need: Bytes, settings: RunnerSettings, room: Bytes | None
) -> tuple[SmallerModel, ...]:
    """Return the models of our list that need less: those that fit first, then by size.

    Each runs with the same settings and at most the context it was made for. Sizes are in bytes.
    """
    found = []
    for tag, key in catalogue().items():
        known = fact(key).model
        if known is None or tag == model.name or _other_kind(known.shape, model):
            continue
        longest = known.shape.context_length or settings.context
        fitting = settings.model_copy(update={"context": min(settings.context, longest)})
        size = model_size(LocalModel(name=tag, shape=known.shape, settings=fitting))
        if size is not None and size < need:
            found.append(
                SmallerModel(
                    tag=tag,
                    fact=key,
                    need=size,
                    saves=need - size,
                    fits=None if room is None else size <= room,
                )
            )
    return tuple(sorted(found, key=_best_first)[:SMALLER_MODELS])


def _best_first(model: SmallerModel) -> tuple[bool, int, str]:
    return model.fits is False, -int(model.need), model.tag


def _part_of(model: LocalModel, requirement: Requirement) -> RequirementPart | None:
    return next(
        (each for each in requirement.parts if each.kind == "model" and each.name == model.name),
        None,
    )


def _other_kind(shape: ModelShape, model: LocalModel) -> bool:
    """Tell whether a model cannot take the other's place: one answers, the other does not."""
    return model.shape is not None and shape.embeds != model.shape.embeds


def _smallest_machines(docker_memory: Bytes) -> tuple[Bytes | None, Bytes | None]:
    """Return the smallest machines without and with a virtual machine whose memory is set."""
    found: dict[bool, Bytes | None] = {}
    for each in machine_needs(docker_memory):
        virtual = PLATFORMS[each.platform].virtual_machine
        found.setdefault(virtual, each.when_set)
    return found.get(False), found.get(True)


def _at_least(size: Bytes, smallest: Bytes | None) -> bool:
    return smallest is not None and size >= smallest


def _known(enough: bool, *, exact: bool) -> bool | None:
    """Return an answer about a lower bound: too little is sure, enough is not."""
    return None if enough and not exact else enough
