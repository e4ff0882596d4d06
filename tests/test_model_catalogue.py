"""The cited list of models: its shapes explain the files, and its needs are those measured."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from hcreport.estimate.llm_memory import llm_memory
from hcreport.estimate.llm_shape import Header, Tensor, model_shape
from hcreport.facts import CataloguedModel, Fact, catalogue, fact, fact_bytes
from hcreport.model import RunnerSettings
from hcreport.units import mebibytes
from tests.gguf_files import is_kept_better

RUNS = [
    json.loads(line)
    for line in (Path(__file__).parent / "data" / "llm_memory.jsonl").read_text().splitlines()
]

TAGS = {
    "llama3.1-8b": "llama3.1:8b",
    "llama3.2-1b": "llama3.2:1b",
    "mistral-7b": "mistral:7b",
    "codellama-7b": "codellama:7b",
    "tinyllama": "tinyllama",
}
"""Which listed model a measured run is of."""

# The whole file stands for the weights of a model that also sees images.
WHOLE_FILE = {"gemma3:4b"}


class Kind(NamedTuple):
    """What of a model's tensors its shape does not say."""

    heads: int
    kv_heads: int
    length: int
    """Numbers in a key of one head."""
    types: str = "q4_k"
    best: str = "q6_k"
    tied: bool = False
    fused: bool = False
    """Queries, keys and values are one matrix, as are gate and up."""
    bias: bool = False
    vectors: tuple[int, ...] = ()
    """Further vectors of each layer."""
    values: str = ""
    """Type of the values, where it is the same in all layers."""
    rope: int = 0


KINDS = {
    "llama3.1:8b": Kind(32, 8, 128, rope=64),
    "llama3:8b": Kind(32, 8, 128, "q4_0"),
    "llama3.2:3b": Kind(24, 8, 128, tied=True, rope=64),
    "llama3.2:1b": Kind(32, 8, 64, "q8_0", "q8_0", tied=True, rope=32),
    "mistral:7b": Kind(32, 8, 128),
    "qwen2.5:7b": Kind(28, 4, 128, bias=True),
    "qwen2.5-coder:7b": Kind(28, 4, 128, bias=True),
    "qwen3:8b": Kind(32, 8, 128, vectors=(128, 128), values="f16"),
    "deepseek-r1:8b": Kind(32, 8, 128, vectors=(128, 128), values="f16"),
    "gemma2:9b": Kind(16, 8, 256, "q4_0", tied=True, vectors=(3584, 3584)),
    "phi3:mini": Kind(32, 32, 96, "q4_0", fused=True),
    "phi4:14b": Kind(40, 10, 128, fused=True),
    "codellama:7b": Kind(32, 32, 128, "q4_0"),
    "tinyllama": Kind(32, 4, 64, "q4_0"),
}


def listed(tag: str) -> tuple[Fact, CataloguedModel]:
    known = fact(catalogue()[tag])
    assert known.model is not None
    return known, known.model


def tensors(model: CataloguedModel, kind: Kind) -> list[Tensor]:
    """Return a model's tensors, with the types that llama.cpp chooses for its quantization."""
    shape = model.shape
    layers = sum(each.layers for each in shape.caches)
    width, inner = shape.embedding, shape.feed_forward
    queries, keys = kind.heads * kind.length, kind.kv_heads * kind.length
    found = [
        Tensor(
            "token_embd.weight", kind.best if kind.tied else kind.types, (width, shape.vocabulary)
        ),
        Tensor("output_norm.weight", "f32", (width,)),
    ]
    if not kind.tied:
        found.append(Tensor("output.weight", kind.best, (width, shape.vocabulary)))
    if kind.rope:
        found.append(Tensor("rope_freqs.weight", "f32", (kind.rope,)))
    for layer in range(layers):
        mixed = model.quantization == "Q4_K_M"
        better = "q6_k" if mixed and is_kept_better(layer, layers) else kind.types
        sizes = [width, width, *kind.vectors, *((queries, keys, keys) if kind.bias else ())]
        matrices = [
            ("attn_output", kind.types, (queries, width)),
            ("ffn_down", better, (inner, width)),
        ]
        if kind.fused:
            matrices += [
                ("ffn_up", kind.types, (width, 2 * inner)),
                ("attn_qkv", "q5_k" if mixed else kind.types, (width, queries + 2 * keys)),
            ]
        else:
            matrices += [
                ("ffn_up", kind.types, (width, inner)),
                ("ffn_gate", kind.types, (width, inner)),
                ("attn_q", kind.types, (width, queries)),
                ("attn_k", kind.types, (width, keys)),
                ("attn_v", kind.values or better, (width, keys)),
            ]
        found += [
            Tensor(f"blk.{layer}.v{number}", "f32", (size,)) for number, size in enumerate(sizes)
        ]
        found += [
            Tensor(f"blk.{layer}.{name}.weight", types, dimensions)
            for name, types, dimensions in matrices
        ]
    return found


