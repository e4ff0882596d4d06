"""The comparison with an external service: own numbers, the plan's number, and stated prices."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from hcreport.analyze import case_of
from hcreport.estimate.local_or_api import break_even, local_or_api, month_costs, price_age
from hcreport.estimate.sleep import sleepers
from hcreport.model import Action, LocalOrApi, Price, PriceTable, Snapshot
from hcreport.rules.memory_option_model import run_without_model
from hcreport.units import mebibytes
from tests.fragments import snapshot_of

MIB = int(mebibytes(1))

STACK = """
engine: {memory_total: !memory 8GiB}
services:
  - {name: web, image: web}
  - {name: llm, image: "ollama/ollama"}
containers:
  - {name: web-1, service: web, state: running, memory: {usage: !memory 100MiB}}
  - {name: llm-1, service: llm, state: running, memory: {usage: !memory 60MiB}}
images:
  - id: a
    tags: ["web:latest"]
    size: !disk 300MB
    layers:
      - {instruction: FROM, size: !disk 100MB, chain: base}
      - {instruction: RUN, size: !disk 200MB, chain: web}
  - id: b
    tags: ["ollama/ollama:latest"]
    size: !disk 900MB
    layers:
      - {instruction: FROM, size: !disk 100MB, chain: base}
      - {instruction: RUN, size: !disk 800MB, chain: llm}
models:
  - {name: small, service: llm, memory: !memory 1000MiB, file: !disk 500MB}
"""


def compared(snapshot: Snapshot, prices: PriceTable | None = None) -> LocalOrApi:
    """Return the comparison of a snapshot that names a model."""
    found = local_or_api(snapshot, sleepers(snapshot), prices)
    assert found is not None
    return found


def test_without_a_model_there_is_nothing_to_compare() -> None:
    assert local_or_api(snapshot_of("services: [{name: web}]"), ()) is None


def test_what_becomes_free_is_what_the_plan_says() -> None:
    snapshot = snapshot_of(STACK)
    found = compared(snapshot)
    assert (found.models, found.services) == (("small",), ("llm",))
    assert found.memory_needed is not None
    step = run_without_model(case_of(snapshot))
    assert isinstance(step, Action)
    assert found.memory_needed.value == step.effect
    assert found.memory_needed.value >= mebibytes(1000)
    assert found.memory_used is not None
    assert found.memory_used.value == mebibytes(60)


def test_a_second_model_that_starts_only_with_a_profile_changes_nothing() -> None:
    more = STACK.replace("  - {name: llm,", "  - {name: lazy, active: false}\n  - {name: llm,")
    more += "  - {name: huge, service: lazy, memory: !memory 6000MiB}\n"
    snapshot = snapshot_of(more)
    found = compared(snapshot)
    assert found.services == ("lazy", "llm")
    step = run_without_model(case_of(snapshot))
    assert isinstance(step, Action)
    assert found.memory_needed is not None
    assert found.memory_needed.value == step.effect


def test_only_layers_that_nothing_else_has_become_free() -> None:
    found = compared(snapshot_of(STACK))
    assert found.images is not None
    assert found.images.value == 800_000_000
    assert "as far as" not in found.images.origin.evidence


def test_an_image_without_history_counts_whole_and_says_so() -> None:
    whole = STACK.replace(
        "- {instruction: FROM, size: !disk 100MB, chain: base}\n      - {instruction: RUN, size: "
        "!disk 800MB, chain: llm}",
        "[]",
    ).replace("layers:\n      []", "layers: []")
    found = compared(snapshot_of(whole))
    assert found.images is not None
    assert found.images.value == 900_000_000
    assert "as far as these are known" in found.images.origin.evidence


def test_an_image_that_another_service_uses_does_not_become_free() -> None:
    shared = STACK.replace("{name: web, image: web}", '{name: web, image: "ollama/ollama"}')
    assert compared(snapshot_of(shared)).images is None


def test_an_unknown_need_is_not_measured() -> None:
    unknown = STACK.replace(", memory: !memory 1000MiB", "")
    found = compared(snapshot_of(unknown))
    assert found.memory_needed is None
    assert found.model_files is not None


def test_files_are_known_as_far_as_they_are() -> None:
    found = compared(snapshot_of(f"{STACK}  - {{name: other, service: llm}}\n"))
    assert found.model_files is not None
    assert found.model_files.value == 500_000_000
    assert "1 of 2 models" in found.model_files.origin.evidence
    assert found.files_unknown == ("other",)
    # The other one's need is not known either, and it may be the larger one.
    assert found.memory_needed is not None


def test_no_file_is_not_a_file_of_nothing() -> None:
    assert compared(snapshot_of(STACK.replace(", file: !disk 500MB", ""))).model_files is None


def test_a_service_that_was_not_sampled_is_not_measured() -> None:
    unsampled = STACK.replace(", memory: {usage: !memory 60MiB}", "")
    assert compared(snapshot_of(unsampled)).memory_used is None


def test_a_model_that_nobody_serves_needs_what_it_needs() -> None:
    found = compared(snapshot_of("models: [{name: m, memory: !memory 700MiB}]"))
    assert found.services == ()
    assert found.memory_needed is not None
    assert found.memory_needed.value == mebibytes(700)
    assert (found.images, found.memory_used) == (None, None)


def table(**changed: Any) -> PriceTable:
    """Return a table of one price: 2 for a million sent, 8 for a million back."""
    row = Price(name="large", input_per_million=2, output_per_million=8)
    given = {"as_of": date(2026, 1, 1), "currency": "EUR", "source": "a page", "rows": (row,)}
    return PriceTable.model_validate(given | changed)


@pytest.mark.parametrize(
    ("changed", "costs", "factor"),
    [
        ({}, None, None),
        ({"input_tokens_per_month": 1_000_000}, None, None),
        ({"input_tokens_per_month": 1_000_000, "output_tokens_per_month": 500_000}, 6.0, None),
        ({"local_per_month": 30}, None, None),
        (
            {
                "input_tokens_per_month": 1_000_000,
                "output_tokens_per_month": 500_000,
                "local_per_month": 30,
            },
            6.0,
            5.0,
        ),
        (
            {
                "input_tokens_per_month": 0,
                "output_tokens_per_month": 0,
                "local_per_month": 30,
            },
            0.0,
            None,
        ),
    ],
)
def test_money_follows_from_stated_prices_and_stated_use_only(
    changed: dict[str, Any], costs: float | None, factor: float | None
) -> None:
    prices = table(**changed)
    assert month_costs(prices.rows[0], prices) == costs
    assert break_even(prices.rows[0], prices) == factor


def test_the_age_of_prices_counts_from_their_day() -> None:
    assert price_age(table(), date(2026, 1, 31)) == 30
    assert price_age(table(), date(2025, 12, 31)) == -1
