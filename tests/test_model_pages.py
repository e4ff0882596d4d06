"""The page about local models: parts that add up, a verdict, what fits where, and safe text."""

from __future__ import annotations

import re
from typing import Any

import markdown
import pytest

from hcreport.analyze import analyze
from hcreport.estimate.machines import machine_needs
from hcreport.estimate.model_room import need_alone
from hcreport.facts import catalogue
from hcreport.model import RunnerSettings
from hcreport.render.charts import WIDTH
from hcreport.render.model_pages import ModelView, model_rows
from hcreport.render.pages import render_pages
from hcreport.units import Bytes, gibibytes, mebibytes
from tests.fragments import snapshot_of
from tests.pages_case import assessed, markdown_settings, pages, structure

SHAPE: dict[str, Any] = {
    "architecture": "llama",
    "embedding": 4096,
    "feed_forward": 14336,
    "heads": 32,
    "caches": [{"layers": 32, "keys": 1024, "values": 1024}],
    "context_length": 131072,
    "vocabulary": 128256,
    "merges": 280147,
    "weights": 4912898304,
    "repacked": 3359637504,
}
CHAT = {"name": "chat", "service": "llama", "shape": SHAPE}
WEB = {
    "name": "w",
    "service": "web",
    "state": "running",
    "memory": {"usage": int(gibibytes(1))},
}


def _view(model: dict[str, Any], **parts: Any) -> ModelView:
    """Return the view of one model in an otherwise empty snapshot, or in the given one."""
    snapshot = snapshot_of({"services": [{"name": "llama"}], "models": [model], **parts})
    (_, view), *_ = model_rows(snapshot, analyze(snapshot))
    assert view is not None
    return view


def _engine(size: Bytes) -> dict[str, Any]:
    return {"engine": {"memory_total": int(size)}}


@pytest.mark.parametrize("position", [0, 1])
def test_the_parts_add_up_to_the_byte(position: int) -> None:
    view = model_rows(*assessed("models"))[position][1]
    assert view is not None
    loaded = [part.size for part in view.parts if part.kind != "prompts"]
    assert sum(loaded) == view.load == view.need
    assert sum(part.size for part in view.parts) == view.ceiling
    assert [part.number for part in view.parts] == list(range(1, 8))
    assert view.low < view.load < view.high


def test_a_second_copy_of_weights_is_a_part_only_where_the_file_is_mapped() -> None:
    mapped = _view({**CHAT, "settings": {"context": 4096, "mapped": True}})
    copy = [part for part in mapped.parts if part.name == "Second copy of weights"]
    assert [part.size for part in copy] == [3359637504]
    assert sum(part.size for part in mapped.parts) == mapped.ceiling
    assert len(_view(CHAT).parts) == len(mapped.parts) - 1


def test_the_chart_is_the_table_drawn() -> None:
    view = _view(CHAT, **_engine(gibibytes(7.6)))
    loaded, full = view.chart.bars
    assert [bar.value for bar in view.chart.bars] == ["5.33 GiB", "13.3 GiB"]
    for bar in (loaded, full):
        ends = [0.0, *(round(each.left + each.width, 1) for each in bar.segments)]
        assert [each.left for each in bar.segments] == ends[:-1]
    assert full.segments[-1].kind == "prompts"
    assert round(full.segments[-1].left + full.segments[-1].width) == WIDTH
    weights = loaded.segments[0]
    assert weights.width == pytest.approx(WIDTH * SHAPE["weights"] / view.ceiling, abs=0.1)
    assert view.chart.line == pytest.approx(WIDTH * gibibytes(7.6) / view.ceiling, abs=0.1)
    assert not any(each.labelled for each in loaded.segments if each.width < 12)
    assert "7 Prompt cache, at most 8 GiB" in view.chart.description


def test_the_line_stays_in_the_picture_and_is_left_out_where_nothing_is_known() -> None:
    assert _view(CHAT, **_engine(gibibytes(64))).chart.line == WIDTH - 1
    assert _view(CHAT).chart.line is None


def test_a_model_that_remembers_nothing_has_one_bar_and_no_working_figure() -> None:
    view = _view({**CHAT, "settings": {"context": 4096, "prompt_cache": 0}})
    assert [bar.label for bar in view.chart.bars] == ["Loaded"]
    assert view.working == ()
    assert view.ceiling == view.load


@pytest.mark.parametrize(
    ("cache", "prompts"),
    [(gibibytes(8), [1, 4, 16]), (gibibytes(2), [1, 4]), (mebibytes(511), [])],
)
def test_prompts_are_counted_up_to_the_setting(cache: Bytes, prompts: list[int]) -> None:
    view = _view({**CHAT, "settings": {"context": 4096, "prompt_cache": int(cache)}})
    # 128 KiB for each of 4,096 tokens.
    expected = [(count, view.load + mebibytes(512) * count) for count in prompts]
    assert list(view.working) == expected


