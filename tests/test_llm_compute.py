"""The room to compute of a local model, against the sizes that llama.cpp b11434 logged."""

from __future__ import annotations

import pytest

from hcreport.estimate.llm_compute import (
    automatic_batch,
    compute_room,
    first_prompt,
    score_copies,
)
from hcreport.estimate.llm_memory import llm_memory
from hcreport.model import CacheType, LayerCache, ModelShape, RunnerSettings
from hcreport.units import KIB, MIB, Bytes, mebibytes


def shape_of(
    *,
    embedding: int,
    wide: int,
    heads: int,
    keys: int = 0,
    queries: int | None = None,
    window: int | None = None,
    gated: bool = True,
) -> ModelShape:
    """Return a shape; without keys it reads a text as a whole, with a window half its layers do."""
    kinds = (False, True) if window else (False,)
    caches = [LayerCache(layers=16, keys=keys, values=keys, windowed=kind) for kind in kinds]
    return ModelShape(
        architecture="made",
        embedding=embedding,
        feed_forward=wide,
        heads=heads,
        queries=queries,
        caches=tuple(caches) if keys else (),
        window=window,
        gated=gated,
        embeds=not keys,
        vocabulary=1000,
        weights=Bytes(1),
    )


LLAMA_8B = shape_of(embedding=4096, wide=14336, heads=32, keys=1024)
QWEN25_7B = shape_of(embedding=3584, wide=18944, heads=28, keys=512)
QWEN3_600M = shape_of(embedding=1024, wide=3072, heads=16, keys=1024, queries=2048)
CODELLAMA = shape_of(embedding=4096, wide=11008, heads=32, keys=4096)
GEMMA2_9B = shape_of(embedding=3584, wide=14336, heads=16, keys=2048, queries=4096, window=8 * 512)
GEMMA3_4B = shape_of(embedding=2560, wide=10240, heads=8, keys=1024, queries=2048, window=2 * 512)
GEMMA3_1B = shape_of(embedding=1152, wide=6912, heads=4, keys=256, queries=2 * 512, window=512)
NOMIC = shape_of(embedding=768, wide=3072, heads=12)
MXBAI = shape_of(embedding=1024, wide=4096, heads=16, gated=False)
MINILM = shape_of(embedding=384, wide=1536, heads=12, gated=False)

LOGGED = [
    # context, batch, and the logged MiB with flash attention and without
    (LLAMA_8B, 2048, 512, 126.02, 184.01),
    (LLAMA_8B, 8192, 1024, 264.04, 1160.03),
    (LLAMA_8B, 16384, 1024, 280.04, 2216.03),
    (QWEN3_600M, 2048, 512, 30.02, 90.01),
    (QWEN3_600M, 8192, 1024, 72.04, 588.03),
    (CODELLAMA, 2048, 512, 106.52, 196.01),
    (GEMMA2_9B, 2048, 512, 123.03, 143.02),
    (GEMMA2_9B, 8192, 1024, 264.05, None),
    (GEMMA3_4B, 2048, 512, 88.53, 100.02),
    (GEMMA3_4B, 8192, 1024, 190.05, None),
    (GEMMA3_1B, 2048, 512, 54.78, 59.77),
    (NOMIC, 2048, 2048, 110.05, 250.05),
    (MXBAI, 512, 512, 18.51, 31.01),
    (MINILM, 512, 512, 7.26, 18.26),
    # so short a context that the layer between needs more than the scores
    (QWEN25_7B, 512, 512, None, 149.01),
    (LLAMA_8B, 512, 512, None, 129.01),
]


def room(shape: ModelShape, context: int, *, flash: bool) -> float:
    """Return the MiB that a shape computes in."""
    settings = RunnerSettings(context=context, flash_attention=flash)
    return int(compute_room(shape, settings).size) / MIB


@pytest.mark.parametrize(("shape", "context", "batch", "on", "off"), LOGGED)
def test_the_room_is_the_buffer_of_the_log(
    shape: ModelShape, context: int, batch: int, on: float | None, off: float | None
) -> None:
    assert automatic_batch(RunnerSettings(context=context), embeds=shape.embeds) == batch
    if on is not None:
        assert room(shape, context, flash=True) == pytest.approx(on, abs=0.1)
    if off is not None:
        assert room(shape, context, flash=False) == pytest.approx(off, abs=0.1)


@pytest.mark.parametrize(
    ("shape", "context", "logged", "within"),
    [
        (GEMMA2_9B, 8192, 698.04, 12.1),
        (GEMMA2_9B, 16384, 1242.04, 12.1),
        (GEMMA3_4B, 8192, 370.04, 2.1),
        (GEMMA3_4B, 16384, 658.04, 2.1),
        (GEMMA3_1B, 8192, 196.54, 0.6),
    ],
)
def test_windows_without_flash_attention_are_missed_by_little(
    shape: ModelShape, context: int, logged: float, within: float
) -> None:
    """What the scores' neighbours take was not found out exactly."""
    assert room(shape, context, flash=False) == pytest.approx(logged, abs=within)


