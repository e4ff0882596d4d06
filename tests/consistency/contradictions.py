"""Says where a report contradicts itself, its assessment, or its own evidence."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction

from hcreport.facts import facts
from hcreport.model import Finding, Snapshot
from hcreport.units import GB, GIB, KB, KIB, MB, MIB
from tests.consistency.known import KINDS, exactly, shown_number
from tests.consistency.numbers import Shown, numbers_in
from tests.consistency.quantities import Reading

_UNITS = ("B", "%", "CPU", "CPUs", "times")


def contradictions(found: Iterable[Reading], known: Mapping[str, Shown]) -> list[str]:
    """Return each place that gives a quantity another value than the first one, or the known."""
    first: dict[str, Reading] = {}
    said = []
    for each in found:
        place = f"{each.page}: {each.text!r} says {each.number.text}"
        before = first.setdefault(each.quantity, each)
        if not each.number.agrees(before.number):
            said.append(f"{each.quantity}: {place}, but {before.page} {before.number.text}")
        value = known.get(each.quantity)
        if value is not None and not each.number.agrees(value):
            said.append(f"{each.quantity}: {place}, but the assessment {value.text}")
    return said


def without_evidence(finding: Finding, snapshot: Snapshot) -> Iterator[str]:
    """Yield the numbers of a finding's message that neither its evidence nor the snapshot holds.

    What follows from two numbers of its evidence is evidenced: a sum, a difference, a share.
    """
    own = [shown for shown in map(shown_number, finding.numbers) if shown is not None]
    other = {*_leaves(snapshot.model_dump()), *(each.value for each in facts().values())}
    for number in numbers_in(finding.message):
        if not number.text.endswith(_UNITS):
            continue
        held = (exactly(value, number.kind) for value in other)
        if not any(number.agrees(each) for each in (*own, *_followed(own), *filter(None, held))):
            yield number.text


def _followed(own: list[Shown]) -> Iterator[Shown]:
    for one, two in itertools.permutations(own, 2):
        if one.kind == two.kind:
            for value in (one.value - two.value, one.value + two.value):
                yield Shown("", value, Fraction(0), one.kind)
            if two.value:
                yield Shown("", one.value / two.value, Fraction(0), "share")


def _leaves(tree: object) -> Iterator[float]:
    if isinstance(tree, dict):
        for value in tree.values():
            yield from _leaves(value)
    elif isinstance(tree, list | tuple):
        for value in tree:
            yield from _leaves(value)
    elif isinstance(tree, int | float) and not isinstance(tree, bool):
        yield float(tree)


# Their claims say something else beside the value, or say it in words.
SAID_IN_WORDS = (
    "hypercode/review-ollama-minimum",
    "hypercode/review-total",
    "images/copied-context",
    "sizing/text-share",
    "sizing/without-peak-factor",
)


def denied_claims() -> Iterator[str]:
    """Yield the facts whose claim has numbers of the value's kind, and none of them is the value.

    What is "3 % above" is 1.03 times as much. Publications say GB for GiB, as the facts note.
    """
    for key, fact in facts().items():
        if fact.value is None or fact.unit is None or key in SAID_IN_WORDS:
            continue
        kind = KINDS[fact.unit]
        said = [each for each in numbers_in(fact.claim) if each.kind == kind]
        meant = [fact.value]
        if kind == "share":
            meant += [fact.value - 1, 1 - fact.value]
        if kind == "bytes":
            meant += [fact.value / each for each in (KIB / KB, MIB / MB, GIB / GB)]
        values = [exactly(each, kind) for each in meant]
        if said and not any(one.agrees(each) for one in said for each in values if each):
            yield f"{key} is {fact.value:,}, and says: {fact.claim}"
