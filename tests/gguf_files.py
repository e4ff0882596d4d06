"""Writes GGUF files for tests: small ones, and full-size ones whose weights are a hole.

The format: ``docs/gguf.md`` of ggml. The full-size models have the true architecture, tensor types
and number of tokens of models in Ollama's library; memory does not depend on the weights' values.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from hcreport.estimate.llm_header import Header, Tensor
from hcreport.estimate.llm_tensors import tensor_bytes

Written = str | bool | int | float | Sequence[str] | Sequence[int] | Sequence[float]

TYPE_NUMBERS = {
    kind: number
    for number, kind in (
        *((0, "f32"), (1, "f16"), (2, "q4_0"), (3, "q4_1"), (6, "q5_0"), (8, "q8_0")),
        *((10, "q2_k"), (12, "q4_k"), (13, "q5_k"), (14, "q6_k"), (20, "iq4_nl")),
        *((30, "bf16"), (39, "mxfp4")),
    )
}
ALIGNMENT = 32

_UNSIGNED, _SIGNED = 4, 5
"""The format's numbers for whole numbers of 32 bits."""

EMBEDDING = Tensor("token_embd.weight", "f16", (64, 1000))


class Shape(NamedTuple):
    """The sizes of a model of the llama kind."""

    layers: int
    embedding: int
    heads: int
    kv_heads: int
    feed_forward: int
    vocabulary: int
    merges: int = 0
    context: int = 131072
    types: str = "q4_k_m"
    tied: bool = False
    rope: int = 0
    """Numbers of ``rope_freqs``."""


LLAMA31_8B = Shape(32, 4096, 32, 8, 14336, 128256, 280147, rope=64)
LLAMA32_1B = Shape(16, 2048, 32, 8, 8192, 128256, 280147, types="q8_0", tied=True, rope=32)
TINYLLAMA = Shape(22, 2048, 32, 4, 5632, 32000, context=2048, types="q4_0")
MISTRAL_7B = Shape(32, 4096, 32, 8, 14336, 32768, context=32768)
CODELLAMA_7B = Shape(32, 4096, 32, 32, 11008, 32016, context=16384, types="q4_0")


def text(value: str) -> bytes:
    """Return a text as the format has it: its length in eight bytes, then the text."""
    return struct.pack("<Q", len(value.encode())) + value.encode()


def entry(key: str, value: Written) -> bytes:
    """Return a key with its type and value."""
    if isinstance(value, list | tuple):
        kind = _kind(value[0]) if value else 4
        kind = _SIGNED if kind == _UNSIGNED else kind  # as llama.cpp wants a list of token types
        items = b"".join(_plain(each, kind) for each in value)
        return text(key) + struct.pack("<IIQ", 9, kind, len(value)) + items
    return text(key) + struct.pack("<I", _kind(value)) + _plain(value, _kind(value))


def tensor_entry(tensor: Tensor, offset: int) -> bytes:
    """Return how the header describes a tensor."""
    count = len(tensor.dimensions)
    numbers = (count, *tensor.dimensions, TYPE_NUMBERS[tensor.type], offset)
    return text(tensor.name) + struct.pack(f"<I{count}QIQ", *numbers)


def header_bytes(
    metadata: Mapping[str, Written], tensors: Sequence[Tensor] = (), *, version: int = 3
) -> bytes:
    """Return a whole header, padded to where the data start."""
    parts = [b"GGUF", struct.pack("<IQQ", version, len(tensors), len(metadata))]
    parts += [entry(key, value) for key, value in metadata.items()]
    offset = 0
    for tensor in tensors:
        parts.append(tensor_entry(tensor, offset))
        offset += padded(tensor_bytes(tensor))
    whole = b"".join(parts)
    return whole.ljust(padded(len(whole)), b"\0")


def write_model(
    path: Path, metadata: Mapping[str, Written], tensors: Sequence[Tensor] = ()
) -> Path:
    """Write a GGUF file whose weights are a hole of their full size, and return its path."""
    start = header_bytes(metadata, tensors)
    with path.open("wb") as file:
        file.write(start)
        file.truncate(len(start) + sum(padded(tensor_bytes(each)) for each in tensors))
    return path


