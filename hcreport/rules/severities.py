"""The severity table: what makes a finding critical, high, medium or low, and which rule says so.

It is the only place that says it. The pages about rules and method print it, and a test holds
every finding of every rule to it. A project may move a threshold, never a criterion.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from hcreport.model import Severity


@dataclass(frozen=True, kw_only=True)
class Criterion:
    """One reason for which a finding has its severity."""

    id: str
    """Its anchor on the page of the rules, and its name in :data:`GIVEN`."""
    severity: Severity
    text: str
    """The whole sentence that has to be true, for a reader of the report."""


@dataclass(frozen=True, kw_only=True)
class Given:
    """When a rule gives a severity."""

    criterion: Criterion
    when: str = ""
    """In plain words; empty where every finding has it."""
    threshold: str = ""
    """Name of the rule's threshold that decides; empty where none does."""


CANNOT_WORK = Criterion(
    id="cannot-work",
    severity=Severity.CRITICAL,
    text="What the project declares cannot work on this engine, however little it is used.",
)
FAILS = Criterion(
    id="fails",
    severity=Severity.HIGH,
    text="Something that should run was killed, fails, or does not start.",
)
WILL_FAIL = Criterion(
    id="will-fail",
    severity=Severity.HIGH,
    text="It will fail when it is used as declared, or when it needs a little more.",
)
OVER_BUDGET = Criterion(
    id="over-budget",
    severity=Severity.HIGH,
    text="It exceeds what the project allows itself.",
)
OUT_OF_DATE = Criterion(
    id="out-of-date",
    severity=Severity.HIGH,
    text="What is published may not be true any more, as the project or its age has changed.",
)
LITTLE_ROOM = Criterion(
    id="little-room",
    severity=Severity.MEDIUM,
    text="It works, and there is little room left for more work.",
)
NO_BOUND = Criterion(
    id="no-bound",
    severity=Severity.MEDIUM,
    text="It works, and nothing stops it from taking the memory of others.",
)
NOT_AS_DECLARED = Criterion(
    id="not-as-declared",
    severity=Severity.MEDIUM,
    text="It works in another way than the Compose file says.",
)
COSTS = Criterion(
    id="costs",
    severity=Severity.MEDIUM,
    text="It works, and costs memory, time or disk that a reader will notice.",
)
TIDY = Criterion(
    id="tidy",
    severity=Severity.LOW,
    text="Nothing fails, and it is worth tidying up.",
)
MISLEADS = Criterion(
    id="misleads",
    severity=Severity.LOW,
    text="Nothing fails now, but it may be read as a fault, or hide one.",
)

CRITERIA = (
    CANNOT_WORK,
    FAILS,
    WILL_FAIL,
    OVER_BUDGET,
    OUT_OF_DATE,
    LITTLE_ROOM,
    NO_BOUND,
    NOT_AS_DECLARED,
    COSTS,
    TIDY,
    MISLEADS,
)
"""The whole table, worst first."""


def _always(criterion: Criterion) -> tuple[Given, ...]:
    return (Given(criterion=criterion),)


def _either(*given: tuple[Criterion, str], threshold: str = "") -> tuple[Given, ...]:
    return tuple(
        Given(criterion=criterion, when=when, threshold=threshold) for criterion, when in given
    )


_ON_SIZE = _either(
    (COSTS, "where it is about a large amount"),
    (TIDY, "where it is about a smaller amount"),
    threshold="large_bytes",
)
_ON_USE = _either(
    (WILL_FAIL, "where nearly all of it is in use"),
    (LITTLE_ROOM, "where most of it is in use"),
    threshold="high_ratio",
)

GIVEN: Mapping[str, tuple[Given, ...]] = MappingProxyType(
    {
        "anonymous-volumes": _always(TIDY),
        "budget-all-images": _always(OVER_BUDGET),
        "budget-docker-memory": _always(OVER_BUDGET),
        "budget-largest-image": _always(OVER_BUDGET),
        "budget-p95-of-limit": _always(OVER_BUDGET),
        "build-context-too-large": _ON_SIZE,
        "compose-file-changed": _always(OUT_OF_DATE),
        "container-differs-from-file": _always(MISLEADS),
        "container-oom-killed": _always(FAILS),
        "container-unhealthy": _always(FAILS),
        "cpu-throttled": _always(COSTS),
        "dependency-not-healthy": _always(FAILS),
        "engine-memory-near-full": _ON_USE,
        "engine-memory-short": _always(WILL_FAIL),
        "healthcheck-program-missing": _always(FAILS),
        "healthcheck-times-out": _always(FAILS),
        "image-above-class": _either(
            (COSTS, "where it weighs more than the heaviest kind known"),
            (TIDY, "where it weighs more than a usual application, and less than that"),
            threshold="largest_bytes",
        ),
        "image-can-shrink": _ON_SIZE,
        "image-holds-build-tools": _always(TIDY),
        "image-holds-caches": _always(TIDY),
        "image-holds-copied-context-weight": _ON_SIZE,
        "image-wastes-bytes": _ON_SIZE,
        "killed-not-out-of-memory": _always(MISLEADS),
        "layer-holds-most": _either(
            (COSTS, "where the layer copies the whole build context"), (TIDY, "for other layers")
        ),
        "limit-above-engine": _always(WILL_FAIL),
        "limit-below-working-set": _always(WILL_FAIL),
        "limit-differs-from-file": _always(NOT_AS_DECLARED),
        "limit-lost": _always(NOT_AS_DECLARED),
        "limits-overcommit": _always(LITTLE_ROOM),
        "look-alike-volumes": _always(TIDY),
        "memory-near-limit": _ON_USE,
        "model-context-wastes-memory": _either(
            (COSTS, "where the context takes much memory beside that of the model"),
            (TIDY, "where the context is only longer than the model was made for"),
            threshold="cache_ratio",
        ),
        "model-does-not-fit": _always(CANNOT_WORK),
        "model-fits-only-alone": _always(WILL_FAIL),
        "model-states-unbounded": _always(NO_BOUND),
        "model-store-on-writable-layer": _always(COSTS),
        "models-stay-loaded": _always(LITTLE_ROOM),
        "ollama-refused-model": _always(FAILS),
        "paused-unhealthy": _always(MISLEADS),
        "process-oom-killed": _always(FAILS),
        "prompt-cache-unbounded": _always(NO_BOUND),
        "restart-loop": _always(FAILS),
        "services-without-limit": _either(
            (NO_BOUND, "where one serves a model or uses much of the engine's memory"),
            (TIDY, "where none is known to"),
            threshold="heavy_ratio",
        ),
        "snapshot-too-old": _always(OUT_OF_DATE),
        "start-failed": _always(FAILS),
        "start-period-too-short": _either(
            (FAILS, "while it is unhealthy"), (COSTS, "where it has become healthy since")
        ),
        "stopped-still-unhealthy": _always(MISLEADS),
    }
)
"""Which severities each rule may give, and when: one entry for each rule, worst first."""


def given(rule: str) -> tuple[Given, ...]:
    """Return which severities a rule gives and when; nothing where the table has no such rule."""
    return GIVEN.get(rule, ())


def may_give(rule: str) -> frozenset[Severity]:
    """Return the severities that a rule may give."""
    return frozenset(each.criterion.severity for each in given(rule))
