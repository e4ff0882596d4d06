"""In which folders npm's development packages can go: where npm knows them and nothing runs one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from hcreport.contents.layer import Kind
from hcreport.contents.needed_start import programs
from hcreport.contents.owners import NodePackage
from hcreport.contents.planning_view import View

_LOCKS = (b"package-lock.json", b"npm-shrinkwrap.json")
_SEPARATOR = b"node_modules/"


@dataclass(frozen=True)
class Pruned:
    """The development packages of one application."""

    project: bytes
    """Its folder."""
    packages: tuple[NodePackage, ...]
    by_npm: bool
    """``npm prune`` removes them; else their folders have to be deleted."""


def development(
    view: View, *, words: Collection[str] = (), keep: Collection[str] = ()
) -> tuple[Pruned, ...]:
    """Return the development packages above the base that no command runs, by application."""
    projects: dict[bytes, list[NodePackage]] = {}
    for package in view.attribution.node:
        if package.dev and package.folder in view.merged.places and view.is_above(package.folder):
            project = package.folder.partition(_SEPARATOR)[0].rstrip(b"/")
            projects.setdefault(project, []).append(package)
    has_npm = bool(programs(view, ["npm"]))
    found = []
    for project, packages in sorted(projects.items()):
        names = {package.name for package in packages}
        if names & set(keep) or _is_run(view, project, packages, words):
            continue
        by_npm = has_npm and _has_lock(view, project)
        found.append(Pruned(project, tuple(packages), by_npm))
    return tuple(found)


def links_to(view: View, pruned: Pruned) -> Mapping[bytes, bytes]:
    """Return the links in ``node_modules/.bin`` that lead into the packages, with their targets."""
    folder = b"/".join(filter(None, (pruned.project, b"node_modules/.bin/")))
    roots = tuple(package.folder + b"/" for package in pruned.packages)
    found = {}
    for path, kind in view.above():
        if kind == Kind.SYMLINK and path.startswith(folder):
            end = view.chain(path.decode("utf-8", "surrogateescape").encode())[-1:]
            if end and end[0].startswith(roots):
                found[path] = end[0]
    return found


def _has_lock(view: View, project: bytes) -> bool:
    def there(name: bytes) -> bool:
        return b"/".join(filter(None, (project, name))) in view.merged.places

    return there(b"package.json") and any(there(name) for name in _LOCKS)


def _is_run(
    view: View, project: bytes, packages: Collection[NodePackage], words: Collection[str]
) -> bool:
    """Tell whether a word of a command is one of the packages, or a program of one."""
    named = {word.partition("/")[0] if word[:1] != "@" else word for word in words}
    if named & {package.name for package in packages}:
        return True
    links = links_to(view, Pruned(project, tuple(packages), by_npm=False))
    own = {path.rpartition(b"/")[2].decode("utf-8", "replace") for path in links}
    return bool(own & {word.rpartition("/")[2] for word in words})
