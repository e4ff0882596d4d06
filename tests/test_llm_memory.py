"""The memory estimate of a local model, against recorded runs of llama.cpp's server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hcreport.estimate.llm_compute import automatic_batch
from hcreport.estimate.llm_memory import llm_memory
from hcreport.estimate.llm_shape import model_shape
from hcreport.facts import fact_bytes, fact_value
from hcreport.model import LayerCache, ModelMemory, ModelShape, RunnerSettings
from hcreport.units import GIB, MIB, Bytes, gibibytes, mebibytes
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
    # The kernel's own 1 % and 4 MiB are in the minimum as well.
    assert anonymous - mebibytes(30) <= minimum <= anonymous * 1.01 + mebibytes(134)


@pytest.mark.parametrize("run", RUNS, ids=case)
def test_an_idle_runner_is_below_the_load(run: dict[str, Any]) -> None:
    assert run["idle_rss_mib"] * MIB < memory_of(run).load


def test_the_recorded_runs_are_enough_to_judge_by() -> None:
    assert len(RUNS) >= 26
    assert {run["model"] for run in FULL} >= {"llama3.1-8b", "codellama-7b", "gemma3-270m"}


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


def test_a_mapped_file_has_its_arranged_weights_twice() -> None:
    plain = llm_memory(LLAMA, RunnerSettings(context=4096))
    mapped = llm_memory(LLAMA, RunnerSettings(context=4096, mapped=True))
    left = plain.overhead - mapped.overhead
    assert mapped.repacked_copy == LLAMA.repacked
    assert plain.repacked_copy == 0
    assert mapped.load - plain.load == LLAMA.repacked - left
    less = plain.container_minimum - mapped.container_minimum
    assert less == pytest.approx(1.01 * (LLAMA.weights - LLAMA.repacked + left), abs=2)


@pytest.mark.parametrize(
    ("changes", "mapped", "matrix"),
    [
        ({}, False, 4096 * 14336 * 9 / 16),
        ({"feed_forward": 11008}, False, 4096 * 11008 * 9 / 16),
        ({"feed_forward": 18944}, False, 0),  # 41.6 MiB, which is given back at once
        ({"repacked": Bytes(0)}, False, 0),
        ({}, True, 0),
    ],
)
def test_loading_leaves_a_part_of_the_largest_matrix_behind(
    changes: dict[str, Any], mapped: bool, matrix: float
) -> None:
    shape = LLAMA.model_copy(update=changes)
    memory = llm_memory(shape, RunnerSettings(context=4096, mapped=mapped))
    most = llm_memory(LLAMA.model_copy(update={"repacked": Bytes(0)}), RunnerSettings(context=1))
    share = fact_value("ollama/runner-overhead-of-loading")
    assert memory.overhead - most.overhead == round(share * matrix)


def test_the_smallest_limit_has_room_for_the_kernel_and_none_for_libraries() -> None:
    memory = llm_memory(LLAMA, RunnerSettings(context=4096))
    anonymous = memory.load - fact_bytes("ollama/runner-libraries")
    assert memory.container_minimum == anonymous + round(0.01 * int(anonymous)) + mebibytes(4)


def test_an_architecture_that_was_not_measured_has_a_wider_range() -> None:
    settings = RunnerSettings(context=4096)
    known = llm_memory(LLAMA, settings)
    other = llm_memory(LLAMA.model_copy(update={"architecture": "deepseek2"}), settings)
    assert known.validated
    assert not other.validated
    assert other.load == known.load
    assert other.high - other.low > known.high - known.low > 0


@pytest.mark.parametrize("shape", [LLAMA, GEMMA], ids=["llama", "gemma3"])
def test_the_parts_add_up(shape: ModelShape) -> None:
    memory = llm_memory(shape, RunnerSettings(context=8192, slots=2, mapped=True))
    parts = (
        "weights",
        "repacked_copy",
        "kv_cache",
        "compute",
        "output",
        "overhead",
        "checkpoints",
        "copies",
    )
    assert sum(int(getattr(memory, name)) for name in parts) == memory.full
    assert memory.load + memory.filling == memory.full
    kept = memory.prompt_cache_ceiling + memory.checkpoints_ceiling
    assert memory.ceiling == memory.full + kept
    assert memory.low < memory.load < memory.high


@pytest.mark.parametrize(
    ("batch", "numbers"), [(None, 2048), (512, 512)], ids=["Ollama's own", "stated"]
)
def test_a_model_that_embeds_keeps_scores_and_a_vector_of_each_token(
    batch: int | None, numbers: int
) -> None:
    embedding = LLAMA.model_copy(
        update={"embeds": True, "caches": (), "embedding": 768, "vocabulary": 30522}
    )
    memory = llm_memory(embedding, RunnerSettings(context=2048, batch=batch))
    assert memory.output == numbers * (30522 + 768) * 4
    assert (memory.prompt, memory.ceiling - memory.full, memory.kv_cache) == (0, 0, 0)
