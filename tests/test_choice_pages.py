"""The pages about sleeping and about an external service: what they say and leave unsaid."""

from __future__ import annotations

import re
from typing import Any

import markdown
import pytest

from hcreport.analyze import analyze
from hcreport.config import Config
from hcreport.estimate.sleep import sleepers
from hcreport.model import PriceTable, SleepGroup, Snapshot
from hcreport.render.local_or_api import money
from hcreport.render.pages import render_pages
from hcreport.snapshot import read_snapshot
from tests.fragments import snapshot_of
from tests.pages_case import SNAPSHOTS, markdown_settings, pages, structure
from tests.test_local_or_api import STACK as MODEL_STACK
from tests.test_local_or_api import table as prices
from tests.test_sleep_groups import AGENTS

HOSTILE = (
    "<script>alert(1)</script>",
    "x | y | z",
    "a\n\n# heading\n---\n",
    "{: #id .c }",
    "![i](j)",
)


def rendered(snapshot: Snapshot, page: str, **config: Any) -> str:
    """Return one page of a snapshot."""
    return render_pages(snapshot, analyze(snapshot, Config(**config)))[page]


def html_of(page: str) -> str:
    """Return a page as HTML."""
    return markdown.markdown(page.split("\n---\n", maxsplit=1)[1], **markdown_settings())


def text_of(page: str) -> str:
    """Return the text that a reader sees, with single spaces."""
    return " ".join(structure(html_of(page)).joined.replace("¶", "").split())


def sleep_page(fragment: str, *services: str, awake: int = 1) -> str:
    """Return the text of the page about sleeping, with one group where services are named."""
    groups = (SleepGroup(name="agents", services=services, awake=awake),) if services else ()
    return text_of(rendered(snapshot_of(fragment), "sleep.md", groups=groups))


def test_pausing_is_said_to_free_nothing_and_to_look_unhealthy() -> None:
    page = pages("watched")["sleep.md"]
    text = text_of(page)
    assert "Pause it nothing at most 0.07 s" in text
    assert "0.15 to 0.6 s for Docker itself" in text
    assert "unhealthy at once" in text
    for key in ("pause-frees-nothing", "start-seconds-high", "stop-frees-no-page-cache"):
        assert f"sources/docker.md#fact-docker-{key}" in page


def test_use_stands_as_on_the_page_of_services() -> None:
    row = re.search(r"^\| \[api\].*$", pages("watched")["sleep.md"], re.MULTILINE)
    other = re.search(r"^\| \[api\].*$", pages("watched")["services/index.md"], re.MULTILINE)
    assert row is not None
    assert other is not None
    in_use = row.group().split("|")[3].strip()
    assert in_use.startswith("427 MiB")
    assert in_use == other.group().split("|")[5].strip()


def test_keep_alive_is_for_ollama_only() -> None:
    assert "Keep-alive" not in text_of(pages("watched")["sleep.md"])
    assert "Keep-alive 0, for Ollama" in text_of(pages("models")["sleep.md"])


def test_a_group_says_its_three_figures_and_how_they_are_made() -> None:
    text = sleep_page(AGENTS, "a", "b", "c", "d")
    assert "The group has 4 services, and 3 of them run now. With 1 awake, 2 would sleep." in text
    assert "At least 300 MiB the 2 that hold least sleep" in text
    assert "On average 400 MiB" in text
    assert "At most 500 MiB" in text
    assert "that sleep add up to 1 GiB. That is what they may use, not what they use." in text
    assert "hold no memory: d" in text
    assert "docker compose -f compose.yaml stop a b" in text
    assert "docker compose -f compose.yaml -f compose.asleep.yaml up -d a" in text


def test_no_number_is_invented_for_a_group_that_was_not_measured() -> None:
    text = sleep_page(re.sub(r"memory: \{usage[^}]*\}", "memory: null", AGENTS), "a", "b", "c")
    section = text.split("agents", 1)[1].split("Put them to sleep")[0]
    assert "Not measured: what is saved. Of a, b, c the use is not known," in section
    assert "At least" not in section
    assert "No use is in this snapshot, so what stopping frees is not known." in text


@pytest.mark.parametrize(
    ("awake", "sentence"),
    [(3, "With 3 awake nothing is saved."), (0, "With 0 awake, 3 would sleep.")],
)
def test_a_group_that_is_all_awake_saves_nothing(awake: int, sentence: str) -> None:
    text = sleep_page(AGENTS, "a", "b", "c", awake=awake)
    assert sentence in text
    assert ("At least" in text) is (awake == 0)


def test_a_group_that_does_not_run_has_nothing_to_put_to_sleep() -> None:
    text = sleep_page(AGENTS, "d", awake=0)
    assert "none of them runs now. So there is nothing to put to sleep." in text
    assert "compose.asleep.yaml" not in text


def test_who_needs_a_member_is_said() -> None:
    needing = AGENTS.replace("{name: c}", "{name: c, depends_on: [{service: a}]}")
    text = sleep_page(needing, "a", "b")
    assert "c needs a, and may fail while it sleeps." in text
    assert "Keep: c needs it" in text


