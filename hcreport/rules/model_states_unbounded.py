"""The states that a conversation with a model keeps can fill the memory.

What it checks:
Whether a local model, with all the states that its server may keep, needs more than what is left
for it. That is the engine's memory less all else that starts, or the limit of its service.

Why it matters:
Models with a sliding window or a recurrent state cannot go back in a text. So the server keeps
copies of that state while it reads, up to 32 for each conversation. With each answer the memory
grows, and neither Ollama nor the prompt cache counts it. In a long conversation the model is
killed.

How to fix it:
Set `LLAMA_ARG_CTX_CHECKPOINTS` to as many copies as there is room for. With 0 a follow-up question
that goes back reads the whole text again.

Limits:
Only Ollama 0.30 and later keeps them. How long the conversations are is not known, so the rule
looks at the most that is allowed. A GPU is not counted.
"""

from __future__ import annotations

from collections.abc import Iterator

from hcreport.estimate.model_room import room_for
from hcreport.estimate.models import model_memory, model_size, runner_settings
from hcreport.model import LocalModel, Severity
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
from hcreport.units import gib

RULE = Rule(
    id="model-states-unbounded",
    severity=Severity.MEDIUM,
    each="model",
    needs=("engine.memory_total",),
    cites=("ollama/states-kept", "ollama/states-setting"),
)


def check(model: LocalModel, case: Case) -> Verdict:
    """Compare the model's need with all states, in bytes, with the room there is."""
    memory, need = model_memory(model), model_size(model)
    if memory is None or need is None:
        return NotMeasured("the header of its file was not read")
    if not memory.checkpoints_ceiling:
        return None
    room = known(room_for(model, case.snapshot))
    if need > room:
        return NotApplicable("it does not fit even without: see model-does-not-fit")
    ceiling = need + memory.checkpoints_ceiling
    if ceiling <= room:
        return None
    fewer = min(_that_fit(model, case))
    return Problem(
        message=(
            f"{model.name} needs {gib(need)} and may keep {gib(memory.checkpoints_ceiling)} of "
            f"states, but there is room for {gib(room)}."
        ),
        numbers=(
            case.computed(
                "states it may keep", memory.checkpoints_ceiling, "the most, less those of a prompt"
            ),
            case.computed("need with all states", ceiling, "need and most states"),
            case.computed("room for it", room, "the engine less all else, or the limit"),
        ),
        remedies=(
            steps.set_variable(
                model.service,
                "LLAMA_ARG_CTX_CHECKPOINTS",
                f"{fewer}",
                gain=f"{model.name} keeps at most {fewer} states of each conversation",
            ),
        ),
        confidence="likely",
        location=model.location,
    )


def _that_fit(model: LocalModel, case: Case) -> Iterator[int]:
    """Yield how many states of each conversation there is room for beside those of one prompt.

    For each model of its server that fits: a server has one setting for all its models.
    """
    for each in case.snapshot.models:
        memory, need = model_memory(each), model_size(each)
        served = each is model or (each.service is not None and each.service == model.service)
        if not served or memory is None or need is None or not memory.checkpoints_ceiling:
            continue
        left = known(room_for(each, case.snapshot)) - need
        if left >= 0:  # else model-does-not-fit
            one = memory.checkpoints_ceiling + memory.checkpoints
            yield int((left + memory.checkpoints) * runner_settings(each).checkpoints // one)
