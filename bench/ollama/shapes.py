"""Makes model files with a given shape and no content.

Types follow llama.cpp's rules for each quantization (``llama-quant.cpp``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hcreport.estimate.llm_header import Tensor
from hcreport.estimate.llm_tensors import BLOCKS
from tests.gguf_files import Written, is_kept_better, write_model

_STAND_INS = {"q4_k": "q5_0", "q5_k": "q5_1", "q6_k": "q8_0"}
"""What llama.cpp takes where a row is no whole number of blocks of the type."""

_WORD = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, kw_only=True)
class Shape:
    """The sizes of one model."""

    tag: str
    architecture: str
    layers: int
    embedding: int
    heads: int
    kv_heads: int
    head: int
    """Numbers in a key or a value of one head."""
    feed_forward: int
    vocabulary: int
    merges: int = 0
    context: int
    quantization: str = "Q4_K_M"
    tied: bool = False
    """The output has no matrix of its own."""
    window: int | None = None
    """Tokens that windowed layers look back."""

    @property
    def embeds(self) -> bool:
        """Tell whether it turns text into vectors."""
        return self.architecture.endswith("bert")


def write_shape(shape: Shape, folder: Path) -> Path:
    """Write the model's file, whose weights are a hole, and return its path."""
    path = folder / f"{shape.tag.replace(':', '-')}.gguf"
    return write_model(path, metadata(shape), tensors(shape))


def metadata(shape: Shape) -> dict[str, Written]:
    """Return the keys that llama.cpp needs to load it."""
    own: dict[str, Written] = {
        "block_count": shape.layers,
        "context_length": shape.context,
        "embedding_length": shape.embedding,
        "feed_forward_length": shape.feed_forward,
        "attention.head_count": shape.heads,
        "attention.head_count_kv": shape.kv_heads,
        "attention.key_length": shape.head,
        "attention.value_length": shape.head,
        "attention.layer_norm_rms_epsilon": 0.000001,
    }
    if shape.window is not None:
        own["attention.sliding_window"] = shape.window
    if shape.embeds:
        del own["attention.layer_norm_rms_epsilon"]
        own |= {"attention.layer_norm_epsilon": 0.000001, "attention.causal": False}
        own |= {"pooling_type": 1}
    named = {f"{shape.architecture}.{key}": value for key, value in own.items()}
    return {"general.architecture": shape.architecture, "general.name": "made for the bench"} | (
        named | dict(_vocabulary(shape))
    )


def _vocabulary(shape: Shape) -> Iterator[tuple[str, Written]]:
    """Yield the tokenizer's keys: as many tokens and merge rules, of the usual lengths."""
    kind = "bert" if shape.embeds else "gpt2" if shape.merges else "llama"
    yield "tokenizer.ggml.model", kind
    yield "tokenizer.ggml.tokens", [_token(number) for number in range(shape.vocabulary)]
    yield "tokenizer.ggml.token_type", [1] * shape.vocabulary
    if shape.embeds:
        yield "tokenizer.ggml.token_type_count", 2
        for number, name in enumerate(("unknown", "seperator", "padding", "cls", "mask")):
            yield f"tokenizer.ggml.{name}_token_id", number
        return
    yield "tokenizer.ggml.bos_token_id", 1
    yield "tokenizer.ggml.eos_token_id", 2
    if shape.merges:
        yield "tokenizer.ggml.merges", [_merge(number) for number in range(shape.merges)]
    else:
        yield "tokenizer.ggml.scores", [-float(number) for number in range(shape.vocabulary)]


def _token(number: int) -> str:
    """Return a text for a token: unlike all others, and three to nine characters long."""
    letters = ""
    rest = number
    for _ in range(3 + number % 4):
        rest, letter = divmod(rest, len(_WORD))
        letters += _WORD[letter]
    return f"{letters}{rest or ''}"


def _merge(number: int) -> str:
    text = _token(number)
    return f"{text[:2]} {text[2:]}{number}"


