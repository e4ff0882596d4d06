"""The prompts that a model's server remembers can fill the memory.

What it checks:
Whether a local model with a full prompt cache needs more than what is left for it: the engine less
all else that starts, or the limit of its service.

Why it matters:
The server keeps finished prompts in memory, by default up to 8 GiB for each model. Each prompt
that is unlike the ones before adds its part. The model loads well and is killed days later.

How to fix it:
Set `LLAMA_ARG_CACHE_RAM`, in MiB, to what there is room for. 0 keeps no prompt; follow-up questions
then take longer.

Limits:
Only Ollama 0.30 and later has this cache. How many different prompts there will be is not known,
so the rule looks at the most that is allowed. With -1 that is as many tokens as all slots have. A
GPU is not counted.
"""

from __future__ import annotations

from collections.abc import Iterator

from hcreport.estimate.model_room import room_for
from hcreport.estimate.models import model_memory, model_size
from hcreport.model import Action, LocalModel, Severity
from hcreport.rules import steps
from hcreport.rules.contract import (
    Case,
    NotApplicable,
    NotMeasured,
    Problem,
    Rule,
    Threshold,
    Verdict,
    known,
)
from hcreport.units import MIB, Bytes, gib, mebibytes

RULE = Rule(
    id="prompt-cache-unbounded",
    severity=Severity.MEDIUM,
    each="model",
    needs=("engine.memory_total",),
    thresholds={
        "step_bytes": Threshold(
            value=128 * MIB, because="A finer setting would not be more exact."
        ),
    },
    cites=("ollama/prompt-cache-limit", "ollama/prompt-cache-setting"),
)


def check(model: LocalModel, case: Case) -> Verdict:
    """Compare the model's need with a full prompt cache, in bytes, with the room there is."""
    memory, need = model_memory(model), model_size(model)
    if memory is None or need is None:
        return NotMeasured("the header of its file was not read")
    if not memory.prompt_cache_ceiling:
        return None
    room = known(room_for(model, case.snapshot))
    if need > room:
        return NotApplicable("it does not fit even without: see model-does-not-fit")
    ceiling = need + memory.prompt_cache_ceiling
    if ceiling <= room:
        return None
    return Problem(
        message=(
            f"{model.name} needs {gib(need)} and may keep {gib(memory.prompt_cache_ceiling)} of "
            f"prompts, but there is room for {gib(room)}."
        ),
        numbers=(
            case.computed(
                "prompts it may keep", memory.prompt_cache_ceiling, "the largest prompt cache"
            ),
            case.computed("need with a full prompt cache", ceiling, "need and largest cache"),
            case.computed("room for it", room, "the engine less all else, or the limit"),
        ),
        remedies=(_cap(model, case),),
        confidence="likely",
        location=model.location,
    )


def _cap(model: LocalModel, case: Case) -> Action:
    """Advise what is left, in whole steps; less than one full prompt is not worth keeping.

    A server has one setting for all its models, so the one with the least room decides.
    """
    step = round(case.thresholds["step_bytes"])
    left, prompt = min(_left_for_prompts(model, case))
    size = mebibytes(int(left) // step * step // MIB)
    kept = size if size >= prompt else Bytes(0)
    words = f"keeps at most {gib(kept)} of prompts" if kept else "keeps no prompts"
    return steps.set_variable(
        model.service, "LLAMA_ARG_CACHE_RAM", f"{int(kept) // MIB}", gain=f"{model.name} {words}"
    )


def _left_for_prompts(model: LocalModel, case: Case) -> Iterator[tuple[Bytes, Bytes]]:
    """Yield what is left and the size of one prompt, in bytes, for each model of its server."""
    for each in case.snapshot.models:
        memory, need = model_memory(each), model_size(each)
        served = each is model or (each.service is not None and each.service == model.service)
        if not served or memory is None or need is None or not memory.prompt_cache_ceiling:
            continue
        left = known(room_for(each, case.snapshot)) - need
        if memory.checkpoints_ceiling < left:
            left -= memory.checkpoints_ceiling  # which the rule model-states-unbounded looks at
        if left >= 0:  # else model-does-not-fit
            yield Bytes(left), memory.prompt
