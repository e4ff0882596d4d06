"""The requirements page and its JSON: sums to the byte, machines, proofs, what can be left out."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema
import pytest

from hcreport.analyze import analyze
from hcreport.facts import fact_bytes
from hcreport.model import Snapshot
from hcreport.platforms import PLATFORMS
from hcreport.render.json import to_json
from hcreport.render.marker import is_generated_file
from hcreport.render.measured import measured_view
from hcreport.render.requirements_json import requirements_schema
from hcreport.render.scenarios import ScenarioView
from hcreport.render.view import View
from hcreport.units import Bytes, mebibytes
from tests.pages_case import SNAPSHOTS, assessed, checked, files, pages, proofs

every_snapshot = pytest.mark.parametrize("name", sorted(SNAPSHOTS))

MAIN = 0


def _scenarios(name: str) -> tuple[ScenarioView, ...]:
    return View(*assessed(name), proofs(name)).scenarios


def _json(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(files(name)["requirements.json"])
    return found


def _section(name: str, scenario: str) -> str:
    page = pages(name)["requirements.md"]
    return page.split(f"## Scenario {scenario} ", 1)[1].split("\n## ", 1)[0]


def _cells(section: str, heading: str) -> list[list[str]]:
    """Return the rows of the table below a heading, cell by cell."""
    table = section.split(f"### {heading} ", 1)[1].split("\n### ", 1)[0]
    rows = [line for line in table.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in row.split("|")[1:-1]] for row in rows[2:]]


def _exact(cell: str) -> int:
    """Return the bytes that stand in the title of a figure."""
    title = re.search(r'title="([^"]+) bytes"', cell)
    assert title, cell
    return int(title.group(1).replace("&#44;", "").replace("&#45;", "-"))


@pytest.mark.parametrize("column", [2, 3])
def test_rows_add_up_to_the_tier_and_to_the_setting(column: int) -> None:
    rows = _cells(_section("watched", "Daily work"), "Memory by part")
    sizes = [_exact(row[column]) for row in rows]
    *parts, whole, kernel, setting = sizes
    assert sum(parts) == whole
    assert whole + kernel == setting
    requirement = _scenarios("watched")[MAIN].requirement
    assert whole == (requirement.docker_memory, requirement.docker_memory_recommended)[column - 2]
    assert setting % int(mebibytes(1024)) == 0


@every_snapshot
def test_the_json_is_what_its_schema_says_and_adds_up(name: str) -> None:
    text = files(name)["requirements.json"].decode()
    assert text.isascii()
    assert is_generated_file(text)
    data = json.loads(text)
    validator = jsonschema.Draft202012Validator(requirements_schema())
    validator.check_schema(requirements_schema())
    assert [each.message for each in validator.iter_errors(data)] == []
    assert list(validator.iter_errors({**data, "more": 1}))
    for scenario in data["scenarios"]:
        known = [each["memory"] for each in scenario["parts"] if each["memory"] is not None]
        assert scenario["docker_memory_at_least"] == sum(known)
        sizes = [each["size"] for each in scenario["disk_parts"] if each["size"] is not None]
        assert (scenario["disk"] or 0) == sum(sizes)


def test_the_json_holds_both_tiers_and_the_proof() -> None:
    first, second = _json("watched")["scenarios"]
    assert first["proven"] is True
    assert [each["passed"] for each in first["proofs"]] == [False, True]
    assert first["proofs"][0]["broke"] == {"kind": "memory", "service": "db", "seconds": 26.1}
    recommended = [
        each["memory"] if each["recommended"] is None else each["recommended"]
        for each in first["parts"]
    ]
    assert first["docker_memory_recommended"] == sum(recommended)
    assert first["setting"] >= first["docker_memory_minimum"]
    mac = first["machines"]["docker-desktop-mac"]
    assert mac["recommended"]["setting"] == first["setting_recommended"]
    assert mac["minimum"]["when_set"] < mac["recommended"]["when_set"]
    assert (second["docker_memory_minimum"], second["proven"]) == (None, False)
    assert second["docker_memory_at_least"] > 0


def test_check_gives_the_recommended_memory_and_the_parts() -> None:
    first = json.loads(to_json(checked("watched")))["requirements"][MAIN]
    requirement = _scenarios("watched")[MAIN].requirement
    assert first["docker_memory_recommended"] == requirement.docker_memory_recommended
    assert first["docker_memory_setting"] == _scenarios("watched")[MAIN].setting
    names = {part["name"]: part for part in first["parts"]}
    assert names["api"]["elastic"].startswith("-Xmx")
    assert names["web"]["containers"] == 2
    assert sum(part["memory"] for part in first["parts"]) == first["docker_memory_minimum"]


def _with_more_memory(snapshot: Snapshot, service: str, more: Bytes) -> Snapshot:
    """Return a snapshot in which one service held and peaked more."""
    window = snapshot.window
    assert window is not None
    changed = [
        each.model_copy(
            update={
                name: getattr(each, name) + more
                for name in ("usage", "shown", "held", "warm", "peak")
            }
        )
        if each.service == service
        else each
        for each in window.series
    ]
    return snapshot.model_copy(
        update={"window": window.model_copy(update={"series": tuple(changed)})}
    )


def test_a_change_of_one_service_changes_its_own_row_and_the_totals_only() -> None:
    snapshot, _ = assessed("watched")
    larger = _with_more_memory(snapshot, "db", mebibytes(50))
    before, after = (View(each, analyze(each)).scenarios[MAIN] for each in (snapshot, larger))
    rows = [
        {part.name: (part.memory, part.recommended) for part in view.requirement.parts}
        for view in (before, after)
    ]
    # A margin is shared by all services, so what is taken off is a part of the totals.
    shared = [part.name for part in before.requirement.parts if part.kind == "margin"]
    assert [name for name in rows[0] if rows[0][name] != rows[1][name]] == ["db", *shared]
    grown = after.requirement.at_least - before.requirement.at_least
    savings = [{each.service: each.saves for each in view.savings} for view in (before, after)]
    saved, less = savings[1]["db"], savings[0]["db"]
    assert saved is not None
    assert less is not None
    assert saved - less == grown > 0


def test_stopping_a_service_saves_what_the_requirement_without_it_says() -> None:
    snapshot, _ = assessed("watched")
    view = _scenarios("watched")[MAIN]
    for saving in view.savings:
        rest = [each for each in view.requirement.services if each != saving.service]
        without = snapshot.scenarios[MAIN].model_copy(update={"services": tuple(rest)})
        smaller = snapshot.model_copy(update={"scenarios": (without,)})
        expected = view.requirement.at_least - analyze(smaller).requirements[0].at_least
        assert saving.saves == expected, saving.service
    assert [each.saves for each in view.savings] == sorted(
        (each.saves or Bytes(0) for each in view.savings), reverse=True
    )


def test_a_saving_names_models_and_who_needs_the_service() -> None:
    web = next(each for each in _scenarios("tiny")[MAIN].savings if each.service == "web")
    assert web.models == ("small:1b",)
    assert web.exact is False
    model = next(each for each in assessed("tiny")[0].models)
    assert model.memory is not None
    assert web.saves == model.memory + fact_bytes("docker/engine-memory-per-container")
    db = next(each for each in _scenarios("tiny")[MAIN].savings if each.service == "db")
    assert db.needed_by == ("web",)


def test_the_page_says_to_stop_and_not_to_pause() -> None:
    section = _section("watched", "Daily work")
    assert "Stop it, do not pause it" in section
    assert "sources/docker.md#fact-docker-pause-turns-unhealthy" in section


def test_the_projects_own_platform_stands_first() -> None:
    rows = _scenarios("watched")[MAIN].machines
    assert [row.own for row in rows] == [True] + [False] * (len(rows) - 1)
    assert rows[0].names == ("Docker Desktop on Mac",)
    named = [name for row in rows for name in row.names]
    assert len(named) == len(set(named)) == len(PLATFORMS)


def test_what_was_seen_together_stands_beside_the_sum_where_all_were_watched() -> None:
    daily, nightly = _scenarios("watched")
    assert daily.requirement.seen_together is None
    assert nightly.requirement.seen_together is not None
    assert "Seen together" not in _section("watched", "Daily work")
    assert "Seen together" in _section("watched", "With the nightly job")


def test_lower_bounds_are_said_in_words_with_the_way_to_measure() -> None:
    page = pages("watched")["requirements.md"]
    section = _section("watched", "With the nightly job")
    assert "Only a lower bound is known of worker" in section
    assert "killed for want of memory" in section
    assert "hcreport collect &#45;&#45;window 60s" in page
    assert "| **Sum of the parts** |" in _section("watched", "Daily work")
    assert "Recommended" not in section


def test_the_comparison_is_the_highest_use_and_a_share_more() -> None:
    comparison = _scenarios("watched")[MAIN].comparison
    assert comparison is not None
    window = assessed("watched")[0].window
    assert window is not None
    shown = sum(int(each.shown) for each in window.series if each.service != "worker")
    assert shown * 1.15 <= comparison.others <= shown * 1.15 + 1
    assert _scenarios("hypercode")[MAIN].comparison is None


def test_what_is_not_proven_gets_the_command() -> None:
    assert "hcreport prove" in _section("watched", "With the nightly job")
    assert "hcreport prove" not in _section("watched", "Daily work")


def _idle(snapshot: Snapshot) -> Snapshot:
    window = snapshot.window
    assert window is not None
    quiet = tuple(each.model_copy(update={"cpu_seconds": 0.01}) for each in window.series)
    return snapshot.model_copy(update={"window": window.model_copy(update={"series": quiet})})


def test_the_page_says_how_it_was_measured() -> None:
    snapshot, _ = assessed("watched")
    rows = dict(measured_view(snapshot).rows)
    assert rows["Watched"] == "1 min, 58 rounds about 1 s apart, shifted at random"
    assert rows["Samples"] == "330 samples of 6 containers"
    assert rows["Load"] == "a load command ran for 55 s and ended with exit code 0"
    assert rows["Kernel's own highest value"] == "known for 6 of 6 runs"
    assert rows["Control groups"] == "2"
    assert measured_view(snapshot).warnings == ()
    for what in rows:
        assert f"| {what} |".replace("'", "&#39;") in pages("watched")["requirements.md"]


def test_a_window_without_load_is_warned_of() -> None:
    snapshot, _ = assessed("watched")
    (idle,) = measured_view(_idle(snapshot)).warnings
    assert "Hardly any CPU was used" in idle
    (once,) = measured_view(assessed("tiny")[0]).warnings
    assert "was not watched" in once


def test_a_load_that_failed_is_warned_of() -> None:
    snapshot, _ = assessed("watched")
    window = snapshot.window
    assert window is not None
    assert window.load is not None
    failed = window.load.model_copy(update={"exit_code": 2})
    changed = window.model_copy(update={"load": failed})
    (warning,) = measured_view(snapshot.model_copy(update={"window": changed})).warnings
    assert "load command failed" in warning


def test_the_headline_names_both_tiers() -> None:
    view = View(*assessed("watched"), proofs("watched"))
    assert "(1.91 GiB recommended)" in view.headline.sentence
    assert view.headline.sentence.endswith("enough, but less than recommended.")
