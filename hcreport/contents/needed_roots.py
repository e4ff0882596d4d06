"""Which packages of the operating system the files that stay ask for, by name or by content."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from hcreport.contents.evidence import Want, wanted
from hcreport.contents.layer import UNREAD, Kind
from hcreport.contents.needed_python import plain, required_by
from hcreport.contents.needed_start import interpreters, named_in_environment, programs
from hcreport.contents.needed_tools import tools
from hcreport.contents.planning_view import View

_PYTHON = re.compile(rb"(?:^|/)python(\d(?:\.\d+)?)/(?:site|dist)-packages/")
_NODE = b"/node_modules/"
_OF_LANGUAGES = (b"-packages/", b"node_modules/")

_BY_ENDING = {
    b".py": ("python3", "python"),
    b".js": ("node", "nodejs"),
    b".mjs": ("node", "nodejs"),
    b".cjs": ("node", "nodejs"),
    b".jar": ("java",),
    b".war": ("java",),
    b".rb": ("ruby",),
    b".php": ("php",),
    b".pl": ("perl",),
    b".lua": ("lua",),
    b".R": ("Rscript",),
    b".tcl": ("tclsh",),
}
"""Programs that run the files of an application, by the end of their names."""

_PROGRAM_BITS = 0o111
_SMALLEST_PROGRAM = 64
"""In bytes: an ELF file's own header."""


def roots(view: View, files: Collection[bytes], words: Collection[str]) -> set[str]:
    """Return the packages above the base that the start, or a file that stays, asks for.

    ``files`` are those that stay and that no package owns; ``words`` those of the commands that
    start the image.
    """
    named = programs(view, words) | named_in_environment(view)
    for program in _interpreting(files):
        named |= programs(view, [program])
    for path in files:
        head = view.head(path)
        if head.startswith(b"#!"):
            named |= interpreters(view, head)
        elif view.target(path) is not None:
            named |= set(view.chain(path))
    found = {owner for path in named if (owner := view.owner(path))}
    found |= _of_libraries(view, files) | _of_distributions(view, files)
    present = set(view.packages)
    for name in tuple(found):
        found |= present & set(tools().companions_of(name))
    return found & present


def _interpreting(files: Collection[bytes]) -> set[str]:
    """Return the names of the programs that run the files that stay."""
    found: set[str] = set()
    for path in files:
        if match := _PYTHON.search(path):
            found |= {f"python{match[1].decode()}", "python3", "python"}
        elif _NODE in path:
            found |= {"node", "nodejs"}
        elif not any(each in path for each in _OF_LANGUAGES):
            name = path.rpartition(b"/")[2]
            found |= set(_BY_ENDING.get(name[name.rfind(b".") :] if b"." in name else b"", ()))
    return found


def _of_libraries(view: View, files: Collection[bytes]) -> set[str]:
    """Return the packages of the libraries that programs among the files name."""
    needed: set[bytes] = set()
    for path in files:
        needs = view.needs(path)
        if UNREAD in needs or (not needs and _is_unread_program(view, path)):
            needed.add(UNREAD)
        needed |= {need.rpartition(b"/")[2] for need in needs}
    found = {owner for name, owner in _libraries(view) if name in needed}
    if UNREAD in needed:
        found |= {owner for _, owner in _libraries(view) if not _is_tool(view, owner)}
    return found


def _libraries(view: View) -> Iterator[tuple[bytes, str]]:
    """Yield the name of each library of a package above the base, and the package."""
    for package in view.packages.values():
        for path in package.files:
            name = path.rpartition(b"/")[2]
            if b".so" in name:
                yield name, package.name


def _is_tool(view: View, name: str) -> bool:
    package = view.packages[name]
    return tools().certainty(package.name, package.section) is not None


def _is_unread_program(view: View, path: bytes) -> bool:
    """Tell whether a file may be a program or a library of which nothing was read."""
    folder, _, name = path.rpartition(b"/")
    in_folder = folder.endswith((b"bin", b"libexec"))
    place = view.place(path) if in_folder or b".so" in name else None
    if place is None or place[0].kinds[place[1]] != Kind.FILE:
        return False
    layer, position = place
    size = layer.sizes[position]
    if size < _SMALLEST_PROGRAM or wanted(path, size) & Want.NEEDS or layer.texts.get(position):
        return False
    if b".so" in name:
        return True
    head = layer.heads.get(position, b"")
    return bool(layer.modes[position] & _PROGRAM_BITS) and head[:4] in {b"", b"\x7fELF"}


def _of_distributions(view: View, files: Collection[bytes]) -> set[str]:
    """Return the packages that bring Python distributions which others, that stay, require."""
    own = [each for each in view.attribution.python if not each.by_system]
    staying = [each for each in own if any(path in files for path in each.files)]
    system = {plain(each.name): each for each in view.attribution.python if each.by_system}
    asked = required_by(staying, set(system) | {plain(each.name) for each in own})
    owners = set()
    for name in asked & set(system):
        owners |= {owner for path in system[name].files if (owner := view.owner(path))}
    return owners