def test_a_project_of_one_service_reads_well() -> None:
    one = """
        services: [{name: web}]
        containers: [{name: web-1, service: web, state: running, memory: {usage: !memory 9MiB}}]
    """
    text = sleep_page(one)
    assert "web Your choice 9 MiB measured at most 9 MiB" in text
    assert "Name services of which you need only some at a time" in text


def test_nothing_runs_in_an_empty_snapshot() -> None:
    assert "No container runs in this snapshot" in text_of(pages("empty")["sleep.md"])


def test_hostile_names_stay_text_in_groups_and_prices() -> None:
    snapshot = read_snapshot(SNAPSHOTS["hostile"])
    names = tuple(each.service for each in sleepers(snapshot))[:4]
    config = {
        "groups": tuple(
            SleepGroup(name=evil, services=(name,), awake=0)
            for evil, name in zip(HOSTILE, names, strict=False)
        ),
        "prices": prices(
            source="https://example.com/<b>)![x](y)",
            rows=[
                {"name": evil, "input_per_million": 1, "output_per_million": 2} for evil in HOSTILE
            ],
        ),
    }
    calm = {
        "groups": tuple(
            SleepGroup(name=f"group {number}", services=(name,), awake=0)
            for number, name in enumerate(names)
        ),
        "prices": prices(
            source="https://example.com/",
            rows=[
                {"name": f"service {number}", "input_per_million": 1, "output_per_million": 2}
                for number in range(len(HOSTILE))
            ],
        ),
    }
    for page in ("sleep.md", "local-or-api.md"):
        found = structure(html_of(rendered(snapshot, page, **config)))
        expected = structure(html_of(rendered(snapshot, page, **calm)))
        assert found.tags[1:] == expected.tags[1:]  # the first is the page's own hash
    text = text_of(rendered(snapshot, "sleep.md", **config))
    assert "<script>alert(1)</script>" in text


def api_page(fragment: str = MODEL_STACK, table: PriceTable | None = None) -> str:
    """Return the text of the page about an external service."""
    return text_of(rendered(snapshot_of(fragment), "local-or-api.md", prices=table))


def test_no_price_is_there_that_nobody_stated() -> None:
    text = api_page()
    assert "not known: hcreport has no prices" in text
    assert not re.search(r"\d\.\d\d\b(?! [GM])", text)
    assert "as_of:" in text
    for words in ("goes to the provider", "gives no answer", "Speed and quality not measured"):
        assert words in text


def test_the_figures_are_those_of_the_snapshot() -> None:
    text = api_page()
    assert "Images that nothing else uses 800 MB measured" in text
    assert "Files of the models 500 MB measured" in text
    assert "Disk 1.3 GB none" in text
    assert "Memory in use now 60 MiB measured" in text


def test_old_prices_say_their_day_and_their_age() -> None:
    # The snapshot is of 6 February 2026.
    text = api_page(table=prices(as_of="2025-08-01"))
    assert "The prices are of 1 August 2025, 189 days before the snapshot." in text
    assert "these prices are old" in text
    text = api_page(table=prices(as_of="2026-02-05"))
    assert "1 day before the snapshot" in text
    assert "these prices are old" not in text
    assert "the day of the snapshot" in api_page(table=prices(as_of="2026-02-06"))
    assert "2 days after the snapshot" in api_page(table=prices(as_of="2026-02-08"))


def test_a_month_is_computed_only_where_the_use_is_stated() -> None:
    text = api_page(table=prices())
    assert "large 2.00 EUR 8.00 EUR" in text
    assert "No month is computed." in text
    assert "Break-even" not in text


def test_break_even_needs_what_the_local_model_costs() -> None:
    use = {"input_tokens_per_month": 1_000_000, "output_tokens_per_month": 500_000}
    text = api_page(table=prices(**use))
    assert "6.00 EUR" in text
    assert "Break-even" not in text
    text = api_page(table=prices(**use, local_per_month=30))
    assert "30.00 EUR a month, as you state" in text
    assert "7,500,000 tokens, 5 times the stated use" in text
    text = api_page(table=prices(**use, local_per_month=0))
    assert "never: the local model costs nothing" in text


def test_a_free_service_has_no_break_even() -> None:
    free = [{"name": "free", "input_per_million": 0, "output_per_million": 0}]
    use = {"input_tokens_per_month": 1, "output_tokens_per_month": 1, "local_per_month": 5}
    assert "never: it costs nothing" in api_page(table=prices(rows=free, **use))


@pytest.mark.parametrize(
    ("amount", "text"),
    [(0, "0.00 EUR"), (0.004, "less than 0.01 EUR"), (1234.5, "1,234.50 EUR")],
)
def test_money_is_printed_with_two_decimals(amount: float, text: str) -> None:
    assert money(amount, "EUR") == text


def test_without_a_model_the_page_says_so() -> None:
    text = api_page("services: [{name: web}]", prices())
    assert "The project names no local model" in text
    assert "EUR" not in text


def test_files_of_unknown_size_are_no_sum() -> None:
    text = api_page(f"{MODEL_STACK}  - {{name: other, service: llm}}\n")
    assert "Files of the models at least 500 MB" in text
    assert "not all of it was measured, see below" in text
