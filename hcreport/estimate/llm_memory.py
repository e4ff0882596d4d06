"""How much memory one local language model needs while a server runs it on the CPU.

Source of the formulas: the source of llama.cpp b11434, whose log prints the same sizes, and of
Ollama 0.33, which starts llama.cpp's server for each model. Valid for Ollama 0.30 and later, which
has no other engine. Before that Ollama had runners of its own: weights and cache were the same
there, the rest was not measured.
"""

from __future__ import annotations

from hcreport.facts import fact_bytes, fact_value
from hcreport.model import CacheType, LayerCache, ModelMemory, ModelShape, RunnerSettings
from hcreport.units import Bytes

VALIDATED = frozenset({"llama", "qwen2", "gemma3"})
"""Architectures of which models were measured: fact ``ollama/runner-error-validated``."""

BYTES_PER_NUMBER: dict[CacheType, float] = {
    "f32": 4,
    "f16": 2,
    "bf16": 2,
    "q8_0": 34 / 32,
    "q5_1": 24 / 32,
    "q5_0": 22 / 32,
    "q4_1": 20 / 32,
    "q4_0": 18 / 32,
    "iq4_nl": 18 / 32,
}
"""Bytes of one number in the cache: llama.cpp, ``ggml-common.h``; blocks of 32 with their scale."""

_CELL_STEP = 256
"""The cache holds a multiple of so many tokens: llama.cpp, ``llama-kv-cache.cpp``."""

_BATCH = 512
_BATCHES = ((8 * _BATCH, _BATCH), (64 * _BATCH, 2 * _BATCH))
"""Up to how many tokens of context Ollama works on how many at once."""

_LARGEST_BATCH = 4 * _BATCH


def automatic_batch(settings: RunnerSettings, *, embeds: bool = False) -> int:
    """Return how many tokens Ollama has worked on at once: ``automaticGenerationBatch``, 0.33."""
    if settings.batch is not None:
        return settings.batch
    if embeds:
        return min(_LARGEST_BATCH, settings.context)
    tokens = settings.context * settings.slots
    return next((batch for most, batch in _BATCHES if tokens <= most), _LARGEST_BATCH)


def llm_memory(shape: ModelShape, settings: RunnerSettings) -> ModelMemory:
    """Return what one model needs, in bytes, with its parts.

    ``load`` is the highest resident memory of the runner: weights, the cache for the whole context
    of each slot, room to compute one batch, the output, and the process. The prompt cache grows
    after that, with each prompt that is not like an earlier one, up to its limit.
    """
    compute = _compute(shape, settings)
    parts = {
        "weights": shape.weights,
        "repacked_copy": shape.repacked if settings.mapped else Bytes(0),
        "kv_cache": Bytes(_cache_bytes(shape, settings) + shape.recurrent * settings.slots),
        "compute": compute,
        "output": Bytes(settings.slots * shape.vocabulary * _OUTPUT_BYTES),
        "overhead": _overhead(shape),
    }
    load = Bytes(sum(parts.values()))
    spread = _error(load, _uncertainty(shape, settings))
    mapped = shape.weights if settings.mapped else Bytes(0)
    kept = _prompt_cache(shape, settings)
    return ModelMemory(
        **parts,
        load=load,
        low=load - spread,
        high=load + spread,
        container_minimum=max(load - mapped - fact_bytes("ollama/runner-libraries"), Bytes(0)),
        prompt=prompt_bytes(shape, settings, settings.context),
        prompt_cache_ceiling=kept,
        ceiling=load + kept,
        validated=_is_validated(shape),
    )


def prompt_bytes(shape: ModelShape, settings: RunnerSettings, tokens: int) -> Bytes:
    """Return what one finished prompt of so many tokens keeps of the cache, bytes."""
    kept = min(tokens, settings.context)
    total = sum(
        each.layers
        * _token_bytes(each, settings)
        * (min(kept, _window_cells(shape, settings)) if each.windowed else kept)
        for each in shape.caches
    )
    return Bytes(round(total) + int(shape.recurrent))


_OUTPUT_BYTES = 4
"""One number for each token of the vocabulary and each slot, in f32."""


def _cache_bytes(shape: ModelShape, settings: RunnerSettings) -> int:
    """Return the key/value cache of all slots: it is filled with zeros, so resident from the start.

    llama.cpp, ``llama-kv-cache.cpp`` and ``llama-kv-cache-iswa.cpp``.
    """
    whole, windowed = _cells(settings.context), _window_cells(shape, settings)
    per_slot = sum(
        each.layers * _token_bytes(each, settings) * (windowed if each.windowed else whole)
        for each in shape.caches
    )
    return round(per_slot * settings.slots)


def _token_bytes(cache: LayerCache, settings: RunnerSettings) -> float:
    keys = cache.keys * BYTES_PER_NUMBER[settings.key_type]
    return keys + cache.values * BYTES_PER_NUMBER[settings.value_type]


def _cells(tokens: int) -> int:
    return -(-tokens // _CELL_STEP) * _CELL_STEP


def _window_cells(shape: ModelShape, settings: RunnerSettings) -> int:
    """Return the tokens that a windowed layer has room for: its window and one batch."""
    if shape.window is None:
        return _cells(settings.context)
    batch = automatic_batch(settings, embeds=shape.embeds)
    return _cells(min(settings.context, shape.window + batch))


def _compute(shape: ModelShape, settings: RunnerSettings) -> Bytes:
    """Return the room for one batch: fact ``ollama/runner-compute``, fitted to llama.cpp's log."""
    batch = automatic_batch(settings, embeds=shape.embeds)
    cells = _cells(settings.context)
    masks = 2 * batch * cells
    if any(each.windowed for each in shape.caches):
        masks += 2 * batch * _window_cells(shape, settings)
    room = batch * (12 * shape.feed_forward + 20 * shape.embedding) + masks
    if not settings.flash_attention:
        scores = 4 * batch * cells * (shape.heads + 1)
        room = max(room, scores + 4 * batch * (shape.feed_forward + 4 * shape.embedding))
    if shape.embeds:
        room += int(fact_bytes("ollama/runner-embedding-extra"))
    return Bytes(room)


def _overhead(shape: ModelShape) -> Bytes:
    return Bytes(
        int(fact_bytes("ollama/runner-overhead-fixed"))
        + int(fact_bytes("ollama/runner-overhead-per-token")) * shape.vocabulary
        + int(fact_bytes("ollama/runner-overhead-per-merge")) * shape.merges
    )


def measured_error(load: Bytes) -> Bytes:
    """Return by how many bytes a load may be off, where models of its kind were measured."""
    return _error(load, "ollama/runner-error-validated")


def _error(load: Bytes, share: str) -> Bytes:
    """Return a share of the load; small models were off by more, so it has a lower end."""
    return max(Bytes(round(load * fact_value(share))), fact_bytes("ollama/runner-error-least"))


def _is_validated(shape: ModelShape) -> bool:
    """Tell whether models of this architecture were measured; none that takes images was."""
    return shape.architecture in VALIDATED and not shape.sees


def _uncertainty(shape: ModelShape, settings: RunnerSettings) -> str:
    """Return the fact that says by what share the estimate may be wrong, in either direction."""
    unusual = shape.embeds or shape.experts or shape.recurrent or not settings.flash_attention
    if _is_validated(shape) and not unusual:
        return "ollama/runner-error-validated"
    return "ollama/runner-error-other"


def _prompt_cache(shape: ModelShape, settings: RunnerSettings) -> Bytes:
    """Return the most that finished prompts keep: all of the limit, because prompts add up."""
    return Bytes(0) if shape.embeds else settings.prompt_cache
