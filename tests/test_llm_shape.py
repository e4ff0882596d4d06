"""What decides a model's memory, from the header of its file or from what Ollama tells of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hcreport.estimate.llm_shape import Header, Tensor, described_header, model_shape
from hcreport.estimate.llm_tensors import BLOCKS, repacked_bytes, tensor_bytes, weight_bytes
from hcreport.model import LayerCache
from hcreport.units import MIB, Bytes
from tests import gguf_files
from tests.gguf_files import EMBEDDING, header

MEASURED = {
    run["model"]: run
    for line in (Path(__file__).parent / "data" / "llm_memory.jsonl")
    .read_text(encoding="utf-8")
    .splitlines()
    for run in [json.loads(line)]
}
HEADERS = {
    "llama3.1-8b": gguf_files.llama_header(gguf_files.LLAMA31_8B),
    "llama3.2-1b": gguf_files.llama_header(gguf_files.LLAMA32_1B),
    "tinyllama": gguf_files.llama_header(gguf_files.TINYLLAMA),
    "mistral-7b": gguf_files.llama_header(gguf_files.MISTRAL_7B),
    "codellama-7b": gguf_files.llama_header(gguf_files.CODELLAMA_7B),
    "gemma3-270m": gguf_files.gemma3_270m(),
}


@pytest.mark.parametrize("model", HEADERS)
def test_the_weights_are_those_that_were_measured(model: str) -> None:
    shape, run = model_shape(HEADERS[model]), MEASURED[model]
    assert shape.weights == run["weight_bytes"]
    logged = sum(run["logged_buffers_mib"].get("model:CPU_REPACK", [0]))
    assert int(shape.repacked) / MIB == pytest.approx(logged, abs=0.01)


@pytest.mark.parametrize("model", HEADERS)
def test_the_shape_is_that_of_the_measured_header(model: str) -> None:
    shape, run = model_shape(HEADERS[model]), MEASURED[model]
    assert (shape.embedding, shape.feed_forward) == (
        run["embedding_length"],
        run["feed_forward_length"],
    )
    assert (shape.heads, shape.vocabulary) == (run["head_count"], run["vocab"])
    assert sum(each.layers for each in shape.caches) == run["block_count"]
    assert shape.window == run["sliding_window"]


def test_the_merges_are_counted() -> None:
    assert model_shape(HEADERS["llama3.1-8b"]).merges == 280147


def test_only_one_kind_of_tokenizer_keeps_its_merges() -> None:
    whole = HEADERS["llama3.1-8b"]
    other = Header({**whole.metadata, "tokenizer.ggml.model": "llama"}, whole.tensors)
    assert model_shape(other).merges == 0


def test_a_model_that_takes_images_is_told_by_its_tensors() -> None:
    whole = HEADERS["gemma3-270m"]
    assert not model_shape(whole).sees
    images = (*whole.tensors, Tensor("v.blk.0.attn_q.weight", "f16", (64, 64)))
    assert model_shape(Header(whole.metadata, images)).sees


def test_five_of_six_layers_of_gemma3_have_a_window() -> None:
    assert model_shape(HEADERS["gemma3-270m"]).caches == (
        LayerCache(layers=3, keys=256, values=256),
        LayerCache(layers=15, keys=256, values=256, windowed=True),
    )


UP = Tensor("blk.0.ffn_up.weight", "f16", (64, 256))


@pytest.mark.parametrize(
    ("architecture", "tensors", "gated"),
    [
        ("llama", ("blk.0.ffn_gate.weight",), True),
        ("llama", (), False),
        ("mixtral", ("blk.0.ffn_gate_exps.weight",), True),
        ("nomic-bert", ("blk.0.ffn_gate.weight",), True),
        ("nomic-bert-moe", ("blk.0.ffn_gate_inp.weight",), False),
    ],
)
def test_the_gate_is_told_by_its_tensor(
    architecture: str, tensors: tuple[str, ...], gated: bool
) -> None:
    listed = (EMBEDDING, UP, *(Tensor(name, "f16", (64, 256)) for name in tensors))
    assert model_shape(header(architecture, listed, feed_forward_length=256)).gated is gated


@pytest.mark.parametrize(("width", "gated"), [(512, True), (256, False)])
def test_a_gate_may_lie_within_the_tensor_upwards(width: int, gated: bool) -> None:
    """That of phi3 is twice as wide as the layer."""
    fused = Tensor("blk.0.ffn_up.weight", "f16", (64, width))
    assert model_shape(header("phi3", (EMBEDDING, fused), feed_forward_length=256)).gated is gated


@pytest.mark.parametrize(
    ("architecture", "gated"),
    [("llama", True), ("nomic-bert", True), ("bert", False), ("nomic-bert-moe", False)],
)
def test_without_tensors_the_architecture_says_whether_there_is_a_gate(
    architecture: str, gated: bool
) -> None:
    whole = header(architecture, tensors=(), vocab_size=1000)
    assert model_shape(whole, weights=Bytes(77)).gated is gated


@pytest.mark.parametrize(
    ("architecture", "own", "embeds", "cached"),
    [
        ("nomic-bert", {"pooling_type": 1, "attention__causal": False}, True, 0),
        ("bert", {}, True, 0),
        ("nomic-bert-moe", {}, True, 0),
        ("gemma-embedding", {"attention__sliding_window": 512}, True, 0),
        ("qwen3", {"pooling_type": 3}, True, 8),
        ("qwen3", {"pooling_type": 0}, False, 8),
        ("llama", {"attention__causal": False}, True, 8),
        ("qwen3", {}, False, 8),
    ],
)
def test_which_models_embed(
    architecture: str, own: dict[str, Any], embeds: bool, cached: int
) -> None:
    shape = model_shape(header(architecture, **own))
    assert shape.embeds is embeds
    assert sum(each.layers for each in shape.caches) == cached


@pytest.mark.parametrize(
    ("own", "width", "experts"),
    [
        ({"feed_forward_length": 100}, 100, 0),
        ({"feed_forward_length": 100, "expert_count": 8, "expert_used_count": 2}, 200, 8),
        (
            {
                "feed_forward_length": 100,
                "expert_count": 64,
                "expert_used_count": 6,
                "expert_feed_forward_length": 20,
            },
            120,
            64,
        ),
    ],
)
def test_experts_that_work_at_the_same_time_add_up(
    own: dict[str, Any], width: int, experts: int
) -> None:
    shape = model_shape(header("llama", **own))
    assert (shape.feed_forward, shape.experts) == (width, experts)


def test_known_weights_stand_in_for_tensors_that_are_not_listed() -> None:
    shape = model_shape(header("llama", tensors=(), vocab_size=1000), weights=Bytes(77))
    assert (shape.weights, shape.repacked, shape.vocabulary) == (77, 0, 1000)


@pytest.mark.parametrize(
    ("faulty", "message"),
    [
        (Header({}, (EMBEDDING,)), "does not name its architecture"),
        (
            Header({"general.architecture": "\x1b[2J"}, (EMBEDDING,)),
            "does not name its architecture",
        ),
        (
            Header({"general.architecture": "llama", "split.count": 3}, (EMBEDDING,)),
            "in 3 files, and this is one of them",
        ),
        (header("llama", tensors=()), "neither the model's tensors nor"),
        (header("llama", block_count=None), r"does not say llama\.block_count"),
        (header("llama", block_count=0), "no usable count"),
        (header("llama", block_count=2**31), "no usable count"),
        (header("llama", block_count=2, nextn_predict_layers=2), "no usable count"),
        (header("llama", embedding_length=0), "is 0"),
        (header("llama", embedding_length="wide"), "no usable count"),
        (header("llama", embedding_length=64.5), "no usable count"),
        (header("llama", embedding_length=float("nan")), "no usable count"),
        (header("llama", attention__head_count=None), r"does not say llama\.attention\.head_count"),
        (header("llama", attention__head_count_kv=-1), "no usable count"),
        (header("llama", attention__head_count_kv=(1, 2)), "too short"),
        (header("llama", attention__head_count_kv=()), "left out"),
        (header("llama", tensors=(Tensor("a", "q9_9", (32,)),)), "unknown type 'q9_9'"),
        (header("llama", tensors=(Tensor("a", "q4_k", (100,)),)), "whole number of blocks"),
        (header("llama", tensors=(Tensor("a", "f32", (2**40, 2**40)),)), "no possible size"),
    ],
)
def test_what_is_missing_or_impossible_is_said(faulty: Header, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        model_shape(faulty)


def test_weights_are_padded_to_the_alignment() -> None:
    tensors = (Tensor("a", "f32", (1,)), Tensor("b", "q8_0", (32, 2)))
    assert [tensor_bytes(each) for each in tensors] == [4, 68]
    assert weight_bytes(header("llama", tensors=tensors)) == 32 + 96
    wide = Header({"general.architecture": "llama", "general.alignment": 64}, tensors)
    assert weight_bytes(wide) == 64 + 128


@pytest.mark.parametrize("step", [0, 3, -32, "x"])
def test_an_alignment_is_a_power_of_two(step: Any) -> None:
    with pytest.raises(ValueError, match="no power of two"):
        weight_bytes(Header({"general.alignment": step}, ()))


@pytest.mark.parametrize(
    ("tensor", "arranged"),
    [
        (Tensor("blk.0.ffn_up.weight", "q4_0", (64, 8)), True),
        (Tensor("blk.0.ffn_up.weight", "iq4_nl", (64, 8)), True),
        (Tensor("blk.0.ffn_up.weight", "q4_0", (64, 12)), False),
        (Tensor("blk.0.ffn_up.weight", "q8_0", (64, 8)), False),
        (Tensor("blk.0.ffn_up.weight", "q6_k", (256, 8)), False),
        (Tensor("token_embd.weight", "q4_0", (64, 8)), False),
        (Tensor("output.weight", "q4_0", (64, 8)), True),
        (Tensor("blk.0.ffn_up_exps.weight", "mxfp4", (64, 8, 4)), True),
        (Tensor("blk.0.attn_k_b.weight", "q4_0", (64, 8, 4)), False),
        (Tensor("blk.0.attn_norm.weight", "q4_0", (64,)), False),
    ],
)
def test_what_is_arranged_anew_for_the_cpu(tensor: Tensor, arranged: bool) -> None:
    expected = tensor_bytes(tensor) if arranged else 0
    assert repacked_bytes(Header({}, (tensor,))) == expected


def test_every_type_has_whole_bytes() -> None:
    assert all(numbers > 0 and size > 0 for numbers, size in BLOCKS.values())


def test_what_ollama_tells_gives_the_same_shape_as_the_file() -> None:
    whole = gguf_files.llama_header(gguf_files.LLAMA31_8B)
    told: dict[str, object] = dict(whole.metadata)
    for key in ("tokens", "token_type", "merges"):
        told[f"tokenizer.ggml.{key}"] = None
    tensors = [(each.name, each.type.upper(), list(each.dimensions)) for each in whole.tensors]
    shape = model_shape(described_header(told, tensors))
    assert shape.merges == 0
    assert shape.model_copy(update={"merges": 280147}) == model_shape(whole)


def test_lists_that_ollama_tells_are_counted_or_kept() -> None:
    told = described_header(
        {
            "general.architecture": "gemma3n",
            "tokenizer.ggml.tokens": ["a", "b"],
            "gemma3n.feed_forward_length": [1, 2],
            "gemma3n.altup": list(range(600)),
            "gemma3n.rope": {"not": "known"},
        }
    )
    assert told.metadata == {
        "general.architecture": "gemma3n",
        "tokenizer.ggml.tokens": 2,
        "gemma3n.feed_forward_length": (1, 2),
        "gemma3n.altup": 600,
    }


def test_a_list_that_ollama_left_out_follows_from_the_shapes() -> None:
    told: dict[str, object] = {
        "general.architecture": "openelm",
        "openelm.block_count": 3,
        "openelm.embedding_length": 64,
        "openelm.attention.head_count": 4,
        "openelm.attention.key_length": 16,
        "openelm.attention.value_length": 16,
        "openelm.attention.head_count_kv": None,
        "openelm.feed_forward_length": None,
    }
    tensors = [
        ("token_embd.weight", "F16", [64, 500]),
        ("blk.0.attn_k.weight", "F16", [64, 32]),
        ("blk.2.attn_k.weight", "F16", [64, 48]),
        ("blk.2.ffn_up.weight", "F16", [64, 256]),
    ]
    shape = model_shape(described_header(told, tensors))
    assert shape.caches == (
        LayerCache(layers=1, keys=32, values=32),
        LayerCache(layers=1, keys=48, values=48),
    )
    assert (shape.feed_forward, shape.vocabulary) == (256, 500)
