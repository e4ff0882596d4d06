"""The memory estimate of a local model, against recorded runs of llama.cpp's server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hcreport.estimate.llm_memory import automatic_batch, llm_memory, prompt_bytes
from hcreport.estimate.llm_shape import model_shape
from hcreport.model import LayerCache, ModelMemory, ModelShape, RunnerSettings
from hcreport.units import GIB, KIB, MIB, Bytes, gibibytes, mebibytes
from tests import gguf_files

RUNS = [
    json.loads(line)
    for line in (Path(__file__).parent / "data" / "llm_memory.jsonl")
    .read_text(encoding="utf-8")
    .splitlines()
]
FULL = [run for run in RUNS if (run["prompt_tokens_processed"] or 0) >= run["batch"]]

LLAMA = ModelShape(
    architecture="llama",
    embedding=4096,
    feed_forward=14336,
    heads=32,
    caches=(LayerCache(layers=32, keys=1024, values=1024),),
    context_length=131072,
    vocabulary=128256,
    merges=280147,
    weights=Bytes(4912898304),
    repacked=mebibytes(3204),
)
GEMMA = model_shape(gguf_files.gemma3_270m())


def shape_of(run: dict[str, Any]) -> ModelShape:
    """Return the shape that a run's header had."""
    length = run["embedding_length"] // run["head_count"]
    keys = run["head_count_kv"] * (run["key_length"] or length)
    values = run["head_count_kv"] * (run["value_length"] or length)
    whole = run["block_count"] // 6 if run["sliding_window"] else run["block_count"]
    caches = [LayerCache(layers=whole, keys=keys, values=values)]
    if run["sliding_window"]:
        rest = run["block_count"] - whole
        caches.append(LayerCache(layers=rest, keys=keys, values=values, windowed=True))
    return ModelShape(
        architecture=run["architecture"],
        embedding=run["embedding_length"],
        feed_forward=run["feed_forward_length"],
        heads=run["head_count"],
        caches=tuple(caches),
        window=run["sliding_window"],
        context_length=run["context_length"],
        vocabulary=run["vocab"],
        merges=run["merges"],
        weights=Bytes(run["weight_bytes"]),
        repacked=mebibytes(logged(run, "model:CPU_REPACK")),
        embeds=run["embedding_endpoint"],
    )


def memory_of(run: dict[str, Any]) -> ModelMemory:
    """Return the estimate for a run."""
    settings = RunnerSettings(
        context=run["context"],
        slots=run["slots"],
        key_type=run["kv_type"],
        value_type=run["kv_type"],
        flash_attention=run["flash_attention"],
        mapped=run["mmap"],
    )
    assert automatic_batch(settings, embeds=run["embedding_endpoint"]) == run["batch"]
    return llm_memory(shape_of(run), settings)


def logged(run: dict[str, Any], name: str) -> float:
    """Return the sum of the buffers of a name in the server's log, in MiB."""
    return float(sum(run["logged_buffers_mib"].get(name, [0])))


def case(run: dict[str, Any]) -> str:
    return str(run["case"])


@pytest.mark.parametrize("run", RUNS, ids=case)
def test_every_buffer_is_that_of_the_log(run: dict[str, Any]) -> None:
    memory = memory_of(run)
    plain = logged(run, "model:CPU") + logged(run, "model:CPU_Mapped")
    arranged = logged(run, "model:CPU_REPACK")
    expected = {
        "weights": plain if run["mmap"] else plain + arranged,
        "repacked_copy": arranged if run["mmap"] else 0,
        "kv_cache": logged(run, "KV:CPU"),
        "compute": logged(run, "compute:CPU"),
        "output": logged(run, "output:CPU"),
    }
    computed = {name: int(getattr(memory, name)) / MIB for name in expected}
    assert computed == pytest.approx(expected, abs=0.6)


@pytest.mark.parametrize("run", FULL, ids=case)
def test_the_load_is_the_peak_after_a_full_batch(run: dict[str, Any]) -> None:
    peak = run["peak_rss_mib"] * MIB
    allowed = 0.02 * peak if peak >= GIB else mebibytes(30)
    assert abs(memory_of(run).load - peak) <= allowed


