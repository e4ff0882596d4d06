"""Turns the header of a model file into what decides how much memory the model needs."""

from __future__ import annotations

from hcreport.estimate.llm_header import Header, Tensor, described_header
from hcreport.estimate.llm_layers import (
    ends_windowed,
    layer_caches,
    query_numbers,
    recurrent_state,
)
from hcreport.estimate.llm_tensors import repacked_bytes, weight_bytes
from hcreport.model import ModelShape
from hcreport.units import LARGEST_COUNT, Bytes

__all__ = ["Header", "Tensor", "described_header", "model_shape"]

_IMAGE_TENSORS = ("v.", "mm.")

_MERGING = "gpt2"
"""The tokenizer whose merge rules are kept."""

_WITHOUT_GATE = frozenset(
    {
        *("bert", "bloom", "falcon", "gpt2", "gptneox", "jina-bert-v3", "mpt", "nomic-bert-moe"),
        *("phi2", "starcoder", "starcoder2"),
    }
)
"""Their widest layer has no gate: llama.cpp b11434, the graphs in ``src/models``."""

_CHOOSES = ".ffn_gate_inp"

_EMBEDDING_NAMES = ("bert", "gemma-embedding", "llama-embed", "t5encoder")


def model_shape(header: Header, *, weights: Bytes | None = None) -> ModelShape:
    """Return what of a model decides how much memory it needs.

    ``weights`` are the bytes of its tensors where they are known otherwise, such as from the size
    of a file whose tensors are not listed. Raises ValueError with a sentence where something that
    is needed is missing or impossible.
    """
    if (parts := header.metadata.get("split.count", 1)) not in {0, 1} and weights is None:
        raise ValueError(f"the model is in {parts!r} files, and this is one of them")
    if weights is None and not header.tensors:
        raise ValueError("neither the model's tensors nor the size of its weights are known")
    caches, window = layer_caches(header)
    if any(max(each.keys, each.values) > LARGEST_COUNT for each in caches):
        raise ValueError("the heads in the model's header have no possible size")
    context = header.count("context_length", 0)
    return ModelShape(
        architecture=header.architecture,
        embedding=_positive(header, "embedding_length"),
        feed_forward=_feed_forward(header),
        gated=_gated(header),
        heads=header.count("attention.head_count", 0),
        queries=query_numbers(header),
        caches=caches,
        window=window,
        ends_windowed=window is not None and ends_windowed(header),
        recurrent=recurrent_state(header),
        context_length=context or None,
        vocabulary=_vocabulary(header),
        merges=_merges(header),
        weights=weight_bytes(header) if weights is None else weights,
        repacked=repacked_bytes(header),
        embeds=_embeds(header),
        sees=_sees(header),
        experts=header.count("expert_count", 0),
    )


def _positive(header: Header, key: str) -> int:
    number = header.count(key)
    if number == 0:
        raise ValueError(f"{header.architecture}.{key} in the model's header is 0")
    return number


def _feed_forward(header: Header) -> int:
    """Return the numbers of a token in the widest layer between; with experts, of all at work."""
    dense = _dense_feed_forward(header)
    if not header.count("expert_count", 0):
        return dense
    used = header.count("expert_used_count", 1)
    return max(dense, used * header.count("expert_feed_forward_length", dense))


def _dense_feed_forward(header: Header) -> int:
    if not header.left_out("feed_forward_length"):
        return header.count("feed_forward_length", 0)
    return max(
        (max(each.dimensions, default=0) for each in header.tensors if ".ffn_up." in each.name),
        default=0,
    )


def _gated(header: Header) -> bool:
    """Tell whether the widest layer has a gate: a tensor of its own, or within the one upwards.

    Where no tensors are listed the architecture says it. What chooses experts is no such gate.
    """
    if not header.tensors:
        return header.architecture not in _WITHOUT_GATE
    if any(".ffn_gate" in each.name and _CHOOSES not in each.name for each in header.tensors):
        return True
    wide = 2 * header.count("feed_forward_length", 0)
    return any(
        each.name.endswith(".ffn_up.weight") and wide in each.dimensions for each in header.tensors
    )


def _vocabulary(header: Header) -> int:
    """Return how many tokens the model knows; where no list says, how many have a vector."""
    listed = _length_of(header, "tokenizer.ggml.tokens")
    if listed:
        return listed
    for each in header.tensors:
        if each.name == "token_embd.weight" and len(each.dimensions) > 1:
            return max(each.dimensions)
    return header.count("vocab_size", 0)


def _merges(header: Header) -> int:
    """Return how many merge rules the process keeps: llama.cpp reads them for this tokenizer only.

    Source: llama.cpp b11434, ``llama-vocab.cpp``.
    """
    if header.metadata.get("tokenizer.ggml.model", _MERGING) != _MERGING:
        return 0
    return _length_of(header, "tokenizer.ggml.merges")


def _sees(header: Header) -> bool:
    """Tell whether a model takes images: the file holds tensors of that part too."""
    return header.count("vision.block_count", 0) > 0 or any(
        each.name.startswith(_IMAGE_TENSORS) for each in header.tensors
    )


def _length_of(header: Header, key: str) -> int:
    value = header.metadata.get(key, 0)
    return len(value) if isinstance(value, tuple) else value if isinstance(value, int) else 0


def _embeds(header: Header) -> bool:
    """Tell whether a model turns text into vectors: it pools, or reads both ways."""
    return (
        header.count("pooling_type", 0) > 0
        or header.value("attention.causal") is False
        or header.architecture.endswith("bert")
        or header.architecture.startswith(_EMBEDDING_NAMES)
        or "-bert-" in header.architecture
    )
