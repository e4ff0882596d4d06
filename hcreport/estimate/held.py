"""How much of a container's memory the kernel could not take back, at the moment of a sample."""

from __future__ import annotations

from hcreport.facts import fact_bytes, fact_value
from hcreport.model import MemoryUse
from hcreport.units import Bytes


def held(use: MemoryUse) -> Bytes | None:
    """Return the bytes that cannot be reclaimed without the container missing them.

    Formula: usage, less all page cache, plus the part of it that is mapped into processes:
    program text and files that are worked on in memory, such as a language model's weights, which
    would be read again and again. ``mapped_file`` counts mapped shared memory too, which is in
    ``usage`` beside the page cache already, so shared memory is taken off, except that a small
    amount (fact ``sizing/mapped-text``) always counts: programs have text beside shared memory.
    Of an amount that small a share counts (fact ``sizing/text-share``), because a program soon
    needs only a part of its text; of twice that amount and more all, because it holds data.
    Source: own experiments, guide page "How sizes are predicted".

    None where the engine does not report the parts (Podman).
    """
    if use.inactive_file is None or use.active_file is None or use.mapped_file is None:
        return None
    return Bytes(_without_files(use) + needed_files(_mapped(use)))


def warm(use: MemoryUse) -> Bytes | None:
    """Return :func:`held` with all mapped files, or the page cache that was used more than once.

    With this much memory files that are read regularly stay in memory. None like :func:`held`.
    """
    if use.inactive_file is None or use.active_file is None or use.mapped_file is None:
        return None
    kept = max(_mapped(use), min(_cache(use), int(use.active_file)))
    return Bytes(_without_files(use) + kept)


def without_files(use: MemoryUse) -> Bytes | None:
    """Return the bytes in use that are no page cache; None like :func:`held`."""
    return None if use.inactive_file is None or use.active_file is None else _without_files(use)


def mapped_files(use: MemoryUse) -> Bytes | None:
    """Return the bytes of page cache that are mapped into processes; None like :func:`held`."""
    if use.inactive_file is None or use.active_file is None or use.mapped_file is None:
        return None
    return _mapped(use)


def needed_files(mapped: int) -> int:
    """Return how much of some mapped files is needed: a share of a program's text, all data."""
    most_text = int(fact_bytes("sizing/mapped-text"))
    spare = min(mapped, most_text) * (1 - fact_value("sizing/text-share"))
    data = min(1.0, max(0, mapped - most_text) / most_text)
    return mapped - int(spare * (1 - data))


def _without_files(use: MemoryUse) -> Bytes:
    return Bytes(max(int(use.usage) - _cache(use), 0))


def _cache(use: MemoryUse) -> int:
    """Return the bytes on the kernel's lists of file pages, never more than there is in all."""
    return min(int(use.inactive_file or 0) + int(use.active_file or 0), int(use.usage))


def _mapped(use: MemoryUse) -> Bytes:
    cache, mapped = _cache(use), int(use.mapped_file or 0)
    text = min(mapped, cache, int(fact_bytes("sizing/mapped-text")))
    return Bytes(min(cache, max(mapped - int(use.shared or 0), text)))
