"""The cited facts by topic: a page for each, so that none grows too heavy to open on a phone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from types import MappingProxyType

from hcreport.facts import Fact, facts
from hcreport.names import slug

_TITLES: Mapping[str, str] = MappingProxyType(
    {
        "compose": "Docker Compose",
        "docker": "Docker Engine",
        "hypercode": "HyperCode, the example",
        "images": "Images",
        "models": "Models of Ollama's library",
        "ollama": "Ollama",
        "platforms": "Docker platforms",
        "sizing": "Memory of containers",
    }
)


@dataclass(frozen=True, kw_only=True)
class SourceTopic:
    """The facts of one file, with the page they stand on."""

    title: str
    path: str
    facts: Mapping[str, Fact]
    """By key, sorted."""


def source_topics() -> tuple[SourceTopic, ...]:
    """Return every topic with its facts, sorted by name. Raises FactError for a malformed fact."""
    return tuple(
        SourceTopic(
            title=_TITLES.get(name, name),
            path=_page(name),
            facts=MappingProxyType(dict(found)),
        )
        for name, found in groupby(facts().items(), lambda entry: _topic(entry[0]))
    )


def fact_anchor(key: str) -> str:
    """Return the anchor of a cited fact on the page of its topic."""
    return f"fact-{slug(key.replace('/', '-'))}"


def fact_link(key: str) -> str:
    """Return where a cited fact stands: its page, relative to the first page, and its anchor."""
    return f"{_page(_topic(key))}#{fact_anchor(key)}"


def _topic(key: str) -> str:
    return key.partition("/")[0]


def _page(topic: str) -> str:
    return f"sources/{slug(topic)}.md"
