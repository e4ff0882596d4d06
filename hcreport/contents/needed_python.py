"""Which Python distributions nobody needs to run: those for development that nothing kept asks for.

pip does not record which extras somebody asked for. So an extra counts as asked for where all that
it requires is installed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from hcreport.contents.needed_tools import tools
from hcreport.contents.owners import PythonDist

_REQUIREMENT = re.compile(r"^\s*([A-Za-z0-9][\w.\-]*)\s*(?:\[([^\]]*)\])?")
_EXTRA = re.compile(r"extra\s*==\s*[\"']([^\"']+)[\"']|[\"']([^\"']+)[\"']\s*==\s*extra")
_JOINT = re.compile(r"\b(and|or)\b|[()\s]")


@dataclass(frozen=True)
class Requirement:
    """One line of what a distribution requires."""

    name: str
    extras: tuple[str, ...] = ()
    """Those of the required distribution that it asks for."""
    extra: str | None = None
    """The own extra that it belongs to."""
    conditional: bool = False
    """It holds for some systems or versions only."""


def plain(name: str) -> str:
    """Return a distribution's name as an index compares it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def requirement(text: str) -> Requirement | None:
    """Return a line of ``Requires-Dist``; None where it has no name."""
    head, _, marker = text.partition(";")
    match = _REQUIREMENT.match(head)
    if match is None:
        return None
    extras = tuple(plain(each.strip()) for each in (match[2] or "").split(",") if each.strip())
    found = _EXTRA.search(marker)
    rest = _JOINT.sub("", _EXTRA.sub("", marker))
    extra = plain(found[1] or found[2]) if found else None
    return Requirement(plain(match[1]), extras, extra, bool(rest))


def development(
    distributions: Sequence[PythonDist],
    *,
    words: Collection[str] = (),
    keep: Collection[str] = (),
) -> tuple[PythonDist, ...]:
    """Return those distributions that are for development and that nothing kept may need.

    ``words`` are those of the commands that start the image, ``keep`` the names of what stays
    whatever is concluded.
    """
    by_name: dict[str, list[PythonDist]] = {}
    for each in distributions:
        by_name.setdefault(plain(each.name), []).append(each)
    stays = {plain(name) for name in keep}
    candidates = {
        name
        for name, same in by_name.items()
        if name not in stays
        and any(_is_for_development(each) for each in same)
        and not any(_is_run(each, words) for each in same)
    }
    required = _reached(by_name, set(by_name) - candidates)
    return tuple(each for each in distributions if plain(each.name) in candidates - required)


def required_by(distributions: Iterable[PythonDist], all_names: Collection[str]) -> set[str]:
    """Return the names that some of the distributions require, with their extras, and so on."""
    by_name: dict[str, list[PythonDist]] = {}
    for each in distributions:
        by_name.setdefault(plain(each.name), []).append(each)
    found = {
        item.name
        for same in by_name.values()
        for each in same
        for item in _asked(each, set(), set(all_names))
    }
    return found & set(all_names)


def _is_for_development(distribution: PythonDist) -> bool:
    name = plain(distribution.name)
    if tools().python.fullmatch(name):
        return True
    # A part of something that was asked for by name may have another use.
    return bool(tools().python_parts.fullmatch(name)) and distribution.requested is not True


def _is_run(distribution: PythonDist, words: Collection[str]) -> bool:
    name = plain(distribution.name)
    own = {name, name.replace("-", "_"), *distribution.entry_points}
    return any(word.rpartition("/")[2] in own or word.split(".")[0] in own for word in words)


def _reached(by_name: Mapping[str, list[PythonDist]], roots: set[str]) -> set[str]:
    """Return all names that roots need, directly or through others."""
    asked: dict[str, set[str]] = {name: set() for name in roots}
    todo = list(roots)
    while todo:
        name = todo.pop()
        for each in by_name.get(name, ()):
            for item in _asked(each, asked[name], set(by_name)):
                known = asked.get(item.name)
                if known is None or not set(item.extras) <= known:
                    asked[item.name] = (known or set()) | set(item.extras)
                    todo.append(item.name)
    return set(asked)


def _asked(
    distribution: PythonDist, extras: set[str], installed: set[str]
) -> Iterator[Requirement]:
    """Yield what a distribution requires, with its extras that were asked for as far as is seen."""
    own = [item for text in distribution.requires if (item := requirement(text))]
    groups: dict[str, list[Requirement]] = {}
    for item in own:
        if item.extra is None:
            yield item
        else:
            groups.setdefault(item.extra, []).append(item)
    for extra, items in groups.items():
        firm = [item.name for item in items if not item.conditional]
        seen = firm and set(firm) <= installed and extra not in tools().extras
        if extra in extras or seen:
            yield from items