def test_a_layer_without_a_gate_takes_less() -> None:
    plain = LLAMA_8B.model_copy(update={"gated": False})
    assert room(plain, 2048, flash=True) == 0.5 * (8 * 14 + 4 * 4) + 2


def test_more_queries_than_numbers_for_a_token_count_without_flash_attention() -> None:
    wide = LLAMA_8B.model_copy(update={"queries": 2 * 4096})
    few = LLAMA_8B.model_copy(update={"queries": 2048})
    more = room(wide, 8192, flash=False) - room(LLAMA_8B, 8192, flash=False)
    assert more == 12 * 4096 * 1024 / MIB
    assert room(few, 8192, flash=False) == room(LLAMA_8B, 8192, flash=False)
    assert room(wide, 8192, flash=True) == room(LLAMA_8B, 8192, flash=True)


@pytest.mark.parametrize(
    ("shape", "context", "untouched"),
    [
        (LLAMA_8B, 512, 0),
        (LLAMA_8B, 8192, 2 * 7168 * KIB),  # one batch looks at 1,024 of 8,192 tokens
        (LLAMA_8B, 16384, 2 * 15360 * KIB),
        # its prompt ends with the full batch: 1,536 tokens of all, and of the window
        (GEMMA2_9B, 8192, 2 * (8192 + 5120 - 2 * 1536) * KIB),
        (NOMIC, 2048, 0),
    ],
)
def test_a_mask_is_touched_as_far_as_a_batch_looks(
    shape: ModelShape, context: int, untouched: int
) -> None:
    settings = RunnerSettings(context=context)
    assert compute_room(shape, settings).untouched == untouched
    assert score_copies(shape, settings).size == 0
    assert llm_memory(shape, settings).filling == untouched


@pytest.mark.parametrize(
    ("context", "reused"),
    [
        (4096, 0),  # a mask of 4 MiB is smaller than any piece
        (16384, 27),  # of 32 MiB one piece
        (32768, 54),  # of 64 MiB two
        (98304, 162),  # of 384 MiB three of 54, for the batch is 2,048 now
    ],
)
def test_last_layers_with_a_window_work_where_the_large_mask_was(context: int, reused: int) -> None:
    settings = RunnerSettings(context=context)
    ends = GEMMA3_1B.model_copy(update={"ends_windowed": True})
    rooms = [compute_room(shape, settings) for shape in (GEMMA3_1B, ends)]
    assert rooms[0].size == rooms[1].size
    assert rooms[0].untouched - rooms[1].untouched == mebibytes(reused)


def test_no_more_is_touched_than_there_is() -> None:
    narrow = GEMMA3_1B.model_copy(update={"ends_windowed": True, "feed_forward": 1024})
    assert compute_room(narrow, RunnerSettings(context=5120)).untouched == 0
    without = narrow.model_copy(update={"feed_forward": 0})
    assert compute_room(without, RunnerSettings(context=5120)).untouched > 0


def test_scores_and_their_copies_grow_with_the_text() -> None:
    settings = RunnerSettings(context=8192, flash_attention=False)
    copies = score_copies(LLAMA_8B, settings)
    assert copies.size == 2 * 32 * 1024 * 8192
    assert copies.untouched == 2 * 32 * 1024 * 7168
    # A first batch touches 4 MiB of its mask, 8 of places, and 248 for the layer between.
    assert compute_room(LLAMA_8B, settings).untouched == mebibytes(1160 - 4 - 8 - 248)
    memory = llm_memory(LLAMA_8B, settings)
    on = llm_memory(LLAMA_8B, RunnerSettings(context=8192))
    assert (memory.copies, on.copies, memory.overhead) == (copies.size, 0, on.overhead)
    assert memory.filling == copies.untouched + compute_room(LLAMA_8B, settings).untouched


@pytest.mark.parametrize(
    ("shape", "value_type", "copied"),
    [
        (LLAMA_8B, "f16", True),
        (LLAMA_8B, "bf16", True),
        (LLAMA_8B, "f32", False),
        (NOMIC, "f16", False),
    ],
)
def test_scores_are_copied_for_a_cache_of_16_bits(
    shape: ModelShape, value_type: CacheType, copied: bool
) -> None:
    settings = RunnerSettings(context=2048, value_type=value_type, flash_attention=False)
    assert (score_copies(shape, settings).size > 0) is copied


@pytest.mark.parametrize(
    ("context", "embeds", "tokens"),
    [(4096, False, 768), (8192, False, 1536), (600, False, 600), (4096, True, 2048)],
)
def test_the_first_prompt_has_one_and_a_half_batches(
    context: int, embeds: bool, tokens: int
) -> None:
    shape = LLAMA_8B.model_copy(update={"embeds": embeds})
    assert first_prompt(shape, RunnerSettings(context=context)) == tokens


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
