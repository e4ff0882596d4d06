"""The assessment: each problem in one layout, each step said once, and anchors that stay."""

from __future__ import annotations

import re

import pytest

from hcreport.analyze import analyze
from hcreport.config import Config
from hcreport.model import Severity, Snapshot
from hcreport.render.capped import told as in_full
from hcreport.render.escape import escape
from hcreport.render.pages import render_pages
from hcreport.render.problems import problems, telling
from hcreport.render.view import View
from tests.pages_case import SNAPSHOTS, assessed, pages

every_snapshot = pytest.mark.parametrize("name", sorted(SNAPSHOTS))


def part(name: str, heading: str) -> str:
    """Return a part of the assessment of a snapshot, from its heading to the next one."""
    page = pages(name)["assessment.md"]
    return page.split(f"\n## {heading}\n", maxsplit=1)[1].split("\n## ", maxsplit=1)[0]


def anchors(page: str) -> list[str]:
    """Return the anchors of the problems on an assessment, in their order."""
    told = page.split("\n## Problems\n")[1].split("\n## Not measured\n", maxsplit=1)[0]
    found = re.findall(r"(?:^### .* |^)\{: #([a-z0-9-]+) \}$", told, flags=re.MULTILINE)
    return [each for each in found if not each.startswith("more-")]


@every_snapshot
def test_every_problem_has_one_layout(name: str) -> None:
    _, assessment = assessed(name)
    if not assessment.findings:
        return
    told = re.split(r"^### .*$", part(name, "Problems"), flags=re.MULTILINE)[1:]
    whole = [each.finding for each in in_full(View(*assessed(name)).problems).in_full]
    assert len(told) == len(whole)
    seen = set()
    for text, finding in zip(told, whole, strict=True):
        order = ["{: .hc-facts }"]
        order += [] if finding.rule in seen else ["**Why it matters.**"]
        order += ["**What to do.**" if len(finding.remedies) == 1 else "**Do one of these.**"]
        order += [f"<summary>Evidence: {len(finding.numbers)} number"] if finding.numbers else []
        places = [text.index(each) for each in order]
        assert places == sorted(places)
        seen.add(finding.rule)


@every_snapshot
def test_a_step_is_told_once_and_the_others_lead_there(name: str) -> None:
    _, assessment = assessed(name)
    told: dict[tuple[str, str], str] = {}
    repeated = 0
    for problem in problems(assessment.findings, ()):
        for remedy in problem.remedies:
            key = remedy.action.what, remedy.action.command
            if key in told:
                assert remedy.told is not None
                assert remedy.told.anchor == told[key]
                repeated += 1
            else:
                assert remedy.told is None
                told[key] = problem.finding.anchor
    text = part(name, "Problems") if assessment.findings else ""
    assert text.count("Same step") <= repeated
    assert text.count('<div class="hc-remedy"') <= len(told) + repeated
    for anchor in re.findall(r"Same steps? as for \[[^\]]*\]\(#([a-z0-9-]+)\)", text):
        assert anchor in told.values()


def test_no_problem_leaves_its_steps_to_one_that_has_a_single_line() -> None:
    first, second = problems(assessed("hypercode")[1].findings, ())[:2]
    assert second.same_as == first.finding
    assert telling(second, set()) is second
    assert [each.told for each in telling(second, {first.finding.anchor}).remedies] == [None] * 3


def test_the_example_repeats_no_step_word_for_word() -> None:
    text = part("hypercode", "Problems")
    assert "Same steps as for" in text
    for line in ("To undo: Put the old amount back", "compose.without-model.yaml up &#45;d"):
        assert text.count(line) == 1
    verified = re.findall(r"^- It worked if: .*$", text, flags=re.MULTILINE)
    assert len(verified) == len(set(verified)) > 5


