"""What one could choose for a model to need less: contexts that fit, and what settings save."""

from __future__ import annotations

import pytest

from hcreport.estimate.llm_choices import (
    CONTEXT_STEP,
    longest_context,
    prompt_cache_that_fits,
    savings,
)
from hcreport.estimate.llm_memory import llm_memory
from hcreport.facts import catalogue, fact
from hcreport.model import CacheType, ModelShape, RunnerSettings
from hcreport.units import Bytes, gibibytes, mebibytes


def shape_of(tag: str) -> ModelShape:
    known = fact(catalogue()[tag]).model
    assert known is not None
    return known.shape


LLAMA = shape_of("llama3.1:8b")
GEMMA = shape_of("gemma2:9b")


def need(shape: ModelShape, settings: RunnerSettings, context: int) -> Bytes:
    memory = llm_memory(shape, settings.model_copy(update={"context": context}))
    return memory.full + memory.kernel


@pytest.mark.parametrize("tag", ["llama3.1:8b", "gemma2:9b", "phi3:mini", "qwen2.5:7b"])
@pytest.mark.parametrize("size", [6.5, 8, 11.3])
@pytest.mark.parametrize("slots", [1, 3])
def test_one_step_more_does_not_fit(tag: str, size: float, slots: int) -> None:
    shape, settings = shape_of(tag), RunnerSettings(context=4096, slots=slots)
    longest = longest_context(shape, settings, gibibytes(size))
    assert longest is not None
    assert need(shape, settings, longest) <= gibibytes(size)
    if longest == shape.context_length:
        return
    assert longest % CONTEXT_STEP == 0
    assert need(shape, settings, longest + CONTEXT_STEP) > gibibytes(size)


def test_the_room_itself_is_enough_and_a_byte_less_is_not() -> None:
    settings = RunnerSettings(context=4096)
    exact = need(LLAMA, settings, 8192)
    assert longest_context(LLAMA, settings, exact) == 8192
    assert longest_context(LLAMA, settings, exact - 1) == 7168


@pytest.mark.parametrize(
    ("context_length", "room", "expected"),
    [
        (131072, gibibytes(200), 131072),
        (5000, gibibytes(200), 5000),
        (5000, need(LLAMA, RunnerSettings(context=1), 5000) - 1, 4096),
        (512, gibibytes(200), 512),
        (512, gibibytes(1), None),
        (None, gibibytes(1), None),
        (None, gibibytes(5000), 1048576),
    ],
)
def test_a_context_is_never_longer_than_what_the_model_was_made_for(
    context_length: int | None, room: Bytes, expected: int | None
) -> None:
    shape = LLAMA.model_copy(update={"context_length": context_length})
    assert longest_context(shape, RunnerSettings(context=4096), room) == expected


@pytest.mark.parametrize(
    ("settings", "kinds"),
    [
        (RunnerSettings(context=4096), ["q8_0", "q4_0", "prompt cache"]),
        (RunnerSettings(context=4096, slots=2), ["q8_0", "q4_0", "slots", "prompt cache"]),
        (
            RunnerSettings(context=4096, key_type="q8_0", value_type="q8_0"),
            ["q4_0", "prompt cache"],
        ),
        (RunnerSettings(context=4096, key_type="q4_0", value_type="q4_0"), ["prompt cache"]),
        (RunnerSettings(context=4096, flash_attention=False), ["prompt cache"]),
        (RunnerSettings(context=4096, prompt_cache=Bytes(0)), ["q8_0", "q4_0"]),
    ],
)
def test_only_what_saves_is_offered(settings: RunnerSettings, kinds: list[str]) -> None:
    found = [
        each.settings.key_type if each.kind == "cache type" else each.kind
        for each in savings(LLAMA, settings)
    ]
    assert found == kinds


@pytest.mark.parametrize(
    ("cache", "share"), [("q8_0", 1 - 17 / 32), ("q4_0", 1 - 9 / 32)], ids=["q8_0", "q4_0"]
)
def test_a_smaller_cache_saves_its_share(cache: CacheType, share: float) -> None:
    (found,) = [
        each
        for each in savings(LLAMA, RunnerSettings(context=4096))
        if each.settings.key_type == cache
    ]
    assert found.full == round(share * mebibytes(512))
    assert found.ceiling == found.full


def test_one_slot_saves_the_others_caches_and_a_larger_batch() -> None:
    (found,) = [
        each
        for each in savings(LLAMA, RunnerSettings(context=4096, slots=4))
        if each.kind == "slots"
    ]
    assert found.settings.slots == 1
    assert found.full > 3 * mebibytes(512)


def test_no_prompt_cache_saves_nothing_of_the_need() -> None:
    found = savings(LLAMA, RunnerSettings(context=4096))[-1]
    assert (found.full, found.ceiling) == (0, gibibytes(8))


def test_no_prompt_cache_is_offered_where_its_limit_is_in_tokens() -> None:
    found = savings(LLAMA, RunnerSettings(context=4096, prompt_cache=None))[-1]
    assert found.settings.prompt_cache == 0
    assert (found.full, found.ceiling) == (0, 2 * mebibytes(512))


@pytest.mark.parametrize(
    ("checkpoints", "offered"), [(32, True), (3, True), (2, False), (0, False)]
)
def test_the_states_of_one_prompt_are_enough(checkpoints: int, offered: bool) -> None:
    settings = RunnerSettings(context=8192, checkpoints=checkpoints)
    found = [each for each in savings(GEMMA, settings) if each.kind == "states"]
    assert bool(found) is offered
    state = 21 * 2 * 2048 * 2 * 4096
    for each in found:
        assert each.settings.checkpoints == 2
        assert (each.full, each.ceiling) == (0, (checkpoints - 2) * state)


def test_a_model_that_embeds_has_nothing_to_save() -> None:
    assert savings(shape_of("nomic-embed-text"), RunnerSettings(context=2048)) == ()


@pytest.mark.parametrize(
    ("beside", "expected"),
    [(-1, None), (0, 0), (mebibytes(1) - 1, 0), (mebibytes(700.5), mebibytes(700))],
)
def test_the_prompt_cache_takes_what_is_left(beside: int, expected: int | None) -> None:
    memory = llm_memory(LLAMA, RunnerSettings(context=4096))
    assert prompt_cache_that_fits(memory, memory.full + memory.kernel + beside) == expected


@pytest.mark.parametrize(("beside", "expected"), [(-1, None), (mebibytes(9.5), mebibytes(9))])
def test_states_come_before_prompts(beside: int, expected: int | None) -> None:
    memory = llm_memory(GEMMA, RunnerSettings(context=8192))
    states = memory.full + memory.kernel + memory.checkpoints_ceiling
    assert prompt_cache_that_fits(memory, states + beside) == expected