def tensors(shape: Shape) -> list[Tensor]:
    """Return all tensors with the types that llama.cpp chooses for the quantization."""
    made = [Tensor(f"{name}", kind, size) for name, kind, size in _outside(shape)]
    for layer in range(shape.layers):
        better = is_kept_better(layer, shape.layers)
        made += [
            Tensor(f"blk.{layer}.{name}", _kind(shape, want, size, better=better), size)
            for name, want, size in _layer(shape)
        ]
    return made


def _outside(shape: Shape) -> Iterator[tuple[str, str, tuple[int, ...]]]:
    width, matrix = shape.embedding, (shape.embedding, shape.vocabulary)
    best = _kind(shape, "best", matrix, better=True)
    yield "token_embd.weight", best if shape.tied else _kind(shape, "usual", matrix), matrix
    if shape.embeds:
        yield "token_types.weight", "f32", (width, 2)
        yield from ((f"token_embd_norm.{part}", "f32", (width,)) for part in ("weight", "bias"))
        if shape.architecture == "bert":
            yield "position_embd.weight", "f32", (width, shape.context)
        return
    yield "output_norm.weight", "f32", (width,)
    if not shape.tied:
        yield "output.weight", best, matrix


def _kind(shape: Shape, want: str, size: tuple[int, ...], *, better: bool = False) -> str:
    """Return the type of a tensor: ``want`` is number, usual, value, best or a type's own name."""
    if len(size) == 1 or want == "number":
        return "f32"
    if shape.quantization != "Q4_K_M":
        plain = shape.quantization.lower()
        return "q6_k" if want == "best" and plain == "q4_0" else plain
    kept = "q6_k" if want == "best" or (want == "value" and better) else "q4_k"
    kind = "q5_k" if want == "fused" else kept
    return kind if size[0] % BLOCKS[kind][0] == 0 else _STAND_INS[kind]


def _layer(shape: Shape) -> Iterator[tuple[str, str, tuple[int, ...]]]:
    """Yield the tensors of a layer: name, what type it wants, and size."""
    width, inner = shape.embedding, shape.feed_forward
    queries, keys = shape.heads * shape.head, shape.kv_heads * shape.head
    if shape.architecture == "phi3":
        yield "attn_qkv.weight", "fused", (width, queries + 2 * keys)
        yield "ffn_up.weight", "usual", (width, 2 * inner)
    else:
        yield "attn_q.weight", "usual", (width, queries)
        yield "attn_k.weight", "usual", (width, keys)
        yield "attn_v.weight", "value", (width, keys)
        yield "ffn_up.weight", "usual", (width, inner)
    if shape.architecture not in {"phi3", "bert"}:
        yield "ffn_gate.weight", "usual", (width, inner)
    yield "attn_output.weight", "usual", (queries, width)
    yield "ffn_down.weight", "value", (inner, width)
    for name, length in _vectors(shape):
        yield name, "number", (length,)


def _vectors(shape: Shape) -> Iterator[tuple[str, int]]:
    """Yield the vectors of a layer: what normalises, and what is added."""
    width, inner = shape.embedding, shape.feed_forward
    if shape.embeds:
        for name in ("attn_output_norm", "layer_output_norm"):
            yield from ((f"{name}.{part}", width) for part in ("weight", "bias"))
    else:
        yield from ((f"{name}.weight", width) for name in ("attn_norm", "ffn_norm"))
    if shape.architecture in {"qwen2", "bert"}:
        yield "attn_q.bias", shape.heads * shape.head
        yield "attn_k.bias", shape.kv_heads * shape.head
        yield "attn_v.bias", shape.kv_heads * shape.head
    if shape.architecture == "bert":
        yield from (("attn_output.bias", width), ("ffn_up.bias", inner), ("ffn_down.bias", width))
    if shape.architecture in {"qwen3", "gemma3"}:
        yield from ((f"{name}.weight", shape.head) for name in ("attn_q_norm", "attn_k_norm"))
    if shape.architecture in {"gemma2", "gemma3"}:
        yield "post_attention_norm.weight", width
        yield "post_ffw_norm.weight", width
