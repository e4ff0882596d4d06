"""The parts of what one local model needs, as numbered rows with what each depends on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from hcreport.estimate.llm_compute import automatic_batch
from hcreport.model import ModelMemory, ModelShape, RunnerSettings
from hcreport.render.model_chart import Part
from hcreport.render.words import counted, plain_number
from hcreport.units import Bytes, gib


def model_parts(
    shape: ModelShape, memory: ModelMemory, settings: RunnerSettings, *, server: Bytes
) -> tuple[Part, ...]:
    """Return the parts that a model has, numbered; what it remembers comes last.

    ``server`` is what Ollama's own server takes beside the model, in bytes.
    """
    shown = (each for each in _parts(shape, memory, settings, server) if each.size)
    return tuple(replace(each, number=number) for number, each in enumerate(shown, start=1))


def _parts(
    shape: ModelShape, memory: ModelMemory, settings: RunnerSettings, server: Bytes
) -> Iterator[Part]:
    """Yield every part, those that it does not have with a size of 0."""
    slots = counted(settings.slots, "slot")
    batch = automatic_batch(settings, embeds=shape.embeds)
    yield Part(kind="weights", name="Weights", size=memory.weights, why="all tensors of its file")
    yield Part(
        kind="weights",
        name="Second copy of weights",
        size=memory.repacked_copy,
        why="the file is mapped, and the CPU wants another order",
    )
    yield Part(
        kind="cache",
        name="Key-value cache",
        size=memory.kv_cache,
        why=f"{slots} of {plain_number(settings.context)} tokens in {_types(settings)}",
        fact="ollama/memory-scales-with-slots",
    )
    yield Part(
        kind="work",
        name="Room to compute",
        size=memory.compute,
        why=f"{plain_number(batch)} tokens at once",
        fact="ollama/runner-compute",
    )
    yield Part(
        kind="work",
        name="Copies of scores",
        size=memory.copies,
        why="made without flash attention",
    )
    yield Part(
        kind="work",
        name="Output",
        size=memory.output,
        why="a row of numbers for each token of a batch"
        if shape.embeds
        else f"a number for each token; {slots}",
        fact="ollama/runner-embedding-output" if shape.embeds else "",
    )
    yield Part(
        kind="cache",
        name="States of one prompt",
        size=memory.checkpoints,
        why="copies of its windows or its recurrent state, to go back in the text",
        fact="ollama/states-kept",
    )
    yield Part(
        kind="process",
        name="Its process",
        size=memory.overhead,
        why=f"a vocabulary of {plain_number(shape.vocabulary)} tokens",
        fact="ollama/runner-overhead-fixed",
    )
    yield Part(
        kind="process",
        name="Ollama's server",
        size=server,
        why="once for all its models",
        fact="ollama/serve-idle",
    )
    yield Part(
        kind="process",
        name="The kernel's share",
        size=memory.kernel,
        why="what it takes for the container",
        fact="ollama/runner-kernel-share",
    )
    yield Part(
        kind="prompts",
        name="Prompt cache, at most",
        size=memory.prompt_cache_ceiling,
        why=f"{gib(memory.prompt)} for each prompt as long as the context",
        fact="ollama/prompt-cache-limit",
    )
    yield Part(
        kind="prompts",
        name="Further states, at most",
        size=memory.checkpoints_ceiling,
        why=f"{counted(settings.checkpoints, 'state')} for each conversation",
        fact="ollama/states-kept",
    )


def _types(settings: RunnerSettings) -> str:
    """Return how the numbers of the cache are stored: ``f16``, ``q8_0 and f16``."""
    return " and ".join(dict.fromkeys((settings.key_type, settings.value_type)))
