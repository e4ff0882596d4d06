"""What an external service instead of the local model would free, and what it would cost."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date

from hcreport.estimate.images import images_by_service, unique_bytes
from hcreport.estimate.memory import memory_number
from hcreport.estimate.models import model_need, model_size
from hcreport.estimate.scenarios import everything
from hcreport.estimate.shortage import saved_without
from hcreport.estimate.without_model import without_model
from hcreport.model import (
    LocalModel,
    LocalOrApi,
    Number,
    Origin,
    OriginKind,
    Price,
    PriceTable,
    Sleeper,
    Snapshot,
)
from hcreport.units import MB, Bytes, total

TOKENS_PRICED = MB
"""Providers name the price of a million tokens."""


def local_or_api(
    snapshot: Snapshot, sleepers: Iterable[Sleeper], prices: PriceTable | None = None
) -> LocalOrApi | None:
    """Return the comparison in the snapshot's own numbers; None where no local model is named."""
    if not snapshot.models:
        return None
    services = _services(snapshot)
    return LocalOrApi(
        models=tuple(each.name for each in snapshot.models),
        services=services,
        memory_needed=_memory_needed(snapshot),
        memory_used=_memory_used(services, sleepers),
        images=_images(services, snapshot),
        model_files=_model_files(snapshot.models),
        files_unknown=tuple(sorted(each.name for each in snapshot.models if each.file is None)),
        prices=prices,
    )


def month_costs(price: Price, table: PriceTable) -> float | None:
    """Return what a month costs, in the table's currency; None where the use is not stated.

    Formula: millions of tokens of each direction times their price.
    """
    sent, back = table.input_tokens_per_month, table.output_tokens_per_month
    if sent is None or back is None:
        return None
    return (sent * price.input_per_million + back * price.output_per_million) / TOKENS_PRICED


def break_even(price: Price, table: PriceTable) -> float | None:
    """Return how many times the stated use costs as much as the local model does in a month.

    None where the use or the local costs are not stated, or where the service costs nothing.
    """
    costs = month_costs(price, table)
    if not costs or table.local_per_month is None:
        return None
    return table.local_per_month / costs


def price_age(table: PriceTable, day: date) -> int:
    """Return the days from the day of the prices to another, below 0 where that was before."""
    return (day - table.as_of).days


def _services(snapshot: Snapshot) -> tuple[str, ...]:
    """Return the services that nobody would need: those of the models, and what only helps them."""
    found = without_model(snapshot)
    serving = {each.service for each in snapshot.models if each.service is not None}
    known = serving & snapshot.services_by_name.keys()
    return tuple(sorted(known | set(found.services if found else ())))


def _memory_needed(snapshot: Snapshot) -> Number | None:
    """Return by how much less Docker needs, which is the effect that the plan states.

    A model whose service does not start is not in what Docker needs: its own need is returned.
    """
    loaded = everything(snapshot).loaded or snapshot.models
    needs = [model_need(each, snapshot) for each in loaded]
    known = [each for each in needs if each is not None]
    if len(known) < len(needs) or not known:
        return None
    origin = known[0].origin
    if len(known) > 1:
        evidence = f"needs of {len(known)} models"
        origin = Origin(kind="estimated", evidence=evidence, fact=origin.fact)
    without = without_model(snapshot)
    if without is None:
        sizes = [model_size(each) or Bytes(0) for each in loaded]
        return memory_number("needed by the local model", total(sizes), origin)
    evidence = f"{origin.evidence}. What starts with it, less what starts without it"
    return memory_number(
        "needed less without the local model",
        saved_without(without.services, snapshot),
        Origin(kind="estimated", evidence=evidence, fact=origin.fact),
    )


def _memory_used(services: Collection[str], sleepers: Iterable[Sleeper]) -> Number | None:
    running = [each for each in sleepers if each.service in services]
    uses = [each.uses for each in running if each.uses is not None]
    if len(uses) < len(running) or not uses:
        return None
    if len(uses) == 1:
        return uses[0]
    origin = uses[0].origin
    evidence = f"{origin.evidence}; sum over {len(uses)} services"
    used = Bytes(round(sum(each.value for each in uses)))
    return memory_number(
        "memory in use", used, origin.model_copy(update={"evidence": evidence, "fact": None})
    )


def _images(services: Collection[str], snapshot: Snapshot) -> Number | None:
    """Return the bytes of images that no other service uses; None where none of them is known.

    Layers that another image of the project has too would stay, so they are not counted.
    """
    by_service = images_by_service(snapshot)
    others = {id(image) for name, image in by_service.items() if name not in services}
    own = [by_service[name] for name in services if name in by_service]
    going = {id(image): image for image in own if id(image) not in others}
    if not going:
        return None
    staying = tuple(each for each in snapshot.images if id(each) not in going)
    size = unique_bytes((*staying, *going.values())) - unique_bytes(staying)
    kinds: set[OriginKind] = {
        snapshot.origin_of(f"images/{each.name}").kind for each in going.values()
    }
    evidence = f"images that no other service uses: {len(going)}, without layers in common"
    if not all(each.layers for each in going.values()):
        evidence = f"{evidence} as far as these are known"
    origin = Origin(kind=kinds.pop() if len(kinds) == 1 else "estimated", evidence=evidence)
    return _disk_number("images", size, origin)


def _model_files(models: Sequence[LocalModel]) -> Number | None:
    known = [each for each in models if each.file is not None]
    if not known:
        return None
    kinds: set[OriginKind] = {
        "cited" if each.shape_from == "catalogue" else "measured" for each in known
    }
    evidence = f"sizes of the models' files: {len(known)} of {len(models)} models"
    origin = Origin(kind=kinds.pop() if len(kinds) == 1 else "estimated", evidence=evidence)
    return _disk_number("model files", total(each.file or Bytes(0) for each in known), origin)


def _disk_number(name: str, size: Bytes, origin: Origin) -> Number:
    return Number(name=name, value=float(size), unit="bytes", family="image", origin=origin)
