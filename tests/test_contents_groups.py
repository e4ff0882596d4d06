"""Every byte of an image belongs to one group, and the group is the right one."""

from __future__ import annotations

import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hcreport.contents.build_tools import build_tools
from hcreport.contents.layer import Kind, LayerFiles
from hcreport.contents.owners import OsPackage
from hcreport.model import Group
from hcreport.units import MIB
from tests.groups_case import COPY, RUN, SYSTEM, attributed, system
from tests.image_files import Content, make_image, make_layer

SITE = "usr/local/lib/python3.12/site-packages"
SAFETENSORS = struct.pack("<Q", 60) + b'{"__metadata__":{}}' + bytes(600)
LARGE = 2 * MIB


def group_in(path: str, content: Content, step: str, folder: str = "/app") -> Group:
    """Return the group of a file that a step put on top of the system."""
    image = make_image(
        (SYSTEM, make_layer(system())), (step, make_layer({path: content})), folder=folder
    )
    return attributed(image).group_of(path.encode())


@pytest.mark.parametrize(
    ("path", "group"),
    [
        ("usr/lib/libc.so.6", "os-packages"),
        ("usr/share/doc/libc6/copyright", "documentation"),
        ("usr/share/man/de/x.1", "documentation"),
        ("usr/bin/gcc", "build-tools"),
        ("usr/lib/libmpc.so.3", "build-tools"),
        ("usr/include/x.h", "build-tools"),
        ("usr/lib/libx.a", "static-libraries"),
        ("usr/lib/libcudnn.so.9", "cuda"),
        ("usr/lib/python3/dist-packages/t.py", "os-packages"),
        ("usr/lib/tool.html", "documentation"),
        ("var/lib/dpkg/status", "os-packages"),
        ("etc/passwd", "os-packages"),
    ],
)
def test_files_of_the_system(path: str, group: Group) -> None:
    found = attributed(make_image((SYSTEM, make_layer(system()))))
    assert found.group_of(path.encode()) == group


