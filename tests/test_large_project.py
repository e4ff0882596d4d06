"""A project of 300 services: no page grows with it, the navigation stays, and nothing is lost."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest

from bench.synthetic import synthetic_snapshot
from hcreport.analyze import analyze
from hcreport.build import build_site
from hcreport.estimate.sharing import not_needed_at_once, not_needed_without_each
from hcreport.model import ContainerNeed, RequirementPart
from hcreport.render.capped import OF_A_RULE, PROBLEMS, ROWS, capped, part_rows, told
from hcreport.render.report import ReportSource
from hcreport.render.service_lists import ON_A_PAGE, service_lists
from hcreport.render.view import View
from hcreport.snapshot import parse_snapshot
from hcreport.units import Bytes, mebibytes, total

LARGE, SMALL = 300, 10

HEAVIEST = 25_000
"""Bytes of one page's HTML, packed: with the theme's files a page stays below 90 kB."""


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """Return the built sites of a large and of a small project."""
    found = {}
    for count in (LARGE, SMALL):
        folder = tmp_path_factory.mktemp(f"services-{count}")
        snapshot = folder / "snapshot.json"
        snapshot.write_text(synthetic_snapshot(count), encoding="utf-8")
        build_site(ReportSource(folder=folder, snapshot=snapshot), folder / "site")
        found[count] = folder / "site"
    return found


@pytest.fixture(scope="module")
def large() -> View:
    snapshot = parse_snapshot(synthetic_snapshot(LARGE))
    return View(snapshot, analyze(snapshot))


def packed(page: Path) -> int:
    """Return the bytes of a page as a server sends it."""
    return len(gzip.compress(page.read_bytes(), mtime=0))


def navigation(page: Path) -> str:
    """Return the navigation of a page, without the names of the project and of its pages."""
    html = page.read_text(encoding="utf-8")
    return re.sub(r"\s+", " ", html[html.index("md-nav--primary") : html.index("md-content")])


def test_no_page_is_heavy(sites: dict[int, Path]) -> None:
    heavy = {
        str(page.relative_to(sites[LARGE])): packed(page)
        for page in sites[LARGE].rglob("*.html")
        if packed(page) > HEAVIEST
    }
    assert heavy == {}


@pytest.mark.parametrize("name", ["index.html", "services/service-1.html", "method.html"])
def test_a_page_weighs_the_same_as_in_a_small_project(sites: dict[int, Path], name: str) -> None:
    assert packed(sites[LARGE] / name) < 1.05 * packed(sites[SMALL] / name)


def test_the_navigation_does_not_grow(sites: dict[int, Path]) -> None:
    page = "services/service-1.html"
    large, small = (navigation(sites[count] / page).count("<li") for count in (LARGE, SMALL))
    assert large == small


def test_the_search_finds_each_service_but_not_each_of_its_settings(
    sites: dict[int, Path],
) -> None:
    index = json.loads((sites[LARGE] / "search/search_index.json").read_text(encoding="utf-8"))
    text = " ".join(entry["text"] + entry["title"] for entry in index["docs"])
    assert all(re.search(rf"\bservice-{number}\b", text) for number in range(LARGE))
    assert not any(entry["location"].startswith("services/service-") for entry in index["docs"])
    small = json.loads((sites[SMALL] / "search/search_index.json").read_text(encoding="utf-8"))
    assert any(entry["location"].startswith("services/service-") for entry in small["docs"])


def test_every_problem_has_its_place(sites: dict[int, Path], large: View) -> None:
    html = (sites[LARGE] / "assessment.html").read_text(encoding="utf-8")
    assert len(large.assessment.findings) > PROBLEMS
    for finding in large.assessment.findings:
        assert f'id="{finding.anchor}"' in html


def test_every_service_stands_in_one_list(large: View) -> None:
    lists = service_lists(large.services)
    assert [len(each.services) for each in lists] == [ON_A_PAGE, LARGE - ON_A_PAGE]
    names = [service.name for each in lists for service in each.services]
    assert sorted(names) == sorted(service.name for service in large.services)
    troubled = [bool(service.findings) for each in lists for service in each.services]
    assert troubled == sorted(troubled, reverse=True)
    assert [each.path for each in lists] == ["services/index.md", "services/index.2.md"]


def test_a_small_project_has_one_list_by_name() -> None:
    assert [each.path for each in service_lists([])] == ["services/index.md"]


def test_the_parts_still_add_up(large: View) -> None:
    requirement = large.scenarios[0].requirement
    rows = part_rows(requirement.parts)
    assert rows.smaller
    shown = total(_size(each) for each in rows.shown)
    assert shown + rows.memory == requirement.at_least
    assert min(_size(each) for each in rows.shown if each.kind == "service") >= max(
        _size(each) for each in rows.smaller
    )
    assert len(rows.shown) + len(rows.smaller) == sum(
        1 for each in requirement.parts if each.memory
    )


def _size(part: RequirementPart) -> Bytes:
    return Bytes(round(part.memory.value)) if part.memory else Bytes(0)


def test_many_problems_of_a_rule_have_one_line_each(large: View) -> None:
    known = told(large.problems)
    assert len(known.in_full) + sum(len(more) for _, more in known.in_short) == len(large.problems)
    for rule, more in known.in_short:
        assert sum(1 for each in known.in_full if each.finding.rule == rule) == OF_A_RULE
        assert all(each.finding.rule == rule for each in more)
    few = large.problems[:20]
    assert told(few).in_full == few
    assert told(few).in_short == ()


def test_a_short_list_stays_whole() -> None:
    assert capped(range(ROWS)).rest == ()
    assert list(capped(range(ROWS + 1)).rest) == [ROWS]


def test_what_is_not_needed_at_once_without_each_part() -> None:
    """One part after another left out gives what the others alone give."""

    def need(minimum: int, highest: int, **more: int) -> ContainerNeed:
        program = more.pop("program", None)
        sizes = {name: mebibytes(size) for name, size in more.items()}
        return ContainerNeed(
            minimum=mebibytes(minimum),
            highest=mebibytes(highest),
            without_files=mebibytes(highest // 2),
            program=program,
            watched=True,
            **sizes,
        )

    parts = [
        [need(110, 100, program=1, elsewhere=10, program_files=20)],
        [],
        [need(220, 200, program=1, elsewhere=12, program_files=20), need(60, 50)],
        [need(40, 30, program=1, mapped=25, program_files=20), need(50, 45, elsewhere=5)],
    ]
    for together in (None, mebibytes(90), mebibytes(900)):
        expected = tuple(
            not_needed_at_once(
                [each for at, part in enumerate(parts) for each in part if at != without], together
            )
            for without in range(len(parts))
        )
        assert not_needed_without_each(parts, together) == expected
        assert len(set(expected)) > 1
