"""Nothing goes that something kept may need: packages of Debian, of Python and of Node."""

from __future__ import annotations

import json

import pytest

from hcreport.contents import needed_node, needed_python
from hcreport.contents.layer import UNREAD
from hcreport.contents.needed_python import Requirement, requirement
from hcreport.contents.needed_start import start_words
from hcreport.contents.needed_tools import tools
from hcreport.contents.owners import PythonDist
from tests.planned_images import (
    BASE,
    Layer,
    Made,
    Package,
    debian,
    distribution,
    installing,
)

GCC = Package("gcc", {"usr/bin/gcc": 900}, depends="cpp, binutils", section="devel")
CPP = Package("cpp", {"usr/bin/cpp": 80}, section="interpreters", auto=True)
BINUTILS = Package("binutils", {"usr/bin/ld": 70}, depends="libctf0", section="devel", auto=True)
LIBCTF = Package("libctf0", {"usr/lib/libctf.so.0": 60}, section="libdevel", auto=True)
LIBPQ = Package("libpq5", {"usr/lib/libpq.so.5": 50}, depends="libldap", section="libs", auto=True)
LIBLDAP = Package("libldap", {"usr/lib/libldap.so.2": 40}, section="libs", auto=True)
LIBPQ_DEV = Package(
    "libpq-dev", {"usr/include/pq.h": 30}, depends="libpq5, libssl-dev", section="libdevel"
)
LIBSSL_DEV = Package("libssl-dev", {"usr/include/ssl.h": 20}, section="libdevel", auto=True)
CURL = Package("curl", {"usr/bin/curl": 90}, section="web")
PYTHON = Package(
    "python3",
    {"usr/bin/python3.11": 500, "usr/lib/python3.11/os.py": 5},
    section="python",
    auto=True,
)
PIP = Package("python3-pip", {"usr/bin/pip3": 30}, "python3, python3-wheel", section="python")
WHEEL = Package("python3-wheel", {"usr/lib/python3/wheel.py": 9}, section="python", auto=True)
NODE = Package("nodejs", {"usr/bin/node": 700}, section="javascript", auto=True)
VIM = Package("vim", {"usr/bin/vim": 45}, depends="libsodium", section="editors")
SODIUM = Package("libsodium", {"usr/lib/libsodium.so.23": 8}, section="libs", auto=True)


def kept(made: Made) -> list[str]:
    """Return the packages that stay, sorted."""
    return sorted(made.needed().kept)


def test_a_build_tool_goes_with_all_that_only_it_asks_for() -> None:
    found = debian(GCC, CPP, BINUTILS, LIBCTF, CURL).needed()
    assert found.kept == {"curl"}
    assert found.dropped == {"gcc", "cpp", "binutils", "libctf0"}
    assert found.doubtful == frozenset()


def test_a_build_tool_that_something_kept_depends_on_stays_with_its_own() -> None:
    numba = Package("python3-numba", {"usr/lib/numba.py": 1}, depends="gcc | tcc")
    assert kept(debian(GCC, CPP, BINUTILS, LIBCTF, numba)) == [
        *("binutils", "cpp", "gcc", "libctf0", "python3-numba")
    ]


@pytest.mark.parametrize(
    ("recommended", "stays"), [("libldap", True), ("libssl-dev", False), ("none | libldap", True)]
)
def test_what_is_recommended_stays_unless_it_is_for_building(recommended: str, stays: bool) -> None:
    app = Package("app", {"usr/bin/app": 1}, recommends=recommended)
    found = debian(app, LIBLDAP, LIBSSL_DEV).needed()
    assert (len(found.kept) > 1) is stays


def test_an_editor_goes_with_a_doubt_and_what_follows_it_too() -> None:
    found = debian(VIM, SODIUM, GCC, CPP, BINUTILS, LIBCTF).needed()
    assert found.kept == frozenset()
    assert found.doubtful == {"vim", "libsodium"}


