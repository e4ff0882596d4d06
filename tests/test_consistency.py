"""One quantity has one value on all pages, and no number on them was typed by hand.

Five questions are asked of the whole example site, and of the sites of the other snapshots.

1. Does a quantity that stands in several places have one value, and the one of the assessment?
2. Was every size, percentage and count of CPUs written by a function that formats numbers?
3. Is each number that a template, a text in Python or a rule's documentation holds a known one?
4. Does each place of a template print the quantity that its label names?
5. Does each number in a finding's message stand in its evidence?

``test_consistency_changes.py`` changes numbers by hand, and asks whether this file notices.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hcreport.render.json import to_json
from hcreport.render.terminal import terminal_text
from hcreport.rules import load_rules
from tests.consistency import meanings, quantities, typed
from tests.consistency.contradictions import contradictions, denied_claims, without_evidence
from tests.consistency.known import known
from tests.consistency.numbers import numbers_in, shown
from tests.consistency.quantities import readings
from tests.consistency.reading import Row, lines
from tests.consistency.recorded import recorded_pages, said_by_others, unwritten
from tests.consistency.templates import Template, templates
from tests.fragments import snapshot_of
from tests.pages_case import SNAPSHOTS, assessed, checked, pages, proofs
from tests.test_rules import cases_of, outcomes_of

ROOT = Path(__file__).parent.parent
SOURCES = typed.python_sources(ROOT / "hcreport")
TEMPLATES = templates()

# What a hostile name looks like on a page is another test's question; its numbers count here.
NAMED = [name for name in SNAPSHOTS if name != "hostile"]

# Pages that people write, and that may quote the example.
WRITTEN = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "docs/guide").glob("*.md")),
]


@pytest.mark.parametrize("name", SNAPSHOTS)
def test_one_quantity_has_one_value_on_all_pages(name: str) -> None:
    expected = known(*assessed(name)) if name in NAMED else {}
    assert contradictions(readings(pages(name)), expected) == []


def test_the_example_repeats_its_quantities_so_that_they_are_compared() -> None:
    found = list(readings(pages("hypercode")))
    places: dict[str, set[tuple[str, str]]] = {}
    for each in found:
        places.setdefault(each.quantity, set()).add((each.page, each.text))
    repeated = [name for name, where in places.items() if len(where) > 1]
    assert len(repeated) >= 40
    for name in (quantities.ENGINE, quantities.NEED, quantities.LIMITS):
        assert len(places[name]) >= 3, name


def test_every_pattern_of_a_quantity_is_met_on_some_page() -> None:
    """A pattern that nothing matches looks at nothing: a page was rewritten."""
    all_pages = [pages(name) for name in NAMED]
    assert list(quantities.never_met(all_pages)) == []


@pytest.mark.parametrize("name", NAMED)
def test_the_terminal_has_the_numbers_of_the_assessment(name: str) -> None:
    """It is read as a page of one line, because a terminal breaks lines where it likes."""
    text = " ".join(terminal_text(*assessed(name)).split())
    found = list(readings({"terminal.txt": text}))
    assert contradictions(found, known(*assessed(name))) == []
    if name in ("hypercode", "watched"):
        assert {each.quantity for each in found} >= {quantities.ENGINE, quantities.NEED}


@pytest.mark.parametrize("name", NAMED)
def test_the_json_has_the_numbers_of_the_assessment(name: str) -> None:
    """Its sizes are exact, so that they are compared as they are."""
    report, expected = json.loads(to_json(checked(name))), known(*assessed(name))
    memory, first = report["memory"], report["requirements"][0]
    found = {
        quantities.ENGINE: memory["engine_total"],
        quantities.USED: memory["measured"],
        quantities.LIMITS: memory["limits"],
        quantities.NEED: first["docker_memory_at_least"],
        quantities.SETTING: first["docker_memory_setting"],
        "problems of the report": len(report["findings"]),
    }
    for quantity, value in found.items():
        if value is not None and quantity in expected:
            assert value == round(expected[quantity].value), quantity


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.stem)
def test_what_people_write_about_the_example_is_what_the_report_says(path: Path) -> None:
    expected = known(*assessed("hypercode"))
    found = [
        each
        for each in readings({path.name: path.read_text(encoding="utf-8")})
        if each.quantity in expected
    ]
    assert contradictions(found, expected) == []


@pytest.mark.parametrize("name", SNAPSHOTS)
def test_every_size_on_a_page_was_written_by_a_formatting_function(name: str) -> None:
    snapshot = assessed(name)[0]
    made, written = recorded_pages(snapshot, proofs(name))
    allowed = written | said_by_others(snapshot)
    foreign = {
        (page, number, text)
        for page, content in made.items()
        for line in lines(content)
        for text in (line.cells if isinstance(line, Row) else (line.text,))
        for number in unwritten(text, allowed)
    }
    assert foreign == set()


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_holds_no_number_that_is_not_known(name: str) -> None:
    assert typed.typed_in_template(TEMPLATES[name]) == []
    assert typed.typed_in_expressions(TEMPLATES[name]) == []


@pytest.mark.parametrize("name", SOURCES)
def test_a_text_in_python_holds_no_number_that_is_not_known(name: str) -> None:
    assert typed.typed_in_python(name, SOURCES[name]) == []


@pytest.mark.parametrize("rule", load_rules())
def test_a_rule_documents_the_numbers_that_it_has(rule: str) -> None:
    assert typed.typed_in_rule(load_rules()[rule]) == []


def test_the_list_of_typed_numbers_names_files_that_exist() -> None:
    listed = typed.register()
    assert set(listed["templates"]) | set(listed["expressions"]) <= TEMPLATES.keys()
    assert set(listed["python"]) <= SOURCES.keys()
    assert set(listed["rules"]) <= load_rules().keys()


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_place_prints_the_quantity_that_its_label_names(name: str) -> None:
    found = meanings.meanings(TEMPLATES[name])
    assert meanings.differences(name, found) == []


def test_the_list_of_meanings_names_templates_that_exist() -> None:
    assert set(meanings.register()) <= TEMPLATES.keys()


@pytest.mark.parametrize("name", SNAPSHOTS)
def test_a_message_says_what_its_evidence_says(name: str) -> None:
    snapshot, assessment = assessed(name)
    others = [each for each in known(snapshot, assessment).values() if name in NAMED]
    for finding in assessment.findings:
        missing = without_evidence(finding, snapshot)
        unknown = [each for each in missing if not any(map(shown(each).agrees, others))]
        assert unknown == [] or name not in NAMED, finding.message


@pytest.mark.parametrize("rule", load_rules())
def test_every_message_of_a_rule_says_what_its_evidence_says(rule: str) -> None:
    for case in cases_of(rule).get("fires", ()):
        snapshot = snapshot_of(case["snapshot"])
        for outcome in outcomes_of(rule, case):
            if outcome.finding:
                message = outcome.finding.message
                assert list(without_evidence(outcome.finding, snapshot)) == [], message


def test_the_claim_of_a_fact_says_its_value() -> None:
    assert list(denied_claims()) == []


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [
        ("2.0 GiB", "1.95 GiB", True),
        ("2 GiB", "1.95 GiB", False),  # we write three digits: that is 2.00
        ("1.86 GiB", "1,997,159,793 bytes", True),
        ("1.86 GiB", "1.87 GiB", False),
        ("512 MiB", "0.5 GiB", True),
        ("512 MiB", "512 MB", False),
        ("12 %", "0.12 GiB", False),
        ("9", "9", True),
        ("9", "8", False),
        ("-55.1 MiB", "-57,737,219 bytes", True),
        ("90 s", "1.5 min", True),
    ],
)
def test_two_figures_are_one_quantity_where_they_round_to_the_same(
    one: str, other: str, *, agree: bool
) -> None:
    assert shown(one).agrees(shown(other)) is agree
    assert shown(other).agrees(shown(one)) is agree


def test_names_versions_dates_and_addresses_are_no_numbers() -> None:
    text = "llama3.1:8b on 27.3.1 since 2026-02-06 at 13:03 in /data/5, #7 --x=5, 0a1, q8_0"
    assert [each.text for each in numbers_in(text)] == []


def test_a_template_is_taken_apart_as_a_reader_sees_it() -> None:
    source = (
        "{# 12 #}\n{% set most = report.facts['a/b'] %}\n"
        "| Service | Limit |\n| --- | ---: |\n{% for each in rows %}\n"
        '| {{ each.name }} | <b title="{{ each.exact }}">{{ each.limit|gib }}</b> |\n{% endfor %}\n'
        '<rect x="{{ chart.left }}" y="7"></rect>\n'
        "It needs {{ need|gib }} of [memory](page.md#step-{{ number }}).\n"
    )
    found = {each.expression: each.label for each in Template("x.md.j2", source).places}
    assert found == {
        "report.facts['a/b']": "set most",
        "each.name": "Service",
        "each.exact": "Limit",
        "each.limit|gib": "Limit",
        "need|gib": "It needs … of memory",
    }
