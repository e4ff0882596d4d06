"""A number that is changed by hand is noticed, at every place that has one.

Each change is made to a copy, one at a time: an expression of a template is replaced by a typed
number, by another quantity, or is computed with; a number in a template's prose is raised; a
number in a text of Python is typed. Each has to be noticed by a check of test_consistency.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from hcreport.render.pages import render_pages
from tests.consistency import changes, meanings, typed
from tests.consistency.changes import Change
from tests.consistency.contradictions import contradictions
from tests.consistency.known import known
from tests.consistency.marked import MarkedSite, unmarked
from tests.consistency.quantities import readings
from tests.consistency.templates import Template, templates
from tests.pages_case import SNAPSHOTS, assessed, pages

TEMPLATES = templates()
SOURCES = typed.python_sources(Path(__file__).parent.parent / "hcreport")


def unnoticed(made: Iterable[Change]) -> list[str]:
    """Return the changes of templates that no check notices."""
    return [str(each) for each in made if not complaints(Template(each.name, each.source))]


def complaints(template: Template) -> list[str]:
    """Return what the checks of templates say of one."""
    return [
        *typed.typed_in_template(template),
        *typed.typed_in_expressions(template),
        *meanings.differences(template.name, meanings.meanings(template)),
    ]


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_typed_number_is_noticed_at_every_place(name: str) -> None:
    made = list(changes.typed_numbers(TEMPLATES[name]))
    assert unnoticed(made) == []
    # Two checks notice each: the text has a number, and the quantity is gone.
    for each in made:
        assert typed.typed_in_template(Template(name, each.source)), each


@pytest.mark.parametrize("name", TEMPLATES)
def test_another_quantity_is_noticed_at_every_place(name: str) -> None:
    assert unnoticed(changes.other_quantities(TEMPLATES[name])) == []


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_quantity_that_is_computed_with_is_noticed(name: str) -> None:
    assert unnoticed(changes.computed_quantities(TEMPLATES[name])) == []


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_number_in_prose_is_noticed_when_it_changes(name: str) -> None:
    assert unnoticed(changes.changed_literals(TEMPLATES[name])) == []


def test_every_template_that_prints_numbers_was_changed() -> None:
    """The changes are there: otherwise nothing above could fail."""
    made = [each for one in TEMPLATES.values() for each in changes.typed_numbers(one)]
    assert len(made) >= 200
    assert {each.name for each in made} == set(meanings.register())
    literals = [each for one in TEMPLATES.values() for each in changes.changed_literals(one)]
    assert len(literals) >= 10


@pytest.mark.parametrize("name", SOURCES)
def test_a_typed_number_is_noticed_in_every_f_string(name: str) -> None:
    for change in changes.typed_in_f_strings(name, SOURCES[name]):
        assert typed.typed_in_python(name, change.source), str(change)


def test_f_strings_were_changed() -> None:
    made = [
        each
        for name, source in SOURCES.items()
        for each in changes.typed_in_f_strings(name, source)
    ]
    assert len(made) >= 80
    assert len({each.name for each in made}) >= 30


# Changes that leave every text well formed, so that only the values can tell: template, what
# stands there, and what somebody puts in its place.
WRONG_VALUES: Sequence[tuple[str, str, str]] = (
    ("requirements/scenario.md.j2", "scenario.need|gib", "report.headline.need|gib"),
    ("requirements/parts.md.j2", "say.memory(need.at_least)", "say.memory(scenario.setting)"),
    (
        "requirements/parts.md.j2",
        "say.memory(scenario.setting) }}**",
        "say.memory(need.at_least) }}**",
    ),
    ("requirements/disk.md.j2", "say.disk(need.disk.value) }}**", "say.disk(1) }}**"),
    ("requirements/glance.md.j2", "say.memory(each.need)", "say.memory(each.setting)"),
    (
        "requirements.md.j2",
        "say.cell(assessment.memory.limits,",
        "say.cell(assessment.memory.measured,",
    ),
    ("requirements.md.j2", "report.headline.needs", "report.headline.has"),
    ("images.md.j2", "say.cell(each.size, root)", "say.cell(each.target, root)"),
    ("image/image.md.j2", "say.disk(each.size.value)", "say.disk(each.size.value / 2)"),
    ("models/table.md.j2", "say.cell(each.has, root)", "say.cell(each.needs, root)"),
    ("macros.j2", "size|gib }}</span>", "(size * 2)|gib }}</span>"),
    ("macros.j2", "cell(each.limit, root", "cell(each.in_use, root"),
    ("charts/memory.j2", "{{ row.value }}{% endif %} |", "{{ rows[0].value }}{% endif %} |"),
    ("services/service.md.j2", "line.number|number", "report.services|length"),
    ("services/service.md.j2", "service.findings|length", "report.services|length"),
    ("assessment.md.j2", "assessment.findings|length", "report.passed|length"),
    ("index.md.j2", 'report.count("ok")|counted', 'report.count("suppressed")|counted'),
    ("base.md.j2", "report.headline.figures", "'needs 9.99 GiB, Docker has 1.86 GiB'"),
    ("limits.md.j2", "say.memory(each.limit)", "say.memory(each.needs)"),
    ("limits.md.j2", "say.cell(engine, root)", "say.cell(assessment.memory.limits, root)"),
    ("limits.md.j2", "rounded up to 16 MiB", "rounded up to 32 MiB"),
    ("method.md.j2", "1,073,741,824", "1,073,741,842"),
)


@pytest.mark.parametrize(("name", "old", "new"), WRONG_VALUES)
def test_a_wrong_value_is_noticed_by_the_pages_alone(
    name: str, old: str, new: str, tmp_path: Path
) -> None:
    source = TEMPLATES[name].source
    assert source.count(old) >= 1, "the template no longer says that"
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(source.replace(old, new, 1), encoding="utf-8")
    assert any(
        contradictions(
            readings(render_pages(*assessed(snapshot), template_folders=[tmp_path])),
            known(*assessed(snapshot)),
        )
        for snapshot in ("hypercode", "watched")
    )


def test_a_number_that_is_changed_on_one_page_is_noticed_wherever_it_is_repeated() -> None:
    """Each number of the example that is known is changed once, where it stands."""
    expected = known(*assessed("hypercode"))
    found = list(readings(pages("hypercode")))
    for position, each in enumerate(found):
        wrong = changes.raised(each)
        changed = [*found[:position], wrong, *found[position + 1 :]]
        alone = (
            each.quantity not in expected
            and sum(other.quantity == each.quantity for other in found) == 1
        )
        assert alone or contradictions(changed, expected), each


def test_marks_change_nothing_but_blank_lines(tmp_path: Path) -> None:
    site = MarkedSite(tmp_path)
    for name in SNAPSHOTS:
        for page, text in site.pages(name).items():
            assert words(unmarked(text)) == words(pages(name)[page])


def words(page: str) -> list[str]:
    """Return the words of a page without the hash of its text."""
    return [each for each in page.split() if len(each) != 17 or not each.endswith(".")]