@pytest.mark.parametrize("run", FULL, ids=case)
def test_the_peak_after_a_full_batch_lies_in_the_stated_range(run: dict[str, Any]) -> None:
    memory = memory_of(run)
    assert memory.validated
    assert int(memory.low) <= run["peak_rss_mib"] * MIB <= int(memory.high)


@pytest.mark.parametrize("run", FULL, ids=case)
def test_the_container_minimum_is_what_cannot_be_taken_back(run: dict[str, Any]) -> None:
    anonymous = run["peak_anonymous_mib"] * MIB
    allowed = 0.02 * anonymous if anonymous >= GIB else mebibytes(30)
    assert abs(memory_of(run).container_minimum - anonymous) <= allowed


@pytest.mark.parametrize("run", [run for run in RUNS if run["mmap"]], ids=case)
def test_mapped_weights_can_be_taken_back_and_their_copy_cannot(run: dict[str, Any]) -> None:
    anonymous = run["peak_anonymous_mib"] * MIB
    minimum = memory_of(run).container_minimum
    # These prompts did not fill a batch, so up to the whole compute buffer was not touched yet.
    assert anonymous - mebibytes(30) <= minimum <= anonymous + mebibytes(130)


@pytest.mark.parametrize("run", RUNS, ids=case)
def test_an_idle_runner_is_below_the_load(run: dict[str, Any]) -> None:
    assert run["idle_rss_mib"] * MIB < memory_of(run).load


def test_the_recorded_runs_are_enough_to_judge_by() -> None:
    assert len(RUNS) >= 26
    assert {run["model"] for run in FULL} >= {"llama3.1-8b", "codellama-7b", "gemma3-270m"}


@pytest.mark.parametrize(
    ("context", "slots", "batch"),
    [
        (4096, 1, 512),
        (4097, 1, 1024),
        (2048, 2, 512),
        (4096, 2, 1024),
        (32768, 1, 1024),
        (32769, 1, 2048),
        (8192, 4, 1024),
        (131072, 4, 2048),
    ],
)
def test_the_batch_grows_with_the_context_of_all_slots(
    context: int, slots: int, batch: int
) -> None:
    assert automatic_batch(RunnerSettings(context=context, slots=slots)) == batch


@pytest.mark.parametrize(("context", "batch"), [(512, 512), (2048, 2048), (8192, 2048)])
def test_an_embedding_model_reads_a_whole_text_at_once(context: int, batch: int) -> None:
    assert automatic_batch(RunnerSettings(context=context), embeds=True) == batch


def test_a_stated_batch_counts() -> None:
    assert automatic_batch(RunnerSettings(context=65536, batch=256)) == 256
    assert automatic_batch(RunnerSettings(context=65536, batch=256), embeds=True) == 256


@pytest.mark.parametrize(
    ("context", "kind", "expected"),
    [
        (2048, "f16", mebibytes(256)),
        (4096, "f16", mebibytes(512)),
        (4096, "f32", gibibytes(1)),
        (4096, "q8_0", mebibytes(272)),
        (4096, "q4_0", mebibytes(144)),
        (4000, "f16", mebibytes(512)),  # a multiple of 256 tokens
    ],
)
def test_the_cache_of_llama_8b(context: int, kind: Any, expected: Bytes) -> None:
    settings = RunnerSettings(context=context, key_type=kind, value_type=kind)
    assert llm_memory(LLAMA, settings).kv_cache == expected


def test_keys_and_values_may_be_stored_differently() -> None:
    memory = llm_memory(LLAMA, RunnerSettings(context=4096, key_type="q8_0"))
    assert memory.kv_cache == mebibytes(136 + 256)


def test_each_slot_has_a_cache_and_an_output() -> None:
    one, four = (llm_memory(LLAMA, RunnerSettings(context=2048, slots=count)) for count in (1, 4))
    assert four.kv_cache == 4 * one.kv_cache
    assert four.output == 4 * one.output == Bytes(4 * 4 * 128256)


@pytest.mark.parametrize(
    ("context", "slots", "cells"),
    [
        (512, 1, 512),  # shorter than the window and a batch
        (4096, 1, 1024),  # 512 of the window and 512 of a batch
        (8192, 1, 1536),  # the batch is 1024 now
        (4096, 4, 4 * 1536),
    ],
)
def test_a_windowed_layer_keeps_the_window_and_one_batch(
    context: int, slots: int, cells: int
) -> None:
    memory = llm_memory(GEMMA, RunnerSettings(context=context, slots=slots))
    token = 2 * 256 * 2
    assert memory.kv_cache == token * (3 * context * slots + 15 * cells)


