"""A local language model as its file's header describes it, and how a server runs it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hcreport.model.record import Record
from hcreport.units import Bytes, gibibytes

CacheType = Literal["f32", "f16", "bf16", "q8_0", "q5_1", "q5_0", "q4_1", "q4_0", "iq4_nl"]
"""How a number of the key/value cache is stored."""


class LayerCache(Record):
    """What layers of one kind keep of each token; in numbers, not in bytes."""

    layers: int = Field(ge=1)
    """How many layers there are of the kind."""
    keys: int = Field(ge=0)
    """Numbers of the key that one layer keeps of a token."""
    values: int = Field(ge=0)
    """Numbers of the value; 0 where the layer keeps the key only (latent attention)."""
    windowed: bool = False
    """It keeps the last tokens only: see :attr:`ModelShape.window`."""


class ModelShape(Record):
    """What of a model decides how much memory it needs."""

    architecture: str
    """``llama``, ``gemma3``."""
    embedding: int = Field(ge=1)
    """Numbers that stand for one token within the model."""
    feed_forward: int = Field(ge=0)
    """Numbers in the widest layer between; 0 where the header does not say."""
    gated: bool = True
    """That layer has a gate beside it, as almost all models that answer have."""
    heads: int = Field(ge=0)
    """Attention heads of the layer that has most."""
    queries: int | None = Field(default=None, ge=0)
    """Numbers of all heads' queries for one token; None is as many as :attr:`embedding`."""
    caches: tuple[LayerCache, ...] = ()
    window: int | None = None
    """Tokens that a windowed layer looks back."""
    ends_windowed: bool = False
    """Its last layer is a windowed one, and others are not."""
    recurrent: Bytes = Bytes(0)
    """Bytes of the state that recurrent layers keep, for each slot, however long the context."""
    context_length: int | None = Field(default=None, ge=1)
    """Tokens that it was made for."""
    vocabulary: int = Field(ge=0)
    merges: int = Field(default=0, ge=0)
    """Rules by which its tokens are put together."""
    weights: Bytes
    """All tensors, each padded as in the file."""
    repacked: Bytes = Bytes(0)
    """What of :attr:`weights` llama.cpp arranges anew for the CPU: a second copy where the file is
    mapped, in place of the first where it is not."""
    embeds: bool = False
    """It turns text into vectors and does not answer."""
    experts: int = Field(default=0, ge=0)
    """How many experts it mixes; 0 for a dense model."""
    sees: bool = False
    """It takes images as well; what that part computes with is not in the estimate."""


class RunnerSettings(Record):
    """How a server runs a model."""

    context: int = Field(ge=1)
    """Tokens of context that each slot has."""
    slots: int = Field(default=1, ge=1)
    """Requests that are answered at the same time (``OLLAMA_NUM_PARALLEL``)."""
    key_type: CacheType = "f16"
    value_type: CacheType = "f16"
    flash_attention: bool = True
    mapped: bool = False
    """The file is mapped into memory; Ollama does so only where a GPU helps."""
    batch: int | None = Field(default=None, ge=1)
    """Tokens that are worked on at once; None is Ollama's own choice."""
    prompt_cache: Bytes | None = gibibytes(8)
    """The most that finished prompts may hold; None is as many tokens as all slots have."""
    checkpoints: int = Field(default=32, ge=0)
    """How many states of a windowed or recurrent model each conversation may keep."""


class ModelMemory(Record):
    """What one model needs in memory, by parts, in bytes."""

    weights: Bytes
    repacked_copy: Bytes
    """A second copy of weights, only where the file is mapped."""
    kv_cache: Bytes
    compute: Bytes
    """Room for what is computed in one batch."""
    copies: Bytes
    """Copies of scores, which only work without flash attention makes."""
    output: Bytes
    overhead: Bytes
    """The process itself, its libraries and its vocabulary."""
    checkpoints: Bytes
    """States of the first prompt, which only windowed and recurrent models keep."""
    full: Bytes
    """All of it: what the runner holds once a prompt has filled the context."""
    filling: Bytes
    """What of :attr:`full` is not touched before the context fills."""
    load: Bytes
    """The rest: the highest the runner reaches in its first full batch."""
    low: Bytes
    high: Bytes
    """The range in which ``load`` lies for this architecture."""
    kernel: Bytes
    """What the kernel takes for a container with it, which no process shows."""
    container_minimum: Bytes
    """What of ``load`` and :attr:`kernel` cannot be taken back: the smallest limit for it."""
    prompt: Bytes
    """What one finished prompt that fills the context adds, until the cache is full."""
    prompt_cache_ceiling: Bytes
    """The most that finished prompts may add."""
    checkpoints_ceiling: Bytes
    """The most that states of longer conversations may add."""
    ceiling: Bytes
    """``full`` with a full prompt cache and all states."""
    validated: bool
    """Models of this architecture were measured; else the range is wider."""
