"""What each layer of a model keeps of a text, by architecture."""

from __future__ import annotations

from typing import Any

import pytest

from hcreport.estimate.llm_shape import model_shape
from hcreport.model import LayerCache
from tests.gguf_files import header


@pytest.mark.parametrize(
    ("architecture", "own", "windowed", "window"),
    [
        ("gemma3", {"attention__sliding_window": 512}, 7, 512),  # of eight, one is the sixth
        ("gemma3", {}, 0, None),
        ("gemma2", {}, 4, 4096),
        ("gpt-oss", {"attention__sliding_window": 128}, 4, 128),
        ("cohere2", {"attention__sliding_window": 4096}, 6, 4096),
        ("gemma3", {"attention__sliding_window": 9, "attention__sliding_window_pattern": 2}, 4, 9),
        ("phi3", {"attention__sliding_window": 2047}, 0, None),
        ("llama", {"attention__sliding_window": 4096}, 0, None),
        ("qwen2", {"attention__sliding_window": 32768}, 0, None),
        ("exaone4", {"attention__sliding_window": 4096}, 0, None),
        ("smallthinker", {"attention__sliding_window": 99}, 6, 4096),
        ("llama4", {}, 6, 8192),
        ("llama4", {"attention__sliding_window": 0}, 0, None),
    ],
)
def test_which_layers_have_a_window(
    architecture: str, own: dict[str, Any], windowed: int, window: int | None
) -> None:
    shape = model_shape(header(architecture, **own))
    assert sum(each.layers for each in shape.caches if each.windowed) == windowed
    assert sum(each.layers for each in shape.caches) == 8
    assert shape.window == window


@pytest.mark.parametrize(
    ("architecture", "layers", "ends"),
    [
        # One of six keeps all: the last whole one is the 18th, the 24th, the 30th, the 48th.
        *(("gemma3", 18, False), ("gemma3", 26, True), ("gemma3", 34, True)),
        *(("gemma3", 48, False), ("gemma2", 42, False), ("llama", 32, False)),
        ("cohere2", 40, False),
        ("cohere2moe", 40, True),  # the first of four keeps all, not the last
        ("lfm2", 16, False),  # all have one, so there is no large mask
    ],
)
def test_which_models_end_with_a_window(architecture: str, layers: int, ends: bool) -> None:
    own: dict[str, Any] = {"block_count": layers, "attention__sliding_window": 512}
    assert model_shape(header(architecture, **own)).ends_windowed is ends


def test_without_a_window_none_is_at_the_end() -> None:
    assert not model_shape(header("gemma3", block_count=34)).ends_windowed


@pytest.mark.parametrize(
    ("own", "queries"),
    [
        ({}, None),
        ({"attention__key_length": 16}, None),  # 4 heads: as many as stand for a token
        ({"attention__key_length": 32}, 128),
        ({"attention__key_length": 8}, 32),
        ({"attention__key_length": 32, "attention__head_count": (2, 4) * 4}, 128),
    ],
)
def test_queries_are_those_of_all_heads(own: dict[str, Any], queries: int | None) -> None:
    assert model_shape(header("qwen3", **own)).queries == queries


def test_a_list_says_which_layers_have_a_window() -> None:
    pattern = (True, True, False, True, True, False, True, False)
    shape = model_shape(
        header(
            "gemma4",
            attention__sliding_window=512,
            attention__sliding_window_pattern=pattern,
            attention__key_length=32,
            attention__value_length=32,
            attention__key_length_swa=16,
            attention__value_length_swa=16,
            attention__shared_kv_layers=2,
        )
    )
    # The last two layers look into the caches of the others.
    assert shape.caches == (
        LayerCache(layers=4, keys=64, values=64, windowed=True),
        LayerCache(layers=2, keys=128, values=128),
    )


def test_a_window_that_no_list_describes_is_not_guessed() -> None:
    with pytest.raises(ValueError, match=r"does not say gemma4\.attention\.sliding_window_pattern"):
        model_shape(header("gemma4", attention__sliding_window=512))


