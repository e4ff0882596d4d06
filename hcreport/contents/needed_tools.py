"""The catalogue of what is needed to build or to develop, and not to run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import translate
from functools import cache
from importlib import resources
from typing import Any

import yaml

from hcreport.model import Certainty

_FILE = "needed_tools.yaml"

_VERSION = re.compile(r"-?[\d.]+$")


@dataclass(frozen=True)
class Tools:
    """What is known of packages by their names; ask :func:`tools` for it."""

    sure: re.Pattern[str]
    likely: re.Pattern[str]
    never: re.Pattern[str]
    always: re.Pattern[str]
    sections: frozenset[str]
    companions: Mapping[str, tuple[str, ...]]
    """By the pattern of a package's name: the packages that stay with it."""
    python: re.Pattern[str]
    python_parts: re.Pattern[str]
    extras: frozenset[str]
    folders: re.Pattern[str]
    """Folders of tools that no package manager installed; paths without a slash at both ends."""
    known: frozenset[str]
    """Names that stand in the catalogue as they are; a version may follow them."""

    def is_known(self, name: str) -> bool:
        """Tell whether a package is a public one, which may be named wherever it is found."""
        return name in self.known or _VERSION.sub("", name) in self.known

    def certainty(self, name: str, section: str = "") -> Certainty | None:
        """Return how certain it is that a package is for building only; None where it is not."""
        if self.never.fullmatch(name) or self.always.fullmatch(name):
            return None
        if self.sure.fullmatch(name):
            return "sure"
        area = section.rpartition("/")[2]
        return "likely" if self.likely.fullmatch(name) or area in self.sections else None

    def companions_of(self, name: str) -> Iterable[str]:
        """Yield the packages without which a package's programs lack a part of their library."""
        for pattern, names in self.companions.items():
            if re.fullmatch(pattern, name):
                yield from names


@cache
def tools() -> Tools:
    """Return the packaged catalogue."""
    file = resources.files("hcreport").joinpath("contents", _FILE)
    content: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    packages = content["packages"]
    listed = (packages["sure"], packages["likely"], content["always"], content["python"])
    return Tools(
        sure=_pattern(packages["sure"]),
        likely=_pattern(packages["likely"]),
        never=_pattern(packages["never"]),
        always=_pattern(content["always"]),
        sections=frozenset(packages["sections"]),
        companions={translate(key): tuple(names) for key, names in content["companions"].items()},
        python=_pattern(content["python"]),
        python_parts=_pattern(content["python-parts"]),
        extras=frozenset(content["extras"]),
        folders=_pattern(content["folders"]),
        known=frozenset(name for names in listed for name in names if "*" not in name),
    )


def _pattern(names: Iterable[str]) -> re.Pattern[str]:
    """Return what matches any of the shell's patterns."""
    return re.compile("|".join(f"(?:{translate(name)})" for name in names))
