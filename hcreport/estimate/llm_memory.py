"""How much memory one local language model needs while a server runs it on the CPU.

Source of the formulas: the source of llama.cpp b11434, whose log prints the same sizes, and of
Ollama 0.33, which starts llama.cpp's server for each model. Valid for Ollama 0.30 and later, which
has no other engine. Before that Ollama had runners of its own: weights and cache were the same
there, the rest was not measured.
"""

from __future__ import annotations

from hcreport.estimate.llm_compute import (
    automatic_batch,
    cells,
    compute_room,
    first_prompt,
    score_copies,
    window_cells,
)
from hcreport.facts import fact_bytes, fact_value
from hcreport.model import CacheType, LayerCache, ModelMemory, ModelShape, RunnerSettings
from hcreport.units import MIB, Bytes

VALIDATED = frozenset({"llama", "qwen2", "qwen3", "gemma2", "gemma3", "phi3", "bert", "nomic-bert"})
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

_OUTPUT_BYTES = 4
"""Bytes of one number of the output, which is f32."""

_ARRANGED_BYTES = 9 / 16
"""Bytes of one weight of the types that are arranged anew most often, q4_0 and q4_k."""

_KEPT_BELOW = 32 * MIB
"""From this size on the C library gives freed memory back at once: mallopt(3), M_MMAP_THRESHOLD."""

_STATES_OF_A_PROMPT = 2
"""How often the server keeps the state of a windowed or recurrent model while it reads a prompt:
a batch before its end, and at its end (llama.cpp, ``server-context.cpp``)."""


def llm_memory(shape: ModelShape, settings: RunnerSettings) -> ModelMemory:
    """Return what one model needs, in bytes, with its parts.

    ``full`` is the sum of the parts: weights, the cache for the whole context of each slot, room to
    compute one batch, the output, the process, and the states of one prompt. ``load`` is the
    resident memory after a first prompt of one and a half batches: room that only a long prompt
    touches is not in it. Finished prompts and further states come on top, up to their limits.
    """
    room, copies = compute_room(shape, settings), score_copies(shape, settings)
    parts = {
        "weights": shape.weights,
        "repacked_copy": shape.repacked if settings.mapped else Bytes(0),
        "kv_cache": Bytes(_cache_bytes(shape, settings) + shape.recurrent * settings.slots),
        "compute": room.size,
        "copies": copies.size,
        "output": _output(shape, settings),
        "overhead": _overhead(shape, settings),
        "checkpoints": _first_states(shape, settings),
    }
    full = Bytes(sum(parts.values()))
    filling = room.untouched + copies.untouched
    load = full - filling
    spread = _error(load, _uncertainty(shape))
    mapped = shape.weights if settings.mapped else Bytes(0)
    anonymous = max(load - mapped - fact_bytes("ollama/runner-libraries"), Bytes(0))
    kernel = _kernel(anonymous)
    kept, states = _prompt_cache(shape, settings), _further_states(shape, settings)
    return ModelMemory(
        **parts,
        full=full,
        filling=filling,
        load=load,
        low=load - spread,
        high=load + spread,
        kernel=kernel,
        container_minimum=anonymous + kernel,
        prompt=prompt_bytes(shape, settings, settings.context),
        prompt_cache_ceiling=kept,
        checkpoints_ceiling=states,
        ceiling=full + kept + states,
        validated=_is_validated(shape),
    )


def _kernel(anonymous: Bytes) -> Bytes:
    """Return what the kernel takes for a container with so much memory that no file backs."""
    share = round(anonymous * fact_value("ollama/runner-kernel-share"))
    return fact_bytes("ollama/runner-kernel-fixed") + share


def prompt_bytes(shape: ModelShape, settings: RunnerSettings, tokens: int) -> Bytes:
    """Return what one finished prompt of so many tokens keeps, bytes.

    That is its part of the cache, and the states that were kept while it was read.
    """
    kept = min(tokens, settings.context)
    whole = sum(
        each.layers * _token_bytes(each, settings) * kept
        for each in shape.caches
        if not each.windowed
    )
    states = 1 + min(settings.checkpoints, _STATES_OF_A_PROMPT)
    return Bytes(round(whole) + states * int(_state(shape, settings, kept)))


def _state(shape: ModelShape, settings: RunnerSettings, tokens: int) -> Bytes:
    """Return what of a text of so many tokens cannot be computed back: windows, recurrent state."""
    windows = sum(
        each.layers * _token_bytes(each, settings) * min(tokens, shape.window or tokens)
        for each in shape.caches
        if each.windowed
    )
    return Bytes(round(windows) + int(shape.recurrent))


