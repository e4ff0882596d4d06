"""Says what each file of a build context is, and whether a program needs it at all.

A finding has patterns that would keep the file out, the best first: one with a name that thousands
of projects share, then one for the folder of this project, then one for the file alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from hcreport.collect.context import names
from hcreport.collect.context.bounded import first_bytes
from hcreport.collect.context.copies import Copied
from hcreport.collect.context.walk import ContextFiles
from hcreport.contents.file_kinds import group_of_content
from hcreport.model import Certainty, Group
from hcreport.units import MIB

HISTORY = "history of the source, which the program does not read"
HISTORY_READ = "history of the source; the build asks it for the version, so check first"
ENVIRONMENT = "packages that were installed on this machine; the build installs its own"
ENVIRONMENT_KEPT = "packages that were installed on this machine; the Dockerfile installs none"
CACHE = "a cache, which is made again"
CACHE_KEPT = "a cache; some builds install from it, so check first"
BYTECODE = "bytecode, which Python makes again"
LOGS = "logs, temporary files and files of editors"
COVERAGE = "reports about tests"
MODELS = "models; a volume can hold them"
DATA = "data and archives; a volume can hold them"
TESTS = "files for tests alone"
DOCS = "documentation"
PRIVATE = "may hold passwords or keys, and whoever has the image can read them"

Shape = Literal["name", "ends", "at", "all", "in"]
"""What a pattern matches: a name in any folder, the end of a name in any folder, one path, all in
one folder, or the end of names in one folder."""


class Key(NamedTuple):
    """One pattern, by what it matches."""

    shape: Shape
    text: bytes
    folder: bytes = b""


@dataclass(frozen=True)
class Finding:
    """Why files need not be sent."""

    keys: tuple[Key, ...]
    """The best first."""
    group: Group
    certainty: Certainty
    reason: str
    depth: int
    """How many names of a path it is about: those of a folder, or all."""
    dead: bool = False
    """Nothing in the folder is the project's own work."""


_SITE = re.compile(rb"^(.+)/lib(?:64)?/(?:python|pypy)3[^/]*/site-packages$", re.DOTALL)
_CACHE_SIGNATURE = b"Signature: 8a477f597d28d172789f06886806bc55"
_LARGE = MIB
_HEAD_BYTES = 512
_MOST_READ = 20_000
_LONGEST_END = 12


