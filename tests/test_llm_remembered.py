"""What a local model keeps of texts that it has read: finished prompts, and states of long ones."""

from __future__ import annotations

import pytest

from hcreport.estimate.llm_memory import llm_memory, prompt_bytes
from hcreport.estimate.llm_shape import model_shape
from hcreport.model import LayerCache, ModelShape, RunnerSettings
from hcreport.units import KIB, MIB, Bytes, gibibytes, mebibytes
from tests import gguf_files

LLAMA = model_shape(gguf_files.llama_header(gguf_files.LLAMA31_8B))
GEMMA = model_shape(gguf_files.gemma3_270m())
"""It has 3 layers that keep the whole context and 15 with a window of 512, 1 KiB a token each."""

SMOL = LLAMA.model_copy(update={"caches": (LayerCache(layers=30, keys=192, values=192),)})
SMOL_TOKEN = 30 * 2 * 192 * 2
"""Bytes that SmolLM2 135M keeps of a token."""

STATE = mebibytes(19)
MAMBA = LLAMA.model_copy(update={"caches": (), "recurrent": STATE})


def settings(checkpoints: int = 32, *, context: int = 4096, slots: int = 1) -> RunnerSettings:
    return RunnerSettings(context=context, slots=slots, checkpoints=checkpoints)


def test_a_prompt_keeps_its_part_of_the_cache() -> None:
    assert prompt_bytes(LLAMA, settings(), 2000) == 2000 * 128 * KIB
    assert prompt_bytes(LLAMA, settings(), 9000) == llm_memory(LLAMA, settings()).prompt


def test_the_measured_prompts_grow_by_their_part_of_the_cache() -> None:
    grown = prompt_bytes(SMOL, settings(), 2003)
    assert int(grown) / MIB == pytest.approx(44.1, abs=0.2)


def test_the_measured_prompt_of_a_windowed_model_holds_its_states() -> None:
    grown = prompt_bytes(GEMMA, settings(context=8192), 1100)
    assert int(grown) / MIB == pytest.approx(25.9, abs=0.25)


@pytest.mark.parametrize(("checkpoints", "windows"), [(0, 1), (1, 2), (2, 3), (32, 3)])
def test_a_prompt_keeps_the_window_and_its_states(checkpoints: int, windows: int) -> None:
    kept = prompt_bytes(GEMMA, settings(checkpoints), 4000)
    assert kept == (3 * 4000 + windows * 15 * 512) * KIB


def test_a_prompt_shorter_than_the_window_keeps_no_more_than_itself() -> None:
    assert prompt_bytes(GEMMA, settings(), 100) == (3 + 3 * 15) * 100 * KIB


def test_finished_prompts_add_up_to_their_limit() -> None:
    usual = llm_memory(LLAMA, settings())
    limited = llm_memory(LLAMA, RunnerSettings(context=4096, prompt_cache=mebibytes(512)))
    assert usual.ceiling - usual.full == gibibytes(8)
    assert limited.ceiling - limited.full == limited.prompt_cache_ceiling == mebibytes(512)


@pytest.mark.parametrize("slots", [1, 3])
def test_without_a_limit_in_bytes_prompts_have_one_in_tokens(slots: int) -> None:
    """Measured: of prompts of 2,000 tokens two stay, and a third is there for a moment."""
    boundless = RunnerSettings(context=4096, slots=slots, prompt_cache=None)
    memory = llm_memory(SMOL, boundless)
    assert memory.prompt_cache_ceiling == (slots + 1) * 4096 * SMOL_TOKEN
    assert memory.ceiling == memory.full + memory.prompt_cache_ceiling
    if slots == 1:
        short = prompt_bytes(SMOL, boundless, 2000)
        assert 3 * short <= memory.prompt_cache_ceiling < 5 * short


@pytest.mark.parametrize(("checkpoints", "copies"), [(0, 1), (1, 2), (32, 3)])
def test_prompts_without_a_limit_hold_their_states(checkpoints: int, copies: int) -> None:
    boundless = RunnerSettings(context=4096, prompt_cache=None, checkpoints=checkpoints)
    kept = llm_memory(MAMBA, boundless).prompt_cache_ceiling
    assert kept == 2 * copies * STATE
    assert llm_memory(GEMMA, boundless).prompt_cache_ceiling >= 2 * prompt_bytes(
        GEMMA, boundless, 4096
    )


@pytest.mark.parametrize(
    ("checkpoints", "first", "further"),
    [
        # The first prompt has 768 tokens; its states are a window, and 256 tokens a batch before.
        (0, 0, 0),
        (1, 512, 0),
        (2, 512 + 256, 256),
        (32, 512 + 256, 32 * 512 - 512 - 256),
    ],
)
def test_a_windowed_model_keeps_states_up_to_the_setting(
    checkpoints: int, first: int, further: int
) -> None:
    memory = llm_memory(GEMMA, settings(checkpoints))
    assert memory.checkpoints == 15 * first * KIB
    assert memory.checkpoints_ceiling == 15 * further * KIB


def test_the_measured_conversation_grew_by_no_more_than_the_states() -> None:
    """26 turns: 220 MiB."""
    assert int(llm_memory(GEMMA, settings()).checkpoints_ceiling) / MIB == pytest.approx(228.75)


def test_each_slot_has_its_conversation() -> None:
    one, four = (llm_memory(GEMMA, settings(slots=count)) for count in (1, 4))
    states = [each.checkpoints + each.checkpoints_ceiling for each in (one, four)]
    assert states == [mebibytes(240), mebibytes(960)]


def test_a_context_of_one_batch_has_one_state() -> None:
    memory = llm_memory(GEMMA, settings(context=256))
    assert memory.checkpoints == 15 * 256 * KIB


def test_a_smaller_cache_has_smaller_states() -> None:
    stored = RunnerSettings(context=4096, key_type="q8_0", value_type="q8_0")
    usual = llm_memory(GEMMA, settings()).checkpoints
    assert llm_memory(GEMMA, stored).checkpoints == int(usual) * 17 // 32


def test_a_model_that_keeps_all_has_no_states() -> None:
    memory = llm_memory(LLAMA, settings())
    assert (memory.checkpoints, memory.checkpoints_ceiling) == (0, 0)


@pytest.mark.parametrize("shape", [GEMMA, MAMBA], ids=["windowed", "recurrent"])
def test_a_model_that_embeds_remembers_nothing(shape: ModelShape) -> None:
    memory = llm_memory(shape.model_copy(update={"embeds": True}), settings())
    kept = (memory.checkpoints, memory.checkpoints_ceiling, memory.prompt_cache_ceiling)
    assert kept == (Bytes(0), Bytes(0), Bytes(0))
    assert memory.ceiling == memory.full


@pytest.mark.parametrize("context", [2048, 65536])
def test_a_recurrent_state_is_kept_for_each_slot_and_does_not_grow(context: int) -> None:
    memory = llm_memory(MAMBA, settings(context=context, slots=3))
    assert memory.kv_cache == 3 * STATE
    assert memory.checkpoints == 2 * STATE
    assert memory.checkpoints_ceiling == (3 * 32 - 2) * STATE
    assert prompt_bytes(MAMBA, settings(context=context), 100) == 3 * STATE
    assert prompt_bytes(MAMBA, settings(0, context=context), 100) == STATE
