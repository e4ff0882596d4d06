"""Says values in words: numbers with their unit, where they come from, dates, severities."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime

from hcreport.model import Confidence, Effort, Number, Origin, Severity
from hcreport.units import gb, gib, percent

NOT_MEASURED = "not measured"

NAMES_SHOWN = 20
"""How many names a list shows before it says how many more there are."""

_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)

_SHAPES = {
    Severity.CRITICAL: "■",
    Severity.HIGH: "▲",
    Severity.MEDIUM: "◆",
    Severity.LOW: "●",
}

_EFFORTS: dict[Effort, str] = {
    "minutes": "takes minutes",
    "an hour": "takes about an hour",
    "a day": "takes about a day",
}

_CONFIDENCES: dict[Confidence, str] = {
    "certain": "certain: it follows from the numbers below",
    "likely": "likely: the numbers fit, other causes are rare",
    "possible": "possible: the numbers fit, other causes may too",
}


def number_text(number: Number) -> str:
    """Return a value with its unit, and with its range where it is an estimate with one."""
    text = _value_text(number, number.value)
    if number.low is None or number.high is None:
        return text
    return f"{text} ({_value_text(number, number.low)} to {_value_text(number, number.high)})"


def _value_text(number: Number, value: float) -> str:
    match number.unit:
        case "bytes":
            return gb(round(value)) if number.family == "image" else gib(round(value))
        case "ratio":
            return percent(value)
        case "seconds":
            return duration(value)
        case "cpus":
            return cpus(value)
        case "count":
            return plain_number(value)


def plain_number(value: float) -> str:
    """Print a number without unit: ``17``, ``1,800``, ``0.37``."""
    return f"{value:,.0f}" if value == int(value) else f"{value:,.3g}"


def exact_bytes(size: float) -> str:
    """Print a size to the byte, for a title or a note: ``1,234,567 bytes``."""
    return f"{round(size):,} bytes"


def cpus(value: float) -> str:
    """Print a number of CPUs: ``0.5 CPUs``, ``1 CPU``."""
    return f"{plain_number(value)} {'CPU' if value == 1 else 'CPUs'}"


def duration(seconds: float) -> str:
    """Print a time in its largest whole unit: ``30 s``, ``5 min``, ``2 h``."""
    for size, name in ((3600, "h"), (60, "min")):
        if seconds >= size and seconds % size == 0:
            return f"{plain_number(seconds / size)} {name}"
    return f"{plain_number(seconds)} s"


def origin_text(origin: Origin) -> str:
    """Return where a number comes from: ``declared, compose.yaml:12``."""
    return f"{origin.kind}, {origin.evidence}" if origin.evidence else origin.kind


def severity_word(severity: Severity) -> str:
    """Return the word of a severity as it starts a line: ``Critical``."""
    return severity.value.capitalize()


def severity_shape(severity: Severity) -> str:
    """Return the shape that stands beside the word, so that neither colour nor ink decides."""
    return _SHAPES[severity]


def effort_text(effort: Effort) -> str:
    """Return an effort as it stands beside a step: ``takes minutes``."""
    return _EFFORTS[effort]


def confidence_text(confidence: Confidence) -> str:
    """Return how sure a finding is, and what that means."""
    return _CONFIDENCES[confidence]


def date_text(moment: datetime) -> str:
    """Return a time in UTC with its month in letters: ``6 February 2026, 13:03 UTC``.

    A time without a zone is taken as UTC. Names of months are ours: the locale must not decide.
    """
    utc = moment.astimezone(UTC) if moment.tzinfo else moment
    return f"{day_text(utc)}, {utc:%H:%M} UTC"


def day_text(day: date) -> str:
    """Return a day with its month in letters: ``6 February 2026``."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def counted(count: int, singular: str, plural: str | None = None) -> str:
    """Return a count with its noun: ``1 problem``, ``3 problems``."""
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"


def listed(names: Iterable[str], *, most: int = NAMES_SHOWN) -> str:
    """Return names with commas: ``core, redis and 3 more``."""
    known = list(names)
    if len(known) > most:
        return f"{', '.join(known[:most])} and {len(known) - most} more"
    return ", ".join(known)


def joined(parts: Sequence[str]) -> str:
    """Return parts as in a sentence: ``a, b and c``."""
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1]))) if parts else ""


def capital(text: str) -> str:
    """Return a text with a capital first letter and the rest as it was."""
    return text[:1].upper() + text[1:]


def heading(text: str) -> str:
    """Return a sentence as a heading: without its full stop."""
    return text.rstrip().removesuffix(".")
