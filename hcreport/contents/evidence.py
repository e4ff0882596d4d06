"""Says of which files in a layer the content is read while it streams past, and how much of it."""

from __future__ import annotations

from enum import IntFlag

from hcreport.units import KIB, MIB

LARGEST_TEXT = 64 * MIB
"""Bytes; a larger file is no package database."""

LARGE = MIB
"""Bytes; of a file of at least this size the first bytes are kept, whatever its name."""


class Want(IntFlag):
    """What of a file's content is kept."""

    NOTHING = 0
    HEAD = 1
    """The first 512 bytes, for what its first bytes tell."""
    TEXT = 2
    """All of it."""
    NEEDS = 4
    """The libraries it names, where it is an ELF file."""


_NOTHING, _HEAD, _TEXT, _NEEDS = Want.NOTHING, Want.HEAD, Want.TEXT, Want.NEEDS
_HEAD_AND_NEEDS = Want.HEAD | Want.NEEDS

_WHOLE_PATHS = {
    b"var/lib/dpkg/status": LARGEST_TEXT,
    b"var/lib/dpkg/diversions": MIB,
    b"var/lib/apt/extended_states": 16 * MIB,
    b"lib/apk/db/installed": LARGEST_TEXT,
    b"usr/lib/apk/db/installed": LARGEST_TEXT,
    b"etc/apk/world": MIB,
    b"var/lib/rpm/rpmdb.sqlite": LARGEST_TEXT,
    b"usr/lib/sysimage/rpm/rpmdb.sqlite": LARGEST_TEXT,
    b"etc/os-release": 64 * KIB,
    b"usr/lib/os-release": 64 * KIB,
    b"etc/passwd": MIB,
}
"""Files that stand in one place, and the largest of each that is read, in bytes."""

_WHOLE_NAMES = {
    b"RECORD": (b".dist-info/", 16 * MIB),
    b"METADATA": (b".dist-info/", 4 * MIB),
    b"INSTALLER": (b".dist-info/", KIB),
    b"REQUESTED": (b".dist-info/", KIB),
    b"direct_url.json": (b".dist-info/", 64 * KIB),
    b"entry_points.txt": (b"-info/", MIB),
    b"PKG-INFO": (b".egg-info/", 4 * MIB),
    b"SOURCES.txt": (b".egg-info/", 4 * MIB),
    b"installed-files.txt": (b".egg-info/", 16 * MIB),
    b"requires.txt": (b".egg-info/", MIB),
    b"top_level.txt": (b"-info/", 64 * KIB),
    b"pyvenv.cfg": (b"/", 64 * KIB),
    b".package-lock.json": (b"node_modules/", LARGEST_TEXT),
}
"""Files by name: how their folder ends, and the largest that is read, in bytes."""

_FOLDERS_OF_DPKG = (b"var/lib/dpkg/info/", b"var/lib/dpkg/status.d/")
_MANIFEST = b"package.json"
_LARGEST_MANIFEST = MIB

_OF_THE_SYSTEM = frozenset(
    {
        *(b"bin", b"boot", b"dev", b"etc", b"lib", b"lib32", b"lib64", b"libx32"),
        *(b"proc", b"run", b"sbin", b"sys", b"usr", b"var"),
    }
)
"""Folders at the top in which only packages of the operating system put programs."""

_PROGRAMS_ELSEWHERE = (b"usr/local/", b"usr/src/", b"var/task/", b"var/www/", b"var/opt/")
"""Folders below them in which others do."""

_HEADED = (
    *(b".gguf", b".ggml", b".safetensors", b".pt", b".pth", b".ckpt", b".bin", b".onnx"),
    *(b".h5", b".keras", b".tflite", b".pkl", b".joblib", b".npz", b".npy"),
    *(b".parquet", b".arrow", b".feather", b".db", b".sqlite", b".sqlite3", b".duckdb"),
)
"""Ends of names whose content decides what they are, also where they are small."""

_SCRIPTS = (b".py", b".sh", b".js", b".pl", b".cmd", b".ps1")


_LARGEST_SCRIPT = 64 * KIB
"""Bytes; scripts that start a container are short."""


def wanted(path: bytes, size: int) -> Want:
    """Return what is to be kept of a file; ``path`` as in ``LayerFiles``, ``size`` in bytes.

    It is asked for every file of a layer, so it looks at the path only as far as it must.
    """
    cut = path.rfind(b"/") + 1
    name = path[cut:]
    if name in _WHOLE_NAMES:
        end, largest = _WHOLE_NAMES[name]
        if size <= largest and path.endswith(end, 0, cut):
            return _TEXT
    elif path in _WHOLE_PATHS:
        return _TEXT if size <= _WHOLE_PATHS[path] else _NOTHING
    elif path.startswith(b"var/lib/dpkg/"):
        return _TEXT if size <= 16 * MIB and _is_list_of_dpkg(path, name) else _NOTHING
    elif name == _MANIFEST:
        return _of_manifest(path, size)
    elif name.endswith(b".egg-info"):
        return _TEXT if size <= MIB else _NOTHING
    elif (size <= _LARGEST_SCRIPT and _starts_programs(name)) or (
        size <= 16 * MIB and name.endswith(b".json") and path.endswith(b"conda-meta/", 0, cut)
    ):
        return _TEXT
    headed = size >= LARGE or name.endswith(_HEADED) or path.endswith(b"bin/", 0, cut)
    if size >= 64 and _may_be_program(path, name, cut):
        return _HEAD_AND_NEEDS if headed else _NEEDS
    return _HEAD if headed else _NOTHING


def _starts_programs(name: bytes) -> bool:
    """Tell whether a file may be a script that names programs which run in a container."""
    return name.endswith(b".sh") or b"entrypoint" in name or name == b"supervisord.conf"


def _is_list_of_dpkg(path: bytes, name: bytes) -> bool:
    if not path.startswith(_FOLDERS_OF_DPKG):
        return False
    return name.endswith(b".list") or path.startswith(_FOLDERS_OF_DPKG[1])


def _of_manifest(path: bytes, size: int) -> Want:
    """Name and version stand at the beginning; only an application's own is read whole."""
    if b"node_modules/" in path:
        return _HEAD
    return _TEXT if size <= _LARGEST_MANIFEST and path.count(b"/") <= 4 else _NOTHING


def _may_be_program(path: bytes, name: bytes, cut: int) -> bool:
    """Tell whether a file may be an ELF file that no package of the operating system owns."""
    # node20, python3.11 and the like have a dot, and stand in a folder of programs.
    named = name.rfind(b".") > 0 and not name.endswith((b".so", b".node")) and b".so." not in name
    if named and (not path.endswith(b"bin/", 0, cut) or name.endswith(_SCRIPTS)):
        return False
    if name.isupper():  # LICENSE, README
        return False
    if b"/.git/" in path or path.startswith(b".git/"):
        return False
    top = path[: path.find(b"/")] if cut else b""
    if top not in _OF_THE_SYSTEM or path.startswith(_PROGRAMS_ELSEWHERE):
        return True
    return b"-packages/" in path or b"/node_modules/" in path
