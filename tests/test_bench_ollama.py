"""The estimate against the runs of ``make bench-ollama``, and the parts of that bench itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.ollama.cases import APART, CASES, IN_CONTAINERS
from bench.ollama.fit import fitted, in_use, left_out
from bench.ollama.results import ContainerRow, Results, Row, mean_errors, with_row
from bench.ollama.runner import command_line, random_words
from bench.ollama.server import described, prepared_server
from bench.ollama.shapes import metadata, tensors, write_shape
from bench.ollama.table import bar_lines, bars, table
from bench.ollama.well_known import SHAPES
from hcreport.collect.gguf import read_header
from hcreport.estimate.llm_shape import model_shape
from hcreport.facts import catalogue, fact
from hcreport.model import RunnerSettings
from hcreport.units import GIB, MIB
from tests.generated import BEGIN, END, stale
from tests.models_page import PAGE, files, read_results, with_results

RESULTS = read_results()
SINGLE = [row for row in RESULTS.rows if row.single]
FITTED = [row for row in SINGLE if not row.apart]


def name(row: Row | ContainerRow) -> str:
    return row.name


@pytest.mark.parametrize("row", RESULTS.rows, ids=name)
def test_the_estimate_is_as_near_to_what_was_measured_as_it_has_to_be(row: Row) -> None:
    allowed = 0.02 * row.peak if row.peak >= GIB else 30 * MIB
    assert abs(row.estimated - row.peak) <= allowed
    assert row.within


@pytest.mark.parametrize("row", SINGLE, ids=name)
def test_what_was_measured_lies_in_the_stated_range(row: Row) -> None:
    assert row.memory.validated
    assert int(row.memory.low) <= row.peak <= int(row.memory.high)


@pytest.mark.parametrize("row", SINGLE, ids=name)
def test_every_buffer_is_that_of_the_log(row: Row) -> None:
    memory, logged = row.memory, row.buffers
    weights = logged["model"] + (0 if row.settings.mapped else logged.get("repacked", 0))
    assert int(memory.weights) / MIB == pytest.approx(weights / MIB, abs=0.6)
    assert int(memory.kv_cache) / MIB == pytest.approx(logged.get("kv", 0) / MIB, abs=0.6)
    loosely = 2.1 if row.shape.window and not row.settings.flash_attention else 0.6
    assert int(memory.compute) / MIB == pytest.approx(logged["compute"] / MIB, abs=loosely)
    if not row.shape.embeds:  # the log is written before the first text
        assert int(memory.output) / MIB == pytest.approx(logged["output"] / MIB, abs=0.6)


@pytest.mark.parametrize("row", SINGLE, ids=name)
def test_what_the_kernel_cannot_take_back_is_as_near(row: Row) -> None:
    allowed = 0.02 * row.anonymous if row.anonymous >= GIB else 30 * MIB
    assert abs(row.anonymous_estimated - row.anonymous) <= allowed


def test_the_runs_are_of_all_the_kinds_that_were_asked_for() -> None:
    assert len(SINGLE) >= 14
    assert {row.name for row in RESULTS.rows} == {case.name for case in (*CASES, *APART)}
    assert {row.shape.architecture for row in SINGLE} >= {"llama", "gemma3", "gemma2", "nomic-bert"}
    assert {row.settings.mapped for row in SINGLE} == {True, False}
    assert {row.settings.flash_attention for row in SINGLE} == {True, False}
    assert {row.settings.key_type for row in SINGLE} >= {"f16", "q8_0", "q4_0"}
    assert any(row.settings.slots > 1 for row in SINGLE)
    assert any(row.prompts > 1 for row in RESULTS.rows)
    assert sum(row.peak > 4 * GIB for row in SINGLE) >= 5


def test_the_constants_in_use_are_those_that_fit_the_runs() -> None:
    for new, used in zip(fitted(FITTED), in_use(), strict=True):
        assert used == pytest.approx(new, rel=0.02)
    shares = left_out(FITTED)
    big = {row.tag for row in FITTED if row.peak >= GIB}
    assert max(abs(share) for tag, (share, _) in shares.items() if tag in big) <= 0.006
    assert max(abs(size) for tag, (_, size) in shares.items() if tag not in big) <= 4


@pytest.mark.parametrize("least", [0, GIB, 4 * GIB])
def test_no_other_estimator_has_a_smaller_mean_error(least: int) -> None:
    means = {key: mean for key, (mean, _) in mean_errors(RESULTS.rows, least=least).items()}
    assert means.keys() >= {"llmfit", "canirunllm", "castlearq", "ggufit", "gguf-parser-go"}
    assert min(means, key=lambda each: means[each]) == "hcreport"


@pytest.mark.parametrize("tried", RESULTS.containers, ids=name)
def test_the_smallest_limit_that_is_stated_is_the_one_that_was_tried(tried: ContainerRow) -> None:
    """Where the estimate changes, the containers have to be tried again."""
    (case,) = (each for each in IN_CONTAINERS if each.name == tried.name)
    measured = next(each for each in SINGLE if each.name == case.name)
    assert int(measured.memory.container_minimum) == tried.minimum
    assert tried.holds
    assert len(tried.at_minimum) == len(tried.below) >= 3


def test_every_bar_is_met_and_the_table_has_every_row() -> None:
    assert [words for words, met in bars(RESULTS) if not met] == []
    text = table(RESULTS)
    assert all(row.name in text for row in RESULTS.rows)
    assert all(f"{row.name}: used" in text for row in RESULTS.containers)
    assert "MISSED" not in bar_lines(RESULTS)


def test_a_result_that_is_off_misses_its_bar() -> None:
    (first, *rest) = RESULTS.rows
    off = first.model_copy(update={"peak": round(first.peak * 1.3)})
    worse = RESULTS.model_copy(update={"rows": (off, *rest)})
    assert sum(not met for _, met in bars(worse)) == bar_lines(worse).count("MISSED") == 1
    better = first.model_copy(update={"peers": {"other": first.peak}})
    best = RESULTS.model_copy(update={"rows": (better,)})
    assert ("no other estimator has a smaller mean error", False) in bars(best)
    alone = RESULTS.model_copy(update={"rows": (first.model_copy(update={"peers": {}}),)})
    assert ("no other estimator has a smaller mean error", False) in bars(alone)
    assert not bars(Results(date="2026-01-01", machine=RESULTS.machine))[1][1]


def test_a_row_that_is_measured_again_takes_the_place_of_the_old_one() -> None:
    order = [row.name for row in RESULTS.rows]
    again = RESULTS.rows[3].model_copy(update={"peak": 1})
    rows = with_row(RESULTS.rows, again, order)
    assert [row.name for row in rows] == order
    assert rows[3].peak == 1


def test_the_page_is_current_and_holds_every_row() -> None:
    assert stale(files()) == [], "run `make docs`"
    page = with_results(f"before\n{BEGIN}\nold\n{END}\nafter\n", RESULTS)
    assert page.startswith(f"before\n{BEGIN}\n")
    assert page.endswith(f"{END}\nafter\n")
    assert "old" not in page
    assert PAGE.read_text(encoding="utf-8").count(BEGIN) == 1
    for row in RESULTS.rows:
        assert f"| {row.tag} | {row.settings.context:,} |" in page


@pytest.mark.parametrize(
    "tag", [tag for tag in SHAPES if tag in catalogue() and tag not in {"gemma3:4b", "qwen3:8b"}]
)
def test_a_made_file_has_the_shape_of_the_list(tag: str, tmp_path: Path) -> None:
    """Of gemma3:4b the list has the images too, and qwen3:8b has a mix of types of Ollama's own."""
    known = fact(catalogue()[tag]).model
    assert known is not None
    path = write_shape(SHAPES[tag], tmp_path)
    with path.open("rb") as stream:
        made = model_shape(read_header(stream, size=path.stat().st_size))
    same = ("architecture", "embedding", "feed_forward", "heads", "caches", "window", "gated")
    assert [getattr(made, each) for each in same] == [getattr(known.shape, each) for each in same]
    assert int(made.weights) == pytest.approx(int(known.shape.weights), rel=0.002)


