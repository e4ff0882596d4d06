"""How the need of one model looks in a terminal: within its width, harmless, with its source."""

from __future__ import annotations

from typing import Any

import pytest

from hcreport.estimate.llm_memory import llm_memory
from hcreport.facts import catalogue, fact
from hcreport.model import LocalModel, RunnerSettings
from hcreport.render.model_answer import ModelAnswer
from hcreport.render.model_lines import model_text
from hcreport.units import Bytes, gibibytes, mebibytes


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


def test_bars_are_shares_of_the_whole() -> None:
    text = model_text(_answer("llama3.1:8b"))
    (weights,) = [line for line in text.splitlines() if line.startswith("  Weights ")]
    (output,) = [line for line in text.splitlines() if line.startswith("  Output ")]
    assert "  ████████▋  " in weights, "87 % of ten columns"
    assert "  ▏  " in output, "what there is is seen"
