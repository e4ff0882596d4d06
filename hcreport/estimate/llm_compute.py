"""The room that llama.cpp works in: how large it is, and what of it is used after one prompt.

Source: llama.cpp b11434, ``llama-graph.cpp`` and the models' own graphs; fitted to the sizes that
its log prints. Sizes are bytes. B tokens are worked on at once, F is the widest layer between, E
what stands for a token, Q what its queries have, and C the tokens that a cache has room for:

* the layer between takes B (12 F + 20 E), without a gate B (8 F + 4 E);
* with flash attention each kind of cache has a mask of 2 B C;
* without it the mask is 4 B C, and each kind of cache has a list of places, 8 B V, V being the
  values of one token. Attention takes 4 B C for each head and 12 B (E + max(E, Q)), which models
  with windows miss by up to 12 MiB. A model that reads the text as a whole takes 28 B E beside its
  heads.
"""

from __future__ import annotations

from dataclasses import dataclass

from hcreport.model import ModelShape, RunnerSettings
from hcreport.units import Bytes

_CELL_STEP = 256
"""The cache holds a multiple of so many tokens: llama.cpp, ``llama-kv-cache.cpp``."""

_BATCH = 512
_BATCHES = ((8 * _BATCH, _BATCH), (64 * _BATCH, 2 * _BATCH))
"""Up to how many tokens of context Ollama works on how many at once."""

_LARGEST_BATCH = 4 * _BATCH

_SCORE = 4
"""Bytes of one head's score for one token of the context."""

_SCORE_COPY = 2
"""Bytes of the copy that is made of a score where the cache holds 16 bits."""

_PLACE = 8
"""Bytes that say where one value goes."""

_HALVES = ("f16", "bf16")


def automatic_batch(settings: RunnerSettings, *, embeds: bool = False) -> int:
    """Return how many tokens Ollama has worked on at once: ``automaticGenerationBatch``, 0.33."""
    if settings.batch is not None:
        return settings.batch
    if embeds:
        return min(_LARGEST_BATCH, settings.context)
    tokens = settings.context * settings.slots
    return next((batch for most, batch in _BATCHES if tokens <= most), _LARGEST_BATCH)


def cells(tokens: int) -> int:
    """Return how many tokens a cache has room for that is to hold so many."""
    return -(-tokens // _CELL_STEP) * _CELL_STEP


def window_cells(shape: ModelShape, settings: RunnerSettings) -> int:
    """Return the tokens that a windowed layer has room for: its window and one batch."""
    if shape.window is None:
        return cells(settings.context)
    batch = automatic_batch(settings, embeds=shape.embeds)
    return cells(min(settings.context, shape.window + batch))


def first_prompt(shape: ModelShape, settings: RunnerSettings) -> int:
    """Return the tokens of the prompt after which a load is stated: one and a half batches.

    A text that is turned into a vector has one batch at the most.
    """
    batch = automatic_batch(settings, embeds=shape.embeds)
    return batch if shape.embeds else min(settings.context, batch + batch // 2)


@dataclass(frozen=True, kw_only=True)
class Room:
    """A room for work, and what of it is not touched before the context is full; in bytes."""

    size: Bytes
    untouched: Bytes


def compute_room(shape: ModelShape, settings: RunnerSettings) -> Room:
    """Return the room for one batch; its size is the ``compute buffer`` of llama.cpp's log."""
    batch = automatic_batch(settings, embeds=shape.embeds)
    full, seen = _widths(shape, settings)
    between = batch * _between(shape)
    masks, used = (batch * _mask(shape, settings, width) for width in (full, seen))
    if settings.flash_attention:
        reused = _reused(shape, batch * 4 * shape.feed_forward, batch * 2 * full)
        return Room(size=Bytes(masks + between), untouched=Bytes(max(0, masks - used - reused)))
    beside, places = batch * _attention(shape), batch * _places(shape)
    largest, touched = (max(between, beside + _scores(shape, settings, x)) for x in (full, seen))
    untouched = masks - used + largest - touched
    return Room(size=Bytes(masks + places + largest), untouched=Bytes(untouched))


def score_copies(shape: ModelShape, settings: RunnerSettings) -> Room:
    """Return the room for copies of the scores, which only work without flash attention needs."""
    if settings.flash_attention or not shape.caches or settings.value_type not in _HALVES:
        return Room(size=Bytes(0), untouched=Bytes(0))
    full, seen = (
        _scores(shape, settings, width) // _SCORE * _SCORE_COPY
        for width in _widths(shape, settings)
    )
    return Room(size=Bytes(full), untouched=Bytes(full - seen))


def _widths(shape: ModelShape, settings: RunnerSettings) -> tuple[int, int]:
    """Return how many tokens a batch looks at: with a full context, and in the first prompt.

    The first prompt of a windowed model is cut so that the full batch comes last.
    """
    batch = automatic_batch(settings, embeds=shape.embeds)
    if not shape.caches:
        return batch, batch
    full = cells(settings.context)
    last = first_prompt(shape, settings) if shape.window else batch
    return full, min(full, cells(last))


def _mask(shape: ModelShape, settings: RunnerSettings, width: int) -> int:
    """Return the bytes that say for one token which of ``width`` others it may look at."""
    number = 2 if settings.flash_attention else 4
    windowed = any(each.windowed for each in shape.caches)
    return number * (width + (min(width, window_cells(shape, settings)) if windowed else 0))


def _between(shape: ModelShape) -> int:
    if shape.gated:
        return 12 * shape.feed_forward + 20 * shape.embedding
    return 8 * shape.feed_forward + 4 * shape.embedding


def _attention(shape: ModelShape) -> int:
    """Return what one token takes in attention without flash, beside scores, mask and places."""
    if not shape.caches:
        return 28 * shape.embedding
    return 12 * (shape.embedding + max(shape.embedding, shape.queries or 0))


def _places(shape: ModelShape) -> int:
    """Return what it takes to say where in each kind of cache the values of one token go.

    It is there while all layers work (llama.cpp, ``llama-kv-cache.cpp``, ``build_input_v_idxs``).
    """
    values = max((each.values for each in shape.caches), default=0)
    return _PLACE * values * (2 if shape.window else 1)


def _scores(shape: ModelShape, settings: RunnerSettings, width: int) -> int:
    batch = automatic_batch(settings, embeds=shape.embeds)
    return _SCORE * batch * width * shape.heads


def _reused(shape: ModelShape, piece: int, mask: int) -> int:
    """Return what of the large mask's room the last layers take, in whole pieces, once it is free.

    Only where layers with a window come after the last that looks at the whole context: the large
    mask is not needed there any more, and each of three pieces of the layer between may lie there.
    """
    if not shape.ends_windowed or not piece:
        return 0
    return min(3, mask // piece) * piece