def padded(count: int) -> int:
    """Return the next multiple of the alignment."""
    return -(-count // ALIGNMENT) * ALIGNMENT


def write_llama(path: Path, shape: Shape) -> Path:
    """Write a full-size file of a model of the llama kind, with as many tokens and merges."""
    return write_model(path, llama_metadata(shape), llama_tensors(shape))


def llama_metadata(shape: Shape) -> dict[str, Written]:
    """Return the keys of a model of the llama kind, with its tokens."""
    return {
        "general.architecture": "llama",
        "general.name": "made for a test",
        "llama.block_count": shape.layers,
        "llama.context_length": shape.context,
        "llama.embedding_length": shape.embedding,
        "llama.feed_forward_length": shape.feed_forward,
        "llama.attention.head_count": shape.heads,
        "llama.attention.head_count_kv": shape.kv_heads,
        "llama.rope.freq_base": 500000.5,
        "tokenizer.ggml.model": "gpt2" if shape.merges else "llama",
        "tokenizer.ggml.tokens": [f"token{number}" for number in range(shape.vocabulary)],
        "tokenizer.ggml.token_type": [1] * shape.vocabulary,
        "tokenizer.ggml.merges": [f"to{number} ken{number}" for number in range(shape.merges)],
        "tokenizer.ggml.add_bos_token": True,
    }


def llama_tensors(shape: Shape) -> list[Tensor]:
    """Return the tensors of a model of the llama kind, with the types that llama.cpp chooses."""
    usual = "q4_k" if shape.types == "q4_k_m" else shape.types
    best = "q8_0" if shape.types == "q8_0" else "q6_k"
    width, inner = shape.embedding, shape.feed_forward
    keys = width // shape.heads * shape.kv_heads
    vectors = best if shape.tied else usual
    tensors = [Tensor("token_embd.weight", vectors, (width, shape.vocabulary))]
    for layer in range(shape.layers):
        better = best if shape.types == "q4_k_m" and is_kept_better(layer, shape.layers) else usual
        tensors += [
            Tensor(f"blk.{layer}.{name}.weight", kind, dimensions)
            for name, kind, dimensions in (
                ("attn_norm", "f32", (width,)),
                ("ffn_down", better, (inner, width)),
                ("ffn_gate", usual, (width, inner)),
                ("ffn_up", usual, (width, inner)),
                ("ffn_norm", "f32", (width,)),
                ("attn_k", usual, (width, keys)),
                ("attn_output", usual, (width, width)),
                ("attn_q", usual, (width, width)),
                ("attn_v", better, (width, keys)),
            )
        ]
    tensors.append(Tensor("output_norm.weight", "f32", (width,)))
    if not shape.tied:
        tensors.append(Tensor("output.weight", best, (width, shape.vocabulary)))
    if shape.rope:
        tensors.append(Tensor("rope_freqs.weight", "f32", (shape.rope,)))
    return tensors


def is_kept_better(layer: int, layers: int) -> bool:
    """Tell whether Q4_K_M stores a layer's values in six bits: llama.cpp, ``llama-quant.cpp``."""
    eighth = layers // 8
    return layer < eighth or layer >= 7 * layers // 8 or (layer - eighth) % 3 == 2


def gemma3_270m() -> Header:
    """Return the header of gemma3 270M in Q4_K_M, whose rows are too short for most k types."""
    tensors = [
        Tensor("output_norm.weight", "f32", (640,)),
        Tensor("token_embd.weight", "q8_0", (640, 262144)),
    ]
    for layer in range(18):
        better = is_kept_better(layer, 18)
        tensors += [
            Tensor(f"blk.{layer}.{name}.weight", kind, dimensions)
            for name, kind, dimensions in (
                ("attn_k", "q5_0", (640, 256)),
                ("attn_k_norm", "f32", (256,)),
                ("attn_norm", "f32", (640,)),
                ("attn_output", "q4_k", (1024, 640)),
                ("attn_q", "q5_0", (640, 1024)),
                ("attn_q_norm", "f32", (256,)),
                ("attn_v", "q8_0" if better else "q5_0", (640, 256)),
                ("ffn_down", "q6_k" if better else "q4_k", (2048, 640)),
                ("ffn_gate", "q5_0", (640, 2048)),
                ("ffn_norm", "f32", (640,)),
                ("ffn_up", "q5_0", (640, 2048)),
                ("post_attention_norm", "f32", (640,)),
                ("post_ffw_norm", "f32", (640,)),
            )
        ]
    return Header(
        {
            "general.architecture": "gemma3",
            "gemma3.block_count": 18,
            "gemma3.context_length": 32768,
            "gemma3.embedding_length": 640,
            "gemma3.feed_forward_length": 2048,
            "gemma3.attention.head_count": 4,
            "gemma3.attention.head_count_kv": 1,
            "gemma3.attention.key_length": 256,
            "gemma3.attention.value_length": 256,
            "gemma3.attention.sliding_window": 512,
            "tokenizer.ggml.tokens": 262144,
        },
        tuple(tensors),
    )


def llama_header(shape: Shape) -> Header:
    """Return the header of a model of the llama kind, as it is read from its file."""
    kept = llama_metadata(shape._replace(vocabulary=1, merges=1))
    lists: Iterable[tuple[str, int]] = (
        ("tokenizer.ggml.tokens", shape.vocabulary),
        ("tokenizer.ggml.token_type", shape.vocabulary),
        ("tokenizer.ggml.merges", shape.merges),
    )
    plain = {key: value for key, value in kept.items() if isinstance(value, str | int | float)}
    return Header(plain | dict(lists), tuple(llama_tensors(shape)))


def header(architecture: str, tensors: tuple[Tensor, ...] = (EMBEDDING,), **own: Any) -> Header:
    """Return a header with eight layers of four heads; ``__`` stands for a dot in a key."""
    plain = {"block_count": 8, "embedding_length": 64, "attention__head_count": 4}
    keys = {
        f"{architecture}.{name.replace('__', '.')}": value for name, value in (plain | own).items()
    }
    kept = {key: value for key, value in keys.items() if value is not None}
    return Header({"general.architecture": architecture} | kept, tensors)


def _kind(value: object) -> int:
    if isinstance(value, bool):
        return 7
    if isinstance(value, str):
        return 8
    if isinstance(value, float):
        return 6
    return _UNSIGNED if isinstance(value, int) and 0 <= value < 2**32 else 11


def _plain(value: object, kind: int) -> bytes:
    if isinstance(value, str):
        return text(value)
    formats = {7: "<?", 6: "<f", _UNSIGNED: "<I", _SIGNED: "<i", 11: "<q"}
    return struct.pack(formats[kind], value)