def test_without_flash_attention_the_scores_of_all_heads_take_room() -> None:
    smol = LLAMA.model_copy(update={"embedding": 576, "feed_forward": 1536, "heads": 9})
    on, off = (
        llm_memory(smol, RunnerSettings(context=4096, flash_attention=flash)).compute
        for flash in (True, False)
    )
    assert int(on) / MIB == pytest.approx(18.64, abs=0.1)
    assert int(off) / MIB == pytest.approx(87.5, abs=1)


def test_a_mapped_file_has_its_arranged_weights_twice() -> None:
    plain = llm_memory(LLAMA, RunnerSettings(context=4096))
    mapped = llm_memory(LLAMA, RunnerSettings(context=4096, mapped=True))
    assert mapped.load - plain.load == mapped.repacked_copy == LLAMA.repacked
    assert plain.repacked_copy == 0
    assert plain.container_minimum - mapped.container_minimum == LLAMA.weights - LLAMA.repacked


def test_a_prompt_keeps_its_part_of_the_cache() -> None:
    settings = RunnerSettings(context=4096)
    assert prompt_bytes(LLAMA, settings, 2000) == 2000 * 128 * KIB
    assert prompt_bytes(LLAMA, settings, 9000) == llm_memory(LLAMA, settings).prompt


def test_a_prompt_keeps_the_window_only_of_windowed_layers() -> None:
    kept = prompt_bytes(GEMMA, RunnerSettings(context=4096), 4000)
    assert kept == 2 * 256 * 2 * (3 * 4000 + 15 * 1024)


def test_finished_prompts_add_up_to_their_limit() -> None:
    unlimited = llm_memory(LLAMA, RunnerSettings(context=4096))
    limited = llm_memory(LLAMA, RunnerSettings(context=4096, prompt_cache=mebibytes(512)))
    assert unlimited.ceiling - unlimited.load == gibibytes(8)
    assert limited.ceiling - limited.load == limited.prompt_cache_ceiling == mebibytes(512)


def test_the_measured_prompts_grow_by_their_part_of_the_cache() -> None:
    smol = LLAMA.model_copy(update={"caches": (LayerCache(layers=30, keys=192, values=192),)})
    grown = prompt_bytes(smol, RunnerSettings(context=4096), 2003)
    assert int(grown) / MIB == pytest.approx(44.1, abs=0.2)


def test_an_embedding_model_keeps_no_prompts_and_takes_room_for_its_batch() -> None:
    embedding = LLAMA.model_copy(update={"embeds": True, "caches": ()})
    memory = llm_memory(embedding, RunnerSettings(context=2048))
    assert (memory.prompt, memory.prompt_cache_ceiling, memory.kv_cache) == (0, 0, 0)
    assert memory.compute > llm_memory(LLAMA, RunnerSettings(context=2048)).compute


def test_a_recurrent_state_is_kept_for_each_slot_and_does_not_grow() -> None:
    state = mebibytes(19)
    mamba = LLAMA.model_copy(update={"caches": (), "recurrent": state})
    for context in (2048, 65536):
        settings = RunnerSettings(context=context, slots=3)
        assert llm_memory(mamba, settings).kv_cache == 3 * state
        assert prompt_bytes(mamba, settings, 100) == state


def test_an_architecture_that_was_not_measured_has_a_wider_range() -> None:
    settings = RunnerSettings(context=4096)
    known = llm_memory(LLAMA, settings)
    other = llm_memory(LLAMA.model_copy(update={"architecture": "deepseek2"}), settings)
    assert known.validated
    assert not other.validated
    assert other.load == known.load
    assert other.high - other.low > known.high - known.low > 0


def test_the_parts_add_up() -> None:
    memory = llm_memory(LLAMA, RunnerSettings(context=8192, slots=2, mapped=True))
    parts = ("weights", "repacked_copy", "kv_cache", "compute", "output", "overhead")
    assert sum(int(getattr(memory, name)) for name in parts) == memory.load
    assert memory.low < memory.load < memory.high