def test_a_named_package_stays_whatever_it_is() -> None:
    made = debian(VIM, SODIUM, GCC, CPP, BINUTILS, LIBCTF)
    assert made.needed(keep=["vim"]).kept == {"vim", "libsodium"}


def test_without_a_record_of_who_asked_everything_but_tools_stays() -> None:
    made = debian(LIBLDAP, SODIUM, GCC, CPP, BINUTILS)
    del made.above[0].files["var/lib/apt/extended_states"]
    assert kept(made) == ["libldap", "libsodium"]


def test_the_run_time_part_of_headers_that_somebody_asked_for_stays() -> None:
    """A program may load it by its name, which no file tells."""
    found = debian(LIBPQ_DEV, LIBPQ, LIBLDAP, LIBSSL_DEV).needed()
    assert found.kept == {"libpq5", "libldap"}
    assert found.careful == {"libpq5", "libldap"}


@pytest.mark.parametrize(
    ("needs", "expected"),
    [
        ((b"libpq.so.5", b"libc.so.6"), ["libldap", "libpq5"]),
        ((b"libsodium.so.23",), ["libsodium"]),
        ((b"libunknown.so.1",), []),
        # Of a program that could not be read every library may be one of its own.
        ((UNREAD,), ["libldap", "libpq5", "libsodium"]),
    ],
)
def test_the_libraries_of_a_copied_program_stay(
    needs: tuple[bytes, ...], expected: list[str]
) -> None:
    copied = Layer("COPY server /srv", {"srv/server": 900}, needs={"srv/server": needs})
    packages = (GCC, CPP, BINUTILS, LIBCTF, LIBPQ, LIBLDAP, SODIUM)
    assert kept(Made((installing(packages, BASE), copied))) == expected


def test_a_library_that_is_a_link_leads_to_its_package() -> None:
    blas = Package("libblas3", {"usr/lib/blas/libblas.so.3": 7}, section="libs", auto=True)
    layer = installing([blas], BASE)
    layer.files["usr/lib/libblas.so.3"] = "-> /etc/alternatives/libblas.so.3"
    layer.files["etc/alternatives/libblas.so.3"] = "-> /usr/lib/blas/libblas.so.3"
    copied = Layer("COPY a /srv", {"srv/a": 90}, needs={"srv/a": (b"libblas.so.3",)})
    assert kept(Made((layer, copied))) == ["libblas3"]


def tini() -> Package:
    """Return a small program that nobody asked for by name."""
    return Package("check", {"usr/bin/check": 5}, auto=True)


@pytest.mark.parametrize(
    "config",
    [
        {"command": ("check", "now")},
        {"entrypoint": ("/usr/bin/check",)},
        {"command": ("/bin/sh", "-c", "cd /srv && exec check --all")},
        {"health_check": {"Test": ["CMD-SHELL", "check http://localhost/ || exit 1"]}},
        {"environment": ("LD_PRELOAD=/usr/bin/check",)},
        {"command": ("start",), "environment": ("PATH=/opt/bin:/usr/bin",)},
        {"command": ("/opt/bin/start",)},
        {"command": ("opt/bin/start",), "folder": "/"},
    ],
    ids=str,
)
def test_a_program_that_the_start_names_stays(config: dict[str, object]) -> None:
    made = debian(tini(), SODIUM, **config)
    script = Layer("COPY start /opt/bin", {"opt/bin/start": b"#!/bin/sh\nexec check\n"})
    assert kept(Made((*made.above, script), made.config)) == ["check"]


@pytest.mark.parametrize(
    ("path", "content", "package"),
    [
        ("usr/local/lib/python3.11/dist-packages/shop/a.py", 9, "python3"),
        ("srv/app.py", 9, "python3"),
        ("srv/node_modules/express/a.json", 9, "nodejs"),
        ("srv/main.js", 9, "nodejs"),
        ("usr/local/bin/run", b"#!/usr/bin/python3.11\n", "python3"),
        ("usr/local/bin/run", b"#!/usr/bin/env -S node --trace\n", "nodejs"),
        ("opt/venv/bin/python", "-> /usr/bin/python3.11", "python3"),
    ],
)
def test_what_runs_the_files_that_stay_stays(path: str, content: object, package: str) -> None:
    packages = installing((PYTHON, NODE, GCC, CPP, BINUTILS, LIBCTF), BASE)
    packages.files["usr/bin/python3"] = "-> python3.11"
    assert kept(Made((packages, Layer("COPY . .", {path: content})))) == [package]


