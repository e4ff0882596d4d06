"""How a service's variables have Ollama run a model; only numbers and types get through."""

from __future__ import annotations

from typing import Any

import pytest

from hcreport.collect.ollama_facts import ModelParameters
from hcreport.collect.ollama_settings import Serving, as_ollama_reads, runner_settings
from hcreport.collect.redact import settings
from hcreport.model import LayerCache, ModelShape
from hcreport.units import MIB, Bytes
from tests.engine_fixture import CANARY

SHAPE = ModelShape(
    architecture="llama",
    embedding=64,
    feed_forward=128,
    heads=4,
    caches=(LayerCache(layers=2, keys=32, values=32),),
    context_length=8192,
    vocabulary=300,
    weights=Bytes(9),
)
USUAL = {
    "context": 4096,
    "slots": 1,
    "key_type": "f16",
    "value_type": "f16",
    "flash_attention": True,
    "mapped": False,
    "batch": None,
    "prompt_cache": 8192 * MIB,
    "checkpoints": 32,
}


@pytest.mark.parametrize(
    ("environment", "changed"),
    [
        ({}, {}),
        ({"OLLAMA_CONTEXT_LENGTH": "2048"}, {"context": 2048}),
        ({"OLLAMA_CONTEXT_LENGTH": '"2048"'}, {"context": 2048}),
        ({"OLLAMA_CONTEXT_LENGTH": " '2048' "}, {"context": 2048}),
        ({"OLLAMA_CONTEXT_LENGTH": "32768"}, {"context": 8192}),
        ({"OLLAMA_CONTEXT_LENGTH": "0"}, {}),
        ({"OLLAMA_CONTEXT_LENGTH": "-1"}, {}),
        ({"OLLAMA_CONTEXT_LENGTH": "8k"}, {}),
        ({"OLLAMA_CONTEXT_LENGTH": CANARY}, {}),
        ({"OLLAMA_NUM_PARALLEL": "4"}, {"slots": 4}),
        ({"OLLAMA_NUM_PARALLEL": "0"}, {}),
        ({"OLLAMA_NUM_PARALLEL": "999999999"}, {}),
        ({"OLLAMA_KV_CACHE_TYPE": "q8_0"}, {"key_type": "q8_0", "value_type": "q8_0"}),
        ({"OLLAMA_KV_CACHE_TYPE": '"q4_0"'}, {"key_type": "q4_0", "value_type": "q4_0"}),
        ({"OLLAMA_KV_CACHE_TYPE": "Q8_0"}, {"key_type": "q8_0", "value_type": "q8_0"}),
        ({"OLLAMA_KV_CACHE_TYPE": CANARY}, {}),
        ({"OLLAMA_FLASH_ATTENTION": "0"}, {"flash_attention": False}),
        ({"OLLAMA_FLASH_ATTENTION": "False"}, {"flash_attention": False}),
        ({"OLLAMA_FLASH_ATTENTION": "1"}, {}),
        ({"OLLAMA_FLASH_ATTENTION": CANARY}, {}),
        ({"LLAMA_ARG_CACHE_RAM": "512"}, {"prompt_cache": 512 * MIB}),
        ({"LLAMA_ARG_CACHE_RAM": "0"}, {"prompt_cache": 0}),
        ({"LLAMA_ARG_CACHE_RAM": "-1"}, {"prompt_cache": None}),
        ({"LLAMA_ARG_CACHE_RAM": "-2"}, {}),
        ({"LLAMA_ARG_CACHE_RAM": "999999999"}, {}),
        ({"LLAMA_ARG_CTX_CHECKPOINTS": "4"}, {"checkpoints": 4}),
        ({"LLAMA_ARG_CTX_CHECKPOINTS": "0"}, {"checkpoints": 0}),
        ({"LLAMA_ARG_CTX_CHECKPOINTS": "9999"}, {"checkpoints": 9999}),
        ({"LLAMA_ARG_CTX_CHECKPOINTS": "10000"}, {}),
        ({"LLAMA_ARG_CTX_CHECKPOINTS": "-1"}, {}),
        ({"LLAMA_ARG_CTX_CHECKPOINTS": CANARY}, {}),
        (
            {"LLAMA_ARG_CTX_CHECKPOINTS": "2", "LLAMA_ARG_CACHE_RAM": "-1"},
            {"checkpoints": 2, "prompt_cache": None},
        ),
        ({"LLAMA_ARG_CTX_SIZE": "77", "OLLAMA_HOST": CANARY, "OLLAMA_ORIGINS": CANARY}, {}),
    ],
)
def test_a_variable_has_the_effect_that_it_has_in_ollama(
    environment: dict[str, str | None], changed: dict[str, Any]
) -> None:
    allowed = settings(as_ollama_reads(environment))
    assert CANARY not in str(allowed)
    found = runner_settings(Serving(settings=allowed), ModelParameters(), SHAPE)
    assert {name: getattr(found, name) for name in USUAL} == USUAL | changed


@pytest.mark.parametrize("architecture", ["qwen35", "mllama", "lfm2", "nemotron_h"])
def test_some_architectures_have_one_slot_whatever_is_set(architecture: str) -> None:
    shape = SHAPE.model_copy(update={"architecture": architecture})
    serving = Serving(settings={"OLLAMA_NUM_PARALLEL": "4"})
    assert runner_settings(serving, ModelParameters(), shape).slots == 1


def test_a_model_that_embeds_has_one_slot() -> None:
    shape = SHAPE.model_copy(update={"embeds": True})
    serving = Serving(settings={"OLLAMA_NUM_PARALLEL": "4"})
    assert runner_settings(serving, ModelParameters(), shape).slots == 1


@pytest.mark.parametrize(
    ("version", "flash", "key_type"),
    [
        ((0, 29, 9), None, "f16"),
        ((0, 29, 9), "1", "q8_0"),
        ((0, 29, 9), "0", "f16"),
        ((0, 30, 0), None, "q8_0"),
        (None, None, "q8_0"),
    ],
)
def test_before_030_a_cache_type_needs_flash_attention(
    version: tuple[int, int, int] | None, flash: str | None, key_type: str
) -> None:
    given = {"OLLAMA_KV_CACHE_TYPE": "q8_0"} | ({"OLLAMA_FLASH_ATTENTION": flash} if flash else {})
    serving = Serving(settings=given, version=version)
    found = runner_settings(serving, ModelParameters(), SHAPE)
    assert found.key_type == key_type
    assert (found.prompt_cache == 0) is serving.old
    assert (found.checkpoints == 0) is serving.old


def test_quotes_of_other_variables_are_not_touched() -> None:
    assert as_ollama_reads({"NAME": '"x"', "OLLAMA_X": None}) == {"NAME": '"x"', "OLLAMA_X": None}
