"""The page that compares the local model with an external service: in words, and with prices."""

from __future__ import annotations

from dataclasses import dataclass

from hcreport.estimate.images import images_by_service
from hcreport.estimate.local_or_api import break_even, month_costs, price_age
from hcreport.estimate.missing import why_missing
from hcreport.estimate.without_model import without_model
from hcreport.model import (
    Assessment,
    LocalOrApi,
    Price,
    PriceTable,
    ServiceAddress,
    Snapshot,
)
from hcreport.render.service_lines import why_not_in_use
from hcreport.render.words import capital, counted, day_text, plain_number
from hcreport.units import Bytes

_EXAMPLE = """\
prices:
  as_of:                    # the day on which you read them: 2026-11-27
  currency:                 # three letters, such as EUR
  source:                   # where you read them
  rows:
    - name:                 # the provider's model
      input_per_million:    # price of a million tokens that are sent
      output_per_million:   # price of a million tokens that come back
  input_tokens_per_month:   # what you use, for the price of a month
  output_tokens_per_month:
  local_per_month:          # what the local model costs you, for a break-even"""

OLD_DAYS = 180
"""Prices older than this are called old. Our own choice."""


@dataclass(frozen=True, kw_only=True)
class PriceRow:
    """What one service asks for, in words with the currency."""

    name: str
    input: str
    """For a million tokens that are sent."""
    output: str
    month: str
    """What a month costs; empty where the use is not stated."""
    break_even: str
    """How much use costs as much as the local model; empty where that is not stated."""


@dataclass(frozen=True, kw_only=True)
class ApiView:
    """All that the page shows."""

    choice: LocalOrApi
    disk: Bytes | None
    """Images and model files together, in bytes; None where one of them is not measured."""
    age: str
    """How old the prices are, as a sentence; empty without prices."""
    old: bool
    linked: bool
    """The source of the prices is a web address."""
    rows: tuple[PriceRow, ...]
    use: str
    """The stated use of a month in words; empty where it is not stated."""
    local: str
    """What the local model costs in a month, in words; empty where it is not stated."""
    addresses: tuple[tuple[str, ServiceAddress], ...]
    """Services that stay, and the variable that names the address of the model's service."""
    obstacle: str
    """Why no Compose file can leave the model out; empty where one can or nothing starts it."""
    offered: bool
    """The Compose file that leaves the model out is offered."""
    why_not_used: str
    """Why the memory in use is not known, as a sentence."""
    why_no_images: str

    @property
    def example(self) -> str:
        """Return the keys of a price table, without any price."""
        return _EXAMPLE


def api_view(snapshot: Snapshot, assessment: Assessment) -> ApiView | None:
    """Return what the page shows; None where the project names no local model."""
    choice = assessment.local_or_api
    if choice is None:
        return None
    prices = choice.prices
    without = without_model(snapshot)
    age = price_age(prices, snapshot.taken_at.date()) if prices else 0
    return ApiView(
        choice=choice,
        disk=_disk(choice),
        age=_age_text(prices, age) if prices else "",
        old=age > OLD_DAYS,
        linked=prices is not None and prices.source.startswith(("http://", "https://")),
        rows=_price_rows(prices) if prices else (),
        use=_use_text(prices) if prices else "",
        local=_local_text(prices) if prices else "",
        addresses=without.addresses if without else (),
        obstacle=without.obstacle if without else "",
        offered=without is not None and not without.obstacle,
        why_not_used=capital(_why_not_used(choice, snapshot)),
        why_no_images=capital(_why_no_images(choice, snapshot)),
    )


def _why_not_used(choice: LocalOrApi, snapshot: Snapshot) -> str:
    if not choice.services:
        return "it is not known which service serves the model"
    containers = tuple(each for each in snapshot.containers if each.service in choice.services)
    return why_not_in_use(containers, snapshot)


def _why_no_images(choice: LocalOrApi, snapshot: Snapshot) -> str:
    if not choice.services:
        return "it is not known which service serves the model"
    if any(each in choice.services for each in images_by_service(snapshot)):
        return "another service uses the same image, so nothing becomes free"
    return why_missing("images", snapshot) if not snapshot.images else "its image is not known"


def money(amount: float, currency: str) -> str:
    """Print an amount with two decimals: ``12.50 EUR``; a smaller one is said to be smaller."""
    if 0 < amount < 0.01:
        return f"less than 0.01 {currency}"
    return f"{amount:,.2f} {currency}"


def _disk(choice: LocalOrApi) -> Bytes | None:
    if choice.images is None or choice.model_files is None or choice.files_unknown:
        return None
    return Bytes(round(choice.images.value + choice.model_files.value))


def _age_text(prices: PriceTable, age: int) -> str:
    day = day_text(prices.as_of)
    if age == 0:
        return f"The prices are of {day}, the day of the snapshot."
    before = "before" if age > 0 else "after"
    return f"The prices are of {day}, {counted(abs(age), 'day')} {before} the snapshot."


def _price_rows(prices: PriceTable) -> tuple[PriceRow, ...]:
    return tuple(
        PriceRow(
            name=each.name,
            input=_price(each.input_per_million, prices.currency),
            output=_price(each.output_per_million, prices.currency),
            month=""
            if (costs := month_costs(each, prices)) is None
            else money(costs, prices.currency),
            break_even=_break_even_text(each, prices),
        )
        for each in prices.rows
    )


def _price(amount: float, currency: str) -> str:
    """Print a price as it was stated, with two decimals at least: ``0.075 EUR``."""
    text = f"{amount:,.6f}".rstrip("0")
    whole, _, decimals = text.partition(".")
    return f"{whole}.{decimals:0<2} {currency}"


def _break_even_text(price: Price, prices: PriceTable) -> str:
    factor = break_even(price, prices)
    if factor is None:
        return "never: it costs nothing" if month_costs(price, prices) == 0 else ""
    if not factor:
        return "never: the local model costs nothing"
    sent, back = prices.input_tokens_per_month or 0, prices.output_tokens_per_month or 0
    tokens = round((sent + back) * factor)
    return f"{_rounded(tokens)} tokens, {plain_number(factor)} times the stated use"


def _rounded(count: int) -> str:
    """Print a count with three digits that say something: ``1,230,000``."""
    digits = max(0, len(str(count)) - 3)
    return f"{round(count, -digits):,}"


def _use_text(prices: PriceTable) -> str:
    sent, back = prices.input_tokens_per_month, prices.output_tokens_per_month
    if sent is None or back is None:
        return ""
    return f"{sent:,} tokens that are sent and {back:,} that come back"


def _local_text(prices: PriceTable) -> str:
    if prices.local_per_month is None:
        return ""
    return money(prices.local_per_month, prices.currency)
