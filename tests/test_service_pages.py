"""Pages of services: a verdict first, few tables, and one click away from where one is named."""

from __future__ import annotations

import re
from html import unescape

import markdown
import pytest

from hcreport.analyze import analyze
from hcreport.model import Number, Origin
from hcreport.render.pages import render_pages
from hcreport.render.service_words import memory_sentence, verdict
from hcreport.render.view import View
from hcreport.units import mebibytes
from tests.consistency.reading import piped
from tests.fragments import snapshot_of
from tests.pages_case import SNAPSHOTS, assessed, pages

every_snapshot = pytest.mark.parametrize("name", sorted(SNAPSHOTS))


def _memory(size: float | None) -> Number | None:
    if size is None:
        return None
    origin = Origin(kind="measured", evidence="x")
    value = float(mebibytes(size))
    return Number(name="m", value=value, unit="bytes", family="memory", origin=origin)


@pytest.mark.parametrize(
    ("limit", "in_use", "sampled", "expected"),
    [
        (512, 64, 1, "It uses 64 MiB of the 512 MiB that it may use, which is 12.5 %."),
        (512, 64, 2, "Its 2 containers use 64 MiB, and each may use 512 MiB."),
        (None, 64, 1, "It uses 64 MiB of memory and has no memory limit."),
        (512, None, 0, "It may use 512 MiB; what it uses was not measured."),
        (None, None, 0, "It has no memory limit; what it uses was not measured."),
    ],
)
def test_memory_stands_against_its_limit(
    limit: float | None, in_use: float | None, sampled: int, expected: str
) -> None:
    assert memory_sentence(_memory(limit), _memory(in_use), sampled=sampled) == expected


@pytest.mark.parametrize(
    ("state", "health", "expected"),
    [
        ("running", "healthy", "web runs and is healthy. M."),
        ("running", "unhealthy", "web runs and is unhealthy. M."),
        ("running", "no check", "web runs and has no health check. M."),
        ("running", "check switched off", "web runs and has its health check switched off. M."),
        ("running", "not measured", "web runs and has a health that was not measured. M."),
        ("running", "1 of 2 unhealthy", "web runs; unhealthy: 1 of 2. M."),
        ("exited", "no check", "web is exited and has no health check. M."),
        ("2 running, 1 exited", "healthy", "web has containers: 2 running, 1 exited; healthy. M."),
        ("2 running", "no check", "web has containers: 2 running; no health check. M."),
        ("not started", "not measured", "web is not started. M."),
        ("no container", "not measured", "web has no container. M."),
        ("not measured", "not measured", "web has a state that was not measured. M."),
    ],
)
def test_state_and_health_come_first(state: str, health: str, expected: str) -> None:
    assert verdict("web", state, health, "M.") == expected


@every_snapshot
def test_a_page_says_its_verdict_before_anything_else(name: str) -> None:
    for service in View(*assessed(name)).services:
        page = pages(name)[service.path]
        assert page.index("{: .hc-context }") < page.index("{: .hc-verdict }") < page.index("\n## ")


@every_snapshot
def test_a_page_is_light(name: str) -> None:
    """A project may have a thousand of them, and tables take most of the time of a build."""
    for service in View(*assessed(name)).services:
        page = piped(pages(name)[service.path])
        assert len(re.findall(r"^\| --- \|", page, flags=re.MULTILINE)) == 1
        if len(service.containers) <= 1:
            assert page.count("\n| ") <= 20


@every_snapshot
def test_a_number_of_a_single_container_stands_there_once(name: str) -> None:
    for service in View(*assessed(name)).services:
        page = piped(pages(name)[service.path])
        table = re.findall(r"^\| ([^|]*) \|", page, flags=re.MULTILINE)
        uses = [each for each in table if each.lower().endswith("memory in use")]
        assert len(uses) == (1 if len(service.containers) <= 1 else 1 + len(service.containers))


@every_snapshot
def test_a_service_is_one_click_away(name: str) -> None:
    snapshot, assessment = assessed(name)
    view = View(snapshot, assessment)
    found = pages(name)
    problems = found["assessment.md"].split("\n## Problems\n")[1]
    for service in view.services:
        assert f"](../{service.path})" in found["services/index.md"]
        if service.findings:
            assert f"]({service.path})" in problems


@every_snapshot
def test_a_problem_leads_to_its_step(name: str) -> None:
    view = View(*assessed(name))
    for service in view.services:
        page = pages(name)[service.path]
        for finding in service.findings:
            assert f"](../assessment.md#{finding.anchor})" in page
            if finding.anchor in view.steps_by_anchor:
                assert f"](../checklist.md#step-{view.steps_by_anchor[finding.anchor]})" in page


HOSTILE = (
    "</td></tr></table><script>alert(1)</script>",
    "a | b | c",
    "<b onclick=x>bold</b> &amp; `code` **strong** [a](b)",
    "first\n\n# second\n\n</tbody>",
    "{: .x } {{ x }} <!-- - [ ] $x$ :smile:",
)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_table_in_html_shows_a_hostile_name_as_it_is(name: str) -> None:
    snapshot = snapshot_of(
        {
            "engine": {"memory_total": int(mebibytes(512))},
            "services": [{"name": "web"}],
            "containers": [{"name": name, "service": "web", "state": "running"}],
        }
    )
    page = render_pages(snapshot, analyze(snapshot))["services/web.md"]
    assert "<table><thead><tr><th>What" in page
    html = markdown.markdown(page, extensions=["attr_list", "md_in_html", "tables", "toc"])
    assert html.count("<table>") == html.count("</table>") == 1
    assert "<script" not in html
    cells = [" ".join(unescape(each).split()) for each in re.findall(r"<td>(.*?)</td>", html)]
    assert " ".join(f"State of {name}".split()) in cells