def test_heads_may_differ_between_layers() -> None:
    shape = model_shape(
        header(
            "deci",
            attention__head_count=(4, 4, 0, 4, 4, 4, 4, 2),
            attention__head_count_kv=(2, 2, 0, 4, 2, 2, 2, 2),
            attention__key_length=16,
            attention__value_length=8,
            feed_forward_length=(64, 128, 0, 64, 64, 64, 64, 64),
        )
    )
    assert shape.caches == (
        LayerCache(layers=6, keys=32, values=16),
        LayerCache(layers=1, keys=64, values=32),
    )
    assert (shape.heads, shape.feed_forward) == (4, 128)


def test_every_head_has_keys_where_the_header_says_no_more() -> None:
    assert model_shape(header("llama")).caches == (LayerCache(layers=8, keys=64, values=64),)


def test_layers_that_only_guess_ahead_have_no_cache() -> None:
    assert model_shape(header("glm4moe", nextn_predict_layers=1)).caches[0].layers == 7


LATENT = {
    "attention__head_count": 128,
    "attention__head_count_kv": 1,
    "attention__kv_lora_rank": 512,
    "attention__key_length": 576,
    "attention__value_length": 512,
    "attention__key_length_mla": 192,
    "attention__value_length_mla": 128,
    "rope__dimension_count": 64,
}


@pytest.mark.parametrize(
    ("changes", "keys", "values"),
    [
        ({}, 576, 0),
        ({"attention__key_length": None}, 576, 0),
        # Files from before 2025 hold heads that are not latent, and so does their cache.
        (
            {
                "attention__key_length_mla": None,
                "attention__value_length_mla": None,
                "attention__head_count_kv": 128,
                "attention__key_length": 192,
                "attention__value_length": 128,
            },
            128 * 192,
            128 * 128,
        ),
    ],
)
def test_latent_attention_keeps_keys_only(changes: dict[str, Any], keys: int, values: int) -> None:
    shape = model_shape(header("deepseek2", **(LATENT | changes)))
    assert shape.caches == (LayerCache(layers=8, keys=keys, values=values),)


STATE = {"ssm__conv_kernel": 4, "ssm__inner_size": 128, "ssm__state_size": 16}
ONE_STATE = 4 * (3 * 128 + 16 * 128)
GROUPED_STATE = 4 * (3 * (128 + 2 * 2 * 16) + 16 * 128)


@pytest.mark.parametrize(
    ("architecture", "own", "cached", "recurrent"),
    [
        ("mamba", STATE | {"attention__head_count": None}, 0, 8 * ONE_STATE),
        ("mamba2", STATE | {"ssm__group_count": 2}, 0, 8 * GROUPED_STATE),
        ("jamba", STATE | {"attention__head_count_kv": (0, 0, 0, 2) * 2}, 2, 6 * ONE_STATE),
        ("falcon-h1", STATE, 8, 8 * ONE_STATE),
        ("qwen3next", STATE, 2, 6 * ONE_STATE),
        ("qwen35", STATE | {"full_attention_interval": 2}, 4, 4 * ONE_STATE),
        (
            "qwen35",
            STATE | {"attention__recurrent_layers": (True,) * 7 + (False,)},
            1,
            7 * ONE_STATE,
        ),
        (
            "nemotron_h",
            STATE
            | {
                "attention__head_count_kv": (0, 0, 0, 2) * 2,
                "feed_forward_length": (0, 9, 0, 0) * 2,
            },
            2,
            4 * ONE_STATE,
        ),
        (
            "lfm2",
            {"attention__head_count_kv": (0, 0, 0, 2) * 2, "shortconv__l_cache": 3},
            2,
            6 * 4 * 64 * 2,
        ),
        ("rwkv7", {"wkv__head_size": 16, "attention__head_count": 0}, 0, 8 * 4 * 64 * (2 + 16)),
        (
            "kimi-linear",
            {"attention__head_count_kv": (0, 2) * 4, "kda__head_dim": 16, "ssm__conv_kernel": 4},
            4,
            4 * 4 * (3 * 3 * 64 + 16 * 64),
        ),
    ],
)
def test_recurrent_layers_keep_a_state(
    architecture: str, own: dict[str, Any], cached: int, recurrent: int
) -> None:
    shape = model_shape(header(architecture, **own))
    assert sum(each.layers for each in shape.caches) == cached
    assert shape.recurrent == recurrent