@pytest.mark.parametrize(
    ("path", "content", "group"),
    [
        # What package managers leave.
        ("var/lib/apt/lists/deb_Packages", LARGE, "package-caches"),
        ("var/cache/apt/archives/x.deb", LARGE, "package-caches"),
        ("root/.cache/pip/http/a", 9, "package-caches"),
        ("home/me/.npm/_cacache/index/x", 9, "package-caches"),
        ("root/.cache/uv/wheels/x", 9, "package-caches"),
        ("root/go/pkg/mod/x/y.go", 9, "package-caches"),
        ("wheels/x.whl", LARGE, "package-caches"),
        ("root/.cache/huggingface/hub/x.json", 9, "model-weights"),
        ("root/.cache/fontconfig/x", 9, "logs-and-temporary-files"),
        ("root/.cache/puppeteer/chrome/x", 9, "other-packages"),
        ("root/.cache/other/x", 9, "application"),
        ("app/.yarn/cache/react.zip", LARGE, "node-packages"),
        ("root/.yarn/berry/cache/react.zip", LARGE, "package-caches"),
        # Python and Node.
        ("usr/local/lib/python3.12/json/decoder.py", 9, "language-runtimes"),
        ("usr/local/bin/python3.12", 9, "language-runtimes"),
        ("usr/local/lib/libpython3.12.so.1.0", 9, "language-runtimes"),
        ("usr/local/lib/python3.12/test/test_json.py", 9, "tests"),
        ("usr/local/lib/python3.12/json/__pycache__/d.pyc", 9, "bytecode"),
        ("usr/local/lib/python3.12/config/libpython3.12.a", 9, "static-libraries"),
        ("usr/local/include/python3.12/Python.h", 9, "build-tools"),
        (f"{SITE}/redis/client.py", 9, "python-packages"),
        (f"{SITE}/redis/tests/a.csv", LARGE, "tests"),
        (f"{SITE}/numpy/testing/a.py", 9, "python-packages"),
        (f"{SITE}/django/test/client.py", 9, "python-packages"),
        (f"{SITE}/torch/include/c10/x.h", 9, "build-tools"),
        (f"{SITE}/torch/lib/libtorch_cuda.so", 9, "cuda"),
        (f"{SITE}/torch/lib/libtorch_cpu.so", 9, "python-packages"),
        (f"{SITE}/nvidia/cudnn/lib/x", 9, "cuda"),
        (f"{SITE}/nvidia_cudnn_cu12-9.dist-info/RECORD", b"", "cuda"),
        (f"{SITE}/triton/x.py", 9, "cuda"),
        (f"{SITE}/whisper/assets/base.pt", LARGE, "python-packages"),
        ("usr/local/lib/node_modules/npm/index.js", 9, "language-runtimes"),
        ("usr/local/lib/node_modules/pm2/index.js", 9, "node-packages"),
        ("app/node_modules/a/index.js", 9, "node-packages"),
        ("app/node_modules/.cache/babel/x", 9, "package-caches"),
        ("usr/local/bundle/gems/rails/x.rb", 9, "other-packages"),
        ("usr/local/go/src/fmt/print.go", 9, "language-runtimes"),
        ("opt/java/openjdk/lib/modules", LARGE, "language-runtimes"),
        ("usr/local/cuda-12/lib64/x", 9, "cuda"),
        ("usr/local/cargo/bin/cargo", 9, "build-tools"),
        # By what they hold.
        ("app/models/a", b"GGUF" + bytes(LARGE), "model-weights"),
        ("app/m/model.safetensors", SAFETENSORS, "model-weights"),
        ("app/m/old.pt", b"PK\x03\x04" + bytes(99), "model-weights"),
        ("app/m/x.tflite", b"\x1c\0\0\0TFL3" + bytes(99), "model-weights"),
        ("app/m/x.keras", LARGE, "model-weights"),
        ("app/x.onnx", LARGE, "model-weights"),
        ("app/settings.bin", b"abc", "application"),
        ("app/d/rows.parquet", b"PAR1" + bytes(LARGE), "datasets-and-archives"),
        ("app/rows.csv", LARGE, "datasets-and-archives"),
        ("app/rows.csv", 999, "application"),
        ("app/data/rows.csv", 2048, "datasets-and-archives"),
        ("app/data/loader.py", LARGE, "application"),
        ("app/site.tar.gz", LARGE, "datasets-and-archives"),
        ("app/upload", b"\x1f\x8b" + bytes(LARGE), "datasets-and-archives"),
        ("app/shop.jar", b"PK\x03\x04" + bytes(LARGE), "application"),
        ("app/shop.sqlite3", b"SQLite format 3\0" + bytes(LARGE), "datasets-and-archives"),
        # By where they are.
        ("app/.git/objects/pack/a.pack", LARGE, "version-control"),
        ("app/src/__pycache__/a.pyc", 9, "bytecode"),
        ("app/tests/test_shop.py", 9, "tests"),
        ("app/logs/shop.log", 9, "logs-and-temporary-files"),
        ("app/.coverage", 9, "logs-and-temporary-files"),
        ("app/.coveragerc", 9, "application"),
        ("app/.pytest_cache/v", 9, "logs-and-temporary-files"),
        ("tmp/x", 9, "logs-and-temporary-files"),
        ("var/log/dpkg.log", 9, "logs-and-temporary-files"),
        ("app/main.py", 9, "application"),
        ("srv/x/main.go", 9, "application"),
        ("usr/local/bin/start.sh", 9, "application"),
        ("etc/ssl/certs/x.pem", 9, "os-packages"),
        ("usr/share/tool/cache", 9, "os-packages"),
        ("usr/share/other/cache", 9, "unexplained"),
        ("usr/lib/stray.so", 9, "unexplained"),
        ("junk/x", 9, "unexplained"),
    ],
)
def test_a_file_that_a_command_made(path: str, content: Content, group: Group) -> None:
    assert group_in(path, content, RUN) == group


@pytest.mark.parametrize(
    ("path", "group"),
    [
        ("junk/x", "application"),
        ("usr/lib/stray.so", "application"),
        ("etc/nginx/shop.conf", "application"),
        ("app/.git/index", "version-control"),
        ("app/node_modules/a/index.js", "copied-environments"),
    ],
)
@pytest.mark.parametrize(
    "step", [COPY, "/bin/sh -c #(nop) COPY dir:ab in / ", "ADD . / # buildkit"]
)
def test_a_file_that_was_copied(path: str, group: Group, step: str) -> None:
    image = make_image(
        (SYSTEM, make_layer(system())),
        (step, make_layer({path: 9, "app/node_modules": None})),
        folder="/app",
    )
    assert attributed(image).group_of(path.encode()) == group


