"""How the need of one model looks in a terminal: within its width, harmless, with its source."""

from __future__ import annotations

from typing import Any

import pytest

from hcreport.estimate.llm_memory import llm_memory
from hcreport.facts import catalogue, fact
from hcreport.model import LocalModel, RunnerSettings
from hcreport.render.model_answer import ModelAnswer
from hcreport.render.model_lines import model_text
from hcreport.units import Bytes, gib, gibibytes, mebibytes


def _answer(tag: str, **changes: Any) -> ModelAnswer:
    known = fact(catalogue()[tag])
    assert known.model is not None
    settings = RunnerSettings(context=4096)
    return ModelAnswer(
        **{
            "model": LocalModel(name=tag, shape=known.model.shape, shape_from="catalogue"),
            "shape": known.model.shape,
            "settings": settings,
            "memory": llm_memory(known.model.shape, settings),
            "fact": known,
            "room": gibibytes(8),
            **changes,
        }
    )


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("tag", catalogue())
def test_it_keeps_to_the_terminals_width(tag: str, width: int) -> None:
    lines = model_text(_answer(tag), width=width).splitlines()
    assert max(map(len, lines)) <= width
    assert not any(line != line.rstrip() for line in lines)


@pytest.mark.parametrize("tag", catalogue())
@pytest.mark.parametrize("changes", [{}, {"slots": 4}, {"flash_attention": False}], ids=str)
def test_nothing_is_cut_off_and_every_row_is_one_line(tag: str, changes: dict[str, Any]) -> None:
    shape = _answer(tag).shape
    settings = RunnerSettings(context=131072, **changes)
    memory = llm_memory(shape, settings)
    answer = _answer(tag, settings=settings, memory=memory, asked=True, room=gibibytes(900))
    text = model_text(answer)
    assert "…" not in text
    rows = text.partition("Where this comes from")[0].splitlines()
    assert not [line for line in rows if line.startswith("   ")], text


def test_a_name_colours_nothing() -> None:
    shape = _answer("tinyllama").shape
    hostile = LocalModel(name="\x1b[31m[red]x\n\u202ey", shape=shape, shape_from="file")
    text = model_text(_answer("tinyllama", model=hostile, fact=None))
    assert "\x1b" not in text
    assert text.startswith("[31m[red]x y needs ")
    assert "\x1b[1m" in model_text(_answer("tinyllama"), colour=True)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"shape_from": "ollama"}, "as the running Ollama told it"),
        ({"shape_from": "registry", "file": Bytes(5)}, "as the registry has it, 5 B on disk."),
        ({"shape_from": None}, "Its stated shape."),
        ({"loaded": mebibytes(700)}, "Ollama says that it holds 700 MiB now"),
    ],
)
def test_who_told_the_shape_is_said(changes: dict[str, Any], expected: str) -> None:
    model = LocalModel(name="x", shape=_answer("tinyllama").shape).model_copy(update=changes)
    assert expected in " ".join(model_text(_answer("tinyllama", model=model, fact=None)).split())


@pytest.mark.parametrize(("context", "said"), [(512, False), (4096, True)])
def test_the_load_is_said_where_it_differs_from_the_need(context: int, said: bool) -> None:
    settings = RunnerSettings(context=context, flash_attention=False)
    memory = llm_memory(_answer("codellama:7b").shape, settings)
    text = " ".join(model_text(_answer("codellama:7b", settings=settings, memory=memory)).split())
    assert (f"After a first prompt {gib(memory.load)} the rest comes later" in text) is said
    whole = f"{gib(memory.low + memory.filling)} to {gib(memory.high + memory.filling)}"
    assert f"With a full context {gib(memory.full)} {whole}" in text


@pytest.mark.parametrize(("beside", "close"), [(0, False), (-1, True)])
def test_the_range_is_that_of_a_full_context(beside: int, close: bool) -> None:
    settings = RunnerSettings(context=8192, flash_attention=False)
    answer = _answer("codellama:7b", settings=settings)
    memory = llm_memory(answer.shape, settings)
    room = memory.high + memory.filling + memory.kernel + answer.server + beside
    changed = _answer("codellama:7b", settings=settings, memory=memory, room=Bytes(room))
    text = " ".join(model_text(changed).split())
    assert ("the estimate's range goes beyond" in text) is close


@pytest.mark.parametrize(
    ("tag", "words"),
    [
        ("gemma2:9b", "States of one prompt 168 MiB"),
        ("gemma2:9b", "States of conversations +20.8 GiB with LLAMA_ARG_CTX_CHECKPOINTS=32"),
        ("gemma2:9b", "LLAMA_ARG_CTX_CHECKPOINTS=2 -19.7 GiB off the ceiling; two stay"),
        ("nomic-embed-text", "a row for each token"),
        ("llama3.1:8b", "a score for each token"),
    ],
)
def test_states_and_outputs_have_their_lines(tag: str, words: str) -> None:
    assert words in " ".join(model_text(_answer(tag)).split())
    assert "CHECKPOINTS" not in model_text(_answer("llama3.1:8b"))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "Models of the architecture llama were measured: the range"),
        ({"experts": 8}, "llama were measured, but not of this kind: the range"),
        ({"recurrent": mebibytes(1)}, "llama were measured, but not of this kind: the range"),
        ({"architecture": "mamba"}, "No model of the architecture mamba was measured: the range"),
    ],
)
def test_what_was_measured_is_said(changes: dict[str, Any], words: str) -> None:
    shape = _answer("llama3.1:8b").shape.model_copy(update=changes)
    memory = llm_memory(shape, RunnerSettings(context=4096))
    text = " ".join(model_text(_answer("llama3.1:8b", shape=shape, memory=memory)).split())
    assert f"{words} is {gib(memory.high - memory.load)} to both sides." in text


def test_bars_are_shares_of_the_whole() -> None:
    text = model_text(_answer("llama3.1:8b"))
    (weights,) = [line for line in text.splitlines() if line.startswith("  Weights ")]
    (output,) = [line for line in text.splitlines() if line.startswith("  Output ")]
    assert " ████████▋ " in weights, "87 % of ten columns"
    assert " ▏ " in output, "what there is is seen"