class Kinds:
    """What the files of one context are; each folder is worked out once.

    ``root`` is the context, of whose large files the first 512 bytes are read.
    """

    def __init__(
        self, root: bytes, files: ContextFiles, copied: Copied, *, history_is_read: bool = False
    ) -> None:
        self._root = root
        self._copied = copied
        self._history_is_read = history_is_read or copied.reads_history
        self._environments = frozenset(_environments(files.paths))
        self._caches = frozenset(_marked_caches(root, files.paths))
        self._folders: dict[bytes, Finding | None] = {b"": None}
        self._findings: dict[Key, Finding] = {}
        self._reads_left = _MOST_READ

    def of(self, path: bytes, size: int) -> tuple[Group, Finding | None]:
        """Return the group of a file, and why it need not be sent; ``size`` in bytes."""
        folder, _, name = path.rpartition(b"/")
        found = self.of_folder(folder)
        if found is not None and found.dead:
            return found.group, found
        if name in names.HISTORY:  # a file of this name leads to the history of a work tree
            found = self._dead_folder(folder, name, path)
            return "version-control", found
        head = self._head(path) if size >= _LARGE else b""
        in_data = found is not None and found.group == "datasets-and-archives"
        group = group_of_content(name, size, head, data=in_data)
        own = self._of_content(folder, name, group, found)
        if own is not None:
            return own.group, own
        if in_data and not name.lower().endswith(names.MEDIA):
            found = None
        if found is not None:
            return found.group, found
        return "application", None

    def of_folder(self, folder: bytes) -> Finding | None:
        """Return what is found of all files in a folder."""
        if folder not in self._folders:
            above, _, name = folder.rpartition(b"/")
            found = self.of_folder(above)
            if found is None or not found.dead:
                found = self._dead_folder(above, name, folder) or found
            elif above.rpartition(b"/")[2] == b".cache":
                found = _in_cache(found, name, folder)
            if found is None or not found.dead:
                found = self._aside(folder, name, found)
            self._folders[folder] = found
        return self._folders[folder]

    def _dead_folder(self, above: bytes, name: bytes, folder: bytes) -> Finding | None:
        if folder in self._environments or name == b"node_modules":
            language = "node" if name == b"node_modules" else "python"
            return self._environment(name, folder, sure=language in self._copied.installs)
        if name in names.HISTORY:
            reason = HISTORY_READ if self._history_is_read else HISTORY
            sure = not self._history_is_read
            return _dead(name, folder, "version-control", reason, sure=sure)
        pair = (above.rpartition(b"/")[2], name)
        if pair in names.CACHES_BELOW:
            sure = pair[0] != b".yarn"
            reason = CACHE if sure else CACHE_KEPT
            return _dead(b"/".join(pair), folder, "package-caches", reason, sure=sure)
        for known, group, reason, sure in _DEAD:
            if name in known:
                return _dead(name, folder, group, reason, sure=sure)
        if folder in self._caches:
            return _dead(name, folder, "package-caches", CACHE, known=False)
        return None

    def _environment(self, name: bytes, folder: bytes, *, sure: bool) -> Finding:
        known = name in names.ENVIRONMENTS or name == b"node_modules"
        reason = ENVIRONMENT if sure else ENVIRONMENT_KEPT
        return _dead(name, folder, "copied-environments", reason, sure=sure, known=known)

    def _aside(self, folder: bytes, name: bytes, outer: Finding | None) -> Finding | None:
        """Return what the name of a folder says that may also hold the project's own work."""
        depth = folder.count(b"/") + 1
        if outer is not None:
            # Where the whole folder cannot be left out, one in it may be.
            keys = (*outer.keys, Key(outer.keys[0].shape, folder))
            return Finding(keys, outer.group, outer.certainty, outer.reason, outer.depth)
        if name in names.TEMPORARY:
            keys = (Key("all", folder),)
            return Finding(keys, "logs-and-temporary-files", "sure", LOGS, depth)
        for known, group, reason in _ASIDE:
            if name in known:
                return Finding((Key("at", folder),), group, "likely", reason, depth)
        return None

    def _of_content(
        self, folder: bytes, name: bytes, group: Group | None, around: Finding | None
    ) -> Finding | None:
        """Return what the name or the first bytes of a file say."""
        for matches, general, its_group, reason, sure in _by_name(name):
            if matches:
                return self._file(folder, name, general, its_group, reason, sure=sure)
        end = _end(name)
        if group == "logs-and-temporary-files":
            return self._file(folder, name, b"", group, LOGS, sure=True)
        if group == "bytecode":
            return self._file(folder, name, end, group, BYTECODE, sure=True)
        if group == "model-weights":
            general = b"" if end in (b".bin", b".pkl", b".model") else end
            return self._file(folder, name, general, group, MODELS)
        if group != "datasets-and-archives":
            return None
        if around is not None and around.group == group:
            keys = (*around.keys, *_file_keys(folder, name, b"", end))
            return Finding(keys, group, "likely", DATA, around.depth)
        general = end if end in names.PLAIN_DATA_ENDS else b""
        return self._file(folder, name, general, group, DATA)

    def _file(
        self,
        folder: bytes,
        name: bytes,
        general: bytes,
        group: Group,
        reason: str,
        *,
        sure: bool = False,
    ) -> Finding:
        path = folder + b"/" + name if folder else name
        certainty: Certainty = "sure" if sure else "likely"
        keys = _file_keys(folder, name, general, _end(name))
        return Finding(keys, group, certainty, reason, path.count(b"/") + 1)

    def _head(self, path: bytes) -> bytes:
        self._reads_left -= 1
        if self._reads_left < 0:
            return b""
        return first_bytes(b"%s/%s" % (self._root, path), _HEAD_BYTES)