def test_a_program_that_the_image_starts_is_the_application() -> None:
    layer = make_layer({"server": 9, "other": 9})
    found = attributed(make_image(("", layer), command=("/server",)))
    assert found.group_of(b"server") == "application"
    assert found.group_of(b"other") == "unexplained"


def test_a_system_without_a_database_of_packages() -> None:
    found = attributed(make_image((SYSTEM, make_layer({"bin/busybox": 9, "etc/passwd": b"r"}))))
    assert found.os is None
    assert found.by_group == {"os-packages": 10}


def test_packages_are_counted_with_what_lies_beside_them() -> None:
    info = f"{SITE}/redis-5.dist-info"
    lock = {"packages": {"node_modules/a": {"version": "1", "dev": True}}}
    files: dict[str, Content] = {
        f"{info}/METADATA": b"Name: redis\nVersion: 5\n",
        f"{info}/RECORD": b"redis/client.py,,\n",
        f"{SITE}/redis/client.py": 100,
        f"{SITE}/redis/__pycache__/client.pyc": 50,
        "app/node_modules/.package-lock.json": json.dumps(lock).encode(),
        "app/node_modules/a/x.js": 7,
        "app/node_modules/a/tests/x.js": 5,
    }
    found = attributed(make_image((RUN, make_layer(files)), folder="/app"))
    (redis,) = found.python
    assert (redis.size, redis.files) == (100 + 50 + 23 + 18, (f"{SITE}/redis/client.py".encode(),))
    (node,) = found.node
    assert (node.name, node.size, node.dev) == ("a", 12, True)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("root/.cache/uv/a.so", f"{SITE}/x/a.so"),
        (f"{SITE}/x/a.so", "root/.cache/uv/a.so"),
    ],
)
def test_a_file_that_a_cache_shares_is_no_cache(first: str, second: str) -> None:
    layer = make_layer({first: 900, "root/.cache/uv/b.so": 10})
    layer.links[layer.add(second.encode(), Kind.HARDLINK)] = first.encode()
    found = attributed(make_image((RUN, layer)))
    assert found.by_group == {"python-packages": 900, "package-caches": 10}
    assert found.group_of(first.encode()) == found.group_of(second.encode()) == "python-packages"


def test_evidence_that_a_later_layer_deleted_or_replaced_does_not_count() -> None:
    gone = LayerFiles()
    gone.add(b"var/lib/dpkg/.wh.status", Kind.WHITEOUT)
    assert attributed(make_image((SYSTEM, make_layer(system())), (RUN, gone))).os is None
    replaced = make_layer({"var/lib/dpkg/status": b"Package: libc6\nStatus: a b installed\n"})
    found = attributed(make_image((SYSTEM, make_layer(system())), (RUN, replaced)))
    assert found.os is not None
    assert set(found.os.packages) == {"libc6"}
    assert found.group_of(b"usr/bin/gcc") == "unexplained"


@pytest.mark.parametrize(
    ("manual", "tools"),
    [
        ({}, {"gcc-12", "libmpc3"}),
        ({"libmpc3"}, {"gcc-12"}),
        ({"calc"}, {"gcc-12"}),
    ],
)
def test_what_only_build_tools_ask_for_is_one(manual: set[str], tools: set[str]) -> None:
    asks = {"gcc-12": ("libmpc3",), "libmpc3": (), "calc": ("mpc",)}
    provides = {"libmpc3": ("mpc",)}
    packages = {
        name: OsPackage(
            name=name,
            manual=name in manual or name == "gcc-12",
            depends=tuple((each,) for each in needed),
            provides=provides.get(name, ()),
        )
        for name, needed in asks.items()
        if name != "calc" or "calc" in manual
    }
    assert build_tools(packages) == tools


NAMES = st.sampled_from(
    [
        *("app", "usr", "lib", "share", "bin", "local", "etc", ".git", "venv", "node_modules"),
        *("site-packages", "x.a", "pyvenv.cfg", "__pycache__", "x.dist-info", "METADATA"),
        *("package.json", "RECORD"),
    ]
)


@given(
    st.lists(
        st.dictionaries(
            st.lists(NAMES, min_size=1, max_size=6).map("/".join), st.binary(max_size=40)
        ),
        max_size=3,
    ),
    st.sampled_from([RUN, COPY, SYSTEM]),
)
def test_no_byte_is_lost(layers: list[dict[str, bytes]], step: str) -> None:
    attributed(make_image(*((step, make_layer(files)) for files in layers), folder="/app"))
