"""Tells which packages of the operating system are there for building alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hcreport.contents.needed_tools import tools
from hcreport.contents.owners import OsPackage


def build_tools(packages: Mapping[str, OsPackage]) -> frozenset[str]:
    """Return the packages that are build tools, and those that only build tools ask for.

    A package that somebody asked for is one only by its own name or section. Recommended packages
    count as asked for, as apt installs them.
    """
    named = {name for name, package in packages.items() if is_build_tool(name, package.section)}
    if not named:
        return frozenset()
    roots = (
        name
        for name, package in packages.items()
        if name not in named and (package.manual is not False or package.essential)
    )
    return frozenset(named | (packages.keys() - _reached(packages, roots, named)))


def is_build_tool(name: str, section: str = "") -> bool:
    """Tell whether a package is for building, by its name and the section of Debian's archive."""
    catalogue = tools()
    short = name.partition(":")[0]
    certainty = catalogue.certainty(short, section)
    return certainty == "sure" or (certainty is not None and section in catalogue.sections)


def _reached(
    packages: Mapping[str, OsPackage], roots: Iterable[str], not_through: set[str]
) -> set[str]:
    """Return the packages that these ask for, and what those ask for, without build tools."""
    providers: dict[str, list[str]] = {}
    for name, package in packages.items():
        for provided in (name.partition(":")[0], *package.provides):
            providers.setdefault(provided, []).append(name)
    reached: set[str] = set()
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name in reached or name in not_through:
            continue
        reached.add(name)
        for alternatives in (*packages[name].depends, *packages[name].recommends):
            for alternative in alternatives:
                waiting += providers.get(alternative, ())
    return reached
