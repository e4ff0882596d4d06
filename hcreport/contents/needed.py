"""Which packages of the operating system above the base have to stay for what stays of an image.

What a package that stays depends on stays, and what it recommends too, unless that is for building
only. So a build tool goes only where nothing that stays leads to it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from hcreport.contents.needed_roots import roots
from hcreport.contents.needed_tools import tools
from hcreport.contents.owners import OsPackage
from hcreport.contents.planning_view import View


@dataclass(frozen=True, kw_only=True)
class Needed:
    """The packages above the base, by what becomes of them."""

    kept: frozenset[str]
    dropped: frozenset[str]
    """All others."""
    doubtful: frozenset[str] = frozenset()
    """Dropped ones that might have a use while the image runs, with what follows them."""
    careful: frozenset[str] = frozenset()
    """Kept only because something might load them by name."""
    listed: tuple[str, ...] = ()
    """Kept ones to install by name, sorted: the manager adds the others by itself."""


def needed(
    view: View,
    files: Collection[bytes],
    words: Collection[str],
    *,
    keep: Collection[str] = (),
) -> Needed:
    """Return which packages above the base stay.

    ``files`` are those that stay and that no package owns, ``words`` those of the commands that
    start the image, and ``keep`` the packages that somebody wants to stay.
    """
    packages = view.packages
    graph = _Graph(view)
    start = {name for name in packages if _asked_for(packages[name], keep) or name in view.renewed}
    start |= roots(view, files, words)
    start |= {name for name in packages if tools().always.fullmatch(_short(name))}
    without = graph.closure(start)
    loaded = _perhaps_loaded(view, graph, without)
    kept = graph.closure(without | loaded)
    dropped = set(packages) - kept
    doubtful = {name for name in dropped if _certainty(packages[name]) == "likely"}
    doubtful = (graph.closure(doubtful) - graph.closure(_sure(packages, dropped))) & dropped
    return Needed(
        kept=frozenset(kept),
        dropped=frozenset(dropped),
        doubtful=frozenset(doubtful),
        careful=frozenset(kept - without),
        # A dependency does not make the manager renew what the base has.
        listed=tuple(sorted(graph.listed(kept, start) | (view.renewed & kept))),
    )


def _short(name: str) -> str:
    return name.partition(":")[0]


def _certainty(package: OsPackage) -> str | None:
    return tools().certainty(_short(package.name), package.section)


def _sure(packages: dict[str, OsPackage], dropped: set[str]) -> set[str]:
    return {name for name in dropped if _certainty(packages[name]) == "sure"}


def _asked_for(package: OsPackage, keep: Collection[str]) -> bool:
    """Tell whether a package stays by itself: somebody asked for it, and it is no build tool."""
    if _short(package.name) in keep or package.name in keep or package.essential:
        return True
    return package.manual is not False and _certainty(package) is None


def _perhaps_loaded(view: View, graph: _Graph, kept: set[str]) -> set[str]:
    """Return run-time parts of dropped packages that somebody asked for.

    A program may load ``libmagic.so.1`` by its name, which no file tells. Who installed the
    headers of a library by name may use it in this way.
    """
    found: set[str] = set()
    for name, package in view.packages.items():
        if name in kept or package.manual is False:
            continue
        short = _short(name)
        if package.section == "libdevel" or short.endswith(("-dev", "-devel")):
            found |= {each for each in graph.direct(package) if graph.is_library(each)}
        elif "jdk" in short and any("jre" in each for each in kept):
            found |= {short.replace("jdk", "jre")} & set(view.packages)
    return found - kept


class _Graph:
    """The packages of an image and what they ask for."""

    def __init__(self, view: View) -> None:
        own = view.attribution.os
        self._all = dict(own.packages) if own else {}
        self._above = view.packages
        self._by_name: dict[str, list[str]] = {}
        """Packages by their names, without the architecture, and by what they provide."""
        for name, package in self._all.items():
            for each in {_short(name), *package.provides}:
                self._by_name.setdefault(each, []).append(name)

    def closure(self, start: Iterable[str]) -> set[str]:
        """Return packages above the base with all that they ask for there."""
        found: set[str] = set()
        todo = [name for name in start if name in self._above]
        while todo:
            name = todo.pop()
            if name in found:
                continue
            found.add(name)
            package = self._above[name]
            todo.extend(self.direct(package))
            todo.extend(self._recommended(package))
        return found

    def direct(self, package: OsPackage) -> Iterator[str]:
        """Yield the packages above the base that one depends on, all alternatives of each."""
        for alternatives in package.depends:
            found = self._installed(alternatives)
            plain = [name for name in found if _certainty(self._all[name]) is None]
            # Where something else does, the build tool among the alternatives need not stay.
            yield from (name for name in plain or found if name in self._above)

    def _recommended(self, package: OsPackage) -> Iterator[str]:
        for alternatives in package.recommends:
            for name in self._installed(alternatives):
                if name in self._above and _certainty(self._above[name]) is None:
                    yield name

    def _installed(self, alternatives: Iterable[str]) -> list[str]:
        return [name for each in alternatives for name in self._by_name.get(each, ())]

    def is_library(self, name: str) -> bool:
        """Tell whether a package brings libraries that a running program can load."""
        package = self._all[name]
        if _certainty(package) is not None:
            return False
        area = package.section.rpartition("/")[2]
        return area in {"libs", "oldlibs"} or any(b".so." in path for path in package.files)

    def listed(self, kept: Collection[str], first: Collection[str]) -> set[str]:
        """Return those of the kept packages that have to be named so that all are installed.

        Those in ``first`` are rather named than others. Named are also all that the manager could
        replace by another: it takes the first of the alternatives, and of packages that provide the
        same it may take any.
        """
        implied = {name: set(self._implied(self._above[name])) & set(kept) for name in kept}
        named: set[str] = set()
        reached: set[str] = set()
        wanted_by: dict[str, int] = dict.fromkeys(kept, 0)
        for others in implied.values():
            for each in others:
                wanted_by[each] += 1

        def order(name: str) -> tuple[bool, bool, bool, str]:
            return name not in first, wanted_by[name] > 0, _is_part(name), name

        for name in sorted(kept, key=order):
            if name in reached:
                continue
            named.add(name)
            todo = [name]
            while todo:
                each = todo.pop()
                if each not in reached:
                    reached.add(each)
                    todo.extend(implied[each])
        return named

    def _implied(self, package: OsPackage) -> Iterator[str]:
        """Yield packages that the manager surely installs for one."""
        for alternatives in package.depends:
            name = next(iter(alternatives))
            found = self._by_name.get(name, [])
            if len(found) == 1 and _short(found[0]) == name and found[0] in self._above:
                yield found[0]


def _is_part(name: str) -> bool:
    """Tell whether a package is rather a part of others than what somebody would ask for."""
    return name.startswith("lib") or name.endswith(("-common", "-data", "-minimal", "-base"))
