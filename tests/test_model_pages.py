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


def view_of(model: dict[str, Any], **parts: Any) -> ModelView:
    """Return the view of one model in an otherwise empty snapshot, or in the given one."""
    snapshot = snapshot_of({"services": [{"name": "llama"}], "models": [model], **parts})
    (_, view), *_ = model_rows(snapshot, analyze(snapshot))
    assert view is not None
    return view


def engine_of(size: Bytes) -> dict[str, Any]:
    return {"engine": {"memory_total": int(size)}}


@pytest.mark.parametrize("position", [0, 1])
def test_the_parts_add_up_to_the_byte(position: int) -> None:
    view = model_rows(*assessed("models"))[position][1]
    assert view is not None
    needed = [part.size for part in view.parts if part.kind != "prompts"]
    assert sum(needed) == view.full == view.need
    assert sum(part.size for part in view.parts) == view.ceiling
    assert [part.number for part in view.parts] == list(range(1, 9))
    assert view.low < view.full < view.high
    assert view.load == view.full - view.memory.filling < view.full
    assert view.high - view.full == view.memory.high - view.memory.load
    assert view.full - view.low == view.memory.load - view.memory.low


def test_a_second_copy_of_weights_is_a_part_only_where_the_file_is_mapped() -> None:
    mapped = view_of({**CHAT, "settings": {"context": 4096, "mapped": True}})
    copy = [part for part in mapped.parts if part.name == "Second copy of weights"]
    assert [part.size for part in copy] == [3359637504]
    assert sum(part.size for part in mapped.parts) == mapped.ceiling
    assert len(view_of(CHAT).parts) == len(mapped.parts) - 1


def test_the_chart_is_the_table_drawn() -> None:
    view = view_of(CHAT, **engine_of(gibibytes(7.6)))
    needed, full = (bar.row for bar in view.chart.bars)
    assert [(row.label, row.value) for row in (needed, full)] == [
        ("With a full context", "5.39 GiB"),
        ("With all that it remembers", "13.4 GiB"),
    ]
    marks = [str(part.number) for part in view.parts]
    assert [each.mark for each in full.parts] == marks
    assert [each.mark for each in needed.parts] == marks[:-1]
    looks = {str(part.number): part.look for part in view.parts}
    assert all(each.look == looks[each.mark] for each in full.parts)
    assert full.parts[-1].look == "hatched"
    assert full.parts[-1].right == 100
    assert needed.parts[-1].right == pytest.approx(100 * view.full / view.ceiling, abs=0.1)
    assert needed.marks[0].at == pytest.approx(100 * gibibytes(7.6) / view.ceiling, abs=0.1)
    assert view.chart.bars[0].words[0].text == "1 Weights"
    assert "8 Prompt cache, at most 8 GiB" in view.chart.description


def test_the_line_stays_in_the_picture_and_is_left_out_where_nothing_is_known() -> None:
    roomy = view_of(CHAT, **engine_of(gibibytes(64))).chart
    assert 99 < roomy.bars[0].row.marks[0].at < 100
    unknown = view_of(CHAT).chart
    assert [bar.row.marks for bar in unknown.bars] == [(), ()]
    assert "line" not in unknown.caption


@pytest.mark.parametrize(
    ("parts", "fits", "words"),
    [
        (engine_of(gibibytes(2)), False, "It needs 5.39 GiB, but the engine has 2 GiB."),
        (engine_of(gibibytes(5.4)), False, "fits alone. What else starts leaves 5.21 GiB to it."),
        (engine_of(gibibytes(8)), True, "It needs 5.39 GiB and fits: what else starts leaves 7.81"),
        ({}, None, "The memory of the engine is not known."),
        (
            {**engine_of(gibibytes(8)), "services": [{"name": "llama"}, {"name": "web"}]},
            None,
            "fits beside what is known. Not measured: 1 part beside it.",
        ),
        (
            {
                **engine_of(gibibytes(8)),
                "services": [{"name": "llama"}, {"name": "web"}],
                "containers": [WEB],
            },
            True,
            "leaves 6.8 GiB to it. Under load that can be less.",
        ),
        (
            {
                **engine_of(gibibytes(32)),
                "services": [{"name": "llama", "limits": {"memory": int(gibibytes(5))}}],
            },
            False,
            "It needs 5.39 GiB, but its service's limit is 5 GiB.",
        ),
    ],
)
def test_the_verdict(parts: dict[str, Any], fits: bool | None, words: str) -> None:
    view = view_of(CHAT, **parts)
    assert words in view.verdict
    assert view.fits_beside is fits


def test_machines_are_those_of_the_requirements_page() -> None:
    view = view_of(CHAT, **engine_of(gibibytes(8)))
    needs = {each.platform: each.when_set for each in machine_needs(need_alone(view.need))}
    rows = view.machines.rows
    for column, platform in enumerate(("linux", "docker-desktop-mac")):
        assert next(row.size for row in rows if row.cells[column]) == needs[platform]
        answers = [row.cells[column] for row in rows]
        assert answers == sorted(answers, key=bool), "a larger machine fits no less"
    assert rows[-1].cells[:2] == (True, True)
    assert False in rows[-2].cells