def test_a_problem_that_repeats_some_of_its_steps_tells_the_others() -> None:
    _, assessment = assessed("hypercode")
    first, second = assessment.findings[:2]
    own = second.remedies[0].model_copy(update={"what": "Do something else"})
    other = second.model_copy(update={"remedies": (*second.remedies[:1], own)})
    found = problems([first, other], ())[1]
    assert [each.told for each in found.remedies] == [first, None]
    assert found.same_as is None
    elsewhere = first.model_copy(update={"remedies": (own,), "anchor": "elsewhere"})
    mixed = problems([first, elsewhere, other], ())[2]
    assert [each.told for each in mixed.remedies] == [first, elsewhere]
    assert mixed.same_as is None
    changed = assessment.model_copy(update={"findings": (first, other)})
    page = render_pages(assessed("hypercode")[0], changed)["assessment.md"]
    assert f"Same step as for [{page.split('### ')[1].split(' {:')[0]}](#{first.anchor})" in page
    assert "**Option 2:** Do something else (takes minutes)." in page


def _with_one_more(snapshot: Snapshot) -> Snapshot:
    """Return the snapshot with one more service, whose limit is above what Docker has."""
    model = snapshot.services_by_name["llama"]
    more = model.model_copy(update={"name": "a-second-llama"})
    return snapshot.model_copy(update={"services": (more, *snapshot.services)})


def test_anchors_stay_when_another_problem_appears() -> None:
    snapshot, assessment = assessed("hypercode")
    before = anchors(pages("hypercode")["assessment.md"])
    larger = _with_one_more(snapshot)
    after = anchors(render_pages(larger, analyze(larger))["assessment.md"])
    assert len(after) > len(before) == len(assessment.findings)
    assert "limit-above-engine-a-second-llama" in after
    assert set(before) <= set(after)


def test_anchors_stay_when_severities_change_and_the_order_with_them() -> None:
    snapshot, assessment = assessed("hypercode")
    turned = {Severity.CRITICAL: Severity.LOW, Severity.LOW: Severity.HIGH}
    findings = sorted(
        (
            each.model_copy(update={"severity": turned.get(each.severity, each.severity)})
            for each in assessment.findings
        ),
        key=lambda each: each.severity.rank,
    )
    changed = assessment.model_copy(update={"findings": tuple(findings)})
    before = anchors(pages("hypercode")["assessment.md"])
    after = anchors(render_pages(snapshot, changed)["assessment.md"])
    assert before != after
    assert sorted(before) == sorted(after)


def test_anchors_stay_when_a_threshold_moves_a_severity() -> None:
    snapshot, assessment = assessed("watched")
    config = Config.model_validate({"rules": {"memory-near-limit": {"high_ratio": 0.5}}})
    again = analyze(snapshot, config)
    assert [each.anchor for each in again.findings if each.rule == "memory-near-limit"] == [
        each.anchor for each in assessment.findings if each.rule == "memory-near-limit"
    ]


@every_snapshot
def test_anchors_are_unique_and_the_same_in_the_next_build(name: str) -> None:
    snapshot, assessment = assessed(name)
    found = anchors(pages(name)["assessment.md"])
    assert sorted(found) == sorted(each.anchor for each in assessment.findings)
    assert len(found) == len(set(found))
    assert anchors(render_pages(snapshot, analyze(snapshot))["assessment.md"]) == found


@every_snapshot
def test_what_was_not_measured_is_all_there(name: str) -> None:
    _, assessment = assessed(name)
    text = part(name, "Not measured")
    rows = [line for line in text.splitlines() if line.startswith("| <span")]
    asked = sum(line.count("](rules/") for line in rows)
    groups = {
        (each.rule, each.reason) for each in assessment.outcomes if each.status == "not measured"
    }
    assert asked == len(groups)
    assert len(rows) <= asked
    about = {each.subject for each in assessment.outcomes if each.status == "not measured"}
    cells = " ".join(line.rsplit(" | ", maxsplit=1)[1] for line in rows)
    assert all(" and " in cells or str(escape(each)) in cells for each in about)
    assert all(line.rsplit("|", maxsplit=2)[1].strip() for line in rows)


@every_snapshot
def test_only_services_with_a_problem_are_listed_and_the_others_are_counted(name: str) -> None:
    snapshot, _ = assessed(name)
    text = part(name, "Services")
    if snapshot.services:
        assert re.search(rf"\[All {len(snapshot.services)} services?\]\(services/index\.md\)", text)
    for line in text.splitlines():
        if line.startswith("| ["):
            assert not line.endswith("| 0 |")