def test_a_made_model_has_tokens_that_are_all_different() -> None:
    shape = SHAPES["llama3.2:1b"]
    tokens = metadata(shape)["tokenizer.ggml.tokens"]
    assert isinstance(tokens, list)
    assert len(set(tokens)) == shape.vocabulary
    names = [each.name for each in tensors(shape)]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("settings", "embeds", "expected"),
    [
        (RunnerSettings(context=4096), False, "-c 4096 -np 1"),
        (RunnerSettings(context=4096, slots=4), False, "-c 16384 -np 4"),
        (RunnerSettings(context=4096), False, "--load-mode none"),
        (RunnerSettings(context=4096, mapped=True), False, "--load-mode mmap"),
        (RunnerSettings(context=4096), False, "--flash-attn auto"),
        (RunnerSettings(context=4096, flash_attention=False), False, "--flash-attn off"),
        (RunnerSettings(context=8192, key_type="q8_0"), False, "--cache-type-k q8_0"),
        (RunnerSettings(context=8192), False, "-b 1024 -ub 1024"),
        (RunnerSettings(context=8192), False, "--context-shift"),
        (RunnerSettings(context=8192), True, "--embedding -b 2048 -ub 2048"),
    ],
)
def test_the_server_is_started_as_ollama_does(
    settings: RunnerSettings, embeds: bool, expected: str
) -> None:
    words = command_line(Path("llama-server"), Path("m.gguf"), settings, 1, embeds=embeds)
    assert f" {expected} " in f" {' '.join(words)} "
    assert ("--context-shift" in words) is not embeds


def test_prompts_are_the_same_in_every_run_and_unlike_each_other() -> None:
    assert random_words(1000, 50) == random_words(1000, 50)
    assert min(random_words(1000, 500)) >= 200


def test_a_named_server_is_asked_what_it_is(tmp_path: Path) -> None:
    program = tmp_path / "llama-server"
    program.write_text("#!/bin/sh\necho version: 7 >&2\n", encoding="utf-8")
    program.chmod(0o755)
    assert described(program, named=True) == "as named: version: 7"
    assert described(program, named=False).startswith("b11434")


def test_a_server_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="no program"):
        prepared_server(tmp_path, tmp_path / "llama-server")
