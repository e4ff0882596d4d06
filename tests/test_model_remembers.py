"""What the page about local models says of first prompts, finished ones, and states."""

from __future__ import annotations

import pytest

from hcreport.units import Bytes, gib, gibibytes, mebibytes
from tests.pages_case import structure
from tests.test_model_pages import CHAT, SHAPE, html_of, page_of, view_of

BOUNDLESS = {"context": 4096, "prompt_cache": None}


def test_a_model_that_remembers_nothing_has_one_bar_and_no_working_figure() -> None:
    view = view_of({**CHAT, "settings": {"context": 4096, "prompt_cache": 0}})
    assert [bar.row.label for bar in view.chart.bars] == ["With a full context"]
    assert view.working == ()
    assert view.ceiling == view.full


@pytest.mark.parametrize(
    ("cache", "prompts"),
    [(gibibytes(8), [1, 4, 16]), (gibibytes(2), [1, 4]), (mebibytes(511), [])],
)
def test_prompts_are_counted_up_to_the_setting(cache: Bytes, prompts: list[int]) -> None:
    view = view_of({**CHAT, "settings": {"context": 4096, "prompt_cache": int(cache)}})
    # 128 KiB for each of 4,096 tokens.
    expected = [(count, view.full + mebibytes(512) * count) for count in prompts]
    assert list(view.working) == expected


def test_prompts_without_a_limit_in_bytes_have_that_of_the_tokens() -> None:
    text = structure(html_of(page_of(models=[{**CHAT, "settings": BOUNDLESS}]))).joined
    # 128 KiB for each of 4,096 tokens, and a prompt more for a moment
    assert "LLAMA_ARG_CACHE_RAM caps the prompts it remembers, now at 1 GiB." in text
    assert "LLAMA_ARG_CTX_CHECKPOINTS" not in text


def test_a_windowed_model_keeps_states() -> None:
    windowed = {"layers": 16, "keys": 1024, "values": 1024}
    caches = [windowed, {**windowed, "windowed": True}]
    shape = {**SHAPE, "architecture": "gemma2", "caches": caches, "window": 512}
    view = view_of({**CHAT, "shape": shape, "settings": BOUNDLESS})
    assert {part.name: part.size for part in view.parts if "tates" in part.name} == {
        "States of one prompt": mebibytes(48),  # 64 KiB for each of 512 and 256 tokens
        "Further states, at most": mebibytes(32 * 32 - 48),
    }
    assert [part.kind for part in view.parts][-2:] == ["prompts", "prompts"]
    assert sum(part.size for part in view.parts) == view.ceiling
    assert view.savings[-1].setting == "LLAMA_ARG_CTX_CHECKPOINTS=2"
    text = structure(html_of(page_of(models=[{**CHAT, "shape": shape}]))).joined
    assert "LLAMA_ARG_CTX_CHECKPOINTS caps the states of each conversation, now at 32." in text
    assert "32 states for each conversation" in text


@pytest.mark.parametrize(("context", "said"), [(512, False), (4096, True)])
def test_what_a_first_prompt_takes_is_said_where_it_is_less(context: int, said: bool) -> None:
    model = {**CHAT, "settings": {"context": context, "flash_attention": False}}
    view = view_of(model)
    assert (gib(view.load) != gib(view.full)) is said
    text = structure(html_of(page_of(models=[model]))).joined
    words = f"After a first prompt: {gib(view.load)}"
    assert (words in text) is said
    assert ("The rest is touched as the context fills." in text) is said


def test_a_model_that_embeds_has_a_row_for_each_token_of_a_batch() -> None:
    embeds = {**SHAPE, "caches": [], "embeds": True}
    text = structure(html_of(page_of(models=[{**CHAT, "shape": embeds}]))).joined
    assert "A row of numbers for each token of a batch" in text
    assert "At most: the same, because it remembers no prompts." in text