def test_a_scenario_of_which_a_part_is_unknown_is_never_said_to_fit() -> None:
    view = view_of(CHAT, **engine_of(gibibytes(64)), containers=[WEB])
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
    view = view_of({**CHAT, "settings": settings.model_dump(mode="json")})
    assert [row.setting for row in view.savings] == expected
    # Half of 512 MiB is 240 saved, as q8_0 keeps a scale for each 32 numbers.
    if settings.slots == 1:
        assert view.savings[0].full == mebibytes(240)


def test_smaller_models_need_less_and_can_take_its_place() -> None:
    view = view_of(CHAT, **engine_of(gibibytes(3)))
    assert view.smaller
    assert all(each.need + each.saves == view.full for each in view.smaller)
    order = [(each.fits is False, -each.need) for each in view.smaller]
    assert order == sorted(order)
    assert {each.fits for each in view.smaller} == {True, False}
    assert "nomic-embed-text" in catalogue()
    assert "nomic-embed-text" not in {each.tag for each in view.smaller}


@pytest.mark.parametrize("size", [7.9, 7.95, 8.0])
def test_the_longest_context_that_fits(size: float) -> None:
    engine = engine_of(gibibytes(size))
    view = view_of(CHAT, **engine)
    assert view.longest_alone is not None
    assert view.longest_beside is not None
    assert view.longest_alone >= view.longest_beside > view.settings.context
    for more, fits in ((0, True), (1024, False)):
        longer = {**CHAT, "settings": {"context": view.longest_beside + more}}
        assert view_of(longer, **engine).fits_beside is fits
    assert view_of(CHAT).longest_alone is None


def page_of(**parts: Any) -> str:
    snapshot = snapshot_of({"services": [{"name": "llama"}], **parts})
    return render_pages(snapshot, analyze(snapshot))["models.md"]


def html_of(page: str) -> str:
    return markdown.markdown(page.split("\n---\n", maxsplit=1)[1], **markdown_settings())


def test_the_page_says_what_it_knows_and_what_not() -> None:
    text = structure(html_of(pages("models")["models.md"])).joined
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
    text = structure(html_of(page_of(models=[model]))).joined
    assert words in text
    assert "The version of this engine was not measured" in text


def test_models_without_a_header_are_shown_as_before_beside_others() -> None:
    page = page_of(models=[CHAT, {"name": "plain", "memory": 1}, {"name": "nothing"}])
    html = html_of(page)
    assert html.count("<figure") == 2
    assert "Its memory need is neither declared nor measured." in structure(html).joined
    assert "<figure" not in html_of(page_of(models=[{"name": "nothing"}]))
    assert "How the need is computed" not in page_of(models=[{"name": "plain", "memory": 1}])


def test_what_collecting_did_not_find_out_is_said() -> None:
    gaps = [
        {"source": "ollama", "subject": each, "reason": f"No {each}."} for each in ("chat", "b")
    ]
    text = structure(html_of(page_of(models=[CHAT, {"name": "b"}], gaps=gaps))).joined
    assert text.count("Mind: No chat.") == 1
    assert text.count("Mind: No b.") == 1


def test_two_models_of_one_name_have_their_own_places() -> None:
    html = structure(html_of(page_of(models=[CHAT, {**CHAT, "service": "other"}])))
    identifiers = [each["id"] for _, each in html.elements if "id" in each]
    assert len(identifiers) == len(set(identifiers))
    links = [each["href"] for tag, each in html.elements if tag == "a"]
    inner = {each[1:] for each in links if each.startswith("#")}
    assert inner
    assert inner <= set(identifiers)


HOSTILE = '<script>alert("x")</script>|**b** [y](http://z) {{ 1 }}\n# h'


def test_a_hostile_name_stays_text() -> None:
    page = page_of(
        models=[{**CHAT, "name": HOSTILE}],
        scenarios=[{"name": HOSTILE, "services": ["llama"], "models": [HOSTILE]}],
    )
    found = structure(html_of(page))
    assert not [tag for tag, _ in found.elements if tag == "script"]
    assert not [each for _, each in found.elements if "http://z" in each.get("href", "")]
    assert [tag for tag, _ in found.elements].count("h1") == 1
    assert '<script>alert("x")</script>|**b** [y](http://z) {{ 1 }}' in found.joined


def test_sentences_are_short_and_nothing_is_escaped_twice() -> None:
    html = html_of(pages("models")["models.md"])
    assert "&#" not in structure(html).joined
    bare = re.sub(r"<(table|figure|pre)\b.*?</\1>", "", html, flags=re.DOTALL)
    for paragraph in re.findall(r"<(?:p|li)\b.*?</(?:p|li)>", bare, flags=re.DOTALL):
        for sentence in re.split(r"(?<=[.:])\s", structure(paragraph).joined):
            assert len(sentence.split()) <= 20, sentence