def test_a_distribution_of_the_system_that_another_one_requires_stays() -> None:
    site = "usr/lib/python3/dist-packages"
    six = Package("python3-six", dict.fromkeys(distribution(site, "six", 5), 5), auto=True)
    layer = installing((PYTHON, six), BASE)
    layer.files |= distribution(site, "six", 5)
    own = distribution("usr/local/lib/python3.11/dist-packages", "shop", 9, requires=["six>=1"])
    assert kept(Made((layer, Layer("RUN pip", own)))) == ["python3", "python3-six"]


def test_pip_goes_and_python_stays() -> None:
    code = Layer("RUN pip", {"usr/local/lib/python3.11/dist-packages/shop/a.py": 9})
    assert kept(Made((installing((PYTHON, PIP, WHEEL), BASE), code))) == ["python3"]


def test_a_package_of_the_base_with_another_version_is_installed_by_name() -> None:
    newer = Package("libc6", {"usr/lib/libc.so.6": 2100}, version="2", auto=True)
    app = Package("app", {"usr/bin/app": 5}, depends="libc6")
    found = debian(newer, app).needed()
    assert found.listed == ("app", "libc6")


@pytest.mark.parametrize(
    ("packages", "listed"),
    [
        ((LIBPQ, LIBLDAP, Package("app", {}, "libpq5")), ("app",)),
        # The manager takes the first alternative, so another one has to be named.
        ((SODIUM, Package("app", {}, "libother | libsodium")), ("app", "libsodium")),
        ((SODIUM, Package("app", {}, recommends="libsodium")), ("app", "libsodium")),
        ((Package("a", {}, "b"), Package("b", {}, "a", auto=True)), ("a",)),
    ],
)
def test_packages_are_named_so_that_the_others_follow(
    packages: tuple[Package, ...], listed: tuple[str, ...]
) -> None:
    found = debian(*packages).needed()
    assert found.listed == listed
    assert found.kept == {each.name for each in packages}


@pytest.mark.parametrize(
    ("name", "section", "certainty"),
    [
        ("g++-12", "devel", "sure"),
        ("libpq-dev", "libdevel", "sure"),
        ("somecompiler", "devel", "likely"),
        ("vim", "editors", "likely"),
        ("git", "vcs", None),
        ("curl", "web", None),
        ("libgcc-s1", "libs", None),
        ("gcc-12-base", "libs", None),
        ("ca-certificates", "misc", None),
        ("gettext-base", "devel", None),
        ("openjdk-17-jdk-headless", "java", "sure"),
        ("openjdk-17-jre-headless", "java", None),
    ],
)
def test_the_catalogue_tells_build_tools(name: str, section: str, certainty: str | None) -> None:
    assert tools().certainty(name, section) == certainty


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Flask-Login>=1", Requirement("flask-login")),
        (
            "uvicorn[standard, x]==1 ; python_version>'3'",
            ("uvicorn", ("standard", "x"), None, True),
        ),
        ('PyYAML>=5; extra == "standard"', ("pyyaml", (), "standard", False)),
        ("a; (sys_platform == 'win32') and extra == 'b'", ("a", (), "b", True)),
        ("a @ https://host/a.whl ; extra=='t'", ("a", (), "t", False)),
        ("", None),
    ],
)
def test_a_requirement_is_read(text: str, expected: object) -> None:
    found = requirement(text)
    wanted = Requirement(*expected) if isinstance(expected, tuple) else expected
    assert found == wanted


def dist(
    name: str, *requires: str, requested: bool | None = None, commands: tuple[str, ...] = ()
) -> PythonDist:
    """Return a distribution."""
    return PythonDist(
        name=name, folder=b"s", requires=requires, requested=requested, entry_points=commands
    )


