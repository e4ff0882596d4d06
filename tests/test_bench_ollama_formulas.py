"""The formulas of other estimators, restated: against hand-made cases and known figures."""

from __future__ import annotations

import math
from typing import Any

import pytest

from bench.ollama.peer_formulas import gguf_parser_memory, naive_rule, predict_server_vram
from hcreport.estimate.llm_header import Header
from hcreport.estimate.llm_tensors import weight_bytes
from hcreport.model import RunnerSettings
from hcreport.units import MIB, mebibytes
from tests.gguf_files import (
    CODELLAMA_7B,
    LLAMA31_8B,
    LLAMA32_1B,
    MISTRAL_7B,
    TINYLLAMA,
    Shape,
    header,
    header_bytes,
    llama_header,
    llama_metadata,
    llama_tensors,
)


def whole_size(shape: Shape) -> int:
    """Return the size of a model's file, which is not written."""
    start = len(header_bytes(llama_metadata(shape), llama_tensors(shape)))
    return start + weight_bytes(llama_header(shape))


@pytest.mark.parametrize(
    ("shape", "context", "peak", "percents"),
    [
        (LLAMA31_8B, 4096, 5421.6, (-4.0, 9.5, -15.2)),
        (TINYLLAMA, 2048, 733.1, (-11.2, 30.4, -14.1)),
        (MISTRAL_7B, 4096, 4847.6, (-3.4, 3.3, -14.4)),
        (CODELLAMA_7B, 4096, 5834.9, (-2.4, 3.1, -33.9)),
        # The output is tied to the input layer, whose 266 MiB gguf-parser-go counts twice.
        (LLAMA32_1B, 4096, 1525.0, (-8.9, 55.8, -53.6)),
    ],
    ids=["llama3.1:8b", "tinyllama", "mistral:7b", "codellama:7b", "llama3.2:1b"],
)
def test_formulas_against_measured_peaks(
    shape: Shape, context: int, peak: float, percents: tuple[float, float, float]
) -> None:
    made, size, settings = llama_header(shape), whole_size(shape), RunnerSettings(context=context)
    parameters = sum(math.prod(each.dimensions) for each in made.tensors)
    figures = (
        predict_server_vram(made, size, settings),
        # The percentage is that of its figure with a GPU's libraries.
        gguf_parser_memory(made, size, settings) + mebibytes(150),
        naive_rule(parameters),
    )
    found = [100 * (figure / MIB / peak - 1) for figure in figures]
    assert found == pytest.approx(percents, abs=0.15)


@pytest.mark.parametrize(
    ("keys", "settings", "cache"),
    [
        # 8 layers * 2 * 1 head * 64 / 4 numbers * 2 bytes * 512 tokens
        ({}, RunnerSettings(context=512), 262_144),
        ({"attention__head_count_kv": 4}, RunnerSettings(context=512), 1_048_576),
        ({"attention__head_count_kv": (4, 2) * 4}, RunnerSettings(context=512), 524_288),
        ({"attention__head_count_kv": (4, 0) * 4}, RunnerSettings(context=512), 262_144),
        ({}, RunnerSettings(context=512, slots=3), 786_432),
        ({"context_length": 256}, RunnerSettings(context=512, slots=3), 393_216),
        ({"attention__key_length": 128}, RunnerSettings(context=512), 262_144),
        ({}, RunnerSettings(context=512, key_type="q8_0", value_type="q8_0"), 262_144),
    ],
)
def test_what_ollama_predicts(keys: dict[str, Any], settings: RunnerSettings, cache: int) -> None:
    assert predict_server_vram(header("llama", **keys), 1_000_000, settings) == 1_000_000 + cache


SMALL_START = 5 * MIB + 1000 + 64 * 512 * 4
SMALL_WEIGHTS = 2 * 128_000
SMALL_RECORDS = 1024 * 400 + 41_376 + 4 * MIB + 800 * (1 + 1 + 24)
SMALL_OUTPUT = 1000 * 512 * 4


def inputs(context: int) -> int:
    """Return the input of 512 rows."""
    return 512 * (4 + 64 * 4 + 4 + context * 4 + 4)


@pytest.mark.parametrize(
    ("settings", "cache", "context"),
    [
        # 8 layers * 4 heads * 16 numbers * 2 * 2 bytes * 512 tokens
        (RunnerSettings(context=512), 1_048_576, 512),
        (RunnerSettings(context=500), 1_048_576, 512),
        (RunnerSettings(context=512, mapped=True), 1_048_576, 512),
        (RunnerSettings(context=512, slots=2), 2_097_152, 1024),
        (RunnerSettings(context=512, key_type="q8_0", value_type="q8_0"), 557_056, 512),
        (
            RunnerSettings(context=512, key_type="q8_0", value_type="q8_0", flash_attention=False),
            802_816,
            512,
        ),
        (RunnerSettings(context=900), 2_097_152, 1024),
        (RunnerSettings(context=5000), 10_485_760, 5120),
        (RunnerSettings(context=900, flash_attention=False), 1_900_544, 928),
    ],
)
def test_what_gguf_parser_says_of_a_small_model(
    settings: RunnerSettings, cache: int, context: int
) -> None:
    expected = SMALL_START + SMALL_WEIGHTS + cache + SMALL_RECORDS + inputs(context) + SMALL_OUTPUT
    assert gguf_parser_memory(header("llama"), 129_000, settings) == expected


def test_gguf_parser_knows_windows() -> None:
    settings = RunnerSettings(context=4096)
    windowed = header("gemma3", attention__sliding_window=128)
    saved = gguf_parser_memory(header("llama"), 129_000, settings) - gguf_parser_memory(
        windowed, 129_000, settings
    )
    # Six of eight layers see 128 tokens and a batch of 512, padded to 768; 256 bytes for each.
    assert saved == 6 * (4096 - 768) * 256


def test_gguf_parser_counts_no_cache_for_embeddings() -> None:
    embedding = header("bert", attention__causal=False, context_length=512)
    figure = gguf_parser_memory(embedding, 129_000, RunnerSettings(context=2048))
    layer = 512 * 256
    assert figure == SMALL_START + SMALL_WEIGHTS + SMALL_RECORDS + inputs(512) + layer


def test_gguf_parser_counts_the_vocabulary() -> None:
    tokens = {"tokenizer.ggml.tokens": 1000, "tokenizer.ggml.merges": 700}
    plain = header("llama")
    for model, more in (("llama", 96_000), ("gpt2", 96_000 + 72_800)):
        named = {**plain.metadata, **tokens, "tokenizer.ggml.model": model}
        with_words = Header(named, plain.tensors)
        settings = RunnerSettings(context=512)
        grown = gguf_parser_memory(with_words, 129_000, settings) - gguf_parser_memory(
            plain, 129_000, settings
        )
        assert grown == more + SMALL_OUTPUT