@pytest.mark.parametrize(
    ("parts", "fits", "words"),
    [
        (_engine(gibibytes(2)), False, "It needs 5.33 GiB, but the engine has 2 GiB."),
        (_engine(gibibytes(5.4)), False, "fits alone. What else starts leaves 5.21 GiB to it."),
        (_engine(gibibytes(8)), True, "It needs 5.33 GiB and fits: what else starts leaves 7.81"),
        ({}, None, "The memory of the engine is not known."),
        (
            {**_engine(gibibytes(8)), "services": [{"name": "llama"}, {"name": "web"}]},
            None,
            "fits beside what is known. Not measured: 1 part beside it.",
        ),
        (
            {
                **_engine(gibibytes(8)),
                "services": [{"name": "llama"}, {"name": "web"}],
                "containers": [WEB],
            },
            True,
            "leaves 6.8 GiB to it. Under load that can be less.",
        ),
        (
            {
                **_engine(gibibytes(32)),
                "services": [{"name": "llama", "limits": {"memory": int(gibibytes(5))}}],
            },
            False,
            "It needs 5.33 GiB, but its service's limit is 5 GiB.",
        ),
    ],
)
def test_the_verdict(parts: dict[str, Any], fits: bool | None, words: str) -> None:
    view = _view(CHAT, **parts)
    assert words in view.verdict
    assert view.fits_beside is fits


def test_machines_are_those_of_the_requirements_page() -> None:
    view = _view(CHAT, **_engine(gibibytes(8)))
    needs = {each.platform: each.when_set for each in machine_needs(need_alone(view.need))}
    rows = view.machines.rows
    for column, platform in enumerate(("linux", "docker-desktop-mac")):
        assert next(row.size for row in rows if row.cells[column]) == needs[platform]
        answers = [row.cells[column] for row in rows]
        assert answers == sorted(answers, key=bool), "a larger machine fits no less"
    assert rows[-1].cells[:2] == (True, True)
    assert False in rows[-2].cells


def test_a_scenario_of_which_a_part_is_unknown_is_never_said_to_fit() -> None:
    view = _view(CHAT, **_engine(gibibytes(64)), containers=[WEB])
    assert view.machines.scenario == "everything that starts"
    assert [row.runs for row in view.scenarios] == [None]
    assert {row.cells[2] for row in view.machines.rows} == {False, None}


def test_a_smaller_model_of_a_server_takes_turns() -> None:
    rows = model_rows(*assessed("models"))
    parts = [view.scenarios[0].part for _, view in rows if view is not None]
    assert parts == ["counted", "a larger model of its server is counted"]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (
            RunnerSettings(context=4096),
            ["OLLAMA_KV_CACHE_TYPE=q8_0", "OLLAMA_KV_CACHE_TYPE=q4_0", "LLAMA_ARG_CACHE_RAM=0"],
        ),
        (
            RunnerSettings(
                context=4096, slots=2, key_type="q4_0", value_type="q4_0", prompt_cache=Bytes(0)
            ),
            ["OLLAMA_NUM_PARALLEL=1"],
        ),
    ],
)
def test_what_would_save(settings: RunnerSettings, expected: list[str]) -> None:
    view = _view({**CHAT, "settings": settings.model_dump(mode="json")})
    assert [row.setting for row in view.savings] == expected
    # Half of 512 MiB is 240 saved, as q8_0 keeps a scale for each 32 numbers.
    if settings.slots == 1:
        assert view.savings[0].load == mebibytes(240)


def test_smaller_models_need_less_and_can_take_its_place() -> None:
    view = _view(CHAT, **_engine(gibibytes(3)))
    assert view.smaller
    assert all(each.need + each.saves == view.load for each in view.smaller)
    order = [(each.fits is False, -each.need) for each in view.smaller]
    assert order == sorted(order)
    assert {each.fits for each in view.smaller} == {True, False}
    assert "nomic-embed-text" in catalogue()
    assert "nomic-embed-text" not in {each.tag for each in view.smaller}


@pytest.mark.parametrize("size", [7.9, 7.95, 8.0])
def test_the_longest_context_that_fits(size: float) -> None:
    engine = _engine(gibibytes(size))
    view = _view(CHAT, **engine)
    assert view.longest_alone is not None
    assert view.longest_beside is not None
    assert view.longest_alone >= view.longest_beside > view.settings.context
    for more, fits in ((0, True), (1024, False)):
        longer = {**CHAT, "settings": {"context": view.longest_beside + more}}
        assert _view(longer, **engine).fits_beside is fits
    assert _view(CHAT).longest_alone is None


