"""What one could choose for a model to need less: a shorter context, another cache, fewer slots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hcreport.estimate.llm_memory import BYTES_PER_NUMBER, llm_memory
from hcreport.model import CacheType, ModelMemory, ModelShape, RunnerSettings
from hcreport.units import KIB, MIB, Bytes

CONTEXT_STEP = KIB
"""Contexts are tried in steps of so many tokens."""

_LONGEST_CONTEXT = KIB * KIB
"""The longest context that is tried where the model does not say what it was made for."""

_SMALLER_CACHES: tuple[CacheType, ...] = ("q8_0", "q4_0")
"""The types that Ollama offers for the cache beside f16: its FAQ, ``OLLAMA_KV_CACHE_TYPE``."""


FEWEST_STATES = 2
"""As many as the server keeps of one prompt: with fewer, a follow-up question reads all again."""

SavingKind = Literal["cache type", "slots", "prompt cache", "states"]


@dataclass(frozen=True, kw_only=True)
class Saving:
    """One setting that saves memory."""

    kind: SavingKind
    settings: RunnerSettings
    """All settings, with this one changed."""
    full: Bytes
    """Bytes that the model then needs less with a full context."""
    ceiling: Bytes
    """Bytes that it then needs less at the most, with all that it remembers."""


def longest_context(shape: ModelShape, settings: RunnerSettings, room: Bytes) -> int | None:
    """Return the most tokens of context with which a model needs at most ``room`` bytes.

    Contexts are multiples of :data:`CONTEXT_STEP`, and the longest that the model was made for.
    None where not even the shortest of these fits.
    """
    longest = shape.context_length or _LONGEST_CONTEXT
    if _need(shape, settings, longest) <= room:
        return longest
    fits, fails = 0, -(-longest // CONTEXT_STEP)
    while fails - fits > 1:  # the need grows with the context, so halving finds the last that fits
        middle = (fits + fails) // 2
        if _need(shape, settings, middle * CONTEXT_STEP) <= room:
            fits = middle
        else:
            fails = middle
    return fits * CONTEXT_STEP or None


def savings(shape: ModelShape, settings: RunnerSettings) -> tuple[Saving, ...]:
    """Return the settings that would save memory, those of one kind with the least saving first.

    Without flash attention llama.cpp refuses a smaller type for the values, so none is offered.
    """
    now = llm_memory(shape, settings)
    found = [_saving("cache type", shape, each, now) for each in _smaller_caches(settings)]
    if settings.slots > 1:
        one = settings.model_copy(update={"slots": 1})
        found.append(_saving("slots", shape, one, now))
    if now.prompt_cache_ceiling:
        none = settings.model_copy(update={"prompt_cache": Bytes(0)})
        found.append(_saving("prompt cache", shape, none, now))
    if now.checkpoints_ceiling:
        fewer = settings.model_copy(update={"checkpoints": FEWEST_STATES})
        found.append(_saving("states", shape, fewer, now))
    return tuple(each for each in found if each.full > 0 or each.ceiling > 0)


def prompt_cache_that_fits(memory: ModelMemory, room: Bytes) -> Bytes | None:
    """Return the largest prompt cache with which the ceiling is at most ``room`` bytes.

    It is a whole number of MiB, as llama.cpp takes it. None where not even a ceiling without one
    fits.
    """
    without = memory.full + memory.kernel + memory.checkpoints_ceiling
    if without > room:
        return None
    return Bytes((room - without) // MIB * MIB)


def _smaller_caches(settings: RunnerSettings) -> list[RunnerSettings]:
    if not settings.flash_attention:
        return []
    now = max(BYTES_PER_NUMBER[settings.key_type], BYTES_PER_NUMBER[settings.value_type])
    return [
        settings.model_copy(update={"key_type": each, "value_type": each})
        for each in _SMALLER_CACHES
        if BYTES_PER_NUMBER[each] < now
    ]


def _saving(
    kind: SavingKind,
    shape: ModelShape,
    changed: RunnerSettings,
    now: ModelMemory,
) -> Saving:
    then = llm_memory(shape, changed)
    return Saving(
        kind=kind,
        settings=changed,
        full=now.full - then.full,
        ceiling=now.ceiling - then.ceiling,
    )


def _need(shape: ModelShape, settings: RunnerSettings, context: int) -> Bytes:
    memory = llm_memory(shape, settings.model_copy(update={"context": context}))
    return memory.full + memory.kernel