_DEAD: tuple[tuple[frozenset[bytes], Group, str, bool], ...] = (
    (names.CACHES, "package-caches", CACHE, True),
    (frozenset({b"__pycache__"}), "bytecode", BYTECODE, True),
    (names.EDITORS, "logs-and-temporary-files", LOGS, True),
    (names.COVERAGE, "logs-and-temporary-files", COVERAGE, True),
    (frozenset({b".ollama"}), "model-weights", MODELS, False),
    (names.SECRET_FOLDERS, "application", PRIVATE, False),
)
"""Names of folders in which nothing is the project's own work, and whether that is sure."""

_ASIDE: tuple[tuple[frozenset[bytes], Group, str], ...] = (
    (names.TESTS, "tests", TESTS),
    (names.DOCS, "documentation", DOCS),
    (names.DATA, "datasets-and-archives", DATA),
)


def _dead(
    name: bytes,
    folder: bytes,
    group: Group,
    reason: str,
    *,
    sure: bool = True,
    known: bool = True,
) -> Finding:
    own = Key("at", folder)
    keys = (Key("name", name), own) if known else (own,)
    certainty: Certainty = "sure" if sure else "likely"
    return Finding(keys, group, certainty, reason, folder.count(b"/") + 1, dead=True)


def _in_cache(cache: Finding, name: bytes, folder: bytes) -> Finding:
    """Return what a folder in ``.cache`` holds; that of a program for models holds models."""
    if name in names.MODEL_CACHES:
        return _dead(b".cache/" + name, folder, "model-weights", MODELS, sure=False)
    return replace(cache, keys=(*cache.keys, Key("at", folder)))


def _file_keys(folder: bytes, name: bytes, general: bytes, end: bytes) -> tuple[Key, ...]:
    path = folder + b"/" + name if folder else name
    keys = [Key("name" if general == name else "ends", general)] if general else []
    if end:
        keys.append(Key("in", end, folder))
    return (*keys, Key("at", path))


def _end(name: bytes) -> bytes:
    """Return the ending of a name with its point, with that before it for ``.tar.gz``."""
    stem, point, last = name.rpartition(b".")
    if not point or not stem or len(last) >= _LONGEST_END:
        return b""
    return b".tar." + last if stem.endswith(b".tar") else b"." + last


def _by_name(name: bytes) -> Iterator[tuple[bool, bytes, Group, str, bool]]:
    """Yield what a name may mean: whether it does, what of it is general, and what that is."""
    yield _is_secret(name), _secret_key(name), "application", PRIVATE, False
    is_coverage = names.COVERAGE_NAMES.match(name) is not None
    yield is_coverage, name, "logs-and-temporary-files", COVERAGE, True
    if name.endswith(names.TEMPORARY_ENDS):
        end = next(each for each in names.TEMPORARY_ENDS if name.endswith(each))
        yield True, end, "logs-and-temporary-files", LOGS, True


def _is_secret(name: bytes) -> bool:
    if name in names.SECRET_NAMES or names.ENV_FILE.match(name):
        return True
    return name.lower().endswith(names.SECRET_ENDS)


def _secret_key(name: bytes) -> bytes:
    """Return what is well known of the name of a secret."""
    if name in names.SECRET_NAMES or name in names.WELL_KNOWN_ENV_FILES:
        return name
    return next((end for end in names.SECRET_ENDS if name.endswith(end)), b"")


def _environments(paths: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the folders that hold an environment of Python."""
    last = b""
    for path in paths:
        folder, _, name = path.rpartition(b"/")
        if name == b"pyvenv.cfg" and folder:
            yield folder
        elif name == b"history" and folder.endswith(b"/conda-meta"):
            yield folder.removesuffix(b"/conda-meta")
        elif folder != last:
            last = folder
            site = _SITE.match(folder)
            if site is not None:
                yield site[1]


def _marked_caches(root: bytes, paths: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the folders that say of themselves that they are caches (bford.info/cachedir)."""
    left = _MOST_READ
    for path in paths:
        if path.endswith(b"/CACHEDIR.TAG") and left:
            left -= 1
            if first_bytes(b"%s/%s" % (root, path), _HEAD_BYTES).startswith(_CACHE_SIGNATURE):
                yield path.removesuffix(b"/CACHEDIR.TAG")