def header(model: CataloguedModel, kind: Kind) -> Header:
    shape, name = model.shape, model.shape.architecture
    metadata: dict[str, Any] = {
        "general.architecture": name,
        f"{name}.block_count": sum(each.layers for each in shape.caches),
        f"{name}.embedding_length": shape.embedding,
        f"{name}.feed_forward_length": shape.feed_forward,
        f"{name}.attention.head_count": kind.heads,
        f"{name}.attention.head_count_kv": kind.kv_heads,
        f"{name}.attention.key_length": kind.length,
        f"{name}.attention.value_length": kind.length,
        f"{name}.context_length": shape.context_length or 0,
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.tokens": shape.vocabulary,
        "tokenizer.ggml.merges": shape.merges,
    }
    if shape.window:
        metadata[f"{name}.attention.sliding_window"] = shape.window
    return Header(metadata, tuple(tensors(model, kind)))


@pytest.mark.parametrize("tag", catalogue())
def test_an_entry_says_which_file_it_is_about(tag: str) -> None:
    known, model = listed(tag)
    assert catalogue()[tag] == f"models/{tag.replace(':', '-')}"
    assert re.fullmatch("[0-9a-f]{12}", model.digest)
    size = int(fact_bytes(catalogue()[tag]))
    assert f"{tag} ({model.quantization}) has {size:,} bytes" in known.claim
    assert model.digest in known.applies_to
    assert "A tag can be moved to another file." in known.doubt


@pytest.mark.parametrize("tag", sorted(set(catalogue()) - WHOLE_FILE))
def test_what_the_weights_leave_of_a_file_is_its_header(tag: str) -> None:
    """A token and a merge rule take some 10 to 40 bytes in a header."""
    _, model = listed(tag)
    left = int(fact_bytes(catalogue()[tag]) - model.shape.weights)
    entries = model.shape.vocabulary + model.shape.merges
    assert 10 * entries < left < 55 * entries


@pytest.mark.parametrize("tag", KINDS)
def test_a_shape_is_that_of_a_header_with_its_tensors(tag: str) -> None:
    """The weights, and what of them is arranged anew, follow from the quantization to the byte."""
    _, model = listed(tag)
    assert model_shape(header(model, KINDS[tag])) == model.shape


def test_every_model_but_two_is_checked_by_its_tensors() -> None:
    assert set(catalogue()) - set(KINDS) == {"gemma3:4b", "nomic-embed-text"}


def test_the_weights_of_the_embedding_model_follow_from_its_shape() -> None:
    """Vectors of tokens, and in each layer five matrices, in F16; norms and token types in F32."""
    _, model = listed("nomic-embed-text")
    width, inner = model.shape.embedding, model.shape.feed_forward
    layer = 2 * (4 * width * width + 3 * width * inner) + 4 * 4 * width
    assert model.shape.weights == 2 * model.shape.vocabulary * width + 12 * layer + 4 * 4 * width
    assert model.shape.caches == ()


@pytest.mark.parametrize(
    "run",
    [
        each
        for each in RUNS
        if each["model"] in TAGS and (each["prompt_tokens_processed"] or 0) > 512
    ],
    ids=lambda run: run["case"],
)
def test_a_full_batch_was_measured_within_two_percent(run: dict[str, Any]) -> None:
    assert _load(run) == pytest.approx(run["peak_rss_mib"], rel=0.02)


@pytest.mark.parametrize(
    "run", [each for each in RUNS if each["model"] in TAGS], ids=lambda run: run["case"]
)
def test_less_than_a_full_batch_takes_less(run: dict[str, Any]) -> None:
    """What is computed in a batch is resident only where a batch was full."""
    batch = run["batch"] * (12 * run["feed_forward_length"] + 20 * run["embedding_length"])
    assert run["peak_rss_mib"] * 0.98 < _load(run)
    assert _load(run) < run["peak_rss_mib"] * 1.02 + batch / mebibytes(1)


def _load(run: dict[str, Any]) -> float:
    _, model = listed(TAGS[run["model"]])
    settings = RunnerSettings(
        context=run["context"],
        slots=run["slots"],
        key_type=run["kv_type"],
        value_type=run["kv_type"],
        flash_attention=run["flash_attention"],
        mapped=run["mmap"],
    )
    return llm_memory(model.shape, settings).load / mebibytes(1)


def test_the_published_peak_of_the_best_known_model_is_met() -> None:
    _, model = listed("llama3.1:8b")
    load = llm_memory(model.shape, RunnerSettings(context=4096)).load
    assert load == pytest.approx(fact_bytes("ollama/llama31-8b-4k-peak"), rel=0.02)