def _first_states(shape: ModelShape, settings: RunnerSettings) -> Bytes:
    """Return the states that are kept of the first prompt, at its end and a batch before."""
    end = first_prompt(shape, settings)
    batch = automatic_batch(settings, embeds=shape.embeds)
    ends = [end, end - batch] if end > batch else [end]
    if shape.embeds:
        return Bytes(0)
    return Bytes(sum(_state(shape, settings, each) for each in ends[: settings.checkpoints]))


def _further_states(shape: ModelShape, settings: RunnerSettings) -> Bytes:
    """Return what states may add in all slots: each conversation keeps up to a number of them."""
    if shape.embeds:
        return Bytes(0)
    most = settings.slots * settings.checkpoints * _state(shape, settings, settings.context)
    return max(Bytes(most) - _first_states(shape, settings), Bytes(0))


def _cache_bytes(shape: ModelShape, settings: RunnerSettings) -> int:
    """Return the key/value cache of all slots: it is filled with zeros, so resident from the start.

    llama.cpp, ``llama-kv-cache.cpp`` and ``llama-kv-cache-iswa.cpp``.
    """
    whole, windowed = cells(settings.context), window_cells(shape, settings)
    per_slot = sum(
        each.layers * _token_bytes(each, settings) * (windowed if each.windowed else whole)
        for each in shape.caches
    )
    return round(per_slot * settings.slots)


def _token_bytes(cache: LayerCache, settings: RunnerSettings) -> float:
    keys = cache.keys * BYTES_PER_NUMBER[settings.key_type]
    return keys + cache.values * BYTES_PER_NUMBER[settings.value_type]


def _output(shape: ModelShape, settings: RunnerSettings) -> Bytes:
    """Return the numbers that come out: a score for each token of the vocabulary and each slot.

    A model that turns text into vectors has a row of scores, which nobody reads, and a vector for
    each token of a batch (llama.cpp, ``llama-context.cpp``, ``output_reserve``).
    """
    if shape.embeds:
        batch = automatic_batch(settings, embeds=True)
        return Bytes(batch * (shape.vocabulary + shape.embedding) * _OUTPUT_BYTES)
    return Bytes(settings.slots * shape.vocabulary * _OUTPUT_BYTES)


def _overhead(shape: ModelShape, settings: RunnerSettings) -> Bytes:
    """Return the process itself: program, vocabulary, and what loading leaves behind."""
    left = matrix_kept(shape, settings)
    return Bytes(
        int(fact_bytes("ollama/runner-overhead-fixed"))
        + int(fact_bytes("ollama/runner-overhead-per-token")) * shape.vocabulary
        + int(fact_bytes("ollama/runner-overhead-per-merge")) * shape.merges
        + round(left * fact_value("ollama/runner-overhead-of-loading"))
    )


def matrix_kept(shape: ModelShape, settings: RunnerSettings) -> Bytes:
    """Return the bytes of the largest matrix where its memory may stay with the process.

    While weights are arranged anew, the largest matrix lies in memory twice. What is freed
    afterwards stays with the process in part, unless it is so large that it is given back at once.
    """
    matrix = round(shape.embedding * shape.feed_forward * _ARRANGED_BYTES)
    stays = shape.repacked and not settings.mapped and matrix < _KEPT_BELOW
    return Bytes(matrix if stays else 0)


def measured_error(load: Bytes) -> Bytes:
    """Return by how many bytes a load may be off, where models of its kind were measured."""
    return _error(load, "ollama/runner-error-validated")


def _error(load: Bytes, share: str) -> Bytes:
    """Return a share of the load; small models were off by more, so it has a lower end."""
    return max(Bytes(round(load * fact_value(share))), fact_bytes("ollama/runner-error-least"))


def _is_validated(shape: ModelShape) -> bool:
    """Tell whether models of this architecture were measured; none that takes images was."""
    return shape.architecture in VALIDATED and not shape.sees


def _uncertainty(shape: ModelShape) -> str:
    """Return the fact that says by what share the estimate may be wrong, in either direction."""
    if _is_validated(shape) and not (shape.experts or shape.recurrent):
        return "ollama/runner-error-validated"
    return "ollama/runner-error-other"


def _prompt_cache(shape: ModelShape, settings: RunnerSettings) -> Bytes:
    """Return the most that finished prompts keep: all of the limit, because prompts add up.

    Without a limit in bytes there is one in tokens, the context of all slots, and one prompt more
    for a moment (llama.cpp, ``server-task.cpp``, ``server_prompt_cache``).
    """
    if shape.embeds:
        return Bytes(0)
    if settings.prompt_cache is not None:
        return settings.prompt_cache
    states = 1 + min(settings.checkpoints, _STATES_OF_A_PROMPT)
    token = sum(
        each.layers * _token_bytes(each, settings) * (states if each.windowed else 1)
        for each in shape.caches
    )
    prompts = settings.slots + 1
    return Bytes(round(prompts * (token * settings.context + states * int(shape.recurrent))))
