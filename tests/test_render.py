"""Templates that cannot forget to escape, the verdict, and values in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from hcreport.errors import BuildError
from hcreport.model import (
    Assessment,
    MemoryBudget,
    Number,
    Origin,
    Requirement,
    RequirementPart,
    Snapshot,
    Unit,
)
from hcreport.render import words
from hcreport.render.headline import headline, main_requirement
from hcreport.render.templating import environment, render_template, templates_folder
from hcreport.units import Bytes, gibibytes
from tests.pages_case import assessed

HOSTILE = "<b>*x*</b>"

ESCAPED = "&#60;b&#62;&#42;x&#42;&#60;&#47;b&#62;"


def _render(folder: Path, text: str) -> str:
    (folder / "x.md.j2").write_text(text, encoding="utf-8")
    environment.cache_clear()
    return render_template([folder], "x.md.j2", {"x": HOSTILE, "several": [HOSTILE, HOSTILE]})


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ x }}", ESCAPED),
        ("{{ x|e }}", ESCAPED),
        ("{{ x|escape }}", ESCAPED),
        ("{% autoescape false %}{{ x }}{% endautoescape %}", ESCAPED),
        ("{% macro m(y) %}<i>{{ y }}</i>{% endmacro %}{{ m(x) }}", f"<i>{ESCAPED}</i>"),
        ("{% set y %}<i>{{ x }}</i>{% endset %}{{ y }}", f"<i>{ESCAPED}</i>"),
        ("{{ several|join('|') }}", f"{ESCAPED}&#124;{ESCAPED}"),
        ("{% set y %}<i>{% endset %}{{ [y, x]|join(', ') }}", f"<i>&#44;&#32;{ESCAPED}"),
        ("{{ x|code }}", f"<code>{ESCAPED}</code>"),
        ("{{ x if 1 else '' }}{{ '<' }}", f"{ESCAPED}&#60;"),
        ("{{ several }}", f"&#91;&#39;{ESCAPED}&#39;&#44; &#39;{ESCAPED}&#39;&#93;"),
        ("{% for y in several %}{{ y[0] }}{% endfor %}", "&#60;&#60;"),
        ("{% call(y) [].append %}{% endcall %}{{ x }}", None),
    ],
)
def test_every_expression_is_escaped(tmp_path: Path, template: str, expected: str | None) -> None:
    if expected is None:
        with pytest.raises(BuildError):
            _render(tmp_path, template)
    else:
        assert _render(tmp_path, template) == expected


@pytest.mark.parametrize(
    "template",
    [
        "{{ x|safe }}",
        "{{ x|urlize }}",
        "{{ x|tojson }}",
        "{{ {'a': x}|xmlattr }}",
        "{{ x|forceescape }}",
        "{{ x ~ 'y' }}",
        "{% set y %}<i>{% endset %}{{ y + x }}",
        "{% set y %}<i>%s{% endset %}{{ y % x }}",
        "{% set y %}<i>{}{% endset %}{{ y.format(x) }}",
        "{% set y %}<i>{% endset %}{{ y.join(several) }}",
        "{% set y %}<i>{}{% endset %}{{ y['format'](x) }}",
        "{{ x.__class__ }}",
        "{{ unknown }}",
        "{{ none }}",
        "{{ true }}",
        "{{ x.nothing }}",
    ],
)
def test_a_template_cannot_forget_to_escape(tmp_path: Path, template: str) -> None:
    with pytest.raises(BuildError, match=r"x\.md\.j2, line 3,"):
        _render(tmp_path, f"one\ntwo\n{template}\n")


@pytest.mark.parametrize(
    ("template", "line"),
    [("{% block a %}", 1), ("\n\n{{ 1 / 0 }}", 3), ("\n{% if %}", 2), ("\n{{ [1][5].y }}", 2)],
)
def test_a_broken_template_is_named_with_its_line(tmp_path: Path, template: str, line: int) -> None:
    with pytest.raises(BuildError, match=rf"x\.md\.j2, line {line},") as caught:
        _render(tmp_path, template)
    assert caught.value.hint


def test_a_missing_template_is_named(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"gone\.md\.j2"):
        _render(tmp_path, '{% extends "gone.md.j2" %}')


def test_all_packaged_templates_compile() -> None:
    made = environment()
    names = [name for name in made.list_templates() if not name.startswith("!base/")]
    assert len(names) >= 13
    for name in names:
        assert made.get_template(name)
    for path in (templates_folder() / "pages").rglob("*.j2"):
        text = path.read_text(encoding="utf-8")
        # A link in raw HTML is neither checked nor rewritten by MkDocs.
        assert "<a " not in text, path


def _snapshot() -> Snapshot:
    return assessed("empty")[0].model_copy(update={"title": "Stack"})


def _memory(size: Bytes) -> Number:
    origin = Origin(kind="measured", evidence="x")
    return Number(name="m", value=float(size), unit="bytes", family="memory", origin=origin)


def _assessment(need: float | None, has: float | None, *, exact: bool) -> Assessment:
    requirements: tuple[Requirement, ...] = ()
    if need is not None:
        size = gibibytes(need)
        parts = (
            RequirementPart(name="a", memory=_memory(size)),
            RequirementPart(name="Docker itself", memory=_memory(Bytes(0))),
        )
        other = Requirement(scenario="other", parts=parts, at_least=size * 2)
        main = Requirement(
            scenario="main",
            parts=parts,
            at_least=size,
            docker_memory=size if exact else None,
        )
        requirements = (main, other)
    total = None if has is None else _memory(gibibytes(has))
    return Assessment(
        outcomes=(),
        findings=(),
        memory=MemoryBudget(engine_total=total),
        requirements=requirements,
    )


@pytest.mark.parametrize(
    ("need", "exact", "has", "answer", "sentence"),
    [
        (8, True, 2, "short", "Stack needs 8 GiB of memory in Docker, but Docker has 2 GiB."),
        (8, False, 2, "short", "Stack needs at least 8 GiB of memory in Docker, but "),
        (1, True, 2, "enough", "and Docker has 2 GiB: that is enough."),
        (2, True, 2, "enough", "that is enough."),
        (1, False, 2, "unknown", "and Docker has 2 GiB; the need is a lower bound."),
        (1, True, None, "unknown", "what Docker has was not measured."),
        (None, False, 2, "unknown", "Docker has 2 GiB of memory; what Stack needs was not"),
        (None, False, None, "unknown", "Neither what Stack needs nor what Docker has"),
    ],
)
def test_the_verdict(
    need: float | None, exact: bool, has: float | None, answer: str, sentence: str
) -> None:
    assessment = _assessment(need, has, exact=exact)
    found = headline(_snapshot(), assessment)
    assert found.answer == answer
    assert sentence in found.sentence
    leading = main_requirement(assessment)
    assert (leading.scenario if leading else None) == (None if need is None else "main")


@pytest.mark.parametrize(
    ("unit", "value", "expected"),
    [
        ("bytes", float(gibibytes(1.5)), "1.5 GiB"),
        ("ratio", 0.215, "21.5 %"),
        ("count", 1800, "1,800"),
        ("seconds", 300, "5 min"),
        ("seconds", 90, "90 s"),
        ("seconds", 7200, "2 h"),
        ("cpus", 1, "1 CPU"),
        ("cpus", 0.5, "0.5 CPUs"),
    ],
)
def test_numbers_in_words(unit: Unit, value: float, expected: str) -> None:
    number = Number(name="x", value=value, unit=unit, origin=Origin(kind="measured", evidence=""))
    assert words.number_text(number) == expected
    ranged = number.model_copy(update={"low": value, "high": value})
    assert words.number_text(ranged) == f"{expected} ({expected} to {expected})"


def test_images_are_decimal() -> None:
    origin = Origin(kind="measured", evidence="")
    number = Number(name="x", value=16.3e9, unit="bytes", family="image", origin=origin)
    assert words.number_text(number) == "16.3 GB"


def test_dates_are_in_utc_and_in_english() -> None:
    moment = datetime(2026, 2, 6, 14, 3, tzinfo=timezone(timedelta(hours=1)))
    assert words.date_text(moment) == "6 February 2026, 13:03 UTC"
    assert words.date_text(moment.astimezone(UTC).replace(tzinfo=None)).endswith("13:03 UTC")


def test_lists_in_words() -> None:
    assert words.joined([]) == ""
    assert words.joined(["a"]) == "a"
    assert words.joined(["a", "b", "c"]) == "a, b and c"
    assert words.listed("abc", most=2) == "a, b and 1 more"
    assert words.counted(1, "pass", "passes") == "1 pass"
    assert words.counted(2_000, "pass", "passes") == "2,000 passes"
