"""What is published works alone: wheel and sdist are whole, and the wheel builds the example."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from hcreport import __version__

ROOT = Path(__file__).parent.parent


def run(*command: str | Path, folder: Path) -> str:
    """Run a command in a folder, away from this checkout; return what it prints."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "HCREPORT"))}
    done = subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env=environment | {"HOME": str(folder.parent / "home")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel that was built from it."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT, folder=folder)
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    """The wheel."""
    return built / f"hcreport-{__version__}-py3-none-any.whl"


def wanted_in_wheel() -> set[str]:
    """Return every file of the package and of the templates, as the wheel names it."""
    package = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "hcreport").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    templates = {
        f"hcreport/{path.relative_to(ROOT)}"
        for path in (ROOT / "templates").rglob("*")
        if path.is_file()
    }
    assert len(templates) > 5
    return package | templates | {"hcreport/snapshots/hypercode.json"}


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        notes = archive.read(f"hcreport-{__version__}.dist-info/entry_points.txt").decode()
    beside = {name for name in names if not name.startswith("hcreport/")}
    assert names - beside == wanted_in_wheel()
    assert all(name.startswith(f"hcreport-{__version__}.dist-info/") for name in beside)
    assert any(name.endswith("/LICENSE") for name in beside)
    assert "hcreport = hcreport.plugin:HcreportPlugin" in notes


def test_the_example_in_the_wheel_is_the_published_one(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packed = archive.read("hcreport/snapshots/hypercode.json")
    assert packed == (ROOT / "docs" / "snapshots" / "hypercode.json").read_bytes()


def test_the_sdist_holds_what_a_packager_needs(built: Path) -> None:
    with tarfile.open(built / f"hcreport-{__version__}.tar.gz") as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames()}
    for name in ("README.md", "CHANGELOG.md", "LICENSE", "pyproject.toml", "Makefile"):
        assert name in names
    for folder in ("templates", "hcreport/facts", "tests", "docs/guide", "requirements"):
        assert any(name.startswith(f"{folder}/") for name in names), folder
    for left_out in (".venv", "site/", ".ci", ".github", ".git/"):
        assert not any(name.startswith(left_out) for name in names), left_out


def test_the_wheel_alone_builds_the_example(wheel: Path, tmp_path: Path) -> None:
    """The environment is new; only the dependencies are borrowed from the one that runs this."""
    home, folder = tmp_path / "environment", tmp_path / "empty"
    folder.mkdir()
    venv.create(home, with_pip=False, symlinks=os.name != "nt")
    programs = home / ("Scripts" if os.name == "nt" else "bin")
    python = programs / "python"
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python)
    run(*pip, "install", "--quiet", "--no-index", "--no-deps", wheel, folder=folder)
    packages = run(
        python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", folder=folder
    )
    borrowed = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    Path(packages.strip(), "borrowed.pth").write_text("\n".join(sorted(borrowed)), encoding="utf-8")

    place = run(python, "-c", "import hcreport; print(hcreport.__file__)", folder=folder)
    assert Path(place.strip()).is_relative_to(packages.strip())
    program = programs / "hcreport"
    assert run(program, "--version", folder=folder) == f"hcreport {__version__}\n"

    printed = run(program, "build", folder=folder)
    assert Path(printed.strip()) == folder / "site" / "index.html"
    first_page = (folder / "site" / "index.html").read_text(encoding="utf-8")
    assert "HyperCode" in first_page
    assert sorted(path.name for path in folder.iterdir()) == ["site"]