@pytest.mark.parametrize(
    ("distributions", "gone"),
    [
        ([dist("flask"), dist("pytest", requested=True)], {"pytest"}),
        ([dist("pytest", "pluggy"), dist("pluggy", requested=False)], {"pytest", "pluggy"}),
        ([dist("pytest", "pluggy"), dist("pluggy", requested=True)], {"pytest"}),
        ([dist("app", "pluggy"), dist("pytest", "pluggy"), dist("pluggy")], {"pytest"}),
        ([dist("app", "x"), dist("x", "IPython>=8"), dist("ipython")], set()),
        # All that the extra asks for is installed: somebody may have asked for it.
        ([dist("app", "x; extra=='all'", "black; extra=='all'"), dist("x"), dist("black")], set()),
        ([dist("app", "x; extra=='all'", "black; extra=='all'"), dist("black")], {"black"}),
        ([dist("app", "pytest; extra=='test'"), dist("pytest")], {"pytest"}),
        ([dist("top", "app[test]"), dist("app", "pytest; extra=='test'"), dist("pytest")], set()),
        ([dist("app", "black; extra=='a' and os_name=='nt'"), dist("black")], {"black"}),
        ([dist("numpy"), dist("setuptools")], set()),
    ],
)
def test_a_distribution_for_development_goes_unless_something_needs_it(
    distributions: list[PythonDist], gone: set[str]
) -> None:
    assert {each.name for each in needed_python.development(distributions)} == gone


@pytest.mark.parametrize(
    ("words", "keep", "stays"),
    [
        (("python", "-m", "pytest"), (), True),
        (("/opt/venv/bin/py.test",), (), True),
        (("python", "app.py"), (), False),
        ((), ("PyTest",), True),
    ],
)
def test_what_is_run_or_named_stays(
    words: tuple[str, ...], keep: tuple[str, ...], stays: bool
) -> None:
    own = [dist("pytest", requested=True, commands=("py.test",))]
    assert (needed_python.development(own, words=words, keep=keep) == ()) is stays


def node_app(**config: object) -> Made:
    """Return an image with a Node application that has one development package, ``jest``."""
    lock = {
        "packages": {
            "node_modules/express": {"version": "4"},
            "node_modules/jest": {"version": "29", "dev": True},
        }
    }
    scripts = {"scripts": {"start": "node .", "dev": "jest --watch"}}
    files = {
        "app/package.json": json.dumps(scripts).encode(),
        "app/package-lock.json": 5,
        "app/node_modules/.package-lock.json": json.dumps(lock).encode(),
        "app/node_modules/express/a.js": 50,
        "app/node_modules/jest": None,
        "app/node_modules/jest/bin.js": 70,
        "app/node_modules/.bin/jest": "-> ../jest/bin.js",
        "var/cache/apt/archives/nodejs.deb": 9,
        "usr/local/bin/npm": b"#!/usr/bin/env node\n",
    }
    made = debian(NODE, folder="/app", **config)
    return Made((*made.above, Layer("RUN npm install", files)), made.config)


@pytest.mark.parametrize(
    ("command", "goes"),
    [
        (("node", "a.js"), True),
        (("npm", "start"), True),
        (("npm", "run", "dev"), False),
        (("npx", "jest"), False),
        (("/app/node_modules/.bin/jest",), False),
    ],
)
def test_node_packages_for_development_go_unless_the_start_runs_one(
    command: tuple[str, ...], goes: bool
) -> None:
    made = node_app(command=command)
    view = made.view()
    found = needed_node.development(view, words=start_words(view))
    assert [each.project for each in found] == ([b"app"] if goes else [])
    assert made.surely().prune == (("/app",) if goes else ())


def test_without_a_lock_the_folders_are_deleted() -> None:
    made = node_app(command=("node", "a.js"))
    del made.above[1].files["app/package-lock.json"]
    found = made.surely()
    assert found.prune == ()
    assert found.delete == ("/app/node_modules/.bin", "/app/node_modules/jest")