def _page(**parts: Any) -> str:
    snapshot = snapshot_of({"services": [{"name": "llama"}], **parts})
    return render_pages(snapshot, analyze(snapshot))["models.md"]


def _html(page: str) -> str:
    return markdown.markdown(page.split("\n---\n", maxsplit=1)[1], **markdown_settings())


def test_the_page_says_what_it_knows_and_what_not() -> None:
    text = structure(_html(pages("models")["models.md"])).joined
    for words in (
        "4.92 GB for its files",
        "its files are not measured, because nobody read their size",
        "The image of llama takes 3.4 GB",
        "Models of this architecture were measured",
        "LLAMA_ARG_CACHE_RAM caps the prompts it remembers, now at 8 GiB",
        "GPU: not measured",
        "on cgroup version 2 only. This engine has version 2",
        "Ollama 0.30 and later",
        "Ollama reported 5.2 GiB",
    ):
        assert words in text, words


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ({**CHAT, "memory": int(gibibytes(6))}, "The project declares this need"),
        (
            {**CHAT, "shape": {**SHAPE, "architecture": "mamba"}},
            "Its architecture was not measured",
        ),
        ({**CHAT, "service": None}, "not stated"),
        ({**CHAT, "settings": {"context": 4096, "prompt_cache": 0}}, "remembers no prompts"),
    ],
)
def test_other_models(model: dict[str, Any], words: str) -> None:
    text = structure(_html(_page(models=[model]))).joined
    assert words in text
    assert "The version of this engine was not measured" in text


def test_models_without_a_header_are_shown_as_before_beside_others() -> None:
    page = _page(models=[CHAT, {"name": "plain", "memory": 1}, {"name": "nothing"}])
    html = _html(page)
    assert html.count("<figure") == 1
    assert "Its memory need is neither declared nor measured." in structure(html).joined
    assert "<figure" not in _html(_page(models=[{"name": "plain", "memory": 1}]))
    assert "How the need is computed" not in _page(models=[{"name": "plain", "memory": 1}])


def test_what_collecting_did_not_find_out_is_said() -> None:
    gaps = [
        {"source": "ollama", "subject": each, "reason": f"No {each}."} for each in ("chat", "b")
    ]
    text = structure(_html(_page(models=[CHAT, {"name": "b"}], gaps=gaps))).joined
    assert text.count("Mind: No chat.") == 1
    assert text.count("Mind: No b.") == 1


def test_prompts_without_a_limit_are_named() -> None:
    services = [{"name": "llama", "settings": {"LLAMA_ARG_CACHE_RAM": "-1"}}]
    snapshot = snapshot_of({"services": services, "models": [CHAT]})
    text = structure(_html(render_pages(snapshot, analyze(snapshot))["models.md"])).joined
    assert "caps the prompts it remembers, now without limit" in text


def test_two_models_of_one_name_have_their_own_places() -> None:
    html = structure(_html(_page(models=[CHAT, {**CHAT, "service": "other"}])))
    identifiers = [each["id"] for _, each in html.elements if "id" in each]
    assert len(identifiers) == len(set(identifiers))
    links = [each["href"] for tag, each in html.elements if tag == "a"]
    inner = {each[1:] for each in links if each.startswith("#")}
    assert inner
    assert inner <= set(identifiers)


HOSTILE = '<script>alert("x")</script>|**b** [y](http://z) {{ 1 }}\n# h'


def test_a_hostile_name_stays_text() -> None:
    page = _page(
        models=[{**CHAT, "name": HOSTILE}],
        scenarios=[{"name": HOSTILE, "services": ["llama"], "models": [HOSTILE]}],
    )
    found = structure(_html(page))
    assert not [tag for tag, _ in found.elements if tag == "script"]
    assert not [each for _, each in found.elements if "http://z" in each.get("href", "")]
    assert [tag for tag, _ in found.elements].count("h1") == 1
    assert '<script>alert("x")</script>|**b** [y](http://z) {{ 1 }}' in found.joined


def test_sentences_are_short_and_nothing_is_escaped_twice() -> None:
    html = _html(pages("models")["models.md"])
    assert "&#" not in structure(html).joined
    bare = re.sub(r"<(table|figure|pre)\b.*?</\1>", "", html, flags=re.DOTALL)
    for paragraph in re.findall(r"<(?:p|li)\b.*?</(?:p|li)>", bare, flags=re.DOTALL):
        for sentence in re.split(r"(?<=[.:])\s", structure(paragraph).joined):
            assert len(sentence.split()) <= 20, sentence
