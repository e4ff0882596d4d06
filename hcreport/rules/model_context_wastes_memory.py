"""The context of a local model takes more memory than it has to.

What it checks:
Whether the key-value cache of a model is larger than its weights, for the whole context of all its
slots. Also whether the context is longer than the one that the model was made for.

Why it matters:
The cache is filled when the model is loaded, however short the prompts are. A long context times
several slots can take more memory than a larger model would.

How to fix it:
Run fewer slots, store the cache in `q8_0`, or ask for a shorter context. Each of them can be
enough.

Limits:
The sizes are computed from the header of the model's file for the context and slots that are set;
a request may ask for another context. How long the prompts are is not known. Ollama cuts a
context that is longer than the model's own; other servers may not.
"""

from __future__ import annotations

from typing import Any

from hcreport.estimate.llm_memory import llm_memory
from hcreport.estimate.models import model_memory, runner_settings
from hcreport.facts import fact_value
from hcreport.model import Action, LocalModel, RunnerSettings, Severity
from hcreport.rules import steps
from hcreport.rules.contract import (
    Case,
    NotMeasured,
    Problem,
    Rule,
    Threshold,
    Verdict,
    counted,
    known,
)
from hcreport.units import Bytes, gib

RULE = Rule(
    id="model-context-wastes-memory",
    severity=Severity.MEDIUM,
    each="model",
    thresholds={
        "cache_ratio": Threshold(
            value=1, because="Above it the context takes more than the model itself."
        ),
    },
    cites=(
        "ollama/memory-scales-with-slots",
        "ollama/default-context",
        "ollama/cache-types",
        "ollama/context-is-capped",
    ),
)

_WIDE = ("f32", "f16", "bf16")
"""Types that q8_0 is smaller than."""


def check(model: LocalModel, case: Case) -> Verdict:
    """Compare the cache with the weights, in bytes, and the context with the model's own."""
    memory, settings = model_memory(model), runner_settings(model)
    if memory is None:
        return NotMeasured("the header of its file was not read")
    longest = known(model.shape).context_length
    if longest is not None and settings.context > longest:
        return _too_long(model, settings, longest, case)
    if memory.kv_cache <= memory.weights * case.thresholds["cache_ratio"]:
        return None
    return Problem(
        message=(
            f"The cache of {model.name} takes {gib(memory.kv_cache)} for "
            f"{counted(settings.slots, 'slot')} of {settings.context:,} tokens, "
            f"its weights take {gib(memory.weights)}."
        ),
        numbers=(
            case.computed("key-value cache", memory.kv_cache, "computed from the model's header"),
            case.computed("weights", memory.weights, "computed from the model's header"),
        ),
        remedies=tuple(_remedies(model, settings)),
        location=model.location,
    )


def _too_long(
    model: LocalModel, settings: RunnerSettings, longest: int, case: Case
) -> Problem | None:
    path = f"models/{model.name}"
    return Problem(
        message=(
            f"{model.name} is given a context of {settings.context:,} tokens, "
            f"but it was made for {longest:,}."
        ),
        numbers=(
            case.number("context", settings.context, path, unit="count"),
            case.number("the model's own context", longest, path, unit="count"),
        ),
        remedies=(_shorter(model, settings, longest),),
        severity=Severity.LOW,
        location=model.location,
    )


def _remedies(model: LocalModel, settings: RunnerSettings) -> list[Action]:
    found = []
    if settings.slots > 1:
        gain = _saves(model, settings, slots=1)
        step = steps.set_variable(model.service, "OLLAMA_NUM_PARALLEL", "1", gain=gain)
        found.append(step)
    if settings.flash_attention and settings.key_type in _WIDE:
        gain = _saves(model, settings, key_type="q8_0", value_type="q8_0")
        step = steps.set_variable(model.service, "OLLAMA_KV_CACHE_TYPE", "q8_0", gain=gain)
        found.append(step)
    usual = round(fact_value("ollama/default-context"))
    shorter = usual if usual < settings.context else max(1, settings.context // 2)
    return [*found, _shorter(model, settings, shorter)]


def _shorter(model: LocalModel, settings: RunnerSettings, context: int) -> Action:
    gain = _saves(model, settings, context=context)
    return steps.set_variable(model.service, "OLLAMA_CONTEXT_LENGTH", f"{context}", gain=gain)


def _saves(model: LocalModel, settings: RunnerSettings, **changes: Any) -> str:
    """Return in words what other settings need less, computed."""
    shape = known(model.shape)
    other = llm_memory(shape, settings.model_copy(update=changes))
    less = llm_memory(shape, settings).full - other.full
    return f"{model.name} needs {gib(Bytes(max(0, less)))} less"
