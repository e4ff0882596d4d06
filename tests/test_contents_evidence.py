"""Of each file exactly what tells something is kept."""

from __future__ import annotations

import pytest

from hcreport.contents.evidence import LARGEST_TEXT, Want, wanted
from hcreport.units import MIB

NOTHING, HEAD, TEXT, NEEDS = Want.NOTHING, Want.HEAD, Want.TEXT, Want.NEEDS
SITE = "usr/local/lib/python3.12/site-packages"


@pytest.mark.parametrize(
    ("path", "want"),
    [
        ("var/lib/dpkg/status", TEXT),
        ("var/lib/dpkg/status-old", NOTHING),
        ("var/lib/dpkg/status.d/base", TEXT),
        ("var/lib/dpkg/status.d/base.md5sums", TEXT),
        ("var/lib/dpkg/info/libc6:amd64.list", TEXT),
        ("var/lib/dpkg/info/libc6:amd64.symbols", NOTHING),
        ("var/lib/dpkg/diversions", TEXT),
        ("var/lib/apt/extended_states", TEXT),
        ("lib/apk/db/installed", TEXT),
        ("etc/apk/world", TEXT),
        ("var/lib/rpm/rpmdb.sqlite", TEXT),
        ("usr/lib/sysimage/rpm/rpmdb.sqlite", TEXT),
        ("etc/os-release", TEXT),
        ("backup/etc/os-release", NEEDS),
        ("etc/passwd", TEXT),
        (f"{SITE}/redis-5.0.dist-info/RECORD", TEXT),
        (f"{SITE}/redis-5.0.dist-info/METADATA", TEXT),
        (f"{SITE}/redis-5.0.dist-info/entry_points.txt", TEXT),
        (f"{SITE}/redis-5.0.dist-info/LICENSE", NOTHING),
        (f"{SITE}/old.egg-info/PKG-INFO", TEXT),
        (f"{SITE}/old.egg-info/requires.txt", TEXT),
        ("usr/lib/python3/dist-packages/six-1.16.0.egg-info", TEXT),
        (f"{SITE}/redis/METADATA", NOTHING),
        (f"{SITE}/redis/client.py", NOTHING),
        (f"{SITE}/_x.cpython-312-x86_64-linux-gnu.so", NEEDS),
        (f"{SITE}/x.libs/libz-ab12.so.1.2.11", NEEDS),
        ("usr/lib/python3/dist-packages/apt_pkg.cpython-311-x86_64-linux-gnu.so", NEEDS),
        ("app/.venv/pyvenv.cfg", TEXT),
        ("app/.venv/bin/uvicorn", HEAD | NEEDS),
        ("usr/local/bin/python3.12", HEAD | NEEDS),
        ("usr/local/bin/run.sh", TEXT),
        ("app/start.sh", TEXT),
        ("docker-entrypoint", TEXT),
        ("etc/supervisor/supervisord.conf", TEXT),
        ("usr/bin/ls", HEAD),
        ("usr/lib/x86_64-linux-gnu/libz.so.1", NOTHING),
        ("app/server", NEEDS),
        ("server", NEEDS),
        ("app/README", NOTHING),
        ("app/main.py", NOTHING),
        ("app/.git/objects/ab/cdef", NOTHING),
        (".git/index", NOTHING),
        ("app/node_modules/.package-lock.json", TEXT),
        ("app/node_modules/left-pad/package.json", HEAD),
        ("app/node_modules/sharp/build/sharp.node", NEEDS),
        ("app/package.json", TEXT),
        ("opt/conda/conda-meta/zlib-1.json", TEXT),
        ("app/models/tiny.gguf", HEAD),
        ("app/data/rows.parquet", HEAD),
    ],
)
def test_a_small_file(path: str, want: Want) -> None:
    assert wanted(path.encode(), 900) == want


@pytest.mark.parametrize(
    ("path", "size", "want"),
    [
        ("var/lib/dpkg/status", LARGEST_TEXT + 1, NOTHING),
        ("usr/share/big.dat", MIB, HEAD),
        ("usr/share/big.dat", MIB - 1, NOTHING),
        ("blobs/sha256-ab", MIB, HEAD | NEEDS),
        ("app/server", 63, NOTHING),
        ("app/.git/objects/pack/pack-1.pack", MIB, HEAD),
    ],
)
def test_the_size_decides(path: str, size: int, want: Want) -> None:
    assert wanted(path.encode(), size) == want
